"""What a configuration may say of spaces, and what they rule out."""

from typing import Any

import pytest
from msgspec import structs

from counter import floor, history
from counter.disclosure import Gate
from counter.errors import RefusedError
from counter.purposes import Purpose
from counter.spacecheck import seconds_of_day
from tests.test_spaces import device
from tests.tomls import CAMERA, LINE, ZONE, fault, parse, text

SPACE = '[spaces.hall]\nlines = ["in"]\nseats = 20\nresets = ["03:30"]\n'
OTHER = '[lines.out]\ncamera = "door"\npoints = [[0.1, 0.9], [0.9, 0.9]]\n'


@pytest.mark.parametrize("purpose", Purpose)
def test_a_space_releases_its_occupancy_for_every_purpose_and_nothing_of_its_lines(purpose):
    made, _ = parse(text(CAMERA, LINE, SPACE, ZONE, purpose=purpose))
    cells = Gate(made).cells
    assert [cell.key for cell in cells] == ["space.hall.occupancy"]
    assert (cells[0].seats, cells[0].capacity) == (20, 20)


@pytest.mark.parametrize(
    ("toml", "said", "hint"),
    [
        (SPACE.replace('"in"', '"inn"'), "spaces.hall.lines: there is no line inn", "known: in"),
        (SPACE.replace('"in"', '"in", "in"'), "spaces.hall.lines: a line is named twice", ""),
        (SPACE.replace('"in"', ""), "spaces.hall.lines: expected", ""),
        (SPACE.replace("03:30", "24:00"), "spaces.hall.resets[0]: expected a time of day", "03:30"),
        (SPACE.replace("03:30", "3:30"), "spaces.hall.resets[0]: expected a time of day", "03:30"),
        (OTHER + SPACE, "lines.out: no space uses it", "remove it"),
        (SPACE + SPACE.replace("hall", "room"), "spaces: 2 given", "apart"),
        (OTHER + SPACE + SPACE.replace("hall", "room").replace('"in"', '"out"'),
         "spaces: 2 given", "apart"),
        (SPACE + "kwiet_s = 3\n", "spaces.hall.kwiet_s: unknown key", "quiet_s"),
    ],
)  # fmt: skip
def test_a_mistake_about_a_space_is_named(toml: str, said: str, hint: str):
    error = fault(text(CAMERA, LINE, toml))
    assert error.message.startswith(said)
    assert hint in error.hint


def test_lines_without_a_space_are_told_of_both_ways_out():
    error = fault(text(CAMERA, LINE))
    assert error.message == "lines: passenger-information releases no entries and exits"
    assert "[spaces.hall]" in error.hint


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        (SPACE + ZONE, "zones: releases nothing beside a space"),
        (SPACE.replace('["03:30"]', "[]"), "spaces.hall: no resets, so after each start nothing"),
        (SPACE + "quiet_s = 60\n", "spaces.hall.quiet_s: 60 s without a crossing are common"),
        (SPACE + '[disclosure]\ndirections = "in"\n', "disclosure.directions: no effect"),
    ],
)
def test_what_works_and_is_probably_not_meant(toml: str, said: str):
    _, warnings = parse(text(CAMERA, LINE, toml))
    assert [warning[: len(said)] for warning in warnings] == [said]


def test_settings_made_by_hand_have_one_space_and_no_two_lines_of_the_same_people():
    made = device()
    two = structs.replace(made, spaces={**made.spaces, "room": made.spaces["hall"]})
    with pytest.raises(RefusedError):
        Gate(two)
    door = made.lines["a"]
    same = structs.replace(made, lines={"a": door, "b": structs.replace(door)})
    with pytest.raises(RefusedError):
        floor.refuse_unsafe(same)


def test_another_space_is_another_grid():
    made = device()
    hall = made.spaces["hall"]
    others: list[dict[str, Any]] = [{}, {"lines": ["a"]}, {"resets": []}, {"quiet_s": 60.0}]
    grids = [
        history.grid_sha256(structs.replace(made, spaces={"hall": structs.replace(hall, **other)}))
        for other in others
    ]
    assert len(set(grids)) == len(grids)
    seats = structs.replace(made, spaces={"hall": structs.replace(hall, seats=9, area_m2=5.0)})
    assert history.grid_sha256(seats) == grids[0]


def test_a_time_of_day_is_seconds_of_the_day():
    assert [seconds_of_day(time) for time in ("00:00", "03:30", "23:59")] == [0, 12_600, 86_340]
    with pytest.raises(ValueError, match="time of day"):
        seconds_of_day("03:60")
