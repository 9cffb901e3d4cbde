"""The templates as texts: what they may not claim, what they name, and who can read them."""

import re
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from counter.dossier.pages import DOCUMENTS
from counter.dossier.typography import typeset
from tests.commands import ROOT
from tests.dossiers import CARRIAGE, PURPOSES, URL, papers
from tests.test_documents import CLAIMS

TEMPLATES = sorted((ROOT / "counter" / "dossier" / "templates").rglob("*.j2"))
# What no French sentence of ours may say either; and words of sellers.
BOASTS = re.compile(
    r"(exempt|dispensé|exonéré)\w*\s+d[eu]s?\s+(RGPD|AIPD)|hors\s+(du\s+)?(champ\s+du\s+)?RGPD"
    r"|(approuvé|validé|certifié|agréé|homologué)\w*\s+par\s+la\s+CNIL|conforme\s+au\s+RGPD"
    r"|GDPR[- ]compliant|prouvé\w*\s+impossible|totalement anonyme|100 ?% anonym",
    re.IGNORECASE,
)
NBSP, THIN = "\N{NO-BREAK SPACE}", "\N{NARROW NO-BREAK SPACE}"
VOID = {"meta", "br", "rect", "circle", "path"}


class Outline(HTMLParser):
    """Tags in their order, with their attributes; open ones are counted."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_nothing_is_claimed_that_nobody_can_promise(path):
    text = path.read_text()
    assert not BOASTS.search(text)
    assert not CLAIMS.search(text)


@pytest.mark.parametrize(
    "boast",
    ["exempté du RGPD", "Conforme au RGPD", "validé par la CNIL", "dispense… exonérée de RGPD"],
)
def test_a_boast_is_noticed(boast: str):
    assert BOASTS.search(boast)


def test_every_test_that_is_named_as_evidence_is_there():
    named = {name for path in TEMPLATES for name in re.findall(r"tests/[\w/.]+", path.read_text())}
    assert len(named) > 10
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []


def test_what_the_law_texts_must_say_is_there():
    made = papers(CARRIAGE)
    for name, words in {
        "layer2-en.html": ("Article 13", "Article 11", "89(2)", "CNIL", "Article 22", "complain"),
        "layer2-fr.html": ("article 13", "article 11", "89", "CNIL", "article 22", "réclamation"),
        "dpia-en.html": ("19 July 2022", "n° 506370", "35(7)", "(a)", "(b)", "(c)", "(d)"),
        "dpia-fr.html": ("19 juillet 2022", "n° 506370", "a) ", "b) ", "c) ", "d) "),
        "record-art30-en.html": ("Article 30(1)", *(f"({letter})" for letter in "abcdefg")),
        "record-art30-fr.html": ("Article 30", *(f"{letter})" for letter in "abcdefg")),
    }.items():
        text = made[name].text.replace(NBSP, " ")
        for word in words:
            assert word in text, (name, word)


@pytest.mark.parametrize("purpose", PURPOSES)
def test_no_document_loads_anything(purpose: str):
    for page in papers(PURPOSES[purpose], layer2_url=URL).values():
        outline = Outline(page.text)
        assert outline.open == []
        for tag, attributes in outline.tags:
            assert tag not in {"script", "link", "iframe", "img", "object", "embed", "base", "form"}
            assert not {"src", "href", "srcset", "style"} - {"style"} & attributes.keys()
            assert not any(name.startswith("on") for name in attributes)
        style = page.text[page.text.index("<style>") : page.text.index("</style>")]
        assert not re.search(r"url\(|@import|@font-face", style)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_a_document_can_be_read_aloud(document: str):
    for language in ("fr", "en"):
        outline = Outline(papers(CARRIAGE, layer2_url=URL)[f"{document}-{language}.html"].text)
        levels = [int(tag[1]) for tag, _ in outline.tags if re.fullmatch(r"h[1-6]", tag)]
        assert levels.count(1) == 1
        assert levels[0] == 1
        assert all(after <= before + 1 for before, after in pairwise(levels))
        for tag, attributes in outline.tags:
            assert tag != "th" or "scope" in attributes
            assert tag != "svg" or attributes.keys() & {"aria-labelledby", "aria-label"}
            if attributes.get("role") == "textbox":
                assert attributes["aria-label"]


def test_colours_can_be_told_apart():
    style = (ROOT / "counter/dossier/templates/style.css.j2").read_text()
    colours = dict(re.findall(r"--(\w+): (#[0-9a-f]{6});", style))
    for ink in ("ink", "soft", "mark"):
        for ground in ("#ffffff", "#fffaf6", colours["wash"]):
            assert contrast(colours[ink], ground) >= 4.5, (ink, ground)


def contrast(one: str, other: str) -> float:
    """Of WCAG 2: 4.5 is what text needs."""

    def light(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        red, green, blue = (
            part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
        )
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    bright, dark = sorted((light(one), light(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


@pytest.mark.parametrize(
    ("written", "set_"),
    [
        ("<p>Pourquoi ?</p>", f"<p>Pourquoi{THIN}?</p>"),
        ("<p>a : b ; c !</p>", f"<p>a{NBSP}: b{THIN}; c{THIN}!</p>"),
        ("<p>« oui »</p>", f"<p>«{NBSP}oui{NBSP}»</p>"),
        ("<b>clé</b> : valeur", f"<b>clé</b>{NBSP}: valeur"),
        ("<p>art. 35, § 9</p>", f"<p>art.{NBSP}35,{NBSP}§{NBSP}9</p>"),
        ("<p>50 % de 11 personnes</p>", f"<p>50{NBSP}% de 11{NBSP}personnes</p>"),
        ("<p>l'image, l&#39;image</p>", "<p>l\u2019image, l\u2019image</p>"),
        ("<style>a : b</style><svg><path d='M 1 s'/></svg>", None),
        ('<p title="l\'a : b">x</p>', None),
        ("<code>host:1883</code>", None),
    ],
)
def test_french_is_set_as_printers_do(written: str, set_: str | None):
    assert typeset(written, "fr") == (set_ or written)


def test_english_keeps_its_spaces_and_has_curly_apostrophes_too():
    assert typeset("<p>the box&#39;s, Conseil d'État ; a : b</p>", "en") == (
        "<p>the box\u2019s, Conseil d\u2019État ; a : b</p>"
    )
    assert typeset('<p title="it\'s">x</p>', "en") == '<p title="it\'s">x</p>'


def test_no_plain_space_stands_before_a_french_mark():
    for document in DOCUMENTS:
        text = papers(CARRIAGE)[f"{document}-fr.html"].text
        body = re.sub(r"<style>.*?</style>|<[^>]*>", "", text, flags=re.DOTALL)
        assert not re.search(r"\S [;:!?»%]|« ", body)
