"""From the picture to the floor in metres, and from a polygon to square metres.

Rule 1: the map is fitted to the pairs of points in `cameras.*.floor`, which lie on one level floor;
`cameras.*.lens`, where given, straightens the picture first.
Rule 2: points that do not say enough are refused, with the key: an area that is wrong by a tenth
is worse than none.
Rule 3: beyond the horizon there is no floor; a polygon that comes near it has no area.
Rule 4: a zone's area is what was typed, or what follows from the floor; only feet stand on it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from math import sqrt
from typing import Final

from counter import geometry, homography, lens
from counter.errors import ConfigError
from counter.geometry import Point, Polygon
from counter.homography import Matrix
from counter.lens import Lens
from counter.settings import CameraSettings, LensSettings, Settings

# Of 3799 drawn cameras (2.2 to 12 m high, tilted 10 to 90 degrees, 4 to 8 points that are 0.2 % of
# the picture off), the floor was off by this share of its diagonal (median, 90th percentile):
# condition 1..10: 0.002, 0.005; 20..40: 0.007, 0.017; 40..80: 0.013, 0.049; 160..320: 0.043, 0.387.
HOPELESS: Final = 160.0
# Root of the mean square distance from the line that fits the picture's points best: ten times the
# noise above, which the condition alone does not know.
THIN: Final = 0.02
FLAT: Final = 50.0  # the map's own condition: 2.9 or less for 99 % of these cameras
# Distance of a point from where the map puts it, by the diagonal of all. The noise above makes
# 0.002 to 0.01 of it.
WRONG: Final = 0.1
HORIZON: Final = 0.02  # fifty times as far away as the floor's points is as good as the horizon
PIECE: Final = 0.01  # of the picture: edges are cut so finely where a lens bends them
DECIMALS: Final = 1  # of an area that follows from the floor: 0.1 m2
LINED: Final = "take points all over the floor, of which no three lie near one line"
REACH: Final = (-0.5, 1.5)  # of a lens's centre, in fractions of the picture


@dataclass(frozen=True, slots=True)
class Floorplan:
    """The floor as one camera sees it."""

    lens: Lens | None
    there: Matrix  # from rays, or from the picture where no lens is given, to metres
    back: Matrix
    condition: float
    errors_m: tuple[float, ...]  # of each pair; nothing where four pairs leave nothing over
    farthest: float  # weight of the farthest floor point; the weight is 1 by the distance

    def weighted(self, place: Point) -> tuple[Point, float] | None:
        """Metres, and nearness by that of the floor's points; None where there is no floor."""
        ray = place if self.lens is None else self.lens.ray(place)
        if ray is None:
            return None
        u, v, weight = homography.times(self.there, ray)
        return ((u / weight, v / weight), weight) if weight > HORIZON else None

    def metres(self, place: Point) -> Point | None:
        """Where on the floor a place of the picture lies; None beyond the horizon."""
        found = self.weighted(place)
        return None if found is None else found[0]

    def place(self, metres: Point) -> Point | None:
        """Where in the picture, or outside of it, a point of the floor is seen; None behind it."""
        x, y, weight = homography.times(self.back, metres)
        if weight <= 0:
            return None
        ray = (x / weight, y / weight)
        try:
            return ray if self.lens is None else self.lens.place(ray)
        except ArithmeticError:  # the lens divides by nothing there
            return None

    def outline(self, polygon: Polygon) -> list[tuple[Point, float]] | None:
        """The polygon's corners on the floor; None where it reaches the horizon."""
        corners = polygon if self.lens is None else list(_cut(polygon))
        found = [self.weighted(corner) for corner in corners]
        known = [one for one in found if one is not None]
        return known if len(known) == len(found) else None


def plan(name: str, camera: CameraSettings) -> Floorplan | None:
    """Fit the floor of camera `name`; None where it has none. Raises ConfigError (Rule 2)."""
    if camera.floor is None:
        return None
    bent = _lens(name, camera.lens)
    where = f"cameras.{name}.floor"
    many, others = len(camera.floor.picture), len(camera.floor.metres)
    if many != others:
        raise ConfigError(
            f"{where}.metres: {others} points given, cameras.{name}.floor.picture has {many}",
            "give the same points of the floor in both, in the same order",
        )
    return _fitted(where, bent, tuple(camera.floor.picture), tuple(camera.floor.metres))


def zone_area_m2(settings: Settings, name: str) -> float:
    """Square metres of a zone (Rule 4); 0 where they are not known. Raises ConfigError (Rule 3)."""
    return settings.zones[name].area_m2 or area_from_floor(settings, name) or 0.0


def area_from_floor(settings: Settings, name: str) -> float | None:
    """Square metres of a zone by its camera's floor; None without one. Raises ConfigError."""
    found = outline(settings, name)
    if found is None:
        return None
    area = geometry.area([corner for corner, _ in found])
    return max(round(area, DECIMALS), 10**-DECIMALS)  # 0 would say that it is not known


def check(settings: Settings) -> None:
    """Raise ConfigError for a floor, a lens or a zone on it that cannot be meant."""
    for name, camera in settings.cameras.items():
        _lens(name, camera.lens)
        plan(name, camera)
    for name in settings.zones:
        zone_area_m2(settings, name)


def outline(settings: Settings, name: str) -> list[tuple[Point, float]] | None:
    """A zone's corners on the floor; None where it has none. Raises ConfigError (Rule 3)."""
    zone = settings.zones[name]
    camera = settings.cameras.get(zone.camera)
    known = None if camera is None else plan(zone.camera, camera)
    if known is None or zone.anchor != "foot":
        return None
    found = known.outline(zone.polygon)
    if found is None:
        raise ConfigError(
            f"zones.{name}.polygon: reaches the horizon of cameras.{zone.camera}.floor",
            "draw it on the floor, or where the floor ends give points further away",
        )
    return found


def _lens(name: str, settings: LensSettings | None) -> Lens | None:
    """Raise ConfigError for what is not a calibration of OpenCV in fractions of the picture."""
    if settings is None:
        return None
    where, given = f"cameras.{name}.lens", len(settings.distortion)
    expected = (lens.FISHEYE,) if settings.fisheye else lens.LENGTHS
    if given not in expected:
        numbers = " or ".join(", ".join(str(one) for one in expected).rsplit(", ", 1))
        raise ConfigError(
            f"{where}.distortion: {given} numbers given, {numbers} expected",
            "in OpenCV's order: k1, k2, p1, p2, k3 ...; k1 to k4 of a fisheye lens",
        )
    if not all(REACH[0] <= part <= REACH[1] for part in settings.centre):
        raise ConfigError(
            f"{where}.centre: expected fractions of the picture, near 0.5",
            "divide fx and cx in pixels by the picture's width, fy and cy by its height",
        )
    return lens.made(settings)


@lru_cache(maxsize=256)  # a pure function of what it is given, asked for at each place it is used
def _fitted(
    where: str, bent: Lens | None, picture: tuple[Point, ...], metres: tuple[Point, ...]
) -> Floorplan:
    rays = [place if bent is None else bent.ray(place) for place in picture]
    for index, ray in enumerate(rays):
        if ray is None:
            raise ConfigError(
                f"{where}.picture[{index}]: the lens shows nothing there",
                f"look at {where.removesuffix('floor')}lens.distortion: it is no lens there",
            )
    seen = [ray for ray in rays if ray is not None]
    try:
        fit = homography.fitted(seen, metres)
    except ArithmeticError:  # numbers so small or large that nothing is left of them
        fit = None
    if _thickness(picture) < THIN or fit is None or fit.equations > HOPELESS or fit.flatness > FLAT:
        raise ConfigError(f"{where}: its points lie on a line, or nearly so", LINED)
    put = [homography.times(fit.matrix, ray) for ray in seen]
    if min(weight for _, _, weight in put) <= HORIZON:
        raise ConfigError(
            f"{where}: no level floor looks like this",
            "give picture and metres in the same order, and only points of one level floor",
        )
    errors = tuple(
        geometry.length((u / weight, v / weight), aim)
        for (u, v, weight), aim in zip(put, metres, strict=True)
    )
    if max(errors) > WRONG * diagonal(metres):
        raise ConfigError(
            f"{where}.metres[{errors.index(max(errors))}]: lies {max(errors):.2f} m from where all"
            " points together put it",
            "measure the points again; one that is wrong moves the others",
        )
    farthest = min(weight for _, _, weight in put)
    back = homography.inverse(fit.matrix)
    return Floorplan(bent, fit.matrix, back, fit.equations, errors, farthest)


def _thickness(points: Sequence[Point]) -> float:
    x, y = (sum(axis) / len(points) for axis in zip(*points, strict=True))
    values, _ = homography.singular([[p[0] - x, p[1] - y] for p in points])
    return values[1] / sqrt(len(points))


def diagonal(points: Sequence[Point]) -> float:
    wide, high = (max(axis) - min(axis) for axis in zip(*points, strict=True))
    return geometry.length((0, 0), (wide, high))


def _cut(polygon: Polygon) -> Iterator[Point]:
    """The corners, with points between them that lie PIECE apart at most."""
    for a, b in pairwise([*polygon, polygon[0]]):
        pieces = int(geometry.length(a, b) / PIECE) + 1
        for piece in range(pieces):
            part = piece / pieces
            yield a[0] + part * (b[0] - a[0]), a[1] + part * (b[1] - a[1])
