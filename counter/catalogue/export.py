"""`counter models export`: a trained .pt for another runtime, by ultralytics' own export.

Rule 1: whatever can be known to fail is said before the work begins: what is missing, what is
refused, what would be written over.
Rule 2: ultralytics writes beside the .pt that it is given, so it gets a copy in a folder that
vanishes. It is offline and installs nothing.
Rule 3: what was made is hashed, told as a stanza for a registry.toml, and tried if its runtime is
here.
"""

import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

from counter import models, voice
from counter.catalogue.checkpoint import (
    UNKNOWN,
    Source,
    decodes_boxes,
    first_line,
    loaded,
    names_of,
    person_of,
    source_of,
)
from counter.catalogue.stanza import stanza, tried
from counter.catalogue.targets import TARGETS, lacks
from counter.errors import ModelError
from counter.models import Model, State
from counter.registry import REGISTRY, STRIDE, VARIABLE, Entry

LONGEST: Final = 32  # letters of a registered name


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is asked for on the command line."""

    name: str  # of the registry, or the path of a .pt
    to: str  # of TARGETS
    out: Path
    size: tuple[int, int] | None = None  # width, height
    data: Path | None = None  # ultralytics' description of pictures, for int8
    chip: str | None = None  # of CHIPS, for hailo


def export(order: Order) -> str:
    """Convert, hash and try; say what was made, and what to write into a registry.toml.

    Raises ModelError, or RefusedError for a model that knows more of a person than a box.
    """
    target = TARGETS[order.to]
    source = source_of(order.name)
    size = order.size or source.size
    name = _named(source.name, order.to, size)
    folder = f"{name}/" if target.endings[1:] else ""  # two files have a folder of their own
    files = [order.out / f"{folder}{name}{ending}" for ending in target.endings]
    _check(order, size, files)
    with _workshop(order.out) as workshop:
        trained = loaded(source, Path(shutil.copyfile(source.path, workshop / f"{name}.pt")))
        names = names_of(trained)
        person = person_of(source, names)
        if target.backend == "hailo" and not decodes_boxes(trained):
            raise ModelError(
                f"model {source.name}: on a Hailo it gives raw maps, which are not read here",
                "take a YOLOv8 or a YOLO11",
            )
        voice.note(f"exporting {source.path} to {order.to}: seconds to minutes, on a Hailo hours")
        made = _made(trained, order, size)
        found = [_one(made, pattern) for pattern in target.made]  # all, before one is moved
        for file, one in zip(files, found, strict=True):
            file.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(one, file)
    entry = Entry(
        **_hashes(order.out, files),
        licence=source.licence,
        source=_told(source, order),
        input=size,
        layout=target.layout,
        units=target.units,
        classes=len(names),
        person=person,
        kind="detector",
    )
    return "\n".join([*_lines(order, name, entry, files), "", stanza(name, entry)])


def _hashes(out: Path, files: list[Path]) -> dict[str, Any]:
    """The keys of an entry that say which files it is."""
    first, *rest = files
    said = {"file": str(first.relative_to(out)), "sha256": models.digest(first)}
    for weights in rest:
        said |= {"weights": weights.name, "weights_sha256": models.digest(weights)}
    return said


def _lines(order: Order, name: str, entry: Entry, files: list[Path]) -> Iterator[str]:
    for file in files:
        yield f"made     {file}"
    model = Model(name, entry, files[0], State.VERIFIED)
    yield f"tried    {tried(model, TARGETS[order.to].backend)}"
    folder = order.out.absolute()
    yield f"use      write this into {folder / REGISTRY}, and set {VARIABLE}={folder}"
    if entry.licence == UNKNOWN:
        yield "licence  it is in no registry: write that of your weights instead"
    if name in {known.name for known in models.listed()}:
        yield f"name     {name} is taken: choose another"


def _named(name: str, to: str, size: tuple[int, int]) -> str:
    """A name that fits into a registry, with target and size in it."""
    width, height = size
    end = f"-{to}-{width}" if width == height else f"-{to}-{width}x{height}"
    begin = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "model"
    return f"{begin[: LONGEST - len(end)].rstrip('-')}{end}"


def _check(order: Order, size: tuple[int, int], files: list[Path]) -> None:
    """Rule 1. Raises ModelError."""
    target = TARGETS[order.to]
    if any(side % STRIDE or side < STRIDE for side in size):
        raise ModelError(
            f"--imgsz: {size[0]}x{size[1]}, each side is a multiple of {STRIDE}",
            "640, 320 or 640x384, for example",
        )
    if order.chip and target.backend != "hailo":
        raise ModelError(f"--chip: {order.to} has none", "it is for --to hailo")
    if order.data and not target.calibrated:
        int8 = ", ".join(name for name, one in TARGETS.items() if one.calibrated)
        raise ModelError(f"--data: {order.to} measures nothing on pictures", f"it is for {int8}")
    missing, hint = lacks(target)
    if missing:
        raise ModelError(f"export to {order.to}: missing here: {missing}", hint)
    if target.calibrated:
        _check_data(order.to, order.data)
    for file in files:
        if file.exists():
            raise ModelError(f"{file}: is there already", "remove it, or name another --out")


def _check_data(to: str, data: Path | None) -> None:
    """Raise ModelError unless it describes pictures that are here.

    Read as ultralytics reads it: a key can be written in more ways than a search in the text finds.
    """
    # It comes with ultralytics, which `lacks` has looked for.
    import yaml  # type: ignore[import-untyped]  # noqa: PLC0415

    if data is None:
        raise ModelError(
            f"--data: {to} is int8, and its ranges are measured on pictures",
            "--data FILE.yaml, as ultralytics describes a data set; 300 pictures or more",
        )
    try:
        said = yaml.safe_load(data.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError, ValueError, RecursionError):
        raise ModelError(f"--data: {data} cannot be read", "expected a YAML file") from None
    if not isinstance(said, dict) or data.suffix not in {".yaml", ".yml"}:
        raise ModelError(
            f"--data: {data} does not describe pictures",
            "expected a .yaml with path, train, val and names, as ultralytics describes a data set",
        )
    if "download" in said:
        raise ModelError(
            f"--data: {data} has a key 'download', which ultralytics would run",
            "take the line out; the pictures have to be here",
        )


@contextmanager
def _workshop(out: Path) -> Iterator[Path]:
    try:
        out.mkdir(parents=True, exist_ok=True)
        folder = tempfile.TemporaryDirectory(prefix=".export-", dir=out)
    except OSError as error:
        raise ModelError(f"{out}: {error.strerror}", "may this user write there?") from None
    with folder as name:
        yield Path(name).absolute()


def _made(trained: Any, order: Order, size: tuple[int, int]) -> Path:
    """Let ultralytics do it; raw boxes, our NMS follows. Raises ModelError."""
    target = TARGETS[order.to]
    asked: dict[str, Any] = {"format": target.format, **target.arguments}
    asked["imgsz"] = [size[1], size[0]]  # height first
    if target.calibrated and order.data is not None:
        asked["data"] = str(order.data.absolute())
    if target.backend == "hailo":
        asked["name"] = order.chip or "hailo8l"
    try:
        with _aside():
            return Path(trained.export(**asked))
    except Exception as error:  # noqa: BLE001  # every converter raises its own
        raise ModelError(
            f"ultralytics cannot export {order.name} to {order.to}", first_line(error)
        ) from None


@contextmanager
def _aside() -> Iterator[None]:
    """What converters print, also those in C, goes to standard error: the result can be piped."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        yield
    finally:
        sys.stdout.flush()
        os.dup2(kept, 1)
        os.close(kept)


def _one(made: Path, pattern: str) -> Path:
    """The file of the result that is meant. Raises ModelError."""
    there = sorted(made.glob(pattern)) if made.is_dir() else [made] * made.match(pattern)
    if len(there) == 1:
        return there[0]
    raise ModelError(
        f"ultralytics made {made.name}, with {len(there)} files {pattern}, expected one",
        "another version of it? known to work: 8.4.190",
    )


def _told(source: Source, order: Order) -> str:
    """Where a file comes from, for the registry's `source`."""
    try:
        by = version("ultralytics")
    except PackageNotFoundError:
        by = "of unknown version"
    on = f", ranges of {order.data.name}" if order.data else ""
    chip = f" for {order.chip or 'hailo8l'}" if order.to == "hailo" else ""
    of = source.entry.source if source.entry else source.path.name
    begin = models.digest(source.path)[:12]
    return f"{of}; .pt {begin} exported to {order.to}{chip} by ultralytics {by}{on}"
