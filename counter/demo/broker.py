"""A broker for the demo: amqtt in a thread of this process, on loopback, for as long as a block.

It speaks MQTT 3.1.1, keeps nothing on disk and accepts anybody on this machine: good enough to
show the main job without installing a broker, and for nothing else.
"""

import asyncio
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from counter.errors import OutputError

START_S = 10.0  # far above the tenth of a second it takes


@contextmanager
def embedded_broker(port: int) -> Iterator[None]:
    """Serve on this port of loopback for as long as the block."""
    try:
        from amqtt.broker import Broker  # noqa: PLC0415  # only the demo needs it
    except ImportError as error:
        raise OutputError(
            "the demo's own broker needs the package amqtt", "pip install amqtt, or give --mqtt"
        ) from error
    loop = asyncio.new_event_loop()
    ready, ended = threading.Event(), asyncio.Event()
    logging.getLogger("amqtt").setLevel(logging.CRITICAL)  # a client that leaves is no news here
    logging.getLogger("transitions").setLevel(logging.CRITICAL)
    serving = _serve(lambda: Broker(_configuration(port)), ready, ended)
    thread = threading.Thread(target=loop.run_until_complete, args=(serving,), daemon=True)
    thread.start()
    if not ready.wait(START_S):
        raise OutputError(
            "the demo's own broker did not start", "give one with --mqtt mqtt://host:1883"
        )
    try:
        yield
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join(START_S)
        loop.close()


async def _serve(make: Callable[[], Any], ready: threading.Event, ended: asyncio.Event) -> None:
    broker = make()  # inside the loop that it will live in
    await broker.start()
    ready.set()
    await ended.wait()
    await broker.shutdown()


def _configuration(port: int) -> dict[str, Any]:
    return {
        "listeners": {"default": {"type": "tcp", "bind": f"127.0.0.1:{port}"}},
        "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
    }
