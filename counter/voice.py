"""What the command says on standard error.

Rule 1: every line begins with "counter:"; no capital at the beginning, no full stop at the end.
Rule 2: a mistake of the user is two lines (error, hint) and exit code 2, never a traceback.
Rule 3: an error of ours names the exception and the places it passed, not its text, in whichever
thread it happened: the text of an exception may hold a number of people (P8).
"""

import logging
import sys
import threading

from counter.errors import CounterError, fault

MISTAKE = 2  # exit code: the user can mend it
BROKEN = 70  # exit code: an error of ours (EX_SOFTWARE of sysexits.h)


def note(text: str) -> None:
    sys.stderr.write(f"counter: {text}\n")


def say_what_is_logged() -> None:
    """Bring the package's log, and what ends a thread, to standard error in the same voice."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("counter: %(message)s"))
    ours = logging.getLogger("counter")
    ours.setLevel(logging.INFO)
    ours.addHandler(handler)
    threading.excepthook = _thread_ended


def mistake(error: CounterError) -> int:
    """Say what is wrong and what to do; return the exit code."""
    note(f"error: {_one_line(error.message)}")
    if error.hint:
        note(f"hint: {_one_line(error.hint)}")
    return MISTAKE


def broken(error: BaseException) -> int:
    """Say where an error of ours happened, without its text; return the exit code."""
    note(f"error: internal error: {fault(error)}")
    note("hint: this is a fault of the program; please report the line above")
    return BROKEN


def _thread_ended(what: threading.ExceptHookArgs) -> None:
    """Take the place of the hook that prints a traceback with the exception's text."""
    if what.exc_type is not SystemExit:
        broken(what.exc_value or what.exc_type())


def _one_line(text: str) -> str:
    return " ".join(text.split())
