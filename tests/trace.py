"""Run a command in an empty network namespace under a system-call trace, and read the trace.

The namespace has a loopback and nothing else. The trace holds every call that makes a socket,
names an address, or opens, creates, renames or removes a file.
"""

import fcntl
import os
import re
import shutil
import socket
import struct
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from counter.prove import trace

STRACE = ("strace", "-f", "-qq", "-s", "200", "-e", f"trace={trace.CALLS}", "-o")
# What the sandbox refused, or hides as if the kernel had it not, did not happen. Its own self-test
# makes such calls.
REFUSED = re.compile(r"= -1 (EPERM|EACCES|ENOSYS) ")


def runnable() -> str:
    """Why it cannot be run here, or nothing."""
    if os.geteuid() != 0:
        return "needs root for an empty network namespace"
    missing = [tool for tool in ("strace", "unshare") if shutil.which(tool) is None]
    return f"needs {', '.join(missing)}" if missing else ""


@dataclass(frozen=True)
class Traced:
    code: int
    output: str
    errors: str
    sockets: list[str]  # lines of the trace that reach, or try to reach, beyond loopback
    writes: list[str]  # lines that open a file for writing, or change the file system
    refused: list[str]  # lines of what the sandbox did not let through
    lines: int  # how much was traced: a trace of nothing proves nothing


def traced(
    command: Sequence[str], folder: Path, environment: Mapping[str, str], timeout_s: float = 300
) -> Traced:
    """Run `command` with `folder` as its home and working directory."""
    log = folder.parent / f"{folder.name}.trace"
    done = subprocess.run(
        ["unshare", "--net", sys.executable, __file__, *STRACE, str(log), *command],
        cwd=folder,
        env={**environment, "HOME": str(folder), "TMPDIR": str(folder)},
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )
    lines = log.read_text().splitlines()
    done_or_tried = [line for line in lines if not REFUSED.search(line)]
    return Traced(
        done.returncode,
        done.stdout,
        done.stderr,
        sockets=[line for line in done_or_tried if trace.reaches_out(line)],
        writes=[line for line in done_or_tried if trace.writes(line)],
        refused=[line for line in lines if REFUSED.search(line)],
        lines=len(lines),
    )


def _loopback_up() -> None:
    """Give the namespace its loopback: SIOCGIFFLAGS, then SIOCSIFFLAGS with IFF_UP."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        asked = struct.pack("16sh", b"lo", 0)
        flags = struct.unpack("16sh", fcntl.ioctl(control, 0x8913, asked))[1]
        fcntl.ioctl(control, 0x8914, struct.pack("16sh", b"lo", flags | 1))


if __name__ == "__main__":
    _loopback_up()
    os.execvp(sys.argv[1], sys.argv[1:])
