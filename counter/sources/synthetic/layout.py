"""Where people can be: gates, waiting regions, seats and obstacles of a place, in floor metres.

Rule 1: a layout is data; it knows no person and no pixel.
Rule 2: platform and carriage are fixed (demo zones are drawn on them); only their colours vary.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from counter.sources.synthetic.camera import Mount


@dataclass(frozen=True)
class Gate:
    """People appear and vanish at outside and pass through inside; weight is a share of traffic."""

    outside: tuple[float, float]
    inside: tuple[float, float]
    weight: float = 1.0


@dataclass(frozen=True)
class Region:
    """A rectangle (left, near, right, far) where people wait, facing heading_deg +- spread_deg."""

    area: tuple[float, float, float, float]
    weight: float
    heading_deg: float
    spread_deg: float
    poses: tuple[str, ...] = ()


@dataclass(frozen=True)
class Seat:
    floor: tuple[float, float]
    heading_deg: float


@dataclass(frozen=True)
class Layout:
    """People outside area (left, near, right, far) are seen in doorways only."""

    mount: Mount
    area: tuple[float, float, float, float]
    gates: tuple[Gate, ...]
    regions: tuple[Region, ...]
    seats: tuple[Seat, ...] = ()
    obstacles: tuple[tuple[float, float, float], ...] = ()  # x, y, radius
    aisle_x: float | None = None  # people walk along this line between places
    doorways: tuple[tuple[tuple[float, float, float], ...], ...] = ()  # openings, metres
    seated_share: float = 0.0
    fineness: int = 1  # the empty place is painted this many times larger, then shrunk
    personal_m: float = 0.62  # distance people keep when they choose a place
    stretch: float = 1.0  # and how many times that along y, where they would hide each other


PILLARS: Final = ((-3.0, 9.4, 0.17), (-3.0, 13.6, 0.17), (-3.0, 17.8, 0.17))
BENCHES: Final = ((-4.15, 6.9), (-4.15, 11.8))  # x, y of the middle of the bench, along y
BENCH_LONG: Final = 2.2

PLATFORM: Final = Layout(
    mount=Mount(place_m=(-0.2, 0.0, 4.8), tilt_deg=31.0, fov_deg=56.0),
    area=(-4.6, -1.0, 3.5, 20.0),
    gates=(
        Gate((-1.5, 1.2), (-1.3, 4.2), 1.0),
        Gate((1.0, 1.2), (0.8, 4.2), 0.6),
        Gate((-5.8, 9.2), (-4.2, 9.2), 1.4),
        Gate((-2.0, 21.2), (-1.6, 18.8), 0.5),
        Gate((0.6, 21.2), (0.6, 18.8), 0.5),
    ),
    regions=(
        Region((-1.6, 4.6, 2.4, 8.2), 1.3, 0.0, 110.0),
        Region((-1.6, 8.2, 2.8, 11.0), 0.85, 0.0, 110.0),
        Region((-3.6, 5.2, -1.6, 10.2), 0.4, 10.0, 120.0),
        Region((-1.6, 12.3, 2.8, 14.0), 0.12, 0.0, 110.0),
    ),
    seats=tuple(
        Seat((x + 0.12, y + along), 0.0) for x, y in BENCHES for along in (-0.75, 0.0, 0.75)
    ),
    obstacles=(*PILLARS, (-4.0, 6.9, 0.75), (-4.0, 11.8, 0.75)),
    doorways=(
        ((-4.6, 8.2, 0.0), (-4.6, 10.2, 0.0), (-4.6, 10.2, 2.4), (-4.6, 8.2, 2.4)),
        ((-4.0, 20.0, 0.0), (3.2, 20.0, 0.0), (3.2, 20.0, 2.6), (-4.0, 20.0, 2.6)),
    ),
    seated_share=0.12,
    fineness=2,
    personal_m=0.95,
    stretch=2.1,
)

HALF_WIDE: Final = 1.48  # of a carriage, inside
DOORS_Y: Final = ((3.0, 4.4), (7.2, 8.6))
BAYS_Y: Final = ((0.6, 2.9), (4.5, 7.1), (8.7, 10.3))
CARRIAGE_LONG: Final = 10.4
CARRIAGE_HIGH: Final = 2.8
SEAT_PITCH: Final = 0.52
AT_DOOR: Final = ("pole", "strap", "phone", "stand")
IN_AISLE: Final = ("strap", "strap", "phone")


def _carriage_seats() -> tuple[Seat, ...]:
    """Benches along both walls between the doors, facing the aisle."""
    seats = []
    for near, far in BAYS_Y:
        count = int((far - near) / SEAT_PITCH)
        for index in range(count):
            y = near + (index + 0.5) * (far - near) / count
            seats += [Seat((-HALF_WIDE + 0.3, y), 0.0), Seat((HALF_WIDE - 0.3, y), 180.0)]
    return tuple(seat for seat in seats if seat.floor[1] > 1.6 or seat.floor[0] < 0)


CARRIAGE: Final = Layout(
    mount=Mount(place_m=(1.2, -0.2, 2.75), tilt_deg=32.0, fov_deg=92.0, yaw_deg=-15.0),
    area=(-HALF_WIDE, 0.2, HALF_WIDE, CARRIAGE_LONG),
    gates=tuple(
        Gate((side * (HALF_WIDE + 0.75), (near + far) / 2), (side * 0.55, (near + far) / 2), 1.0)
        for near, far in DOORS_Y
        for side in (-1.0, 1.0)
        if not (side > 0 and near < 4)
    ),
    regions=(
        *(Region((-0.95, near - 0.2, 0.95, far + 0.2), 1.0, 90.0, 180.0, AT_DOOR)
          for near, far in DOORS_Y),
        Region((-0.3, 4.6, 0.3, 7.0), 0.5, 90.0, 180.0, IN_AISLE),
        Region((-0.45, 1.9, 0.2, 2.9), 0.4, 90.0, 180.0, IN_AISLE),
    ),
    seats=_carriage_seats(),
    aisle_x=0.0,
    doorways=tuple(
        ((side * HALF_WIDE, near, 0.0), (side * HALF_WIDE, far, 0.0),
         (side * HALF_WIDE, far, 2.0), (side * HALF_WIDE, near, 2.0))
        for near, far in DOORS_Y for side in (-1.0, 1.0)
    ),
    seated_share=0.55,
    fineness=2,
    personal_m=0.65,
    stretch=2.2,
)  # fmt: skip
