"""Which backend opens which files: known before anything heavy is imported.

`detectors.open` opens them; `start` has to know earlier what it will have to import.
"""

from dataclasses import dataclass
from typing import Final

from counter.errors import ModelError
from counter.models import Model


@dataclass(frozen=True, slots=True)
class Backend:
    suffix: str  # of the files that it opens
    writes: bool = False  # its packages write files while they are imported


# In order of preference: "auto" takes the first that opens the model's file.
BACKENDS: Final = {
    "onnx": Backend(".onnx"),
    "ultralytics": Backend(".pt", writes=True),
}


def backend_of(asked: str, model: Model) -> str:
    """Name the backend that opens the model's file. Raises ModelError where the one asked for
    does not.
    """
    suffix = "" if model.path is None else model.path.suffix
    for name, backend in BACKENDS.items():
        if asked in {"auto", name} and backend.suffix == suffix:
            return name
    endings = ", ".join(f"{backend.suffix} ({name})" for name, backend in BACKENDS.items())
    raise ModelError(
        f"model.backend: '{asked}' does not open model {model.name}, a '{suffix}' file",
        f"there are: {endings}",
    )
