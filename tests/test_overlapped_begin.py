"""Pictures in flight begin well or not at all, and leave nothing where they are not looked at."""

import threading
from pathlib import Path
from threading import Barrier
from typing import Any

import numpy as np
import pytest

from counter.detectors import overlapped
from counter.detectors.overlapped import AHEAD, Overlapped
from counter.errors import ModelError
from tests.backend_suite import noise
from tests.test_overlapped import MAKERS, Slow, opened, places


@pytest.fixture(params=MAKERS)
def ahead(request, tmp_path):
    made = opened(request.param, tmp_path)
    yield made
    made.close()


def tasks() -> set[Path]:
    """Every thread of this process, also those of which Python knows nothing."""
    return set(Path("/proc/self/task").iterdir())


@pytest.mark.parametrize("backend", MAKERS)
def test_no_thread_begins_with_a_picture(backend, tmp_path):
    """Nor in the runtimes, of which Python knows nothing: four threads, two for each picture."""
    ahead = opened(backend, tmp_path, threads=4)
    before = tasks()
    for seed in range(8):
        with noise(60, 60, seed) as frame, noise(60, 60, seed) as other:
            for one in (frame, other):
                ahead.submit(one)
            for _ in range(AHEAD):
                ahead.collect()
    assert tasks() <= before
    ahead.close()


class TestBegin:
    def test_a_thread_that_cannot_begin_is_a_sentence_and_no_hang(self, monkeypatch):
        begin, begun = threading.Thread.start, list[threading.Thread]()

        def start(thread: threading.Thread) -> None:
            if begun:
                raise RuntimeError("can't start new thread")
            begun.append(thread)
            begin(thread)

        monkeypatch.setattr(threading.Thread, "start", start)
        with pytest.raises(ModelError, match="its 2 threads do not begin"):
            Overlapped(Slow(), 2)
        begun[0].join(5)
        assert not begun[0].is_alive()

    def test_one_that_does_not_come(self, monkeypatch):
        monkeypatch.setattr(overlapped, "BEGIN_S", 0.05)
        monkeypatch.setattr(overlapped, "Barrier", lambda n, timeout: Barrier(n + 1, None, timeout))
        with pytest.raises(ModelError, match="its 2 threads do not begin"):
            Overlapped(Slow(), 2)

    def test_a_network_that_fails_at_grey(self):
        slow = Slow()
        slow.fails = True
        with pytest.raises(ModelError, match="it failed"):
            Overlapped(slow, 2)


@pytest.mark.parametrize("backend", ["onnx", "openvino"])
def test_closing_overwrites_what_the_network_made_of_the_last_pictures(backend, tmp_path):
    ahead = opened(backend, tmp_path)
    for seed in range(AHEAD):
        with noise(96, 128, seed) as frame:
            ahead.submit(frame)
    ahead.close()
    assert not any(place._output.any() for place in places(ahead))


class TestForgotten:
    """A picture that nobody will look at does not wait for the next one to be overwritten."""

    def test_a_picture_that_no_thread_takes(self, ahead):
        ahead._pool.shutdown()
        with noise(96, 128) as frame, pytest.raises(RuntimeError, match="shutdown"):
            ahead.submit(frame)
        for place in places(ahead):
            assert np.unique(place._letterbox.tensor).size == 1

    def test_a_picture_that_is_half_written(self, ahead, monkeypatch):
        place = places(ahead)[0]
        fill = place._letterbox.fill

        def half(pixels: Any) -> Any:
            fill(pixels)
            raise ValueError("half of it")

        monkeypatch.setattr(place._letterbox, "fill", half)
        with noise(96, 128) as frame, pytest.raises(ValueError, match="half"):
            ahead.submit(frame)
        assert np.unique(place._letterbox.tensor).size == 1
