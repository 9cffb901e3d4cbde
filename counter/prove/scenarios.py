"""How a run may end, and what may go wrong around it: a table, played one after the other.

Rule: a scenario is passed when the run counted, ended as it must, and left nothing behind.
"""

import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from counter import voice
from counter.prove import leaky
from counter.prove.child import python
from counter.prove.evidence import gathered
from counter.prove.report import Outcome, Result
from counter.prove.run import PLAIN, Around, Run, Setup, Stage, missing_for, started
from counter.prove.search import Search

END_S: Final = 60.0  # for a run that was asked to stop: its last delivery takes five
AWAY_S: Final = 4.0  # how long the broker is away: longer than the first two attempts

Act = Callable[[Run], None]


@dataclass(frozen=True, slots=True)
class Scenario:
    name: str
    act: Act
    code: int  # how the run must end
    setup: Setup = PLAIN
    short: bool = False  # also in the short form
    counts: bool = True  # something must be released before


def _send(number: signal.Signals) -> Act:
    return lambda run: run.send(number)


def _nothing(run: Run) -> None:
    """It ends of itself."""


def _lose_broker(run: Run) -> None:
    run.recorder.cut()
    time.sleep(AWAY_S)
    run.recorder.restore()
    before = len(run.recorder.connections)
    run.child.wait_for(lambda: len(run.recorder.connections) > before, END_S)
    run.wait_for_releases(run.child.said.count(b"\n") + 1)
    run.send(signal.SIGTERM)


def _lose_broker_for_good(run: Run) -> None:
    run.recorder.cut()
    time.sleep(AWAY_S)
    run.send(signal.SIGTERM)


def _erring(config: Path) -> list[str]:
    return python(leaky.__name__, "--enclosed", "error", str(config))


SCENARIOS: Final = (
    Scenario(
        "stopped by SIGTERM, traced, no network",
        _send(signal.SIGTERM),
        0,
        Setup(Around.TRACED),
        short=True,
    ),
    Scenario("stopped by Ctrl-C", _send(signal.SIGINT), 0),
    Scenario("footage that ends", _nothing, 0, Setup(footage=True)),
    Scenario("kill -9", _send(signal.SIGKILL), -signal.SIGKILL, short=True),
    Scenario(
        "segmentation fault, core dumps unlimited",
        _send(signal.SIGSEGV),
        -signal.SIGSEGV,
        Setup(Around.CORES),
        short=True,
    ),
    Scenario(
        "abort, core dumps unlimited", _send(signal.SIGABRT), -signal.SIGABRT, Setup(Around.CORES)
    ),
    Scenario(
        "an error in the detector that quotes the picture",
        _nothing,
        voice.BROKEN,
        Setup(command=_erring),
        counts=False,  # it ends at the first picture
    ),
    Scenario("broker lost, and back", _lose_broker, 0),
    Scenario("broker lost for good", _lose_broker_for_good, 0),
    Scenario("full disk", _send(signal.SIGTERM), 0, Setup(Around.FULL_DISK)),
)


def play(scenario: Scenario, stage: Stage, search: Search) -> Outcome:
    """Play one scenario to its end."""
    if missing := missing_for(scenario.setup.around):
        return Outcome(scenario.name, Result.NOT_RUN, missing)
    with started(stage, scenario.setup) as run:
        counted = not scenario.counts or run.wait_for_releases(1)
        if run.child.running:
            scenario.act(run)
        code = run.child.ended(END_S)
        evidence = gathered(run, stage.subject, search)
    wrong = []
    if not counted:
        wrong.append("nothing was released")
    if code != scenario.code:
        ended = "it did not end" if code is None else f"exit code {code}"
        wrong.append(f"{ended}, expected {scenario.code}: {_last_line(run)}")
    if not evidence.clean:
        wrong.append(evidence.said)
    result = Result.FAILED if wrong else Result.PASSED
    detail = "; ".join(wrong) or evidence.said
    return Outcome(scenario.name, result, detail, evidence.heard.sandbox)


def _last_line(run: Run) -> str:
    lines = run.child.log.decode(errors="replace").splitlines()
    return lines[-1][:120] if lines else "nothing on standard error"
