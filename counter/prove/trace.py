"""The system-call trace of a run: what was opened for writing, made or reached.

Rule 1: only calls that succeeded count; a wall that holds is full of calls that did not.
Rule 2: a trace of nothing proves nothing: the number of calls in it is told.
"""

import re
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

CALLS: Final = (
    "socket,connect,bind,sendto,sendmsg,open,openat,openat2,creat,rename,renameat,renameat2,link,"
    "linkat,symlink,symlinkat,mkdir,mkdirat,mknod,mknodat,unlink,unlinkat,truncate,memfd_create,"
    "io_uring_setup,process_vm_writev,execve,execveat"
)
WRITES: Final = re.compile(r"O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_APPEND|O_TMPFILE")
MAKES: Final = re.compile(
    r"\b(creat|rename\w*|link\w*|symlink\w*|mk\w+|unlink\w*|truncate|memfd_create|io_uring_setup"
    r"|process_vm_writev)\("
)
# Port 0 is the near end of a connection that is about to be made: it takes any free port.
LOOPBACK: Final = re.compile(
    r'inet_addr\("127\.|inet_pton\(AF_INET6, "::1"|sa_family=AF_UNSPEC|sin_port=htons\(0\)'
)
# glibc asks the kernel for this machine's addresses before it resolves a name: no packet leaves.
LOCAL: Final = re.compile(r"AF_NETLINK|NETLINK_ROUTE")
DEVICES: Final = ('"/dev/null"', '"/dev/tty"')
FAILED: Final = re.compile(r"= -1 E[A-Z]+|= \? ")
UNFINISHED: Final = " <unfinished ...>"
NUMBER: Final = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Traced:
    calls: int
    writes: tuple[str, ...]
    reached: tuple[str, ...]  # beyond loopback


def command(log: Path) -> list[str]:
    """Trace what follows, into `log`. With a filter in the kernel other calls cost nothing."""
    return [
        *("strace", "-f", "--seccomp-bpf", "-qq", "-s", "160"),
        *("-e", f"trace={CALLS}", "-e", "signal=none", "-o", str(log)),
    ]


def first_pid(log: Path, otherwise: int) -> int:
    """The number of the traced process itself: that of the first line."""
    for _ in range(100):
        text = log.read_text(errors="replace")[:40] if log.exists() else ""
        if found := NUMBER.match(text):
            return int(found[0])
        time.sleep(0.05)
    return otherwise


def read(log: Path) -> Traced:
    """Read the whole trace of a run that has ended."""
    lines = log.read_text(errors="replace").splitlines()
    done = [line for line in _whole(lines) if not FAILED.search(line)]
    return Traced(
        len(lines),
        tuple(line for line in done if writes(line)),
        tuple(line for line in done if reaches_out(line)),
    )


def _whole(lines: Iterable[str]) -> Iterator[str]:
    """Put calls together that other threads' calls came between."""
    begun: dict[str, str] = {}
    for line in lines:
        who = line.partition(" ")[0]
        if line.endswith(UNFINISHED):
            begun[who] = line.removesuffix(UNFINISHED)
        elif " resumed>" in line:
            yield begun.pop(who, "") + line.partition(" resumed>")[2]
        else:
            yield line
    yield from begun.values()  # the run was killed within them: they may have succeeded


def writes(line: str) -> bool:
    """Whether a call opens a file for writing, or changes the file system."""
    if any(device in line for device in DEVICES):
        return False
    return bool(MAKES.search(line) or (re.search(r"\bopen\w*\(", line) and WRITES.search(line)))


def reaches_out(line: str) -> bool:
    """Whether a call reaches beyond loopback."""
    if LOCAL.search(line):
        return False
    if re.search(r"\bsocket\(", line):
        return not re.search(r"AF_(INET6?|UNIX), SOCK_STREAM", line)
    if re.search(r"\b(connect|bind|sendto|sendmsg)\(", line) and "sa_family" in line:
        return not LOOPBACK.search(line)
    return False
