"""The model registry: what may be loaded, as closed types, and in which folders it is looked for.

Rule 1: the registry is TOML of closed types; a name has one entry, in one registry: an operator's
registry adds entries and replaces none.
Rule 2: nothing here opens a model or a picture; no numpy, nothing of rings 0 to 2.
"""

import hashlib
import os
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from counter.errors import ModelError
from counter.refusals import known_by, refuse
from counter.settings import Name

REGISTRY = "registry.toml"
KEYS = {"detector": "model.name", "density": "crowd.model"}  # kinds, and where one is asked for
VARIABLE = "COUNTER_MODELS"  # folders of the operator, separated like PATH

Side = Annotated[int, Meta(ge=32, le=4096)]  # pixels
Inside = Annotated[str, Meta(pattern=r"^(?!.*\.\.)[A-Za-z0-9_][\w./-]*\Z")]  # below its folder
Beside = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_][\w.-]*\Z")]  # a name in the folder of `file`
Sha256 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
Address = Annotated[str, Meta(pattern=r"^https?://[^\s/@]+/\S+\Z")]  # nobody's name or password
Layout = Literal["raw", "end-to-end", "ssd", "nms-by-class"]
Units = Literal["pixels", "normalised"]
STRIDE = 32  # pixels: the coarsest grid of a YOLO, which its input is a multiple of
GRIDDED: frozenset[Layout] = frozenset({"raw", "end-to-end"})


class Files(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One model for one runtime: a file, or two where the runtime keeps weights apart."""

    file: Inside
    sha256: Sha256
    weights: Beside | None = None
    weights_sha256: Sha256 | None = None
    url: Address | None = None  # of `file`
    weights_url: Address | None = None

    def __post_init__(self) -> None:
        if (self.weights is None) != (self.weights_sha256 is None):
            raise ValueError("weights and weights_sha256 come together")

    @property
    def parts(self) -> tuple[tuple[str, str, str | None], ...]:
        """Each file below its folder of the search path, with its sha256 and address."""
        first = (self.file, self.sha256, self.url)
        if self.weights is None or self.weights_sha256 is None:
            return (first,)
        beside = "/".join((*self.file.split("/")[:-1], self.weights))
        return first, (beside, self.weights_sha256, self.weights_url)

    @property
    def fingerprint(self) -> str:
        """What is written down of the model that ran: the sha256 of its one file, or of both.

        Of two files it is that of their hashes: `sha256sum FILE WEIGHTS | cut -c1-64 | sha256sum`.
        """
        if self.weights_sha256 is None:
            return self.sha256
        return hashlib.sha256(f"{self.sha256}\n{self.weights_sha256}\n".encode()).hexdigest()


class Format(Files, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The same model for another runtime; what it does not say is as in its entry."""

    input: tuple[Side, Side] | None = None
    layout: Layout | None = None
    units: Units | None = None


class Listed(Files, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the registry says of every model; registry.toml explains the fields."""

    licence: str
    source: str
    input: tuple[Side, Side]  # width, height
    kind: Annotated[str, Meta(max_length=32)]  # of KEYS; all else is refused by `entries`
    formats: dict[Name, Format] = {}


class Entry(Listed, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A detector: it gives boxes."""

    layout: Layout
    units: Units
    classes: Annotated[int, Meta(ge=1)]
    person: Annotated[int, Meta(ge=0)]  # index of the class

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.person >= self.classes:
            raise ValueError(f"person is class {self.person}, but there are {self.classes}")
        own = (self.input, self.layout)
        for size, layout in (own, *((one.input, one.layout) for one in self.formats.values())):
            width, height = size or self.input
            if (layout or self.layout) in GRIDDED and (width % STRIDE or height % STRIDE):
                raise ValueError(f"input is {width}x{height}, each side is a multiple of {STRIDE}")


class MapEntry(Listed, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A density model: it gives a map of how many persons are where."""

    cell: Annotated[int, Meta(ge=1, le=32)]  # pixels of the input that a side of its cells covers


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    model: dict[Name, dict[str, Any]]


def entries() -> dict[str, Entry | MapEntry]:
    """The product's registry, and what the operator's folders add to it (Rule 1).

    Raises ModelError, or RefusedError for a kind of model that knows who somebody is.
    """
    root = checkout()
    ours = (embedded() if root is None else root / "models") / REGISTRY
    theirs = [folder / REGISTRY for folder in operators_folders()]
    found: dict[str, Entry | MapEntry] = {}
    for path in (ours, *(path for path in theirs if path.is_file() and path != ours)):
        for name, entry in _read(path).items():
            if name in found:
                raise ModelError(f"{path}: model.{name} is already registered", "use another name")
            _known_kind(entry.kind, f"{path}: model.{name}.kind")
            found[name] = entry
    return found


def search_path() -> tuple[Path, ...]:
    """Folders in which models are looked for, first match wins."""
    root = checkout()
    ours = () if root is None else (root / "models",)
    shared = () if root is None else (root.parent / "shared" / "models",)
    return (*ours, *operators_folders(), users_folder(), embedded(), *shared)


def operators_folders() -> tuple[Path, ...]:
    return tuple(Path(part) for part in os.environ.get(VARIABLE, "").split(os.pathsep) if part)


def users_folder() -> Path:
    """Where `counter models fetch` puts files when the operator named no folder (XDG)."""
    base = os.environ.get("XDG_DATA_HOME") or Path("~/.local/share").expanduser()
    return Path(base) / "counter" / "models"


def embedded() -> Path:
    """The folder of the wheel that carries the registry and the default model."""
    return Path(__file__).parent / "embedded"


def checkout() -> Path | None:
    """The working tree, if the package runs from one."""
    root = Path(__file__).parents[1]
    return root if (root / "models" / REGISTRY).is_file() else None


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
