"""Which file of which registered model is loaded, and whether it is what the registry says.

Rule 1: a file is used only if its sha256 is in the registry; it is hashed before each use.
Rule 2: a model that is registered in several formats is several `Model`s of one name: each has the
file, sha256 and layout that are used, so that whoever writes a hash down writes that of what ran.
Rule 3: nothing here looks into a model or a picture; no numpy, nothing of rings 0 to 2.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path

from msgspec import structs

from counter.errors import ModelError
from counter.registry import KEYS, REGISTRY, VARIABLE, Entry, Format, MapEntry, entries, search_path
from counter.settings import Settings

MAIN = ""  # the format that an entry's own `file` is


class State(StrEnum):
    MISSING = "missing"
    PRESENT = "present"  # not hashed
    VERIFIED = "verified"
    ALTERED = "altered"  # there, but with another sha256


@dataclass(frozen=True, slots=True)
class Model:
    """A registered model in one format, and the file it was found in, if it was."""

    name: str
    entry: Entry | MapEntry  # its file, sha256, input, layout and units are this format's
    path: Path | None
    state: State
    format: str = MAIN


def find(name: str, kind: str = "detector") -> Model:
    """Find the model of this name, or the registered one that this path leads to; VERIFIED.

    Raises ModelError if it is unknown, missing, altered or of another kind.
    """
    if _is_path(name):
        return _of_kind(_find_path(Path(name), KEYS[kind]), kind)
    return checked(variants(name, kind)[0])


def variants(name: str, kind: str = "detector") -> tuple[Model, ...]:
    """Every format of the model of this name, its entry's own first; nothing is hashed.

    A path leads to one format. Raises ModelError as `find`, but not for files that are missing.
    """
    if _is_path(name):
        return (find(name, kind),)
    known, key = entries(), KEYS[kind]
    if name not in known:
        near = get_close_matches(name, known, n=1)
        meant = f"did you mean '{near[0]}'? " if near else ""
        names = ", ".join(other for other in sorted(known) if known[other].kind == kind)
        raise ModelError(f"{key}: '{name}' is not in the registry", f"{meant}known: {names}")
    return tuple(_of_kind(model, kind) for model in _formats(name, known[name]))


def checked(model: Model) -> Model:
    """Hash its files. Raises ModelError if one is missing or altered."""
    if model.path is None:
        raise absent(model)
    hashed = _hashed(model)
    if hashed.state is State.ALTERED:
        raise ModelError(
            f"model {model.name}: {_altered(model)} has not the registered sha256",
            "it is damaged or another file: fetch it again, or register what it is",
        )
    return hashed


def absent(model: Model) -> ModelError:
    """Say where the file of a registered model was looked for."""
    looked = ", ".join(str(folder / model.entry.file) for folder in search_path())
    fetch = f"`counter models fetch {model.name}`, or " if model.entry.url else ""
    return ModelError(
        f"model {model.name}: no file; looked for {looked}",
        f"{fetch}put it there, or name its folder in {VARIABLE}",
    )


def listed() -> tuple[Model, ...]:
    """Every registered model in every format, and where it is; nothing is hashed."""
    return tuple(
        model for name, entry in sorted(entries().items()) for model in _formats(name, entry)
    )


def verified() -> tuple[Model, ...]:
    """Every registered model; the files that are there are hashed."""
    return tuple(_hashed(model) for model in listed())


def digest(path: Path) -> str:
    """The file's sha256. Raises ModelError if it cannot be read."""
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise ModelError(f"model file {path}: {error.strerror}", "check who may read it") from None


def _is_path(name: str) -> bool:
    return "/" in name or bool(Path(name).suffix)


def _formats(name: str, entry: Entry | MapEntry) -> Iterator[Model]:
    yield _located(name, entry, MAIN)
    for key, other in entry.formats.items():
        yield _located(name, _as(entry, other), key)


def _as(entry: Entry | MapEntry, other: Format) -> Entry | MapEntry:
    """The entry with what this format says of itself."""
    said = {field: getattr(other, field) for field in ("input", "layout", "units")}
    own = {
        field: getattr(other, field)
        for field in ("file", "sha256", "weights", "weights_sha256", "url", "weights_url")
    }
    changed = {field: value for field, value in said.items() if value is not None}
    return structs.replace(entry, **own, **changed, formats={})


def _located(name: str, entry: Entry | MapEntry, key: str) -> Model:
    for folder in search_path():
        if all((folder / file).is_file() for file, _, _ in entry.parts):
            return Model(name, entry, folder / entry.file, State.PRESENT, key)
    return Model(name, entry, None, State.MISSING, key)


def _find_path(path: Path, key: str) -> Model:
    if not path.is_file():
        raise ModelError(f"{key}: no file {path}", "give a registered name or a file")
    found = digest(path)
    for name, entry in entries().items():
        for model in _formats(name, entry):
            if model.entry.sha256 == found:
                return checked(replace(model, path=path))
    raise ModelError(
        f"{key}: {path} is not in the registry (sha256 {found})",
        f"register it in a {REGISTRY} in a folder of {VARIABLE}: layout, classes, licence",
    )


def parts_of(model: Model) -> tuple[tuple[Path, str], ...]:
    """Its files as they lie on this machine, with the sha256 that each should have."""
    if model.path is None:
        return ()
    return tuple(
        (model.path.parent / Path(file).name, sha256) if number else (model.path, sha256)
        for number, (file, sha256, _) in enumerate(model.entry.parts)
    )


def _altered(model: Model) -> Path | None:
    """The first of its files that is not what the registry says; None: all are."""
    return next((path for path, sha256 in parts_of(model) if digest(path) != sha256), None)


def _hashed(model: Model) -> Model:
    if model.path is None:
        return model
    return replace(model, state=State.ALTERED if _altered(model) else State.VERIFIED)


def crowd(settings: Settings) -> Model | None:
    """Find the density model that is asked for, if one is; VERIFIED. Raises ModelError."""
    return None if settings.crowd is None else find(settings.crowd.model, "density")


def _of_kind(model: Model, kind: str) -> Model:
    if model.entry.kind == kind:
        return model
    raise ModelError(
        f"{KEYS[kind]}: {model.name} is a model of kind {model.entry.kind}, expected a {kind}",
        f"write it at {KEYS[model.entry.kind]}; `counter models list` shows what there is",
    )
