"""What is told of a space: after losses, and never by what its silence says of a few (P7, P9)."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as budget
from hypothesis import strategies as st

from counter.counting import Counting
from counter.disclosure import Gate
from counter.interval import Interval
from counter.people import Detections, Direction
from counter.release import Quality, Status, ZoneCount
from counter.settings import LineSettings
from counter.spaces import MOST_LOST_S
from counter.tally import Tally
from tests.test_spaces import IN, NIGHT, OUT, THRESHOLD, Bench, busy, device
from tests.traces import read_all

MOST = round(MOST_LOST_S)


def test_while_a_camera_is_gone_its_flow_goes_on():
    bench = Bench()
    for _ in range(1200):  # three a minute come, one goes
        bench.wait(18)
        bench.step(IN)
        bench.step(IN)
        bench.step(OUT, camera="rear")
    before = bench.space.inside
    bench.wait(420, without="front")
    bench.wait(1)
    assert bench.space.inside - before == pytest.approx(2 * 20, abs=4)


def test_of_a_few_nothing_is_carried_on():
    bench = Bench()
    bench.step(*[IN] * 10)
    bench.wait(500, without="front")
    bench.wait(1)
    assert bench.space.inside == 10


@pytest.mark.parametrize(("rush_s", "known"), [(0, False), (1500, True)])
def test_a_rush_that_began_while_a_camera_was_gone_makes_the_number_unknown(rush_s, known):
    """Of a rush that was under way before the loss, enough was carried on."""
    bench = Bench()
    for second in range(rush_s + 1010):
        gone = rush_s + 10 <= second < rush_s + 510
        bench.step(*[IN] * (second % 10 == 0 and not gone), without="front" if gone else "")
        if second == rush_s + 900:
            bench.space.restart()
    assert (bench.value() is not None) == known


def test_a_doubt_by_flow_is_not_told_of_a_few():
    bench = Bench()
    bench.wait(500, without="front")
    for _ in range(THRESHOLD - 1):
        bench.wait(20)
        bench.step(IN)
    bench.wait(60)
    bench.space.restart()
    bench.wait(60)
    quiet = Bench()
    quiet.wait(500, without="front")
    quiet.wait(THRESHOLD * 30)
    assert bench.close()[1] == quiet.close()[1]
    assert bench.value() is not None


def test_a_loss_is_told_in_the_coverage_until_the_next_reset():
    bench = Bench()
    bench.step(*[IN] * 30)
    bench.wait(MOST // 2, without="rear")
    value, coverage = bench.close()
    assert value == 30
    assert coverage == pytest.approx(0.75, abs=0.01)
    bench.wait(60)
    assert bench.close()[1] == pytest.approx(0.75, abs=0.01)
    bench.wait(MOST // 2 + 20, without="front")
    assert bench.value() is None  # also while it lasts
    bench.wait(60)
    assert bench.value() is None
    bench.second = 24 * 3600 - 30  # the next reset: the night between is one long loss
    bench.wait(60)
    assert bench.close() == (0, 1.0)


def test_a_reset_while_a_camera_is_gone_begins_its_loss_anew():
    bench = Bench(start=NIGHT - timedelta(seconds=MOST))
    bench.wait(MOST + 20, without="rear")
    value, coverage = bench.close()
    assert value == 0
    assert coverage == pytest.approx(1.0, abs=0.05)


def test_a_zero_by_quiet_is_told_only_with_a_published_number():
    bench = Bench(start=NIGHT + timedelta(hours=2), quiet_s=600.0)
    bench.wait(601)
    assert bench.value() is None  # nobody is inside, and that is not to be told
    bench.step(*[IN] * 10)
    bench.wait(60)
    assert bench.value() is None
    bench.step(*[IN] * 10)
    bench.wait(60)
    assert bench.value() == 20
    bench.step(*[OUT] * 15)
    bench.wait(60)
    assert bench.value() == 5


def test_a_zero_by_quiet_betters_a_doubtful_number_only_when_it_is_published():
    bench = Bench(quiet_s=700.0)
    busy(bench, 200, 0)
    bench.wait(MOST // 2, without="rear")
    bench.wait(701)
    assert bench.close()[1] == pytest.approx(0.75, abs=0.01)
    bench.step(*[IN] * 20)
    bench.wait(60)
    assert bench.close() == (20, 1.0)
    bench.step(*[OUT] * 20)
    bench.wait(60)
    assert bench.close() == (0, 1.0)


# --- through the gate ----------------------------------------------------------------------------

few = st.lists(st.tuples(st.sampled_from(Direction), st.integers(1, 400)), max_size=12)


def releases(
    steps: list[tuple[Direction, int]], gone: list[int], *, start_s: int
) -> list[ZoneCount]:
    """Everything released in an hour in which a few come and go; `gone`: minutes without rear."""
    bench = Bench(start=NIGHT + timedelta(seconds=start_s), quiet_s=300.0)
    gate = Gate(device(quiet_s=300.0))
    at, now, out = [], 0, []
    for way, wait in steps:
        now += wait
        at.append((now, way))
    for minute in range(60):
        for second in range(minute * 60, minute * 60 + 60):
            ways = [way for when, way in at if when == second]
            bench.step(*ways, without="rear" if minute in gone else "")
        start = NIGHT + timedelta(minutes=minute)
        value, coverage = bench.space.value(0.0 if minute in gone else 1.0)
        (count,) = gate.release([Tally(gate.cells[0], Interval(start, 60), value, coverage)])
        assert count.status is not Status.PUBLISHED
        bench.space.restart()
        out.append(count)
    return out


@budget(max_examples=40, deadline=None)
@given(few, few, st.lists(st.integers(0, 59), max_size=15), st.sampled_from([0, 7200]))
def test_ten_or_fewer_are_released_like_nobody(one, two, gone: list[int], start_s: int):
    """Whatever a few do, and whatever the balance makes of it: the same releases, bit for bit."""
    one, two = one[:10], two[:10]
    assert releases(one, gone, start_s=start_s) == releases(two, gone, start_s=start_s)


class Tap:
    """The real gate, and what was handed to it."""

    def __init__(self, gate: Gate) -> None:
        self._gate, self.tallies = gate, list[Tally]()

    def release(self, tallies: list[Tally]) -> tuple[ZoneCount, ...]:
        self.tallies += tallies
        return self._gate.release(tallies)


def test_people_who_walk_through_the_core_are_inside():
    """A golden trace, on the camera of one line; the other camera sees nobody."""
    trace = read_all()[0]
    entries, exits = trace.expect["door"]
    made = device()
    door = trace.lines["door"]
    line = LineSettings(
        camera="front", points=door.points, dead_band=door.dead_band, anchor=door.anchor
    )
    made = type(made)(
        site="s", device="d", purpose=made.purpose, cameras=made.cameras,
        lines={"a": line, "b": made.lines["b"]}, spaces=made.spaces,
    )  # fmt: skip
    tap = Tap(Gate(made))
    counting = Counting(made, tap)  # type: ignore[arg-type]
    nobody = Detections(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), 0)
    first, last = trace.frames[0].captured_ns, trace.frames[-1].captured_ns
    released = list(counting.release(NIGHT))
    for frame in trace.frames:
        now = NIGHT + timedelta(microseconds=(frame.captured_ns - first) / 1000)
        released += counting.release(now)
        counting.observe("front", frame)
        counting.observe("rear", replace(nobody, captured_ns=frame.captured_ns))
    for extra in range(1, 125):  # two whole intervals of nobody more
        now_ns = last + extra * 10**9
        now = NIGHT + timedelta(microseconds=(now_ns - first) / 1000)
        released += counting.release(now)
        for camera in made.cameras:
            counting.observe(camera, replace(nobody, captured_ns=now_ns))
    assert tap.tallies[-1].value == max(entries - exits, 0)
    assert tap.tallies[-1].method == "balance/1"
    assert {count.method for count in released if count.status is Status.PUBLISHED} <= {"balance/1"}
    assert released[-1].cell.key == "space.hall.occupancy"
    assert released[-1].quality is Quality.OK
    assert repr(counting) == "<Counting>"
