"""Ring 0, pixels. A frame lives for one `with` block and then its buffer is overwritten.

Rule 1: only `sources/` make a Frame and only `detectors/` look into it.
Rule 2: nothing may outlive the block: reading pixels afterwards raises, and the memory is zeroed
before it is handed back to its source.
Rule 3: a frame cannot be copied, pickled, compared, hashed or printed.
"""

from collections.abc import Callable
from types import TracebackType
from typing import Any, NoReturn, Self

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]  # (height, width, 3), B G R


class Frame:
    """One picture in RAM. `captured_ns` is CLOCK_MONOTONIC, or the footage's own clock."""

    __slots__ = ("_buffer", "_give_back", "_view", "captured_ns")
    __hash__ = None  # type: ignore[assignment]  # Rule 3

    def __init__(
        self, buffer: Pixels, captured_ns: int, give_back: Callable[[Pixels], None] | None = None
    ) -> None:
        """Borrow `buffer` ((height, width, 3) uint8) until the `with` block ends.

        `give_back` receives the zeroed buffer for the next picture.
        """
        self._buffer: Pixels | None = buffer
        self._view: Pixels | None = buffer.view()
        self._view.flags.writeable = False
        self._give_back = give_back
        self.captured_ns = captured_ns

    @property
    def pixels(self) -> Pixels:
        """Read-only (height, width, 3) uint8, BGR. Raises RuntimeError once released."""
        if self._view is None:
            raise RuntimeError("this frame is released: its picture is gone")
        return self._view

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()

    def release(self) -> None:
        """Overwrite the picture and hand the buffer back. Safe to call twice."""
        buffer, self._buffer, self._view = self._buffer, None, None
        if buffer is None:
            return
        buffer.fill(0)
        if self._give_back is not None:
            self._give_back(buffer)

    def _never(self, *_: Any) -> NoReturn:
        raise TypeError("a frame cannot be copied, pickled, compared or printed")

    __copy__ = __deepcopy__ = __reduce__ = __reduce_ex__ = __getstate__ = _never
    __repr__ = __str__ = __format__ = __eq__ = __ne__ = __lt__ = __bytes__ = _never
