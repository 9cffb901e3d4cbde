"""Runs a piece of code in a process of its own, which may give up its rights."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from counter.guarantees import Guarantee
from counter.sandbox import kernel, swap
from counter.sandbox.landlock import NETWORK_ABI

ROOT = Path(__file__).parents[1]
FACTS = kernel.probe()
needs_both_walls = pytest.mark.skipif(
    not FACTS.seccomp or FACTS.landlock_abi < NETWORK_ABI,
    reason=f"not run: this kernel has not both walls ({FACTS})",
)
SWAP = [] if swap.kept_out() else [Guarantee.NO_SWAP]
WHOLE = f"weaker:{SWAP[0]}" if SWAP else "full"  # the best that this machine can give

HEAD = f"""
import errno, json, os, socket, ssl, sys, threading, time
from dataclasses import replace
from pathlib import Path
from counter.errors import SandboxError
from counter.guarantees import Guarantee
from counter.sandbox import Enclosure, Plan, kernel, rehearse
G, facts = Guarantee, kernel.probe()
swap = [G(one) for one in {[str(one) for one in SWAP]!r}]
def said(action):
    try:
        action()
    except OSError as error:
        return errno.errorcode.get(error.errno, str(error))
    except SandboxError as error:
        return error.message
    return "done"
def inside(plan=Plan(), accepted=(), facts=facts):
    enclosure = Enclosure(plan, [*swap, *accepted], facts=facts)
    enclosure.enter()
    return enclosure.seal()
def opened(proof):
    return [one.name for one in proof.attempts if not one.blocked]
"""


def child(code: str, **how: Any) -> list[Any]:
    """Run `code` in a process of its own; give what it says with `print(json.dumps(...))`."""
    done = subprocess.run(
        [sys.executable, "-c", HEAD + code],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        **({"stdout": subprocess.PIPE} | how),
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in (done.stdout or "").splitlines()]
