"""What goes wrong between a server, a proxy and a disk, as sentences that say what to do.

Rule 1: a proxy's address may hold a password; its host is told if that alone can be meant by it.
Rule 2: what a server or a proxy says goes to a terminal as numbers, and as words of ours.
"""

import errno
import io
import ipaddress
import os
import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.client import HTTPException, InvalidURL
from pathlib import Path
from typing import Final
from urllib import request
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit

from counter.errors import ModelError

KEPT: Final = "; what has come is kept, the same command goes on from there"
AGAIN: Final = "try again"
NETWORK: Final = "is there a network? behind a proxy, set HTTPS_PROXY"
# The first that fits, from the particular to the general: what is wrong, what to do.
CAUSES: Final[tuple[tuple[type[Exception], str, str], ...]] = (
    (
        ssl.SSLCertVerificationError,
        "its certificate is not believed",
        "is the clock right, and ca-certificates installed? name a proxy's own in SSL_CERT_FILE",
    ),
    (ssl.SSLError, "TLS does not come about", NETWORK),
    (socket.gaierror, "this name is not known here", NETWORK),
    (TimeoutError, "it does not answer in time", AGAIN),
    (ConnectionRefusedError, "nothing answers at this address", NETWORK),
    (ConnectionError, "the connection was cut", AGAIN),
)
CODES: Final = {
    403: "it is not given to this address, or not now",
    404: "the registry's address is out of date: look at the model's source",
    407: "the proxy wants a name and a password: HTTPS_PROXY=http://NAME:PASSWORD@HOST:PORT",
    410: "the registry's address is out of date: look at the model's source",
    429: "too many have asked: wait",
}
TUNNEL: Final = re.compile(r"Tunnel connection failed: (\d+)")  # what http.client says
HOST: Final = re.compile(r"[A-Za-z0-9._:-]+")
FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})


class AnswerError(HTTPException):
    """An answer that is not used, in our words."""


@contextmanager
def of_disk(path: Path) -> Iterator[None]:
    """Say where a file cannot be written. Raises ModelError."""
    try:
        yield
    except OSError as error:
        full = error.errno in FULL
        hint = "make room, or name another folder with --to" if full else "may this user write it?"
        kept = KEPT if full and path.exists() and path.stat().st_size else ""
        raise ModelError(f"{path}: {error.strerror}", f"{hint}{kept}") from None


@contextmanager
def of_network(address: str, part: io.FileIO) -> Iterator[None]:
    """Say why an address cannot be read, and whether what has come is kept. Raises ModelError."""
    try:
        yield
    except (OSError, HTTPException, ValueError) as error:
        said, hint = _said(error)
        kept = KEPT if os.fstat(part.fileno()).st_size else ""
        raise ModelError(f"{_named(address)}: {said}", f"{hint}{kept}") from None


def _said(error: Exception) -> tuple[str, str]:
    if isinstance(error, HTTPError):
        error.close()
        away = "its redirect leads nowhere, or away from https"
        hint = away if 300 <= error.code < 400 else AGAIN
        return f"it answers {answered(error.code)}", CODES.get(error.code, hint)
    cause = error.reason if isinstance(error, URLError) else error
    if isinstance(cause, OSError) and (refused := TUNNEL.match(str(cause))):
        return f"the proxy answers {refused[1]}", CODES.get(int(refused[1]), AGAIN)
    for kind, said, hint in CAUSES:
        if isinstance(cause, kind):
            return said, hint
    if isinstance(cause, ValueError | InvalidURL):  # its text may be of a proxy's address
        return "an address on the way cannot be read", "of a proxy: HTTPS_PROXY=http://HOST:PORT"
    return _ours(cause), AGAIN


def _ours(cause: object) -> str:
    """Rule 2."""
    if isinstance(cause, AnswerError):
        return str(cause)
    if isinstance(cause, OSError) and cause.errno:
        return os.strerror(cause.errno)
    return f"its answer cannot be read ({type(cause).__name__})"


def answered(code: int) -> str:
    """The number and its usual words: the server's own may hold anything."""
    try:
        return f"{code} {HTTPStatus(code).phrase}"
    except ValueError:
        return str(code)


def is_here(host: str) -> bool:
    """Whether it is this machine: no proxy leads there, and plain http is allowed."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _named(address: str) -> str:
    """The host, and the proxy on the way to it."""
    parts = urlsplit(address)
    host = parts.hostname or address
    proxy = request.getproxies().get(parts.scheme)
    if not proxy or is_here(host) or request.proxy_bypass(host):
        return host
    return f"{host}, through {_between(proxy)}"


def _between(proxy: str) -> str:
    """Rule 1: a password with '/', '?' or '#' in it moves what is read as the host."""
    try:
        parts = urlsplit(proxy if "://" in proxy else f"//{proxy}")
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return "a proxy"
    alone = parts.path in {"", "/"} and not {"?", "#"} & set(proxy)
    return f"the proxy {host}" if alone and HOST.fullmatch(host) else "a proxy"
