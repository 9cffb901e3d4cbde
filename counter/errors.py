"""What goes wrong by someone's hand, said in one line with a hint.

A `CounterError` ends as two lines on standard error and exit code 2, never as a traceback. Its
text says what is wrong, where (a configuration key, a file) and what was expected; the hint says
what to do. It never contains a value of rings 0 to 2.
"""

import traceback
from pathlib import Path

PACKAGE = Path(__file__).parent


class CounterError(Exception):
    """A mistake a person can mend."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class ConfigError(CounterError):
    """The configuration cannot be used; the message names the key."""


class RefusedError(CounterError):
    """The configuration asks for what this product refuses; `name` is the refusal's public name."""

    def __init__(self, name: str, message: str, hint: str) -> None:
        super().__init__(f"{message} (refused: {name})", hint)
        self.name = name


class SourceError(CounterError):
    """A camera, file or directory cannot be opened or read."""


class ModelError(CounterError):
    """A model is missing, unknown, altered or of a layout that is not supported."""


class DeviceError(CounterError):
    """An accelerator or runtime that worked fails: its interval is MISSING, and it is opened again.

    Whoever catches it may wait and try again; a ModelError would come again however often one does.
    """


class OutputError(CounterError):
    """A broker, port or stream cannot be used."""


class SandboxError(CounterError):
    """A right that the configuration wants gone cannot be taken from the process here."""


def fault(error: BaseException) -> str:
    """Name an error of ours by its type and the places it passed, never by its text.

    The text of an exception may hold a number of people (P8).
    """
    places = [
        f"{Path(frame.filename).relative_to(PACKAGE)}:{frame.lineno}"
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename).is_relative_to(PACKAGE)
    ]
    return f"{type(error).__name__} at {' > '.join(places) or 'a place outside of it'}"
