"""What this kernel gives: a child goes through both stages first, and the parent stays free.

Rule 1: it must be called while the process has one thread, as stage 1 must.
Rule 2: a child that dies proves nothing: then everything is missing.
"""

import json
import logging
import os
import select
import signal
import time
from dataclasses import asdict
from typing import Final

from counter.errors import SandboxError, fault
from counter.guarantees import Guarantee
from counter.sandbox import kernel
from counter.sandbox.enclosure import Enclosure
from counter.sandbox.kernel import Facts
from counter.sandbox.plan import Plan
from counter.sandbox.proof import Attempt, Proof

PATIENCE_S: Final = 20.0  # it takes milliseconds; minutes on no machine

_log = logging.getLogger("counter.sandbox")


def rehearse(plan: Plan, *, facts: Facts | None = None) -> Proof:
    """Give the proof of a child; `missing` says what cannot be had here."""
    found = facts or kernel.probe()
    reader, writer = os.pipe()
    try:
        child = os.fork()
    except OSError as error:  # a limit on processes
        os.close(reader)
        os.close(writer)
        return _unproven(found, f"no process could be started: {error.strerror}")
    if child == 0:
        _child(plan, found, writer)  # does not come back
    os.close(writer)
    try:
        text = _heard(reader)
    finally:
        os.close(reader)
        os.kill(child, signal.SIGKILL)  # in case it hangs; one that is at its end keeps its own
        _, status = os.waitpid(child, 0)
    try:
        return _read(text)
    except (ValueError, KeyError, TypeError):
        why = text.decode(errors="replace") or _end(os.waitstatus_to_exitcode(status))
        return _unproven(found, why)


def _child(plan: Plan, facts: Facts, writer: int) -> None:
    """Report through the pipe. Ends without the parent's clean-up: its buffers are not ours."""
    code = 1
    try:
        logging.disable()  # the real process says it
        enclosure = Enclosure(plan, tuple(Guarantee), facts=facts)
        enclosure.enter()
        os.write(writer, json.dumps(asdict(enclosure.seal())).encode())
        code = 0
    except SandboxError as error:
        os.write(writer, error.message.encode())
    except Exception as error:  # noqa: BLE001  # whatever it is, the parent hears of it
        os.write(writer, fault(error).encode())
    finally:
        os._exit(code)


def _heard(reader: int) -> bytes:
    """Read to the end, or for as long as we have patience."""
    deadline = time.monotonic() + PATIENCE_S
    text = b""
    while (left_s := deadline - time.monotonic()) > 0:
        if not select.select([reader], [], [], left_s)[0]:
            break
        some = os.read(reader, 65536)
        if not some:
            break
        text += some
    return text


def _unproven(found: Facts, why: str) -> Proof:
    _log.warning("the rehearsal of the sandbox gave no proof: %s", why)
    return Proof(found.release, found.landlock_abi, (), tuple(Guarantee))


def _end(code: int) -> str:
    return f"the child died of {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


def _read(text: bytes) -> Proof:
    told = json.loads(text)
    return Proof(
        kernel=told["kernel"],
        landlock_abi=told["landlock_abi"],
        attempts=tuple(Attempt(**one) for one in told["attempts"]),
        missing=tuple(Guarantee(one) for one in told["missing"]),
    )
