"""What one key says about another: the checks between the tables of a configuration.

Rule 1: an error is what cannot work or may not be done; a warning is what works and is probably
not meant.
Rule 2: nothing here opens a file, a camera or a socket: that is for those who use them.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Final
from urllib.parse import urlsplit

from counter import correction, crowdcheck, floorplan, geometry, masking, spacecheck, survey
from counter.addresses import USES, Link, form_of
from counter.cells import Kind, released_cells
from counter.errors import ConfigError
from counter.floor import in_force, refuse_unsafe
from counter.interval import EPOCH
from counter.levels import service_bounds
from counter.purposes import RULES, Purpose
from counter.refusals import is_recorded, refuse
from counter.settings import CameraSettings, LineSettings, MqttSettings, Settings

MIN_LINE: Final = 0.02  # of the picture: 25 pixels of 1280; shorter is a slip of the hand
# Whoever walks over a line in this margin is never seen whole on its far side, so the crossing is
# missed: the usual cause of a line that counts nothing (roboflow/supervision#1838).
BORDER: Final = 0.05
SLOW_FPS: Final = 2.0  # walkers are seen once or never on one side of a line below it
SIZE_PX: Final = range(16, 8193)  # of a picture's side
SCENES: Final = ("platform", "carriage", "random", "marker")  # sources.synthetic.source.KINDS
UNSURE: Final = 0.1  # as tracking.tracker.UNSURE: no box below it is looked at
NO_LATER: Final = datetime(2101, 1, 1, tzinfo=UTC)  # than this does footage begin
RFC3339: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")
BROKER_PORTS: Final = {"mqtt": 1883, "mqtts": 8883}  # registered by IANA
BROKER_PAIRS: Final = (  # the first is of no use without the second, and why
    ("password_file", "username_file", "a broker looks up the password by the user's name"),
    ("cert_file", "key_file", "give both, or neither"),
    ("key_file", "cert_file", "give both, or neither"),
)


def check(settings: Settings) -> tuple[str, ...]:
    """Raise ConfigError or RefusedError for the first mistake; give the warnings."""
    _check_cameras(settings)
    _check_references(settings)
    _check_shapes(settings)
    masking.check(settings)
    correction.check(settings)
    floorplan.check(settings)
    service_bounds(settings.service)
    _check_disclosure(settings)
    refuse_unsafe(settings)
    _check_time(settings)
    if settings.mqtt is not None:
        broker_address(settings.mqtt)
    if not released_cells(settings):
        raise ConfigError("zones: nothing to release", "draw a zone: [zones.front]")
    return tuple(_warnings(settings))


def _check_cameras(settings: Settings) -> None:
    if not settings.cameras:
        raise ConfigError("cameras: at least one camera expected", "write [cameras.door]")
    for name, camera in settings.cameras.items():
        if not camera.source.strip():
            raise ConfigError(f"cameras.{name}.source: empty", "give a file, device or address")
        form, scene = form_of(camera.source), camera.source.partition(":")[2]
        if form.link is Link.DRAWN and scene not in SCENES:
            known = ", ".join(f"synthetic:{one}" for one in SCENES)
            raise ConfigError(f"cameras.{name}.source: there is no such scene", f"known: {known}")
        if is_recorded(camera.source):
            raise refuse("recording-source", f"cameras.{name}.source: asks a recorder for the past")
        if camera.size and not all(side in SIZE_PX for side in camera.size):
            raise ConfigError(f"cameras.{name}.size: expected 16 to 8192 pixels a side")
        if camera.fps and "fps" in form.keys and 1 / camera.fps > camera.stall_s:
            raise ConfigError(
                f"cameras.{name}.fps: its pictures lie further apart than cameras.{name}.stall_s,"
                " so nothing would be covered",
                f"set cameras.{name}.stall_s to {ceil(1 / camera.fps)} or more",
            )


def _check_references(settings: Settings) -> None:
    for table, entries in (("zones", settings.zones), ("lines", settings.lines)):
        for name, entry in entries.items():
            if entry.camera not in settings.cameras:
                raise _missing(f"{table}.{name}.camera", "camera", entry.camera, settings.cameras)
    for name, group in settings.groups.items():
        for zone in group.zones:
            if zone not in settings.zones:
                raise _missing(f"groups.{name}.zones", "zone", zone, settings.zones)
        if len(set(group.zones)) < len(group.zones):
            raise ConfigError(f"groups.{name}.zones: a zone is named twice")
    spacecheck.check(settings)
    crowdcheck.check(settings)


def _missing(where: str, kind: str, name: str, known: object) -> ConfigError:
    names = ", ".join(known) if isinstance(known, dict) and known else "none"
    return ConfigError(f"{where}: there is no {kind} {name}", f"known: {names}")


def _check_shapes(settings: Settings) -> None:
    for name, zone in settings.zones.items():
        where = f"zones.{name}.polygon"
        if not geometry.is_simple(zone.polygon):
            raise ConfigError(
                f"{where}: the outline crosses or touches itself",
                "name each corner once, in the order of a walk around the zone",
            )
    for name, line in settings.lines.items():
        if geometry.length(*line.points) < MIN_LINE:
            raise ConfigError(
                f"lines.{name}.points: shorter than {MIN_LINE} of the picture",
                "draw the line across the whole door",
            )


def _check_disclosure(settings: Settings) -> None:
    rule, asked = RULES[settings.purpose], settings.disclosure
    for key, given, least in (
        ("threshold", asked.threshold, rule.threshold_floor),
        ("rounding", asked.rounding, rule.rounding),
    ):
        if given is not None and given < least:
            raise refuse(
                "small-zone",
                f"disclosure.{key}: {given} given, {settings.purpose} needs at least {least}",
            )


def _check_time(settings: Settings) -> None:
    if settings.starts_at is None:
        return
    try:
        if (
            RFC3339.fullmatch(settings.starts_at)
            and EPOCH <= datetime.fromisoformat(settings.starts_at) < NO_LATER
        ):
            return
    except ValueError:
        pass
    raise ConfigError(
        "starts_at: expected a date and time of RFC 3339 with its offset, from 1970 to 2100",
        'for example starts_at = "2026-03-01T08:00:00Z"',
    )


def broker_address(mqtt: MqttSettings) -> tuple[str, str, int]:
    """Give scheme, host and port of the broker. Raises ConfigError where its keys disagree.

    A user name alone is right: some brokers take a token for it and ask for no password. A password
    alone is not: MQTT 3.1.1 has no such thing (MQTT-3.1.2-22).
    """
    form = "write mqtt://host:1883 or mqtts://host:8883"
    try:
        url = urlsplit(mqtt.url)
        port = url.port
    except ValueError:
        raise ConfigError("mqtt.url: not an address", form) from None
    if url.scheme not in BROKER_PORTS or not url.hostname or port == 0:
        raise ConfigError("mqtt.url: not the address of a broker", form)
    if url.username is not None or url.password is not None:
        raise ConfigError(
            "mqtt.url: a user name or password stands in the address",
            "put them in files: mqtt.username_file and mqtt.password_file",
        )
    if url.path.strip("/") or url.query or url.fragment:
        raise ConfigError("mqtt.url: nothing may follow the port", form)
    for key in ("ca_file", "cert_file", "key_file"):
        if url.scheme == "mqtt" and getattr(mqtt, key):
            raise ConfigError(f"mqtt.{key}: given, but mqtt.url is not encrypted", "use mqtts://")
    for given, lacking, hint in BROKER_PAIRS:
        if getattr(mqtt, given) and not getattr(mqtt, lacking):
            raise ConfigError(f"mqtt.{lacking}: missing beside mqtt.{given}", hint)
    return url.scheme, url.hostname, port or BROKER_PORTS[url.scheme]


def _warnings(settings: Settings) -> Iterator[str]:
    used = {zone.camera for zone in settings.zones.values()}
    used |= {line.camera for line in settings.lines.values()}
    for name in settings.cameras:
        if name not in used:
            yield f"cameras.{name}: no zone and no line uses it"
    yield from _idle_keys(settings)
    yield from masking.warnings(settings)
    yield from survey.warnings(settings)
    yield from spacecheck.warnings(settings)
    # Somewhere it is tomorrow already.
    yield from correction.warnings(settings, (datetime.now(UTC) + timedelta(days=1)).date())
    yield from crowdcheck.warnings(settings)
    for name, line in settings.lines.items():
        yield from _line_warnings(name, line)
        camera = settings.cameras[line.camera]
        if camera.fps and camera.fps < SLOW_FPS and "fps" in form_of(camera.source).keys:
            yield (
                f"cameras.{line.camera}.fps: {camera.fps:g} pictures a second are too few for"
                f" lines.{name}: who walks is missed below {SLOW_FPS:g}"
            )
    cells = released_cells(settings)
    if settings.zones and all(cell.kind is Kind.LINE for cell in cells):
        yield (
            "zones: releases nothing beside lines: occupancy, entries and exits together would"
            " bound a suppressed count"
        )
    threshold = in_force(settings).threshold
    for cell in cells:
        where = f"{cell.kind}s.{cell.name}"
        if cell.capacity and cell.capacity < threshold:
            yield f'{where}: holds {cell.capacity} persons, so only "<{threshold}" is released'
        if settings.purpose is Purpose.PASSENGER_INFORMATION and not cell.capacity:
            yield f"{where}: no seats and no standing_m2, so no fill ratio and no level"
        if settings.purpose is Purpose.EVENT_DENSITY and not cell.area_m2:
            yield f"{where}: no area_m2, so no density"


def _idle_keys(settings: Settings) -> Iterator[str]:
    """Keys that were given another value than they have, and have no effect."""
    for name, camera in settings.cameras.items():
        untouched, used = CameraSettings(source=camera.source), form_of(camera.source).keys
        for key, use in USES.items():
            if key not in used and getattr(camera, key) != getattr(untouched, key):
                yield f"cameras.{name}.{key}: no effect on this source; {use}"
    if settings.disclosure.directions != "both" and (not settings.lines or settings.spaces):
        yield "disclosure.directions: no effect without lines that release entries and exits"
    if settings.model.confidence < UNSURE:
        yield f"model.confidence: less than {UNSURE} does as {UNSURE}: no box below is looked at"


def _line_warnings(name: str, line: LineSettings) -> Iterator[str]:
    if geometry.runs_along_border(line.points[0], line.points[1], BORDER):
        yield (
            f"lines.{name}.points: runs along the picture's border, where people are not seen on"
            " both sides"
        )
