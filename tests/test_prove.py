"""`counter prove` as a person runs it, and leaks of encoded pictures that it has to catch."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from counter import __version__
from counter.config import parse
from counter.dossier.evidence import read_report
from counter.prove import controls
from counter.prove.child import python
from counter.prove.command import open_stage
from counter.prove.controls import Leak
from counter.prove.forms import marker_of
from counter.prove.report import Control, Outcome, Report, Result
from counter.prove.run import Around, Setup, Stage, missing_for
from counter.prove.scenarios import Scenario, play
from counter.prove.search import Search
from counter.prove.subject import SIZE, Ports, subject_of
from tests.commands import ROOT, assert_mistake, counter
from tests.encoding_leaks import ENCODED
from tests.test_ledger import written
from tests.test_prove_search import MARKER

SHORT_S = 300  # it takes a minute where nobody else works


@pytest.mark.slow
def test_the_short_form_passes_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    done = counter("prove", "--short", "--json", str(tmp_path / "proof.json"), timeout_s=SHORT_S)
    assert done.returncode == 0, done.stdout + done.stderr
    assert list(folder.iterdir()) == []
    report = json.loads((tmp_path / "proof.json").read_text())
    assert (report["schema"], report["version"]) == ("counter/proof/1", __version__)
    assert report["specimens"] == {"found": 15, "of": 15}
    outcomes = {s["outcome"] for s in report["scenarios"]}
    assert outcomes <= {"passed", "not-run"}
    assert "passed" in outcomes
    assert all(c["caught"] for c in report["controls"])
    assert report["found"] == []
    assert report["verdict"] in " ".join(done.stdout.split())
    assert "impossible" not in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_children_and_removes_what_was_made(
    number: signal.Signals, tmp_path: Path
) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "counter", "prove"],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as proof:
        until = time.monotonic() + 60
        while not children_in(tmp_path) and time.monotonic() < until:
            time.sleep(0.1)
        assert children_in(tmp_path)
        proof.send_signal(number)
        _, errors = proof.communicate(timeout=60)
    assert proof.returncode == 130
    assert b"Traceback" not in errors
    assert children_in(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def children_in(folder: Path) -> list[int]:
    """Processes whose command names something in this folder."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if os.fsencode(folder) + b"/" in words:
                found.append(int(entry.name))
    return found


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with ExitStack() as opened:
        yield open_stage(opened, subject_of(None))


@pytest.mark.slow
@pytest.mark.parametrize("way", ENCODED)
def test_an_encoded_leak_is_caught(way: str, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(controls, "LEAKY", "tests.encoding_leaks")
    search = Search(marker_of(stage.subject.seed, SIZE, stage.subject.model.entry.input))
    control = controls.tried(Leak(way, way), stage, search)
    assert control.caught, control
    kind = "JPEG" if "jpeg" in way else "PNG"
    assert "the search" in control.without_sandbox
    assert kind in control.without_sandbox


def leaking(leak: str) -> Callable[[Path], list[str]]:
    """The command of a run that leaks, with all rights."""
    return lambda config: python("counter.prove.leaky", leak, str(config), str(config) + ".leak")


AROUND = [(Around.PLAIN, "file leak.bin"), (Around.TRACED, "opened for writing"),
          (Around.FULL_DISK, "a file was made: leak.bin, 0 bytes")]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(("around", "told"), AROUND)
def test_a_scenario_fails_when_the_run_leaks(around: Around, told: str, stage: Stage) -> None:
    if reason := missing_for(around):
        pytest.skip(f"not run: {reason}")
    search = Search(marker_of(stage.subject.seed, SIZE, stage.subject.model.entry.input))
    bad = Scenario(
        "it leaks", lambda run: run.send(signal.SIGTERM), 0, Setup(around, leaking("file"))
    )
    outcome = play(bad, stage, search)
    assert outcome.outcome is Result.FAILED
    assert told in outcome.detail


def test_what_this_machine_cannot_give_is_said(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    setup = Setup(Around.TRACED)
    outcome = play(Scenario("traced", lambda _: None, 0, setup), stage, Search(MARKER))
    assert (outcome.outcome, outcome.detail) == (Result.NOT_RUN, "needs unshare")


@pytest.mark.parametrize("name", ["carriage", "footfall", "event"])
def test_the_operators_own_configuration_is_proved(name: str, tmp_path: Path) -> None:
    config = ROOT / "examples" / f"{name}.toml"
    asked, _ = parse(config.read_bytes(), name)
    subject = subject_of(config)
    loaded = subject.write(tmp_path / "box.toml", Ports(1883, 9464))
    given = loaded.settings
    assert (given.purpose, given.zones, given.lines, given.groups, given.disclosure) == (
        *(asked.purpose, asked.zones, asked.lines, asked.groups, asked.disclosure),
    )
    assert given.accept_weaker_sandbox == asked.accept_weaker_sandbox
    assert set(given.cameras) == set(asked.cameras)
    assert {c.source for c in given.cameras.values()} == {"synthetic:marker"}
    assert given.ledger is None


def test_mistakes_are_told(tmp_path: Path) -> None:
    assert_mistake(counter("prove", str(tmp_path / "none.toml")), "cannot be read")
    nowhere = str(tmp_path / "none" / "proof.json")
    assert_mistake(counter("prove", "--json", nowhere), "--json")
    assert_mistake(counter("prove", "--head", "ab" * 32), "--ledger")


def test_a_ledger_is_followed_and_nothing_else_is_done(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    assert_mistake(counter("prove", "--ledger", str(path)), "there is no such file")
    head = written(path)[-1]
    done = counter("prove", "--ledger", str(path), "--head", head)
    assert (done.returncode, done.stderr) == (0, "")
    assert "record 5 (stop" in done.stdout
    done = counter("prove", "--ledger", str(path), "--head", "ab" * 32)
    assert done.returncode == 2
    assert "NO RECORD HAS THE PUBLISHED HEAD" in done.stdout
    assert "counter: hint: compare it with a backup" in done.stderr


def report(**changes: object) -> Report:
    made = Report("2026-03-01T08:00:00Z", "0.1.0", "counter-n", "ab" * 32, "6.12")
    made.specimens = {"JPEG": ("JPEG",)}
    made.scenarios = [Outcome("kill -9", Result.PASSED, "2 counts")]
    made.controls = [Control("a file", "found by the search", "blocked by the kernel", caught=True)]
    for name, value in changes.items():
        setattr(made, name, value)
    return made


def test_a_report_says_what_was_not_covered() -> None:
    said = report(not_covered=["swap: not readable"]).as_text()
    assert report().passed
    assert "swap: not readable" in said
    assert "firmware" in said
    assert "the same search found 1 of 1 specimens" in said


def test_a_report_says_how_many_runs_told_their_sandbox() -> None:
    told = [Outcome("kill -9", Result.PASSED, "2 counts", "full")]
    silent = [Outcome("an error", Result.PASSED, "0 counts")]
    left_out = [Outcome("traced", Result.NOT_RUN, "needs root")]
    said = report(sandbox="full", scenarios=told + silent + left_out).as_text()
    assert "Sandbox that the runs reported: full (1 of 2 told it)\n" in said


def test_nothing_of_a_report_is_broken_where_it_is_not_read_on_a_terminal() -> None:
    path = "/var/lib/" + "folder/" * 40 + "core.1234"
    failed = report(found=[path], scenarios=[Outcome("kill -9", Result.PASSED, path)])
    assert [line.count(path) for line in failed.as_text().splitlines() if "core" in line] == [1, 1]
    assert max(len(line) for line in failed.as_text(80).splitlines() if "kill" in line) <= 80


def test_the_dossier_can_read_a_report(tmp_path: Path) -> None:
    file = tmp_path / "proof.json"
    file.write_text(report(not_covered=["swap"]).as_json())
    read = read_report(file).report
    assert read.passed
    assert read.verdict == report().verdict
    assert read.not_covered == ["swap"]
    assert (read.specimens.found, read.controls[0].caught) == (1, True)
    assert [one.outcome for one in read.scenarios] == ["passed"]


@pytest.mark.parametrize(
    "against",
    [
        {"found": ["leak: JPEG"]},
        {"specimens": {"JPEG": ()}},
        {"scenarios": [Outcome("kill -9", Result.FAILED, "a file was made")]},
        {"controls": [Control("a file", "MISSED", "MISSED", caught=False)]},
        {"scenarios": [Outcome("kill -9", Result.NOT_RUN, "needs root")]},
        {"controls": []},
    ],
)
def test_a_proof_without_all_of_its_parts_is_none(against: dict[str, object]) -> None:
    failed = report(**against)
    assert not failed.passed
    assert failed.verdict.startswith("FAILED")
    assert not json.loads(failed.as_json())["passed"]
