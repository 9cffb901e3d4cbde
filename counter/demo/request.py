"""What was asked of `counter demo`."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Request:
    scene: str = "platform"
    video: Path | None = None
    source: str | None = None
    mqtt: str | None = None
    seconds: int = 120  # of the scene's own clock; of the wall clock with a camera
    model: str | None = None
    realtime: bool = False

    @property
    def place(self) -> str | None:
        """The address of real footage or of a camera, where one was given."""
        return str(self.video) if self.video is not None else self.source

    @property
    def device(self) -> str:
        return self.scene if self.place is None else "footage"
