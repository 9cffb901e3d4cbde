"""Standard error: one voice, in whichever thread, and never the text of an exception."""

import logging
import threading
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from counter import voice
from counter.errors import ConfigError
from counter.interval import interval_at

HINT = "counter: hint: this is a fault of the program; please report the line above"


@pytest.fixture
def afterwards_silent(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Take away what `say_what_is_logged` has put in place."""
    ours = logging.getLogger("counter")
    before, level = list(ours.handlers), ours.level
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    yield
    ours.handlers[:] = before
    ours.setLevel(level)


def in_a_thread(work) -> None:
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


@pytest.mark.usefixtures("afterwards_silent")
def test_what_is_logged_is_said_in_our_voice(capsys) -> None:
    voice.say_what_is_logged()
    logging.getLogger("counter.sources").info("camera %s: back", "door")
    logging.getLogger("counter.sources").debug("too much")
    assert capsys.readouterr().err == "counter: camera door: back\n"


@pytest.mark.usefixtures("afterwards_silent")
def test_an_error_that_ends_a_thread_is_said_without_its_text(capsys) -> None:
    voice.say_what_is_logged()
    in_a_thread(lambda: interval_at(datetime.now(UTC), 17))  # "an interval of 17 s does not ..."
    first, hint = capsys.readouterr().err.splitlines()
    assert first.startswith("counter: error: internal error: ValueError at interval.py:")
    assert "17" not in first
    assert hint == HINT


def test_an_error_in_a_library_has_no_place_of_ours(capsys) -> None:
    assert voice.broken(KeyError("17")) == 70
    first = capsys.readouterr().err.splitlines()[0]
    assert first == "counter: error: internal error: KeyError at a place outside of it"


@pytest.mark.usefixtures("afterwards_silent")
def test_a_thread_that_ends_itself_says_nothing(capsys) -> None:
    voice.say_what_is_logged()

    def leave() -> None:
        raise SystemExit

    in_a_thread(leave)
    assert capsys.readouterr().err == ""


def test_a_mistake_is_two_lines_whatever_is_in_it(capsys) -> None:
    assert voice.mistake(ConfigError("c.toml: a\nb", "do\n  this")) == 2
    assert capsys.readouterr().err == "counter: error: c.toml: a b\ncounter: hint: do this\n"


def test_an_error_of_ours_is_its_places(capsys) -> None:
    with pytest.raises(ValueError, match="17 s") as caught:
        interval_at(datetime.now(UTC), 17)
    assert voice.broken(caught.value) == 70
    first, hint = capsys.readouterr().err.splitlines()
    assert first.startswith("counter: error: internal error: ValueError at interval.py:")
    assert "17" not in first
    assert hint == HINT
