"""What an argument of a system call may be.

A way is a tuple of conditions that must all hold; a call is allowed if one of its ways is open.
The kernel takes `int` arguments from the low 32 bits, so a condition looks at those alone, unless
the argument is a pointer or a size.
"""

from dataclasses import dataclass
from typing import Final

LOW: Final = 0xFFFF_FFFF


@dataclass(frozen=True, slots=True)
class Lacks:
    """None of these bits is set."""

    argument: int
    bits: int


@dataclass(frozen=True, slots=True)
class OneOf:
    """The bits of `mask` are one of these values."""

    argument: int
    values: tuple[int, ...]
    mask: int = LOW


@dataclass(frozen=True, slots=True)
class NoneOf:
    argument: int
    values: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Above:
    argument: int
    limit: int


@dataclass(frozen=True, slots=True)
class AtMost:
    """A size of 64 bits is not above the limit, which has 32."""

    argument: int
    limit: int


@dataclass(frozen=True, slots=True)
class Null:
    """A pointer of 64 bits is null."""

    argument: int


Condition = Lacks | OneOf | NoneOf | Above | AtMost | Null
Way = tuple[Condition, ...]
Ways = tuple[Way, ...]
ALWAYS: Final[Ways] = ((),)
