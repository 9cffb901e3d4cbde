"""What is put to the proof: a configuration of our own, or the operator's with the marker in view.

Rule 1: zones, lines, purpose, gate and model stay as they are. Cameras show the marker instead;
masks are left out, which would hide it. What is sent goes through recorders on loopback, without
TLS and credentials. No ledger is written: the operator's is not for rehearsals.
Rule 2: the seed of the marker is new every time, so that one proof never finds another's traces.
"""

import hashlib
import json
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import structs

from counter import models
from counter.backends import selected
from counter.config import Loaded, load, parse
from counter.demo.scenes import DEMO_PEOPLE, DEMO_ZONES
from counter.floor import in_force
from counter.guarantees import Guarantee
from counter.models import Model
from counter.purposes import Purpose
from counter.settings import (
    CameraSettings,
    MqttSettings,
    PrometheusSettings,
    Settings,
    ZoneSettings,
)

SIZE: Final = (640, 360)  # of the marked pictures
FRAMES: Final = 60  # drawn for one interval: about two seconds on two cores
FPS: Final = (0.5, 5.0)
INTERVAL_S: Final = 30  # of our own configuration: the shortest there is


@dataclass(frozen=True, slots=True)
class Ports:
    broker: int
    metrics: int


@dataclass(frozen=True, slots=True)
class Subject:
    settings: Settings  # with the marker before every camera
    model: Model
    crowd: Model | None  # the density model beside it
    seed: int
    config_sha256: str | None  # of the operator's file

    def write(self, path: Path, ports: Ports, footage: Path | None = None) -> Loaded:
        """Write the configuration of one run; `footage` is shown instead of the drawn marker."""
        cameras = self.settings.cameras
        if footage is not None:
            shown = CameraSettings(source=str(footage), fps=1.0)
            cameras = dict.fromkeys(cameras, shown)
        settings = structs.replace(
            self.settings,
            cameras=cameras,
            mqtt=MqttSettings(url=f"mqtt://127.0.0.1:{ports.broker}", protocol="3.1.1"),
            prometheus=PrometheusSettings(port=ports.metrics),
        )
        data = toml(msgspec.to_builtins(settings)).encode()
        path.write_bytes(data)
        checked, warnings = parse(data, str(path))
        return Loaded(checked, hashlib.sha256(data).hexdigest(), warnings)


def subject_of(config: Path | None) -> Subject:
    """Take the operator's configuration, or our own. Raises CounterError."""
    seed = secrets.randbelow(1 << 31)
    loaded = None if config is None else load(config)
    settings = _ours() if loaded is None else loaded.settings
    fps = min(max(FRAMES / in_force(settings).interval_s, FPS[0]), FPS[1])
    marked = CameraSettings(
        source="synthetic:marker",
        seed=seed,
        size=SIZE,
        fps=fps,
        people=round(DEMO_PEOPLE["platform"]),
    )
    settings = structs.replace(
        settings,
        cameras=dict.fromkeys(settings.cameras, marked),
        stdout=True,
        ledger=None,
        starts_at=None,
    )
    model = selected(settings.model).model
    sha256 = None if loaded is None else loaded.sha256
    return Subject(settings, model, models.crowd(settings), seed, sha256)


def toml(table: dict[str, Any], path: str = "") -> str:
    """Write a table as TOML; what is None is left out."""
    values = {key: value for key, value in table.items() if value is not None}
    lines = [f"{k} = {_value(v)}\n" for k, v in values.items() if not isinstance(v, dict)]
    head = f"[{path}]\n" if path and lines else ""
    inner = (
        toml(value, f"{path}.{key}" if path else key)
        for key, value in values.items()
        if isinstance(value, dict)
    )
    return head + "".join(lines) + "".join(inner)


def _value(value: Any) -> str:
    # A JSON string, number, array or truth value of ours is one of TOML as well.
    return json.dumps(value, ensure_ascii=False)


def _ours() -> Settings:
    zones = {name: list(DEMO_ZONES["platform"][name]) for name in ("edge", "far-end")}
    return Settings(
        site="proof",
        device="marker",
        purpose=Purpose.PASSENGER_INFORMATION,
        interval_s=INTERVAL_S,
        cameras={"eye": CameraSettings(source="synthetic:marker")},
        zones={
            name: ZoneSettings(camera="eye", polygon=polygon, seats=12, standing_m2=4.0)
            for name, polygon in zones.items()
        },
        # The level that this machine gives is reported, not demanded.
        accept_weaker_sandbox=list(Guarantee),
    )
