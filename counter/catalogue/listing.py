"""The registry as a table, and whether the files are what it says.

Rule 1: one line for each format of a model, and every line names both.
Rule 2: a path that leaves for a file or a pipe is whole; only a terminal's line is made to fit.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from counter import models
from counter.accelerators import TPU_ENDING
from counter.backends import BACKENDS
from counter.errors import ModelError
from counter.models import Model
from counter.registry import REGISTRY, VARIABLE

HEADINGS: Final = ("name", "format", "input", "licence", "bytes", "sha256", "file")
NUMBERS: Final = frozenset({"bytes"})  # columns that end where they end
GAP: Final = "  "
SHORT: Final = 12  # digits of a fingerprint that a person compares, as `counter check` prints them
LEAST: Final = 12  # columns that are left of a file's name, however narrow the terminal is
ABSENT: Final = "not on this machine"
FETCH: Final = "fetch"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found of one format: a line of the report, and a sentence for each altered file."""

    line: str
    altered: tuple[str, ...] = ()


def table(width: int | None = None) -> str:
    """List every format of every registered model; `width`: columns of the terminal, if it is one.

    Nothing is hashed: the sha256 is the registry's; of two files it is that of their hashes.
    """
    rows = [HEADINGS, *(_row(model) for model in models.listed())]
    widest = [max(map(len, column)) for column in zip(*rows, strict=True)]
    left = sum(widest[:-1]) + len(GAP) * (len(HEADINGS) - 1)
    room = None if width is None else max(width - left, LEAST)
    lines = []
    for *cells, file in rows:
        named = zip(HEADINGS, cells, widest, strict=False)
        padded = [
            cell.rjust(size) if heading in NUMBERS else cell.ljust(size)
            for heading, cell, size in named
        ]
        lines.append(GAP.join([*padded, _end(file, room)]).rstrip())
    return "\n".join(lines)


def verdicts(names: Sequence[str]) -> tuple[Verdict, ...]:
    """Hash the files of the named models, or of all; a name may be the path of a file.

    Raises ModelError for a name that is not registered, or of which nothing is here.
    """
    asked = models.listed() if not names else [model for name in names for model in found(name)]
    return tuple(_verdict(model) for model in asked)


def found(name: str) -> tuple[Model, ...]:
    """Every format of the model of this name, of whatever kind, or the one this file is of.

    Raises ModelError if it is not registered, or none of its formats is here.
    """
    known = models.listed()
    same = tuple(model for model in known if model.name == name)
    if not same:
        return (_of_file(name, known),)
    if all(model.path is None for model in same):
        models.checked(same[0])  # raises, and says where it was looked for
    return same


def _of_file(name: str, known: Sequence[Model]) -> Model:
    path = Path(name)
    if not path.is_file():
        raise unknown(name, known)
    sha256 = models.digest(path)
    for model in known:
        if model.entry.sha256 == sha256:
            return replace(model, path=path)
    raise ModelError(
        f"{path} is not in the registry (sha256 {sha256})",
        f"register it in a {REGISTRY} in a folder of {VARIABLE}: layout, classes, licence",
    )


def unknown(name: str, known: Sequence[Model]) -> ModelError:
    """Say that a name is in no registry, and which it may have been meant for."""
    names = sorted({model.name for model in known})
    near = get_close_matches(name, names, n=1)
    meant = f"did you mean '{near[0]}'? " if near else ""
    return ModelError(f"'{name}' is not in the registry", f"{meant}known: {', '.join(names)}")


def spelt(model: Model) -> str:
    """The backend that opens this format, and the format's own name where it says more."""
    backend = _backend(model)
    return backend if model.format in ("", backend) else f"{backend} {model.format}"


def _backend(model: Model) -> str:
    """By the format's name, where it is a backend's; else by how its file ends."""
    if model.format in BACKENDS:
        return model.format
    name = model.entry.file
    if name.endswith(TPU_ENDING):
        return "edgetpu"
    ends = Path(name).suffix
    known = (key for key, one in BACKENDS.items() if one.suffix == ends and key != "edgetpu")
    return next(known, ends.removeprefix("."))


def _row(model: Model) -> tuple[str, ...]:
    width, height = model.entry.input
    return (
        model.name,
        spelt(model),
        f"{width}x{height}",
        model.entry.licence,
        str(sum(_sizes(model))) if model.path else "-",
        model.entry.fingerprint[:SHORT],
        str(model.path) if model.path else absent(model),
    )


def _sizes(model: Model) -> Iterator[int]:
    for path, _ in models.parts_of(model):
        try:
            yield path.stat().st_size
        except OSError:  # taken away since it was found
            yield 0


def absent(model: Model) -> str:
    """What to do about a format that is not here."""
    fetched = all(address for _, _, address in model.entry.parts)
    return FETCH if fetched else ABSENT


def _end(text: str, room: int | None) -> str:
    """As much of the end of a path as there is room for: the file's name stands there."""
    return text if room is None or len(text) <= room else f"…{text[1 - room :]}"


def _verdict(model: Model) -> Verdict:
    head = f"{model.name} {spelt(model)}: "
    if model.path is None:
        also = f": counter models fetch {model.name}" if absent(model) == FETCH else ""
        return Verdict(f"{head}{ABSENT}{also}")
    wrong = [path for path, sha256 in models.parts_of(model) if models.digest(path) != sha256]
    if wrong:
        said = tuple(f"{head}{path} has not the registered sha256" for path in wrong)
        return Verdict(f"{head}ALTERED, {', '.join(map(str, wrong))}", said)
    known_as = f"sha256 {model.entry.fingerprint[:SHORT]}"
    return Verdict(f"{head}verified, {known_as}, {model.path}")
