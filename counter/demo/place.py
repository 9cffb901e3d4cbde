"""What the demo counts: a configuration made of what was asked for on the command line."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from counter.demo.request import Request
from counter.interval import interval_at
from counter.purposes import Purpose
from counter.settings import (
    CameraSettings,
    ModelSettings,
    MqttSettings,
    Point,
    Settings,
    ZoneSettings,
)
from counter.sources.synthetic import DEMO_PEOPLE, DEMO_ZONES

INTERVAL_S = 30  # the shortest that passenger information may have
WHOLE_PICTURE: list[Point] = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)]
SEATS, STANDING_M2 = 12, 4.0  # of a drawn zone: makes room for 28, so that levels change


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
