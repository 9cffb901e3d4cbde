"""The report: what was tried, what was found, what was not looked at, in words and as JSON.

Rule 1: "not found by these tests, which found the controls": nothing stronger is ever said.
Rule 2: what no test of this kind can see is listed every time.
Rule 3: a proof whose search missed a specimen or a control is no proof.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Final

from rich.console import Console
from rich.table import Table

SCHEMA: Final = "counter/proof/1"
UNBROKEN: Final = 10_000  # columns: no cell is so wide
OUTSIDE: Final = (
    "what stays in RAM, in caches and in the memory of a graphics card or accelerator",
    "the camera itself: its firmware, its memory card, whoever else watches its stream",
    "blocks of a disk that a file no longer holds, and disks that are not mounted",
    (
        "forms that the search does not know: encrypted, transformed, cut to less than eight by"
        " eight blocks, PNG cut short, video codecs, streams compressed by zstd, xz or brotli"
    ),
    (
        "pictures hidden in numbers that the grammar allows; the gate's rules and the budget of"
        " bytes bound them"
    ),
    "TLS and MQTT 5: the recorded link is MQTT 3.1.1 in the clear, on loopback",
    "real cameras: the marker is drawn inside the process, or read from a file",
)


class Result(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    NOT_RUN = "not-run"


@dataclass(frozen=True, slots=True)
class Outcome:
    name: str
    outcome: Result
    detail: str
    sandbox: str = ""  # as its Health said


@dataclass(frozen=True, slots=True)
class Control:
    name: str
    without_sandbox: str
    with_sandbox: str
    caught: bool


@dataclass(slots=True)
class Report:
    at: str  # RFC 3339, UTC
    version: str
    model: str
    model_sha256: str
    kernel: str
    crowd_model: str | None = None  # the density model beside it
    crowd_model_sha256: str | None = None
    config_sha256: str | None = None  # None: the proof's own configuration
    sandbox: str = "none"  # the weakest that a run reported
    form: str = "full"
    seconds: int = 0
    specimens: dict[str, tuple[str, ...]] = field(default_factory=dict)  # what was found in each
    scenarios: list[Outcome] = field(default_factory=list)
    controls: list[Control] = field(default_factory=list)
    searched: dict[str, int | str] = field(default_factory=dict)
    found: list[str] = field(default_factory=list)  # outside of the runs
    not_covered: list[str] = field(default_factory=list)

    @property
    def failures(self) -> list[str]:
        """Everything that stands against it."""
        return [
            *(f"specimen not found: {name}" for name, forms in self.specimens.items() if not forms),
            *(f"{o.name}: {o.detail}" for o in self.scenarios if o.outcome is Result.FAILED),
            *(f"FOUND: {text}" for text in self.found),
            *(f"control not caught: {c.name}" for c in self.controls if not c.caught),
            *(text for text, held in self._parts_held().items() if not held),
        ]

    @property
    def _played(self) -> int:
        return sum(o.outcome is not Result.NOT_RUN for o in self.scenarios)

    def _parts_held(self) -> dict[str, bool]:
        """What a proof cannot do without (Rule 3)."""
        return {
            "no specimen was looked for": bool(self.specimens),
            "no scenario was played": any(o.outcome is Result.PASSED for o in self.scenarios),
            "no leak was made and found": any("found" in c.without_sandbox for c in self.controls),
        }

    @property
    def passed(self) -> bool:
        return not self.failures

    @property
    def verdict(self) -> str:
        if not self.passed:
            return f"FAILED: {len(self.failures)} findings"
        scenarios = sum(o.outcome is Result.PASSED for o in self.scenarios)
        controls = sum("found" in c.without_sandbox for c in self.controls)
        return (
            f"the marker was not found by the search after {scenarios} scenarios; "
            f"the same search found {len(self.specimens)} of {len(self.specimens)} specimens and "
            f"{controls} of {controls} leaks that were made on purpose; "
            "nothing that was said had another form or size than is allowed"
        )

    def as_json(self) -> str:
        """Write it for machines, and for the dossier."""
        said: dict[str, Any] = {"schema": SCHEMA, "verdict": self.verdict, **asdict(self)}
        found = sum(bool(forms) for forms in self.specimens.values())
        said["specimens"] = {"found": found, "of": len(self.specimens)}
        said["outside"] = list(OUTSIDE)
        said["passed"] = self.passed
        return json.dumps(said, indent=2) + "\n"

    def as_text(self, width: int | None = None) -> str:
        """Write it for a person, tables at most so wide: to be copied from, so no line is broken
        but those of tables.
        """
        return (
            "\n".join(
                part if isinstance(part, str) else _drawn(part, width) for part in self._parts()
            )
            + "\n"
        )

    def _parts(self) -> Iterator[Any]:
        found = sum(bool(forms) for forms in self.specimens.values())
        crowd = f", crowd model {self.crowd_model}" if self.crowd_model else ""
        yield f"Proof of {self.at}: counter {self.version}, model {self.model}{crowd}"
        yield f"Kernel: {self.kernel}"
        yield f"Configuration: {self.config_sha256 or 'of the proof itself'}"
        told = sum(bool(o.sandbox) for o in self.scenarios)
        yield f"Sandbox that the runs reported: {self.sandbox} ({told} of {self._played} told it)"
        yield f"Before the search: it found {found} of {len(self.specimens)} specimens\n"
        yield _table(
            ("scenario", "outcome", "what was heard"),
            ((o.name, o.outcome, o.detail) for o in self.scenarios),
        )
        yield _table(
            ("leak made on purpose", "without the sandbox", "with it"),
            ((c.name, c.without_sandbox, c.with_sandbox) for c in self.controls),
        )
        yield "Searched:"
        yield from (f"  {what}: {amount}" for what, amount in self.searched.items())
        yield "Not covered here:"
        yield from (f"  - {text}" for text in self.not_covered or ["nothing of the table"])
        yield "Outside of what such a test can see:"
        yield from (f"  - {text}" for text in OUTSIDE)
        yield from (f"! {text}" for text in self.failures)
        yield f"\nVerdict ({self.seconds} s): {self.verdict}"


def _table(heads: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> Table:
    table = Table(*heads, show_lines=False, pad_edge=False, box=None)
    for row in rows:
        table.add_row(*row)
    return table


def _drawn(table: Table, width: int | None) -> str:
    console = Console(width=width or UNBROKEN, no_color=True, force_terminal=False)
    with console.capture() as capture:
        console.print(table, markup=False, highlight=False)
    return "\n".join(line.rstrip() for line in capture.get().splitlines())
