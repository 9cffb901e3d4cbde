"""From an address in the configuration to an opened source: a table of the forms it can have."""

import os
import stat
from collections.abc import Callable
from functools import partial
from math import isfinite
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from counter.addresses import SCHEMES, Link, scheme_of
from counter.errors import SourceError
from counter.settings import FPS_RANGE, CameraSettings
from counter.sources import TimedSource
from counter.sources.footage import Footage
from counter.sources.live import LiveSource
from counter.sources.opencv import (
    READ_TIMEOUT_S,
    open_device,
    open_pictures,
    open_stream,
    open_video,
)

FORMS: Final = (
    "a video file, a directory of pictures, /dev/video0, rtsp://..., http://..., synthetic:platform"
)
DIRECTORY_FPS: Final = 1.0


def open_source(name: str, settings: CameraSettings) -> TimedSource:
    """Open the camera `name` of the configuration.

    A stream is connected to in its own thread and need not be there yet; everything else must be.
    Raises SourceError, which names the key and holds no credential.
    """
    try:
        return _opener_of(settings.source)(name, settings)
    except SourceError as error:
        raise SourceError(f"cameras.{name}.source: {error.message}", error.hint) from None


def _opener_of(address: str) -> "Opener":
    """Choose by the address's scheme, or by what is at its path; say why it cannot be used."""
    if scheme := scheme_of(address):
        return LINKS[SCHEMES[scheme].link]
    if not address or "://" in address:
        raise SourceError("no source has an address of this form", f"expected {FORMS}")
    path = Path(address)
    try:
        mode = path.stat().st_mode
        readable = os.access(path, os.R_OK, effective_ids=True)
    except FileNotFoundError:
        shown = "that path" if "@" in address else path  # user:password@host without a scheme
        raise SourceError(f"{shown} does not exist", f"expected {FORMS}") from None
    except OSError as error:
        raise SourceError(f"{path}: {error.strerror}") from None
    if not readable:
        raise SourceError(f"{path}: this user may not read it", "a camera needs the group video")
    for fits, opener in PATHS:
        if fits(mode):
            return opener
    raise SourceError(f"{path} is neither a file, a directory nor a camera", f"expected {FORMS}")


def _file(name: str, settings: CameraSettings) -> TimedSource:
    path = Path(settings.source)
    capture = open_video(path)
    fps = settings.fps or capture.fps
    if not (isfinite(fps) and FPS_RANGE[0] <= fps <= FPS_RANGE[1]):
        capture.close()
        raise SourceError(f"{path}: no usable frame rate in it", f"set cameras.{name}.fps")
    return Footage(name, capture, fps, settings)


def _directory(name: str, settings: CameraSettings) -> TimedSource:
    capture = open_pictures(Path(settings.source))
    return Footage(name, capture, settings.fps or DIRECTORY_FPS, settings)


def _device(name: str, settings: CameraSettings) -> TimedSource:
    opener = partial(open_device, Path(settings.source), settings.size)
    return LiveSource(name, opener, settings, first=opener())


def _stream(name: str, settings: CameraSettings) -> TimedSource:
    try:
        parts = urlsplit(settings.source)
        _ = parts.port  # raises for one that is no number
    except ValueError:
        raise SourceError("not an address", "rtsp://user:password@host:554/path") from None
    if not parts.hostname:
        raise SourceError("an address without a host", "rtsp://user:password@host:554/path")
    # Longer than a stall, so that a camera with few pictures a minute is not cut off between two.
    read_timeout_s = max(READ_TIMEOUT_S, 1.5 * settings.stall_s)
    return LiveSource(name, partial(open_stream, settings.source, read_timeout_s), settings)


def _synthetic(name: str, settings: CameraSettings) -> TimedSource:
    # Imported here: it draws, and brings a good deal that a camera does not need.
    from counter.sources.synthetic.source import SyntheticSource  # noqa: PLC0415

    return SyntheticSource(name, settings)


Opener = Callable[[str, CameraSettings], TimedSource]
LINKS: Final[dict[Link, Opener]] = {  # of an address with a scheme
    Link.NETWORK: _stream,
    Link.ENCRYPTED: _stream,
    Link.DRAWN: _synthetic,
}
PATHS: Final[tuple[tuple[Callable[[int], bool], Opener], ...]] = (
    (stat.S_ISREG, _file),
    (stat.S_ISDIR, _directory),
    (stat.S_ISCHR, _device),
)
