"""The doors to a model: a Detector turns a frame into the persons in it, and nothing else.

A CrowdModel tells how many are where, and no persons.
"""

from typing import Protocol

from counter.frame import Frame
from counter.people import Crowd, Detections


class Detector(Protocol):
    """One loaded model. Persons only: other classes are dropped inside (P11)."""

    name: str  # of the model, in the registry
    backend: str

    def detect(self, frame: Frame) -> Detections: ...
    def close(self) -> None: ...


class CrowdModel(Protocol):
    """One loaded density model."""

    name: str
    backend: str

    def look(self, frame: Frame) -> Crowd: ...
    def close(self) -> None: ...
