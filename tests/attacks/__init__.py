"""Attempts to get a picture out: each a small function, made outside the sandbox and inside it.

Rule 1: an attempt that returns has worked. It is blocked when it raises PermissionError (EPERM or
EACCES), `NoEffect` (a library that swallows errors: what it was to leave is not there), or one of
the error numbers in `also` (ENOSYS where the sandbox hides a call so that libraries fall back;
EFBIG for a write into a file that is open already). Any other error is neither: it fails the test.
Rule 2: a call that would change the machine is made with arguments that do nothing. `told` is the
error that the kernel then gives to somebody who may make the call: that counts as worked.
Rule 3: outside, as root, the same function must work. One that cannot on this machine (no tty, no
vsock) says so, and its being blocked inside counts for nothing.
Rule 4: nothing outlives an attempt but files below the scene's folder.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.attacks.scene import Scene

GROUPS = (
    "writers",
    "paths",
    "handles",
    "memory",
    "others",
    "processes",
    "network",
    "sockets",
    "machine",
)


class NoEffect(Exception):  # noqa: N818  # a finding, not a fault
    """Nothing was raised, but what the attempt was to leave behind is not there."""


class Unavailable(Exception):  # noqa: N818
    """This machine lacks what the attempt is about."""


@dataclass(frozen=True, slots=True)
class Attempt:
    name: str
    group: str
    run: "Callable[[Scene], object]"
    told: int = 0  # the error number outside, where the call is made with arguments that do nothing
    also: tuple[int, ...] = ()  # error numbers that mean blocked, besides EPERM and EACCES


_ATTEMPTS: list[Attempt] = []
Run = Callable[["Scene"], object]


def attempt(name: str, *, told: int = 0, also: tuple[int, ...] = ()) -> Callable[[Run], Run]:
    def register(function: Run) -> Run:
        group = function.__module__.rpartition(".")[2]
        _ATTEMPTS.append(Attempt(name, group, function, told, also))
        return function

    return register


def attempts() -> tuple[Attempt, ...]:
    """All of them. Imports what they use: inside, no library may be missing for a wrong reason."""
    for group in GROUPS:
        import_module(f"{__name__}.{group}")
    names = [each.name for each in _ATTEMPTS]
    assert len(set(names)) == len(names), "two attempts have one name"
    return tuple(_ATTEMPTS)
