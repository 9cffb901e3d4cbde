"""What the documents say follows from the configuration, in both languages alike."""

import re
from collections import Counter
from pathlib import Path

import pytest

from counter.addresses import Link
from counter.cells import released_cells
from counter.disclosure import rounded
from counter.dossier.evidence import Chronicle
from counter.dossier.fields import FIELDS, LANGUAGES, MARK
from counter.dossier.pages import DOCUMENTS
from counter.floor import in_force
from counter.guarantees import Guarantee
from tests.dossiers import CARRIAGE, EVENT, FOOTFALL, PURPOSES, facts_of, loaded, papers

NAMES = {f"{document}-{language}.html" for document in DOCUMENTS for language in LANGUAGES}
NO_ADVICE = {"en": "not legal advice", "fr": "pas un avis juridique"}
CODE = re.compile(r"<code>(.*?)</code>")
WEAKER = 'accept_weaker_sandbox = ["landlock-net", "no-swap"]\n'


def language_of(name: str) -> str:
    return name[-7:-5]


@pytest.mark.parametrize("purpose", PURPOSES)
def test_every_document_ends_with_the_hash_and_says_that_it_is_no_advice(purpose: str):
    made = papers(PURPOSES[purpose])
    assert made.keys() == NAMES
    for name, page in made.items():
        footer = page.text[page.text.index("<footer>") :]
        assert loaded(PURPOSES[purpose]).sha256 in footer
        assert NO_ADVICE[language_of(name)] in footer
        assert f'<html lang="{language_of(name)}">' in page.text


def test_the_same_configuration_gives_the_same_bytes():
    assert papers(CARRIAGE) == papers(CARRIAGE)


def test_a_changed_configuration_changes_every_document():
    before, after = papers(CARRIAGE), papers(CARRIAGE.replace("seats = 40", "seats = 41"))
    assert all(before[name].text != after[name].text for name in NAMES)


@pytest.mark.parametrize("purpose", PURPOSES)
def test_both_languages_have_the_same_facts_and_the_same_blanks(purpose: str):
    made = papers(PURPOSES[purpose])
    for document in DOCUMENTS:
        french, english = (made[f"{document}-{language}.html"] for language in ("fr", "en"))
        assert french.fields == english.fields
        assert Counter(CODE.findall(french.text)) == Counter(CODE.findall(english.text))


@pytest.mark.parametrize("document", ["layer2", "dpia", "record-art30", "attestation"])
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("purpose", PURPOSES)
def test_cells_thresholds_and_intervals_are_told(purpose: str, language: str, document: str):
    text = papers(PURPOSES[purpose])[f"{document}-{language}.html"].text
    settings = loaded(PURPOSES[purpose]).settings
    rules = in_force(settings)
    for cell in released_cells(settings):
        assert f"<code>{cell.name}</code>" in text
    plain = text.replace("\N{NO-BREAK SPACE}", " ")
    assert re.search(rf"\b{rules.threshold} person|>{rules.threshold}<", plain)
    assert f"{rules.lowest}" in plain
    minutes = rules.interval_s // 60
    told = {"en": "every minute|every 20 minutes|1 minute|20 minutes"}
    told["fr"] = "chaque minute|toutes les 20 minutes|1 minute|20 minutes"
    assert any(str(minutes) in hit or minutes == 1 for hit in re.findall(told[language], plain))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_sheet_says_threshold_interval_and_place(language: str):
    text = papers(FOOTFALL)[f"notice-{language}.html"].text.replace("\N{NO-BREAK SPACE}", " ")
    for word in ("&lt;11", "20 minutes", "entrance", "CNIL"):
        assert word in text


def test_a_stricter_configuration_is_told_as_it_is():
    stricter = CARRIAGE + "[disclosure]\nthreshold = 20\nrounding = 10\nmin_coverage = 0.8\n"
    text = papers(stricter)["attestation-en.html"].text
    for words in ("&lt;20", "multiples of 10", "20 (stands for 20 to 24)", "80%"):
        assert words in text


def test_blanks_are_marked_empty_and_known():
    for name, page in papers(CARRIAGE).items():
        asked = re.findall(r'data-field="([^"]+)"', page.text)
        assert set(asked) == set(page.fields) <= set(FIELDS)
        assert asked, name
        assert page.text.count(MARK[language_of(name)]) >= len(asked)
    notice = papers(CARRIAGE)["notice-en.html"]
    assert {"controller", "contact", "legal-basis", "layer2-address"} == set(notice.fields)


def test_every_field_is_asked_for_somewhere():
    asked = {field for page in papers(CARRIAGE).values() for field in page.fields}
    assert asked == FIELDS.keys()


def test_no_address_of_a_camera_is_told():
    for page in papers(CARRIAGE).values():
        assert "hidden-secret" not in page.text
        assert "camera.local" not in page.text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("document", ["dpia", "record-art30", "attestation"])
def test_what_was_accepted_as_missing_is_told(document: str, language: str):
    name = f"{document}-{language}.html"
    weaker, full = papers(WEAKER + CARRIAGE)[name].text, papers(CARRIAGE)[name].text
    accepted = {"en": "Accepted as missing|accepts that these may be missing|may be missing"}
    accepted["fr"] = "Absence acceptée|accepte que puissent manquer|peut manquer"
    assert re.search(accepted[language], weaker)
    assert not re.search(accepted[language], full)


def test_every_guarantee_has_words():
    everything = f"accept_weaker_sandbox = {[str(one) for one in Guarantee]}\n"
    for language in LANGUAGES:
        text = papers(everything + CARRIAGE)[f"attestation-{language}.html"].text
        assert all(f"<code>{one}</code>" in text for one in Guarantee)


@pytest.mark.parametrize(
    ("source", "link"),
    [
        ("synthetic:platform", Link.DRAWN),
        ("clip.mp4", Link.FOOTAGE),
        ("/dev/video0", Link.DEVICE),
        ("rtsp://camera/stream", Link.NETWORK),
        ("http://camera/stream", Link.NETWORK),
        ("RTSPS://camera/stream", Link.ENCRYPTED),
        ("https://camera/stream", Link.ENCRYPTED),
    ],
)
def test_how_a_camera_is_connected(source: str, link: Link):
    text = EVENT.replace("/dev/video0", source)
    found = facts_of(text)
    assert found.cameras[0].link is link
    assert found.trial == (link in (Link.DRAWN, Link.FOOTAGE))
    trial = "No live camera is configured" in papers(text)["notice-en.html"].text
    assert trial == found.trial


def test_a_device_by_another_name_is_no_footage(tmp_path: Path):
    (tmp_path / "cam").symlink_to("/dev/null")  # a character device
    found = facts_of(EVENT.replace("/dev/video0", str(tmp_path / "cam")))
    assert found.cameras[0].link is Link.DEVICE
    assert not found.trial


@pytest.mark.parametrize("threshold", [10, 11, 12, 15, 20, 96, 98, 99, 100, 101, 104, 137])
@pytest.mark.parametrize("rounding", [5, 6, 7, 10, 25])
@pytest.mark.parametrize("purpose", ["passenger-information", "event-density"])
def test_what_the_smallest_number_stands_for(threshold: int, rounding: int, purpose: str):
    asked = f"[disclosure]\nthreshold = {threshold}\nrounding = {rounding}\n"
    found = facts_of(PURPOSES[purpose] + asked)
    assert rounded(found.lowest_to, found.rules) == found.rules.lowest
    assert rounded(found.lowest_to + 1, found.rules) > found.rules.lowest


def test_a_hostile_name_stays_a_name():
    hostile = CARRIAGE.replace("mqtts://broker.example:8883", "mqtt://<script>x<img>:1883")
    ledger = Chronicle("box.jsonl", fault="</td><script>y")
    for page in papers(hostile, chronicle=ledger).values():
        assert "<script>" not in page.text
        assert "<img>" not in page.text
    text = papers(hostile, chronicle=ledger)["attestation-en.html"].text
    assert "&lt;/td&gt;&lt;script&gt;y" in text
    assert "&lt;script&gt;x&lt;img&gt;:1883" in papers(hostile)["dpia-en.html"].text


def test_how_long_releases_wait_and_stay():
    found = facts_of(CARRIAGE + "queue_intervals = 30\n")
    assert found.queue_s == 30 * 60
    assert facts_of(CARRIAGE + "queue_max_age_s = 600\n").queue_s == 600
    assert "at most 10 minutes" in papers(CARRIAGE + "queue_max_age_s = 600\n")["dpia-en.html"].text
