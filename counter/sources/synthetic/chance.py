"""A place drawn by lot, for training: camera, room, light, crowd and things that are not people.

Rule 1: everything is drawn from the one generator given; the ranges below are the whole variety.
Rule 2: it is cheap: a few planes, a few solids, no second look.
"""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np

from counter.sources.synthetic import textures
from counter.sources.synthetic.backdrop import Set, Solid, carriage, platform
from counter.sources.synthetic.camera import Camera, Mount, aim
from counter.sources.synthetic.layout import CARRIAGE, PLATFORM, Gate, Layout, Region, Seat
from counter.sources.synthetic.sensor import Sensor
from counter.sources.synthetic.surfaces import Face, Plane, box, column
from counter.sources.synthetic.textures import Bgr

FARTHEST_M = 34.0


def crowd(rng: np.random.Generator) -> float:
    """0..40 people: often few, sometimes a crowd, now and then nobody."""
    if rng.random() < 0.05:
        return 0.0
    return float(min(40.0, 1 + rng.gamma(1.4, 8.0)))


def place(rng: np.random.Generator, size: tuple[int, int]) -> tuple[Layout, Set, Sensor]:
    """Layout, set and sensor for a picture of (width, height)."""
    which = rng.random()
    if which < 0.1:
        return replace(PLATFORM, fineness=1), platform(rng), sensor(rng)
    if which < 0.22:
        return replace(CARRIAGE, fineness=1), carriage(rng), sensor(rng)
    mount = Mount(
        place_m=(
            0.0,
            0.0,
            float(rng.uniform(2.2, 7.0) if rng.random() < 0.75 else rng.uniform(1.4, 2.6)),
        ),
        tilt_deg=0.0,
        fov_deg=float(rng.uniform(42, 100)),
        roll_deg=float(rng.normal(0, 1.5)),
    )
    tilt = _tilt(rng, mount, size)
    mount = Mount(mount.place_m, tilt, mount.fov_deg, 0.0, mount.roll_deg)
    near, far = _reach(aim(mount, size), size)
    plan, seats = _plan(rng, mount, (near, far))
    return plan, _room(rng, plan, seats), sensor(rng)


def _tilt(rng: np.random.Generator, mount: Mount, size: tuple[int, int]) -> float:
    """Higher cameras look down more; the floor fills the lower part of the picture."""
    half = math.degrees(math.atan(math.tan(math.radians(mount.fov_deg / 2)) * size[1] / size[0]))
    lowest = max(2.0, mount.place_m[2] * 3.5 - half * 0.3)
    return float(rng.uniform(lowest, min(62.0, lowest + 28)))


def _reach(camera: Camera, size: tuple[int, int]) -> tuple[float, float]:
    """Distance of the nearest and the farthest floor worth peopling."""
    bottom = camera.floor_at((size[0] / 2, float(size[1])))
    top = camera.floor_at((size[0] / 2, size[1] * 0.04))
    near = max(1.0, bottom[1]) if bottom else 1.0
    smallest = camera.focal_px * 1.7 / (0.055 * size[1])  # people at least 5.5 % of the height
    far = min(FARTHEST_M, smallest, top[1] if top else FARTHEST_M)
    return near, max(far, near + 2.0)


def _plan(
    rng: np.random.Generator, mount: Mount, span: tuple[float, float]
) -> tuple[Layout, tuple[Seat, ...]]:
    near, far = span
    slope = math.tan(math.radians(mount.fov_deg / 2))
    regions = []
    facing, spread = float(rng.uniform(0, 360)), float(rng.choice([40.0, 180.0], p=[0.3, 0.7]))
    depth = np.geomspace(near + 0.3, far, 5)
    for low, high in pairwise(depth):
        wide = slope * (low + high) / 2 * 1.05
        weight = float(rng.uniform(0.4, 1.6))
        regions.append(Region((-wide, float(low), wide, float(high)), weight, facing, spread))
    seats = _seats(rng, regions) if rng.random() < 0.4 else ()
    gates = tuple(
        Gate((side * slope * y * 1.3, y), (side * slope * y * 0.8, y))
        for side in (-1.0, 1.0) for y in (near * 0.7 + far * 0.3, near * 0.3 + far * 0.7)
    )  # fmt: skip
    plan = Layout(
        mount=mount,
        area=(-1e3, -1e3, 1e3, 1e3),
        gates=gates,
        regions=tuple(regions),
        seats=seats,
        seated_share=float(rng.uniform(0.2, 0.9)) if seats else 0.0,
        personal_m=float(rng.uniform(0.3, 0.9)),
    )
    return plan, seats


def _seats(rng: np.random.Generator, regions: list[Region]) -> tuple[Seat, ...]:
    """Rows of chairs that share a direction, or chairs anywhere."""
    seats = []
    facing = float(rng.uniform(0, 360))
    for _ in range(int(rng.integers(1, 5))):
        left, near, right, far = regions[int(rng.integers(len(regions)))].area
        x, y = float(rng.uniform(left, right)), float(rng.uniform(near, far))
        turn = facing if rng.random() < 0.7 else float(rng.uniform(0, 360))
        aside = math.radians(turn + 90)
        for step in range(int(rng.integers(1, 6))):
            along = step * 0.58
            seats.append(Seat((x + along * math.cos(aside), y + along * math.sin(aside)), turn))
    return tuple(seat for seat in seats if seat.floor[1] > regions[0].area[1])


def _tone(rng: np.random.Generator) -> Bgr:
    base = rng.uniform(35, 225)
    spread = 9.0 if rng.random() < 0.65 else 26.0  # most rooms are nearly grey
    blue, green, red = np.clip(base + rng.normal(0, spread, 3), 5, 250)
    return float(blue), float(green), float(red)


def _room(rng: np.random.Generator, plan: Layout, seats: tuple[Seat, ...]) -> Set:
    near, far = plan.regions[0].area[1], plan.regions[-1].area[3]
    half = plan.regions[-1].area[2] * float(rng.uniform(0.5, 1.4)) + 1.5
    back, high = far + float(rng.uniform(0.5, 6)), float(rng.uniform(2.8, 7.5))
    high = max(high, plan.mount.place_m[2] + 0.3)
    floor = textures.FLOORS[int(rng.integers(len(textures.FLOORS)))]
    wide = half * 3
    texture = floor(rng, (420, 420), _tone(rng))
    planes = [
        Plane(
            (-wide, -1, 0),
            (2 * wide, 0, 0),
            (0, back + 1 + 30, 0),
            texture,
            float(rng.uniform(4, 9)),
        )
    ]
    for side in (-1.0, 0.0, 1.0):
        if rng.random() < 0.3:
            continue
        wall = textures.WALLS[int(rng.integers(len(textures.WALLS)))](rng, (400, 100), _tone(rng))
        if side == 0:
            planes.insert(1, Plane((-wide, back, high), (2 * wide, 0, 0), (0, 0, -high), wall))
        else:
            x = side * half
            planes.append(Plane((x, -1, high), (0, back + 1, 0), (0, 0, -high), wall))
            for _ in range(int(rng.integers(0, 4))):
                y = float(rng.uniform(near, back))
                size = (float(rng.uniform(0.5, 2.0)), float(rng.uniform(0.6, 1.8)))
                picture = textures.poster(rng, (64, 64), (0, 0, 0))
                planes.append(
                    Plane((x * 0.995, y, 0.7 + size[1]), (0, size[0], 0), (0, 0, -size[1]), picture)
                )
    solids = [_chair(rng, seat) for seat in seats]
    solids += [_thing(rng, plan) for _ in range(int(rng.integers(0, 9)))]
    return Set(_tone(rng), tuple(planes), tuple(solids))


def _chair(rng: np.random.Generator, seat: Seat) -> Solid:
    x, y = seat.floor
    ink = _tone(rng)
    turn = math.radians(seat.heading_deg)
    back_x, back_y = x - 0.24 * math.cos(turn), y - 0.24 * math.sin(turn)
    faces = [
        *box((x - 0.22, y - 0.22, 0.38), (x + 0.22, y + 0.22, 0.44), ink),
        *box((back_x - 0.1, back_y - 0.1, 0.44), (back_x + 0.1, back_y + 0.1, 0.88), ink),
        *box((x - 0.05, y - 0.05, 0.0), (x + 0.05, y + 0.05, 0.38), (60.0, 60.0, 60.0)),
    ]
    return faces, (x, y + 0.3)


def _thing(rng: np.random.Generator, plan: Layout) -> Solid:
    """A pillar, pole, bin, case, bench, board, plant or coat stand somewhere in view."""
    left, near, right, far = plan.regions[int(rng.integers(len(plan.regions)))].area
    x, y = float(rng.uniform(left, right)), float(rng.uniform(near, far))
    ink = _tone(rng)
    kind = int(rng.integers(8))
    if kind == 0:
        faces = column((x, y), float(rng.uniform(0.12, 0.4)), (0.0, 6.0), ink)
    elif kind == 1:
        faces = column((x, y), float(rng.uniform(0.02, 0.06)), (0.0, float(rng.uniform(1, 6))), ink)
    elif kind == 2:
        faces = column((x, y), 0.24, (0.0, float(rng.uniform(0.6, 1.1))), ink)
    elif kind == 3:
        faces = box((x, y, 0.05), (x + 0.4, y + 0.25, float(rng.uniform(0.4, 0.7))), ink)
    elif kind == 4:
        faces = box((x, y, 0.38), (x + float(rng.uniform(1, 2.2)), y + 0.45, 0.46), ink)
        faces += box((x + 0.1, y, 0.0), (x + 0.2, y + 0.4, 0.38), ink)
    elif kind == 5:
        faces = box(
            (x, y, 0.3),
            (x + float(rng.uniform(0.5, 1.2)), y + 0.08, float(rng.uniform(1.2, 2.2))),
            ink,
        )
    elif kind == 6:
        faces = _plant(rng, x, y)
    else:
        faces = column((x, y), 0.03, (0.0, 1.8), (50.0, 50.0, 60.0))
        faces += box((x - 0.2, y - 0.12, 0.9), (x + 0.2, y + 0.12, 1.6), ink)
    return faces, (x, y)


def _plant(rng: np.random.Generator, x: float, y: float) -> list[Face]:
    faces = column((x, y), 0.2, (0.0, 0.4), (60.0, 80.0, 130.0))
    for _ in range(26):
        tip = np.array([x, y, 1.0]) + rng.normal(0, (0.28, 0.28, 0.35))
        root = np.array([x, y, 0.4]) * 0.5 + tip * 0.5
        side = rng.normal(0, 0.07, 3)
        green = float(rng.uniform(50, 150))
        faces.append(
            Face(np.stack([root - side, tip, root + side]), (green * 0.4, green, green * 0.5))
        )
    return faces


def sensor(rng: np.random.Generator) -> Sensor:
    """Light and camera quality, from a bright clean picture to a dim noisy one."""
    dim = rng.random() < 0.2
    cast = np.clip(rng.normal(1.0, 0.05, 3), 0.82, 1.15)
    return Sensor(
        gain=float(rng.uniform(0.28, 0.6) if dim else rng.uniform(0.7, 1.35)),
        gamma=float(rng.uniform(0.75, 1.35)),
        cast=(float(cast[0]), float(cast[1]), float(cast[2])),
        haze=float(rng.uniform(0, 0.25)) if rng.random() < 0.3 else 0.0,
        noise=float(rng.uniform(4, 14) if dim else rng.uniform(0, 7)),
        blur_px=float(rng.uniform(0, 1.8)) if rng.random() < 0.7 else 0.0,
        detail=float(rng.uniform(0.35, 0.9)) if rng.random() < 0.3 else 1.0,
        soft_colour=bool(rng.random() < 0.5),
        vignette=float(rng.uniform(0, 0.5)),
    )
