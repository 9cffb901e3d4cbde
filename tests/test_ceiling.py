"""The height ceiling: who is tall, who is counted once, and the one bit that the world may have."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from counter.counting import Counting
from counter.detectors.letterbox import fit
from counter.detectors.yolo import Head, decode
from counter.disclosure import Gate
from counter.health import Monitor
from counter.outputs.prometheus import PrometheusOutput
from counter.outputs.wire import encode_health
from counter.people import Detections, Tracks, TrackState
from counter.release import CameraState
from counter.settings import CameraSettings, DisclosureSettings, PrometheusSettings, Settings
from counter.settings import ZoneSettings as Zone
from counter.tally import Persons, taller
from tests.broker import free_port
from tests.releases import ANNOUNCEMENT, HEALTH, busy
from tests.scraping import of, samples

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
WHOLE = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)]
HEIGHT_PX, CEILING_PX, STEP_S = 720, 212, 0.2
TALL, SHORT = 220 / HEIGHT_PX, 200 / HEIGHT_PX


def settings(threshold: int | None = None, *cameras: str) -> Settings:
    names = cameras or ("a",)
    return Settings(
        site="s",
        device="d",
        purpose="passenger-information",  # type: ignore[arg-type]
        interval_s=30,
        cameras={name: CameraSettings(source="synthetic:platform") for name in names},
        zones={f"of-{name}": Zone(camera=name, polygon=WHOLE) for name in names},
        disclosure=DisclosureSettings(threshold=threshold),
    )


def people(frame: int, tall: int, short: int = 0, height_px: int = HEIGHT_PX) -> Detections:
    """So many side by side, who stand still: the tall ones to the left."""
    many = tall + short
    x = np.concatenate((np.linspace(0.03, 0.6, tall), np.linspace(0.65, 0.97, short)))
    height = np.where(np.arange(many) < tall, TALL, SHORT).astype(np.float32)
    boxes = np.stack((x - 0.006, 0.9 - height, x + 0.006, 0 * x + 0.9), axis=1).astype(np.float32)
    sure = np.full(many, 0.9, np.float32)
    return Detections(boxes, sure, round(frame * STEP_S * 1e9), 16 / 9, height_px)


class Bench:
    """A counting with a clock of its own, and what its health says after each release."""

    def __init__(self, made: Settings) -> None:
        self.counting = Counting(made, Gate(made))
        self.monitor = Monitor(HEALTH, {name: lambda: CameraState.OK for name in made.cameras})
        self.health: list[bytes] = []
        self.below: list[bool] = []
        self.frame = 0
        self.utc = NOON

    def run(self, seconds: float, tall: int, short: int = 0, **more: int) -> None:
        """Let `seconds` pass: so many people before the camera a, and `more` before others."""
        for _ in range(round(seconds / STEP_S)):
            if self.counting.release(self.utc):
                below = self.counting.below_ceiling
                self.below.append(below)
                self.health.append(encode_health(self.monitor.report(below_ceiling=below)))
            for camera, many in {"a": tall, **more}.items():
                self.counting.observe(camera, people(self.frame, many, short))
            self.frame += 1
            self.utc += timedelta(seconds=STEP_S)


def told(tall: int, short: int, threshold: int | None = None) -> list[bytes]:
    bench = Bench(settings(threshold))
    bench.run(61, tall, short)
    return bench.health


def test_fewer_tall_persons_than_the_threshold_change_no_byte_of_health():
    empty = told(0, 0)
    assert len(empty) == 2
    assert b'"below_ceiling":true' in empty[0]
    for tall in range(11):
        assert told(tall, short=tall % 3) == empty
    many = told(11, 0)
    assert b'"below_ceiling":false' in many[0]
    assert {len(one) for one in many} == {len(one) for one in empty}
    assert told(11, 5) == told(30, 0) == many


@given(st.integers(0, 40), st.integers(0, 20), st.sampled_from([None, 1, 10, 15, 25]))
def test_health_follows_from_whether_the_threshold_in_force_was_reached(tall, short, threshold):
    """Also from a threshold below the floor, which is not in force."""
    limit = {None: 11, 1: 10}.get(threshold, threshold)
    bench = Bench(settings(threshold))
    bench.run(31, tall, short)
    assert bench.below == [tall < limit]


def test_it_stays_turned_for_the_run_and_turns_with_a_release_only():
    bench = Bench(settings())
    bench.run(31, 0)
    bench.run(25, 20)
    assert bench.counting.below_ceiling  # they are there, and the interval is open
    bench.run(5, 20)
    assert bench.below == [True, False]
    bench.run(90, 0)
    assert bench.below == [True, False, False, False, False]


def test_two_cameras_or_two_intervals_do_not_add_up():
    bench = Bench(settings(None, "a", "b"))
    bench.run(61, 10, b=10)
    assert bench.below == [True, True]
    bench = Bench(settings())
    for tall in (6, 0, 6, 0):  # six others in each interval: nobody is in two
        bench.run(15, tall)
    bench.run(1, 0)
    assert bench.below == [True, True]


def test_a_second_visit_is_another_person_and_a_person_who_stays_is_one():
    bench = Bench(settings())
    bench.run(300, 10)
    assert set(bench.below) == {True}
    bench = Bench(settings())
    for seconds, tall in ((14, 6), (2, 0), (15, 6)):  # their tracks end after one second
        bench.run(seconds, tall, 12)
    assert bench.below == [False]


def test_a_few_persons_whose_tracks_break_turn_nothing():
    """They are counted as many, but no count of them is published."""
    bench = Bench(settings())
    for tall in (5, 0, 5, 0, 5, 0, 5):
        bench.run(3, tall)
    bench.run(30, 5)
    assert bench.below == [True]


def test_an_interval_that_is_not_known_decides_nothing():
    bench = Bench(settings())
    bench.run(20, 20)
    bench.utc -= timedelta(seconds=45)
    bench.run(60, 0)
    bench.run(30, 0)
    assert set(bench.below) == {True}


def test_without_a_known_height_nobody_is_tall():
    counting = Counting(settings(), Gate(settings()))
    for frame in range(200):
        counting.release(NOON + timedelta(seconds=frame * STEP_S))
        counting.observe("a", people(frame, 30, height_px=0))
    assert counting.below_ceiling


def tracks(state: TrackState, *heights: float, slot: int = 0, born: bool = False) -> Tracks:
    many = len(heights)
    boxes = np.array([(0.1, 0.9 - h, 0.2, 0.9) for h in heights], np.float32).reshape(-1, 4)
    kind = np.full(many, state, np.int8)
    return Tracks(np.arange(slot, slot + many), kind, boxes, np.full(many, born), 1, 16 / 9)


def test_taller_is_in_pixels_of_the_source_and_not_as_tall():
    seen = tracks(TrackState.CONFIRMED, 0.25, 0.26, 0.9)
    assert taller(seen, 800, 200)[:, 0].tolist() == [False, True, True]
    assert taller(seen, 4000, 200).all()
    assert not taller(seen, 0, 32).any()


def test_persons_are_distinct_confirmed_and_bounded():
    persons = Persons(2, 4)
    there = np.array([[True, False]])
    for state in (TrackState.TENTATIVE, TrackState.LOST):
        persons.observe(tracks(state, 0.5), there)
    assert persons.many.tolist() == [0, 0]
    for _ in range(5):
        persons.observe(tracks(TrackState.CONFIRMED, 0.5), there)
    assert persons.many.tolist() == [1, 0]
    persons.observe(tracks(TrackState.CONFIRMED, 0.5), ~there)
    persons.observe(tracks(TrackState.TENTATIVE, 0.5, born=True), there)
    persons.observe(tracks(TrackState.CONFIRMED, 0.5), there)
    assert persons.many.tolist() == [2, 1]
    persons.restart()
    persons.observe(tracks(TrackState.CONFIRMED, 0.5), there)
    assert persons.many.tolist() == [1, 0]
    assert repr(persons) == "<Persons>"


@pytest.mark.parametrize(("picture", "height"), [((1280, 720), 720), ((640, 480), 480)])
def test_a_detector_gives_the_height_of_its_picture(picture: tuple[int, int], height: int) -> None:
    head = Head("raw", "pixels", 1, 0, floor=0.1, iou=0.5)
    output = np.array([[[100.0], [100.0], [40.0], [80.0], [0.9]]], np.float32)
    assert decode(output, head, fit(picture, (512, 288)), 0).height_px == height


@pytest.mark.parametrize("below", [True, False])
def test_a_scraper_reads_it(below: bool) -> None:
    output = PrometheusOutput(PrometheusSettings(port=free_port()), ANNOUNCEMENT)
    output.publish(busy(3), Monitor(HEALTH, {}).report(below_ceiling=below))
    assert of(samples(output), "counter_below_ceiling") == {"": float(below)}
    output.close()
