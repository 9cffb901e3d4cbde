"""The privacy floor: what no settings may go below, whoever made them (P6, P9, P14).

Rule 1: what has an order is tightened: the larger of the configured and the compiled number is in
force (threshold, rounding, coverage).
Rule 2: what has none is refused: a short interval or a crooked one, cells that share people.
Rule 3: `config.load` and the gate ask here, so settings made by hand are held to the same floor.
What geometry cannot see is left to whoever sets the cameras up: two cameras that look at the same
floor, one camera by two addresses, two lines one behind the other in one corridor.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Final, TypeVar

from counter import floorplan, geometry
from counter.errors import ConfigError
from counter.interval import DAY_S
from counter.purposes import MIN_COVERAGE_FLOOR, RULES, Measure, Purpose
from counter.refusals import refuse
from counter.settings import LineSettings, Settings, ZoneSettings
from counter.spacecheck import refuse_several

GATE_VERSION: Final = (
    2  # of the rules in disclosure.py; a change of rounding or suppression raises it
)

# A zone this small is one person's place: 30 x 30 pixels of a picture of 1280 x 720.
MIN_ZONE_AREA: Final = 0.001
MIN_AREA_M2: Final = 1.0  # less floor than this holds hardly more than one person
# Zones may share an edge. One part in a million of the picture is a third of a pixel of 640 x 480.
OVERLAP_TOLERANCE: Final = 1e-6
# Two lines of which one lies within this of the other, all along, are crossed by the same people.
# A twentieth of the picture: narrower than a person who stands near enough to be counted.
SAME_LINE: Final = 0.05


@dataclass(frozen=True, slots=True)
class Parameters:
    """The numbers in force for one device."""

    purpose: Purpose
    interval_s: int
    threshold: int  # smaller counts are one token
    rounding: int  # released counts are multiples of this ...
    coarse_from: int | None  # ... and above this one, multiples of coarse_rounding
    coarse_rounding: int
    min_coverage: float
    lowest: int  # the smallest number that is ever released

    @property
    def rule_id(self) -> str:
        return f"{self.purpose}/k{self.threshold}/r{self.rounding}/v{GATE_VERSION}"


def in_force(settings: Settings) -> Parameters:
    """Tighten what is configured to the floor (Rule 1)."""
    rule, asked = RULES[settings.purpose], settings.disclosure
    threshold = max(rule.threshold_floor, _or(asked.threshold, rule.threshold))
    rounding = max(rule.rounding, _or(asked.rounding, rule.rounding))
    # The coarse grid is part of the fine one, and they meet in a number of both, so that every
    # exact count has one nearest released number and no two neighbours change places.
    coarse = _up(rule.coarse_rounding, rounding)
    coarse_from = None if rule.coarse_above is None else rule.coarse_above // coarse * coarse
    lowest = _up(threshold, rounding)
    if coarse_from is not None and lowest > coarse_from:
        lowest = _up(threshold, coarse)
    return Parameters(
        purpose=settings.purpose,
        interval_s=_or(settings.interval_s, rule.interval_s),
        threshold=threshold,
        rounding=rounding,
        coarse_from=coarse_from,
        coarse_rounding=coarse,
        min_coverage=max(MIN_COVERAGE_FLOOR, asked.min_coverage),
        lowest=lowest,
    )


def refuse_unsafe(settings: Settings) -> None:
    """Raise RefusedError for what cannot be tightened (Rule 2), ConfigError for a crooked grid."""
    floor_s, interval_s = RULES[settings.purpose].interval_floor_s, in_force(settings).interval_s
    if interval_s < floor_s:
        raise refuse(
            "short-window",
            f"interval_s: {interval_s} given, {settings.purpose} needs at least {floor_s}",
        )
    if DAY_S % interval_s:
        raise ConfigError(
            f"interval_s: {interval_s} does not divide the day", "take 30, 60, 300, 900, 1200 ..."
        )
    _refuse_small_zones(settings)
    _refuse_cameras_twice(settings)
    _refuse_shared_zones(settings)
    _refuse_overlapping_zones(settings)
    refuse_several(settings)
    if settings.spaces or Measure.ENTRIES in RULES[settings.purpose].measures:
        _refuse_same_lines(settings)


def _refuse_small_zones(settings: Settings) -> None:
    for name, zone in settings.zones.items():
        if geometry.area(zone.polygon) < MIN_ZONE_AREA:
            raise refuse(
                "small-zone", f"zones.{name}.polygon: smaller than {MIN_ZONE_AREA} of the picture"
            )
        if 0 < floorplan.zone_area_m2(settings, name) < MIN_AREA_M2:
            given = "" if zone.area_m2 else f" follows from cameras.{zone.camera}.floor"
            raise refuse("small-zone", f"zones.{name}.area_m2: less than {MIN_AREA_M2}{given}")


def _refuse_cameras_twice(settings: Settings) -> None:
    """Zones of two cameras are not compared, so one camera has one name. Drawn people are none."""
    owner: dict[str, str] = {}
    for name, camera in settings.cameras.items():
        view = without_user(camera.source).lower()
        if view.startswith("synthetic:"):
            continue
        if view in owner:
            raise refuse(
                "overlapping-zones",
                f"cameras.{name}.source: the same as that of cameras.{owner[view]}",
            )
        owner[view] = name


def without_user(source: str) -> str:
    """Leave user and password out of an address."""
    return re.sub(r"(?<=://)[^/]*@", "", source)


def _refuse_shared_zones(settings: Settings) -> None:
    owner: dict[str, str] = {}
    for name, group in settings.groups.items():
        for zone in group.zones:
            if zone not in settings.zones:
                raise ConfigError(f"groups.{name}.zones: there is no zone {zone}")
            if zone in owner:
                raise refuse(
                    "overlapping-zones",
                    f"groups.{name}.zones: zone {zone} is already in group {owner[zone]}",
                )
            owner[zone] = name


def _refuse_overlapping_zones(settings: Settings) -> None:
    for (name, zone), (other, second) in _pairs(settings.zones):
        if zone.anchor != second.anchor:
            # With two anchors one person stands in two zones that do not touch.
            raise refuse(
                "overlapping-zones",
                f"zones.{other}.anchor: {second.anchor} given, zones.{name} of the same camera"
                f" has {zone.anchor}",
            )
        common = geometry.overlap_area(zone.polygon, second.polygon)
        if common > OVERLAP_TOLERANCE:
            smaller = min(geometry.area(zone.polygon), geometry.area(second.polygon))
            how = "lie in each other" if common > smaller - OVERLAP_TOLERANCE else "overlap"
            raise refuse("overlapping-zones", f"zones.{name} and zones.{other} {how}")


def _refuse_same_lines(settings: Settings) -> None:
    for (name, line), (other, second) in _pairs(settings.lines):
        (a, b), (c, d) = line.points, second.points
        near = min(SAME_LINE, geometry.length(a, b) / 2, geometry.length(c, d) / 2)
        aside = min(_aside(a, b, c, d), _aside(c, d, a, b))
        if aside < near:
            raise refuse(
                "overlapping-zones",
                f"lines.{name} and lines.{other} are crossed by the same people",
            )


def _aside(a: geometry.Point, b: geometry.Point, c: geometry.Point, d: geometry.Point) -> float:
    """How far the segment a-b leaves the segment c-d."""
    return max(geometry.point_to_segment(a, c, d), geometry.point_to_segment(b, c, d))


T = TypeVar("T", ZoneSettings, LineSettings)


def _pairs(table: dict[str, T]) -> Iterator[tuple[tuple[str, T], tuple[str, T]]]:
    """Every two entries of one camera, each with its name."""
    for one, two in combinations(sorted(table.items()), 2):
        if one[1].camera == two[1].camera:
            yield one, two


def _or(asked: int | None, default: int) -> int:
    return default if asked is None else asked


def _up(value: int, base: int) -> int:
    """The first multiple of `base` that is not below `value`."""
    return -(-value // base) * base
