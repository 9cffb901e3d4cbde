"""How far a floor that was measured by hand can be believed: warnings, never errors.

Rule 1: the doubt of an area is what it changes by when each point of the floor lies elsewhere in
the picture by as much as a hand that clicks on it errs; their squares are added up.
Rule 2: what is given twice and does not agree is said with both numbers.
"""

from collections.abc import Iterator
from math import hypot, inf
from typing import Final

from msgspec import structs

from counter import floorplan, geometry
from counter.errors import ConfigError
from counter.floorplan import LINED, Floorplan
from counter.geometry import Point
from counter.settings import CameraSettings, FloorSettings, Settings

HAND: Final = 0.002  # of the picture: 2.6 pixels of 1280
MANY: Final = 12  # points; with more, what one of them errs by hardly matters
DOUBTFUL: Final = 0.1  # of an area
LOOSE: Final = 0.02  # distance of a point from where the map puts it, by the diagonal of all
FAR: Final = 2.0  # times as far away as the farthest point of the floor is a guess
HUGE_M2: Final = 10_000.0  # a stadium's field is 7000 m2, and one camera does not see it
APART: Final = 0.2  # between two areas of one zone: more is a slip


def area_doubt(settings: Settings, name: str) -> float:
    """Share of a zone's area by which it is probably wrong (Rule 1); 0 where nothing follows."""
    zone = settings.zones[name]
    camera = settings.cameras[zone.camera]
    found = floorplan.outline(settings, name)
    if found is None or camera.floor is None or len(camera.floor.picture) > MANY:
        return 0.0
    area = _area(found)
    changes = []
    for index, (x, y) in enumerate(camera.floor.picture):
        for moved in ((x + _inwards(x), y), (x, y + _inwards(y))):
            other = _moved(camera, camera.floor, index, moved)
            cameras = {**settings.cameras, zone.camera: other}
            try:
                corners = floorplan.outline(structs.replace(settings, cameras=cameras), name)
            except ConfigError:  # so little changes everything
                return inf
            changes.append(_area(corners or found) / area - 1)
    return hypot(*changes)


def warnings(settings: Settings) -> Iterator[str]:
    """Yield what works and is probably not meant."""
    for name, camera in settings.cameras.items():
        if camera.lens is not None and camera.floor is None:
            yield f"cameras.{name}.lens: no effect without cameras.{name}.floor"
        known = floorplan.plan(name, camera)
        if known is not None and camera.floor is not None:
            yield from _loose(f"cameras.{name}.floor", known, camera.floor)
    for name, zone in settings.zones.items():
        if settings.cameras[zone.camera].floor is not None:
            yield from _zone(settings, name)


def _loose(where: str, known: Floorplan, given: FloorSettings) -> Iterator[str]:
    worst = max(known.errors_m)
    if worst > LOOSE * floorplan.diagonal(given.metres):
        index = known.errors_m.index(worst)
        yield f"{where}.metres[{index}]: lies {worst:.2f} m from where all points together put it"


def _zone(settings: Settings, name: str) -> Iterator[str]:
    zone = settings.zones[name]
    floor = f"cameras.{zone.camera}.floor"
    if zone.anchor != "foot":
        if not zone.area_m2:
            yield (
                f"zones.{name}.area_m2: does not follow from {floor}, because the zone is drawn"
                f" where the {zone.anchor} is, not on the floor"
            )
        return
    try:
        found = floorplan.outline(settings, name)
    except ConfigError as error:  # an area was typed, so it works all the same
        yield error.message
        return
    known = floorplan.plan(zone.camera, settings.cameras[zone.camera])
    if found is None or known is None:
        return
    area = _area(found)
    if area > HUGE_M2:
        yield (
            f"zones.{name}.area_m2: {area:.0f} follows from {floor}; are its points in metres,"
            " or in centimetres?"
        )
    if zone.area_m2 and not 1 - APART < zone.area_m2 / area < 1 + APART:
        yield f"zones.{name}.area_m2: {zone.area_m2:g} given, {area:.1f} follows from {floor}"
    if min(weight for _, weight in found) * FAR < known.farthest:
        yield f"zones.{name}.polygon: reaches more than twice as far away as the points of {floor}"
    if not zone.area_m2 and area_doubt(settings, name) > DOUBTFUL:
        yield (
            f"zones.{name}.area_m2: {area:.1f} follows from {floor}, and changes by more than"
            f" {DOUBTFUL:.0%} where its points are {HAND:.1%} of the picture off; {LINED}"
        )


def _moved(
    camera: CameraSettings, given: FloorSettings, index: int, place: Point
) -> CameraSettings:
    picture = [*given.picture[:index], place, *given.picture[index + 1 :]]
    return structs.replace(camera, floor=structs.replace(given, picture=picture))


def _inwards(part: float) -> float:
    return HAND if part < 1 / 2 else -HAND


def _area(outline: list[tuple[Point, float]]) -> float:
    return geometry.area([corner for corner, _ in outline])
