"""A call that may hang: waited for, and then left alone."""

import threading
import time

import pytest

from counter.detectors.bounded import Bounded


def test_it_works_in_one_thread_of_its_own_and_raises_what_is_raised():
    seen: list[int] = []

    def work() -> None:
        seen.append(threading.get_ident())
        if len(seen) == 2:
            raise ValueError("two")

    call = Bounded(work, 5, "test")
    call()
    with pytest.raises(ValueError, match="two"):
        call()
    call()
    call.close()
    assert len(set(seen)) == 1
    assert seen[0] != threading.get_ident()
    assert not call._thread.is_alive()


def test_what_hangs_is_given_up_and_fails_at_once_from_then_on():
    wakes = threading.Event()

    def hang() -> None:
        wakes.wait()

    call = Bounded(hang, 0.05, "test")
    with pytest.raises(TimeoutError):
        call()
    began = time.monotonic()
    with pytest.raises(TimeoutError):
        call()
    assert time.monotonic() - began < 0.04
    call.close()  # does not wait for it
    wakes.set()
    call._thread.join(5)
    assert not call._thread.is_alive()
