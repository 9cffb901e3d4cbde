"""The numbers of system calls, beside the headers of the kernel where they are installed."""

import re
from pathlib import Path

import pytest

from counter.sandbox.filter import ABSENT, allowed
from counter.sandbox.plan import Plan
from counter.sandbox.syscalls import MACHINES, numbers

HEADERS = {
    "x86_64": ("/usr/include/x86_64-linux-gnu/asm/unistd_64.h", r"#define __NR_(\w+)\s+(\d+)"),
    "aarch64": ("/usr/include/asm-generic/unistd.h", r"#define __NR(?:3264)?_(\w+)\s+(\d+)"),
}


@pytest.mark.parametrize("machine", MACHINES)
def test_the_numbers_are_those_of_the_kernels_headers(machine):
    path, line = HEADERS[machine]
    if not Path(path).exists():
        pytest.skip(f"not run: no {path} (apt install linux-libc-dev)")
    found = {name: int(number) for name, number in re.findall(line, Path(path).read_text())}
    found.setdefault("newfstatat", found.get("fstatat", -1))
    known = numbers(machine)
    assert known == {name: found.get(name) for name in known}
    assert len(set(known.values())) == len(known) > 100


def test_every_call_of_the_filter_has_a_number():
    named = {*allowed(Plan(devices=(Path("/dev/video0"),)), 1), *ABSENT.split()}
    assert named <= set(numbers("x86_64"))
    # arm64 never had these: their `*at` and `p` forms are in the table too.
    old = "open stat lstat access readlink poll select epoll_wait time".split()  # noqa: SIM905
    assert named - set(numbers("aarch64")) == set(old)


def test_a_machine_whose_numbers_are_not_known_has_none():
    assert numbers("riscv64") == {}
