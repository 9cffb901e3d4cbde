"""The demo's flow: a configuration made up on the spot, the real appliance, a table of what came.

The table subscribes to the broker like anybody else; it is given nothing but what was published.
"""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from rich.live import Live

from counter import crosscheck, voice
from counter.assemble import Machine, appliance
from counter.config import Loaded
from counter.demo.broker import embedded_broker
from counter.demo.place import INTERVAL_S, demo_settings
from counter.demo.request import Request
from counter.demo.subscriber import Take, listening
from counter.demo.table import Board, line, plain
from counter.errors import ConfigError
from counter.settings import Settings

SETTLE_S = 1.0  # what is on its way to the table when the counting ends


def show(request: Request, stop: Callable[[], bool]) -> None:
    """Count for `request.seconds`, and show what was published."""
    if request.video is not None and request.source is not None:
        raise ConfigError("--video and --source are given", "give one of them")
    with ExitStack() as opened:
        broker = request.mqtt or opened.enter_context(embedded_broker())
        settings = demo_settings(request, broker, embedded=request.mqtt is None)
        crosscheck.check(settings)
        machine = opened.enter_context(appliance(_loaded(settings), realtime=request.realtime))
        board = Board(title=f"{settings.sensor_id}: what everybody may know")
        taken = board.take if sys.stdout.isatty() else _told(board)
        opened.enter_context(listening(broker, settings.sensor_id, taken))
        voice.note(f"{machine.summary}; publishing to {broker}, topics counter/v1/demo/#")
        with _shown(board):
            machine.run(_until(request.seconds, machine, stop))
            time.sleep(SETTLE_S)
    print(plain(board))  # noqa: T201  # the answer of the command, also where there is no terminal
    voice.note(f"counts released: {board.releases}; no picture was kept, none could be")
    if not any(count["status"] != "missing" for count in board.counts.values()):
        voice.note(f"hint: less than half an interval of {INTERVAL_S} s was seen: count for longer")


def _loaded(settings: Settings) -> Loaded:
    return Loaded(settings=settings, sha256="0" * 64, warnings=())  # no file: nothing to hash


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
