"""Turns the table of allowed calls into a classic BPF program. Pure.

Rule 1: the architecture is looked at first, since the numbers mean other calls on another one.
Rule 2: what is not in the table is refused with EPERM; what libraries must take for absent, so
that they fall back, with ENOSYS.

The number is found by halving the table. Calls that are always allowed end there, so that the
kernel (5.11 and later) sees that their arguments do not matter and skips the program for them.
"""

import errno
import struct
from collections.abc import Collection, Mapping
from typing import Final

from counter.sandbox.conditions import (
    Above,
    AtMost,
    Condition,
    Lacks,
    NoneOf,
    Null,
    OneOf,
    Way,
    Ways,
)

ALLOW: Final = 0x7FFF_0000
REFUSE: Final = 0x0005_0000 | errno.EPERM
ABSENT: Final = 0x0005_0000 | errno.ENOSYS

ARCHITECTURES: Final = {"x86_64": 0xC000_003E, "aarch64": 0xC000_00B7}  # AUDIT_ARCH_*
X32: Final = 0x4000_0000  # calls of the x32 ABI on x86-64; none is in a table of ours

LOAD, RETURN, AND = 0x20, 0x06, 0x54  # ld [k]; ret k; and #k
JUMP, EQUAL, GREATER, NOT_LESS, ANY = 0x05, 0x15, 0x25, 0x35, 0x45
MOST_INSTRUCTIONS: Final = 4096  # BPF_MAXINSNS
_FURTHEST: Final = 255  # a conditional jump has 8 bits

_NUMBER, _ARCHITECTURE = 0, 4  # offsets in struct seccomp_data
_FAIL: Final = -1  # a jump to the end of the way

Instruction = tuple[int, int, int, int]  # code, jump if true, jump if false, k


def assemble(machine: str, allowed: Mapping[int, Ways]) -> bytes:
    """Give the program that refuses what is not allowed: 8 bytes an instruction."""
    return _program(machine, {number: _body(ways) for number, ways in allowed.items()}, REFUSE)


def hide(machine: str, absent: Collection[int]) -> bytes:
    """Give the program that lets calls seem absent, and leaves all others to `assemble`'s.

    It is a program of its own because the kernel logs what a program refuses, or nothing of it: a
    library that asks for a newer form first, at each thread it starts, would fill the log.
    """
    return _program(machine, {number: [(RETURN, 0, 0, ABSENT)] for number in absent}, ALLOW)


def _program(machine: str, rows: Mapping[int, list[Instruction]], otherwise: int) -> bytes:
    program = [
        (LOAD, 0, 0, _ARCHITECTURE),
        (EQUAL, 1, 0, ARCHITECTURES[machine]),
        (RETURN, 0, 0, otherwise),
        (LOAD, 0, 0, _NUMBER),
        (NOT_LESS, 0, 1, X32),
        (RETURN, 0, 0, otherwise),
        *_search(sorted(rows.items()), otherwise),
    ]
    if len(program) > MOST_INSTRUCTIONS:
        raise ValueError(f"{len(program)} instructions, the kernel takes {MOST_INSTRUCTIONS}")
    return b"".join(struct.pack("@HBBI", *one) for one in program)


def _search(rows: list[tuple[int, list[Instruction]]], otherwise: int) -> list[Instruction]:
    if len(rows) == 1:
        ((number, body),) = rows
        return [(EQUAL, 1, 0, number), (RETURN, 0, 0, otherwise), *body]
    middle = len(rows) // 2
    lower, upper = _search(rows[:middle], otherwise), _search(rows[middle:], otherwise)
    pivot, distance = rows[middle][0], len(lower)
    if distance <= _FURTHEST:
        return [(NOT_LESS, distance, 0, pivot), *lower, *upper]
    return [(NOT_LESS, 0, 1, pivot), (JUMP, 0, 0, distance), *lower, *upper]


def _body(ways: Ways) -> list[Instruction]:
    """Try one way after the other."""
    tried = [one for way in ways for one in _way(way)]
    return tried if ways[-1] == () else [*tried, (RETURN, 0, 0, REFUSE)]


def _way(way: Way) -> list[Instruction]:
    """Allow the call if every condition holds; else go on behind the way."""
    code = [one for condition in way for one in _condition(condition)]
    code.append((RETURN, 0, 0, ALLOW))
    ends = len(code)
    return [
        (
            what,
            ends - at - 1 if yes == _FAIL else yes,
            ends - at - 1 if no == _FAIL else no,
            k,
        )
        for at, (what, yes, no, k) in enumerate(code)
    ]


def _condition(condition: Condition) -> list[Instruction]:
    """Fall through when it holds."""
    low = 16 + 8 * condition.argument  # both machines are little-endian
    match condition:
        case Lacks(bits=bits):
            return [(LOAD, 0, 0, low), (ANY, _FAIL, 0, bits)]
        case OneOf(values=values, mask=mask):
            masked = [] if mask == 0xFFFF_FFFF else [(AND, 0, 0, mask)]
            return [(LOAD, 0, 0, low), *masked, *_one_of(values)]
        case NoneOf(values=values):
            return [(LOAD, 0, 0, low), *[(EQUAL, _FAIL, 0, value) for value in values]]
        case Above(limit=limit):
            return [(LOAD, 0, 0, low), (GREATER, 0, _FAIL, limit)]
        case AtMost(limit=limit):
            return [*_zero(low + 4), (LOAD, 0, 0, low), (GREATER, _FAIL, 0, limit)]
        case Null():
            return [*_zero(low + 4), *_zero(low)]


def _zero(word: int) -> list[Instruction]:
    return [(LOAD, 0, 0, word), (EQUAL, 0, _FAIL, 0)]


def _one_of(values: tuple[int, ...]) -> list[Instruction]:
    last = len(values) - 1
    return [
        (EQUAL, last - at, _FAIL if at == last else 0, value) for at, value in enumerate(values)
    ]
