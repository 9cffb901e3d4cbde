"""What others found, as the attestation shows it: reports of `counter prove`, and the ledger."""

import re
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest

from counter.dossier.evidence import read_ledger, read_report
from counter.errors import ConfigError
from counter.ledger import Ledger
from counter.prove.controls import LEAKS
from counter.prove.report import OUTSIDE, Control, Outcome, Report, Result
from counter.prove.scenarios import SCENARIOS
from tests.dossiers import CARRIAGE, papers
from tests.test_ledger import FACTS

HOSTILE = "<script>alert('x')</script>"


def report(**changes: object) -> Report:
    return Report(
        **{
            "at": "2026-11-23T06:00:00Z",
            "version": "0.1.0",
            "model": "counter-n",
            "model_sha256": papers_model(),
            "kernel": "6.18",
            "sandbox": "full",
            "scenarios": [Outcome("kill -9", Result.PASSED, HOSTILE)],
            "controls": [Control("a JPEG file", "found", "blocked", caught=True)],
            "not_covered": ["swap: this machine has none"],
            "specimens": {"raw": ("raw",)},
            **changes,
        }  # type: ignore[arg-type]
    )


def papers_model() -> str:
    found = re.search(r"<code>([0-9a-f]{64})</code>, compared", attestation(None))
    assert found
    return found[1]


def attestation(path: Path | None) -> str:
    proof = None if path is None else read_report(path)
    return papers(CARRIAGE, proof=proof)["attestation-en.html"].text


def test_a_report_of_prove_is_shown_in_its_own_words(tmp_path: Path):
    path = tmp_path / "proof.json"
    path.write_text(report().as_json())
    text = attestation(path)
    for words in (
        "kill -9",
        "passed",
        "detected",
        "not with this one",
        sha256(path.read_bytes()).hexdigest(),
    ):
        assert words in text
    assert "1 of 1 planted specimens" in text
    assert "swap: this machine has none" in text
    assert HOSTILE not in text
    assert "&lt;script&gt;" in text
    assert "No proof report was given" not in text
    assert "No proof report was given" in attestation(None)


def test_a_report_is_told_in_french_as_far_as_its_words_are_known(tmp_path: Path):
    path = tmp_path / "proof.json"
    names = [*(one.name for one in SCENARIOS), "a scenario of tomorrow"]
    path.write_text(
        report(
            scenarios=[Outcome(name, Result.PASSED, "4 counts") for name in names],
            controls=[
                Control(leak.name, "found by the search (file x)", "blocked by the kernel", True)
                for leak in LEAKS
            ],
        ).as_json()
    )
    text = papers(CARRIAGE, proof=read_report(path))["attestation-fr.html"].text
    english = re.findall(r'<(?:span|td) lang="en">(.*?)</(?:span|td)>', text)
    for known in (*names[:-1], *(leak.name for leak in LEAKS), *OUTSIDE, "blocked by the kernel"):
        assert known not in english
    assert "a scenario of tomorrow" in english
    assert " (file x)" in english
    for words in ("réussi", "bloquée par le noyau", "trouvée par la recherche", "complète"):
        assert words in text
    assert "what stays in RAM" not in attestation(path)  # section 5 says it already


def test_a_report_that_failed_or_is_of_another_version_says_so(tmp_path: Path):
    path = tmp_path / "proof.json"
    path.write_text(
        report(version="0.0.9", controls=[Control("x", "no", "no", caught=False)]).as_json()
    )
    text = attestation(path)
    for words in ("NOT DETECTED", "has not passed", "another version or another model", "0.0.9"):
        assert words in text


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"schema": "counter/proof/2"}', "\x00"])
def test_a_file_that_is_no_report_is_refused(content: str, tmp_path: Path):
    path = tmp_path / "proof.json"
    path.write_text(content)
    with pytest.raises(ConfigError, match="--proof"):
        read_report(path)
    with pytest.raises(ConfigError, match="no such file"):
        read_report(tmp_path / "none.json")


def test_the_ledger_is_read_as_far_as_it_holds_together(tmp_path: Path):
    path = tmp_path / "ledger.jsonl"
    elsewhere = read_ledger(str(path))
    assert elsewhere.absent
    made = papers(CARRIAGE, chronicle=elsewhere)
    assert "is not on the machine that made this document" in made["attestation-en.html"].text
    french = made["attestation-fr.html"].text
    assert "ne se trouve pas sur la machine" in french
    assert "not on" not in french
    ledger = Ledger.open(path)
    ledger.started(FACTS, datetime(2026, 3, 1, 12, tzinfo=UTC))
    head = ledger.stopped("success", "0", datetime(2026, 3, 1, 13, tzinfo=UTC))
    found = read_ledger(str(path))
    assert (found.head, found.records, found.start) == (head, 2, FACTS)
    text = papers(CARRIAGE, chronicle=found)["attestation-en.html"].text
    for words in (head, "72 of 80 attempts", "weaker:landlock-fs", "of another configuration"):
        assert words in text
    path.write_text(path.read_text().replace("success", "signal"))
    broken = papers(CARRIAGE, chronicle=read_ledger(str(path)))["attestation-fr.html"].text
    assert "La chaîne est rompue" in broken


def test_without_a_ledger_it_is_said():
    made_of = papers(CARRIAGE)
    for name in ("dpia-en.html", "record-art30-en.html"):
        assert re.search(r"No ledger is (configured|kept)", made_of[name].text)
    assert "None is configured" in made_of["attestation-en.html"].text
