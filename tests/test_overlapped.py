"""Two pictures in flight: the same persons, in order, and no picture left behind."""

import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec import structs

from counter.detectors.letterbox import Planes
from counter.detectors.lookout import Lookout, Overlapping
from counter.detectors.open import open_detector
from counter.detectors.overlapped import AHEAD, Overlapped, depth_of
from counter.errors import DeviceError
from counter.frame import Frame
from counter.models import Model
from counter.people import Detections
from counter.settings import ModelSettings
from tests.backend_suite import noise
from tests.commands import ROOT
from tests.tiny_model import tiny_model
from tests.tiny_models import tiny_ncnn, tiny_openvino

TWO = ModelSettings(name="tiny", confidence=0.5, threads=2)
MAKERS: dict[str, Callable[[Path], Model]] = {
    "onnx": tiny_model,
    "openvino": tiny_openvino,
    "ncnn": tiny_ncnn,
}
PACKAGES = {"onnx": "onnxruntime"}
SECOND_NS = 1_000_000_000


@pytest.fixture(params=MAKERS)
def pair(request, tmp_path):
    """Give one detector that looks at one picture at a time, and one that is ahead."""
    ahead = opened(request.param, tmp_path)
    yield open_detector(TWO, MAKERS[request.param](tmp_path)), ahead
    ahead.close()


def opened(backend: str, folder: Path, threads: int = 2) -> Overlapped:
    if find_spec(PACKAGES.get(backend, backend)) is None:
        pytest.skip(f"not run: no {backend}")
    asked = structs.replace(TWO, threads=threads)
    ahead = open_detector(asked, MAKERS[backend](folder), ahead=AHEAD)
    assert isinstance(ahead, Overlapped)
    return ahead


class Slow:
    """A detector whose network waits to be told to go on, or fails."""

    name, backend = "slow", "none"
    fails = False

    def __init__(self) -> None:
        self.renewed()

    def renewed(self) -> "Slow":
        self.input, self.goes_on = np.zeros(1), threading.Event()
        self.goes_on.set()  # the first one is grey
        return self

    def take(self, frame: Frame) -> None:
        self.input[0], self.captured_ns = frame.pixels[0, 0, 0], frame.captured_ns

    def forget(self) -> None:
        self.input[0] = 0

    def look(self) -> Detections:
        assert self.goes_on.wait(10)
        self.goes_on.clear()
        if self.fails:
            raise DeviceError("it failed", "no hint")
        boxes = np.zeros((1, 4), np.float32)
        return Detections(boxes, self.input.astype(np.float32), self.captured_ns, 1.0, 1)

    def detect(self, frame: Frame) -> Detections:
        self.take(frame)
        return self.look()

    def close(self) -> None:
        self.input[0] = 0


def places(ahead: Overlapped) -> list[Any]:
    return list(ahead._places)


def picture(value: int, captured_ns: int) -> Frame:
    return Frame(np.full((1, 1, 3), value, np.uint8), captured_ns)


def test_the_same_persons_in_the_same_order(pair):
    alone, ahead = pair
    lookout, seen = Lookout(ahead), []
    for number in range(9):
        with noise(90 + number, 120, number) as frame:
            seen += lookout.look("eye", frame, None, number)
        assert lookout.in_flight <= min(number + 1, ahead.depth - 1)
    seen += lookout.drain()
    assert len(seen) == 9
    for number, (_, people, _) in enumerate(seen):
        with noise(90 + number, 120, number) as frame:
            expected = alone.detect(frame)
        np.testing.assert_array_equal(people.xyxy, expected.xyxy)
        np.testing.assert_array_equal(people.confidence, expected.confidence)


def test_no_picture_stays_in_an_input(pair):
    _, ahead = pair
    for seed in range(AHEAD):
        with noise(96, 128, seed) as frame:
            ahead.submit(frame)
    ahead.close()  # before they were asked for
    for place in places(ahead):
        assert np.unique(place._letterbox.tensor).size == 1


def test_a_detector_at_a_time_is_none_ahead(tmp_path):
    one = ModelSettings(name="tiny", threads=1)
    assert not isinstance(open_detector(one, tiny_model(tmp_path), ahead=AHEAD), Overlapping)
    assert [depth_of(2, threads) for threads in (1, 2, 4)] == [1, 2, 2]
    assert depth_of(1, 4) == 1


def test_the_first_to_come_is_the_first_to_go():
    """The second picture is done before the first."""
    ahead = Overlapped(Slow(), 2)
    first, second = places(ahead)
    for value in (1, 2):
        with picture(value, value * SECOND_NS) as frame:
            ahead.submit(frame)
    second.goes_on.set()
    threading.Timer(0.05, first.goes_on.set).start()
    seen = [ahead.collect(), ahead.collect()]
    assert [people.captured_ns for people in seen] == [SECOND_NS, 2 * SECOND_NS]
    assert [people.confidence[0] for people in seen] == [1, 2]
    ahead.close()


def test_more_than_fit_or_one_between_is_the_callers_mistake():
    ahead = Overlapped(Slow(), 2)
    for place in places(ahead):
        place.goes_on.set()
    with picture(1, 1) as frame:
        ahead.submit(frame)
        with pytest.raises(RuntimeError, match="in flight"):
            ahead.detect(frame)
        ahead.submit(frame)
        with pytest.raises(RuntimeError, match="collect first"):
            ahead.submit(frame)
    ahead.close()


def test_a_picture_that_fails_makes_the_interval_unknown_and_the_next_one_none():
    ahead = Overlapped(Slow(), 2)
    first, second = places(ahead)
    first.fails = True
    first.goes_on.set()
    second.goes_on.set()
    lookout = Lookout(ahead, lambda: Overlapped(Slow(), 2))
    with picture(1, 0) as frame:
        assert lookout.look("eye", frame, None, 0) == []
    with picture(2, 1) as frame:
        assert lookout.look("eye", frame, None, 1) == []
    assert lookout.unseen
    assert lookout.blind
    assert lookout.in_flight == 0


def test_who_is_known_is_not_kept_waiting():
    """At a slow pace a picture is counted when the next comes, however many may be in flight."""
    ahead = Overlapped(Slow(), 2, 1)
    lookout = Lookout(ahead)
    for place in places(ahead):
        place.goes_on.set()
    with picture(1, 1) as frame:
        assert lookout.look("eye", frame, None, 1) == []
        assert lookout.in_flight == 1
    ahead._flight[0].result()
    with picture(2, 2) as frame:
        seen = lookout.look("eye", frame, None, 2)
    assert seen[0][1].captured_ns == 1
    lookout.drain()
    ahead.close()


def test_both_halves_of_the_work_overlap(pair):
    """While a picture is looked at, the next is taken: the inputs are different arrays."""
    _, ahead = pair
    tensors = [place._letterbox.tensor for place in places(ahead)]
    outputs = [place.__dict__.get("_output") for place in places(ahead)]
    assert not any(np.shares_memory(one, other) for one, other in pairwise(tensors))
    if outputs[0] is not None:  # ncnn gives a view of its own memory, new each time
        assert not np.shares_memory(outputs[0], outputs[1])


def test_planes_are_wiped_without_having_been_scaled():
    box = Planes((64, 64))
    box.fill(np.full((64, 64, 3), 9, np.uint8))
    box.wipe()
    assert np.unique(box.tensor).size == 1
    assert not box._canvas._view.any()
    box.fill(np.full((20, 20, 3), 9, np.uint8))
    assert box._canvas._view.any()
    box.wipe()
    assert not box._canvas._view.any()


SIGNALLED = f"""
import gc, signal, sys, threading
from pathlib import Path
from counter.detectors.open import open_detector
from counter.settings import ModelSettings
from tests.tiny_models import tiny_openvino
held = [open_detector(ModelSettings(name="tiny"), tiny_openvino(Path(sys.argv[1])))]
last = threading.Thread(target=lambda: (held.clear(), gc.collect()))
last.start()
last.join()
signal.signal(signal.SIGINT, lambda *_: print("heard"))
signal.raise_signal({int(signal.SIGINT)})
"""


@pytest.mark.skipif(find_spec("openvino") is None, reason="not run: no openvino")
def test_a_signal_after_the_last_detector_went_in_another_thread(tmp_path):
    """It ended the process while the runtime's core went with the last network."""
    done = subprocess.run(
        [sys.executable, "-c", SIGNALLED, str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout.strip()) == (0, "heard"), done.stderr
