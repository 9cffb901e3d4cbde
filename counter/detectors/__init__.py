"""The door to a model: a Detector turns a frame into the persons in it, and nothing else."""

from typing import Protocol

from counter.frame import Frame
from counter.people import Detections


class Detector(Protocol):
    """One loaded model. Persons only: other classes are dropped inside (P11)."""

    name: str  # of the model, in the registry
    backend: str

    def detect(self, frame: Frame) -> Detections: ...
    def close(self) -> None: ...
