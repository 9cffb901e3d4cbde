"""The core from people to tallies: intervals, clocks, cameras, and what may not matter."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as budget
from hypothesis import strategies as st

from counter.counting import Counting
from counter.disclosure import Gate
from counter.people import Detections
from counter.release import Status, ZoneCount
from counter.settings import CameraSettings as Camera
from counter.settings import GroupSettings as Group
from counter.settings import LineSettings as Line
from counter.settings import Settings
from counter.settings import ZoneSettings as Zone
from counter.tally import Tally
from tests.traces import Trace, read_all

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
LEFT = [(0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0)]
RIGHT = [(0.5, 0.0), (1.0, 0.0), (1.0, 1.0), (0.5, 1.0)]
CAMERAS = {"a": Camera(source="synthetic:a"), "b": Camera(source="synthetic:b")}
OCCUPANCY = {
    "site": "s", "device": "d", "purpose": "passenger-information", "interval_s": 30,
    "cameras": CAMERAS,
}  # fmt: skip
ZONES = {
    "left": Zone(camera="a", polygon=LEFT),
    "right": Zone(camera="a", polygon=RIGHT),
    "other": Zone(camera="b", polygon=LEFT),
}
DOOR = {"door": Line(camera="a", points=[(0.1, 0.5), (0.9, 0.5)])}


class Ledger:
    """A gate that lets nothing out and remembers what it was given."""

    def __init__(self) -> None:
        self.given: list[dict[str, Tally]] = []

    def release(self, tallies: Sequence[Tally]) -> tuple[ZoneCount, ...]:
        self.given.append({tally.cell.key: tally for tally in tallies})
        return ()


class Bench:
    """A counting with a clock of its own: 5 frames a second."""

    def __init__(self, settings: Settings) -> None:
        self.ledger = Ledger()
        self.counting = Counting(settings, self.ledger)
        self.frame = 0
        self.utc = NOON

    def run(self, seconds: float, **feet: list[tuple[float, float]]) -> None:
        """Let `seconds` pass; each camera named sees people with these feet."""
        for _ in range(round(seconds * 5)):
            self.counting.release(self.utc)
            for camera, where in feet.items():
                self.counting.observe(camera, people(where, self.frame))
            self.frame += 1
            self.utc += timedelta(seconds=0.2)

    def values(self) -> list[dict[str, int | None]]:
        return [{key: tally.value for key, tally in each.items()} for each in self.ledger.given]


def people(feet: list[tuple[float, float]], frame: int) -> Detections:
    x, y = np.array(feet, np.float32).reshape(-1, 2).T
    boxes = np.stack((x - 0.03, y - 0.3, x + 0.03, y), axis=1).astype(np.float32)
    return Detections(boxes, np.full(len(feet), 0.9, np.float32), frame * 200_000_000)


def settings(**more: object) -> Settings:
    return Settings(**{**OCCUPANCY, "zones": ZONES, **more})  # type: ignore[arg-type]


def crowd(many: int, x: float) -> list[tuple[float, float]]:
    return [(x + 0.07 * (n % 5), 0.35 + 0.1 * (n // 5)) for n in range(many)]


TWELVE, THREE = crowd(12, 0.1), crowd(3, 0.6)


def test_people_in_a_zone_are_its_tally():
    bench = Bench(settings())
    bench.run(61, a=TWELVE + THREE, b=TWELVE[:4])
    expected = {"zone.left.occupancy": 12, "zone.right.occupancy": 3, "zone.other.occupancy": 4}
    assert bench.values() == [expected, expected]
    second = bench.ledger.given[1]["zone.left.occupancy"]
    assert second.interval.start == NOON + timedelta(seconds=30)
    assert second.coverage == pytest.approx(1.0)


def test_release_gives_nothing_until_the_interval_has_closed():
    gate = Gate(settings())
    counting = Counting(settings(), gate)
    seen = []
    for frame in range(5 * 61):
        out = counting.release(NOON + timedelta(seconds=frame / 5))
        seen.append(len(out))
        counting.observe("a", people(TWELVE, frame))
        counting.observe("b", people([], frame))
    assert [n for n, many in enumerate(seen) if many] == [150, 300]
    assert seen[150] == 3
    last = counting.release(NOON + timedelta(seconds=90))  # of which one second was seen
    assert {count.cell.name: count.status for count in last} == dict.fromkeys(ZONES, Status.MISSING)


def test_nobody_is_a_zero_and_no_camera_is_not_known():
    bench = Bench(settings())
    bench.run(31, a=[])
    assert bench.values() == [
        {"zone.left.occupancy": 0, "zone.right.occupancy": 0, "zone.other.occupancy": None}
    ]
    assert bench.ledger.given[0]["zone.other.occupancy"].coverage == 0


def test_a_group_is_the_sum_of_its_zones_and_as_covered_as_the_worst():
    bench = Bench(settings(groups={"car": Group(zones=["left", "other"])}))
    bench.run(15, a=TWELVE, b=TWELVE[:4])
    bench.run(16, a=TWELVE)
    (given,) = bench.ledger.given
    assert {key: tally.value for key, tally in given.items()} == {
        "group.car.occupancy": 16,
        "zone.right.occupancy": 0,
    }
    assert given["group.car.occupancy"].coverage == pytest.approx(0.5, abs=0.02)
    bench.run(30, a=TWELVE)
    assert bench.values()[1]["group.car.occupancy"] is None


def test_the_first_partial_interval_says_so():
    bench = Bench(settings())
    bench.utc = NOON + timedelta(seconds=20)
    bench.run(11, a=TWELVE)
    tally = bench.ledger.given[0]["zone.left.occupancy"]
    assert tally.coverage == pytest.approx(10 / 30, abs=0.02)


def test_a_clock_that_jumps_forward_releases_the_open_interval_only():
    bench = Bench(settings())
    bench.run(10, a=TWELVE, b=[])
    bench.utc += timedelta(hours=3)
    bench.run(31, a=TWELVE, b=[])
    starts = [given["zone.left.occupancy"].interval.start for given in bench.ledger.given]
    assert starts == [NOON, NOON + timedelta(hours=3)]
    assert bench.ledger.given[0]["zone.left.occupancy"].coverage == pytest.approx(1 / 3, abs=0.02)


def test_a_clock_that_goes_back_releases_no_interval_twice():
    bench = Bench(settings())
    bench.run(70, a=TWELVE, b=[])
    bench.utc -= timedelta(seconds=45)  # 12:01:10 is 12:00:25 again
    bench.run(120, a=TWELVE, b=[])
    starts = [given["zone.left.occupancy"].interval.start for given in bench.ledger.given]
    assert starts == [NOON + timedelta(seconds=30 * n) for n in range(4)]
    assert [v["zone.left.occupancy"] for v in bench.values()] == [12, 12, None, 12]


def test_a_short_step_back_over_the_boundary_makes_one_interval_not_known():
    bench = Bench(settings())
    bench.run(31, a=TWELVE, b=[])
    bench.utc -= timedelta(seconds=2)
    bench.run(62, a=TWELVE, b=[])
    assert [v["zone.left.occupancy"] for v in bench.values()] == [12, None, 12]


def test_a_clock_that_goes_back_within_its_interval_is_not_believed():
    bench = Bench(settings())
    bench.run(25, a=TWELVE, b=[])
    bench.utc -= timedelta(seconds=20)
    bench.run(60, a=TWELVE, b=[])
    assert [v["zone.left.occupancy"] for v in bench.values()] == [None, 12]


def test_a_naive_time_is_refused():
    with pytest.raises(ValueError, match="naive"):
        Counting(settings(), Ledger()).release(NOON.replace(tzinfo=None))


def test_the_same_frame_twice_counts_once():
    bench = Bench(settings())
    for _ in range(3):
        bench.counting.release(NOON)
        bench.counting.observe("a", people(TWELVE, 0))  # never confirmed: only one frame
    bench.counting.observe("a", people(TWELVE, 1))
    bench.counting.release(NOON + timedelta(seconds=30))
    tally = bench.ledger.given[0]["zone.left.occupancy"]
    assert tally.value == 0
    assert tally.coverage == pytest.approx(0.2 / 30)


FOOTFALL = {"purpose": "footfall", "interval_s": 900, "zones": {}, "lines": DOOR}


def entries_and_exits(trace: Trace, order: np.random.Generator | None = None) -> list[int | None]:
    """Walk a golden trace through the whole core, in one interval."""
    ledger = Ledger()
    lines = {name: replace_camera(line) for name, line in trace.lines.items()}
    counting = Counting(settings(**{**FOOTFALL, "lines": lines}), ledger)
    counting.release(NOON)
    for frame in trace.frames:
        mixed = np.arange(len(frame)) if order is None else order.permutation(len(frame))
        boxes, confidence = frame.xyxy[mixed], frame.confidence[mixed]
        counting.observe("a", replace(frame, xyxy=boxes, confidence=confidence))
    counting.release(NOON + timedelta(seconds=900))
    (given,) = ledger.given
    return [given[f"line.door.{measure}"].value for measure in ("entries", "exits")]


def replace_camera(line: Line) -> Line:
    return Line(camera="a", points=line.points, dead_band=line.dead_band, anchor=line.anchor)


@pytest.mark.parametrize("trace", read_all()[:6], ids=lambda trace: trace.title)
def test_the_peers_table_through_the_whole_core(trace: Trace):
    assert entries_and_exits(trace) == list(trace.expect["door"])


@budget(max_examples=5, deadline=None)
@given(st.integers(0, 1000))
def test_the_order_of_detections_changes_no_tally(seed: int):
    """P4: the same people in another order are the same numbers."""
    turning = read_all()[1]
    turning = replace(turning, frames=turning.frames[:200])
    assert entries_and_exits(turning, np.random.default_rng(seed)) == entries_and_exits(turning)


def test_it_prints_no_value():
    bench = Bench(settings())
    bench.run(2, a=TWELVE)
    assert repr(bench.counting) == "<Counting>"
    assert not any(character.isdigit() for character in repr(bench.counting._cameras["a"].tally))
