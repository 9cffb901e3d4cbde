"""One run with everything that can be heard of it: broker, scraper, streams, folder, trace.

Rule 1: the broker and its recorder live here, outside; the run sees loopback addresses.
Rule 2: surroundings that this machine cannot give (namespaces, a tracer) are said, not skipped.
"""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from counter.config import Loaded
from counter.prove import launch, trace
from counter.prove.child import Child, cores_permitted, cores_unlimited, python
from counter.prove.recorder import Recorder
from counter.prove.scrape import Scraper
from counter.prove.specimens import FILES, FOLDER
from counter.prove.subject import Ports, Subject

START_S: Final = 120.0  # until the first release: start, model, 60 frames; on a busy machine
FOOTAGE_FRAMES: Final = 45  # at one a second: more than the shortest interval


class Around(StrEnum):
    """What surrounds a run."""

    PLAIN = "an empty folder"
    CORES = "core dumps unlimited"
    FULL_DISK = "a full disk as home, temporary and working folder"
    TRACED = "an empty network, under a system-call trace"


# Whether surroundings can be had is tried: root in a container may have no right to namespaces.
PROBES: Final = {
    Around.FULL_DISK: (
        *("unshare", "--mount", "--propagation", "private"),
        *("mount", "-t", "tmpfs", "none", "/mnt"),
    ),
    Around.TRACED: ("unshare", "--net", *trace.command(Path(os.devnull)), "true"),
}


@dataclass(frozen=True, slots=True)
class Stage:
    """What all runs share."""

    subject: Subject
    broker: tuple[str, int]
    folder: Path  # holds configurations and the folders of runs


@dataclass(slots=True)
class Run:
    child: Child
    recorder: Recorder
    scraper: Scraper | None
    loaded: Loaded
    folder: Path  # of the child; a way to it, where it lies in another namespace
    log: Path | None  # of the trace
    ignored: tuple[str, ...] = ()  # files in the folder that were there before

    @property
    def pid(self) -> int:
        """The number of the counter itself, also where a tracer is its parent."""
        return self.child.pid if self.log is None else trace.first_pid(self.log, self.child.pid)

    def send(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def wait_for_releases(self, count: int) -> bool:
        """Wait until so many lines were written to standard output."""
        return self.child.wait_for(lambda: self.child.said.count(b"\n") >= count, START_S)

    def files(self) -> list[Path]:
        """Every file, pipe or link that is in its folder now."""
        return [
            Path(folder) / name
            for folder, folders, names in os.walk(self.folder)
            for name in (*names, *folders)
            if name not in self.ignored
        ]


def missing_for(around: Around) -> str:
    """Why this machine cannot give these surroundings, or nothing."""
    if around is Around.CORES and not cores_permitted():
        return "core dumps are not permitted to this user (ulimit -H -c)"
    probe = PROBES.get(around, ())
    try:
        done = subprocess.run(probe, capture_output=True, check=False) if probe else None  # noqa: S603  # the table's
    except FileNotFoundError as error:
        return f"needs {error.filename}"
    if done is None or done.returncode == 0:
        return ""
    said = done.stderr.decode(errors="replace").strip().splitlines()
    return f"needs rights that are not here: {said[-1] if said else ' '.join(probe)}"


def _counter_run(config: Path) -> list[str]:
    return python("counter", "run", str(config))


@dataclass(frozen=True, slots=True)
class Setup:
    """How a run is started."""

    around: Around = Around.PLAIN
    command: Callable[[Path], list[str]] = _counter_run
    footage: bool = False  # a film that ends, instead of the drawn marker


PLAIN: Final = Setup()


@contextmanager
def started(stage: Stage, setup: Setup) -> Iterator[Run]:
    """Start a run; it ends, and its folder goes, with the block."""
    with ExitStack() as opened:
        base = Path(tempfile.mkdtemp(prefix="run-", dir=stage.folder))
        opened.callback(shutil.rmtree, base, ignore_errors=True)
        home, config = base / "home", base / "box.toml"
        home.mkdir()
        film = _film(base) if setup.footage else None
        if setup.around is Around.CORES:
            opened.enter_context(cores_unlimited())
        if setup.around is Around.TRACED:
            yield _traced(opened, stage, setup, base)
            return
        recorder = Recorder(stage.broker)
        opened.callback(recorder.close)
        ports = Ports(recorder.port, free_port())
        loaded = stage.subject.write(config, ports, film)
        command = setup.command(config)
        if setup.around is Around.FULL_DISK:
            alone = _unshared("--mount", "--propagation", "private")
            command = [*alone, "--full", str(home), *command]
        child = opened.enter_context(Child(command, home))
        scraper = Scraper(ports.metrics)
        opened.callback(scraper.stop)
        run = Run(child, recorder, scraper, loaded, home, None)
        if setup.around is Around.FULL_DISK:
            _look_into_namespace(opened, run)
        yield run


def _traced(opened: ExitStack, stage: Stage, setup: Setup, base: Path) -> Run:
    """Start in an empty network; the listening socket for its broker comes from inside."""
    ours, theirs = socket.socketpair()
    home, config, log = base / "home", base / "box.toml", base / "trace"
    command = [*_unshared("--net"), "--handover", str(theirs.fileno())]
    command += [*trace.command(log), *setup.command(config)]
    with ours, theirs:
        child = opened.enter_context(Child(command, home, pass_fds=(theirs.fileno(),)))
        ours.settimeout(10)
        _, descriptors, _, _ = socket.recv_fds(ours, 1, 1)
        recorder = Recorder(stage.broker, socket.socket(fileno=descriptors[0]))
        opened.callback(recorder.close)
        loaded = stage.subject.write(config, Ports(recorder.port, free_port()))
        ours.sendall(b"\0")
    return Run(child, recorder, None, loaded, home, log)


def _unshared(*options: str) -> list[str]:
    return ["unshare", *options, sys.executable, launch.__file__]


def _look_into_namespace(opened: ExitStack, run: Run) -> None:
    """Hold the child's disk open, so that it can be searched when the child is gone."""
    inside = Path(f"/proc/{run.child.pid}/root{run.folder}")
    run.child.wait_for((inside / "full").exists, 10)
    held = os.open(inside, os.O_RDONLY | os.O_DIRECTORY)
    opened.callback(os.close, held)
    run.folder = Path(f"/proc/self/fd/{held}")
    run.ignored = ("full",)


def _film(base: Path) -> Path:
    """A film of links to one specimen: footage that ends, read through the usual decoder."""
    film = base / "film"
    film.mkdir()
    for number in range(FOOTAGE_FRAMES):
        (film / f"{number:03}.png").symlink_to(FOLDER / FILES[2])
    return film


def free_port() -> int:
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as probe:
        return int(probe.getsockname()[1])
