"""Which models are here, in which formats, and which backend here runs each.

Rule 1: what is registered and cannot run on this machine is listed too, with the reason.
Rule 2: benchmarks/weights/registry.toml adds models for comparison to the product's own.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from counter import models
from counter.backends import BACKENDS, choose, lacking
from counter.detectors import Detector
from counter.detectors.open import open_detector
from counter.errors import CounterError, ModelError
from counter.models import Model, parts_of
from counter.registry import VARIABLE
from counter.settings import ModelSettings

WEIGHTS = Path(__file__).parent / "weights"
COMPARED = ("counter-n", "yolo11n-640-formats", "yolo11n-320-formats")
ORACLE = "onnx"  # in float: the format that an entry's own file is


@dataclass(frozen=True)
class Run:
    """One model in one format on one backend."""

    model: Model
    backend: str
    lacks: str  # nothing: it can be run here

    @property
    def name(self) -> str:
        """Of the backend, with the format where that says more."""
        extra = self.model.format if self.model.format not in {models.MAIN, self.backend} else ""
        return f"{self.backend} {extra}".strip()

    @property
    def is_oracle(self) -> bool:
        return self.backend == ORACLE and self.model.format == models.MAIN

    @property
    def mebibytes(self) -> float:
        return sum(path.stat().st_size for path, _ in parts_of(self.model)) / 2**20

    @contextmanager
    def opened(self, settings: ModelSettings, ahead: int = 1) -> Iterator[Detector]:
        """Open it with so many pictures `ahead`; `settings` give neither name nor backend."""
        asked = ModelSettings(
            name=self.model.name,
            backend=self.backend,  # type: ignore[arg-type]  # a key of BACKENDS
            confidence=settings.confidence,
            iou=settings.iou,
            threads=settings.threads,
        )
        found = models.checked(self.model)
        with closing(open_detector(asked, found, ahead=ahead)) as detector:
            yield detector


def register() -> None:
    """Add the benchmarks' registry to the operator's folders, once."""
    folders = [part for part in os.environ.get(VARIABLE, "").split(os.pathsep) if part]
    if str(WEIGHTS) not in folders:
        os.environ[VARIABLE] = os.pathsep.join([*folders, str(WEIGHTS)])


def runs(name: str) -> list[Run]:
    """Every format of this model with every backend that opens it. Raises ModelError."""
    register()
    found = [
        Run(model, backend, _lacks(model, backend))
        for model in models.variants(name)
        for backend in BACKENDS
        if _opens(model, backend)
    ]
    return sorted(found, key=lambda run: not run.is_oracle)


def _opens(model: Model, backend: str) -> bool:
    asked = ModelSettings(name=model.name, backend=backend)  # type: ignore[arg-type]
    try:
        choose(asked, model)
    except ModelError:
        return False
    return True


def _lacks(model: Model, backend: str) -> str:
    return lacking(backend) if model.path else f"no file {model.entry.file}"


def account_of(found: Iterable[Run], settings: ModelSettings) -> dict[str, Any]:
    """What belongs to every figure of a model: which file it was, and from where on boxes count."""
    hashes = {f"{run.model.name}, {run.name}": run.model.entry.fingerprint for run in found}
    thresholds = {"confidence": settings.confidence, "NMS IoU": settings.iou}
    return {"models, sha256": hashes, "thresholds": thresholds}


@contextmanager
def told() -> Iterator[None]:
    """Turn the product's own errors into one line."""
    try:
        yield
    except CounterError as error:
        raise SystemExit(f"not measured: {error.message}\n{error.hint}") from None
