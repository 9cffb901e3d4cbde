"""The command's flow: show the search what it must find, play, search, leak on purpose, report.

Rule: the machine is searched before anything leaks on purpose, so that what is found is ours.
"""

import platform
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from counter import __version__
from counter.demo.broker import embedded_broker
from counter.errors import OutputError
from counter.prove import controls, places, scenarios, specimens
from counter.prove.forms import marker_of
from counter.prove.pictures import MOST_PICTURES
from counter.prove.report import Outcome, Report, Result
from counter.prove.run import Stage, free_port
from counter.prove.search import Search
from counter.prove.subject import SIZE, Subject, subject_of
from counter.sandbox.proof import FULL, NONE

SHORT_FORM: Final = "short"
FULL_FORM: Final = "full"


@dataclass(frozen=True, slots=True)
class Request:
    config: Path | None = None
    short: bool = False
    json: Path | None = None


def prove(request: Request) -> Report:
    """Put this machine to the proof. Raises CounterError for mistakes."""
    began = time.monotonic()
    if request.json is not None:
        _write(request.json, "", "a")  # a place that cannot be written is told now
    subject = subject_of(request.config)
    report = _begun(subject, request)
    search = Search(marker_of(subject.seed, SIZE, subject.model.entry.input))
    report.specimens = specimens.check(subject.model.entry.input)
    since = time.time()
    with ExitStack() as opened:
        stage = open_stage(opened, subject)
        bar = opened.enter_context(_bar())
        _play(report, stage, search, bar)
        _search(report, stage, search, bar, since)
        _leak(report, stage, search, bar)
    effort = search.effort
    report.searched |= {
        "bytes looked at": effort.bytes,
        "pictures decoded and compared": effort.pictures,
        "texts and streams unpacked": effort.texts,
        "files that could not be read": effort.unreadable,
    }
    if effort.pictures_left_out:
        report.not_covered.append(
            f"{effort.pictures_left_out} places that begin like a picture, not decoded: beyond the"
            f" first {MOST_PICTURES} of their kind in one piece of a file"
        )
    report.seconds = round(time.monotonic() - began)
    if request.json is not None:
        _write(request.json, report.as_json())
    return report


def _begun(subject: Subject, request: Request) -> Report:
    report = Report(
        at=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        version=__version__,
        model=subject.model.name,
        model_sha256=subject.model.entry.fingerprint,
        crowd_model=None if subject.crowd is None else subject.crowd.name,
        crowd_model_sha256=None if subject.crowd is None else subject.crowd.entry.fingerprint,
        kernel=platform.release(),
        config_sha256=subject.config_sha256,
        form=SHORT_FORM if request.short else FULL_FORM,
    )
    pattern = places.core_pattern()
    report.searched["core pattern"] = pattern or "unreadable"
    if not places.core_goes_to_folder():
        report.not_covered.append(
            f"core dumps go to {pattern or 'an unknown place'}: searched only where that left a"
            " file that can be read"
        )
    return report


def open_stage(opened: ExitStack, subject: Subject) -> Stage:
    """Open what all runs share: a folder and a broker."""
    folder = Path(tempfile.mkdtemp(prefix="counter-proof-"))
    opened.callback(shutil.rmtree, folder, ignore_errors=True)
    port = free_port()
    opened.enter_context(embedded_broker(port))
    return Stage(subject, ("127.0.0.1", port), folder)


def _play(report: Report, stage: Stage, search: Search, bar: Progress) -> None:
    table = [s for s in scenarios.SCENARIOS if s.short or report.form == FULL_FORM]
    task = bar.add_task("scenarios", total=len(table))
    for scenario in table:
        bar.update(task, description=scenario.name)
        report.scenarios.append(scenarios.play(scenario, stage, search))
        bar.advance(task)
    report.sandbox = _weakest(report.scenarios)
    report.not_covered += [
        f"{o.name}: not run: {o.detail}" for o in report.scenarios if o.outcome is Result.NOT_RUN
    ]
    left_out = [s.name for s in scenarios.SCENARIOS if s not in table]
    report.not_covered += [f"{name}: left out of the short form" for name in left_out]


def _search(report: Report, stage: Stage, search: Search, bar: Progress, since: float) -> None:
    task = bar.add_task("files that changed", total=None)

    def tell(walked: int, changed: int) -> None:
        text = f"{changed} changed files searched, {walked} entries walked"
        bar.update(task, description=text)

    short = report.form == SHORT_FORM
    roots = places.short_roots(stage.folder) if short else places.whole_machine()
    searched = [places.search_changed(search, since, roots, tell)]
    if not short:
        searched += [places.search_swap(search), places.search_journal(search, since)]
    else:
        names = ", ".join(map(str, places.SHORT))
        report.not_covered.append(
            f"files outside of {names}, the working and the home folder; swap; the journal"
        )
    for place in searched:
        report.searched |= place.searched
        report.found += place.found
        report.not_covered += place.not_covered
    bar.update(task, total=1, completed=1)


def _leak(report: Report, stage: Stage, search: Search, bar: Progress) -> None:
    table = [leak for leak in controls.LEAKS if leak.short or report.form == FULL_FORM]
    task = bar.add_task("leaks", total=len(table))
    for leak in table:
        bar.update(task, description=f"on purpose: {leak.name}")
        report.controls.append(controls.tried(leak, stage, search))
        bar.advance(task)
    not_run = controls.NOT_RUN
    report.not_covered += [
        f"{c.name}: {c.with_sandbox}" for c in report.controls if c.with_sandbox.startswith(not_run)
    ]


def _weakest(outcomes: list[Outcome]) -> str:
    """The weakest level that a run reported: none, weaker, full."""
    levels = {outcome.sandbox for outcome in outcomes if outcome.sandbox}
    return min(levels, key=lambda level: (level == FULL, level != NONE), default=NONE)


def _write(path: Path, text: str, mode: str = "w") -> None:
    try:
        with path.open(mode) as file:
            file.write(text)
    except OSError as error:
        hint = "name a file that can be made"
        raise OutputError(f"--json: {path}: {error.strerror}", hint) from None


@contextmanager
def _bar() -> Iterator[Progress]:
    """Show progress on a terminal; elsewhere nothing."""
    console = Console(stderr=True)
    parts = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*parts, console=console, transient=True, disable=not console.is_terminal) as bar:
        yield bar
