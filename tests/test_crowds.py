"""The switch-over between tracks and a density map: when, for how long, and whose number it is."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from counter import geometry
from counter.counting import Counting
from counter.crowds import EVERY_NS, METHOD, MOST, QUIET_NS, STALE_NS, Crowds, believed, shares
from counter.people import Crowd, Detections
from counter.settings import CameraSettings, CrowdSettings, Point, Settings, ZoneSettings
from counter.tally import Tally

WHOLE: list[Point] = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)]
LEFT: list[Point] = [(0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0)]
SECOND = 1_000_000_000


def a_map(persons: float, at_s: float = 0) -> Crowd:
    """So many persons, spread evenly over 6 x 8 cells."""
    return Crowd(np.full((6, 8), persons / 48, np.float32), round(at_s * SECOND))


def crowds(**asked: object) -> Crowds:
    zones = {"all": ZoneSettings(camera="eye", polygon=WHOLE, anchor="head")}
    return Crowds(zones, (), CrowdSettings(**asked))  # type: ignore[arg-type]


def count(over: Crowds, tracked: int, at_s: float, persons: float | None = None) -> int:
    crowd = None if persons is None else a_map(persons, at_s)
    return int(over.count(np.array([tracked]), round(at_s * SECOND), crowd)[0])


class TestSwitch:
    @pytest.mark.parametrize(
        ("tracked", "persons", "expected"),
        [
            (12, 45, 45),  # both say so
            (12, 19, 12),  # the map does not
            (6, 45, 6),  # the tracker does not: a third of 20 is more
            (7, 45, 45),
            (0, 900, 0),  # a map alone sees people in leaves
            (30, 25, 30),  # a map takes nobody away
            (9, 44.6, 45),  # to the nearest person
        ],
    )
    def test_both_have_to_say_so(self, tracked, persons, expected):
        assert count(crowds(above=20), tracked, 0, persons) == expected

    def test_it_stays_while_the_detector_finds_hardly_anybody(self):
        over = crowds(above=20)
        count(over, 12, 0, 45)
        assert count(over, 2, 10, 200) == 200
        assert count(over, 2, 20, 17) == 17  # 0.8 of 20 is 16
        assert count(over, 2, 30, 15) == 2
        assert count(over, 2, 40, 45) == 2  # and it has to be earned again

    def test_an_edge_case_does_not_flicker(self):
        over = crowds(above=20)
        found = [count(over, 9, 10 * step, 20 + 3 * (-1) ** step) for step in range(8)]
        assert found == [23, 17] * 4

    def test_a_place_where_nobody_is_followed_is_empty(self):
        """The map goes on seeing 45 in the trees; the tracker has seen nobody for a minute."""
        over = crowds(above=20)
        count(over, 12, 0, 45)
        seen = [count(over, 0, at_s, 45 if at_s % 10 == 0 else None) for at_s in range(1, 90)]
        assert seen[58] == 45
        assert seen[59:] == [0] * 30

    def test_what_an_empty_place_shows_is_taken_off(self):
        over = crowds(above=20)
        for at_s in range(0, 71, 10):
            count(over, 0, at_s, 60)
        assert count(over, 9, 80, 78) == 9  # 18 more than the place's own
        assert count(over, 9, 90, 100) == 40

    def test_a_gap_is_no_quiet_time(self):
        over = crowds(above=20)
        count(over, 12, 0, 45)
        assert count(over, 0, 600, 90) == 0  # no map was there in between: tracks count
        assert count(over, 12, 601, 90) == 90  # but nothing was taken for the place's own

    def test_an_old_map_says_nothing(self):
        over = crowds(above=20)
        count(over, 12, 0, 45)
        assert count(over, 12, STALE_NS / SECOND) == 45
        assert count(over, 12, STALE_NS / SECOND + 0.1) == 12

    def test_a_map_that_is_not_a_number_is_not_known(self):
        over = crowds(above=20)
        assert over.due(0)
        assert count(over, 12, 0, float("nan")) == 12
        assert over.due(1)  # it is asked for again
        count(over, 12, 0.1, 45)
        assert not over.due(2)
        assert count(over, 12, 2, float("inf")) == 45
        assert over.due(2 * SECOND)

    def test_a_gain_is_of_its_zone_and_comes_before_the_switch(self):
        assert count(crowds(above=20, gains={"all": 2.0}), 12, 0, 15) == 30
        assert count(crowds(above=20, gains={"other": 2.0}), 12, 0, 15) == 12

    def test_more_than_can_be_kept(self):
        assert count(crowds(), 40, 0, 1e6) == MOST

    def test_zones_switch_by_themselves(self):
        sums, tracked = np.array([50.0, 50.0, 10.0]), np.array([10, 3, 10])
        assert_array_equal(believed(sums, tracked, 20), [True, False, False])


class TestTime:
    def test_a_map_is_asked_for_every_so_often(self):
        over = crowds()
        assert over.due(0)
        assert not over.due(1)  # the first one's map may be on its way
        count(over, 0, 0, 1)
        assert not over.due(EVERY_NS - 1)
        assert over.due(EVERY_NS)
        assert over.due(-1)  # the camera's clock began anew

    def test_who_counted_most_of_the_interval(self):
        over = crowds(above=20)
        count(over, 12, 0)
        count(over, 12, 1, 45)
        assert not over.mostly("all")
        count(over, 12, 2)
        assert over.mostly("all")
        over.restart()
        assert not over.mostly("all")  # nothing was counted yet

    def test_quiet_is_longer_than_a_map_is_believed(self):
        assert QUIET_NS > STALE_NS > EVERY_NS


class TestShares:
    @pytest.mark.parametrize(
        "ring",
        [
            WHOLE,
            LEFT,
            [(0.1, 0.2), (0.83, 0.11), (0.7, 0.9), (0.3, 0.55)],
            [(0.2, 0.2), (0.9, 0.2), (0.5, 0.5), (0.9, 0.9), (0.2, 0.9)],  # not convex
        ],
    )
    def test_they_are_the_part_of_each_cell_that_is_inside(self, ring):
        rows, columns = 12, 16
        found = shares([ring], (), (rows, columns))[:, 0].reshape(rows, columns)
        for row, column in np.ndindex(rows, columns):
            x, y, right, low = column / 16, row / 12, (column + 1) / 16, (row + 1) / 12
            cell = [(x, y), (right, y), (right, low), (x, low)]
            exact = geometry.overlap_area(ring, cell) * rows * columns
            assert found[row, column] == pytest.approx(exact, abs=0.16)  # of 4 x 4 points
        fine = shares([ring], (), (96, 128))
        assert fine.mean() == pytest.approx(geometry.area(ring), abs=0.002)

    def test_two_zones_with_a_common_edge_share_everybody(self):
        right: list[Point] = [(0.5, 0.0), (1.0, 0.0), (1.0, 1.0), (0.5, 1.0)]
        assert_allclose(shares([LEFT, right], (), (5, 7)).sum(axis=1), 1, atol=1e-6)

    def test_nothing_counts_under_a_mask(self):
        found = shares([WHOLE], [LEFT, [(0.0, 0.0), (1.0, 0.0), (1.0, 0.5), (0.0, 0.5)]], (4, 4))
        assert_array_equal(found.reshape(4, 4), np.pad(np.ones((2, 2)), ((2, 0), (2, 0))))


class Kept:
    def __init__(self) -> None:
        self.tallies: list[Tally] = []

    def release(self, tallies):
        self.tallies += tallies
        return ()


def intervals_of(persons: float, above: int, people: int = 6) -> dict[str, Tally]:
    """`people` are followed in the left half, and the map has `persons` in the picture."""
    zones = {
        name: ZoneSettings(camera="eye", polygon=ring, anchor="head")
        for name, ring in (("left", LEFT), ("right", [(1 - x, y) for x, y in LEFT]))
    }
    settings = Settings(
        site="s", device="d", purpose="passenger-information", interval_s=30,  # type: ignore[arg-type]
        cameras={"eye": CameraSettings(source="synthetic:platform")}, zones=zones,
        crowd=CrowdSettings(above=above),
    )  # fmt: skip
    gate = Kept()
    counting = Counting(settings, gate)
    left = np.linspace(0.02, 0.4, people, dtype=np.float32)
    boxes = np.stack((left, 0 * left + 0.4, left + 0.04, 0 * left + 0.6), axis=1)
    start, asked = datetime(2026, 1, 1, tzinfo=UTC), 0
    for frame in range(61 * 5):
        now = round(frame / 5 * SECOND)
        counting.release(start + timedelta(seconds=frame / 5))
        due = counting.asks_for_crowd("eye", now)
        asked += due
        crowd = a_map(persons, now / SECOND) if due else None
        counting.observe("eye", Detections(boxes, left * 0 + 0.9, now), crowd)
    assert asked == 7  # at 0, 10, .. 60 s
    return {tally.cell.name: tally for tally in gate.tallies}


def test_an_interval_of_a_crowd_is_the_maps_and_says_so():
    found = intervals_of(1400, above=15)
    assert (found["left"].value, found["left"].method) == (700, METHOD)
    assert not found["left"].saturated
    assert found["right"].value == 0  # nobody is followed there: leaves, not people
    assert found["right"].method != METHOD


def test_where_the_map_counts_the_zone_is_not_saturated():
    """Sixteen boxes that lie over each other: with tracks alone, read it as "at least"."""
    alone = intervals_of(0, above=15, people=16)["left"]
    assert (alone.value, alone.saturated, alone.method != METHOD) == (16, True, True)
    mapped = intervals_of(200, above=15, people=16)["left"]
    assert (mapped.value, mapped.saturated, mapped.method) == (100, False, METHOD)


def test_below_the_threshold_it_is_not_said_who_counted():
    """With `above` 5, the map's word would tell that a suppressed count is not below 4."""
    found = intervals_of(16, above=5)["left"]
    assert found.value == 8
    assert found.method != METHOD


def test_a_map_is_neither_printed_nor_pickled():
    assert repr(a_map(5)) == "<Crowd>"
    assert repr(crowds()) == "<Crowds>"
    for secret in (a_map(5), crowds()):
        with pytest.raises(TypeError, match="stays in this process"):
            secret.__reduce__()
