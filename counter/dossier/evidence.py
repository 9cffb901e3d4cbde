"""What was found by others: the ledger of this box, and a report of `counter prove`.

Rule 1: a report is read, never believed beyond what it says: its words are shown as its words.
Rule 2: a ledger that is not there, or does not hold together, is said, not hidden; it is no error,
since the papers are often made on another machine than the box.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import msgspec
from msgspec import Struct

from counter.errors import ConfigError, CounterError
from counter.ledger import StartFacts, verify

MAX_BYTES: Final = 4 << 20  # of a report; one has some kilobytes


class Finding(Struct, frozen=True):
    name: str
    outcome: str
    detail: str = ""


class Control(Struct, frozen=True):
    """A leak that was planted, and had to be detected."""

    name: str
    without_sandbox: str
    with_sandbox: str
    caught: bool


class Specimens(Struct, frozen=True):
    """Planted pictures that the search was tried on first."""

    found: int = 0
    of: int = 0


class Report(Struct, frozen=True, rename={"kind": "schema"}):
    """A report of `counter prove --json`; members that later versions add are passed over."""

    kind: Literal["counter/proof/1"]
    at: str
    version: str
    model_sha256: str
    kernel: str
    sandbox: str
    verdict: str
    scenarios: list[Finding]
    controls: list[Control]
    not_covered: list[str]
    passed: bool
    outside: list[str] = []  # what no test of this kind can see
    config_sha256: str | None = None  # None: the proof's own configuration
    form: str = "full"
    specimens: Specimens = Specimens()
    crowd_model_sha256: str | None = None

    @property
    def software(self) -> tuple[str, str, str | None]:
        """As in the facts: what was tested."""
        return self.version, self.model_sha256, self.crowd_model_sha256


@dataclass(frozen=True, slots=True)
class Proof:
    report: Report
    sha256: str  # of the file's bytes


@dataclass(frozen=True, slots=True)
class Chronicle:
    """What the ledger says; `path` None: the configuration names none."""

    path: str | None
    records: int = 0
    head: str | None = None
    fault: str = ""  # in the software's own words
    absent: bool = False  # there is no such file on the machine that made the papers
    start: StartFacts | None = None  # of the last recorded start
    started: str = ""


def read_report(path: Path) -> Proof:
    """Read a report of `counter prove`. Raises ConfigError."""
    hint = "make one: counter prove --json proof.json"
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise ConfigError(f"--proof {path}: cannot be read: {reason}", hint) from None
    if len(data) > MAX_BYTES:
        raise ConfigError(f"--proof {path}: larger than {MAX_BYTES} bytes", hint)
    try:
        report = msgspec.json.decode(data, type=Report)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        said = " ".join(str(error).split())
        raise ConfigError(f"--proof {path}: not a counter/proof/1 report: {said}", hint) from None
    return Proof(report, hashlib.sha256(data).hexdigest())


def read_ledger(name: str | None) -> Chronicle:
    """Read the ledger that the configuration names, as far as it holds together."""
    if name is None:
        return Chronicle(None)
    path = Path(name)
    if not path.is_file():
        return Chronicle(name, absent=True)
    try:
        verdict = verify(path, None)
    except CounterError as error:
        return Chronicle(name, fault=error.message)
    last = next((r for r in reversed(verdict.records) if isinstance(r.facts, StartFacts)), None)
    return Chronicle(
        path=name,
        records=len(verdict.records),
        head=verdict.head,
        fault=verdict.fault,
        start=None if last is None or not isinstance(last.facts, StartFacts) else last.facts,
        started="" if last is None else last.at,
    )
