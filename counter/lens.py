"""What a lens does to a picture, and its undoing: OpenCV's two camera models, point by point.

Rule 1: a ray is where a straight line from the camera would meet the plane at distance 1; a place
is a point of the picture, in fractions of its width and height. So no size in pixels is needed: a
calibration in pixels is divided by the size of the picture that it was made with.
Rule 2: undistorting has no formula, it is solved by iteration; a place to which no ray leads, or
only one from beyond the point where the model folds back, is None and never a guess.

Sources: Brown, Close-range camera calibration (1971), with the rational denominator and thin prism
as OpenCV's calib3d documents them; for fisheye lenses Kannala and Brandt (2006), as cv2.fisheye.
"""

from dataclasses import dataclass
from math import atan, hypot, pi, tan
from typing import Final

from counter.geometry import Point
from counter.settings import LensSettings

LENGTHS: Final = (4, 5, 8, 12)  # of OpenCV's list of coefficients; 14 adds a tilted sensor
FISHEYE: Final = 4
CLOSE: Final = 1e-12  # of a ray: a millionth of a pixel
STEPS: Final = 60  # Newton needs 3 to 6; more where a step had to be halved
NEAR: Final = 1e-6  # for the slope of a function that is known to 1e-16


@dataclass(frozen=True, slots=True)
class Lens:
    focal: Point
    centre: Point
    distortion: tuple[float, ...]
    fisheye: bool

    def place(self, ray: Point) -> Point:
        """Where in the picture a ray arrives."""
        x, y = self._bent(ray)
        return self.focal[0] * x + self.centre[0], self.focal[1] * y + self.centre[1]

    def ray(self, place: Point) -> Point | None:
        """Where a place in the picture was seen from (Rule 2)."""
        x = (place[0] - self.centre[0]) / self.focal[0]
        y = (place[1] - self.centre[1]) / self.focal[1]
        try:
            return self._unbent_fisheye((x, y)) if self.fisheye else self._unbent((x, y))
        except ArithmeticError:  # the model divides by nothing there
            return None

    def _bent(self, ray: Point) -> Point:
        if not self.fisheye:
            return brown(ray, self.distortion)
        radius = hypot(*ray)
        if not radius:
            return ray
        scale = _bent_angle(atan(radius), self.distortion) / radius
        return ray[0] * scale, ray[1] * scale

    def _unbent(self, seen: Point) -> Point | None:
        """Newton's method in two dimensions, each step halved until it brings the point nearer."""
        ray, off = seen, self._off(seen, seen)
        for _ in range(STEPS):
            (a, b), (c, d) = self._slope(ray)
            turn = a * d - b * c
            if turn <= 0:  # the model folds back here
                return None
            if hypot(*off) < CLOSE:
                return ray
            step = (off[0] * d - off[1] * b) / turn, (off[1] * a - off[0] * c) / turn
            for _ in range(STEPS):
                tried = ray[0] - step[0], ray[1] - step[1]
                then = self._off(tried, seen)
                if hypot(*then) < hypot(*off):
                    break
                step = step[0] / 2, step[1] / 2
            else:
                return None
            ray, off = tried, then
        return None

    def _off(self, ray: Point, seen: Point) -> Point:
        x, y = self._bent(ray)
        return x - seen[0], y - seen[1]

    def _slope(self, ray: Point) -> tuple[Point, Point]:
        """The bent point's derivatives ((dx/dx, dx/dy), (dy/dx, dy/dy))."""
        x, y = ray
        right, left = self._bent((x + NEAR, y)), self._bent((x - NEAR, y))
        below, above = self._bent((x, y + NEAR)), self._bent((x, y - NEAR))
        wide = 2 * NEAR
        return (
            ((right[0] - left[0]) / wide, (below[0] - above[0]) / wide),
            ((right[1] - left[1]) / wide, (below[1] - above[1]) / wide),
        )

    def _unbent_fisheye(self, seen: Point) -> Point | None:
        bent = hypot(*seen)
        if not bent:
            return seen
        angle = min(bent, pi / 2)
        for _ in range(STEPS):
            off = _bent_angle(angle, self.distortion) - bent
            slope = _bent_slope(angle, self.distortion)
            if slope <= 0:
                return None
            if abs(off) < CLOSE:
                scale = tan(angle) / bent
                return (seen[0] * scale, seen[1] * scale) if 0 < angle < pi / 2 else None
            angle -= off / slope
        return None


def made(settings: LensSettings) -> Lens:
    return Lens(
        settings.focal, settings.centre, tuple(settings.distortion), fisheye=settings.fisheye
    )


def brown(ray: Point, coefficients: tuple[float, ...]) -> Point:
    """Bend a ray by k1, k2, p1, p2, [k3, [k4, k5, k6, [s1, s2, s3, s4]]]."""
    x, y = ray
    k1, k2, p1, p2, k3, k4, k5, k6, s1, s2, s3, s4 = (*coefficients, *(0.0,) * 12)[:12]
    r2 = x * x + y * y
    radial = (1 + r2 * (k1 + r2 * (k2 + r2 * k3))) / (1 + r2 * (k4 + r2 * (k5 + r2 * k6)))
    return (
        x * radial + 2 * p1 * x * y + p2 * (r2 + 2 * x * x) + r2 * (s1 + r2 * s2),
        y * radial + p1 * (r2 + 2 * y * y) + 2 * p2 * x * y + r2 * (s3 + r2 * s4),
    )


def _bent_angle(angle: float, coefficients: tuple[float, ...]) -> float:
    k1, k2, k3, k4 = coefficients
    a2 = angle * angle
    return angle * (1 + a2 * (k1 + a2 * (k2 + a2 * (k3 + a2 * k4))))


def _bent_slope(angle: float, coefficients: tuple[float, ...]) -> float:
    k1, k2, k3, k4 = coefficients
    a2 = angle * angle
    return 1 + a2 * (3 * k1 + a2 * (5 * k2 + a2 * (7 * k3 + a2 * 9 * k4)))
