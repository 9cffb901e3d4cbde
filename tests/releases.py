"""Releases as the gate makes them, for the tests of what comes after the gate."""

from collections.abc import Sequence
from datetime import timedelta

from counter.cells import Cell, Kind
from counter.interval import EPOCH, Interval
from counter.levels import SERVICE
from counter.outputs.wire import Announcement
from counter.purposes import Measure, Purpose
from counter.release import CameraHealth, CameraState, Health, Level, Quality, Status, ZoneCount

SENSOR = "north/train-7"
RULE = "passenger-information/k11/r5/v1"
INTERVAL_S = 60
FIRST = 29_700_000  # an interval of June 2026

ZONE = Cell(Kind.ZONE, "front", Measure.OCCUPANCY, seats=40, capacity=100, area_m2=25.0)
BARE = Cell(Kind.ZONE, "hall", Measure.OCCUPANCY)
GROUP = Cell(Kind.GROUP, "car-1", Measure.OCCUPANCY, seats=60, capacity=140)
ENTRIES = Cell(Kind.LINE, "door", Measure.ENTRIES)
EXITS = Cell(Kind.LINE, "door", Measure.EXITS)
SPACE = Cell(Kind.SPACE, "station", Measure.OCCUPANCY, capacity=900, area_m2=400.0)
CELLS = (GROUP, ZONE, BARE, ENTRIES, EXITS, SPACE)  # of no one device: together they are refused

ANNOUNCEMENT = Announcement(
    sensor_id=SENSOR,
    purpose=Purpose.PASSENGER_INFORMATION,
    interval_s=INTERVAL_S,
    cells=CELLS,
    rules=(RULE,),
    model="counter-n",
    model_sha256="ab" * 32,
    crowd_model=None,
    crowd_model_sha256=None,
    config_sha256="cd" * 32,
)
HEALTH = Health(
    sensor_id=SENSOR,
    version="0.1.0",
    config_sha256="cd" * 32,
    model="counter-n",
    model_sha256="ab" * 32,
    crowd_model=None,
    crowd_model_sha256=None,
    backend="onnx",
    sandbox="none",
    started="2026-06-21T04:00:00Z",
    cameras=(CameraHealth("roof", CameraState.OK),),
    ok=True,
    below_ceiling=True,
)


def interval(number: int) -> Interval:
    """The interval `number` after the first one."""
    return Interval(EPOCH + timedelta(seconds=(FIRST + number) * INTERVAL_S), INTERVAL_S)


def published(cell: Cell, number: int, value: int) -> ZoneCount:
    fill = round(value / cell.capacity * 20) / 20 if cell.capacity else None
    density = round(value / cell.area_m2 * 2) / 2 if cell.area_m2 else None
    return ZoneCount(
        sensor_id=SENSOR,
        cell=cell,
        interval=interval(number),
        status=Status.PUBLISHED,
        value=value,
        less_than=None,
        coverage=1.0,
        fill=fill,
        density=density,
        level=Level.FEW_SEATS_AVAILABLE if cell.capacity else None,
        quality=Quality.OK,
        service=None if density is None else SERVICE[min(int(density), 5)],
        method="tracks/1",
        rule_id=RULE,
    )


def suppressed(cell: Cell, number: int) -> ZoneCount:
    return ZoneCount(
        sensor_id=SENSOR,
        cell=cell,
        interval=interval(number),
        status=Status.SUPPRESSED,
        value=None,
        less_than=None if cell.kind is Kind.LINE else 11,  # of two directions one is below it
        coverage=1.0,
        fill=None,
        density=None,
        level=Level.MANY_SEATS_AVAILABLE if cell.capacity else None,
        quality=Quality.OK,
        service=None,
        method="tracks/1",
        rule_id=RULE,
    )


def missing(cell: Cell, number: int) -> ZoneCount:
    return ZoneCount(
        sensor_id=SENSOR,
        cell=cell,
        interval=interval(number),
        status=Status.MISSING,
        value=None,
        less_than=None,
        coverage=0.3,
        fill=None,
        density=None,
        level=Level.NO_DATA_AVAILABLE if cell.capacity else None,
        quality=Quality.DEGRADED,
        service=None,
        method="tracks/1",
        rule_id=RULE,
    )


def busy(number: int, cells: Sequence[Cell] = CELLS) -> tuple[ZoneCount, ...]:
    """A release in which every cell has a value that tells its interval."""
    return tuple(published(cell, number, 15 + 5 * (number % 1000)) for cell in cells)


def empty(number: int, cells: Sequence[Cell] = CELLS) -> tuple[ZoneCount, ...]:
    return tuple(suppressed(cell, number) for cell in cells)
