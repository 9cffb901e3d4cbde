"""A trained .pt: where it is, what the registry and the file itself say of it.

Rule 1: one that knows more of a person than a box is refused, as when it is run.
Rule 2: a .pt is a pickle: torch's weights-only loader reads it, as set by `detectors.ultralytics`.
Rule 3: OpenVINO's converter reports its import to its vendor; what it reports with is barred.
"""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from counter import models
from counter.catalogue.listing import found
from counter.errors import ModelError
from counter.registry import Entry

SIDE: Final = 640  # pixels; what YOLO's own models are trained with
UNKNOWN: Final = "LicenseRef-unknown"


@dataclass(frozen=True, slots=True)
class Source:
    """The .pt that is exported, and what the registry says of it if it is known there."""

    name: str
    path: Path
    entry: Entry | None

    @property
    def size(self) -> tuple[int, int]:
        return self.entry.input if self.entry else (SIDE, SIDE)

    @property
    def licence(self) -> str:
        return self.entry.licence if self.entry else UNKNOWN


def source_of(name: str) -> Source:
    """Find the .pt of a registered model, or at a path. Raises ModelError."""
    path = Path(name)
    if path.suffix == ".pt":
        if not path.is_file():
            raise ModelError(f"no file {path}", "give a registered name, or the path of a .pt")
        sha256 = models.digest(path)
        same = [model.entry for model in models.listed() if model.entry.sha256 == sha256]
        entry = same[0] if same else None
        return Source(path.stem, path, entry if isinstance(entry, Entry) else None)
    for model in found(name):
        if model.entry.file.endswith(".pt") and isinstance(model.entry, Entry):
            return Source(name, models.checked(model).path or path, model.entry)
    raise ModelError(
        f"model {name}: it is not registered as a .pt, which is what can be exported",
        "give the path of its .pt, or one of those that can be fetched: yolo11n, yolov8n, yolo26n",
    )


def loaded(source: Source, copy: Path) -> Any:
    """Load what was trained. Raises ModelError or RefusedError."""
    from counter.detectors.features import Told, refuse_told  # noqa: PLC0415  # brings OpenCV
    from counter.detectors.openvino import REPORTER  # noqa: PLC0415
    from counter.detectors.ultralytics import packages  # noqa: PLC0415

    if REPORTER not in sys.modules:  # Rule 3; None is how Python bars an import
        sys.modules[REPORTER] = None  # type: ignore[assignment]
    _, make = packages()
    try:
        trained = make(str(copy), task="detect")
        told = Told(names_of(trained), str(getattr(trained.model, "task", "") or ""))
    except Exception as error:  # noqa: BLE001  # torch and ultralytics raise what they like
        raise ModelError(f"ultralytics cannot load {source.path}", first_line(error)) from None
    refuse_told(source.name, told)
    return trained


def names_of(trained: Any) -> tuple[str, ...]:
    """The classes that it was trained on, by index."""
    names = getattr(trained.model, "names", None) or {}
    return tuple(map(str, names.values() if isinstance(names, dict) else names))


def person_of(source: Source, names: tuple[str, ...]) -> int:
    """Which class is a person. Raises ModelError if nobody says it."""
    if source.entry and source.entry.classes == len(names):
        return source.entry.person
    for index, name in enumerate(names):
        if name.strip().lower() in {"person", "people", "pedestrian"}:
            return index
    raise ModelError(
        f"{source.path}: none of its {len(names)} classes is called person",
        "export a model that was trained to find persons",
    )


def decodes_boxes(trained: Any) -> bool:
    """Whether a Hailo compiler can put its own NMS behind the head; YOLO26's it cannot."""
    head = trained.model.model[-1]
    return int(getattr(head, "reg_max", 16)) > 1


def first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0][:200] or type(error).__name__
