"""Contenders that take turns, so that a busy machine is unfair to none.

Rule 1: a round is a turn of every contender, on the same pictures; each round begins with another.
Rule 2: ratios are taken within a round, and told as the median over the rounds.
Rule 3: Ctrl-C ends after the rounds that are whole, and the table says how many those were.
"""

import argparse
import os
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

WARM_UP = 3  # pictures of each turn that are not counted: caches, and threads that were asleep
STOPPED = 130  # the exit status of a program that was interrupted

Floats = NDArray[np.float64]


class Advancing(Protocol):
    def __call__(self) -> None: ...


@dataclass(frozen=True)
class Turned:
    """One turn: ms of each picture, and of them ms inside the runtime, where that is known."""

    ms: list[float]
    inside: list[float] | None = None


Turn = Callable[[int], Turned]  # so many pictures


@dataclass(frozen=True)
class Times:
    """One contender: ms of each picture, (rounds, pictures)."""

    ms: Floats
    inside: Floats | None = None  # the same, in the runtime

    @property
    def fps(self) -> Floats:
        """Of each round."""
        fps: Floats = 1000 / self.ms.mean(axis=1)
        return fps

    @property
    def row(self) -> dict[str, float]:
        fps = float(np.median(self.fps))
        return {"FPS": fps, "ms a picture": 1000 / fps}


def ratio(one: Times, other: Times) -> float:
    """Frames a second of `one` over those of `other` (Rule 2)."""
    return float(np.median(one.fps / other.fps))


def beyond(one: Times, other: Times) -> Floats:
    """What a picture of `one` takes longer than one of `other`: ms, means of each round.

    Below zero where pictures overlap and the runtime is used better than by one call at a time.
    """
    more: Floats = one.ms.mean(axis=1) - other.ms.mean(axis=1)
    return more


def own(one: Times) -> Floats | None:
    """What a picture takes beside its runtime: ms, means of each round; None: not known.

    Of a detector that works on two pictures at a time it is what is left over: it may be nothing.
    """
    if one.inside is None:
        return None
    rest: Floats = (one.ms - one.inside).mean(axis=1)
    return rest


def timed(call: Callable[[], object], pictures: int) -> list[float]:
    taken = []
    for _ in range(pictures):
        began = time.perf_counter()
        call()
        taken.append((time.perf_counter() - began) * 1e3)
    return taken


def alone(call: Callable[[], object]) -> Turn:
    """The turn of a bare runtime: the same tensor again and again."""
    return lambda pictures: Turned(timed(call, pictures))


def side_by_side(calls: Sequence[Callable[[], object]]) -> Turn:
    """The turn of a bare runtime with as many runs in flight as there are `calls`.

    A picture's time is that from the end of one run to the end of the next.
    """
    pool = ThreadPoolExecutor(len(calls))

    def turn(pictures: int) -> Turned:
        taken: list[float] = []
        began = time.perf_counter()
        flight = deque(pool.submit(call) for call in calls)
        for picture in range(pictures):
            flight.popleft().result()
            if picture + len(calls) < pictures:
                flight.append(pool.submit(calls[picture % len(calls)]))
            ended = time.perf_counter()
            taken.append((ended - began) * 1e3)
            began = ended
        return Turned(taken)

    return turn


@dataclass(frozen=True)
class Rounds:
    times: dict[str, Times]
    early: str  # where it was stopped (Rule 3); nothing: it was not


def in_rounds(turns: Mapping[str, Turn], rounds: int, pictures: int, told: str = "") -> Rounds:
    """Let all take their turns, `rounds` times; a progress bar goes to standard error."""
    names, early = list(turns), ""
    whole: list[dict[str, Turned]] = []
    with progress(told, rounds * len(names)) as advance:
        try:
            for turn in range(rounds):
                first = turn % len(names)
                this = {}
                for name in names[first:] + names[:first]:
                    this[name] = turns[name](pictures + WARM_UP)
                    advance()
                whole.append(this)
        except KeyboardInterrupt:
            if not whole:
                raise
            early = f"stopped in round {len(whole) + 1} of {told}; what was whole by then is told"
    return Rounds({name: _times([one[name] for one in whole]) for name in names}, early)


def _times(turned: list[Turned]) -> Times:
    ms = np.array([turn.ms for turn in turned])[:, WARM_UP:]
    # As many runs as pictures, or it is not known which run was whose.
    inside = [turn.inside for turn in turned if turn.inside and len(turn.inside) == len(turn.ms)]
    known = len(inside) == len(turned)
    return Times(ms, np.array(inside)[:, WARM_UP:] if known else None)


@contextmanager
def progress(told: str, total: int | None) -> Iterator[Advancing]:
    columns = TextColumn(told), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(told, total=total)

        def advance() -> None:
            bar.advance(task)

        yield advance


@contextmanager
def stoppable(enough: Callable[[], bool] = lambda: False) -> Iterator[None]:
    """Go on after Ctrl-C if there is enough to be told; else end, in one line."""
    try:
        yield
    except KeyboardInterrupt:
        if not enough():
            sys.stderr.write("stopped: nothing was measured\n")
            raise SystemExit(STOPPED) from None
        sys.stderr.write("stopped: the table has what was whole by then\n")


def some(text: str) -> int:
    """How many, of an option. Raises ArgumentTypeError, which argparse tells in a line."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected 1 or more, not {text}")
    return int(text)


def load() -> str:
    """How busy the machine is, for the line above a table."""
    return f"load {os.getloadavg()[0]:.1f} of {len(os.sched_getaffinity(0))} cores"


def asked_for(what: str, value: Any, target: float, *, most: bool = False) -> dict[str, Any]:
    """A row that compares a figure with what was asked for; a figure that is not there meets
    nothing.
    """
    met = "not measured"
    if value is not None:
        met = "yes" if (value <= target if most else value >= target) else "no"
    sign = "<=" if most else ">="
    shown = "-" if value is None else round(float(value), 3)
    return {"asked for": what, "measured": shown, "target": f"{sign} {target:g}", "met": met}
