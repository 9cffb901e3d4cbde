"""Ring 3, public. What the world may have, for ever.

Rule 1: only `disclosure.py` makes a ZoneCount.
Rule 2: every field of a ZoneCount but its times and coverage follows from the released value.
Rule 3: Health is a closed list; nothing in it may depend on how many people were seen.
"""

from dataclasses import dataclass
from enum import StrEnum

from counter.cells import Cell
from counter.interval import Interval


class Status(StrEnum):
    PUBLISHED = "published"
    SUPPRESSED = "suppressed"  # below the threshold: zero is not distinguished (P7)
    MISSING = "missing"  # not known: never a zero (P13)


class Quality(StrEnum):
    """How far a number can be believed."""

    OK = "ok"
    DEGRADED = "degraded"  # a part of the interval was not seen, or people were hard to tell apart
    SATURATED = "saturated"  # more people than can be told apart: read it as "at least"


class Level(StrEnum):
    """OccupancyStatus of GTFS-Realtime, by its names."""

    EMPTY = "EMPTY"
    MANY_SEATS_AVAILABLE = "MANY_SEATS_AVAILABLE"
    FEW_SEATS_AVAILABLE = "FEW_SEATS_AVAILABLE"
    STANDING_ROOM_ONLY = "STANDING_ROOM_ONLY"
    CRUSHED_STANDING_ROOM_ONLY = "CRUSHED_STANDING_ROOM_ONLY"
    FULL = "FULL"
    NO_DATA_AVAILABLE = "NO_DATA_AVAILABLE"


@dataclass(frozen=True, slots=True)
class ZoneCount:
    """One cell's release for one interval."""

    sensor_id: str  # site/device
    cell: Cell
    interval: Interval
    status: Status
    value: int | None  # persons, a multiple of the rounding base; only when PUBLISHED
    # The threshold; only when SUPPRESSED, and not where both directions of a line are told
    # together: then one of the two is below it, and nobody says which.
    less_than: int | None
    coverage: float  # 0..1 in steps of 0.1: share of the interval that the camera saw
    fill: float | None  # value / capacity in steps of 0.05; may exceed 1
    density: float | None  # persons per square metre in steps of 0.5
    level: Level | None  # None when the cell has no capacity
    quality: Quality  # where SUPPRESSED it follows from the coverage alone
    service: str | None  # level of service A to F (Fruin) of the density; None without an area
    method: str  # names the rule that counted, and its version: tracks/2, lines/3, balance/1 ...
    rule_id: str  # names the gate's rule and its parameters


class CameraState(StrEnum):
    OK = "ok"
    LOST = "lost"  # cannot be opened or read
    STALLED = "stalled"  # open, but no frame for stall_s
    BLACK = "black"
    FROZEN = "frozen"
    UNSEEN = "unseen"  # its pictures come, but the detector's device has failed: nobody looks


@dataclass(frozen=True, slots=True)
class CameraHealth:
    name: str
    state: CameraState


@dataclass(frozen=True, slots=True)
class Health:
    sensor_id: str
    version: str
    config_sha256: str  # of the configuration file's bytes
    model: str  # its name in the registry
    model_sha256: str
    crowd_model: str | None  # the density model beside it; None: the configuration has none
    crowd_model_sha256: str | None
    backend: str
    sandbox: str  # the level of enforcement by the kernel; "none" where it is not enforced
    started: str  # RFC 3339, UTC, whole seconds
    cameras: tuple[CameraHealth, ...]
    ok: bool  # every camera is ok
    # No interval has had `threshold` or more persons taller than their camera's max_person_px: a
    # smaller number would tell an empty place from one with somebody in it (P7).
    below_ceiling: bool
