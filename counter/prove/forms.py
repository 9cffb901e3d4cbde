"""The forms in which the marker's bytes may lie somewhere, each with a few rows to look for.

Rule 1: a form is a picture (the camera's, or the one that the model is given), a layout of its
colours, and a kind of number. Encoded pictures are not here: they have to be decoded (`pictures`).
Rule 2: an anchor is long enough to be found by chance never: 32 samples with two bits of noise.
Rule 3: the model's picture is scaled by the code that scales it for every backend in the loop, and
its numbers stand in the tables that quantised and SSD networks are given theirs by.
Limit: of networks in whole numbers those whose scale is 1/255, as trained on 0..1, or 1/128 (SSD):
others round to numbers of their own. The crowd model's input (grey, 0..255 as float32) is not
looked for, and nothing of what lies between the layers of a network.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from counter.detectors.letterbox import Planes
from counter.detectors.quantised import Numbers, Tensor, input_table
from counter.sources.synthetic.marker import SHARE, draw_marker

Size = tuple[int, int]  # width, height
Picture = NDArray[np.uint8]  # (height, width, 3), BGR

SAMPLES: Final = 32  # of an anchor
PLACES: Final = (0.1, 0.5, 0.9)  # of the height: a part of the picture is enough
MARGIN: Final = 4  # samples at the marker's edge: resizing mixes them with what is beside it


@dataclass(frozen=True, slots=True)
class Form:
    name: str
    anchors: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Marker:
    """What was drawn, and what the model is given of it."""

    seed: int
    size: Size  # of the camera's picture
    drawn: Picture  # the marker alone
    given: Picture  # the same part of the model's input

    @property
    def scale(self) -> float:
        return len(self.given) / len(self.drawn)


def marker_of(seed: int, size: Size, model_input: Size) -> Marker:
    """Draw the marker again and bring it into the model's input."""
    drawn = draw_marker(seed, size)
    frame = np.zeros((size[1], size[0], 3), np.uint8)
    frame[:, : drawn.shape[1]] = drawn
    letterbox = Planes(model_input)
    place = letterbox.fill(frame)
    rows = slice(place.top, place.top + place.scaled[1])
    columns = slice(place.left, place.left + place.scaled[0] // SHARE)
    planes = letterbox.tensor[0, ::-1, rows, columns]  # B G R
    given = np.rint(planes * 255).astype(np.uint8).transpose(1, 2, 0)
    return Marker(seed, size, drawn, np.ascontiguousarray(given))


def forms_of(marker: Marker) -> tuple[Form, ...]:
    """Every form that is looked for byte by byte."""
    return (
        *_forms("camera's picture", marker.drawn, NUMBERS),
        *_forms("model's input", marker.given, NUMBERS | NETWORKS),
    )


def _forms(what: str, picture: Picture, numbers: Mapping[str, Numbers]) -> Iterator[Form]:
    layouts: dict[str, tuple[Picture, ...]] = {
        "B G R": (picture,),
        "R G B": (np.ascontiguousarray(picture[:, :, ::-1]),),
        "planes": tuple(np.ascontiguousarray(picture[:, :, i]) for i in range(3)),
        "grey": (np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.uint8),),
    }
    for layout, arrays in layouts.items():
        for kind, table in numbers.items():
            anchors = [anchor for array in arrays for anchor in _anchors(array, table)]
            yield Form(f"{what}, {kind}, {layout}", tuple(anchors))


def _anchors(array: Picture, table: Numbers) -> Iterator[bytes]:
    flat = array.reshape(array.shape[0], -1)
    for place in PLACES:
        row = flat[int(place * len(flat)), 3 * MARGIN :][:SAMPLES]
        yield table[row].tobytes()


def _table(dtype: type[np.generic], layout: str = "raw", scale: float = 0.0, zero: int = 0
           ) -> Numbers:  # fmt: skip
    """What a network with an input of this kind is given for each pixel value."""
    return input_table(Tensor("", (), np.dtype(dtype), scale, zero), layout)


# (256,) the number that stands for each pixel value.
NUMBERS: Final[dict[str, Numbers]] = {
    "bytes": np.arange(256, dtype=np.uint8),
    "float32": _table(np.float32),
    "float16": _table(np.float32).astype(np.float16),
}
NETWORKS: Final[dict[str, Numbers]] = {  # of inputs only
    "int8 from -128 on": _table(np.int8, "raw", 1 / 255, -128),
    "float32 from -1 to 1": _table(np.float32, "ssd"),
}
