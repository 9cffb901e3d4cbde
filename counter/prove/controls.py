"""Runs that leak, and have to be caught: without the sandbox found, with it blocked or found.

Rule 1: each leak is tried twice. Free of the sandbox it must happen, and be found; a search that
misses it makes the proof worthless, and the report says so.
Rule 2: what the sandbox cannot block (an allowed connection, a line of the log) must be found by
the grammar or by the search.
Rule 3: what a control left is removed before anything else is searched.
"""

import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from counter.prove import leaky
from counter.prove.child import cores_permitted, python
from counter.prove.evidence import Evidence, gathered
from counter.prove.places import SHARED_MEMORY, core_goes_to_folder
from counter.prove.report import Control
from counter.prove.run import START_S, Around, Run, Setup, Stage, started
from counter.prove.search import Search

END_S: Final = 60.0
NOT_RUN: Final = "not run"
ENCLOSED: Final = "--enclosed"
LEAKY: Final = leaky.__name__  # tests put one in its place that can encode


@dataclass(frozen=True, slots=True)
class Leak:
    name: str  # for the report
    form: str  # for leaky
    short: bool = False
    dies: bool = False  # the leak is what a crash leaves


LEAKS: Final = (
    Leak("raw picture into a file", "file", short=True),
    Leak("raw rows into a topic of MQTT", "topic", short=True),
    Leak("base64 in lines of the log", "log", short=True),
    Leak("model's input into shared memory", "shared-memory"),
    Leak("core dump of a crash, unlimited", "none", dies=True),
)


def tried(leak: Leak, stage: Stage, search: Search) -> Control:
    """Try a leak without and with the sandbox."""
    if leak.dies and not (core_goes_to_folder() and cores_permitted()):
        reason = f"{NOT_RUN}: no core dump comes into the working folder here"
        return Control(leak.name, reason, reason, caught=True)
    free = _attempt(leak, stage, search, enclosed=False)
    enclosed = _attempt(leak, stage, search, enclosed=True)
    return Control(leak.name, free.told, enclosed.told, caught=free.found and enclosed.handled)


@dataclass(frozen=True, slots=True)
class _Attempt:
    blocked: bool
    evidence: Evidence

    @property
    def found(self) -> bool:
        return bool(self.evidence.found)

    @property
    def handled(self) -> bool:
        return self.blocked or not self.evidence.clean

    @property
    def told(self) -> str:
        if self.evidence.clean:
            return "blocked by the kernel" if self.blocked else "MISSED"
        by = [
            *(["the rules of what is said and written"] if self.evidence.faults else []),
            *(["the search"] if self.evidence.found else []),
        ]
        where = f" ({self.evidence.found[0]})" if self.evidence.found else ""
        return f"found by {' and '.join(by)}{where}"


def _attempt(leak: Leak, stage: Stage, search: Search, *, enclosed: bool) -> _Attempt:
    path = SHARED_MEMORY / f"{stage.folder.name}.leak"
    options = [ENCLOSED] if enclosed else []

    def command(config: Path) -> list[str]:
        return python(LEAKY, *options, leak.form, str(config), str(path))

    setup = Setup(Around.CORES if leak.dies else Around.PLAIN, command)
    try:
        with started(stage, setup) as run:
            run.child.wait_for(lambda: _tried(run), START_S)
            run.send(signal.SIGSEGV if leak.dies else signal.SIGTERM)
            run.child.ended(END_S)
            evidence = gathered(run, stage.subject, search, beside=[path])
            no_core = leak.dies and not run.files() and run.child.ended(0) == -signal.SIGSEGV
    finally:
        path.unlink(missing_ok=True)
    blocked = leaky.BLOCKED.encode() in run.child.log or no_core
    return _Attempt(blocked, evidence)


def _tried(run: Run) -> bool:
    return any(said.encode() in run.child.log for said in (leaky.LEAKED, leaky.BLOCKED))
