"""A call that may never come back, and a limit to how long it is waited for.

Rule 1: the call runs in a thread of its own. After the limit it is left alone: nothing can end a
call into a driver, so the caller gives the device up, and the process ends without it.
Rule 2: one call at a time; once it has hung, every further call fails at once.
"""

from collections.abc import Callable
from queue import Empty, SimpleQueue
from threading import Thread


class Bounded:
    """`work`, called again and again. Raises what it raises, or TimeoutError."""

    def __init__(self, work: Callable[[], None], limit_s: float, name: str) -> None:
        self._work, self._limit_s, self.stuck = work, limit_s, False
        self._asked: SimpleQueue[bool] = SimpleQueue()
        self._done: SimpleQueue[BaseException | None] = SimpleQueue()
        self._thread = Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def __call__(self) -> None:
        if self.stuck:
            raise TimeoutError
        self._asked.put(True)
        try:
            error = self._done.get(timeout=self._limit_s)
        except Empty:
            self.stuck = True
            raise TimeoutError from None
        if error is not None:
            raise error

    def close(self) -> None:
        self._asked.put(False)
        if not self.stuck:
            self._thread.join()

    def _run(self) -> None:
        while self._asked.get():
            error: BaseException | None = None
            try:
                self._work()
            except BaseException as raised:  # noqa: BLE001  # it is raised where it was asked for
                error = raised
            self._done.put(error)
