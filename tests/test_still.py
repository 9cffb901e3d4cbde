"""Posters stop counting, people who keep still do not.

How still people are is measured (counter/still.py): over 150 s the block means of real people who
stay where they are spread by 0.03 to 0.10 body heights, the median is near 0.05. Here they
take a new posture every 40 s on average, drawn around their place with 0.02 body heights; boxes
tremble by 0.01.
"""

import pickle
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from counter.counting import Counting
from counter.people import Detections
from counter.release import ZoneCount
from counter.settings import Settings, TrackerSettings, ZoneSettings
from counter.sources.synthetic import Scene
from counter.still import Still, spread
from counter.tally import Tally
from counter.tracking import Tracker
from counter.zones import Zones

SECOND = 1_000_000_000
WHOLE = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)]
POSTER = (0.70, 0.30, 0.80, 0.70)
TREMBLE = 0.01  # body heights
POSTURE = 0.02
Boxes = NDArray[np.float64]


class Bench:
    """A camera with one zone, one picture a second; boxes tremble as a detector's do."""

    def __init__(self, **more: float) -> None:
        settings = TrackerSettings(**more)  # type: ignore[arg-type]
        self.rng = np.random.default_rng(4)
        self.tracker = Tracker(settings)
        zone = ZoneSettings(camera="c", polygon=WHOLE)
        self.zones = Zones([zone], settings.max_tracks, settings.still_s)
        self.second = 0

    def see(self, *boxes: tuple[float, ...] | Boxes) -> int:
        xyxy = np.array(boxes, np.float64).reshape(-1, 4)
        height = xyxy[:, 3:4] - xyxy[:, 1:2]
        xyxy = xyxy + self.rng.normal(0, TREMBLE, xyxy.shape) * height * (9 / 16, 1, 9 / 16, 1)
        confidence = np.full(len(xyxy), 0.9, np.float32)
        people = Detections(xyxy.astype(np.float32), confidence, self.second * SECOND)
        self.second += 1
        return int(self.zones.persons(self.tracker.update(people))[0])

    def watch(self, seconds: int, *boxes: tuple[float, ...]) -> list[int]:
        return [self.see(*boxes) for _ in range(seconds)]


def moved(box: tuple[float, ...], right: float = 0.0, down: float = 0.0) -> tuple[float, ...]:
    return box[0] + right, box[1] + down, box[2] + right, box[3] + down


def carriage() -> Boxes:
    """Give the boxes of the drawn carriage's passengers in one picture."""
    scene = Scene(kind="carriage", seed=3, people=14)
    width, height = scene.settings.size
    truth = scene.render(np.zeros((height, width, 3), np.uint8))
    tall = truth.xyxy[:, 3] - truth.xyxy[:, 1] > 0.1
    return truth.xyxy[tall & (truth.visible > 0.5)].astype(np.float64)


def test_a_poster_stops_counting_after_still_s():
    counts = Bench().watch(1300, POSTER)
    assert set(counts[1:600]) == {1}
    assert set(counts[640:]) == {0}


def test_still_s_is_how_long_it_takes():
    counts = Bench(still_s=120.0).watch(200, POSTER)
    assert set(counts[1:120]) == {1}
    assert set(counts[130:]) == {0}


def test_the_passengers_of_a_carriage_count_for_an_hour_and_its_poster_does_not():
    bench = Bench()
    seats = carriage()
    assert len(seats) >= 5
    height = (seats[:, 3] - seats[:, 1])[:, None]
    shift = np.zeros((len(seats), 2))
    counts = []
    for _ in range(3600):
        turns = bench.rng.random(len(seats)) < 1 / 40
        shift[turns] = bench.rng.normal(0, POSTURE, (int(turns.sum()), 2))
        swayed = seats + np.tile(shift * height * (9 / 16, 1), 2)
        counts.append(bench.see(*swayed, (0.02, 0.02, 0.06, 0.12)))
    many = len(seats)
    assert np.mean(np.array(counts[10:600]) == many + 1) > 0.99
    assert np.mean(np.array(counts[660:]) == many) > 0.99


def test_a_poster_that_is_found_again_and_again_stays_hidden():
    """Detected for 20 s, then not for 5 s: each time it is another track."""
    bench = Bench()
    counts = [bench.see(*([POSTER] if n % 25 < 20 else [])) for n in range(1500)]
    assert max(counts[700:]) == 0


def test_a_person_before_a_poster_counts_and_then_it_is_hidden_again():
    bench = Bench()
    bench.watch(700, POSTER)
    person = moved(POSTER, 0.04, 0.15)
    assert set(bench.watch(60, person)[2:]) == {1}  # its box hides the poster's
    assert set(bench.watch(60, POSTER)[3:]) == {0}
    assert set(bench.watch(60, POSTER, moved(POSTER, 0.08))[2:]) == {1}  # beside it: both are found


def test_somebody_who_passes_before_a_poster_does_not_bring_it_back():
    bench = Bench()
    counts = []
    for second in range(2400):
        if second % 300 < 10:  # walks by and covers it
            counts.append(bench.see(moved(POSTER, 0.05 * (second % 300) - 0.25, 0.1)))
        else:
            counts.append(bench.see(POSTER))
    still = [count for second, count in enumerate(counts) if second > 700 and second % 300 > 15]
    assert max(still) == 0


def test_a_poster_that_was_taken_away_is_forgotten():
    bench = Bench()
    bench.watch(700, POSTER)
    bench.watch(620)
    assert set(bench.watch(500, POSTER)[1:]) == {1}  # somebody may stand there now


def test_a_thing_that_moves_is_a_person_from_then_on():
    bench = Bench()
    assert bench.watch(700, POSTER)[-1] == 0
    counts = [bench.see(moved(POSTER, 0.0, 0.03 * (n // 60 % 2))) for n in range(600)]
    assert set(counts[300:]) == {1}


def test_footage_that_begins_again_forgets():
    bench = Bench()
    bench.watch(700, POSTER)
    bench.second = 0
    assert set(bench.watch(500, POSTER)[1:]) == {1}


def test_more_places_than_there_is_room_for_count_as_people():
    bench = Bench(max_tracks=3)
    posters = [moved(POSTER, -0.2 * n) for n in range(3)]
    assert bench.watch(700, *posters)[-1] == 0
    sizes = [
        array.nbytes for array in vars(bench.zones._still).values() if hasattr(array, "nbytes")
    ]
    bench.watch(50, *[moved(POSTER, -0.2 * n, 0.15) for n in range(3)])
    assert bench.watch(5, *posters)[-1] == 0
    assert sizes == [a.nbytes for a in vars(bench.zones._still).values() if hasattr(a, "nbytes")]


def test_the_spread_leaves_out_one_block_at_each_end_and_needs_half_of_them():
    means = np.full((3, 60, 3), np.nan, np.float32)
    means[0, :40] = 0.5
    means[0, 3, 1], means[0, 9, 1] = 0.9, 0.1  # somebody passed, twice
    means[1, :40, :] = np.linspace(0.5, 0.6, 40)[:, None]
    means[2, :29] = 0.5
    found = spread(means, np.full(3, 0.5))
    assert found[0] == 0
    assert found[1] == pytest.approx(0.2 * 37 / 39)
    assert np.isnan(found[2])


def test_it_prints_no_value():
    still = Still(4, 600.0)
    assert repr(still) == "<Still>"
    with pytest.raises(TypeError):
        pickle.dumps(still)


class Kept:
    """A gate that lets nothing out and remembers what it was given."""

    def __init__(self) -> None:
        self.tallies: list[Tally] = []

    def release(self, tallies: Sequence[Tally]) -> tuple[ZoneCount, ...]:
        self.tallies += tallies
        return ()


def counted(boxes: Sequence[tuple[float, ...]], seconds: int) -> list[Tally]:
    """Tallies of 30 s of a camera that sees `boxes`, with `still_s` of 120 s."""
    asked = {
        "site": "s", "device": "d", "purpose": "passenger-information", "interval_s": 30,
        "cameras": {"c": {"source": "synthetic:carriage"}},
        "zones": {"all": {"camera": "c", "polygon": WHOLE}},
        "tracker": {"still_s": 120.0},
    }  # fmt: skip
    gate = Kept()
    counting = Counting(msgspec.convert(asked, Settings), gate)
    start = datetime(2026, 5, 4, 12, tzinfo=UTC)
    xyxy = np.array(boxes, np.float32)
    for second in range(seconds):
        counting.release(start + timedelta(seconds=second))
        confidence = np.full(len(xyxy), 0.9, np.float32)
        counting.observe("c", Detections(xyxy, confidence, second * SECOND))
    return gate.tallies


def test_the_core_asks_for_still_s_and_hands_the_flag_on():
    posters = [(0.1 * n, 0.3, 0.1 * n + 0.05, 0.7) for n in range(6)]
    tallies = counted(posters, 241)
    values = [tally.value for tally in tallies]
    assert (values[:4], values[5:]) == ([6] * 4, [0] * 3)
    assert not any(tally.saturated for tally in tallies)
    crowd = [(0.03 * n, 0.3, 0.03 * n + 0.05, 0.7) for n in range(12)]
    assert [tally.saturated for tally in counted(crowd, 61)] == [True, True]
