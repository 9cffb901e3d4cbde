"""Whether an attempt has worked: by what it raises, and by nothing else (Rule 1 of the package)."""

import errno
import json
import os
import signal
from dataclasses import asdict, dataclass
from enum import StrEnum

from tests.attacks import Attempt, NoEffect, Unavailable
from tests.attacks.scene import Scene

PATIENCE_S = 10
REFUSED = (errno.EPERM, errno.EACCES)


class Outcome(StrEnum):
    WORKED = "worked"
    BLOCKED = "blocked"
    ABSENT = "absent"  # this machine lacks what it is about
    UNCLEAR = "unclear"  # an error that says neither


@dataclass(frozen=True, slots=True)
class Verdict:
    name: str
    group: str
    who: str  # outside, main thread, earlier thread
    outcome: Outcome
    detail: str = ""

    def to_json(self) -> str:
        return json.dumps(asdict(self))


def judged(attempt: Attempt, scene: Scene, who: str) -> Verdict:
    outcome, detail = _outcome(attempt, scene)
    return Verdict(attempt.name, attempt.group, who, outcome, detail[:200])


def judged_apart(attempt: Attempt, scene: Scene, who: str) -> None:
    """Judge in a child, and say it: what works may change its user, root and rights, or end it."""
    pid = os.fork()
    if pid == 0:
        signal.alarm(PATIENCE_S)
        try:
            say(judged(attempt, scene, who).to_json())
        finally:
            os._exit(0)
    os.waitpid(pid, 0)


def _outcome(attempt: Attempt, scene: Scene) -> tuple[Outcome, str]:
    try:
        attempt.run(scene)
    except Unavailable as reason:
        return Outcome.ABSENT, str(reason)
    except NoEffect as reason:
        return Outcome.BLOCKED, f"no effect {reason}".strip()
    except OSError as error:
        name = errno.errorcode.get(error.errno or 0, str(error))
        if error.errno in (*REFUSED, *attempt.also):
            return Outcome.BLOCKED, name
        return (
            Outcome.WORKED if error.errno and error.errno == attempt.told else Outcome.UNCLEAR
        ), name
    except Exception as error:  # noqa: BLE001  # whatever a library makes of it is neither
        return Outcome.UNCLEAR, f"{type(error).__name__}: {error}"
    return Outcome.WORKED, ""


def say(line: str) -> None:
    """Write at once and whole: standard output may be capped, and its process may die next."""
    os.write(1, f"\n{line}\n".encode())
