"""What the public reads: nothing that a waiver makes untrue, nothing left out, no orders to us."""

import re

import pytest

from counter.dossier.facts import Facts
from counter.dossier.fields import LANGUAGES
from counter.guarantees import Guarantee
from counter.outputs.payloads import Count
from tests.dossiers import (
    CARRIAGE,
    EVENT,
    EVERYTHING_WAIVED,
    FOOTFALL,
    PURPOSES,
    facts_of,
    papers,
    two_cameras,
)

NBSP, APOSTROPHE = "\N{NO-BREAK SPACE}", "\N{RIGHT SINGLE QUOTATION MARK}"
PROMISES = {
    "en": ("It keeps no picture", "0 pictures", "no recording</p>"),
    "fr": ("Aucune image n'est conservée", "0 image", "sans enregistrement</p>"),
}
SWAP = {"en": "parts of pictures, to a disk", "fr": "des fragments d'image"}
LOOSE = {"en": "does not fully enforce", "fr": "n'impose pas ici en totalité"}


def waiving(*names: Guarantee) -> str:
    return f"accept_weaker_sandbox = {[str(one) for one in names]}\n" + CARRIAGE


def body(text: str, name: str) -> str:
    whole = papers(text)[name].text.replace(NBSP, " ").replace(APOSTROPHE, "'")
    return re.sub(r"<style>.*?</style>", "", whole, flags=re.DOTALL)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("waived", list(Guarantee))
def test_a_waiver_is_told_to_the_public(waived: Guarantee, language: str):
    told = SWAP if waived is Guarantee.NO_SWAP else LOOSE
    for document in ("notice", "layer2"):
        name = f"{document}-{language}.html"
        assert told[language] in body(waiving(waived), name)
        assert not any(said[language] in body(CARRIAGE, name) for said in (SWAP, LOOSE))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_sheet_promises_no_more_than_the_kernel_holds(language: str):
    name = f"notice-{language}.html"
    for waived in Guarantee:
        text = body(waiving(waived), name)
        unsure = waived in (Guarantee.NO_SWAP, Guarantee.SECCOMP)
        assert [promise in text for promise in PROMISES[language]] == [not unsure] * 3
    assert all(promise in body(CARRIAGE, name) for promise in PROMISES[language])


def test_what_is_lost_depends_on_what_is_lost_beside_it():
    alone = body(waiving(Guarantee.LANDLOCK_FS), "dpia-en.html")
    both = body(waiving(Guarantee.LANDLOCK_FS, Guarantee.SECCOMP), "dpia-en.html")
    assert "none can be written while seccomp holds" in alone
    assert "none can be written" not in both
    assert "seccomp may be missing too" in both
    assert "as far as Landlock lets it" in body(waiving(Guarantee.SECCOMP), "dpia-en.html")
    for waived in (CARRIAGE, EVERYTHING_WAIVED + CARRIAGE):
        assert ("swaps memory to" in body(waived, "layer2-en.html")) == facts_of(waived).swaps


@pytest.mark.parametrize("purpose", PURPOSES)
def test_every_number_that_is_released_is_in_the_list(purpose: str):
    found: Facts = facts_of(PURPOSES[purpose])
    for document in ("layer2", "dpia", "record-art30", "attestation"):
        text = body(PURPOSES[purpose], f"{document}-en.html")
        assert text.count("share of the capacity, in steps of 5%") == found.fills
        assert text.count("level of occupancy, a word of six") == found.fills
        assert text.count("persons per m², in steps of 0.5") == found.densities
        assert text.count("the share of the interval that the camera saw") == 1
        assert "taller in the picture than the ceiling" in text


def test_no_member_of_a_release_is_forgotten():
    told = {
        *("site", "device", "kind", "name", "measure"),  # the table's columns and its lead
        *("interval_start", "interval_end", "sequence"),  # "its interval"
        *("status", "less_than", "value", "unit", "coverage_percent", "rule"),
        *("fill_percent", "density_per_m2", "level", "service"),
        *("quality", "method"),  # a word for how far, the rule that counted
    }
    assert set(Count.__struct_fields__) - {"schema"} == told


@pytest.mark.parametrize("language", LANGUAGES)
def test_two_cameras_are_two(language: str):
    heading = {
        "en": ("a camera counts", "2 cameras count"),
        "fr": ("Ici, une caméra", "Ici, 2 caméras"),
    }
    one, two = heading[language]
    name = f"notice-{language}.html"
    assert one in body(EVENT, name)
    assert two in body(two_cameras(), name)
    assert one not in body(two_cameras(), name)
    assert "2 cameras film" in body(two_cameras(), "layer2-en.html")


def test_a_short_interval_has_a_blank_of_its_own():
    for language in LANGUAGES:
        name = f"dpia-{language}.html"
        assert "short-interval" in papers(CARRIAGE)[name].fields
        assert "short-interval" not in papers(FOOTFALL)[name].fields


def test_a_password_in_an_address_is_warned_of_and_not_told():
    for document in ("dpia", "record-art30", "attestation"):
        for language, words in (("en", "weak passwords"), ("fr", "mots de passe faibles")):
            name = f"{document}-{language}.html"
            assert words in body(CARRIAGE, name)
            assert words not in body(FOOTFALL, name)
            assert "hidden-secret" not in body(CARRIAGE, name)


def test_layer_two_gives_no_orders_to_the_controller():
    assert "Guidance" not in body(CARRIAGE, "layer2-en.html")
    assert "Aide au responsable" not in body(CARRIAGE, "layer2-fr.html")
    assert "usual candidates" in body(CARRIAGE, "dpia-en.html")


def test_what_nobody_checked_is_not_told_as_a_fact():
    for said in ("does not record, has no card", "The notice hangs before", "sets nothing off: no"):
        assert all(said not in body(CARRIAGE, f"{one}-en.html") for one in ("dpia", "layer2"))
    for said in ("n'a pas de carte", "La notice est affichée avant", "Aucun chemin du code"):
        assert all(said not in body(CARRIAGE, f"{one}-fr.html") for one in ("dpia", "record-art30"))
