"""Crowds too dense for boxes: a network turns the picture into a map of how many persons are where.

Rule 1: the map says how many, never who: one channel, whose sum is the number of people.
Rule 2: the picture is scaled to fit, in grey 0..255, to whole cells of the map, and lies in the top
left corner of an input of fixed size; the rest is black, as the network's own margin.
Rule 3: what was written of a picture is overwritten as soon as the network has run.
Limit: the sum is trained, not counted: `python -m benchmarks crowds` says how far off it is.
"""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from counter.detectors.features import refuse_channels, refuse_told
from counter.detectors.onnx import open_session, told_by
from counter.detectors.running import first_line, looking
from counter.detectors.yolo import finite
from counter.errors import ModelError
from counter.frame import Frame, Pixels
from counter.models import Model
from counter.people import Crowd
from counter.registry import MapEntry

Size = tuple[int, int]  # width, height
MOST_PER_CELL: Final = 16.0  # persons; a cell is smaller than a head of whom it is trained on


class DensityModel:
    """One session whose input and output lie in arrays of ours, as in `OnnxDetector`."""

    backend = "onnx"

    def __init__(self, model: Model, entry: MapEntry, threads: int) -> None:
        """Load, check and warm up; `threads` 0: one per core.

        Raises ModelError, or RefusedError for a model that tells more than how many are where.
        """
        self.name = model.name
        self._cell = entry.cell
        width, height = entry.input
        self._tensor = np.zeros((1, 1, height, width), np.float32)
        self._session = open_session(model, threads)
        refuse_told(model.name, told_by(self._session))
        source, sink = self._session.get_inputs()[0].name, self._session.get_outputs()[0].name
        self._map = self._warm_up(source)
        self._binding = self._session.io_binding()
        for bind, name, array in (
            (self._binding.bind_input, source, self._tensor),
            (self._binding.bind_output, sink, self._map),
        ):
            bind(name, "cpu", 0, np.float32, array.shape, array.ctypes.data)

    def look(self, frame: Frame) -> Crowd:
        """Say how many persons are where. The map is a copy: the next picture changes nothing.

        Raises DeviceError.
        """
        try:
            rows, columns = self._fill(frame.pixels)
            with looking(self.name, "onnxruntime"):
                self._session.run_with_iobinding(self._binding)
            seen = self._map[0, 0, :rows, :columns]
            finite(seen)  # a cell that is not a number is not nobody
            persons = seen.clip(0.0, MOST_PER_CELL)
        finally:
            self._tensor.fill(0)
            self._map.fill(0)
        return Crowd(persons, frame.captured_ns)

    def close(self) -> None:
        """Nothing to hand back: the session's memory goes with it."""

    def _fill(self, pixels: Pixels) -> tuple[int, int]:
        """Write the picture into the input; give the rows and columns of cells that it covers."""
        height, width = self._tensor.shape[2:]
        cell = self._cell
        columns, rows = cells((pixels.shape[1], pixels.shape[0]), (width, height), cell)
        size = columns * cell, rows * cell
        smaller = size[0] < pixels.shape[1]
        grey = cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY)
        how = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
        scaled = cv2.resize(grey, size, interpolation=how)
        self._tensor[0, 0, : size[1], : size[0]] = scaled
        grey.fill(0)
        scaled.fill(0)
        return rows, columns

    def _warm_up(self, source: str) -> NDArray[np.float32]:
        """Run once on black, so that the first picture is not slow; give the map's array."""
        try:
            (output,) = self._session.run(None, {source: self._tensor})
        except Exception as error:  # noqa: BLE001  # the runtime's errors share no base
            raise ModelError(f"model {self.name}: it does not run", first_line(error)) from None
        refuse_channels(self.name, output.shape)
        height, width = self._tensor.shape[2:]
        expected = (1, 1, height // self._cell, width // self._cell)
        if output.shape != expected or output.dtype != np.float32:
            raise ModelError(
                f"model {self.name}: its output is {output.dtype} {output.shape}, expected float32"
                f" {expected}",
                "correct input and cell in the registry",
            )
        return np.ascontiguousarray(output)


def cells(picture: Size, size: Size, cell: int) -> Size:
    """Columns and rows of whole cells that `picture`, scaled to fit into `size`, covers."""
    ratio = min(size[0] / picture[0], size[1] / picture[1])
    columns, rows = (max(round(side * ratio / cell), 1) for side in picture)
    return min(columns, size[0] // cell), min(rows, size[1] // cell)
