"""A synthetic scene as footage: a source that needs no camera and knows the truth."""

from collections.abc import Iterator
from typing import Final, cast, get_args

import numpy as np

from counter.errors import SourceError
from counter.frame import Frame, Pixels
from counter.release import CameraState
from counter.settings import CameraSettings
from counter.sources.capture import KEEP
from counter.sources.mask import Masks
from counter.sources.synthetic.marker import MARKER, MarkedScene
from counter.sources.synthetic.scene import Kind, Scene
from counter.sources.synthetic.truth import Truth

FPS: Final = 10.0
SIZE: Final = (640, 360)  # width, height
KINDS: Final = (*get_args(Kind), MARKER)


class SyntheticSource:
    """Frames of one scene, for ever, on a clock of their own. Drawn, so never black or frozen.

    The truth knows nothing of masks.
    """

    live = False
    state = CameraState.OK

    def __init__(self, camera: str, settings: CameraSettings) -> None:
        kind = settings.source.partition(":")[2]
        if kind not in KINDS:
            kinds = ", ".join(f"synthetic:{known}" for known in KINDS)
            raise SourceError(f"no synthetic scene is called {kind!r}", f"expected {kinds}")
        self.camera = camera
        self.fps = settings.fps or FPS
        self.now_ns = 0
        self.truth: Truth | None = None  # of the last frame; for tests and evaluation only
        self._size = settings.size or SIZE
        self._masks = Masks(settings.masks)
        self._free: list[Pixels] = []
        self._closed = False
        self._scene = _scene(kind, settings, self._size, self.fps)

    def frames(self) -> Iterator[Frame | None]:
        index = 0
        while not self._closed:
            width, height = self._size
            buffer = self._free.pop() if self._free else np.zeros((height, width, 3), np.uint8)
            self.truth = self._scene.render(buffer)
            self._masks.cover(buffer)
            self.now_ns = round(index * 1e9 / self.fps)
            yield Frame(buffer, self.now_ns, self._give_back)
            index += 1

    def close(self) -> None:
        self._closed = True

    def _give_back(self, buffer: Pixels) -> None:
        if len(self._free) < KEEP:
            self._free.append(buffer)


def _scene(
    kind: str, settings: CameraSettings, size: tuple[int, int], fps: float
) -> Scene | MarkedScene:
    seed, people = settings.seed, settings.people
    if kind == MARKER:
        return MarkedScene(seed=seed, size=size, fps=fps, people=people)
    return Scene(kind=cast("Kind", kind), seed=seed, size=size, fps=fps, people=people)
