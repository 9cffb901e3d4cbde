"""What is told while aiming: nothing below the threshold, and the rest as a release would."""

import re

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from counter.aim.answer import LEAST_S, Watched, answer
from counter.aim.witness import COLUMNS, ROWS, Seen, Witness
from counter.disclosure import rounded
from counter.floor import in_force
from counter.people import Detections, Direction
from counter.purposes import Purpose
from counter.release import CameraState
from counter.settings import CameraSettings, LineSettings, Settings, ZoneSettings

LINES = {
    "door": LineSettings(camera="a", points=[(0.1, 0.5), (0.9, 0.5)]),
    "sky": LineSettings(camera="a", points=[(0.1, 0.02), (0.9, 0.02)]),
}
FRONT = ZoneSettings(camera="a", polygon=[(0, 0.5), (1, 0.5), (1, 1), (0, 1)])
MADE = Settings(
    site="s",
    device="d",
    purpose=Purpose.FOOTFALL,
    cameras={"a": CameraSettings(source="synthetic:platform")},
    lines=LINES,
    zones={"front": FRONT},
)
RULES = in_force(MADE)
K = RULES.threshold
WELL = Watched(300.0, {CameraState.OK: 1.0}, dark=False, blurred=False)
UNKNOWN = "fewer than 11 persons in this time: not known"
MANY = st.one_of(st.integers(0, 12), st.integers(0, 150))


def seen(**more: object) -> Seen:
    nobody: dict[str, object] = {
        "persons": 0,
        "large_enough": 0,
        "too_tall": 0,
        "crossed": {(name, way): 0 for name in LINES for way in Direction},
        "beside": dict.fromkeys(LINES, (0, 0)),
        "zones": {"front": 0},
        "cells": ((0,) * COLUMNS,) * ROWS,
    }
    return Seen(**{**nobody, **more})  # type: ignore[arg-type]


def text(one: Seen, watched: Watched = WELL, settings: Settings = MADE) -> str:
    return answer("a", settings, watched, one).text


def token(persons: int) -> int:
    return rounded(persons, RULES) if persons >= K else 0


ALIKE = {one: [other for other in range(160) if token(other) == token(one)] for one in range(160)}


@given(st.data())
def test_what_differs_below_the_threshold_or_within_a_rounding_is_the_same_text(data):
    """Whatever the numbers: each may be replaced by any that a release would show alike."""

    def pair() -> tuple[int, int]:
        one = data.draw(MANY)
        return one, data.draw(st.sampled_from(ALIKE[one]))

    crossed = {(name, way): pair() for name in LINES for way in Direction}
    beside = {name: (pair(), pair()) for name in LINES}
    zone, cells = pair(), [pair() for _ in range(12)] + [(0, K - 1)] * (ROWS * COLUMNS - 12)
    tall, rest = pair(), pair()
    small, large = pair(), pair()
    assume(sum(n[0] for n in (tall, rest)) >= K)
    both = []
    for side in (0, 1):
        rows = [cells[row * COLUMNS : (row + 1) * COLUMNS] for row in range(ROWS)]
        both.append(
            {
                "crossed": {key: value[side] for key, value in crossed.items()},
                "beside": {key: (v[0][side], v[1][side]) for key, v in beside.items()},
                "zones": {"front": zone[side]},
                "cells": tuple(tuple(cell[side] for cell in row) for row in rows),
            }
        )
    persons = [tall[side] + rest[side] for side in (0, 1)]
    assume(min(persons) >= K)
    one, other = (
        seen(**found, persons=many, large_enough=many, too_tall=tall[side])
        for side, (found, many) in enumerate(zip(both, persons, strict=True))
    )
    assert text(one) == text(other)
    sizes = [{"persons": small[s] + large[s], "large_enough": large[s]} for s in (0, 1)]
    assume(min(size["persons"] for size in sizes) >= K)
    assert text(seen(**sizes[0])) == text(seen(**sizes[1]))


@given(st.integers(0, K - 1), st.integers(0, K - 1), st.integers(0, K - 1), st.integers(0, K - 1))
def test_an_almost_empty_place_is_an_empty_place(persons, crossing, zone, cell):
    few = seen(
        persons=persons,
        large_enough=persons // 2,
        too_tall=persons,
        crossed={(name, way): crossing for name in LINES for way in Direction},
        beside=dict.fromkeys(LINES, (crossing, zone)),
        zones={"front": zone},
        cells=((cell,) * COLUMNS,) * ROWS,
    )
    assert answer("a", MADE, WELL, few) == answer("a", MADE, WELL, seen())


def test_an_empty_place_in_words():
    lines = text(seen()).splitlines()
    assert lines[0] == "camera a: watched for 5 min 0 s"
    assert f"  people   {UNKNOWN}" in lines
    few = "fewer than 11 crossed it one way or the other: not known"
    assert f"  line     door: {few}" in lines
    assert f"  line     door: beside it {UNKNOWN}" in lines
    assert f"  zone     front: {UNKNOWN}" in lines
    assert lines[-2:] == [f"  |{' ' * 2 * COLUMNS}|", f"  +{'-' * 2 * COLUMNS}+"]


def test_a_busy_place_in_words():
    crossed = {(name, way): 0 for name in LINES for way in Direction}
    crossed["door", Direction.IN] = crossed["door", Direction.OUT] = 23
    crossed["sky", Direction.IN] = 23
    row = (10, 11, 29, 34, 99, 140, *(0,) * (COLUMNS - 6))
    found = text(
        seen(
            persons=60,
            large_enough=30,
            crossed=crossed,
            beside={"door": (40, 40), "sky": (3, 40)},
            zones={"front": 11},
            cells=(row, *((0,) * COLUMNS,) * (ROWS - 1)),
        )
    )
    assert "line     door: 11 or more crossed it each way\n" in found
    assert "line     sky: fewer than 11 crossed it one way or the other: not known\n" in found
    assert "line     door: people are seen on both sides" in found
    assert "line     sky: people are seen on its right only" in found
    assert "line     sky: runs along the picture's border" in found
    assert "door: runs along" not in found
    assert "zone     front: people stand in it" in found
    assert "too small: about 50 % of them were never higher than 28 pixels" in found
    assert "  |  ..oooo####" in found  # 29 and 99 are rounded before they are shaded
    assert re.findall(r"about (\d+)\n", found) == []


@pytest.mark.parametrize(
    ("tall", "persons", "share"), [(11, 12, "at least half"), (30, 60, "about 50 %"), (10, 60, "")]
)
def test_people_who_are_too_large_are_told_from_the_threshold_on(tall, persons, share):
    found = answer("a", MADE, WELL, seen(persons=persons, large_enough=persons, too_tall=tall))
    assert found.recognisable == bool(share)
    said = f"too large: {share} of them were taller than 212 pixels" if share else "fewer than 11"
    assert said in found.text


def test_a_short_look_tells_nothing_of_people():
    hall = seen(persons=99, too_tall=99, zones={"front": 99})
    short = Watched(LEAST_S - 0.1, {CameraState.OK: 1.0}, dark=True, blurred=True)
    found = answer("a", MADE, short, hall)
    assert found == answer("a", MADE, short, seen())
    assert "nothing is told of people" in found.text
    assert "dark: " in found.text
    assert not found.recognisable


@pytest.mark.parametrize(
    ("watched", "said"),
    [
        (Watched(60, {CameraState.FROZEN: 0.9}, dark=False, blurred=False), "bit (most of the"),
        (Watched(60, {CameraState.BLACK: 0.3}, dark=False, blurred=False), "tone (some of the"),
        (Watched(60, {CameraState.LOST: 1.0}, dark=None, blurred=None), "no picture could be read"),
        (Watched(60, {CameraState.OK: 1.0}, dark=False, blurred=None), "without an edge to tell"),
        (Watched(60, {CameraState.OK: 1.0}, dark=False, blurred=True), "blurred: focus the lens"),
        (Watched(60, {CameraState.FROZEN: 0.05}, dark=False, blurred=False), "sharp and bright"),
    ],
)
def test_pictures_in_words(watched: Watched, said: str) -> None:
    assert said in text(seen(), watched)


def test_masked_cells_are_marked_whoever_stands_there():
    camera = CameraSettings(
        source="synthetic:platform", masks=[[(0, 0), (0.5, 0), (0.5, 0.3), (0, 0.3)]]
    )
    made = Settings(
        site="s",
        device="d",
        purpose=Purpose.PASSENGER_INFORMATION,
        cameras={"a": camera},
        zones={"front": FRONT},
    )
    rows = [line for line in text(seen(), settings=made).splitlines() if line.startswith("  |")]
    assert [row.count("x") for row in rows] == [16, 16, 16, 0, 0, 0, 0, 0, 0]


def witnessed(height: float, height_px: int) -> tuple[Witness, Seen]:
    """Twelve people who stand side by side for two seconds, `height` of the picture high."""
    bare = Settings(site="s", device="d", purpose=Purpose.FOOTFALL, cameras=MADE.cameras)
    witness = Witness("a", bare, (512, 288))
    x = np.linspace(0.1, 0.9, 12, dtype=np.float32)
    boxes = np.stack((x - 0.01, 0 * x + 0.6 - np.float32(height), x + 0.01, 0 * x + 0.6), axis=1)
    sure = np.full(12, 0.9, np.float32)
    for frame in range(10):
        for _ in range(2):  # the same frame again says nothing new
            witness.observe(Detections(boxes, sure, frame * 200_000_000, 16 / 9, height_px))
    return witness, witness.seen()


@pytest.mark.parametrize(
    ("height", "height_px", "large", "tall"),
    [(0.4, 720, 12, 12), (0.4, 480, 12, 0), (0.08, 2160, 0, 0), (0.11, 2160, 12, 12)],
)
def test_a_witness_without_zones_and_lines_counts_distinct_persons(height, height_px, large, tall):
    """28 pixels of an input of 288, and 212 of the source."""
    witness, found = witnessed(height, height_px)
    assert (found.persons, found.large_enough, found.too_tall) == (12, large, tall)
    assert sum(map(sum, found.cells)) == sum(found.cells[5]) == 12
    assert repr(witness) == "<Witness>"
    assert repr(found) == "<Seen>"
