"""The closed types of everything that goes out as JSON.

Rule 1: a field that is not here does not leave; a number of persons leaves only as one of `Count`.
Rule 2: numbers are whole, a share in steps of 5 %, a density in halves; `wire.py` holds what it
writes to these types, since msgspec does so only with what it reads.
Rule 3: strings are short and of a closed alphabet, so that a payload has a byte budget.

`schema.py` makes the published JSON Schemas from these types.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from counter.cells import Kind
from counter.purposes import RULES, Measure, Purpose
from counter.release import CameraState, Level, Quality, Status
from counter.settings import Name

MAX_PERSONS = 9_999_999  # far above a day of a station's busiest line; fixes the width of a value
MAX_SEQUENCE = 9_999_999_999  # of 30 s intervals since 1970: the year 11476
MAX_WORD = 64

Instant = Annotated[str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$")]
Sha256 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]
# Nothing that JSON would have to escape, so that characters are bytes.
Word = Annotated[str, Meta(pattern=r"^[A-Za-z0-9._:;,=<>+*/() -]{1,64}$")]
# No purpose has a lower threshold: a smaller number of persons cannot be written down (P7, P14).
MIN_PERSONS = min(rule.threshold_floor for rule in RULES.values())
Service = Literal["A", "B", "C", "D", "E", "F"]  # level of service of the density; A is roomy
Persons = Annotated[int, Meta(ge=MIN_PERSONS, le=MAX_PERSONS)]


class _Payload(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    schema: str
    site: Name
    device: Name


class Count(_Payload, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One cell's release for one interval. Upsert on (topic, sequence): a repetition is equal."""

    schema: Literal["counter/count/1"] = "counter/count/1"
    kind: Kind
    name: Name
    measure: Measure
    interval_start: Instant
    interval_end: Instant
    sequence: Annotated[int, Meta(ge=0, le=MAX_SEQUENCE)]
    status: Status
    value: Persons | None
    less_than: Persons | None
    unit: Literal["persons"] = "persons"
    coverage_percent: Annotated[int, Meta(ge=0, le=100, multiple_of=10)]
    fill_percent: Annotated[int, Meta(ge=0, multiple_of=5)] | None
    density_per_m2: Annotated[float, Meta(ge=0, multiple_of=0.5)] | None
    level: Level | None
    service: Service | None
    quality: Quality
    method: Word  # the rule that counted, and its version
    rule: Word  # the gate's rule and its parameters


class Camera(Struct, frozen=True, forbid_unknown_fields=True):
    """The state of one camera."""

    name: Name
    state: CameraState


class HealthReport(_Payload, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Is the box well? Nothing in it depends on how many people were seen."""

    schema: Literal["counter/health/1"] = "counter/health/1"
    version: Word
    config_sha256: Sha256
    model: Word
    model_sha256: Sha256
    crowd_model: Word | None  # the density model beside it; None: there is none
    crowd_model_sha256: Sha256 | None
    backend: Word
    sandbox: Word
    started: Instant
    cameras: list[Camera]
    ok: bool
    below_ceiling: bool


class CellInfo(Struct, frozen=True, forbid_unknown_fields=True):
    """One cell that this device releases, and what its shares are relative to."""

    kind: Kind
    name: Name
    measure: Measure
    seats: Annotated[int, Meta(ge=0)]
    capacity: Annotated[int, Meta(ge=0)]  # seats + standing room; 0: no fill and no level
    area_m2: Annotated[float, Meta(ge=0)]  # 0: no density


class Info(_Payload, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What stands for the whole run: what is released, how often, by which rules and model."""

    schema: Literal["counter/info/1"] = "counter/info/1"
    purpose: Purpose
    interval_s: Annotated[int, Meta(ge=1, le=86_400)]
    cells: list[CellInfo]
    rules: list[Word]
    model: Word
    model_sha256: Sha256
    crowd_model: Word | None  # the density model beside it; None: there is none
    crowd_model_sha256: Sha256 | None
    version: Word
    config_sha256: Sha256
    ledger_head: Sha256 | None  # of the last record when this run began; None: no ledger is kept
    schemas: list[Word]


Payload = Count | HealthReport | Info
SCHEMAS = ("counter/count/1", "counter/health/1", "counter/info/1")
