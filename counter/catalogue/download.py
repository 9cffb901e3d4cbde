"""One file over HTTPS into its place, by its sha256.

Rule 1: https only, also after a redirect; http is for loopback, where tests have their server.
Rule 2: what arrives goes to NAME.part, and gets its name when its sha256 is the expected one; a
whole file with another sha256 is removed.
Rule 3: an interrupted file goes on where it stopped. If what was kept does not fit what came after
it (the file was changed meanwhile), it is fetched once more from its beginning.
Rule 4: proxies are those of the environment: HTTPS_PROXY, HTTP_PROXY, NO_PROXY; none for loopback.
"""

import fcntl
import hashlib
import io
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPResponse
from pathlib import Path
from typing import Any, Final
from urllib import request
from urllib.error import HTTPError
from urllib.parse import urlsplit

from counter import __version__
from counter.catalogue.trouble import (
    KEPT,
    AnswerError,
    answered,
    is_here,
    of_disk,
    of_network,
)
from counter.errors import ModelError

CHUNK: Final = 1 << 16
TIMEOUT_S: Final = 30.0  # of one step: to connect, and to wait for the next bytes
LARGEST: Final = 1 << 30  # bytes; the largest of YOLO's own models has 130 MB
# HTTP: the file follows; a range of it follows; there is nothing from there on
WHOLE, PARTIAL, UNSATISFIABLE = 200, 206, 416
RANGE: Final = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")

Told = Callable[[int, int | None], None]  # bytes that are here; of how many, if that is known


@dataclass(frozen=True, slots=True)
class Wanted:
    address: str
    sha256: str
    target: Path

    @property
    def part(self) -> Path:
        return self.target.with_name(f"{self.target.name}.part")


def download(wanted: Wanted, told: Told) -> None:
    """Fetch, compare, and give the file its name; it replaces what was there.

    Raises ModelError; what has arrived until then, or until Ctrl-C, is kept for the next time.
    """
    check_address(wanted.address)
    with _opened(wanted) as part:
        kept = part.seek(0, os.SEEK_END)
        _receive(wanted, part, told)
        if kept and _sha256(part) != wanted.sha256:  # Rule 3
            part.truncate(0)
            _receive(wanted, part, told)
        if (sha256 := _sha256(part)) != wanted.sha256:
            wanted.part.unlink()
            raise ModelError(
                f"{wanted.address}: the file that came has sha256 {sha256}, the registry says"
                f" {wanted.sha256}; it was removed",
                "the registry is older or newer than the file, or somebody changed it on its way",
            )
        with of_disk(wanted.part):
            os.fsync(part.fileno())
            wanted.part.replace(wanted.target)


def check_address(address: str, *, plain: bool = True) -> None:
    """Raise ModelError unless it is https, or, where `plain` is allowed, http to this machine."""
    try:
        parts = urlsplit(address)
    except ValueError:
        raise ModelError("an address that cannot be read", "look at the registry's url") from None
    if parts.hostname and (
        parts.scheme == "https" or (plain and parts.scheme == "http" and is_here(parts.hostname))
    ):
        return
    raise ModelError(
        f"{parts.scheme}://{parts.hostname}: models are fetched over https only",
        "put the file there yourself, and compare it: counter models verify",
    )


class _Redirects(request.HTTPRedirectHandler):
    max_redirections = 5  # GitHub needs one: a release's files lie on another host

    def redirect_request(self, *told: Any) -> request.Request | None:
        """`told`: request, answer, code, reason, headers, new address."""
        try:
            check_address(told[-1], plain=told[0].type == "http")  # Rule 1
        except ModelError:
            told[1].close()
            raise
        return super().redirect_request(*told)


class _Proxies(request.ProxyHandler):
    def proxy_open(self, *told: Any) -> Any:
        """`told`: request, proxy, type."""
        if is_here(urlsplit(told[0].full_url).hostname or ""):
            return None  # the next handler opens it
        return super().proxy_open(*told)


def _opener() -> request.OpenerDirector:
    """HTTP and its proxies; none of the files, FTP and data that urllib opens otherwise."""
    opener = request.OpenerDirector()
    for handler in (
        _Proxies(),
        request.HTTPHandler(),
        request.HTTPSHandler(),
        request.HTTPDefaultErrorHandler(),
        request.HTTPErrorProcessor(),
        _Redirects(),
    ):
        opener.add_handler(handler)
    opener.addheaders = [("User-Agent", f"counter/{__version__}"), ("Accept-Encoding", "identity")]
    return opener


@contextmanager
def _opened(wanted: Wanted) -> Iterator[io.FileIO]:
    """Hold NAME.part for us alone; an empty one is not left behind."""
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    with of_disk(wanted.part):
        wanted.part.parent.mkdir(parents=True, exist_ok=True)
        part = io.FileIO(os.open(wanted.part, flags, 0o644), "r+")
    with part:
        try:
            fcntl.flock(part, fcntl.LOCK_EX | fcntl.LOCK_NB)
            mine = _still(wanted.part, part)
        except BlockingIOError:
            mine = False
        if not mine:
            raise ModelError(f"{wanted.part}: another fetch writes it", "wait until it has ended")
        try:
            yield part
        finally:
            if os.fstat(part.fileno()).st_size == 0:
                wanted.part.unlink(missing_ok=True)


def _still(path: Path, part: io.FileIO) -> bool:
    """Whether the file of this name is the one that was opened: another fetch may have ended."""
    try:
        return os.path.samestat(path.stat(), os.fstat(part.fileno()))
    except FileNotFoundError:
        return False


def _receive(wanted: Wanted, part: io.FileIO, told: Told) -> None:
    """Fetch what is missing of the part, or all of it if the server gives no ranges."""
    have = part.seek(0, os.SEEK_END)
    asked = request.Request(wanted.address)  # noqa: S310  # `check_address`
    if have:
        asked.add_header("Range", f"bytes={have}-")
    with of_network(wanted.address, part):
        try:
            answer = _opener().open(asked, timeout=TIMEOUT_S)
        except HTTPError as error:
            if error.code == UNSATISFIABLE and have:
                error.close()
                return  # all of it is here, or it is another file: the sha256 tells
            raise
        with answer:
            start, total = _place(answer, have)
            _make_room(wanted, part, start, total)
            _copy(answer, wanted, part, lambda here: told(here, total))
        if total is not None and part.tell() != total:
            raise AnswerError(f"the connection ended at {part.tell()} of {total} bytes")


def _place(answer: HTTPResponse, have: int) -> tuple[int, int | None]:
    """Where the answer's bytes belong, and how many there will be. Raises HTTPException."""
    if answer.headers.get_content_type() == "text/html":  # of a hotel's network, for example
        raise AnswerError("it sent a web page instead of the file")
    if answer.headers.get("Content-Encoding", "identity") != "identity":
        raise AnswerError("it sent the file packed, and was asked not to")
    if answer.status not in {WHOLE, PARTIAL}:
        raise AnswerError(f"it answers {answered(answer.status)}")
    if answer.status == WHOLE:
        length = answer.headers.get("Content-Length", "")
        return 0, int(length) if length.isdecimal() else None
    where = RANGE.fullmatch(answer.headers.get("Content-Range", ""))
    if where is None or int(where[1]) != have:
        raise AnswerError("it sent another range than it was asked for")
    return have, None if where[2] == "*" else int(where[2])


def _make_room(wanted: Wanted, part: io.FileIO, start: int, total: int | None) -> None:
    """Drop what the answer brings again. Raises ModelError if the disk cannot hold the rest."""
    if (total or 0) > LARGEST:
        raise ModelError(f"{wanted.address}: {total} bytes, at most {LARGEST}", "is it the model?")
    part.seek(start)
    part.truncate()
    free = shutil.disk_usage(wanted.part.parent).free
    if total is not None and total - start > free:
        raise ModelError(
            f"{wanted.part.parent}: {total - start} bytes are needed, {free} are free",
            f"make room, or name another folder with --to{KEPT if start else ''}",
        )


def _copy(
    answer: HTTPResponse, wanted: Wanted, part: io.FileIO, told: Callable[[int], None]
) -> None:
    while chunk := answer.read1(CHUNK):
        rest = memoryview(chunk)
        while rest:
            with of_disk(wanted.part):
                rest = rest[part.write(rest) :]
        if part.tell() > LARGEST:
            part.truncate(0)  # it is not the model: no gibibyte of it is kept
            raise AnswerError(f"it sends more than {LARGEST} bytes")
        told(part.tell())


def _sha256(part: io.FileIO) -> str:
    part.seek(0)
    return hashlib.file_digest(part, "sha256").hexdigest()
