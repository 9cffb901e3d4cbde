"""The film that contenders are shown: a file, or a drawn platform that is encoded for the occasion.

Rule 1: only drawn people are ever encoded here; a given file is read and never written.
"""

import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from benchmarks.rounds import progress
from counter.errors import CounterError
from counter.frame import Pixels
from counter.sources.opencv import open_video
from counter.sources.synthetic import Scene

SIZE = (640, 360)
FPS, PEOPLE, SEED = 10.0, 23, 3  # about 20 of the 23 are in view
CODEC = "mp4v"  # MPEG-4 part 2: what a wheel of OpenCV can encode; H.264 decodes as fast


@dataclass(frozen=True)
class Film:
    path: Path
    name: str
    size: tuple[int, int]  # width, height
    pictures: int
    first: Pixels = field(repr=False)


def drawn(pictures: int) -> Iterator[Pixels]:
    """A platform with PEOPLE, the same each time."""
    scene = Scene(kind="platform", seed=SEED, size=SIZE, fps=FPS, people=PEOPLE)
    for _ in range(pictures):
        picture = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
        scene.render(picture)
        yield picture


@contextmanager
def film(given: Path | None, pictures: int) -> Iterator[Film]:
    """Give the film at `given`, or draw one of so many pictures, which vanishes afterwards."""
    if given is not None:
        yield _looked_at(given, given.name)
        return
    with tempfile.TemporaryDirectory(prefix="counter-film-") as folder:
        path = Path(folder) / "platform.mp4"
        writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*CODEC), FPS, SIZE)
        if not writer.isOpened():
            raise SystemExit(f"not measured: this OpenCV cannot encode {CODEC}; give --film FILE")
        with progress("drawing the film", pictures) as advance:
            for picture in drawn(pictures):
                writer.write(picture)
                advance()
        writer.release()
        yield _looked_at(path, f"drawn platform, {PEOPLE} people, seed {SEED}")


def _looked_at(path: Path, name: str) -> Film:
    if not path.is_file():
        raise SystemExit(f"not measured: no film {path}")
    try:
        with closing(open_video(path)) as capture:
            first = capture.retrieve(None) if capture.grab() else None
            if first is None:
                raise SystemExit(f"not measured: no picture in {path} can be decoded")
            return Film(path, name, (first.shape[1], first.shape[0]), capture.pictures, first)
    except CounterError as error:
        raise SystemExit(f"not measured: {error.message}") from None
