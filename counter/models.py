"""The model registry: which files may be loaded, and where they are.

Rule 1: a file is used only if its sha256 is in the registry; it is hashed before each use.
Rule 2: the registry is TOML of closed types; a name has one entry, in one registry.
Rule 3: nothing here looks into a model or a picture; no numpy, nothing of rings 0 to 2.
"""

import hashlib
import os
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from counter.errors import ModelError
from counter.refusals import known_by, refuse
from counter.settings import Name, Settings

REGISTRY = "registry.toml"
KEYS = {"detector": "model.name", "density": "crowd.model"}  # kinds, and where one is asked for
VARIABLE = "COUNTER_MODELS"  # folders of the operator, separated like PATH

Side = Annotated[int, Meta(ge=32, le=4096, multiple_of=32)]  # pixels; 32: the coarsest stride
Inside = Annotated[str, Meta(pattern=r"^(?!.*\.\.)[A-Za-z0-9_][\w./-]*$")]  # below its folder


class Listed(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the registry says of every model; registry.toml explains the fields."""

    file: Inside
    sha256: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]
    licence: str
    source: str
    input: tuple[Side, Side]  # width, height
    kind: Annotated[str, Meta(max_length=32)]  # of KEYS; all else is refused by `_entries`


class Entry(Listed, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A detector: it gives boxes."""

    layout: Literal["raw", "end-to-end"]
    units: Literal["pixels", "normalised"]
    classes: Annotated[int, Meta(ge=1)]
    person: Annotated[int, Meta(ge=0)]  # index of the class

    def __post_init__(self) -> None:
        if self.person >= self.classes:
            raise ValueError(f"person is class {self.person}, but there are {self.classes}")


class MapEntry(Listed, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A density model: it gives a map of how many persons are where."""

    cell: Annotated[int, Meta(ge=1, le=32)]  # pixels of the input that a side of its cells covers


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    model: dict[Name, dict[str, Any]]


class State(StrEnum):
    MISSING = "missing"
    PRESENT = "present"  # not hashed
    VERIFIED = "verified"
    ALTERED = "altered"  # there, but with another sha256


@dataclass(frozen=True, slots=True)
class Model:
    """A registered model and the file it was found in, if it was."""

    name: str
    entry: Entry | MapEntry
    path: Path | None
    state: State


def find(name: str, kind: str = "detector") -> Model:
    """Find the model of this name, or the registered one that this path leads to; VERIFIED.

    Raises ModelError if it is unknown, missing, altered or of another kind.
    """
    entries = _entries()
    key = KEYS[kind]
    if "/" in name or Path(name).suffix:
        return _of_kind(_find_path(Path(name), entries, key), kind)
    if name not in entries:
        near = get_close_matches(name, entries, n=1)
        meant = f"did you mean '{near[0]}'? " if near else ""
        known = ", ".join(known for known in sorted(entries) if entries[known].kind == kind)
        raise ModelError(f"{key}: '{name}' is not in the registry", f"{meant}known: {known}")
    model = _of_kind(_checked(name, entries[name]), kind)
    if model.path is None:
        looked = ", ".join(str(folder / model.entry.file) for folder in _search_path())
        raise ModelError(
            f"model {name}: no file; looked for {looked}",
            f"put it there, or name its folder in {VARIABLE}",
        )
    if model.state is State.ALTERED:
        raise ModelError(
            f"model {name}: {model.path} has not the registered sha256 {model.entry.sha256}",
            "it is damaged or another file: fetch it again, or register what it is",
        )
    return model


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


def listed() -> tuple[Model, ...]:
    """Every registered model and where it is; nothing is hashed."""
    return tuple(_located(name, entry) for name, entry in sorted(_entries().items()))


def verified() -> tuple[Model, ...]:
    """Every registered model; the files that are there are hashed."""
    return tuple(_checked(name, entry) for name, entry in sorted(_entries().items()))


def _find_path(path: Path, entries: dict[str, Entry | MapEntry], key: str) -> Model:
    if not path.is_file():
        raise ModelError(f"{key}: no file {path}", "give a registered name or a file")
    digest = _sha256(path)
    for name, entry in entries.items():
        if entry.sha256 == digest:
            return Model(name, entry, path, State.VERIFIED)
    raise ModelError(
        f"{key}: {path} is not in the registry (sha256 {digest})",
        f"register it in a {REGISTRY} in a folder of {VARIABLE}: layout, classes, licence",
    )


def _located(name: str, entry: Entry | MapEntry) -> Model:
    for folder in _search_path():
        path = folder / entry.file
        if path.is_file():
            return Model(name, entry, path, State.PRESENT)
    return Model(name, entry, None, State.MISSING)


def _checked(name: str, entry: Entry | MapEntry) -> Model:
    model = _located(name, entry)
    if model.path is None:
        return model
    good = _sha256(model.path) == entry.sha256
    return Model(name, entry, model.path, State.VERIFIED if good else State.ALTERED)


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise ModelError(f"model file {path}: {error.strerror}", "check who may read it") from None


def _search_path() -> tuple[Path, ...]:
    """Folders in which models are looked for, first match wins."""
    root = _checkout()
    ours = () if root is None else (root / "models",)
    shared = () if root is None else (root.parent / "shared" / "models",)
    return (*ours, *_operators_folders(), _embedded(), *shared)


def _operators_folders() -> tuple[Path, ...]:
    return tuple(Path(part) for part in os.environ.get(VARIABLE, "").split(os.pathsep) if part)


def _embedded() -> Path:
    """The folder of the wheel that carries the registry and the default model."""
    return Path(__file__).parent / "embedded"


def _checkout() -> Path | None:
    """The working tree, if the package runs from one."""
    root = Path(__file__).parents[1]
    return root if (root / "models" / REGISTRY).is_file() else None


def _entries() -> dict[str, Entry | MapEntry]:
    """The product's registry, and what the operator's folders add to it (Rule 2)."""
    root = _checkout()
    ours = (_embedded() if root is None else root / "models") / REGISTRY
    theirs = [folder / REGISTRY for folder in _operators_folders()]
    entries: dict[str, Entry | MapEntry] = {}
    for path in (ours, *(path for path in theirs if path.is_file() and path != ours)):
        for name, entry in _read(path).items():
            if name in entries:
                raise ModelError(f"{path}: model.{name} is already registered", "use another name")
            _known_kind(entry.kind, f"{path}: model.{name}.kind")
            entries[name] = entry
    return entries


def _known_kind(kind: str, where: str) -> None:
    """Raise RefusedError for a kind that knows who somebody is, else ModelError."""
    if kind in KEYS:
        return
    loaded = " or ".join(f'kind = "{known}"' for known in KEYS)
    if name := known_by(kind):
        raise refuse(name, f"{where}: {kind}", f"only {loaded} is loaded")
    raise ModelError(f"{where}: {kind} is not loaded", f"there is only {loaded}")


def _read(path: Path) -> dict[str, Entry | MapEntry]:
    try:
        tables = msgspec.toml.decode(path.read_text("utf-8"), type=_File).model
        return {name: _entry(name, table) for name, table in tables.items()}
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ModelError(f"{path}: {error}", "models/registry.toml says what is expected") from None
    except OSError as error:
        raise ModelError(f"{path}: {error.strerror}", "install the package again") from None


def _entry(name: str, table: dict[str, Any]) -> Entry | MapEntry:
    """Convert one table to the fields of its kind. Raises ValidationError with its place."""
    try:
        if table.get("kind") == "density":
            return msgspec.convert(table, MapEntry)
        return msgspec.convert(table, Entry)
    except msgspec.ValidationError as error:
        at = f"`$.model[{name}]"
        said = str(error)
        said = said.replace("`$", at) if "`$" in said else f"{said} - at {at}`"
        raise msgspec.ValidationError(said) from None
