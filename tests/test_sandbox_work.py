"""What a sealed process must still be able to do, as root and as nobody."""

import os
import socket
import ssl
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import certificates
from tests.broker import free_port
from tests.sandboxed import WHOLE, child, needs_both_walls

pytestmark = [needs_both_walls, certificates.needs_openssl]
NOBODY = 65534


@pytest.fixture(scope="module")
def made() -> Iterator[certificates.Certificates]:
    """Make certificates that everybody may read: pytest's own folders are closed to others."""
    with tempfile.TemporaryDirectory() as name:
        certificates.make(Path(name))
        Path(name).chmod(0o755)
        for file in Path(name).iterdir():
            file.chmod(0o644)
        yield certificates.Certificates(Path(name))


def tls_server(made: certificates.Certificates) -> int:
    """Say hello to one client; give the port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made.path("server.pem"), made.path("server.key"))
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with listener, context.wrap_socket(listener.accept()[0], server_side=True) as near:
            near.sendall(b"over tls")

    threading.Thread(target=serve, daemon=True).start()
    return int(listener.getsockname()[1])


WORK = """
import encodings.idna, socketserver  # what is imported later must be readable by nobody as well
if {user}: os.setgid({user}); os.setuid({user})
go, heard = threading.Event(), []
plan = Plan(read=(Path({folder!r}),), connect=({server}, {served}), bind=({served},))
enclosure = Enclosure(plan, swap)
enclosure.enter()
early = threading.Thread(target=go.wait); early.start()
listener = socket.create_server(("127.0.0.1", {served}))
proof = enclosure.seal()
def serve():
    near, _ = listener.accept()
    heard.append(near.recv(9).decode()); near.close()
late = threading.Thread(target=serve); late.start()
with socket.create_connection(("127.0.0.1", {served})) as sock:
    sock.settimeout(5); sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.sendall(b"scrape me")
late.join(); go.set(); early.join()
tls = ssl.create_default_context(cafile={folder!r} + "/ca.pem")
with tls.wrap_socket(socket.create_connection(("127.0.0.1", {server})),
                     server_hostname="127.0.0.1") as sock:
    heard.append(sock.recv(9).decode())
print(json.dumps([proof.level, os.getuid(), heard,
    [len(os.urandom(4)), len(os.listdir("/proc/self/fd")) > 3, time.sleep(0.01)],
    [said(lambda: open("/proc/self/" + name).read()) for name in ("status", "maps", "cgroup")],
    said(lambda: socket.getaddrinfo("localhost", 1)),
    said(lambda: socket.create_connection(("127.0.0.1", {other}))),
    said(lambda: Path({folder!r}, "new").write_text("x"))]))
"""


@pytest.mark.parametrize("user", [0, NOBODY])
def test_threads_sockets_tls_and_reading_go_on(made, user):
    if user and os.geteuid():
        pytest.skip("not run: only root can become somebody else")
    ports = {"server": tls_server(made), "served": free_port(), "other": free_port()}
    ((level, uid, heard, rest, own, name, port, new),) = child(
        WORK.format(user=user, folder=str(made.folder), **ports)
    )
    assert (level, uid) == (WHOLE, user or os.getuid())
    assert heard == ["scrape me", "over tls"]
    assert rest == [4, True, None]
    assert own == ["done"] * 3
    assert name == "done"  # from /etc/hosts; the name service itself is gone
    assert (port, new) == ("EACCES", "EPERM")
