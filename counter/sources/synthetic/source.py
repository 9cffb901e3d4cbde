"""A synthetic scene as footage: a source that needs no camera and knows the truth."""

from collections.abc import Iterator
from typing import Final, cast, get_args

import numpy as np

from counter.errors import SourceError
from counter.frame import Frame, Pixels
from counter.release import CameraState
from counter.settings import CameraSettings
from counter.sources.capture import KEEP
from counter.sources.synthetic.scene import Kind, Scene
from counter.sources.synthetic.truth import Truth

FPS: Final = 10.0
SIZE: Final = (640, 360)  # width, height


class SyntheticSource:
    """Frames of one scene, for ever, on a clock of their own. Drawn, so never black or frozen."""

    live = False
    state = CameraState.OK

    def __init__(self, camera: str, settings: CameraSettings) -> None:
        kind = settings.source.partition(":")[2]
        if kind not in get_args(Kind):
            kinds = ", ".join(f"synthetic:{known}" for known in get_args(Kind))
            raise SourceError(f"no synthetic scene is called {kind!r}", f"expected {kinds}")
        self.camera = camera
        self.fps = settings.fps or FPS
        self.now_ns = 0
        self.truth: Truth | None = None  # of the last frame; for tests and evaluation only
        self._size = settings.size or SIZE
        self._free: list[Pixels] = []
        self._closed = False
        self._scene = Scene(
            kind=cast("Kind", kind),
            seed=settings.seed,
            size=self._size,
            fps=self.fps,
            people=settings.people,
        )

    def frames(self) -> Iterator[Frame | None]:
        index = 0
        while not self._closed:
            width, height = self._size
            buffer = self._free.pop() if self._free else np.zeros((height, width, 3), np.uint8)
            self.truth = self._scene.render(buffer)
            self.now_ns = round(index * 1e9 / self.fps)
            yield Frame(buffer, self.now_ns, self._give_back)
            index += 1

    def close(self) -> None:
        self._closed = True

    def _give_back(self, buffer: Pixels) -> None:
        if len(self._free) < KEEP:
            self._free.append(buffer)
