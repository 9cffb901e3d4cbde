"""What the attempts are aimed at: files, listeners, a victim. Set up by the test's process."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

SECRET = b"a picture of somebody"
SIZE = 1 << 16  # bytes of the files that are there already

# A process of the same user with a secret in its memory and a file open for writing.
VICTIM = """
import ctypes, sys, time
kept = ctypes.create_string_buffer(b"a picture of somebody")
file = open(sys.argv[1], "r+b")
print(ctypes.addressof(kept), file.fileno(), flush=True)
time.sleep(600)
"""


@dataclass(frozen=True)
class Scene:
    folder: str  # outside the plan, but anybody may write there
    shown: str  # a folder that the plan lets the process read, and that anybody may write to
    port: int  # in the plan, for connecting
    served: int  # in the plan, for binding
    other: int  # somebody listens there on IPv4; not in the plan
    other6: int  # the same on IPv6; 0 where the machine has none
    unused: int  # nobody listens there
    udp: int
    victim: int
    address: int  # of the secret in the victim's memory
    descriptor: int  # of the victim's file
    line: int  # a descriptor of a unix socket, over which a writable file is handed in
    uid: int = 0
    # What was prepared between the stages: descriptors, addresses, error numbers.
    held: dict[str, int] = field(default_factory=dict)

    @property
    def picture(self) -> str:
        """A file that is there already, and that the plan lets the process read."""
        return f"{self.shown}/picture.raw"

    @property
    def secret(self) -> str:
        return f"{self.folder}/secret"

    @property
    def stream(self) -> str:
        return f"{self.shown}/stream.sock"

    @property
    def datagram(self) -> str:
        return f"{self.shown}/datagram.sock"

    @property
    def log(self) -> str:
        """As a system's log has: what is sent there ends on a disk."""
        return f"{self.shown}/log.sock"

    @property
    def abstract(self) -> str:
        return f"\0{self.folder}"

    def new(self, name: str) -> str:
        """A path that is free, where only the sandbox is in the way."""
        return f"{self.shown}/{name}"

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Scene":
        return cls(**json.loads(text))


@contextmanager
def staged(port: int | None = None, uid: int = 0) -> Iterator[Scene]:
    """Give a scene; `port` is a broker's, or one is opened. Another `uid` needs root."""
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="attacked-"))  # not a test's folder: others get in
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        shown = folder / "shown"
        shown.mkdir()
        (shown / "picture.raw").write_bytes(bytes(SIZE))
        (shown / "given.raw").write_bytes(bytes(SIZE))
        (shown / "victim.raw").write_bytes(bytes(SIZE))
        (shown / "empty").mkdir()
        hidden = folder / "hidden"
        hidden.mkdir()
        (hidden / "secret").write_bytes(SECRET)
        for path in (folder, hidden, *folder.rglob("*")):
            path.chmod(0o777 if path.is_dir() else 0o666)
            os.chown(path, uid, uid) if os.geteuid() == 0 else None
        victim = stack.enter_context(_victim(str(shown / "victim.raw"), uid))
        doors = _listeners(stack, shown, folder)
        with socket.socket() as probe, socket.socket() as second:
            probe.bind(("127.0.0.1", 0))
            second.bind(("127.0.0.1", 0))
            unused, served = probe.getsockname()[1], second.getsockname()[1]
        yield Scene(
            folder=str(hidden),
            shown=str(shown),
            port=port or doors["port"],
            served=served,
            other=doors["other"],
            other6=doors["other6"],
            unused=unused,
            udp=doors["udp"],
            victim=victim[0],
            address=victim[1],
            descriptor=victim[2],
            line=-1,
            uid=uid,
        )


def _listeners(stack: ExitStack, shown: Path, folder: Path) -> dict[str, int]:
    """Open what can be connected to; the kernel accepts, nobody reads."""
    ports = {}
    for name in ("port", "other"):
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=500))
        ports[name] = listener.getsockname()[1]
    try:
        listener = stack.enter_context(
            socket.create_server(("::1", 0), family=socket.AF_INET6, backlog=500)
        )
        ports["other6"] = listener.getsockname()[1]
    except OSError:
        ports["other6"] = 0
    receiver = stack.enter_context(socket.socket(type=socket.SOCK_DGRAM))
    receiver.bind(("127.0.0.1", 0))
    ports["udp"] = receiver.getsockname()[1]
    for kind, name in (
        (socket.SOCK_STREAM, f"{shown}/stream.sock"),
        (socket.SOCK_DGRAM, f"{shown}/datagram.sock"),
        (socket.SOCK_DGRAM, f"{shown}/log.sock"),
        (socket.SOCK_STREAM, f"\0{folder}/hidden"),
    ):
        local = stack.enter_context(socket.socket(socket.AF_UNIX, kind))
        local.bind(name)
        if kind is socket.SOCK_STREAM:
            local.listen(500)
        if not name.startswith("\0"):
            Path(name).chmod(0o777)
    return ports


@contextmanager
def _victim(path: str, uid: int) -> Iterator[tuple[int, int, int]]:
    # The system's own Python, where there is one: another user may not get at the one of a venv.
    python = "/usr/bin/python3" if uid and Path("/usr/bin/python3").exists() else sys.executable
    with subprocess.Popen(
        [python, "-c", VICTIM, path],
        stdout=subprocess.PIPE,
        text=True,
        user=uid or None,
        group=uid or None,
        env={"PATH": os.environ["PATH"]},
    ) as process:
        try:
            assert process.stdout is not None
            address, descriptor = process.stdout.readline().split()
            yield process.pid, int(address), int(descriptor)
        finally:
            for number in (signal.SIGCONT, signal.SIGKILL):
                process.send_signal(number)
