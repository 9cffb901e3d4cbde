"""What printers do and authors forget: a template is written with plain spaces and apostrophes.

Rule: only the text between tags is touched; never a tag or a style. Spaces are French; curly
apostrophes are of both languages.
"""

import re
from collections.abc import Iterable
from typing import Final

_KEPT: Final = re.compile(r"(<style>.*?</style>|<[^>]*>)", re.DOTALL)
_NBSP, _THIN = "\N{NO-BREAK SPACE}", "\N{NARROW NO-BREAK SPACE}"
_APOSTROPHE = "\N{RIGHT SINGLE QUOTATION MARK}"
_UNITS = (
    "s|secondes?|minutes?|heures?|jours?|personnes?|pixels?|intervalles?|ports?|places?|pages?"
    "|m²|mm|janvier|février|mars|avril|mai|juin|juillet|août|septembre|octobre|novembre|décembre"
)
# Imprimerie nationale: a thin space before ; ! ?, a full one before : and inside guillemets.
_FRENCH: Final = (
    (re.compile(r"(?:(?<=\S)|^)[ \n]+(?=[;!?])"), _THIN),
    (re.compile(r"(?:(?<=\S)|^)[ \n]+(?=[:»%])"), _NBSP),
    (re.compile(r"(?<=«)[ \n]+"), _NBSP),
    (re.compile(rf"(?<=\d)[ \n]+(?=(?:{_UNITS})\b)"), _NBSP),
    (re.compile(r"(?<=n°)[ \n]+(?=\d)"), _NBSP),
    (re.compile(r"(?<=§)[ \n]+(?=\d)"), _NBSP),
    (re.compile(r"(?<=\d,)[ \n]+(?=§)"), _NBSP),
    (re.compile(r"(?<=\b[Aa]rt\.)[ \n]+(?=\d)"), _NBSP),
    (re.compile(r"(?<=\b[Aa]rticle)[ \n]+(?=\d)"), _NBSP),
)


def typeset(html: str, language: str) -> str:
    spaces = _FRENCH if language == "fr" else ()
    parts = _KEPT.split(html)
    return "".join(part if place % 2 else _set(part, spaces) for place, part in enumerate(parts))


def _set(text: str, spaces: Iterable[tuple[re.Pattern[str], str]]) -> str:
    for pattern, space in spaces:
        text = pattern.sub(space, text)
    return text.replace("&#39;", _APOSTROPHE).replace("'", _APOSTROPHE)
