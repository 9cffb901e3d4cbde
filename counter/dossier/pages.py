"""From facts to pages: Jinja templates that escape everything and forgive nothing.

Rule 1: an unknown name in a template is an error, not an empty place.
Rule 2: a blank is asked for by its name in `fields.py`, and remembered.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from counter.dossier import qr
from counter.dossier.evidence import Chronicle, Proof
from counter.dossier.facts import Facts
from counter.dossier.fields import FIELDS, LANGUAGES, MARK
from counter.dossier.typography import typeset

DOCUMENTS: Final = ("notice", "layer2", "dpia", "record-art30", "attestation")

# Typing into a blank needs no script: browsers do it themselves.
_BOX: Final = Markup(
    '<div class="box" data-field="{key}"><span class="label">{mark}: {label}</span>'
    '<span class="title">{title}</span>'
    '<div class="space" contenteditable="true" role="textbox" aria-multiline="true"'
    ' aria-label="{label}"></div></div>'
)


@dataclass(frozen=True, slots=True)
class Evidence:
    chronicle: Chronicle
    proof: Proof | None
    layer2_url: str | None


@dataclass(frozen=True, slots=True)
class Page:
    name: str  # of its file
    text: str
    fields: tuple[str, ...]  # that are left blank, in their order


def pages(facts: Facts, evidence: Evidence) -> tuple[Page, ...]:
    """Every document in every language."""
    return tuple(
        _page(document, language, {"f": facts, **_shown(evidence)})
        for document in DOCUMENTS
        for language in LANGUAGES
    )


def _shown(evidence: Evidence) -> dict[str, object]:
    url = evidence.layer2_url
    return {
        "ledger": evidence.chronicle,
        "proof": evidence.proof,
        "layer2_url": url,
        "qr": None if url is None else Markup(qr.drawing(url)),  # noqa: S704  # our own drawing
    }


def _page(document: str, language: str, facts: Mapping[str, object]) -> Page:
    asked: dict[str, None] = {}

    def box(key: str) -> Markup:
        asked[key] = None
        field = FIELDS[key]
        mark = MARK[language] + (" " if language == "fr" else "")
        return _BOX.format(
            key=key, label=field.label(language), title=field.title(language), mark=mark
        )

    text = (
        _environment()
        .get_template(f"{language}/{document}.html.j2")
        .render(
            facts,
            document=document,
            lang=language,
            box=box,
        )
    )
    return Page(f"{document}-{language}.html", typeset(text, language), tuple(asked))


@lru_cache(maxsize=1)
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("counter.dossier"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
