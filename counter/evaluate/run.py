"""One pass over a clip, or over the detections that somebody made of one.

Rule 1: footage only: what may be a camera is refused before it is opened, and once it is open.
Rule 2: a picture that could not be looked at keeps its number; its label is left out.
"""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import numpy as np

from counter.detectors import Detector
from counter.detectors.open import open_detector
from counter.errors import ConfigError, SourceError
from counter.evaluate import mot
from counter.evaluate.belong import check_size
from counter.evaluate.bench import Bench
from counter.evaluate.labels import read_labels
from counter.evaluate.report import Report
from counter.evaluate.request import CAMERA, Request, live_refusal, refuse_live, settings_of
from counter.people import Detections
from counter.release import CameraState
from counter.sources import Source
from counter.sources.footage import Footage
from counter.sources.open import open_source

Progress = Callable[[int], None]  # frames of the clip that have gone by
BOXES = "detections"  # the name of the model where none ran


def evaluate(request: Request, progress: Progress = lambda _: None) -> Report:
    """Count in the clip and compare. Raises CounterError for what cannot be opened or read."""
    if request.detections is not None:
        return compare_detections(request, progress)
    refuse_live(request.source)
    settings = settings_of(request)
    with closing(open_source(CAMERA, settings.cameras[CAMERA])) as source:
        if source.live:
            raise live_refusal()
        with closing(open_detector(request.model)) as detector:
            return compare(request, source, detector, progress)


def compare(
    request: Request, source: Source, detector: Detector, progress: Progress = lambda _: None
) -> Report:
    """Compare with a source and a detector that are open; footage only."""
    if source.live:
        raise live_refusal()
    bench = Bench(request)
    for number, people in _looked_at(request, source, detector):
        bench.observe(number, people)
        progress(number + 1)
    if not bench.frames:
        raise SourceError(f"{request.source}: no picture in it could be looked at")
    whole = source.state is not CameraState.LOST
    notes = () if whole else ("the clip ended earlier than its header says",)
    return bench.report(Path(request.source).name, (detector.name, detector.backend), notes)


def compare_detections(request: Request, progress: Progress = lambda _: None) -> Report:
    """Compare with a file of boxes: no picture is opened, no model runs."""
    bench = Bench(request)
    for number, people in _read(request):
        if number % request.every:
            continue
        bench.observe(number, people)
        progress(number + 1)
    return bench.report(request.source, (BOXES, "det.txt"))


def _looked_at(
    request: Request, source: Source, detector: Detector
) -> Iterator[tuple[int, Detections]]:
    fps = source.fps if isinstance(source, Footage) else None
    for view, frame in enumerate(source.frames()):
        if frame is None:
            continue  # black, frozen, or the end
        # By its time: a picture that could not be read keeps its number.
        number = view if fps is None else round(frame.captured_ns * fps / 1e9)
        with frame:
            if request.frames is not None and number >= request.frames:
                return
            if number % request.every:
                continue
            people = detector.detect(frame)
        yield number, people


def _read(request: Request) -> Iterator[tuple[int, Detections]]:
    """Give the boxes of a file, frame by frame, also frames without any."""
    path = request.detections or Path()
    found = mot.detections(path)
    width, height, fps, length = _sequence(request, path)
    check_size(path, [mot.middle(box) for _, box, _ in found], (width, height))
    by_frame: dict[int, list[tuple[mot.Rectangle, float]]] = {}
    for frame, box, score in found:
        by_frame.setdefault(frame - mot.FIRST, []).append((box, score))
    last = max(length, max(by_frame, default=-1) + 1) or _labelled(request, path)
    for number in range(last if request.frames is None else min(last, request.frames)):
        rows = by_frame.get(number, [])
        boxes = np.array([box for box, _ in rows], np.float64).reshape(-1, 4)
        yield (
            number,
            Detections(
                (boxes / (width, height, width, height)).astype(np.float32),
                np.array([score for _, score in rows], np.float32),
                round(number * 1e9 / fps),
                width / height,
                height,
            ),
        )


def _labelled(request: Request, path: Path) -> int:
    """How many frames a clip has in which nobody was detected: as asked, or to the last label."""
    labels = read_labels(request, len, next(iter(request.zones)))
    frames = request.frames or max(labels.by_frame, default=-1) + 1
    if frames < 1:
        raise ConfigError(
            f"{path}: nobody was detected, and how many frames were looked at is not known",
            "give --frames, or put the sequence's seqinfo.ini with seqLength beside it",
        )
    return frames


def _sequence(request: Request, path: Path) -> tuple[int, int, float, int]:
    """Width, height, frames a second and number of frames: as asked, or from seqinfo.ini."""
    try:
        known = mot.sequence(path.parent)
    except ValueError:
        known = mot.Sequence(0, 0, 0.0, 0)
    width, height = request.label_size or (known.width, known.height)
    fps = request.fps or known.fps
    if not width or fps <= 0:
        raise ConfigError(
            f"{path}: the size of the pictures or their rate is not known",
            "give --label-size WxH and --fps, or put the sequence's seqinfo.ini beside it",
        )
    return width, height, fps, known.frames
