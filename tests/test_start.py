"""`counter run` as the kernel and a broker see it: enclosed, remembered, announced."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from counter import start
from counter.config import load
from counter.errors import SandboxError
from counter.guarantees import Guarantee
from counter.history import HOLD_S, Run, grid_sha256
from counter.ledger import Ledger, LedgerError, StartFacts, verify
from counter.sandbox import Enclosure, Proof
from tests.broker import Mosquitto, Subscriber, needs_mosquitto, wait_for
from tests.commands import ROOT, assert_mistake, counter, film

CONFIG = """
site = "test"
device = "box"
purpose = "passenger-information"
interval_s = 30
{head}
[cameras.eye]
source = "{source}"
[zones.all]
camera = "eye"
polygon = [[0, 0], [1, 0], [1, 1], [0, 1]]
seats = 40
{tail}
"""


def configured(folder: Path, source: str, head: str = "stdout = true", tail: str = "") -> str:
    path = folder / "box.toml"
    path.write_text(CONFIG.format(source=source, head=head, tail=tail))
    return str(path)


@contextmanager
def running(config: str) -> Iterator[subprocess.Popen[str]]:
    """A counter of a drawn scene at its own pace, from its first picture on."""
    with subprocess.Popen(
        [sys.executable, "-m", "counter", "run", config, "--realtime"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stderr is not None
            said = process.stderr.readline() + process.stderr.readline()
            assert "counting with" in said
            assert "sandbox " in said, said
            yield process
        finally:
            process.terminate()
            process.communicate(timeout=30)


def test_every_thread_of_a_running_counter_is_under_the_filter(tmp_path: Path) -> None:
    with running(configured(tmp_path, "synthetic:carriage")) as process:
        tasks = list(Path(f"/proc/{process.pid}/task").iterdir())
        told = [dict(line.split(":\t", 1) for line in _status(task)) for task in tasks]
    assert len(told) > 1
    for one in told:
        assert (one["Seccomp"], one["NoNewPrivs"]) == ("2", "1")
        assert one["CapEff"].strip("0") == "" or int(one["CapEff"], 16) < 1 << 11


def _status(task: Path) -> list[str]:
    return [line for line in (task / "status").read_text().splitlines() if ":\t" in line]


@needs_mosquitto
def test_the_brokers_info_names_the_ledgers_head_and_health_the_sandbox(tmp_path: Path) -> None:
    book = tmp_path / "ledger.jsonl"
    with Mosquitto(tmp_path) as broker:
        tail = f'[mqtt]\nurl = "{broker.url}"\n'
        config = configured(tmp_path, str(film(tmp_path / "f.avi", 31)), f'ledger = "{book}"', tail)
        done = counter("run", config)
        assert done.returncode == 0, done.stderr
        with Subscriber(broker.port) as late:
            wait_for(lambda: {"info", "health"} <= set(_tails(late)), "the retained state")
            info, health = (json.loads(_tails(late)[tail]) for tail in ("info", "health"))
    assert info["ledger_head"] == Ledger.open(book).head
    assert verify(book, info["ledger_head"]).ok
    (record,) = Ledger.open(book).records
    assert record.facts.sandbox == health["sandbox"]  # type: ignore[union-attr]
    assert health["sandbox"] in done.stderr


def _tails(subscriber: Subscriber) -> dict[str, bytes]:
    return {m.topic.rpartition("/")[2]: bytes(m.payload) for m in subscriber.heard}


def test_output_into_a_file_is_refused_and_a_pipe_is_not(tmp_path: Path) -> None:
    config = configured(tmp_path, str(film(tmp_path / "f.avi", 31)))
    with (tmp_path / "counts").open("w") as out:
        done = subprocess.run(
            [sys.executable, "-m", "counter", "run", config],
            cwd=ROOT,
            stdout=out,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 2
    assert "no-inherited-files" in done.stderr
    assert (tmp_path / "counts").read_text() == ""
    accepted = 'stdout = true\naccept_weaker_sandbox = ["no-inherited-files"]'
    assert counter("run", configured(tmp_path, str(tmp_path / "f.avi"), accepted)).returncode == 0


def test_a_ledger_that_was_changed_stops_the_start(tmp_path: Path) -> None:
    book = tmp_path / "ledger.jsonl"
    config = configured(tmp_path, str(film(tmp_path / "f.avi", 31)), f'ledger = "{book}"')
    assert counter("run", config).returncode == 0
    book.write_bytes(book.read_bytes().replace(b'"counter-n"', b'"counter-m"'))
    assert_mistake(counter("run", config), "ledger", "line 1")


@pytest.fixture
def forgetful(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Begin without giving up anything in this process; the order in which it is asked."""
    order: list[str] = []
    monkeypatch.setattr(Enclosure, "enter", lambda _: order.append("stage 1"))
    monkeypatch.setattr(start, "rehearse", lambda _: Proof("6.0", 7, (), ()))
    real = Ledger.started

    def started(self: Ledger, facts: StartFacts, at: datetime) -> str:
        order.append("ledger")
        return real(self, facts, at)

    monkeypatch.setattr(Ledger, "started", started)
    return order


def test_the_ledger_is_written_before_rights_are_given_up(
    tmp_path: Path, forgetful: list[str]
) -> None:
    head = f'ledger = "{tmp_path / "book"}"'
    start.begin(load(Path(configured(tmp_path, "synthetic:carriage", head))))
    assert forgetful == ["ledger", "stage 1"]


@pytest.mark.usefixtures("forgetful")
def test_a_live_camera_is_held_after_another_grid_and_without_a_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = f'ledger = "{tmp_path / "book"}"'

    def wait(head: str, tail: str = "", source: str = "rtsp://127.0.0.1:1/x") -> float | None:
        begun = start.begin(load(Path(configured(tmp_path, source, head, tail))))
        if begun.not_before is None:
            return None
        return (begun.not_before - datetime.now(UTC)).total_seconds()

    held = pytest.approx(HOLD_S, abs=5)
    assert wait(head) == held  # another file must not be a way around the hold
    assert wait(head) == held  # and a second start does not end it
    assert wait(head, "[disclosure]\nthreshold = 20\n") == held
    assert wait("stdout = true") == held
    assert wait("stdout = true", source="synthetic:carriage") is None
    grid = grid_sha256(load(Path(configured(tmp_path, "rtsp://127.0.0.1:1/x"))).settings)
    yesterday = datetime.now(UTC) - timedelta(days=1)
    monkeypatch.setattr(start, "memory_of", lambda _: [Run(grid, yesterday, yesterday)])
    assert wait(head) == pytest.approx(0, abs=5)


def test_what_is_missing_stops_the_start_before_anything_is_written(
    tmp_path: Path, forgetful: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    weak = Proof("6.0", 0, (), (Guarantee.LANDLOCK_NET,))
    monkeypatch.setattr(start, "rehearse", lambda _: weak)
    book = tmp_path / "book"
    config = Path(configured(tmp_path, "synthetic:carriage", f'ledger = "{book}"'))
    with pytest.raises(SandboxError, match="landlock-net"):
        start.begin(load(config))
    assert forgetful == []
    assert not book.exists()
    accepted = f'ledger = "{book}"\naccept_weaker_sandbox = ["landlock-net"]'
    start.begin(load(Path(configured(tmp_path, "synthetic:carriage", accepted))))
    assert Ledger.open(book).records[0].facts.sandbox == "weaker:landlock-net"  # type: ignore[union-attr]


def test_a_torn_ledger_is_told(tmp_path: Path, forgetful: list[str]) -> None:
    book = tmp_path / "book"
    book.write_bytes(b'{"sequence":0')
    config = configured(tmp_path, "synthetic:carriage", f'ledger = "{book}"')
    with pytest.raises(LedgerError):
        start.begin(load(Path(config)))
    assert forgetful == []
