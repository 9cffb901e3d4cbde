"""A record of the ledger and its bytes.

Rule 1: the types are closed; words come from lists and patterns, never from a free text.
Rule 2: a record has one spelling: the JSON that `encoded` writes. Another one of the same content
is an edit.
Rule 3: `sha256` is that of the record's JSON without its last member, and the next record repeats
it as `previous`.
"""

import hashlib
from datetime import UTC, datetime
from typing import Annotated, Final, Literal, Self

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType, structs

from counter.errors import CounterError

FIRST: Final = "0" * 64  # `previous` of a file's first record
UNKNOWN: Final = "unknown"
Sha256 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
ModelName = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,31}\Z")]
Count = Annotated[int, Meta(ge=0, le=1_000_000)]
# systemd.exec(5), $SERVICE_RESULT; and what is said when nobody said it.
RESULTS: Final = (
    "success", "protocol", "timeout", "exit-code", "signal", "core-dump", "watchdog",
    "exec-condition", "oom-kill", "start-limit-hit", "resources", UNKNOWN,
)  # fmt: skip
# The same, $EXIT_STATUS: an exit status, or a signal's name without SIG: those that end a process,
# signal(7). Written out, so that a ledger reads the same on every machine.
CODES: Final = frozenset(
    (
        UNKNOWN, *map(str, range(256)), "ABRT", "ALRM", "BUS", "FPE", "HUP", "ILL", "INT", "IO",
        "KILL", "PIPE", "PROF", "PWR", "QUIT", "SEGV", "STKFLT", "SYS", "TERM", "TRAP", "USR1",
        "USR2", "VTALRM", "XCPU", "XFSZ",
    )
)  # fmt: skip


class LedgerError(CounterError):
    """The ledger cannot be read or written, or does not hold together."""


class StartFacts(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="event", tag="start"
):
    version: Annotated[str, Meta(pattern=r"^[\w.+-]{1,32}\Z")]
    config_sha256: Sha256
    grid_sha256: Sha256
    model: ModelName
    model_sha256: Sha256
    # The density model beside it. Not written where there is none, so that a ledger from before
    # there was such a thing still has the one spelling of Rule 2.
    crowd_model: ModelName | UnsetType = UNSET
    crowd_model_sha256: Sha256 | UnsetType = UNSET
    kernel: Annotated[str, Meta(pattern=r"^[!-~]{1,64}\Z")]  # its release, `uname -r`
    landlock_abi: Annotated[int, Meta(ge=0, le=1000)]
    sandbox: Annotated[str, Meta(pattern=r"^[a-z0-9:,-]{1,64}\Z")]  # as in Health
    attempts: Count  # made after the rights were given up
    attempts_blocked: Count
    # Written by the ledger, whatever is given: "none" before the first start.
    previous_stop: Literal["none", "recorded", "unrecorded"] = "none"

    def __post_init__(self) -> None:
        if self.attempts_blocked > self.attempts:
            raise ValueError("more attempts were blocked than were made")
        if (self.crowd_model is UNSET) is not (self.crowd_model_sha256 is UNSET):
            raise ValueError("a crowd model has a name and a hash, or there is none")


class StopFacts(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="event", tag="stop"
):
    result: str
    code: str

    def __post_init__(self) -> None:
        if self.result not in RESULTS or self.code not in CODES:
            raise ValueError("not a result, or not a code, of systemd")


class ContinuedFacts(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="event",
    tag="continued",
):  # fmt: skip
    """The first record of a file that follows an archived one."""

    head: Sha256  # of the archived file's last record that holds together; FIRST if none does
    records: Count  # of it, up to that head
    state: Literal["whole", "torn", "broken"]
    running: bool  # it ended with a start without its stop


class Record(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    sequence: Count  # 0, 1, 2 ... in one file
    at: Annotated[str, Meta(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\Z")]  # of the box's clock
    facts: StartFacts | StopFacts | ContinuedFacts
    previous: Sha256
    sha256: Sha256

    def __post_init__(self) -> None:
        datetime.fromisoformat(self.at)  # the thirtieth of February is none

    @property
    def event(self) -> str:
        return str(self.facts.__struct_config__.tag)

    @classmethod
    def following(
        cls, last: Self | None, facts: StartFacts | StopFacts | ContinuedFacts, at: datetime
    ) -> Self:
        """Make the next record. Raises LedgerError for facts that a record cannot hold.

        msgspec looks at patterns only when it reads, so what was made is read once.
        """
        if at.tzinfo is None:
            raise ValueError("a naive time has no place in the ledger")
        record = cls(
            sequence=0 if last is None else last.sequence + 1,
            at=at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            facts=facts,
            previous=FIRST if last is None else last.sha256,
            sha256=FIRST,
        )
        record = structs.replace(record, sha256=digest(record))
        try:
            return msgspec.json.decode(encoded(record), type=cls)
        except msgspec.ValidationError as error:
            raise LedgerError(f"ledger: no record can say this: {error}") from None


def encoded(record: Record) -> bytes:
    """Write a record's only spelling, without the line's end."""
    return msgspec.json.encode(record)


def digest(record: Record) -> str:
    """Hash a record's JSON without its last member (`sha256`)."""
    head, _, _ = encoded(record).rpartition(b',"sha256":"')
    return hashlib.sha256(head + b"}").hexdigest()


def stop_facts(result: str, code: str) -> StopFacts:
    """Read systemd's words; one that is not on its lists becomes `unknown`: a stop is never lost
    because of its wording.
    """
    return StopFacts(
        result=result if result in RESULTS else UNKNOWN, code=code if code in CODES else UNKNOWN
    )
