"""The appliance on the bench: pace, drops, latencies and stages, with a detector of known time."""

import time
from pathlib import Path

import numpy as np
import pytest

from benchmarks import latency, rig
from benchmarks.board import hardware
from benchmarks.drawn import Drawn, pictures
from benchmarks.job import Job
from benchmarks.rig import run_job
from benchmarks.stages import (
    DECODE,
    DOORS,
    GATE,
    LETTERBOX,
    READ,
    RUNTIME,
    TALLY,
    TRACKER,
    WAITING,
    Series,
    Stages,
    percentiles,
)
from counter.clock import LiveClock
from counter.detectors import hailo_checks
from counter.detectors.onnx import OnnxDetector
from counter.settings import ModelSettings
from tests.fakes.hailo_here import hailo_here
from tests.fakes.tiny_chips import tiny_hailo
from tests.tiny_bench import register, register_tiny

TINY = ModelSettings(name="tiny", threads=1)
SIZE = (160, 96)


@pytest.fixture
def sha256(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    return register_tiny(tmp_path, monkeypatch)


def test_a_camera_keeps_its_pace_and_counts_what_nobody_fetched() -> None:
    camera = Drawn(pictures(SIZE, 2, 4), fps=50)
    began = time.monotonic()
    assert all(camera.grab() for _ in range(11))
    assert time.monotonic() - began >= 10 / 50
    time.sleep(0.11)  # five pictures long
    missed = camera.missed
    assert camera.grab()
    assert camera.missed - missed >= 4
    assert camera.offered == 12 + camera.missed


def test_cameras_can_begin_a_part_of_a_picture_apart() -> None:
    camera = Drawn(pictures(SIZE, 2, 4), fps=5, phase=0.5)
    began = time.monotonic()
    camera.grab()
    assert time.monotonic() - began >= 0.1


def test_a_closed_camera_gives_no_picture_and_a_buffer_is_used_again() -> None:
    camera = Drawn(pictures(SIZE, 2, 4), fps=50)
    camera.grab()
    first = camera.retrieve(None)
    first.fill(0)
    assert camera.retrieve(first) is first
    assert first.any()
    camera.close()
    assert not camera.grab()


def test_what_was_shown_is_counted_or_dropped(sha256: str) -> None:
    outcome = run_job(Job(TINY, cameras=2, fps=10, seconds=2, size=SIZE, people=3))
    assert abs(outcome.offered - 20 * outcome.seconds) <= 8
    assert abs(outcome.offered - outcome.dropped - len(outcome.counted_ms)) <= 8  # on their way
    assert outcome.counted_ms.min() > 0
    assert ((outcome.at_s >= 0) & (outcome.at_s <= outcome.seconds)).all()
    assert outcome.account["model"]["sha256"] == sha256
    assert outcome.account["model"]["backend"] == "onnx"
    assert outcome.account["thresholds"] == {"confidence": 0.25, "floor": 0.1, "NMS IoU": 0.5}
    assert len(outcome.watch.column("rss_mib")) >= 3


@pytest.mark.usefixtures("sha256")
def test_a_slow_detector_drops_pictures_and_its_time_is_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    detect = OnnxDetector.detect

    def slow(self: OnnxDetector, frame: object) -> object:
        time.sleep(0.2)
        return detect(self, frame)  # type: ignore[arg-type]

    monkeypatch.setattr(OnnxDetector, "detect", slow)
    job = Job(TINY, fps=20, seconds=2, size=SIZE, people=3)
    stages = Stages(latency.room(job))
    outcome = run_job(job, stages)
    assert outcome.dropped_percent > 60  # five of twenty can be looked at
    assert outcome.verdict == f"dropped {outcome.dropped_percent:.1f} %"
    assert outcome.counted_ms.min() >= 200
    assert stages.series[WAITING].since(0).min() >= 200
    # What is done inside of the detector is taken off, and nobody else has the pause.
    for name in (LETTERBOX, RUNTIME, DECODE, TRACKER, TALLY):
        took = stages.series[name].since(0)
        assert len(took) >= 4
        assert sorted(took)[len(took) // 2] < 100
    assert len(stages.series[READ].since(0)) > 2 * len(stages.series[TRACKER].since(0))


@pytest.mark.usefixtures("sha256")
def test_doors_are_as_they_were_afterwards() -> None:
    before = [getattr(owner, door) for _, owner, door in DOORS]
    run_job(Job(TINY, fps=10, seconds=0.2, size=SIZE, people=3), Stages(500))
    assert [getattr(owner, door) for _, owner, door in DOORS] == before


@pytest.mark.usefixtures("sha256")
def test_an_interval_that_closes_is_released_and_published(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Fast:  # each tenth of a second is another interval
        def utc(self, at_ns: int) -> object:
            at = LiveClock().utc(at_ns)
            return at + 300 * (at - start)

    start = LiveClock().utc(time.monotonic_ns())
    monkeypatch.setattr("counter.assemble.LiveClock", Fast)
    stages = Stages(500)
    outcome = run_job(Job(TINY, fps=10, seconds=1, size=SIZE, people=3), stages)
    assert len(outcome.published_ms) >= 3
    assert (outcome.published_ms < 60_000).all()
    assert len(stages.series[GATE].since(outcome.begin_ns)) >= len(outcome.published_ms)


def test_a_chip_with_two_pictures_in_flight_is_measured_to_the_end_of_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over the tests' own HailoRT, which is no hardware."""
    monkeypatch.setattr(hailo_checks, "LOOK_S", 0.1)
    with hailo_here(monkeypatch):
        register(tiny_hailo(tmp_path), monkeypatch)
        settings = ModelSettings(name="tiny", backend="hailo")
        stages = Stages(500)
        outcome = run_job(Job(settings, fps=10, seconds=2, size=SIZE, people=3), stages)
        assert hardware().endswith("; hailo_platform: a stand-in, no measurement")
    assert "stand-in" not in hardware()
    assert len(outcome.counted_ms) >= 5
    # A picture's people are known when the next one is looked at: a tenth of a second later.
    assert np.median(outcome.counted_ms) > 90
    assert len(stages.series[WAITING].since(0)) >= 5
    assert outcome.account["accelerator"]["device_architecture"].endswith("2")
    assert not np.isnan(outcome.watch.npu_c)  # the detector's own look was heard


def test_a_series_keeps_what_fits_and_no_more() -> None:
    series = Series(2)
    for at in (10, 20, 30):
        series.add(at, 5_000_000)
    assert series.since(0).tolist() == [5, 5]
    at_s, took_ms = series.between(15, 30)
    assert at_s.tolist() == pytest.approx([5e-9])
    assert took_ms.tolist() == [5]


@pytest.mark.parametrize(
    ("n", "told"),
    [(0, ""), (1, ""), (2, "p50"), (10, "p50 p90"), (99, "p50 p90 p95"), (100, "p50 p90 p95 p99")],
)
def test_a_percentile_is_told_from_enough_values_on(n: int, told: str) -> None:
    row = percentiles(np.arange(n, dtype=np.float64))
    assert {name for name in ("p50", "p90", "p95", "p99") if row[name] != "-"} == set(told.split())
    assert row["max"] == (n - 1 if n else "-")


@pytest.mark.usefixtures("sha256")
def test_the_first_second_is_not_measured() -> None:
    began_ns = time.monotonic_ns()
    outcome = run_job(Job(TINY, fps=20, seconds=0.5, size=SIZE, people=3))
    assert outcome.begin_ns - began_ns >= rig.WARM_S * 1e9
    assert outcome.offered <= 20 * outcome.seconds + 3
