"""Namespaces of one's own, so that an attempt that works leaves the machine as it was.

Mounts, host name and System V objects are those of the process alone. Another user gets at the
interpreter, which may be below a home that is closed to others, by a mount in that namespace.
"""

import os
import sys
import tempfile
from pathlib import Path

from tests.attacks.kernel import call

MOUNTS_NAMES_IPC = 0x00020000 | 0x04000000 | 0x08000000
BIND, RECURSIVE, PRIVATE = 0x1000, 0x4000, 1 << 18


def private() -> None:
    call("unshare", MOUNTS_NAMES_IPC)
    call("mount", b"none", b"/", None, RECURSIVE | PRIVATE, None)


def become(uid: int) -> None:
    """Become another user for good. To be called in namespaces of one's own."""
    for needed in {sys.base_prefix, sys.prefix, str(Path(__file__).parents[2])}:
        _open_way(Path(needed).resolve())
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)


def _open_way(needed: Path) -> None:
    """Put an open folder in the place of the first closed one on the way, with `needed` in it."""
    closed = next((p for p in reversed(needed.parents) if not p.stat().st_mode & 0o001), None)
    if closed is None:
        return
    aside = tempfile.mkdtemp(prefix="attacked-aside-")
    call("mount", bytes(needed), aside.encode(), None, BIND | RECURSIVE, None)
    call("mount", b"none", bytes(closed), b"tmpfs", 0, b"mode=755,size=64k")
    needed.mkdir(parents=True)
    call("mount", aside.encode(), bytes(needed), None, BIND | RECURSIVE, None)
    call("umount2", aside.encode(), 2)
    Path(aside).rmdir()
