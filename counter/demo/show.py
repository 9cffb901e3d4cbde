"""The demo's flow: a configuration made up on the spot, the real appliance, a table of what came.

The table subscribes to the broker like anybody else; it is given nothing but what was published.
"""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from rich.live import Live

from counter import voice
from counter.assemble import appliance
from counter.demo.broker import embedded_broker
from counter.demo.place import INTERVAL_S, Place
from counter.demo.subscriber import Take, listening
from counter.demo.table import Board, line, plain
from counter.machine import Machine
from counter.start import Start

SETTLE_S = 1.0  # what is on its way to the table when the counting ends


def show(place: Place, start: Start, stop: Callable[[], bool]) -> None:
    """Count for as long as was asked, and show what was published."""
    request, sensor_id = place.request, place.loaded.settings.sensor_id
    with ExitStack() as opened:
        for port in place.own_ports:
            opened.enter_context(embedded_broker(port))
        machine = opened.enter_context(
            appliance(place.loaded, realtime=request.realtime, start=start)
        )
        board = Board(title=f"{sensor_id}: what everybody may know")
        taken = board.take if sys.stdout.isatty() else _told(board)
        opened.enter_context(listening(place.broker, sensor_id, taken))
        voice.note(f"{machine.summary}; publishing to {place.broker}, topics counter/v1/demo/#")
        with _shown(board):
            machine.run(_until(request.seconds, machine, stop))
            time.sleep(SETTLE_S)
    print(plain(board))  # noqa: T201  # the answer of the command, also where there is no terminal
    level = machine.engine.health.standing.sandbox
    voice.note(f"counts released: {board.releases}; no picture was kept (sandbox: {level})")
    if not any(count["status"] != "missing" for count in board.counts.values()):
        voice.note(f"hint: less than half an interval of {INTERVAL_S} s was seen: count for longer")


def _until(seconds: int, machine: Machine, stop: Callable[[], bool]) -> Callable[[], bool]:
    """Stop when asked, or when the scene (or, with a camera, the clock) has gone on for long."""
    began = time.monotonic()

    def over() -> bool:
        gone_s = time.monotonic() - began if machine.live else machine.engine.now_ns / 1e9
        return stop() or gone_s >= seconds

    return over


def _told(board: Board) -> Take:
    """Say each count in a line as it comes, where there is no terminal to draw on."""

    def take(topic: str, payload: dict[str, Any]) -> None:
        if board.take(topic, payload):
            print(line(payload), flush=True)  # noqa: T201  # the command's answer

    return take


@contextmanager
def _shown(board: Board) -> Iterator[None]:
    """Keep the table on the terminal up to date; silent where there is none."""
    if not sys.stdout.isatty():
        yield
        return
    with Live(get_renderable=board.draw, refresh_per_second=4, transient=True):
        yield
