"""dossier.json: for which configuration a dossier was made, and what has become of its files.

Rule 1: a dossier is current while configuration, model and software are those it was made for.
Rule 2: a file with another hash was edited: its blanks were filled in. That is what it is for.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct

from counter import __version__, models
from counter.backends import selected
from counter.config import Loaded
from counter.errors import ConfigError

NAME: Final = "dossier.json"
MAX_BYTES: Final = 1 << 20
Sha256 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]


class File(Struct, frozen=True, forbid_unknown_fields=True):
    # A plain name: whoever edits the manifest cannot point outside of its folder.
    name: Annotated[str, Meta(pattern=r"^[a-z0-9-]+\.html\Z")]
    sha256: Sha256  # as it was made


class Manifest(Struct, frozen=True, forbid_unknown_fields=True, rename={"kind": "schema"}):
    kind: Literal["counter/dossier/1"]
    made: str  # YYYY-MM-DD
    version: str  # of the software
    config_sha256: Sha256
    model: str
    model_sha256: Sha256
    files: list[File]
    blanks: list[str]  # fields that were left for the controller
    layer2_url: str | None = None
    proof_sha256: Sha256 | None = None  # of the report of `counter prove`
    ledger_head: Sha256 | None = None
    crowd_model: str | None = None  # the density model beside the other, where there is one
    crowd_model_sha256: Sha256 | None = None

    @property
    def encoded(self) -> bytes:
        return msgspec.json.format(msgspec.json.encode(self), indent=2) + b"\n"


@dataclass(frozen=True, slots=True)
class Standing:
    """Of a file that a manifest names."""

    name: str
    state: Literal["as made", "edited", "gone"]


def default_folder(config: Path) -> Path:
    """Where a configuration's dossier lies unless another place is named."""
    return config.with_name(f"{config.stem}-dossier")


def read(folder: Path) -> Manifest | None:
    """Read a dossier's manifest; None where there is none. Raises ConfigError for a broken one."""
    path = folder / NAME
    hint = "remove it and make the dossier again"
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise ConfigError(f"{path}: larger than {MAX_BYTES} bytes", hint)
        return msgspec.json.decode(data, type=Manifest)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise ConfigError(f"{path}: cannot be read: {reason}", "check who may read it") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise ConfigError(f"{path}: not a counter/dossier/1 manifest", hint) from None


def standings(folder: Path, manifest: Manifest) -> tuple[Standing, ...]:
    return tuple(Standing(file.name, _state(folder / file.name, file)) for file in manifest.files)


def _state(path: Path, file: File) -> Literal["as made", "edited", "gone"]:
    try:
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        return "gone"
    return "as made" if digest == file.sha256 else "edited"


def status(loaded: Loaded, config: Path, out: Path | None) -> str:
    """Say in one line whether the dossier of this configuration is current.

    Raises ModelError as `backends.selected`.
    """
    folder = out or default_folder(config)
    option = "" if out is None else f" --out {out}"
    again = f"counter dossier {config}{option}"
    try:
        manifest = read(folder)
    except ConfigError as error:
        return f"unreadable: {error.message}; make it again with {again}"
    if manifest is None:
        return f"none in {folder}: make one with {again}"
    if stale := _changed(manifest, loaded):
        return f"stale: made for another {' and another '.join(stale)}; make it again with {again}"
    found = standings(folder, manifest)
    gone = [one.name for one in found if one.state == "gone"]
    if gone:
        return f"incomplete: {', '.join(gone)} gone; make it again with {again}"
    edited = sum(one.state == "edited" for one in found)
    since = f"; {edited} of {len(found)} documents edited since" if edited else ""
    return f"current: made on {manifest.made} in {folder}{since}"


def _changed(manifest: Manifest, loaded: Loaded) -> list[str]:
    model, crowd = selected(loaded.settings.model).model, models.crowd(loaded.settings)
    return [
        what
        for what, made_for, now in (
            ("configuration", manifest.config_sha256, loaded.sha256),
            ("model", manifest.model_sha256, model.entry.fingerprint),
            (
                "crowd model",
                manifest.crowd_model_sha256,
                None if crowd is None else crowd.entry.fingerprint,
            ),
            ("software version", manifest.version, __version__),
        )
        if made_for != now
    ]
