"""The two stages.

Stage 1 comes while there is one thread and before any library that could start one: limits, no core
dump, no new privileges, Landlock. Names can still be looked up, libraries loaded, ports bound.
Stage 2 comes when all is open and before the first frame: the filter over all threads. Then it is
tried whether the rights are gone, in this very process.

Rule 1: neither stage can be undone.
Rule 2: a guarantee that is missing and not accepted stops the start, in either stage.
Rule 3: an accepted one is enforced as far as it goes. Only the user's own redirect stays writable.
"""

import logging
import os
import resource
import sys
from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Final

from counter.errors import SandboxError
from counter.guarantees import Guarantee
from counter.sandbox import bpf, inherited, kernel, landlock, needs, selftest, swap
from counter.sandbox.filter import ABSENT, allowed
from counter.sandbox.kernel import Facts
from counter.sandbox.plan import Plan
from counter.sandbox.proof import FULL, Attempt, Proof
from counter.sandbox.verdict import require

# What opening may still need: DAC_OVERRIDE and DAC_READ_SEARCH (a device, a file of another user),
# NET_BIND_SERVICE (a low port). Without the rest, other processes are closed to root as well.
CAPABILITIES: Final = 1 << 1 | 1 << 2 | 1 << 10
LIMITS: Final = (resource.RLIMIT_CORE, resource.RLIMIT_MSGQUEUE)  # set to nothing, for good

_log = logging.getLogger("counter.sandbox")


class Enclosure:
    """Of this process. `facts` stands in for what the kernel says of itself, in tests."""

    def __init__(
        self, plan: Plan, accepted: Collection[Guarantee] = (), *, facts: Facts | None = None
    ) -> None:
        if 0 in (*plan.bind, *plan.connect):
            raise ValueError("port 0 stands for any port")
        # Links are followed (/dev/v4l/by-id/...): the name says which ioctls a device takes.
        self._plan = replace(plan, devices=tuple(one.resolve() for one in plan.devices))
        self._accepted = frozenset(accepted)
        self._facts = facts or kernel.probe()
        self._missing: frozenset[Guarantee] | None = None  # None: stage 1 is still to come
        self._children: set[str] = set()  # before stage 1: not ours (a shell that became us)
        self.proof: Proof | None = None

    def enter(self) -> None:
        """Stage 1. Raises SandboxError."""
        _alone()
        missing = _missing(self._facts)
        require(missing, self._accepted)
        sys.dont_write_bytecode = True  # it could not be written, and each try would be logged
        self._built("stage 1", (), lambda: _lower(missing))
        if self._facts.landlock_abi:
            walls = (Guarantee.LANDLOCK_FS, Guarantee.LANDLOCK_NET)
            missing |= self._built("stage 1", walls, self._restrict)
        self._missing, self._children = missing, inherited.children()

    def seal(self) -> Proof:
        """Stage 2 and the proof. Raises SandboxError."""
        missing = self._missing
        if missing is None:
            raise RuntimeError("stage 1 comes first")
        if inherited.children() - self._children:
            raise SandboxError(
                "a process was started between the stages of the sandbox",
                "stage 2 does not bind it: nothing may start one",
            )
        if Guarantee.SECCOMP not in missing:
            missing |= self._built("stage 2", (Guarantee.SECCOMP,), self._filter)
        outcome = selftest.run(self._plan, missing)
        missing |= outcome.broken
        if missing - self._accepted:
            raise SandboxError(
                f"the sandbox does not hold on this machine: {', '.join(outcome.open)}"
                " was not refused",
                "the kernel takes a rule without enforcing it; is it emulated?",
            )
        self.proof = _proof(self._facts, outcome.attempts, missing)
        _log.info("%s", _told(self.proof))
        return self.proof

    def _filter(self) -> None:
        """Hide first: the second program leaves no call that could add another."""
        number, machine = kernel.NUMBERS, self._facts.machine
        ways = allowed(self._plan, os.getpid(), inherited.unix_sockets())
        strict = {number[name]: way for name, way in ways.items() if name in number}
        hidden = bpf.hide(machine, [number[name] for name in ABSENT.split()])
        kernel.install_filter(hidden, log=False)
        kernel.install_filter(bpf.assemble(machine, strict), log=True)

    def _restrict(self) -> None:
        landlock.restrict(self._plan, needs.readable(), needs.PINNED, self._facts.landlock_abi)

    def _built(
        self, stage: str, walls: tuple[Guarantee, ...], build: Callable[[], None]
    ) -> frozenset[Guarantee]:
        """Build `walls`; give those that cannot be built and need not be."""
        try:
            build()
        except OSError as error:
            if walls and self._accepted.issuperset(walls):
                return frozenset(walls)
            raise SandboxError(
                f"the kernel refused {stage} of the sandbox: {error.strerror}",
                "is another sandbox around this one (a container, an emulator)?",
            ) from error
        return frozenset()


def _lower(missing: Collection[Guarantee]) -> None:
    """Give up what needs no wall."""
    kernel.load_ahead()
    for limit in LIMITS:
        resource.setrlimit(limit, (0, 0))
    if Guarantee.NO_INHERITED_FILES not in missing:
        # No file grows, not even one of memory; Python ignores the signal and gets EFBIG.
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    # A limit of 0 does not stop a core dump into a pipe; this does.
    kernel.prctl(kernel.PR_SET_DUMPABLE, 0)
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    kernel.keep_capabilities(CAPABILITIES)


def _missing(facts: Facts) -> frozenset[Guarantee]:
    """Give what this kernel, this machine and this start cannot guarantee."""
    held = {
        Guarantee.SECCOMP: facts.seccomp,
        Guarantee.LANDLOCK_FS: facts.landlock_abi > 0,
        Guarantee.LANDLOCK_NET: facts.landlock_abi >= landlock.NETWORK_ABI,
        Guarantee.NO_SWAP: swap.kept_out(),
        Guarantee.NO_INHERITED_FILES: not inherited.writable_files(),
    }
    return frozenset(one for one, so in held.items() if not so)


def _alone() -> None:
    try:
        threads = len(os.listdir("/proc/self/task"))  # noqa: PTH208  # only their number
    except OSError as error:
        raise SandboxError(
            "the sandbox needs /proc, and there is none", "mount it: it tells of ourselves"
        ) from error
    if threads != 1:
        raise SandboxError(
            f"stage 1 of the sandbox needs a process with one thread, this one has {threads}",
            "Landlock does not bind threads that run already: nothing may start one earlier",
        )


def _proof(facts: Facts, attempts: tuple[Attempt, ...], missing: Collection[Guarantee]) -> Proof:
    ordered = tuple(one for one in Guarantee if one in missing)
    return Proof(facts.release, facts.landlock_abi, attempts, ordered)


def _told(proof: Proof) -> str:
    blocked = sum(one.blocked for one in proof.attempts)
    of = "" if proof.level == FULL else f" of {len(proof.attempts)}"
    still = ", ".join(one.name for one in proof.attempts if not one.blocked)
    still = f"; not: {still}" if still else ""
    where = f"kernel {proof.kernel}, landlock {proof.landlock_abi}"
    return f"sandbox {proof.level}: {blocked}{of} attempts to get out were blocked ({where}){still}"
