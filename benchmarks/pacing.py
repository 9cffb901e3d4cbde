"""Long runs: a bar that says how long they take, and an end that keeps what was measured."""

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, current_thread, main_thread

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn


@contextmanager
def progress(label: str, total: float) -> Iterator[Callable[[float], None]]:
    """A bar on standard error, or a line where that is no terminal; it hears what is done, s."""
    columns = TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn()
    console = Console(stderr=True)
    shown = Progress(
        *columns,
        console=console,
        transient=True,
        refresh_per_second=2,
        disable=not console.is_terminal,
    )
    with shown as bar:
        task = bar.add_task(label, total=total)
        heard = False

        def turn(done: float) -> None:
            nonlocal heard
            if not heard and not console.is_terminal:
                sys.stderr.write(
                    f"{label}: begun, {total:g} s; Ctrl-C ends it and tells what was measured\n"
                )
            heard = True
            bar.update(task, completed=done)

        yield turn


@contextmanager
def interruptible() -> Iterator[Event]:
    """The first Ctrl-C sets the event; a second one is as it always is."""
    asked = Event()
    if current_thread() is not main_thread():  # only the main thread may hear signals
        yield asked
        return
    before = signal.getsignal(signal.SIGINT)

    def heard(number: int, frame: object) -> None:  # noqa: ARG001  # a signal handler's shape
        asked.set()
        signal.signal(signal.SIGINT, before)

    signal.signal(signal.SIGINT, heard)
    try:
        yield asked
    finally:
        signal.signal(signal.SIGINT, before)
