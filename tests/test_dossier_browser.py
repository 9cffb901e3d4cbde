"""The documents in a real browser: one sheet, no complaint, nothing loaded."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from counter.dossier.fields import FIELDS, LANGUAGES, MARK
from counter.dossier.pages import DOCUMENTS, Page
from counter.dossier.qr import MAX_LENGTH
from tests.browser import Printed, printed
from tests.dossiers import EVERYTHING_WAIVED, PURPOSES, URL, filled, longest, papers

pytestmark = pytest.mark.slow

A4 = (595, 842)  # points


def on_paper(pages: Mapping[str, Page], name: str, folder: Path) -> Printed:
    path = folder / name
    path.write_text(pages[name].text)
    return printed(path, folder)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("purpose", PURPOSES)
def test_a_notice_is_one_sheet(purpose: str, language: str, tmp_path: Path):
    found = on_paper(papers(PURPOSES[purpose]), f"notice-{language}.html", tmp_path)
    assert found.pages == 1
    assert [(round(width), round(height)) for width, height in found.sizes] == [A4]
    assert found.complaints == found.requests == ()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("source", "url"),
    [
        ("synthetic:platform", "https://" + "w" * (MAX_LENGTH - 8)),
        ("/dev/video0", "https://" + "w" * 37),  # the longest that stands below its code
        ("/dev/video0", None),
    ],
)
def test_the_longest_notice_is_one_sheet(
    source: str, url: str | None, language: str, tmp_path: Path
):
    made = papers(longest(source), layer2_url=url)
    assert on_paper(made, f"notice-{language}.html", tmp_path).pages == 1


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("source", ["synthetic:platform", "/dev/video0"])
def test_the_longest_notice_with_everything_waived_and_filled_in_is_one_sheet(
    source: str, language: str, tmp_path: Path
):
    name = f"notice-{language}.html"
    page = papers(EVERYTHING_WAIVED + longest(source), layer2_url="https://" + "w" * 112)[name]
    typed = filled(page.text, "Ville de Saint-Exemple, 1 place de la Mairie<br>75000 Exemple")
    assert on_paper({name: replace(page, text=typed)}, name, tmp_path).pages == 1


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("document", ["notice", "layer2"])
def test_a_box_that_is_filled_in_asks_for_nothing(document: str, language: str, tmp_path: Path):
    name = f"{document}-{language}.html"
    page = papers(PURPOSES["footfall"])[name]
    for text, asks in ((page.text, True), (filled(page.text, "Ville d'Exemple"), False)):
        said = f"{text}<script>console.error(document.body.innerText.replace(/\\n/g, ' '))</script>"
        shown = on_paper({name: replace(page, text=said)}, name, tmp_path).complaints
        assert any(MARK[language] in line for line in shown) is asks
        title = FIELDS["legal-basis"].title(language)
        assert any(f"{title} Ville d'Exemple" in line for line in shown) is not asks


@pytest.mark.parametrize("document", DOCUMENTS)
def test_a_document_loads_nothing(document: str, tmp_path: Path):
    found = on_paper(papers(PURPOSES["footfall"], layer2_url=URL), f"{document}-fr.html", tmp_path)
    assert found.pages >= 1
    assert found.complaints == found.requests == ()


def test_a_page_that_complains_and_loads_is_noticed(tmp_path: Path):
    page = tmp_path / "leaky.html"
    page.write_text(
        '<img src="http://leak.example/x.png"><script>console.error("no")</script>'
        '<p style="break-after: page">one<p>two'
    )
    found = printed(page, tmp_path)
    assert found.pages == 2
    assert any("no" in line for line in found.complaints)
    assert any("leak.example" in line for line in found.requests)
