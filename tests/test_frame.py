"""Ring 0: nothing of a picture outlives its `with` block."""

import copy
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from counter.frame import Frame, Pixels


def picture() -> Pixels:
    return np.full((4, 6, 3), 200, np.uint8)


def test_pixels_are_readable_inside_the_block_only() -> None:
    frame = Frame(picture(), 5)
    with frame as same:
        assert same is frame
        assert frame.pixels.shape == (4, 6, 3)
        assert int(frame.pixels.min()) == 200
    with pytest.raises(RuntimeError, match="released"):
        _ = frame.pixels
    assert frame.captured_ns == 5


def test_pixels_cannot_be_written() -> None:
    with Frame(picture(), 0) as frame, pytest.raises(ValueError, match="read-only"):
        frame.pixels[0, 0] = 1


def test_the_memory_is_zero_before_it_is_given_back_and_given_back_once() -> None:
    buffer, given = picture(), list[Pixels]()
    seen_max = list[int]()

    def give_back(returned: Pixels) -> None:
        seen_max.append(int(returned.max()))
        given.append(returned)

    frame = Frame(buffer, 0, give_back)
    frame.release()
    frame.release()
    with frame:
        pass
    assert seen_max == [0]
    assert given[0] is buffer
    assert len(given) == 1


def test_a_view_that_somebody_kept_shows_nothing_after_the_block() -> None:
    with Frame(picture(), 0) as frame:
        kept = frame.pixels
    assert not kept.any()


def test_an_exception_in_the_block_releases_too() -> None:
    buffer, given = picture(), list[Pixels]()
    with pytest.raises(KeyError), Frame(buffer, 0, given.append):
        raise KeyError
    assert not buffer.any()
    assert given


@pytest.mark.parametrize(
    "forbidden",
    [
        copy.copy,
        copy.deepcopy,
        pickle.dumps,
        repr,
        str,
        "{}".format,
        bytes,
        hash,
        lambda frame: frame == frame,  # noqa: PLR0124
        lambda frame: frame != 1,
        lambda frame: frame < frame,  # noqa: PLR0124
        lambda frame: {frame},
        lambda frame: f"{frame}",
        lambda frame: sorted([frame, frame]),
    ],
)
def test_a_frame_is_not_copied_pickled_compared_hashed_or_printed(
    forbidden: Callable[[Any], Any],
) -> None:
    with Frame(picture(), 0) as frame, pytest.raises(TypeError):
        forbidden(frame)


def test_a_frame_takes_no_other_attribute() -> None:
    with Frame(picture(), 0) as frame, pytest.raises(AttributeError):
        frame.person = "somebody"  # type: ignore[attr-defined]


def test_a_traceback_through_a_frame_shows_no_pixel() -> None:
    """pytest and loggers print local variables: a frame's repr raises instead of showing."""
    with Frame(picture(), 0) as frame, pytest.raises(TypeError, match="cannot be copied") as caught:
        repr(frame)
    assert "200" not in str(caught.value)
