"""The ledger's file: one line more, or nothing.

Rule 1: the file is open for writing only while it is written, so that no writable descriptor goes
into the sandbox.
Rule 2: one writer at a time, who has waited until the line is on the disk.
Rule 3: a line that could not be written whole is taken back.
Rule 4: a counter keeps the lock until its process ends, through a descriptor that can only read.
Readers therefore take no lock; a line that is just being written is seen whole at a second look.
"""

import fcntl
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from counter.ledger.chain import Chain, read
from counter.ledger.records import LedgerError, Record, encoded

MAX_BYTES: Final = 16 << 20  # 18,000 starts with their stops; 1.2 s to verify on a server's core
SPARE: Final = 4096  # for the stop of the last start that had room
MODE: Final = 0o640
_FLAGS: Final = os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK  # the last: a pipe shall not wait
GO_ON: Final = (
    "`counter ledger archive {path}` keeps the file as it is under another name and begins a new"
    " one that says so"
)
LOOK_FIRST: Final = (
    "compare it with a backup and with the heads that were published, before anything else; then "
)
PATIENCE_S: Final = 2.0  # a line is written in milliseconds: who keeps the lock longer is a counter
PAUSE_S: Final = 0.01
SECOND_LOOK_S: Final = 0.1
# Locks kept for the life of this process, by device and inode: an open inode is used for no other
# file. A process is one counter, so holding twice is holding once.
_HELD: Final[dict[tuple[int, int], int]] = {}


def chain_of(path: Path, *, required: bool = False) -> Chain:
    """Read a ledger, also one that a running counter has locked (Rule 4).

    A file that is not there is an empty ledger, or a mistake if it is `required`. Raises
    LedgerError.
    """
    chain = read(_content(path, required=required))
    if chain.state == "whole":
        return chain
    time.sleep(SECOND_LOOK_S)
    return read(_content(path, required=required))


def _content(path: Path, *, required: bool) -> bytes:
    try:
        descriptor = os.open(path, os.O_RDONLY | _FLAGS)
    except FileNotFoundError:
        if required:
            hint = "a typing mistake, or the ledger was taken away; look for a backup"
            raise LedgerError(f"ledger {path}: there is no such file", hint) from None
        return b""
    except OSError as error:
        raise cannot(path, "be read", error) from None
    try:
        return all_of(descriptor, path)
    finally:
        os.close(descriptor)


def hold(path: Path) -> None:
    """Lock the file, made if there is none, until this process ends: one counter a ledger.

    Raises LedgerError where another counter has it, or where it cannot be written.
    """
    created = not path.exists()
    while True:
        os.close(_open_to_append(path, create=True))
        try:
            descriptor = os.open(path, os.O_RDONLY | _FLAGS)
        except OSError as error:
            raise cannot(path, "be read", error) from None
        kept = False
        try:
            _lock(descriptor, path)
            if _is(path, descriptor):
                kept = _HELD.setdefault(_inode(descriptor), descriptor) == descriptor
                break
        finally:
            if not kept:
                os.close(descriptor)
    if created:
        settle(path.parent)


@contextmanager
def locked(path: Path, *, create: bool = True) -> Iterator[tuple[int, bool]]:
    """Give (a descriptor that appends, whether the file is new) while no other process writes."""
    created = create and not path.exists()
    while True:
        descriptor = _open_to_append(path, create=create)
        try:
            _lock(descriptor, path)
            if _is(path, descriptor):  # else it was put aside while this one waited for the lock
                yield descriptor, created
                return
        finally:
            os.close(descriptor)


def _lock(descriptor: int, path: Path) -> None:
    """Wait for the lock as long as it takes to write a line, but not for a counter to end."""
    if _inode(descriptor) in _HELD:
        return
    until = time.monotonic() + PATIENCE_S
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= until:
                raise _taken(path) from None
        except OSError as error:  # a file system without locks for readers, like NFS
            raise cannot(path, "be locked", error) from None
        else:
            return
        time.sleep(PAUSE_S)


def _taken(path: Path) -> LedgerError:
    return LedgerError(
        f"ledger {path}: another counter runs with this ledger",
        "stop that one first, or name another ledger: each counter keeps one of its own",
    )


def _inode(descriptor: int) -> tuple[int, int]:
    state = os.fstat(descriptor)
    return state.st_dev, state.st_ino


def _open_to_append(path: Path, *, create: bool) -> int:
    try:
        flags = os.O_RDWR | os.O_APPEND | _FLAGS | (os.O_CREAT if create else 0)
        return os.open(path, flags, MODE)
    except OSError as error:
        raise cannot(path, "be written", error) from None


def _is(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def all_of(descriptor: int, path: Path) -> bytes:
    """Read everything, from the beginning and bounded."""
    state = os.fstat(descriptor)
    if not stat.S_ISREG(state.st_mode):
        raise LedgerError(f"ledger {path}: not a regular file", "give the path of a file")
    if state.st_size > MAX_BYTES + SPARE:
        raise LedgerError(
            f"ledger {path}: larger than {MAX_BYTES >> 20} MiB, no ledger grows so far",
            "move it away by hand and look at what it is",
        )
    parts, at = [], 0
    while part := os.pread(descriptor, 1 << 20, at):
        parts.append(part)
        at += len(part)
    return b"".join(parts)


def write(descriptor: int, record: Record, path: Path, *, limit: int) -> None:
    line = encoded(record) + b"\n"
    before = os.fstat(descriptor).st_size
    if before + len(line) > limit:
        raise LedgerError(f"ledger {path}: full ({before} bytes)", GO_ON.format(path=path))
    try:
        whole = os.write(descriptor, line) == len(line)
        os.fsync(descriptor)
    except OSError as error:
        _take_back(descriptor, before)
        raise cannot(path, "be written", error) from None
    if not whole:
        _take_back(descriptor, before)
        raise LedgerError(f"ledger {path}: the disk is full", "make room; nothing was written")


def _take_back(descriptor: int, length: int) -> None:
    """Remove a part of a line. Where even this fails (a file that may only grow, chattr +a), the
    line stays torn and the next reader says so.
    """
    try:
        os.ftruncate(descriptor, length)
        os.fsync(descriptor)
    except OSError:
        return


def settle(folder: Path) -> None:
    """Bring a new name in a folder to the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remedy(path: Path, chain: Chain) -> str:
    """Say what to do about one that does not hold together."""
    return ("" if chain.state == "torn" else LOOK_FIRST) + GO_ON.format(path=path)


def cannot(path: Path, what: str, error: OSError) -> LedgerError:
    reason = (error.strerror or type(error).__name__).lower()
    return LedgerError(
        f"ledger {path}: it cannot {what}: {reason}",
        "it needs a regular file in a folder that this user may write to",
    )
