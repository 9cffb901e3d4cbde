"""What a configuration may say of spaces: references, times of reset, and what they rule out.

Rule 1: a line serves one space, and a device that has a space uses its lines for nothing else.
Rule 2: a reset is a time of day in UTC, to the minute.
Rule 3: one space a device. Of two spaces nobody sees whether one lies in the other: their lines may
be two doors of one building, one behind the other. The larger less the smaller would then be a
third place whose number nothing keeps at the threshold (P9); two spaces with a door between them
would be told apart by the same people.
"""

import re
from collections.abc import Iterator
from typing import Final

from counter.errors import ConfigError
from counter.purposes import RULES, Measure, Purpose
from counter.refusals import refuse
from counter.settings import Settings

TIME: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
SHORT_QUIET_S: Final = 900.0  # a shorter quiet is common by day in places with people inside


def seconds_of_day(time: str) -> int:
    """Turn "03:30" into seconds since midnight UTC. Raises ValueError for anything else."""
    found = TIME.fullmatch(time)
    if found is None:
        raise ValueError("not a time of day")
    return int(found[1]) * 3600 + int(found[2]) * 60


def refuse_several(settings: Settings) -> None:
    """Raise RefusedError for a second space (Rule 3): also for settings that were made by hand."""
    if len(settings.spaces) > 1:
        raise refuse(
            "overlapping-zones",
            f"spaces: {len(settings.spaces)} given; whether one lies in another cannot be seen, so"
            " a device has one",
        )


def check(settings: Settings) -> None:
    """Raise ConfigError for the first mistake about spaces, or about lines without one."""
    used: set[str] = set()
    for name, space in settings.spaces.items():
        where = f"spaces.{name}"
        for line in space.lines:
            if line not in settings.lines:
                known = ", ".join(settings.lines) or "none"
                raise ConfigError(f"{where}.lines: there is no line {line}", f"known: {known}")
        if len(set(space.lines)) < len(space.lines):
            raise ConfigError(f"{where}.lines: a line is named twice")
        for index, time in enumerate(space.resets):
            if not TIME.fullmatch(time):
                raise ConfigError(
                    f"{where}.resets[{index}]: expected a time of day, UTC", 'write "03:30"'
                )
        used |= set(space.lines)
    if settings.spaces:
        _check_lines(settings, used)
    elif settings.lines and Measure.ENTRIES not in RULES[settings.purpose].measures:
        raise ConfigError(
            f"lines: {settings.purpose} releases no entries and exits",
            f'remove [lines], name them in a [spaces.hall], or set purpose = "{Purpose.FOOTFALL}"',
        )


def _check_lines(settings: Settings, used: set[str]) -> None:
    for name in settings.lines:
        if name not in used:
            raise ConfigError(
                f"lines.{name}: no space uses it, and beside a space no line releases anything",
                "name it in the space's lines, or remove it",
            )
        if settings.lines[name].correction is not None:
            raise ConfigError(
                f"lines.{name}.correction: a line of a space releases nothing to be corrected",
                "fitted for footfall, without the space, it belongs in [spaces.hall.correction]",
            )


def warnings(settings: Settings) -> Iterator[str]:
    if settings.spaces and settings.zones:
        yield (
            "zones: releases nothing beside a space: the people of a zone may be people of the"
            " space, and the two counts could be subtracted"
        )
    for name, space in settings.spaces.items():
        where = f"spaces.{name}"
        if not space.resets:
            yield (
                f"{where}: no resets, so after each start nothing is released until nobody crossed"
                f" a line for {space.quiet_s:g} s and a published number of people came in"
            )
        if space.quiet_s < SHORT_QUIET_S:
            yield (
                f"{where}.quiet_s: {space.quiet_s:g} s without a crossing are common where people"
                " stay; a small rest would be taken for an error"
            )
