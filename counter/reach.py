"""What a configuration names, and so what stays possible once rights are given up.

Rule 1: its files may be read, its devices (cameras, a chip for the model) driven, its ports
connected to or listened on; no more.
Rule 2: the names of cameras become addresses now: a sealed process has no name service.
"""

import os
import socket
import stat
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, urlsplit

from msgspec import structs

from counter.accelerators import accelerator_of, device_files
from counter.addresses import SCHEMES, Link, form_of
from counter.crosscheck import broker_address
from counter.errors import SourceError
from counter.models import Model, parts_of
from counter.sandbox import Plan
from counter.settings import CameraSettings, MqttSettings, Settings

ANSWER_S: Final = 2.0  # a camera on a local network answers within milliseconds


def plan_of(
    settings: Settings,
    model: Model,
    own_ports: Collection[int] = (),
    crowd: Model | None = None,
) -> Plan:
    """Say what stays possible for these settings (Rule 1). Raises ConfigError."""
    read = [path for one in (model, crowd) if one is not None for path, _ in parts_of(one)]
    chip = accelerator_of(settings.model.backend, model)
    devices = [] if chip is None else list(device_files(chip))
    connect = set(own_ports)
    for camera in settings.cameras.values():
        url = _stream(camera.source)
        if url is not None:
            connect.add(_port(url))
        elif is_device(camera.source):
            devices.append(Path(camera.source))
        elif form_of(camera.source).link is not Link.DRAWN:
            read.append(Path(camera.source))
    if settings.mqtt is not None:
        connect.add(broker_address(settings.mqtt)[2])
        read += _credentials(settings.mqtt)
    bind = set(own_ports)
    if settings.prometheus is not None:
        bind.add(settings.prometheus.port)
    return Plan(
        read=tuple(path.absolute() for path in read),
        devices=tuple(path.absolute() for path in devices),
        connect=tuple(sorted(connect)),
        bind=tuple(sorted(bind)),
    )


def _answers(address: str, port: int) -> bool:
    try:
        socket.create_connection((address, port), ANSWER_S).close()
    except OSError:
        return False
    return True


def is_live(camera: CameraSettings) -> bool:
    """Whether this is a camera, and not footage."""
    return _stream(camera.source) is not None or is_device(camera.source)


def _stream(source: str) -> SplitResult | None:
    try:
        url = urlsplit(source)
        _ = url.port  # raises for one that is no number
    except ValueError:
        return None  # whoever opens it says so
    form = SCHEMES.get(url.scheme)
    return url if form is not None and form.port and url.hostname else None


def _port(url: SplitResult) -> int:
    return url.port or SCHEMES[url.scheme].port


def is_device(source: str) -> bool:
    try:
        return stat.S_ISCHR(Path(source).stat().st_mode)
    except (OSError, ValueError):
        return False


def _credentials(mqtt: MqttSettings) -> Iterator[Path]:
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    if folder:
        yield Path(folder)
    for key in ("username_file", "password_file", "ca_file", "cert_file", "key_file"):
        if name := getattr(mqtt, key):
            yield Path(name)


def pinned(name: str, camera: CameraSettings) -> CameraSettings:
    """Put the address of a stream's host in the place of its name (Rule 2)."""
    url = _stream(camera.source)
    if url is None or url.hostname is None:
        return camera
    try:
        found = socket.getaddrinfo(url.hostname, url.port, type=socket.SOCK_STREAM)
    except OSError:
        raise SourceError(
            f"cameras.{name}.source: the name of its host cannot be looked up",
            "is the name right and the network up? an address needs no name service",
        ) from None
    addresses = [str(entry[4][0]) for entry in found]
    # A name may have an address in each family, of which the camera answers at one.
    answering = (a for a in addresses if len(addresses) == 1 or _answers(a, _port(url)))
    address = next(answering, addresses[0])
    host = f"[{address}]" if ":" in address else address
    user, at, _ = url.netloc.rpartition("@")
    port = f":{url.port}" if url.port else ""
    return structs.replace(camera, source=url._replace(netloc=f"{user}{at}{host}{port}").geturl())
