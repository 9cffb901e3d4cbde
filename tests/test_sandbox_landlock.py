"""Landlock: what a ruleset of each ABI handles, and what the rules do on this kernel, alone."""

import os
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from counter.sandbox import kernel, landlock
from counter.sandbox.landlock import BIND, CONNECT, IOCTL_DEV, READ_DIR, READ_FILE, WRITE_FILE
from counter.sandbox.plan import Plan
from tests.broker import free_port

ROOT = Path(__file__).parents[1]
# ABI: file rights, port rights, scopes; from the kernel's linux/landlock.h of each version.
KNOWN = {
    1: (0x1FFF, 0, 0),
    2: (0x3FFF, 0, 0),
    3: (0x7FFF, 0, 0),
    4: (0x7FFF, 3, 0),
    5: (0xFFFF, 3, 0),
    6: (0xFFFF, 3, 3),
    7: (0xFFFF, 3, 3),
    8: (0xFFFF, 3, 3),
    9: (0x1FFFF, 3, 3),
    42: (0x1FFFF, 3, 3),
}
ABI = kernel.probe().landlock_abi
needs_landlock = pytest.mark.skipif(
    landlock.NETWORK_ABI > ABI, reason=f"not run: Landlock ABI {ABI} on this kernel"
)


@pytest.mark.parametrize(("abi", "expected"), KNOWN.items())
def test_everything_that_the_kernel_knows_is_handled(abi, expected):
    rules = landlock.ruleset(abi)
    assert (rules.files, rules.ports, rules.scopes) == expected
    words = [one for one in expected if one] if abi < 4 else list(expected[: 2 if abi < 6 else 3])
    assert rules.attributes == struct.pack(f"={len(words)}Q", *words)


@pytest.mark.parametrize("abi", range(1, ABI + 1))
def test_this_kernel_takes_the_ruleset_of_every_abi_up_to_its_own(abi):
    os.close(kernel.create_ruleset(landlock.ruleset(abi).attributes))


class Recorder:
    """Stands in for the kernel: remembers the rules."""

    def __init__(self, monkeypatch):
        self.rules: list[tuple[int, int, str]] = []
        monkeypatch.setattr(kernel, "create_ruleset", lambda _: harmless())
        monkeypatch.setattr(kernel, "add_rule", self.add)
        monkeypatch.setattr(kernel, "restrict_self", lambda _: None)

    def add(self, _ruleset, kind, attributes):
        if kind == 1:
            rights, descriptor = struct.unpack("=Qi", attributes)
            self.rules.append((kind, rights, str(Path(f"/proc/self/fd/{descriptor}").readlink())))
        else:
            rights, port = struct.unpack("=QQ", attributes)
            self.rules.append((kind, rights, str(port)))


def harmless() -> int:
    return os.open("/dev/null", os.O_RDONLY)


@pytest.mark.parametrize("abi", [1, 3, 4, 5])
def test_the_rules_follow_from_the_plan(monkeypatch, tmp_path, abi):
    told = Recorder(monkeypatch)
    file, folder, link = tmp_path / "file", tmp_path / "folder", tmp_path / "link"
    file.touch()
    folder.mkdir()
    link.symlink_to(file)
    plan = Plan(
        read=(file, folder, link, tmp_path / "absent"),
        devices=(Path("/dev/zero"), tmp_path / "no-device"),
        connect=(8883, 554),
        bind=(9464,),
    )
    landlock.restrict(plan, [Path("/usr"), Path("/nowhere")], [], abi)
    drive = READ_FILE | WRITE_FILE | (IOCTL_DEV if abi >= 5 else 0)
    ports = [(2, BIND, "9464"), (2, CONNECT, "8883"), (2, CONNECT, "554")]
    assert told.rules == [
        (1, READ_FILE | READ_DIR, "/usr"),
        (1, READ_FILE, str(file)),
        (1, READ_FILE | READ_DIR, str(folder)),
        (1, READ_FILE, str(file)),  # a link is followed
        (1, drive, "/dev/zero"),
        *(ports if abi >= 4 else []),
    ]


INSIDE = """
import errno, os, socket, sys
from pathlib import Path
from counter.sandbox import Plan, kernel, landlock, needs
plan = Plan(read=(Path({read!r}),), devices=(Path("/dev/zero"),),
                     connect=({connect},), bind=({bind},))
kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
landlock.restrict(plan, needs.readable(), needs.PINNED, kernel.probe().landlock_abi)
def said(action):
    try:
        return action() and "done"
    except OSError as error:
        return errno.errorcode[error.errno]
here, there = Path({read!r}), Path({outside!r})
def port(number, how):
    with socket.socket() as sock:
        getattr(sock, how)(("127.0.0.1", number))
    return True
print(said(lambda: (here / "a").read_text()), said(lambda: os.listdir(here)),
      said(lambda: (there / "b").read_text()), said(lambda: os.listdir(there)),
      said(lambda: (here / "new").write_text("x")), said(lambda: os.rename(here / "a", here / "c")),
      said(lambda: open("/dev/zero", "r+b", buffering=0)), said(lambda: open("/dev/null", "w")),
      said(lambda: os.execv("/bin/true", ["true"])), said(lambda: open("/etc/passwd")),
      said(lambda: port({connect}, "connect")), said(lambda: port({other}, "connect")),
      said(lambda: port({bind}, "bind")), said(lambda: port({other}, "bind")),
      said(lambda: os.truncate(here / "a", 0)))
"""


@needs_landlock
def test_the_rules_hold_on_this_kernel(tmp_path):
    here, there = tmp_path / "here", tmp_path / "there"
    for folder, name in ((here, "a"), (there, "b")):
        folder.mkdir()
        (folder / name).write_text("text")
    connect, bind, other = free_port(), free_port(), free_port()
    given = {"read": str(here), "outside": str(there), "connect": connect, "bind": bind}
    code = INSIDE.format(**given, other=other)
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    no = "EACCES"
    reading, writing = ["done", "done", no, no], [no, no]
    devices, programs = ["done", no], [no, "done"]
    ports = ["ECONNREFUSED", no, "done", no]
    assert done.stdout.split() == [*reading, *writing, *devices, *programs, *ports, no]
    assert (here / "a").read_text() == "text"
