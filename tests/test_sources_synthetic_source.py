"""The synthetic scene as a source: its own clock, one buffer, the truth of the last frame."""

import zlib

import pytest

from counter.frame import Frame
from counter.release import CameraState
from counter.settings import CameraSettings
from counter.sources.merge import merged
from counter.sources.open import open_source
from counter.sources.synthetic.source import SyntheticSource


def opened(**changes: object) -> SyntheticSource:
    settings = {"source": "synthetic:platform", "size": (320, 180), "fps": 5.0, **changes}
    source = open_source("a", CameraSettings(**settings))  # type: ignore[arg-type]
    assert isinstance(source, SyntheticSource)
    return source


def checksums(source: SyntheticSource, count: int) -> list[int]:
    sums = list[int]()
    for frame in source.frames():
        assert isinstance(frame, Frame)
        with frame:
            sums.append(zlib.crc32(frame.pixels.data))
        if len(sums) == count:
            source.close()
    return sums


def test_it_runs_on_its_own_clock_with_its_truth_until_it_is_closed() -> None:
    source, at_ns, places = opened(), list[int](), set[int]()
    assert not source.live
    for view in merged([source]):
        assert view.frame is not None
        assert source.truth is not None
        with view.frame:
            assert view.frame.pixels.shape == (180, 320, 3)
            places.add(view.frame.pixels.ctypes.data)
        assert round(source.truth.seconds * 1e9) == view.now_ns
        at_ns.append(view.now_ns)
        if len(at_ns) == 6:
            source.close()
    assert at_ns == [n * 200_000_000 for n in range(6)]
    assert len(places) == 1
    assert source.state is CameraState.OK


def test_the_seed_decides_the_pictures() -> None:
    first = checksums(opened(seed=3), 4)
    assert first == checksums(opened(seed=3), 4)
    assert first != checksums(opened(seed=4), 4)
    assert len(set(first)) == 4


@pytest.mark.parametrize("kind", ["platform", "carriage"])
def test_the_kinds_open(kind: str) -> None:
    assert len(checksums(opened(source=f"synthetic:{kind}"), 1)) == 1
