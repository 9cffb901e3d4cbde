"""How hot an Edge TPU on PCIe is, and when that is too hot. Not run on hardware.

Rule 1: the driver's own limits are read and used: it slows the chip down in three steps, and above
them may switch it off (the steps are near 85, 90 and 95 C where other projects print them).
Rule 2: what cannot be read is not known, and no error: on USB no temperature can be read at all.
Rule 3: the files are opened once, before the process is sealed, and read again and again.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from counter.errors import DeviceError

LOOK_S: Final = 10.0  # how often the temperature is read
MOST: Final = 32  # bytes of a file that holds a number


class ApexHeat:
    """Of one chip; `files` are the temperature, its first limit and its third, in 1/1000 C."""

    def __init__(self, model: str, files: Sequence[Path], now_s: float) -> None:
        """Raise DeviceError for a chip that is too hot to begin with."""
        self._model, self._looked_s = model, now_s
        self._temperature = -1
        self._end_c = float("inf")
        if len(files) != 3:  # Rule 2
            return
        begin, end = (_celsius(_opened(path), close=True) for path in files[1:])
        self._temperature = _opened(files[0])
        self._end_c = float("inf") if end is None else end
        try:
            self._refuse(float("inf") if begin is None else begin)
        except DeviceError:
            self.close()
            raise

    def look(self, now_s: float) -> None:
        """Raise DeviceError if the chip has become so hot that it will be switched off."""
        if now_s - self._looked_s > LOOK_S:
            self._looked_s = now_s
            self._refuse(self._end_c)

    def close(self) -> None:
        if self._temperature >= 0:
            os.close(self._temperature)
        self._temperature = -1

    def _refuse(self, limit_c: float) -> None:
        hot_c = _celsius(self._temperature)
        if hot_c is not None and hot_c >= limit_c:
            raise DeviceError(
                f"model {self._model}: the Edge TPU is too hot: {hot_c:.0f} C, limit"
                f" {limit_c:.0f} C",
                "give it a heat sink and moving air; it is tried again",
            )


def _opened(path: Path) -> int:
    """A file's descriptor, or -1."""
    try:
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return -1


def _celsius(file: int, *, close: bool = False) -> float | None:
    """What stands in the file; None: it cannot be read."""
    if file < 0:
        return None
    try:
        return int(os.pread(file, MOST, 0)) / 1000
    except (OSError, ValueError):
        return None
    finally:
        if close:
            os.close(file)
