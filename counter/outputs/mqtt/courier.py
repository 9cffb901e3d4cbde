"""The thread that carries releases to the broker, one at a time, and comes back for more.

Rule 1: the next release leaves when the broker has acknowledged every message of the one before.
So order is kept, and what a broken connection leaves open is one release, which is sent again:
equal bytes under equal (topic, sequence).
Rule 2: every connection begins with the whole state: online, what is released, health, and the
oldest release that waits, or the last one again.
Rule 3: a lost connection is tried again after 1 s, 2 s, ... 60 s; one that did not hold for as
long as the longest wait does not shorten it, so that two devices of one name cannot play tug.
Rule 4: no line of the log holds a payload.
Rule 5: whatever goes wrong, the thread goes on: nobody would miss one that died.
"""

import contextlib
import logging
import os
import select
import threading
import time
from collections.abc import Callable

from counter.outputs.mqtt.link import Link, LinkError
from counter.outputs.mqtt.outbox import Message, Outbox, Release

FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 60.0
HURRY_S = 0.2  # between attempts when stopping
TICK_S = 1.0  # how often keep-alive, age and deadline are looked at

_log = logging.getLogger("counter.mqtt")


class Courier:
    """`connect` makes a Link or raises LinkError; `greeting` and `farewell` are the status."""

    def __init__(
        self,
        connect: Callable[[], Link],
        outbox: Outbox,
        greeting: tuple[Message, ...],
        farewell: Message,
    ) -> None:
        self._connect = connect
        self._outbox = outbox
        self._greeting = greeting
        self._farewell = farewell
        self._health: Message | None = None  # the newest only: it says how the box is now
        self._health_due = False
        self._stop_at: float | None = None  # monotonic seconds
        self._wait_s = FIRST_WAIT_S  # before the next attempt
        self._thread: threading.Thread | None = None
        # A pipe, not a socket pair: the sandbox has no unix sockets.
        self._woken, self._wake = os.pipe()
        os.set_blocking(self._woken, False)
        os.set_blocking(self._wake, False)

    def start(self, link: Link | None) -> None:
        self._thread = threading.Thread(
            target=self._run, args=(link,), name="counter-mqtt", daemon=True
        )
        self._thread.start()

    def carry(self, release: Release, health: Message) -> int:
        """Queue a release and the newest health; return how many old releases had to go."""
        dropped = self._outbox.put(release)
        self._health, self._health_due = health, True
        self._rouse()
        return dropped

    def stop(self, timeout_s: float) -> None:
        """Deliver what can be delivered in time, then part from the broker."""
        self._stop_at = time.monotonic() + timeout_s
        self._rouse()
        if self._thread is not None:
            self._thread.join(timeout_s + TICK_S)
            if self._thread.is_alive():  # in a name look-up or a connection attempt; a daemon
                return
        os.close(self._woken)
        os.close(self._wake)

    def _run(self, link: Link | None) -> None:
        while link is not None or not self._given_up():
            try:
                link = self._round(link)
            except Exception as error:  # noqa: BLE001  # Rule 5; only its kind is safe to say
                _log.warning("delivery failed (%s), trying again", type(error).__name__)
                link = None
                time.sleep(TICK_S)  # where not even `_pause` works

    def _round(self, link: Link | None) -> Link | None:
        """Serve one connection to its end, wait, and give the next one; None: there is none."""
        if link is not None:
            since = time.monotonic()
            self._serve(link)
            if self._stop_at is not None and not len(self._outbox):
                return None
            why = link.end or "no acknowledgement"
            _log.warning("connection to the broker lost (%s), trying again", why)
            if time.monotonic() - since >= LONGEST_WAIT_S:
                self._wait_s = FIRST_WAIT_S
        wait_s, self._wait_s = self._wait_s, min(2 * self._wait_s, LONGEST_WAIT_S)
        self._pause(wait_s)
        return None if self._given_up() else self._try()

    def _try(self) -> Link | None:
        try:
            link = self._connect()
        except LinkError as error:
            _log.info("no connection to the broker: %s", error.reason)
            return None
        _log.info("connection to the broker restored")
        return link

    def _serve(self, link: Link) -> None:
        """Carry releases until the link breaks, or until there is no more to do."""
        release: Release | None = None
        try:
            link.send(self._greeting)
            self._health_due = self._health is not None
            release = self._outbox.first(time.monotonic_ns())
            link.send(self._batch(release))
            while link.alive and not link.stalled and not self._late():
                if link.idle:
                    self._settle(link, release)
                    release = self._outbox.take(time.monotonic_ns())
                    link.send(self._batch(release))
                    if link.idle and self._stop_at is not None:
                        self._part(link, self._stop_at)
                        return
                self._turn(link)
        except Exception as error:  # noqa: BLE001  # paho on a broken stream: only its kind is safe to say
            _log.warning("connection to the broker failed: %s", type(error).__name__)
        finally:
            if release is not None:
                self._outbox.give_back(release, time.monotonic_ns())
            link.drop()

    def _settle(self, link: Link, release: Release | None) -> None:
        """All of a release is acknowledged."""
        if link.refused:
            _log.warning("the broker refused a message: %s", link.refused)
            link.refused = ""
        if release is not None:
            self._outbox.done(release)

    def _batch(self, release: Release | None) -> tuple[Message, ...]:
        health: tuple[Message, ...] = ()
        if self._health_due and self._health is not None:
            self._health_due = False
            health = (self._health,)
        return health + (release.messages if release is not None else ())

    def _part(self, link: Link, deadline_s: float) -> None:
        link.send((self._farewell,))
        while link.alive and not link.idle and time.monotonic() < deadline_s:
            link.turn(0.1, self._woken)
        link.close(self._woken, deadline_s)

    def _turn(self, link: Link) -> None:
        timeout_s = TICK_S
        if self._stop_at is not None:
            timeout_s = min(timeout_s, max(0.0, self._stop_at - time.monotonic()))
        link.turn(timeout_s, self._woken)
        self._drain()

    def _pause(self, wait_s: float) -> None:
        """Wait between attempts; meanwhile what grows too old is forgotten."""
        since = time.monotonic()
        poll = select.poll()
        poll.register(self._woken, select.POLLIN)
        while True:
            whole_s = wait_s if self._stop_at is None else min(wait_s, HURRY_S)
            left_s = since + whole_s - time.monotonic()
            if left_s <= 0:
                return
            poll.poll(round(min(left_s, TICK_S) * 1000) + 1)
            self._drain()
            self._outbox.forget(time.monotonic_ns())

    def _late(self) -> bool:
        return self._stop_at is not None and time.monotonic() >= self._stop_at

    def _given_up(self) -> bool:
        """Stopping, and either out of time or with nothing left to deliver."""
        return self._stop_at is not None and (self._late() or not len(self._outbox))

    def _rouse(self) -> None:
        with contextlib.suppress(BlockingIOError, OSError):  # full: it is awake already
            os.write(self._wake, b"\0")

    def _drain(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.read(self._woken, 4096)
