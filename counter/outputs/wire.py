"""What goes out, byte by byte, and where to.

Rule 1: a payload is one of the closed types of `payloads.py` as JSON, and nothing else; what does
not fit its type raises and is not sent.
Rule 2: the payload of a cell has one size whatever it says: spaces after the object fill it up
(P5), so who sees only lengths learns nothing.
Rule 3: times are the ends of the interval; nothing says when a message was made or sent.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import TypeVar, cast

import msgspec
from msgspec import structs

from counter import __version__
from counter.cells import Cell
from counter.outputs.payloads import (
    MAX_PERSONS,
    MAX_SEQUENCE,
    MAX_WORD,
    SCHEMAS,
    Camera,
    CellInfo,
    Count,
    HealthReport,
    Info,
    Payload,
    Service,
)
from counter.purposes import Purpose
from counter.release import CameraState, Health, Level, Quality, Status, ZoneCount

EXPIRY_INTERVALS = 3  # a broker of MQTT 5 forgets state that is older: it is no state
ONLINE, OFFLINE = b"online", b"offline"
Closed = TypeVar("Closed", Count, HealthReport, Info)


@dataclass(frozen=True, slots=True)
class Announcement:
    """The static facts that an output knows before the first release."""

    sensor_id: str  # site/device
    purpose: Purpose
    interval_s: int
    cells: tuple[Cell, ...]
    rules: tuple[str, ...]  # the gate's rule ids
    model: str
    model_sha256: str
    crowd_model: str | None  # the density model beside it, where there is one
    crowd_model_sha256: str | None
    config_sha256: str
    ledger_head: str | None = None  # sha256 of the ledger's last record
    version: str = __version__


@dataclass(frozen=True, slots=True)
class Topics:
    """Where a device speaks."""

    sensor_id: str

    def _at(self, tail: str) -> str:
        return f"counter/v1/{self.sensor_id}/{tail}"

    @property
    def status(self) -> str:
        return self._at("status")

    @property
    def info(self) -> str:
        return self._at("info")

    @property
    def health(self) -> str:
        return self._at("health")

    def cell(self, cell: Cell) -> str:
        return self._at(f"{cell.kind}/{cell.name}/{cell.measure}")


def count_payload(count: ZoneCount) -> Count:
    """Bring a release into the closed type; shares are held to the gate's steps once more.

    Raises msgspec.ValidationError for what the type cannot say.
    """
    site, device = count.sensor_id.split("/")
    said = Count(
        site=site,
        device=device,
        kind=count.cell.kind,
        name=count.cell.name,
        measure=count.cell.measure,
        interval_start=_instant(count.interval.start),
        interval_end=_instant(count.interval.end),
        sequence=count.interval.sequence,
        status=count.status,
        value=count.value,
        less_than=count.less_than,
        coverage_percent=round(count.coverage * 10) * 10,
        fill_percent=None if count.fill is None else round(count.fill * 20) * 5,
        density_per_m2=None if count.density is None else round(count.density * 2) / 2,
        level=count.level,
        service=cast("Service | None", count.service),
        quality=count.quality,
        method=count.method,
        rule=count.rule_id,
    )
    return _held(said)


def widest(sensor_id: str, cell: Cell) -> Count:
    """Give the longest payload of a cell: no release says all of this at once, none is longer."""
    site, device = sensor_id.split("/")
    fill = density = level = None
    if cell.capacity:
        fill = max(round(20 * MAX_PERSONS / cell.capacity) * 5, 9995)  # four digits: as `null`
        level = max(Level, key=len)
    if cell.area_m2:
        density = max(round(2 * MAX_PERSONS / cell.area_m2) / 2, 99.5)
    return Count(
        site=site,
        device=device,
        kind=cell.kind,
        name=cell.name,
        measure=cell.measure,
        interval_start="2000-01-01T00:00:00Z",
        interval_end="2000-01-01T00:00:00Z",
        sequence=MAX_SEQUENCE,
        status=max(Status, key=len),
        value=MAX_PERSONS,
        less_than=MAX_PERSONS,
        coverage_percent=100,
        fill_percent=fill,
        density_per_m2=density,
        level=level,
        service=None,  # a letter in its quotes is shorter
        quality=max(Quality, key=len),
        method="." * MAX_WORD,
        rule="." * MAX_WORD,
    )


@lru_cache(maxsize=4096)  # far more cells than a device has
def count_size(sensor_id: str, cell: Cell) -> int:
    """Bytes of every payload of this cell."""
    return len(msgspec.json.encode(widest(sensor_id, cell)))


def encode_count(count: ZoneCount) -> bytes:
    """Write one cell's release in `count_size` bytes."""
    return _padded(count_payload(count), count_size(count.sensor_id, count.cell))


def encode_health(health: Health) -> bytes:
    """Write the state of the box, in one size for the same cameras."""
    site, device = health.sensor_id.split("/")
    report = HealthReport(
        site=site,
        device=device,
        version=health.version,
        config_sha256=health.config_sha256,
        model=health.model,
        model_sha256=health.model_sha256,
        crowd_model=health.crowd_model,
        crowd_model_sha256=health.crowd_model_sha256,
        backend=health.backend,
        sandbox=health.sandbox,
        started=health.started,
        cameras=[Camera(camera.name, camera.state) for camera in health.cameras],
        ok=health.ok,
        below_ceiling=health.below_ceiling,
    )
    worst = [Camera(camera.name, max(CameraState, key=len)) for camera in health.cameras]
    longest = structs.replace(report, cameras=worst, ok=False, below_ceiling=False)
    return _padded(_held(report), len(msgspec.json.encode(longest)))


def encode_info(said: Announcement) -> bytes:
    """Write what stands for the whole run."""
    site, device = said.sensor_id.split("/")
    info = Info(
        site=site,
        device=device,
        purpose=said.purpose,
        interval_s=said.interval_s,
        cells=[
            CellInfo(c.kind, c.name, c.measure, c.seats, c.capacity, c.area_m2) for c in said.cells
        ],
        rules=list(said.rules),
        model=said.model,
        model_sha256=said.model_sha256,
        crowd_model=said.crowd_model,
        crowd_model_sha256=said.crowd_model_sha256,
        version=said.version,
        config_sha256=said.config_sha256,
        ledger_head=said.ledger_head,
        schemas=list(SCHEMAS),
    )
    return msgspec.json.encode(_held(info))


def _held(payload: Closed) -> Closed:
    """Hold a payload to its type: msgspec looks at ranges and patterns only when it reads."""
    return msgspec.convert(msgspec.to_builtins(payload), type(payload))


def _padded(payload: Payload, size: int) -> bytes:
    raw = msgspec.json.encode(payload)
    if len(raw) > size:  # a number that cannot be; its length must not get out either
        raise ValueError("a payload outgrew its size")
    return raw.ljust(size)


def _instant(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
