"""Starts the control and the attacked process, listens to what they say, and puts it in a table.

A process that ends during an attempt is started again without it. SIGSYS is the kernel's way to
block; any other end is unclear: it may have become another program.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from tests.attacks.judging import Outcome, Verdict
from tests.attacks.scene import Scene

ROOT = Path(__file__).parents[2]
PATIENCE_S = 90.0  # of a process; it takes some seconds
SENT = 8  # a file is sent so often: to who is armed, and to who takes one
STARTS = 6  # how often an attacked process is started


@dataclass(slots=True)
class Run:
    verdicts: list[Verdict] = field(default_factory=list)
    done: bool = False
    frames: int = 0
    output: list[str] = field(default_factory=list)  # the lines that are not ours

    def names(self, outcome: Outcome) -> set[str]:
        return {verdict.name for verdict in self.verdicts if verdict.outcome is outcome}

    def of(self, names: set[str]) -> dict[str, Outcome]:
        """The worst outcome of each of these attempts, from whichever thread."""
        order = [Outcome.ABSENT, Outcome.BLOCKED, Outcome.UNCLEAR, Outcome.WORKED]
        worst: dict[str, Outcome] = {}
        for each in self.verdicts:
            if each.name in names:
                before = worst.get(each.name, Outcome.ABSENT)
                worst[each.name] = max(before, each.outcome, key=order.index)
        return worst


@dataclass(frozen=True, slots=True)
class Ask:
    """What the attacked process is to be."""

    live: bool = False  # the appliance at work; else the libraries alone
    broker: str = ""
    devices: tuple[str, ...] = ()  # of the plan
    landlock: bool = True  # else as on a kernel without it, which is accepted
    seccomp: bool = True  # the same


def outside(scene: Scene) -> Run:
    run = Run()
    _listen(run, "tests.attacks.outside", (), scene)
    return run


def inside(scene: Scene, ask: Ask, attacked: Callable[[], None] = lambda: None) -> Run:
    """Attack; `attacked` is called when all was tried, while the process is still there."""
    run, skip = Run(), list[str]()
    for _ in range(STARTS):
        words = json.dumps({**asdict(ask), "skip": skip})
        code, last = _listen(run, "tests.attacks.inside", (words,), scene, attacked)
        if run.done or not last:
            break
        outcome = Outcome.BLOCKED if code == -signal.SIGSYS else Outcome.UNCLEAR
        run.verdicts.append(
            Verdict(last["trying"], "", last["who"], outcome, f"the process ended with {code}")
        )
        skip.append(last["trying"])
    return run


def _listen(
    run: Run,
    module: str,
    words: Sequence[str],
    scene: Scene,
    attacked: Callable[[], None] = lambda: None,
) -> tuple[int, dict[str, str]]:
    """Run a process to its end; give its code and what it was trying last, unless it said so."""
    last: dict[str, str] = {}
    with _started(module, words, scene) as process:
        for said in _heard(process, run.output):
            if "outcome" in said:
                run.verdicts.append(Verdict(**{**said, "outcome": Outcome(said["outcome"])}))
                last = {}
            elif "trying" in said:
                last = said
            elif "attacked" in said:
                attacked()
                assert process.stdin is not None
                process.stdin.write(b"\n")
                process.stdin.flush()
            run.frames = said.get("frames", run.frames)
            run.done = run.done or "done" in said
        return process.wait(), last


def _heard(process: subprocess.Popen[bytes], others: list[str]) -> Iterator[dict[str, Any]]:
    """Give the lines that are ours. An attempt may write anything before and between."""
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith(b'{"'):
            yield json.loads(line)
        elif text := line.strip(b"\0 \n").decode(errors="replace"):
            others.append(text)


@contextmanager
def _started(module: str, words: Sequence[str], scene: Scene) -> Iterator[subprocess.Popen[bytes]]:
    """Start a process with pipes for its standard files, and a writable file on the way to it."""
    ours, theirs = socket.socketpair()
    with ours, theirs, open(f"{scene.shown}/given.raw", "r+b") as given:  # noqa: PTH123
        for _ in range(SENT):
            socket.send_fds(ours, [b"f"], [given.fileno()])
        text = replace(scene, line=theirs.fileno()).to_json()
        process = subprocess.Popen(
            [sys.executable, "-u", "-m", module, text, *words],
            cwd=ROOT,
            env=_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=[theirs.fileno()],
        )
        watchdog = threading.Timer(PATIENCE_S, process.kill)
        watchdog.start()
        with process:
            try:
                yield process
            finally:
                watchdog.cancel()
                process.kill()


def _environment() -> dict[str, str]:
    """As the appliance is started: without CI, which changes what a runtime does."""
    kept = {key: value for key, value in os.environ.items() if key not in {"CI", "TMPDIR"}}
    return kept | {"PYTHONDONTWRITEBYTECODE": "1", "OPENCV_LOG_LEVEL": "SILENT"}
