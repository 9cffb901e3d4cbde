"""Occupancy by balance: the arithmetic of one space, its zeros, and what it learns from them."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import settings as budget
from hypothesis import strategies as st

from counter.people import Crossing, Direction
from counter.settings import CameraSettings, LineSettings, Settings, SpaceSettings
from counter.spaces import Space

IN, OUT = Direction.IN, Direction.OUT
NIGHT = datetime(2026, 5, 4, 3, 30, tzinfo=UTC)
THRESHOLD = 11
RESETS = ["03:30"]


def device(**more: object) -> Settings:
    points = [(0.1, 0.5), (0.9, 0.5)]
    space = {"lines": ["a", "b"], "resets": RESETS, **more}
    return Settings(
        site="s",
        device="d",
        purpose="passenger-information",  # type: ignore[arg-type]
        cameras={name: CameraSettings(source=f"{name}.mp4") for name in ("front", "rear")},
        lines={
            "a": LineSettings(camera="front", points=points),
            "b": LineSettings(camera="rear", points=points),
        },
        spaces={"hall": SpaceSettings(**space)},  # type: ignore[arg-type]
    )


class Bench:
    """A space that both cameras look at once a second."""

    def __init__(self, *, start: datetime = NIGHT, **more: object) -> None:
        self.space = Space(device(**more), "hall", THRESHOLD)
        self.start, self.second = start, 0
        self.space.at(start)
        self.wait(1)

    def wait(self, seconds: int, *, without: str = "") -> None:
        for _ in range(seconds):
            self.step(without=without)

    def step(self, *ways: Direction, camera: str = "front", without: str = "") -> None:
        """Let a second pass, in which people go over the line of `camera`."""
        self.second += 1
        now_ns = self.second * 10**9
        self.space.at(self.start + timedelta(seconds=self.second))
        for name, line in (("front", "a"), ("rear", "b")):
            if name != without:
                crossed = [Crossing(line, way, now_ns) for way in ways] if name == camera else []
                self.space.observe(name, now_ns, crossed)

    def close(self, coverage: float = 1.0) -> tuple[int | None, float]:
        """End an interval, with a gate that publishes what reaches the threshold."""
        value, seen = self.space.value(coverage)
        if value is not None and value >= THRESHOLD and seen >= 0.5:
            self.space.published()
        self.space.restart()
        return value, seen

    def value(self) -> int | None:
        return self.close()[0]


ways = st.lists(st.tuples(st.lists(st.sampled_from(Direction), max_size=4), st.booleans()))


@budget(max_examples=200, deadline=None)
@given(ways)
def test_it_is_never_negative_and_keeps_everybody(steps: list[tuple[list[Direction], bool]]):
    """Who came, less who went; an exit from an empty space is absorbed."""
    bench, expected = Bench(), 0
    for crossed, rear in steps:
        bench.step(*crossed, camera="rear" if rear else "front")
        expected = max(expected + sum(crossed), 0)
        assert bench.space.inside == expected >= 0


@budget(max_examples=50, deadline=None)
@given(st.lists(st.sampled_from(Direction), max_size=12), st.randoms())
def test_the_order_of_one_frames_crossings_changes_nothing(crossed: list[Direction], rng):
    one, two = Bench(), Bench()
    mixed = list(crossed)
    rng.shuffle(mixed)
    one.step(*crossed)
    two.step(*mixed)
    assert one.space.inside == two.space.inside == max(sum(crossed), 0)


def test_lines_of_several_cameras_lead_into_one_space():
    bench = Bench()
    bench.step(*[IN] * 12, camera="front")
    bench.step(*[IN] * 5, camera="rear")
    bench.step(*[OUT] * 3, camera="rear")
    assert bench.space.inside == 14


def test_a_line_of_another_space_or_camera_says_nothing():
    bench = Bench()
    bench.space.observe("front", 5 * 10**9, [Crossing("b", IN, 0), Crossing("x", IN, 0)])
    bench.space.observe("elsewhere", 6 * 10**9, [Crossing("a", IN, 0)])
    assert bench.space.inside == 0


def test_an_interval_is_the_median_over_time():
    bench = Bench()
    bench.step(*[IN] * 20)
    bench.wait(40)
    bench.step(*[IN] * 50)
    bench.wait(19)
    assert bench.value() == 20
    assert bench.value() == 70  # of an interval without a frame: what it held at its begin


# --- zeros ---------------------------------------------------------------------------------------


def test_a_start_is_not_known_until_a_reset():
    bench = Bench(start=NIGHT - timedelta(seconds=100))
    bench.step(*[IN] * 30)
    assert bench.value() is None
    bench.wait(105)
    assert bench.value() == 0
    bench.step(*[IN] * 3)
    bench.wait(10)
    assert bench.value() == 3


@pytest.mark.parametrize(("late_s", "known"), [(0, True), (60, True), (300, False)])
def test_a_start_at_a_reset_is_known(late_s: int, known: bool):
    bench = Bench(start=NIGHT + timedelta(seconds=late_s))
    assert (bench.value() is not None) == known


def test_a_restart_remembers_nothing():
    bench = Bench()
    bench.step(*[IN] * 30)
    assert bench.value() is not None
    assert Bench(start=NIGHT + timedelta(hours=5)).value() is None


def test_a_reset_counts_once_and_a_clock_that_goes_back_repeats_none():
    bench = Bench()
    bench.wait(30)
    bench.step(*[IN] * 20)
    bench.space.at(NIGHT - timedelta(seconds=5))
    bench.space.at(NIGHT + timedelta(seconds=1))
    bench.wait(5)
    assert bench.space.inside == 20


def test_a_clock_that_jumps_over_a_reset_resets_nothing():
    bench = Bench(start=NIGHT - timedelta(hours=1))
    bench.step(*[IN] * 20)
    bench.space.at(NIGHT + timedelta(hours=3))
    assert bench.space.inside == 20
    assert bench.value() is None


def busy(bench: Bench, many: int, stay: int) -> None:
    """Let `many` come and go, five at a time; at the end let `stay` come."""
    for _ in range(many // 5):
        bench.step(*[IN] * 5)
        bench.step(*[OUT] * 5, camera="rear")
    bench.step(*[IN] * stay)


@pytest.mark.parametrize(("many", "rest", "left"), [(200, 3, 0), (200, 30, 30), (5, 4, 4)])
def test_quiet_makes_a_zero_of_what_drift_explains(many: int, rest: int, left: int):
    """Three of 403 crossings are an error of counting; thirty, or four of fourteen, are people."""
    bench = Bench(quiet_s=600.0)
    busy(bench, many, rest)
    bench.wait(599)
    assert bench.space.inside == rest
    bench.wait(2)
    assert bench.space.inside == left


def test_a_sleeping_carriage_is_not_emptied():
    bench = Bench(quiet_s=600.0)
    bench.step(*[IN] * 20)
    bench.wait(3600)
    assert bench.value() == 20


def test_quiet_that_a_camera_did_not_see_is_none():
    bench = Bench(quiet_s=100.0)
    busy(bench, 200, 3)
    bench.wait(150, without="rear")
    assert bench.space.inside == 3
    bench.wait(101)
    assert bench.space.inside == 0


def test_drift_is_learnt_at_zeros():
    bench, before = Bench(quiet_s=600.0), Bench().space.drift
    for _ in range(4):
        busy(bench, 400, 0)
        bench.wait(601)
    assert bench.space.drift < before / 2
    worse = Bench(start=NIGHT)
    busy(worse, 400, 0)
    worse.step(*[OUT] * 40)  # absorbed: forty entries were not seen
    worse.space._zero(tell=True)
    assert worse.space.drift > 2 * before
    assert repr(worse.space) == "<Space>"
