"""Which system calls are left in stage 2: the table. Pure; what is not in it is refused.

Rule 1: nothing that writes to a file, makes one, renames, links, removes or marks one; `write` goes
to sockets and pipes, since no file is open for writing (RLIMIT_FSIZE says so too).
Rule 2: no new code: no page becomes executable, so no library is loaded and no program is run.
Rule 3: no process but this one: threads only, signals to itself only.
Rule 4: no socket but TCP, and none that listens: those that do were opened before.
Rule 5: a device takes more: shared writable memory and the ioctls of its own kind.
"""

from pathlib import Path
from typing import Final

from counter.sandbox.conditions import (
    ALWAYS,
    LOW,
    Above,
    AtMost,
    Lacks,
    NoneOf,
    Null,
    OneOf,
    Way,
    Ways,
)
from counter.sandbox.plan import Plan

LONGEST_LINE: Final = 16_384
"""Bytes of one write to standard output or error. Python's streams write 8 KiB at a time and what
came last, a JSON line has at most 4096 bytes. A raw picture of 640 x 480 has 900,000: it cannot go
there by mistake. On purpose it could, in pieces: this is no wall."""

FREE: Final = """
    read readv pread64 preadv lseek close
    fstat stat lstat newfstatat statx statfs fstatfs access faccessat faccessat2 readlink readlinkat
    getdents64 getcwd fadvise64
    poll ppoll select pselect6 epoll_create1 epoll_ctl epoll_wait epoll_pwait eventfd2
    accept accept4 recvfrom shutdown getsockname getpeername
    brk munmap mremap membarrier
    futex set_robust_list rseq restart_syscall exit exit_group
    rt_sigaction rt_sigprocmask rt_sigreturn sigaltstack
    clock_gettime clock_getres clock_nanosleep nanosleep gettimeofday time times
    sched_yield sched_getaffinity sched_getparam sched_getscheduler sched_get_priority_max
    sched_get_priority_min getcpu
    getpid gettid getppid getuid geteuid getgid getegid getgroups getresuid getresgid
    getrlimit getrusage sysinfo uname umask getrandom
"""
ABSENT: Final = "clone3 openat2 io_uring_setup io_uring_enter io_uring_register"
"""Newer forms whose arguments lie in memory, where no filter sees them. Libraries fall back. A
program of their own answers them (`bpf.hide`), so they pass this table."""

# Values are those of x86-64 and arm64, which agree in every bit that is named here.
_EXECUTE, _SHARED = 4, 1  # PROT_EXEC, MAP_SHARED
# O_WRONLY, O_RDWR, O_CREAT, O_TRUNC, O_APPEND, __O_TMPFILE
_NOT_READING: Final = 0o1 | 0o2 | 0o100 | 0o1000 | 0o2000 | 0o20000000
_SOCKET_FLAGS: Final = 0o2000000 | 0o4000  # SOCK_CLOEXEC, SOCK_NONBLOCK
_PIPE_FLAGS: Final = (0, 0o4000, 0o2000000, 0o2004000)  # O_NONBLOCK, O_CLOEXEC
_INET, _STREAM, _TCP = (2, 10), (1,), (0, 6)
_FASTOPEN: Final = 0x2000_0000
_O_ASYNC: Final = 0o20000
# CLONE_VM, FS, FILES, SIGHAND, THREAD, SYSVSEM, SETTLS, PARENT_SETTID, CHILD_CLEARTID: what glibc
# gives for a thread; musl adds CLONE_DETACHED, which does nothing.
_THREAD: Final = (0x3D_0F00, 0x7D_0F00)
# NORMAL, RANDOM, SEQUENTIAL, WILLNEED, DONTNEED, FREE, HUGEPAGE, NOHUGEPAGE, DONTDUMP
_ADVICE: Final = (0, 1, 2, 3, 4, 8, 14, 15, 16)
_FCNTL: Final = (1, 2, 3)  # F_GETFD, F_SETFD, F_GETFL
_F_SETFL: Final = 4
# PR_GET_DUMPABLE, PR_SET_NAME, PR_GET_NAME, PR_GET_SECCOMP, PR_GET_NO_NEW_PRIVS, PR_SET_VMA
_PRCTL: Final = (3, 15, 16, 21, 39, 0x5356_4D41)
# TCGETS, TIOCGWINSZ, FIONREAD, FIONBIO, FIOCLEX, TCGETS2
_IOCTL: Final = (0x5401, 0x5413, 0x541B, 0x5421, 0x5451, 0x802C_542A)
# SO_REUSEADDR, SNDBUF, RCVBUF, KEEPALIVE, LINGER, RCVTIMEO, SNDTIMEO
_SOCKET_OPTIONS: Final = (2, 7, 8, 9, 13, 20, 21)
_TO_BE_READ: Final = (3, 4, 30, 38, 39)  # SO_TYPE, ERROR, ACCEPTCONN, PROTOCOL, DOMAIN
# TCP_NODELAY, KEEPIDLE, KEEPINTVL, KEEPCNT, QUICKACK, USER_TIMEOUT
_TCP_OPTIONS: Final = (1, 4, 5, 6, 12, 18)

# The letters in bits 8 to 15 of an ioctl, by the name of the device, links followed. A letter is
# shared with other drivers, so it is open only if the plan has such a device. None of these was
# tried on a real device.
IOCTL_KINDS: Final = {
    "video": "V",  # linux/videodev2.h
    "v4l-subdev": "V",
    "media": "|",  # linux/media.h
    "dma_heap": "Hb",  # linux/dma-heap.h, linux/dma-buf.h
    "bus/usb": "U",  # linux/usbdevice_fs.h
    "apex": "\xdc",  # gasket, the driver of the PCIe Edge TPU
    "hailo": "gvnsp",  # hailo_ioctl_common.h
    "h1x": "gvnsp",  # the Hailo-10 since HailoRT 5.3
}


def allowed(plan: Plan, process: int, kept: tuple[int, ...] = ()) -> dict[str, Ways]:
    """Give the calls that are left to `process`, and the ways in which they may be made.

    `kept` are unix sockets (the service manager's) by descriptor. A datagram socket could be
    connected elsewhere; no descriptor can be given another number, since there is no dup.
    """
    return {
        **dict.fromkeys((*FREE.split(), *ABSENT.split()), ALWAYS),
        "open": ((Lacks(1, _NOT_READING),),),
        "openat": ((Lacks(2, _NOT_READING),),),
        "write": ((Above(0, 2),), (AtMost(2, LONGEST_LINE),)),
        "pipe2": ((OneOf(1, _PIPE_FLAGS),),),
        "mmap": _maps(plan),
        "mprotect": ((Lacks(2, _EXECUTE),),),
        "madvise": ((OneOf(2, _ADVICE),),),
        "clone": ((OneOf(0, _THREAD),),),
        "tgkill": ((OneOf(0, (process,)),),),
        "prlimit64": ((OneOf(0, (0, process)), Null(2)),),
        "prctl": ((OneOf(0, _PRCTL),),),
        "fcntl": ((OneOf(1, _FCNTL),), (OneOf(1, (_F_SETFL,)), Lacks(2, _O_ASYNC))),
        "ioctl": ((OneOf(1, _IOCTL),), *_device_ioctls(plan)),
        "socket": ((OneOf(0, _INET), OneOf(1, _STREAM, LOW & ~_SOCKET_FLAGS), OneOf(2, _TCP)),),
        "connect": ((NoneOf(0, kept),),),
        "getsockopt": (
            (OneOf(1, (1,)), OneOf(2, (*_SOCKET_OPTIONS, *_TO_BE_READ))),  # SOL_SOCKET
            (OneOf(1, (6,)),),  # IPPROTO_TCP
        ),
        "setsockopt": (
            (OneOf(1, (1,)), OneOf(2, _SOCKET_OPTIONS)),  # SOL_SOCKET
            (OneOf(1, (6,)), OneOf(2, _TCP_OPTIONS)),  # IPPROTO_TCP
        ),
        # An address would be another peer than the one that `connect` was checked for.
        "sendto": ((Null(4), Lacks(3, _FASTOPEN)),),
        **(_by_libusb(kept) if plan.devices else {}),
    }


def _by_libusb(kept: tuple[int, ...]) -> dict[str, Ways]:
    """What it hears of the bus (a unix socket could bring an open file), how long it waits."""
    return {"recvmsg": ((NoneOf(0, kept),),), "timerfd_settime": ALWAYS}


def _maps(plan: Plan) -> Ways:
    if plan.devices:  # a driver's buffers are shared with it
        return ((Lacks(2, _EXECUTE),),)
    # Not even to read: `mprotect` could make it writable if the file is.
    return ((Lacks(2, _EXECUTE), Lacks(3, _SHARED)),)


def _device_ioctls(plan: Plan) -> Ways:
    return tuple(_ioctls_of(kind) for kind in sorted(set("".join(map(_kinds, plan.devices)))))


def _ioctls_of(kind: str) -> Way:
    return (OneOf(1, tuple(way << 30 | ord(kind) << 8 for way in (1, 2, 3)), 0xC000_FF00),)


def _kinds(device: Path) -> str:
    """Which letters the ioctls of a device have; those without a direction are none of them."""
    name = str(device).removeprefix("/dev/")
    return "".join(letters for start, letters in IOCTL_KINDS.items() if name.startswith(start))
