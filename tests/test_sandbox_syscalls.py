"""The numbers of system calls, beside the kernel's headers, libseccomp's list and this machine.

Three witnesses that know nothing of our table. The first two know both machines wherever they are
asked; the last is the machine that runs the tests, so it says something of arm64 only there, or
where arm64 is emulated (tests/aarch64.sh).
"""

import ctypes
import os
import re
import struct
import threading
import time
from pathlib import Path

import pytest

from counter.sandbox import kernel
from counter.sandbox.bpf import ARCHITECTURES
from counter.sandbox.filter import ABSENT, allowed
from counter.sandbox.plan import Plan
from counter.sandbox.syscalls import MACHINES, numbers

HEADERS = {
    "x86_64": ("/usr/include/x86_64-linux-gnu/asm/unistd_64.h", r"#define __NR_(\w+)\s+(\d+)"),
    "aarch64": ("/usr/include/asm-generic/unistd.h", r"#define __NR(?:3264)?_(\w+)\s+(\d+)"),
}
# arm64 never had these: their `*at`, `2` and `p` forms are in the table too.
OLD = frozenset("open stat lstat access readlink poll select epoll_wait time pipe".split())  # noqa: SIM905


def in_headers(machine: str) -> dict[str, int]:
    path, line = HEADERS[machine]
    if not Path(path).exists():
        pytest.skip(f"not run: no {path} (apt install linux-libc-dev)")
    found = {name: int(number) for name, number in re.findall(line, Path(path).read_text())}
    if "fstatat" in found:  # the generic header's name for it
        found.setdefault("newfstatat", found["fstatat"])
    return found


def in_libseccomp(machine: str) -> dict[str, int]:
    """Ask the library that other sandboxes take the numbers from; below zero is "not there"."""
    try:
        library = ctypes.CDLL("libseccomp.so.2")
    except OSError:
        pytest.skip("not run: no libseccomp.so.2 (apt install libseccomp2)")
    resolve = library.seccomp_syscall_resolve_name_arch
    resolve.argtypes, resolve.restype = (ctypes.c_uint32, ctypes.c_char_p), ctypes.c_int
    every = {name: resolve(ARCHITECTURES[machine], name.encode()) for name in numbers("x86_64")}
    return {name: number for name, number in every.items() if number >= 0}


def differing(table: dict[str, int], found: dict[str, int]) -> set[str]:
    """Names with another number, with one that is not there, and without one that is."""
    names = {*numbers("x86_64"), *table}
    return {name for name in names if table.get(name) != found.get(name)}


@pytest.mark.parametrize("witness", [in_headers, in_libseccomp])
@pytest.mark.parametrize("machine", MACHINES)
def test_the_numbers_are_those_of_the_kernels_headers(machine, witness):
    known, found = numbers(machine), witness(machine)
    assert not differing(known, found)
    assert len(set(known.values())) == len(known) > 100

    # The comparison can fail: of one number, of the other machine's column, of a call left out.
    assert differing({**known, "openat": known["openat"] + 1}, found) == {"openat"}
    other = numbers(next(one for one in MACHINES if one != machine))
    assert len(differing(other, found)) > 100
    assert differing({key: known[key] for key in known if key != "execve"}, found) == {"execve"}


def test_every_call_of_the_filter_has_a_number():
    named = {*allowed(Plan(devices=(Path("/dev/video0"),)), 1), *ABSENT.split()}
    assert named <= set(numbers("x86_64"))
    assert set(numbers("x86_64")) - set(numbers("aarch64")) == OLD
    assert set(numbers("aarch64")) <= set(numbers("x86_64"))


def test_a_machine_whose_numbers_are_not_known_has_none():
    assert numbers("riscv64") == {}


ASKED = {
    "getpid": os.getpid,
    "getppid": os.getppid,
    "gettid": threading.get_native_id,
    "getuid": os.getuid,
    "geteuid": os.geteuid,
    "getgid": os.getgid,
    "getegid": os.getegid,
    "sched_yield": lambda: 0,
}


@pytest.mark.parametrize("name", ASKED)
def test_a_number_makes_the_call_of_its_name_here(name):
    assert kernel.call(name) == ASKED[name]()


def test_numbers_with_memory_make_the_calls_of_their_names_here():
    room = ctypes.create_string_buffer(4096)
    kernel.call("uname", room)
    assert room.value == os.uname().sysname.encode()
    kernel.call("getcwd", room, len(room))
    assert room.value == os.fsencode(Path.cwd())
    kernel.call("clock_gettime", 1, room)  # CLOCK_MONOTONIC
    seconds, _ = struct.unpack_from("@qq", room)
    assert abs(seconds - time.monotonic()) < 60
    kernel.call("prlimit64", 0, 7, None, room)  # RLIMIT_NOFILE
    assert struct.unpack_from("@Q", room)[0] == os.sysconf("SC_OPEN_MAX")


def test_numbers_of_files_make_the_calls_of_their_names_here(tmp_path):
    path = os.fsencode(tmp_path / "written")
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
    opened = kernel.call("openat", -100, path, flags, 0o600)  # AT_FDCWD
    assert kernel.call("write", opened, b"abc", 3) == 3
    assert kernel.call("lseek", opened, 1, 0) == 1
    room = ctypes.create_string_buffer(8)
    assert kernel.call("read", opened, room, 8) == 2
    assert room.value == b"bc"
    kernel.call("close", opened)
    kernel.call("symlinkat", b"written", -100, os.fsencode(tmp_path / "link"))
    assert kernel.call("readlinkat", -100, os.fsencode(tmp_path / "link"), room, 8) == 7
    kernel.call("linkat", -100, path, -100, os.fsencode(tmp_path / "twin"), 0)
    kernel.call("mkdirat", -100, os.fsencode(tmp_path / "folder"), 0o700)
    kernel.call("fchmodat", -100, path, 0o400)
    kernel.call("truncate", path, 1)
    kernel.call("unlinkat", -100, os.fsencode(tmp_path / "link"), 0)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["folder", "twin", "written"]
    assert (tmp_path / "twin").read_bytes() == b"a"
    assert (tmp_path / "twin").stat().st_mode & 0o777 == 0o400
