"""The ways out that are tried once rights are given up: a table.

Rule 1: each names what shuts it; any one of these suffices.
Rule 2: one that is not shut does no harm and leaves nothing behind: it lacks an argument that the
kernel would ask for next, or it is undone.
Rule 3: it is made as a library would make it, or by its number; our own checks are not in the way.
"""

import os
import resource
import socket
import struct
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from counter.guarantees import Guarantee
from counter.sandbox import inherited
from counter.sandbox.filter import LONGEST_LINE
from counter.sandbox.kernel import PR_GET_DUMPABLE, PR_SET_DUMPABLE, call, prctl
from counter.sandbox.plan import Plan

FOLDER: Final = "/tmp"  # noqa: S108  # where everybody may write

_HERE: Final = -100  # AT_FDCWD
_NOWHERE: Final = b"/nonexistent/counter"
_PAGE: Final = 4096
_READ, _WRITE, _RUN = 1, 2, 4
_SHARED, _PRIVATE, _ANONYMOUS = 1, 2, 0x20
_MPTCP, _FASTOPEN, _DETACH = 262, 0x2000_0000, 17
_PORTS: Final = range(49_151, 49_000, -1)  # registered ones that nobody but us would have opened
_OUTSIDE: Final = (Path("/"), Path("/var"), Path("/home"))  # listable by everybody, read by no plan

SECCOMP, FILES, PORTS = Guarantee.SECCOMP, Guarantee.LANDLOCK_FS, Guarantee.LANDLOCK_NET


@dataclass(frozen=True, slots=True)
class WayOut:
    name: str
    shut_by: tuple[Guarantee, ...]
    go: Callable[[], object]  # OSError: refused


def ways_out(plan: Plan) -> tuple[WayOut, ...]:
    """Give what to try; a way that the plan leaves open is none."""
    return (*FIXED, *_by_plan(plan))


def _by_plan(plan: Plan) -> list[WayOut]:
    port = next(one for one in _PORTS if one not in (*plan.connect, *plan.bind))
    found = [
        WayOut("connect to another TCP port", (PORTS,), lambda: _connect(port)),
        WayOut("bind another TCP port", (SECCOMP, PORTS), lambda: _bind(port)),
        WayOut("connect by TCP Fast Open", (SECCOMP,), lambda: _fast_open(port)),
    ]
    if not plan.devices:
        found.append(WayOut("share memory", (SECCOMP,), _share))
    outside = next((one for one in _OUTSIDE if one.is_dir() and not _is_read(one, plan)), None)
    if outside is not None:
        found.append(WayOut("list a folder outside", (FILES,), lambda: os.listdir(outside)))  # noqa: PTH208
    return found


def _is_read(folder: Path, plan: Plan) -> bool:
    return any(one in plan.read for one in (folder, *folder.parents))


def _create() -> None:
    path = f"{FOLDER}/counter-sandbox-{os.getpid()}"  # O_EXCL: no link is followed
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL))
    os.unlink(path)  # noqa: PTH108  # as plain as what it undoes


def _make_folder() -> None:
    path = f"{FOLDER}/counter-sandbox-{os.getpid()}".encode()
    call("mkdirat", _HERE, path, 0o700)
    os.rmdir(path)  # noqa: PTH106


def _open_to_write() -> None:
    os.close(os.open("/dev/null", os.O_WRONLY))


def _written_before() -> None:
    if not inherited.writable_files() and not inherited.shared_files():
        raise PermissionError


def _fork() -> None:
    with warnings.catch_warnings():  # Python 3.12 warns of threads; the child only ends
        warnings.simplefilter("ignore")
        child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)


def _map(protection: int, flags: int) -> int:
    return call("mmap", 0, _PAGE, protection, flags, -1, 0)


def _map_writable_code() -> None:
    call("munmap", _map(_READ | _WRITE | _RUN, _PRIVATE | _ANONYMOUS), _PAGE)


def _turn_into_code() -> None:
    address = _map(_READ | _WRITE, _PRIVATE | _ANONYMOUS)
    try:
        call("mprotect", address, _PAGE, _READ | _RUN)
    finally:
        call("munmap", address, _PAGE)


def _share() -> None:
    _map(_READ, _SHARED)  # of no file


def _load_library() -> None:
    _map(_READ | _RUN, _PRIVATE)  # of no file


def _socket(family: int, kind: int, protocol: int = 0) -> None:
    socket.socket(family, kind, protocol).close()


def _connect(port: int) -> None:
    with socket.socket() as sock:
        sock.connect(("127.0.0.1", port))


def _bind(port: int) -> None:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", port))


def _listen() -> None:
    with socket.socket() as sock:  # unbound: the kernel would choose a port
        sock.listen(0)


def _fast_open(port: int) -> None:
    with socket.socket() as sock:
        sock.sendto(b"", _FASTOPEN, ("127.0.0.1", port))


def _allow_core_dumps() -> None:
    before = prctl(PR_GET_DUMPABLE)
    prctl(PR_SET_DUMPABLE, 1)
    prctl(PR_SET_DUMPABLE, before)


def _set_a_limit() -> None:
    now = struct.pack("@qq", *resource.getrlimit(resource.RLIMIT_NOFILE))
    call("prlimit64", 0, resource.RLIMIT_NOFILE, now, None)


def _find_a_free_thread() -> None:
    """Look for a thread that the filter does not bind."""
    states = [status.read_text() for status in Path("/proc/self/task").glob("*/status")]
    if states and all("\nSeccomp:\t2\n" in state for state in states):
        raise PermissionError


def _by_number(name: str, *arguments: int | bytes | None) -> Callable[[], object]:
    return lambda: call(name, *arguments)


# Calls that lack a path, a process, an address or a flag: EPERM comes before these are looked at.
FIXED: Final = (
    WayOut("create a file", (SECCOMP, FILES), _create),
    WayOut("open a file for writing", (SECCOMP, FILES), _open_to_write),
    WayOut("write to a file opened before", (Guarantee.NO_INHERITED_FILES,), _written_before),
    WayOut("make a folder", (SECCOMP, FILES), _make_folder),
    WayOut("rename a file", (SECCOMP,), _by_number("renameat2", _HERE, _NOWHERE, _HERE, _NOWHERE)),
    WayOut("link a file", (SECCOMP,), _by_number("linkat", _HERE, _NOWHERE, _HERE, _NOWHERE)),
    WayOut("make a symbolic link", (SECCOMP,), _by_number("symlinkat", b"x", _HERE, _NOWHERE)),
    WayOut("remove a file", (SECCOMP,), _by_number("unlinkat", _HERE, _NOWHERE)),
    WayOut("cut a file off", (SECCOMP,), _by_number("truncate", _NOWHERE, 0)),
    WayOut("change a file's mode", (SECCOMP,), _by_number("fchmodat", _HERE, _NOWHERE, 0o600)),
    WayOut("change a file's times", (SECCOMP,), _by_number("utimensat", _HERE, _NOWHERE)),
    WayOut("attach data to a file", (SECCOMP,), _by_number("setxattr", _NOWHERE, b"user.x", b"")),
    WayOut("make a file of memory", (SECCOMP,), lambda: os.close(call("memfd_create", b"", 0))),
    WayOut("make shared memory", (SECCOMP,), _by_number("shmget", 0, 0, 0)),
    WayOut(
        "write a picture to the log", (SECCOMP,), _by_number("write", 2, None, LONGEST_LINE + 1)
    ),
    WayOut("move data into a pipe", (SECCOMP,), _by_number("splice", -1, None, -1, None, 1)),
    WayOut("run a program", (SECCOMP,), _by_number("execve", _NOWHERE)),
    WayOut("start a process", (SECCOMP,), _fork),
    WayOut("map writable code", (SECCOMP,), _map_writable_code),
    WayOut("turn data into code", (SECCOMP,), _turn_into_code),
    WayOut("load a library", (SECCOMP,), _load_library),
    WayOut("trace the parent", (SECCOMP,), lambda: call("ptrace", _DETACH, os.getppid())),
    WayOut("read the parent's memory", (SECCOMP,), lambda: call("process_vm_readv", os.getppid())),
    WayOut("signal the parent", (SECCOMP,), lambda: call("kill", os.getppid(), 0)),
    WayOut("hold a process", (SECCOMP,), lambda: os.close(call("pidfd_open", os.getpid(), 0))),
    WayOut("start a process by clone3", (SECCOMP,), _by_number("clone3", None, 0)),
    WayOut("open by openat2", (SECCOMP,), _by_number("openat2", _HERE, _NOWHERE, None, 0)),
    WayOut("use io_uring", (SECCOMP,), _by_number("io_uring_setup", 0, None)),
    WayOut("use the key ring", (SECCOMP,), _by_number("keyctl", 0xFFFF)),
    WayOut("load a BPF program", (SECCOMP,), _by_number("bpf", 0xFFFF, None, 0)),
    WayOut("open a performance event", (SECCOMP,), _by_number("perf_event_open", None)),
    WayOut("handle page faults", (SECCOMP,), _by_number("userfaultfd", 2)),
    WayOut("enter a namespace", (SECCOMP,), _by_number("unshare", 0)),
    WayOut("mount a file system", (SECCOMP,), _by_number("mount", None, None, None)),
    WayOut("open a UDP socket", (SECCOMP,), lambda: _socket(socket.AF_INET, socket.SOCK_DGRAM)),
    WayOut("open a unix socket", (SECCOMP,), lambda: _socket(socket.AF_UNIX, socket.SOCK_STREAM)),
    WayOut("open a raw socket", (SECCOMP,), lambda: _socket(socket.AF_INET, socket.SOCK_RAW, 1)),
    WayOut("open a kernel socket", (SECCOMP,), lambda: _socket(socket.AF_NETLINK, 3)),
    WayOut("open a multipath socket", (SECCOMP,), lambda: _socket(socket.AF_INET, 1, _MPTCP)),
    WayOut("listen on a chosen port", (SECCOMP,), _listen),
    WayOut("allow core dumps", (SECCOMP,), _allow_core_dumps),
    WayOut("set a limit", (SECCOMP,), _set_a_limit),
    WayOut("find a thread without filter", (SECCOMP,), _find_a_free_thread),
)
