"""What a run left behind, held to the first line of proof and then to the second.

Rule 1: first line: no file, no socket, and nothing said that has no grammar or no budget.
Rule 2: second line: the marker is in none of it.
Both are told apart, so that a control says which of them caught it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from counter.prove import trace
from counter.prove.grammar import Grammar, Heard, log_faults
from counter.prove.run import Run
from counter.prove.scrape import faults_of
from counter.prove.search import Search
from counter.prove.subject import Subject

FEWEST_CALLS: Final = 300  # the imports alone open more files than that
SHOWN: Final = 5  # faults of a run that are told; all are counted


@dataclass(frozen=True, slots=True)
class Evidence:
    heard: Heard
    faults: tuple[str, ...]  # first line
    found: tuple[str, ...]  # second line: where, and in which form
    traced_calls: int | None

    @property
    def clean(self) -> bool:
        return not self.faults and not self.found

    @property
    def said(self) -> str:
        """What was heard, in numbers; or what is wrong."""
        if not self.clean:
            wrong = [*(f"FOUND: {text}" for text in self.found), *self.faults]
            more = f"; {len(wrong) - SHOWN} more" if len(wrong) > SHOWN else ""
            return "; ".join(wrong[:SHOWN]) + more
        heard = self.heard
        traced = "" if self.traced_calls is None else f", {self.traced_calls} calls traced"
        return (
            f"{len(heard.counts)} counts ({heard.published} with a number), {heard.messages} "
            f"messages, {heard.sent} of at most {heard.budget} bytes, no file{traced}"
        )


def gathered(run: Run, subject: Subject, search: Search, beside: Sequence[Path] = ()) -> Evidence:
    """Hold everything that an ended run said and left, also `beside` its folder, to both lines."""
    grammar, heard = Grammar(run.loaded.settings), Heard()
    grammar.traffic(run.recorder.connections, heard)
    grammar.lines(bytes(run.child.said), heard)
    faults = [*heard.faults, *log_faults(bytes(run.child.log))]
    found: list[str] = []
    spoken = {"standard output": [run.child.said], "log": [run.child.log]}
    spoken["mqtt"] = [part for c in run.recorder.connections for part in (c.said, c.heard)]
    if run.scraper is not None:
        responses = list(run.scraper.responses)
        faults += faults_of(responses, run.loaded, subject.model)
        spoken["metrics"] = [bytearray(response) for response in responses]
    for place, parts in spoken.items():
        forms = {form for part in parts for form in search.look(bytes(part))}
        found += [f"{place}: {form}" for form in sorted(forms)]
    for path in [*run.files(), *(path for path in beside if path.exists())]:
        faults.append(f"a file was made: {path.name[:40]}, {_size(path)}")
        found += [f"file {path.name[:40]}: {form}" for form in search.look_into(path)]
    calls = None
    if run.log is not None:
        traced = trace.read(run.log)
        calls = traced.calls
        if calls < FEWEST_CALLS:
            faults.append(f"the trace holds {calls} calls only: it saw nothing")
        faults += [f"opened for writing, or made: {line[:120]}" for line in traced.writes]
        faults += [f"beyond loopback: {line[:120]}" for line in traced.reached]
    return Evidence(heard, tuple(faults), tuple(found), calls)


def _size(path: Path) -> str:
    try:
        return f"{path.lstat().st_size} bytes"
    except OSError:
        return "gone"
