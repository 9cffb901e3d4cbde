"""The second wall: which files and ports are left, for every way to reach them.

Rule 1: every right that this kernel's Landlock knows is handled, so what has no rule is refused.
Rule 2: rules grant reading; writing only to the devices of the plan; running a program to nothing.
Rule 3: a path that does not exist needs no rule.

It binds the thread that asks for it and those which it starts, hence stage 1 comes before any other
thread. UDP is left to the filter of stage 2: names are looked up between the stages.
"""

import os
import stat
import struct
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from counter.sandbox import kernel
from counter.sandbox.plan import Plan

WRITE_FILE, READ_FILE, READ_DIR, IOCTL_DEV = 1 << 1, 1 << 2, 1 << 3, 1 << 15
BIND, CONNECT = 1, 2

# ABI and what it brought, as a mask (linux/landlock.h).
FILE_RIGHTS: Final = (
    (1, 0x1FFF),  # execute, write, read, list, remove (2), make (7)
    (2, 1 << 13),  # refer: link or rename from one folder to another
    (3, 1 << 14),  # truncate
    (5, IOCTL_DEV),
    (9, 1 << 16),  # connect to a unix socket by its path
)
PORT_RIGHTS: Final = ((4, BIND | CONNECT),)
SCOPES: Final = ((6, 0b11),)  # abstract unix sockets, signals: to processes of this sandbox only

NETWORK_ABI: Final = 4
_BENEATH, _PORT = 1, 2  # kinds of rules


@dataclass(frozen=True, slots=True)
class Ruleset:
    """What `abi` can handle."""

    files: int
    ports: int
    scopes: int

    @property
    def attributes(self) -> bytes:
        """Give struct landlock_ruleset_attr, as long as it was in this ABI."""
        if self.scopes:
            return struct.pack("@QQQ", self.files, self.ports, self.scopes)
        if self.ports:
            return struct.pack("@QQ", self.files, self.ports)
        return struct.pack("@Q", self.files)


def ruleset(abi: int) -> Ruleset:
    return Ruleset(_known(FILE_RIGHTS, abi), _known(PORT_RIGHTS, abi), _known(SCOPES, abi))


def restrict(plan: Plan, own: Iterable[Path], pinned: Iterable[Path], abi: int) -> None:
    """Leave this process the plan, and `own` and `pinned` to read. Raises OSError.

    A rule holds on to an inode. procfs makes a new one once nobody holds the old, so each of
    `pinned` stays open for as long as the process lives; such a descriptor can read nothing itself.
    """
    rules = ruleset(abi)
    handle = kernel.create_ruleset(rules.attributes)
    try:
        for path in (*own, *plan.read):
            _allow(handle, path, READ_FILE | READ_DIR)
        for path in pinned:
            _allow(handle, path, READ_FILE | READ_DIR, pin=True)
        for path in plan.devices:
            _allow(handle, path, (READ_FILE | WRITE_FILE | IOCTL_DEV | READ_DIR) & rules.files)
        if rules.ports:
            for right, ports in ((BIND, plan.bind), (CONNECT, plan.connect)):
                for port in ports:
                    kernel.add_rule(handle, _PORT, struct.pack("@QQ", right, port))
        kernel.restrict_self(handle)
    finally:
        os.close(handle)


def _allow(handle: int, path: Path, rights: int, *, pin: bool = False) -> None:
    with _opened(path, pin=pin) as descriptor:
        if descriptor is None:
            return
        if not stat.S_ISDIR(os.fstat(descriptor).st_mode):
            rights &= ~READ_DIR
        kernel.add_rule(handle, _BENEATH, struct.pack("=Qi", rights, descriptor))


@contextmanager
def _opened(path: Path, *, pin: bool) -> Iterator[int | None]:
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:  # Rule 3; and what cannot be reached now cannot be read later either
        yield None
        return
    try:
        yield descriptor
    finally:
        if not pin:
            os.close(descriptor)


def _known(table: tuple[tuple[int, int], ...], abi: int) -> int:
    return sum(rights for since, rights in table if since <= abi)
