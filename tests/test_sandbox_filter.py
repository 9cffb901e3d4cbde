"""The filter: every row of the table is run as a program, with calls it allows and others.

The interpreter below knows what the kernel's description says of BPF (networking/filter).
"""

import errno
import random
import struct
from pathlib import Path

import pytest

from counter.sandbox import bpf
from counter.sandbox.conditions import ALWAYS, Above, AtMost, Lacks, NoneOf, Null, OneOf
from counter.sandbox.filter import ABSENT, FREE, LONGEST_LINE, allowed
from counter.sandbox.plan import Plan
from counter.sandbox.syscalls import MACHINES, numbers

ME, KEPT = 4321, (5, 9)  # the process; descriptors of unix sockets
PLAIN, CAMERA = Plan(), Plan(devices=(Path("/dev/video0"), Path("/dev/dma_heap/linux,cma")))
ALLOW, EPERM, ENOSYS = 0x7FFF0000, 0x50000 | errno.EPERM, 0x50000 | errno.ENOSYS
HIGH = 1 << 40  # a bit that the kernel does not see in an `int`
POINTER = 0x7F00_0000_1000


def compiled(machine: str, plan: Plan) -> list[list[tuple[int, int, int, int]]]:
    known = numbers(machine)
    ways = {known[name]: way for name, way in allowed(plan, ME, KEPT).items() if name in known}
    hidden = bpf.hide(machine, [known[name] for name in ABSENT.split()])
    both = bpf.assemble(machine, ways), hidden
    return [list(struct.iter_unpack("@HBBI", program)) for program in both]


PROGRAMS = {
    (machine, plan): compiled(machine, plan) for machine in MACHINES for plan in (PLAIN, CAMERA)
}


def outcome(machine, plan, number, *arguments, architecture=None):
    """Ask both programs; the kernel takes the stricter answer, which is the smaller number."""
    given = [*arguments, *[0] * (6 - len(arguments))]
    architecture = architecture or bpf.ARCHITECTURES[machine]
    data = struct.pack("<IIQ6Q", number, architecture, 0, *[one % (1 << 64) for one in given])
    return min(interpreted(program, data) for program in PROGRAMS[machine, plan])


def interpreted(program, data):
    at = a = 0
    while True:
        (code, yes, no, k), at = program[at], at + 1
        match code:
            case 0x20:  # ld [k]
                (a,) = struct.unpack_from("<I", data, k)
            case 0x54:
                a &= k
            case 0x05:
                at += k
            case 0x15:
                at += yes if a == k else no
            case 0x25:
                at += yes if a > k else no
            case 0x35:
                at += yes if a >= k else no
            case 0x45:
                at += yes if a & k else no
            case 0x06:
                return k
            case _:
                raise AssertionError(f"an instruction {code:#x} that was not expected")


def call(machine, plan, name, *arguments):
    return outcome(machine, plan, numbers(machine)[name], *arguments)


TO_WRITE = (1, 2, 3, 0o100, 0o1000, 0o2000, 0o20200000, 0o101)  # O_WRONLY, ..., O_TMPFILE
RX, RW, RWX, PRIVATE = 5, 3, 7, 2
CLOEXEC, NONBLOCK = 0o2000000, 0o4000
Calls = list[tuple[int, ...]]
# name: arguments that are allowed, arguments that are refused
CASES: dict[str, tuple[Calls, Calls]] = {
    "open": (
        [(POINTER, 0), (POINTER, CLOEXEC), (POINTER, 0o200000), (POINTER, 0o10000000)],
        [(POINTER, flags) for flags in (*TO_WRITE, 1 | HIGH)],
    ),
    "openat": (
        [(-100, POINTER, 0), (-100, POINTER, CLOEXEC), (3, POINTER, 0o40000), (0, POINTER, HIGH)],
        [(-100, POINTER, flags) for flags in TO_WRITE],
    ),
    "write": (
        [(3, POINTER, 1 << 30), (1, POINTER, LONGEST_LINE), (2, POINTER, 0), (1, POINTER, 4096)],
        [(fd, 0, n) for fd in (0, 1, 2, 1 | HIGH) for n in (LONGEST_LINE + 1, 1 << 33)],
    ),
    "pipe2": ([(0, 0), (0, CLOEXEC | NONBLOCK)], [(0, 0o200), (0, 0o40000)]),
    "mmap": (
        [(0, 4096, RW, PRIVATE), (0, 4096, 0, PRIVATE), (0, 4096, 1, PRIVATE), (0, 4096, RW, 0x22)],
        [(0, 4096, p, f) for p, f in ((RWX, 0x22), (RX, 2), (RX, 1), (4, 0x22), (RW, 3), (1, 1))],
    ),
    "mprotect": ([(0, 4096, RW), (0, 4096, 0)], [(0, 4096, p) for p in (4, 5, 7)]),
    "madvise": ([(0, 1, 4), (0, 1, 8), (0, 1, 14)], [(0, 1, 12), (0, 1, 21), (0, 1, 100)]),
    "clone": (
        [(0x3D0F00,), (0x7D0F00,)],
        [(17,), (0x4111,), (0x3D0F00 | 0x10000000,), (0x3D0F00 & ~0x10000,), (0,), (0x3D1F00,)],
    ),
    "tgkill": ([(ME, ME, 6), (ME, 99, 0)], [(1, 1, 0), (0, 0, 9), (-1, -1, 9), (ME + 1, ME, 9)]),
    "prlimit64": (
        [(0, 7, 0, POINTER), (ME, 7, 0, POINTER)],
        [(0, 7, POINTER, 0), (ME, 7, HIGH, 0), (1, 7, 0, POINTER)],
    ),
    "prctl": (
        [(15, POINTER), (16, POINTER), (3,), (39,)],
        [(4, 1), (22, 2, POINTER), (35, 1), (59,), (1, 9), (36, 1), (0x59616D61, 1), (65, 1)],
    ),
    "fcntl": (
        [(3, 1), (3, 2, 1), (3, 3), (3, 4, 0o4000)],
        [(3, 4, 0o20000), (3, 0), (3, 1030), (3, 8), (3, 1024), (3, 1033), (3, 1036), (3, 6)],
    ),
    "ioctl": (
        [(3, 0x5421), (3, 0x5401), (1, 0x5413), (3, 0x5421 | HIGH)],
        [(0, 0x5412), (0, 0x541C), (3, 0x40086602), (3, 0x40049409), (3, 0x8914), (3, 0xC0605611)],
    ),
    "socket": (
        [(2, 1, 0), (2, 1, 6), (10, 1 | CLOEXEC | NONBLOCK, 6), (10, 1 | CLOEXEC, 0)],
        [(2, 2, 0), (2, 2 | CLOEXEC, 17), (1, 1, 0), (16, 3, 0), (2, 3, 1), (2, 1, 262), (17, 3, 3),
         (2, 5, 132), (2, 1, 132), (40, 1, 0), (38, 5, 0)],
    ),
    "connect": ([(3,), (6,), (0,)], [(5,), (9,), (9 | HIGH,)]),
    "getsockopt": ([(3, 1, 4), (3, 6, 11), (3, 1, 8)], [(3, 1, 77), (3, 0, 64), (3, 41, 1)]),
    "setsockopt": (
        [(3, 6, 1), (3, 1, 9), (3, 1, 20), (3, 6, 18)],
        [(3, 6, 23), (3, 6, 30), (3, 6, 31), (3, 1, 26), (3, 0, 64), (3, 41, 26), (3, 6, 19)],
    ),
    "sendto": (
        [(3, POINTER, 9, 0, 0, 0), (3, POINTER, 9, 0x4000, 0, 0)],
        [(3, POINTER, 9, 0, POINTER, 16), (3, POINTER, 9, 0, HIGH, 16), (3, POINTER, 9, 1 << 29)],
    ),
}  # fmt: skip


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("name", CASES)
def test_a_row_allows_and_refuses(machine, name):
    if name not in numbers(machine):
        assert machine == "aarch64"
        assert name == "open"
        return
    fine, refused = CASES[name]
    assert [call(machine, PLAIN, name, *one) for one in fine] == [ALLOW] * len(fine)
    assert [call(machine, PLAIN, name, *one) for one in refused] == [EPERM] * len(refused)


def test_every_row_with_conditions_has_a_case():
    assert set(CASES) == {name for name, ways in allowed(PLAIN, ME, KEPT).items() if ways != ALWAYS}


@pytest.mark.parametrize(("machine", "plan"), PROGRAMS)
def test_what_is_not_in_the_table_is_refused(machine, plan):
    known = numbers(machine)
    free = [*FREE.split(), *(["timerfd_settime"] if plan.devices else [])]
    expected = dict.fromkeys((known[one] for one in free if one in known), ALLOW)
    expected |= {known[one]: ENOSYS for one in ABSENT.split()}
    conditional = {known[name] for name in (*CASES, "recvmsg") if name in known}
    for number in [*range(600), 1 << 31, (1 << 32) - 1]:
        if number not in conditional:
            assert outcome(machine, plan, number) == expected.get(number, EPERM), number


@pytest.mark.parametrize(("machine", "plan"), PROGRAMS)
def test_another_architecture_and_x32_are_refused(machine, plan):
    read = numbers(machine)["read"]
    for other in (0x40000003, 0x40000028, 0xC000003E ^ 0xC00000B7 ^ bpf.ARCHITECTURES[machine]):
        assert outcome(machine, plan, read, architecture=other) == EPERM
    for number in range(600):
        assert outcome(machine, plan, 0x40000000 | number) == EPERM


@pytest.mark.parametrize("machine", MACHINES)
def test_a_device_opens_its_own_ioctls_and_shared_memory_but_no_code(machine):
    stream_on, sync, usb = 0x40045612, 0x40086200, 0xC0185500
    for command in (stream_on, sync):
        assert call(machine, PLAIN, "ioctl", 3, command) == EPERM
        assert call(machine, CAMERA, "ioctl", 3, command) == ALLOW
    for command in (usb, 0x5612, 0x5412, 0x40086602):  # 0x5612: a console's, in the same letter
        assert call(machine, CAMERA, "ioctl", 3, command) == EPERM
    assert call(machine, PLAIN, "mmap", 0, 4096, RW, 1, 3) == EPERM
    assert call(machine, CAMERA, "mmap", 0, 4096, RW, 1, 3) == ALLOW
    assert call(machine, CAMERA, "mmap", 0, 4096, RWX, 1, 3) == EPERM
    assert call(machine, CAMERA, "mmap", 0, 4096, RX, 2, 3) == EPERM
    assert [call(machine, CAMERA, "recvmsg", one) for one in (3, *KEPT)] == [ALLOW, EPERM, EPERM]
    assert call(machine, PLAIN, "recvmsg", 3) == EPERM


def holds(condition, arguments):
    """Say the same as the program, without BPF."""
    value = arguments[condition.argument] % (1 << 64)
    low = value % (1 << 32)
    match condition:
        case Lacks(bits=bits):
            return low & bits == 0
        case OneOf(values=values, mask=mask):
            return low & mask in values
        case NoneOf(values=values):
            return low not in values
        case Above(limit=limit):
            return low > limit
        case AtMost(limit=limit):
            return value <= limit
        case Null():
            return value == 0


@pytest.mark.parametrize(("machine", "plan"), PROGRAMS)
def test_the_program_says_what_the_table_says(machine, plan):
    chance = random.Random(7)  # noqa: S311  # no secret
    near = [0, 1, 2, 3, 4, 6, ME, 0x5421, 0x40045612, 0x3D0F00, LONGEST_LINE, 0o2000001, HIGH]
    for name, ways in allowed(plan, ME, KEPT).items():
        if name not in numbers(machine) or name in ABSENT.split():
            continue
        for _ in range(300):
            given = [chance.choice([*near, chance.getrandbits(64)]) for _ in range(6)]
            fine = any(all(holds(one, given) for one in way) for way in ways)
            assert call(machine, plan, name, *given) == (ALLOW if fine else EPERM), (name, given)


@pytest.mark.parametrize(("machine", "plan"), PROGRAMS)
def test_the_program_is_short_and_its_jumps_land_in_it(machine, plan):
    for program in PROGRAMS[machine, plan]:
        assert len(program) < 600  # of 4096
        for at, (code, yes, no, k) in enumerate(program):
            for jump in (k,) if code == 0x05 else (yes, no):
                assert at + 1 + jump < len(program) or code == 0x06
