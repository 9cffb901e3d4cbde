"""The door to the kernel: system calls by name, and what this kernel has. All of ctypes is here.

Rule: a call that fails is an OSError with the kernel's errno; a call whose number is not known on
this machine is ENOSYS.
"""

import contextlib
import ctypes
import errno
import os
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from counter.sandbox.syscalls import numbers

# PyDLL: no other thread runs between a call and its errno; our calls are short.
_libc = ctypes.PyDLL(None, use_errno=True)
_syscall = _libc.syscall
_syscall.restype = ctypes.c_long

NUMBERS: Final[Mapping[str, int]] = numbers(os.uname().machine if struct.calcsize("P") == 8 else "")

PR_GET_DUMPABLE, PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS = 3, 4, 38

_GET_ACTION_AVAILABLE, _SET_FILTER = 2, 1  # of seccomp(2)
_ERRNO_ACTION = 0x00050000
_THREAD_SYNC, _LOG = 1, 2
_CAPABILITY_VERSION = 0x20080522
_VERSION = 1  # flag of landlock_create_ruleset: ask for the ABI


@dataclass(frozen=True, slots=True)
class Facts:
    """What this kernel has."""

    release: str
    machine: str
    landlock_abi: int  # 0: none, or switched off
    seccomp: bool  # filters, and the numbers of this machine are known


def probe() -> Facts:
    system = os.uname()
    return Facts(system.release, system.machine, _landlock_abi(), bool(NUMBERS) and _filters())


def call(name: str, *arguments: int | bytes | ctypes.Array[ctypes.c_char] | None) -> int:
    """Make a system call. Integers go as 64 bits; bytes and buffers as their address."""
    number = NUMBERS.get(name)
    if number is None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS), name)
    given = [ctypes.c_long(one) if isinstance(one, int) else one for one in arguments]
    unused = [ctypes.c_long(0)] * (6 - len(given))  # some calls look at them
    return _checked(int(_syscall(ctypes.c_long(number), *given, *unused)), name)


def prctl(option: int, value: int = 0) -> int:
    given = [ctypes.c_long(one) for one in (value, 0, 0, 0)]
    return _checked(int(_libc.prctl(option, *given)), "prctl")


def load_ahead() -> None:
    """Load what glibc loads by itself later, when it cannot: a thread that is ended needs it."""
    with contextlib.suppress(OSError):  # another C library
        ctypes.CDLL("libgcc_s.so.1")


def keep_capabilities(kept: int) -> None:
    """Give up all capabilities of this thread but those in `kept`, if it has them."""
    header = struct.pack("@Ii", _CAPABILITY_VERSION, 0)
    now = ctypes.create_string_buffer(24)
    call("capget", header, now)
    # Two halves, each effective, permitted, inheritable; what we keep lies in the low one.
    permitted = struct.unpack("@6I", now.raw)[1] & kept
    call("capset", header, struct.pack("@6I", permitted, permitted, 0, 0, 0, 0))


def install_filter(program: bytes, *, log: bool) -> None:
    """Put a classic BPF program before every system call of every thread, for ever."""
    instructions = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("@HxxxxxxQ", len(program) // 8, ctypes.addressof(instructions))
    refused = call("seccomp", _SET_FILTER, _THREAD_SYNC | (_LOG if log else 0), header)
    if refused:  # the id of a thread that has a filter of its own
        raise OSError(errno.ESRCH, "a thread could not be brought under the filter")


def create_ruleset(attributes: bytes) -> int:
    return call("landlock_create_ruleset", attributes, len(attributes), 0)


def add_rule(ruleset: int, kind: int, attributes: bytes) -> None:
    call("landlock_add_rule", ruleset, kind, attributes, 0)


def restrict_self(ruleset: int) -> None:
    call("landlock_restrict_self", ruleset, 0)


def _checked(result: int, name: str) -> int:
    if result == -1:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), name)
    return result


def _landlock_abi() -> int:
    try:
        return call("landlock_create_ruleset", None, 0, _VERSION)
    except OSError:  # ENOSYS: not built in; EOPNOTSUPP: not switched on
        return 0


def _filters() -> bool:
    try:
        call("seccomp", _GET_ACTION_AVAILABLE, 0, struct.pack("@I", _ERRNO_ACTION))
    except OSError:
        return False
    return True
