"""Everything that OpenCV opens: files, directories of pictures, V4L2 devices, network streams.

Rule 1: no credential leaves an address: errors name host and port, and the libraries' own logs,
which print whole addresses, are switched off.
Rule 2: a file is read with the demultiplexers of video containers only, and from the disk only:
FFmpeg would make a film of a text file, and follow a playlist to the network.
Rule 3: no call waits for ever: opening and reading a stream or device have a limit.

What OpenCV 4.11 to 5.0 do with the options (read in modules/videoio/src/cap_ffmpeg_impl.hpp):
`OPENCV_FFMPEG_CAPTURE_OPTIONS` is read from the environment at each opening and given to the
demultiplexer, not to the decoder: `flags;low_delay` would have no effect. A decoder of one thread
has: with more, each delays the picture by a frame. Openings wait for each other, readings do not.
"""

import os
from itertools import takewhile
from pathlib import Path
from typing import Any, Final, Self
from urllib.parse import urlsplit

from counter.errors import SourceError
from counter.frame import Pixels
from counter.sources.timing import Clock

FIRST_TRIES: Final = 30  # packets that may be broken at the beginning
PROOF_S: Final = 10.0  # for all of them: a V4L2 node that gives nothing takes READ_TIMEOUT_S each
OPEN_TIMEOUT_S: Final = 5.0
READ_TIMEOUT_S: Final = 5.0
PICTURE_SUFFIXES: Final = frozenset(
    {".bmp", ".jpeg", ".jpg", ".png", ".ppm", ".tif", ".tiff", ".webp"}
)
FILE_OPTIONS: Final = (
    "protocol_whitelist;file|format_whitelist;"
    "mov,mp4,matroska,webm,avi,mpegts,mpeg,mpegvideo,flv,asf,ogg,mxf,ivf,h264,hevc,m4v,mjpeg,obu"
)
# tcp: a lost UDP packet smears the picture until the next key frame. nobuffer: pictures that arrive
# while the stream is examined are thrown away, not queued. timeout: microseconds, a last resort for
# a socket that hangs at its closing, when OpenCV's own limits are off.
STREAM_OPTIONS: Final = (
    "rtsp_transport;tcp|fflags;nobuffer|analyzeduration;1000000|timeout;60000000"
)


class VideoCapture:
    """One cv2.VideoCapture. `fps` and `pictures` are the container's own account."""

    def __init__(self, opened: Any) -> None:
        cv2 = _cv2()
        self._opened = opened
        self._error: type[Exception] = cv2.error
        opened.set(cv2.CAP_PROP_ORIENTATION_AUTO, 0)  # zones lie in the sensor's own picture
        self.fps = float(opened.get(cv2.CAP_PROP_FPS))
        self.pictures = max(0, int(opened.get(cv2.CAP_PROP_FRAME_COUNT)))
        self._grabbed = False

    def proven(self, name: str, clock: Clock | None = None) -> Self:
        """Decode the first picture, and keep it inside until it is retrieved; or SourceError."""
        clock = clock or Clock()
        until_ns = clock.now_ns() + round(PROOF_S * 1e9)
        tries = takewhile(lambda _: clock.now_ns() < until_ns, range(FIRST_TRIES))
        self._grabbed = any(self.grab() for _ in tries)
        if not self._grabbed:
            self.close()
            raise SourceError(f"{name}: it opens, but no picture can be decoded")
        return self

    def grab(self) -> bool:
        if self._grabbed:
            self._grabbed = False
            return True
        try:
            return bool(self._opened.grab())
        except self._error:
            return False

    def retrieve(self, buffer: Pixels | None) -> Pixels | None:
        try:
            ok, pixels = self._opened.retrieve(buffer)
        except self._error:
            return None
        return pixels if ok and pixels.ndim == 3 and pixels.shape[2] == 3 else None

    def close(self) -> None:
        self._opened.release()


class PictureFiles:
    """The pictures of a directory, in the order of their names."""

    fps = 0.0

    def __init__(self, files: list[Path]) -> None:
        self.pictures = len(files)
        self._files = files
        self._next = 0

    def grab(self) -> bool:
        self._next += 1
        return self._next <= self.pictures

    def retrieve(self, _buffer: Pixels | None) -> Pixels | None:
        """Decode into a new array: cv2 cannot say that reading into a given one failed."""
        cv2 = _cv2()
        flags = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
        pixels: Pixels | None = cv2.imread(str(self._files[self._next - 1]), flags)
        return pixels

    def close(self) -> None:
        self._next = self.pictures


def open_video(path: Path) -> VideoCapture:
    """Open a video file. Raises SourceError for anything else."""
    cv2 = _cv2()
    _set_environment("OPENCV_FFMPEG_CAPTURE_OPTIONS", FILE_OPTIONS)
    opened = cv2.VideoCapture(str(path.absolute()), cv2.CAP_FFMPEG)
    if not opened.isOpened():
        raise SourceError(
            f"{path}: not a video that can be read",
            "mp4, mkv, avi and others are; a recording that was cut off can lack its index",
        )
    return VideoCapture(opened).proven(str(path))


def open_pictures(directory: Path) -> PictureFiles:
    """Open the pictures of a directory. Raises SourceError when it holds none that can be read."""
    files = sorted(
        entry
        for entry in directory.iterdir()
        if entry.suffix.lower() in PICTURE_SUFFIXES and entry.is_file()
    )
    if not files:
        suffixes = ", ".join(sorted(PICTURE_SUFFIXES))
        raise SourceError(f"{directory}: no pictures in this directory", f"looked for {suffixes}")
    first = PictureFiles(files[:1])
    if not first.grab() or first.retrieve(None) is None:
        raise SourceError(f"{files[0]}: not a picture that can be read")
    return PictureFiles(files)


def open_device(path: Path, size: tuple[int, int] | None) -> VideoCapture:
    """Open a V4L2 device; `size` (width, height) is asked of it, and it may choose another."""
    cv2 = _cv2()
    _set_environment("OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT", str(round(READ_TIMEOUT_S)))
    opened = cv2.VideoCapture(str(path), cv2.CAP_V4L2)
    if not opened.isOpened():
        raise SourceError(
            f"{path}: not a camera that can be opened",
            "is it in use, or the metadata node of a camera? `v4l2-ctl --list-devices` lists them",
        )
    if size is not None:
        opened.set(cv2.CAP_PROP_FRAME_WIDTH, size[0])
        opened.set(cv2.CAP_PROP_FRAME_HEIGHT, size[1])
    return VideoCapture(opened)


def open_stream(url: str, read_timeout_s: float = READ_TIMEOUT_S) -> VideoCapture:
    """Connect to an rtsp, rtsps, http or https address; at most OPEN_TIMEOUT_S."""
    cv2 = _cv2()
    _set_environment("OPENCV_FFMPEG_CAPTURE_OPTIONS", STREAM_OPTIONS)
    limits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, round(OPEN_TIMEOUT_S * 1000)]
    limits += [cv2.CAP_PROP_READ_TIMEOUT_MSEC, round(read_timeout_s * 1000)]
    limits += [cv2.CAP_PROP_N_THREADS, 1]
    opened = cv2.VideoCapture(url, cv2.CAP_FFMPEG, limits)
    if not opened.isOpened():
        raise SourceError(
            f"{masked(url)}: no stream there", "is the camera on, and the path right?"
        )
    return VideoCapture(opened)


def masked(url: str) -> str:
    """Keep scheme, host and port: user, password, path and query can each hold a credential.

    An @ after the host is taken for a password with a / in it: then the host is not known either.
    """
    parts = urlsplit(url)
    if "@" in parts.path + parts.query + parts.fragment:
        return f"{parts.scheme}://..."
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}/..."


def _cv2() -> Any:
    """Import OpenCV, silent (Rule 1). FFmpeg's log is set once in a process, at its first use."""
    os.environ["OPENCV_FFMPEG_LOGLEVEL"] = "-8"  # AV_LOG_QUIET
    try:
        import cv2  # noqa: PLC0415  # imported when a source is opened
    except ImportError as error:
        raise SourceError(
            "OpenCV cannot be imported", "install opencv-python-headless in this environment"
        ) from error
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    return cv2


def _set_environment(name: str, value: str) -> None:
    """Write only what changes: other threads may be reading the environment."""
    if os.environ.get(name) != value:
        os.environ[name] = value
