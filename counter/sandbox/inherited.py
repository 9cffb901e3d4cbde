"""What is there already, which no later rule takes back: open files, unix sockets, children.

Closing a file would lose somebody's redirect without a word, so it is told, not closed.
"""

import fcntl
import os
import socket
import stat
from pathlib import Path


def writable_files() -> list[int]:
    """Give the descriptors of regular files and block devices that can be written to."""
    return [one for one in _open_descriptors() if _is_writable_file(one)]


def shared_files() -> list[str]:
    """Give the regular files and block devices that lie in memory, shared and writable."""
    lines = [line.split(maxsplit=5) for line in Path("/proc/self/maps").read_text().splitlines()]
    paths = {line[5] for line in lines if "w" in line[1] and "s" in line[1] and len(line) == 6}
    return sorted(path for path in paths if _is_kept(path))


def unix_sockets() -> tuple[int, ...]:
    return tuple(one for one in _open_descriptors() if _family(one) == socket.AF_UNIX)


def children() -> set[str]:
    """Give the ids of processes that were started by this one, where the kernel tells them."""
    lists = Path("/proc/self/task").glob("*/children")
    return {child for one in lists for child in one.read_text().split()}


def _open_descriptors() -> list[int]:
    return sorted(int(name) for name in os.listdir("/proc/self/fd"))  # noqa: PTH208  # names only


def _is_writable_file(descriptor: int) -> bool:
    try:
        flags = fcntl.fcntl(descriptor, fcntl.F_GETFL)
        mode = os.fstat(descriptor).st_mode
    except OSError:  # the one through which the list was read
        return False
    writable = flags & os.O_ACCMODE != os.O_RDONLY and not flags & os.O_PATH
    return writable and _is_file(mode)


def _is_kept(path: str) -> bool:
    try:
        return _is_file(os.stat(path).st_mode)  # noqa: PTH116  # no path of ours
    except OSError:  # it has no name, or none any more
        return False


def _is_file(mode: int) -> bool:
    return stat.S_ISREG(mode) or stat.S_ISBLK(mode)


def _family(descriptor: int) -> int:
    try:
        known = socket.socket(fileno=descriptor)
    except OSError:  # no socket
        return socket.AF_UNSPEC
    try:
        return known.family
    finally:
        known.detach()
