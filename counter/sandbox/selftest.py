"""Tries every way out in this very process, and says which were shut.

Rule 1: shut means that the kernel said no: another error got past the wall, and counts as open.
Rule 2: a way that nothing here is meant to shut is not tried, and counts as open.
"""

import errno
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from counter.guarantees import Guarantee
from counter.sandbox.attempts import WayOut, ways_out
from counter.sandbox.plan import Plan
from counter.sandbox.proof import Attempt

# EPERM: the filter. EACCES: Landlock. ENOSYS: the filter, of what libraries shall take for absent,
# or a kernel built without it. EROFS: a read-only system, which answers before Landlock does.
NO: Final = frozenset({errno.EPERM, errno.EACCES, errno.ENOSYS, errno.EROFS})


@dataclass(frozen=True, slots=True)
class Outcome:
    attempts: tuple[Attempt, ...]
    open: tuple[str, ...]  # names of ways that something should have shut, and did not
    broken: frozenset[Guarantee]  # what should have shut them


def run(plan: Plan, missing: Collection[Guarantee]) -> Outcome:
    attempts: list[Attempt] = []
    opened: list[str] = []
    broken: set[Guarantee] = set()
    for way in ways_out(plan):
        held = [one for one in way.shut_by if one not in missing]
        blocked = bool(held) and is_shut(way)
        attempts.append(Attempt(way.name, blocked))
        if held and not blocked:
            opened.append(way.name)
            broken.update(held)
    return Outcome(tuple(attempts), tuple(opened), frozenset(broken))


def is_shut(way: WayOut) -> bool:
    try:
        way.go()
    except PermissionError:
        return True
    except OSError as error:
        return error.errno in NO
    return False
