"""What the demo counts: a configuration made of what was asked for on the command line."""

import socket
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from counter import crosscheck
from counter.config import Loaded
from counter.demo.request import Request
from counter.demo.scenes import DEMO_PEOPLE, DEMO_ZONES
from counter.errors import ConfigError
from counter.interval import interval_at
from counter.purposes import Purpose
from counter.reach import is_live
from counter.settings import (
    CameraSettings,
    ModelSettings,
    MqttSettings,
    Point,
    Settings,
    ZoneSettings,
)

INTERVAL_S = 30  # the shortest that passenger information may have
WHOLE_PICTURE: list[Point] = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)]
SEATS, STANDING_M2 = 12, 4.0  # of a drawn zone: makes room for 28, so that levels change


@dataclass(frozen=True, slots=True)
class Place:
    """What will be counted, and where its counts go."""

    request: Request
    loaded: Loaded
    broker: str  # its URL
    own_ports: tuple[int, ...]  # of the demo's own broker, if it is to have one
    live: bool  # people who are there now


def prepared(request: Request) -> Place:
    """Make and check the demo's configuration. Raises ConfigError."""
    if request.video is not None and request.source is not None:
        raise ConfigError("--video and --source are given", "give one of them")
    port = _free_port()
    broker = request.mqtt or f"mqtt://127.0.0.1:{port}"
    settings = demo_settings(request, broker, embedded=request.mqtt is None)
    crosscheck.check(settings)
    # No file: nothing to hash.
    live = any(is_live(camera) for camera in settings.cameras.values())
    if live and request.mqtt is not None:
        raise ConfigError(
            "--mqtt: a live camera is shown on this machine's own broker only",
            "to publish what it counts, write a configuration: counter run CONFIG",
        )
    loaded = Loaded(settings, sha256="0" * 64, warnings=())
    own_ports = () if request.mqtt else (port,)
    return Place(request, loaded, broker, own_ports=own_ports, live=live)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def demo_settings(request: Request, broker: str, *, embedded: bool) -> Settings:
    """Settings of the demo; the drawn scene ends about now, footage begins at a grid point."""
    camera, zones = _scene(request)
    begin = datetime.now(UTC) - timedelta(seconds=request.seconds)
    return Settings(
        site="demo",
        device=request.device,
        purpose=Purpose.PASSENGER_INFORMATION,
        interval_s=INTERVAL_S,
        starts_at=interval_at(begin, INTERVAL_S).start.isoformat(),
        cameras={"eye": camera},
        zones=zones,
        model=ModelSettings(name=request.model or ModelSettings().name),
        mqtt=MqttSettings(url=broker, protocol="3.1.1" if embedded else "5"),
    )


def _scene(request: Request) -> tuple[CameraSettings, dict[str, ZoneSettings]]:
    if request.place is not None:
        return CameraSettings(source=request.place), {"everywhere": _zone(WHOLE_PICTURE)}
    zones = {name: _zone(polygon) for name, polygon in DEMO_ZONES[request.scene].items()}
    source = f"synthetic:{request.scene}"
    return CameraSettings(source=source, people=round(DEMO_PEOPLE[request.scene])), zones


def _zone(polygon: Sequence[Point]) -> ZoneSettings:
    return ZoneSettings(camera="eye", polygon=list(polygon), seats=SEATS, standing_m2=STANDING_M2)
