"""What `counter prove` hears: the recorder, the scraper, the system-call trace."""

import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from counter.assemble import announcement
from counter.config import Loaded
from counter.disclosure import Gate
from counter.outputs.prometheus import PrometheusOutput
from counter.prove import trace
from counter.prove.recorder import Recorder
from counter.prove.run import free_port
from counter.prove.scrape import NOT_FOUND, Scraper, faults_of
from counter.settings import PrometheusSettings
from counter.start import unrestrained
from tests.test_prove_grammar import SETTINGS, SUBJECT, health, release

LOADED = Loaded(SETTINGS, "ab" * 32, ())


@pytest.fixture
def echo() -> Iterator[tuple[str, int]]:
    """A broker that says everything twice."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    client, _ = listener.accept()
                except OSError:
                    return
                with client:
                    while some := client.recv(100):
                        client.sendall(some * 2)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(5)


def ask(port: int, data: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), 5) as client:
        client.sendall(data)
        client.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: client.recv(100), b""))


def ended(client: socket.socket) -> bool:
    try:
        return client.recv(1) == b""
    except ConnectionResetError:
        return True


def test_both_directions_are_kept(echo: tuple[str, int]) -> None:
    with closing(Recorder(echo)) as recorder:
        assert ask(recorder.port, b"one") == b"oneone"
        assert ask(recorder.port, b"two") == b"twotwo"
        kept = [(bytes(c.said), bytes(c.heard)) for c in recorder.connections]
        assert kept == [(b"one", b"oneone"), (b"two", b"twotwo")]


def test_a_cut_is_what_a_lost_broker_looks_like(echo: tuple[str, int]) -> None:
    with closing(Recorder(echo)) as recorder:
        with socket.create_connection(("127.0.0.1", recorder.port), 5) as client:
            client.sendall(b"a")
            assert client.recv(2) == b"aa"
            recorder.cut()
            assert ended(client)
        with pytest.raises(ConnectionRefusedError):
            ask(recorder.port, b"b")
        recorder.restore()
        assert ask(recorder.port, b"c") == b"cc"


def scraped(counts: int) -> list[bytes]:
    """What /metrics answers before and after a release, and to a wrong path."""
    settings = PrometheusSettings(port=free_port())
    said = announcement(unrestrained(LOADED), Gate(SETTINGS))
    with closing(PrometheusOutput(settings, said)) as output:
        responses = [ask(settings.port, b"GET /metrics HTTP/1.1\r\n\r\n")]
        output.publish(release(counts), health())
        responses.append(ask(settings.port, b"GET /metrics HTTP/1.1\r\n\r\n"))
        responses.append(ask(settings.port, b"GET /frame.jpg HTTP/1.1\r\n\r\n"))
    return responses


def test_metrics_keep_their_grammar() -> None:
    before, after, wrong = scraped(23)
    assert b"counter_occupancy_persons{" in after
    assert wrong == NOT_FOUND
    assert faults_of([before, after, wrong, *scraped(3)], LOADED, SUBJECT.model) == []


def test_an_answer_that_a_crash_cut_short_is_no_fault() -> None:
    _, after, _ = scraped(23)
    for length in (0, 40, 200, len(after) // 2, len(after) - 1):
        cut = after[:length]
        good = not cut or b"\r\n\r\n" in cut
        assert (faults_of([after, cut], LOADED, SUBJECT.model) == []) is good
    assert faults_of([after + b"\n"], LOADED, SUBJECT.model)
    assert faults_of([after[: len(after) // 2] + b"A" * 400], LOADED, SUBJECT.model)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"\ncounter_healthy 1.0", b"\ncounter_healthy 1.0000000000000000001"),
        (b"\ncounter_healthy 1.0", b"\ncounter_leak 1.0"),
        (b'name="edge"', b'name="QUJDREVGR0g"'),
        (b"# HELP counter_healthy 1 when", b"# HELP counter_healthy 2 when"),
        (b"\ncounter_healthy 1.0", b"\n# QUJDREVGR0g="),
        (b"Connection: close", b"Connection: close\r\nDate: today"),
        (b"\n#  ", b"\n#   "),  # one more space fills up
    ],
)
def test_metrics_have_no_room_for(old: bytes, new: bytes) -> None:
    before, after, _ = scraped(23)
    assert old in after
    assert faults_of([before, after.replace(old, new, 1)], LOADED, SUBJECT.model)


def test_the_scraper_keeps_each_different_response_once() -> None:
    settings = PrometheusSettings(port=free_port())
    said = announcement(unrestrained(LOADED), Gate(SETTINGS))
    with closing(PrometheusOutput(settings, said)):
        scraper = Scraper(settings.port)
        enough = threading.Event()
        while sum(scraper.responses.values()) < 4:
            enough.wait(0.1)
        scraper.stop()
    assert len(scraper.responses) == 2
    assert faults_of(scraper.responses, LOADED, SUBJECT.model) == []


TRACE = r"""
7 openat(AT_FDCWD, "/etc/passwd", O_RDONLY|O_CLOEXEC) = 3
7 openat(AT_FDCWD, "/tmp/blocked", O_WRONLY|O_CREAT, 0666) = -1 EACCES (Permission denied)
7 openat(AT_FDCWD, "/dev/null", O_RDWR) = 4
7 socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC, IPPROTO_TCP) = 5
7 connect(5, {sa_family=AF_INET, sin_port=htons(1883), sin_addr=inet_addr("127.0.0.1")}, 16) = 0
8 openat(AT_FDCWD, "/tmp/tried", O_WRONLY|O_CREAT, 0666 <unfinished ...>
7 execve("/bin/true", ["true"], 0x7ffc /* 9 vars */) = 0
8 <... openat resumed>) = -1 EACCES (Permission denied)
"""
LEAKS = {
    'openat(AT_FDCWD, "/tmp/leak", O_WRONLY|O_CREAT, 0666) = 6': "writes",
    'memfd_create("leak", 0) = 6': "writes",
    'mkdir("/tmp/leak", 0777) = 0': "writes",
    "socket(AF_INET, SOCK_DGRAM, IPPROTO_IP) = 6": "reached",
    'connect(5, {sa_family=AF_INET, sin_port=htons(443), sin_addr=inet_addr("192.0.2.1")}, 16) = 0':
    "reached",
}  # fmt: skip


def test_a_trace_of_attempts_that_failed_is_clean(tmp_path: Path) -> None:
    log = tmp_path / "trace"
    log.write_text(TRACE.strip())
    assert trace.read(log) == trace.Traced(8, (), ())
    assert trace.first_pid(log, 1) == 7


@pytest.mark.parametrize("leak", LEAKS)
def test_a_trace_shows(leak: str, tmp_path: Path) -> None:
    log = tmp_path / "trace"
    log.write_text(f"{TRACE.strip()}\n9 {leak}\n")
    assert getattr(trace.read(log), LEAKS[leak]) == (f"9 {leak}",)
    begun, _, ended = leak.rpartition(")")
    log.write_text(f"9 {begun} <unfinished ...>\n{TRACE.strip()}\n9 <... x resumed>){ended}\n")
    assert len(getattr(trace.read(log), LEAKS[leak])) == 1
