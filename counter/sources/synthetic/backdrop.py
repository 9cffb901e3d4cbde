"""The two fixed places of the demo: a platform beside a train, and the inside of a carriage.

Rule 1: a set is planes from back to front and solids; layout.py says where people may be in it.
Rule 2: the seed changes colours, posters and textures, never the geometry.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from counter.sources.synthetic import layout, textures
from counter.sources.synthetic.surfaces import Face, Plane, Point, box, column
from counter.sources.synthetic.textures import Bgr, Image, Maker

Solid = tuple[list[Face], tuple[float, float]]  # faces, and the floor point they are sorted by


@dataclass(frozen=True)
class Set:
    """Planes from back to front on a sky; solids are sorted with the people."""

    sky: Bgr
    planes: tuple[Plane, ...]
    solids: tuple[Solid, ...]


def _tone(rng: np.random.Generator, low: float, high: float, spread: float = 8.0) -> Bgr:
    base = rng.uniform(low, high)
    blue, green, red = np.clip(base + rng.normal(0, spread, 3), 0, 255)
    return float(blue), float(green), float(red)


def _sheet(rng: np.random.Generator, maker: Maker, size: tuple[int, int], colour: Bgr) -> Image:
    return maker(rng, size, colour)


def _train(rng: np.random.Generator) -> Image:
    """The side of a train, 20 pixels a metre: windows, doors, a stripe."""
    body_colour = _tone(rng, 120, 220, 20)
    side = textures.plain(rng, (800, 60), body_colour)
    stripe = [int(v) for v in rng.integers(20, 230, 3)]
    cv2.rectangle(side, (0, 42), (800, 48), stripe, -1)
    for x in range(10, 800, 64):
        cv2.rectangle(side, (x, 10), (x + 36, 32), (52, 46, 40), -1)
        cv2.line(side, (x + 4, 30), (x + 24, 11), (96, 90, 84), 2)
        cv2.rectangle(side, (x + 42, 6), (x + 58, 58), (70, 66, 64), -1)
        cv2.rectangle(side, (x + 44, 10), (x + 49, 34), (110, 104, 92), -1)
        cv2.rectangle(side, (x + 51, 10), (x + 56, 34), (110, 104, 92), -1)
    return side


def _lamps(rng: np.random.Generator, colour: Bgr) -> Image:
    ceiling = textures.plain(rng, (160, 400), colour)
    for y in range(10, 400, 40):
        cv2.rectangle(ceiling, (70, y), (90, y + 22), (245, 250, 252), -1)
    return ceiling


def _posters(rng: np.random.Generator, x: float, spots: tuple[float, ...]) -> list[Plane]:
    return [
        Plane((x, y, 1.9), (0, 1.5, 0), (0, 0, -1.1), textures.poster(rng, (90, 66), (0, 0, 0)))
        for y in spots
    ]


def _edge(rng: np.random.Generator) -> list[Plane]:
    """Yellow dots and a white line along the platform's edge, the trackbed behind."""
    dots = textures.plain(rng, (24, 512), (60, 190, 220))
    dots[4::8, 4::8] = (40, 140, 170)
    white = textures.plain(rng, (8, 256), (222, 224, 224))
    return [
        Plane((2.75, -1, 0), (0.45, 0, 0), (0, 27, 0), dots),
        Plane((3.35, -1, 0), (0.15, 0, 0), (0, 27, 0), white),
    ]


def platform(rng: np.random.Generator) -> Set:
    wall = _tone(rng, 140, 205, 12)
    floor = _tone(rng, 105, 160, 7)
    maker = textures.FLOORS[int(rng.choice([0, 1, 4, 5]))]
    wall_maker = textures.WALLS[int(rng.choice([0, 1, 2]))]
    dark = textures.plain(rng, (32, 32), (34, 32, 30))
    left, far = -4.6, 20.0
    planes = [
        Plane(
            (-12, far + 6, 4),
            (24, 0, 0),
            (0, 0, -5),
            textures.plain(rng, (200, 60), _tone(rng, 50, 90)),
        ),
        Plane((-6, -1, 3.9), (14, 0, 0), (0, 32, 0), _lamps(rng, _tone(rng, 90, 170))),
        Plane(
            (3.5, -1, -1.1), (5, 0, 0), (0, 32, 0), textures.asphalt(rng, (64, 256), (58, 60, 62))
        ),
        Plane(
            (left - 2, -1, 0), (3.5 - left + 2, 0, 0), (0, 32, 0), maker(rng, (360, 1024), floor)
        ),
        *_edge(rng),
        Plane((3.8, -2, 2.6), (0, 34, 0), (0, 0, -3.2), _train(rng)),
        Plane((left, -1, 3.9), (0, 25, 0), (0, 0, -3.9), wall_maker(rng, (750, 120), wall)),
        Plane((left, 8.2, 2.4), (0, 2.0, 0), (0, 0, -2.4), dark),
        *_posters(rng, left, (2.2, 4.2, 6.2, 10.8, 12.8, 15.0, 17.4)),
    ]
    return Set(_tone(rng, 40, 90), tuple(planes), _furniture(rng))


def _furniture(rng: np.random.Generator) -> tuple[Solid, ...]:
    """Pillars, benches and a bin of the platform."""
    ink = _tone(rng, 70, 190, 16)
    solids: list[Solid] = [
        (column((x, y), r, (0.0, 3.9), ink), (x, y)) for x, y, r in layout.PILLARS
    ]
    seat_ink = _tone(rng, 50, 140, 30)
    for x, y in layout.BENCHES:
        low, high = y - layout.BENCH_LONG / 2, y + layout.BENCH_LONG / 2
        bench = [
            *box((x - 0.25, low, 0.36), (x + 0.25, high, 0.43), seat_ink),
            *box((x - 0.3, low, 0.5), (x - 0.25, high, 0.85), seat_ink),
        ]
        solids.append((bench, (x - 0.4, y + 1.1)))
    solids.append((box((-2.9, 8.7, 0), (-2.55, 9.0, 0.95), _tone(rng, 60, 110)), (-2.7, 8.8)))
    return tuple(solids)


def _window_wall(rng: np.random.Generator, colour: Bgr) -> Image:
    """A carriage side, 40 pixels a metre along its length: windows in the bays, doors between."""
    side = textures.plain(rng, (int(layout.CARRIAGE_LONG * 40), 104), colour)
    glass = _tone(rng, 90, 225, 14)
    door = _tone(rng, 120, 190, 18)
    for near, far in layout.BAYS_Y:
        a, b = int(near * 40) + 6, int(far * 40) - 6
        cv2.rectangle(side, (a, 28), (b, 64), glass, -1)
        cv2.line(side, (a + 10, 60), (a + 30, 30), [min(255.0, c * 1.2) for c in glass], 3)
        cv2.rectangle(side, (a, 28), (b, 64), (60, 60, 60), 2)
    for near, far in layout.DOORS_Y:
        a, b = int(near * 40), int(far * 40)
        cv2.rectangle(side, (a, 20), (b, 104), door, -1)
        for c, d in ((a + 4, (a + b) // 2 - 4), ((a + b) // 2 + 4, b - 4)):
            cv2.rectangle(side, (c, 28), (d, 62), [c2 * 0.8 for c2 in glass], -1)
        cv2.line(side, ((a + b) // 2, 20), ((a + b) // 2, 104), (40, 40, 40), 2)
    return side


def _benches(rng: np.random.Generator) -> list[Plane]:
    """Seats along the walls as a front, a cushion and a back."""
    cloth = _tone(rng, 40, 150, 40)
    darker: Bgr = (cloth[0] * 0.6, cloth[1] * 0.6, cloth[2] * 0.6)
    wide = layout.HALF_WIDE
    planes = []
    for side in (-1.0, 1.0):
        for near, far in layout.BAYS_Y:
            long = far - near
            texture = textures.carpet(rng, (32, int(long * 60)), cloth)
            texture[:: int(layout.SEAT_PITCH * 60)] = [c * 0.7 for c in cloth]
            dark = textures.plain(rng, (16, int(long * 20)), darker)
            wall: Point = (side * wide, near, 0.44)
            planes += [
                Plane(wall, (0, 0, 0.55), (0, long, 0), texture),
                Plane(wall, (-side * 0.46, 0, 0), (0, long, 0), texture),
                Plane((side * (wide - 0.46), near, 0), (0, 0, 0.44), (0, long, 0), dark),
            ]
    return planes


def carriage(rng: np.random.Generator) -> Set:
    wide, far, high = layout.HALF_WIDE, layout.CARRIAGE_LONG, layout.CARRIAGE_HIGH
    wall = _tone(rng, 160, 225, 8)
    floor = _tone(rng, 60, 140, 14)
    maker = textures.FLOORS[int(rng.choice([3, 4, 5]))]
    side = _window_wall(rng, wall)
    end = textures.plain(rng, (110, 94), wall)
    cv2.rectangle(end, (38, 14), (72, 94), [c * 0.7 for c in wall], -1)
    cv2.rectangle(end, (44, 20), (66, 52), (70, 64, 58), -1)
    ceiling = textures.plain(rng, (110, 720), _tone(rng, 170, 230, 6))
    cv2.rectangle(ceiling, (26, 0), (34, 720), (250, 252, 254), -1)
    cv2.rectangle(ceiling, (76, 0), (84, 720), (250, 252, 254), -1)
    planes = [
        Plane((-wide, -0.5, high), (2 * wide, 0, 0), (0, far + 0.5, 0), ceiling),
        Plane((-wide, -0.5, 0), (2 * wide, 0, 0), (0, far + 0.5, 0), maker(rng, (140, 740), floor)),
        Plane((-wide, far, high), (2 * wide, 0, 0), (0, 0, -high), end),
        Plane((-wide, 0, high), (0, far, 0), (0, 0, -high), side),
        Plane((wide, 0, high), (0, far, 0), (0, 0, -high), side),
        *_benches(rng),
    ]
    steel = _tone(rng, 170, 220, 6) if rng.random() < 0.6 else (50.0, 190.0, 230.0)
    poles = [(0.0, (near + past) / 2) for near, past in layout.DOORS_Y]
    for near, past in layout.DOORS_Y:
        poles += [(x, y) for x in (0.5 - wide, wide - 0.5) for y in (near - 0.1, past + 0.1)]
    solids = [(column(pole, 0.016, (0.0, high), steel), pole) for pole in poles]
    return Set((40.0, 40.0, 40.0), tuple(planes), tuple(solids))
