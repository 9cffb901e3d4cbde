"""The units: read by systemd, every line explained, and none that breaks what the process needs."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.commands import ROOT

FOLDER = ROOT / "systemd"
UNIT = FOLDER / "counter@.service"
DROP_INS = sorted((FOLDER / "drop-ins").glob("*.conf"))
needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="not run: systemd is not installed"
)
# Newer than Debian 12's systemd 252, which passes them over.
NEW = ("RestartSteps", "RestartMaxDelaySec")
# Exposure by `systemd-analyze security --offline=true` (systemd 252): what was measured.
SCORES = {"": 1.2, "usb-camera": 1.4, "accelerator": 1.4, "mqtt-credentials": 1.2}


def assignments(path: Path) -> list[tuple[str, str]]:
    lines = path.read_text().splitlines()
    parts = [line.partition("=") for line in lines if not line.startswith(("#", "["))]
    return [(key, value) for key, equals, value in parts if equals]


def installed(folder: Path, drop_in: str = "") -> Path:
    """Lay the unit out as README.md says, with a program that is there."""
    unit = folder / "counter@door.service"
    unit.write_text(UNIT.read_text().replace("/opt/counter/bin/counter", "/bin/true"))
    if drop_in:
        (folder / "counter@door.service.d").mkdir()
        shutil.copy(FOLDER / "drop-ins" / f"{drop_in}.conf", folder / "counter@door.service.d")
    return unit


@pytest.mark.parametrize("path", [UNIT, *DROP_INS], ids=lambda path: path.name)
def test_every_line_of_a_unit_says_why(path):
    """A comment stands above each assignment, one for each."""
    lines = path.read_text().splitlines()
    service = lines.index("[Service]")
    mute = [
        line
        for number, line in enumerate(lines)
        if number > service and "=" in line and not line.startswith("#")
        and not lines[number - 1].startswith("# ") and line not in OBVIOUS
    ]  # fmt: skip
    assert mute == []


OBVIOUS = {
    "ExecStart=/opt/counter/bin/counter run %d/config.toml",
    "TimeoutStopSec=15",
    "RestartMaxDelaySec=300",
    "WantedBy=multi-user.target",
}


def test_every_drop_in_is_known_here_and_in_the_readme():
    assert {path.stem for path in DROP_INS} == set(SCORES) - {""}
    readme = (FOLDER / "README.md").read_text()
    for path in (UNIT, *DROP_INS):
        assert f"`{path.relative_to(FOLDER)}`" in readme


def test_what_was_not_run_on_hardware_says_so():
    for name in ("usb-camera", "accelerator"):
        head = (FOLDER / "drop-ins" / f"{name}.conf").read_text().partition("[Service]")[0]
        assert "not run on hardware" in head.lower()


@pytest.mark.parametrize(
    "line",
    [
        "Type=notify", "NoNewPrivileges=yes", "ProtectSystem=strict", "MemorySwapMax=0",
        "LimitCORE=0", "StateDirectory=counter/%i", "SystemCallErrorNumber=EPERM",
        "WatchdogSec=30", "Restart=on-failure", "CapabilityBoundingSet=", "DynamicUser=yes",
    ],
)  # fmt: skip
def test_the_lines_that_the_documents_name(line):
    assert line in UNIT.read_text().splitlines()


def test_what_would_break_the_process_is_not_set():
    """LimitFSIZE=0 stops the ledger; ProcSubset=pid hides swap and the CPU; a kill is no answer."""
    keys = {key for key, _ in assignments(UNIT)}
    assert not keys & {"LimitFSIZE", "ProcSubset", "PrivateNetwork", "ReadWritePaths"}
    assert not any("~@sandbox" in value or "~seccomp" in value for _, value in assignments(UNIT))


def test_the_commands_of_the_unit_are_commands(tmp_path):
    commands = [v.lstrip("-") for k, v in assignments(UNIT) if k in {"ExecStart", "ExecStopPost"}]
    assert len(commands) == 2
    for command in commands:
        words = command.replace("%i", "door").replace("%S", str(tmp_path)).split()[1:]
        verbs = [word for word in words if "/" not in word]
        done = subprocess.run(
            [sys.executable, "-m", "counter", *verbs, "--help"], cwd=ROOT, capture_output=True,
            text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert f"counter {' '.join(verbs)}" in done.stdout


@needs_systemd
@pytest.mark.parametrize("drop_in", SCORES)
def test_systemd_reads_it_without_a_remark(tmp_path, drop_in):
    unit = installed(tmp_path, drop_in)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", unit], capture_output=True, text=True, check=False
    )
    remarks = [line for line in done.stderr.splitlines() if not any(key in line for key in NEW)]
    # Other units of this machine are none of ours.
    assert [line for line in remarks if "counter" in line or str(tmp_path) in line] == []
    assert done.returncode == 0 or remarks


@needs_systemd
@pytest.mark.parametrize(("drop_in", "score"), SCORES.items())
def test_the_exposure_does_not_grow(tmp_path, drop_in, score):
    unit = installed(tmp_path, drop_in)
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager", unit],
        capture_output=True, text=True, check=False, env=os.environ | {"LC_ALL": "C.UTF-8"},
    )  # fmt: skip
    found = re.search(r"exposure level for counter@door\.service: ([0-9.]+)", done.stdout)
    assert found, done.stderr
    assert float(found[1]) <= score


@needs_systemd
def test_the_filter_lets_the_process_seal_itself():
    """The calls of counter.sandbox and of the ledger are not in a set that the unit takes away."""
    allowed: set[str] = set()
    for key, value in assignments(UNIT):
        if key == "SystemCallFilter":
            named = {call for word in value.removeprefix("~").split() for call in calls(word)}
            allowed = allowed - named if value.startswith("~") else allowed | named
    needed = (
        "seccomp capset prctl prlimit64 landlock_create_ruleset landlock_add_rule"
        " landlock_restrict_self clone clone3 fork wait4 kill"
        " openat read pread64 write fsync flock ftruncate fstat"
        " link linkat unlink rename socket connect sendto recvfrom bind poll pipe2 eventfd2"
        " epoll_create1 epoll_wait ioctl mmap mprotect munmap madvise futex execve getrandom"
    )
    assert set(needed.split()) - allowed == set()
    wall = (
        "ptrace process_vm_readv process_vm_writev memfd_create io_uring_setup keyctl add_key mount"
        " setuid chown bpf perf_event_open init_module kexec_load swapon shmget msgget semget"
        " mq_open userfaultfd settimeofday reboot chroot mlock"
    )
    assert set(wall.split()) & allowed == set()


def calls(word: str) -> set[str]:
    """Resolve a set's name as this machine's systemd does."""
    if not word.startswith("@"):
        return {word}
    done = subprocess.run(
        ["systemd-analyze", "syscall-filter", word], capture_output=True, text=True, check=True
    )
    inside = [line.strip() for line in done.stdout.splitlines()[1:] if line.startswith(" ")]
    return {call for name in inside if not name.startswith("#") for call in calls(name)}
