"""One run as a child process: started, listened to, ended by its number, its traces kept.

Rule 1: it is the command a person would type, with the environment of that person less what keeps
runtimes silent in tests (CI and their own switches).
Rule 2: its home, temporary and working folder is an empty one of its own.
Rule 3: what it says is kept in memory. Whatever happens, it does not outlive its block.
"""

import contextlib
import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import IO, Final, Self

WITHOUT: Final = {
    *("CI", "ORT_DISABLE_TELEMETRY", "YOLO_OFFLINE", "YOLO_AUTOINSTALL"),
    *("NOTIFY_SOCKET", "WATCHDOG_USEC"),  # of the service that this is not
}
MOST_SAID: Final = 64 << 20  # bytes kept of each stream
TURN_S: Final = 0.05
PACKAGE: Final = Path(__file__).parents[2]


class Child:
    """Started once constructed; use it in a `with` block."""

    def __init__(self, command: Sequence[str], folder: Path, pass_fds: Sequence[int] = ()) -> None:
        self._process = subprocess.Popen(  # noqa: S603  # our own command, by its full path
            command,
            cwd=folder,
            env=_environment(folder),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=pass_fds,
            start_new_session=True,  # a Ctrl-C at the terminal is for the proof, which ends it
        )
        self.pid = self._process.pid
        self.said, self.log = bytearray(), bytearray()
        self._readers = [
            _reader(self._process.stdout, self.said),
            _reader(self._process.stderr, self.log),
        ]

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def wait_for(self, happened: Callable[[], bool], timeout_s: float) -> bool:
        """Wait until it happens; False when the run ends before, or when it takes too long."""
        until = time.monotonic() + timeout_s
        while time.monotonic() < until:
            if happened():
                return True
            if not self.running:
                return happened()
            time.sleep(TURN_S)
        return False

    def ended(self, timeout_s: float) -> int | None:
        """Wait for its end and for all it said; give its exit code, None if it does not end."""
        try:
            code = self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return None
        for reader in self._readers:
            reader.join(5)
        return code

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.running:
            self._process.kill()
        self.ended(10)
        for stream in (self._process.stdout, self._process.stderr):
            if stream is not None:
                stream.close()


def python(*words: str) -> list[str]:
    """Run a module of ours with this interpreter; unbuffered, as a box does."""
    return [sys.executable, "-u", "-m", *words]


def cores_permitted() -> bool:
    """Say whether a child may dump core at all; root in a container may not raise the limit."""
    try:
        with cores_unlimited():
            return resource.getrlimit(resource.RLIMIT_CORE)[0] != 0
    except (OSError, ValueError):
        return False


@contextmanager
def cores_unlimited() -> Iterator[None]:
    """Let children dump cores as large as they may be: `ulimit -c unlimited` for root."""
    before = resource.getrlimit(resource.RLIMIT_CORE)
    limit = resource.RLIM_INFINITY if os.geteuid() == 0 else before[1]
    resource.setrlimit(resource.RLIMIT_CORE, (limit, limit))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_CORE, before)


def _environment(folder: Path) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if key not in WITHOUT}
    paths = [str(PACKAGE), kept.get("PYTHONPATH", "")]
    return kept | {
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
        "PYTHONDONTWRITEBYTECODE": "1",  # a cache of our source, and nothing of a picture
    }


def _reader(stream: IO[bytes] | None, kept: bytearray) -> threading.Thread:
    thread = threading.Thread(target=_read, args=(stream, kept), daemon=True)
    thread.start()
    return thread


def _read(stream: IO[bytes], kept: bytearray) -> None:
    with contextlib.suppress(OSError, ValueError):  # it is closed when the block ends
        while some := os.read(stream.fileno(), 65536):
            kept += some[: max(0, MOST_SAID - len(kept))]
