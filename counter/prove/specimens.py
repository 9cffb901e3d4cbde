"""Before anything is searched, the search is shown what it must find.

Rule 1: encoded specimens are files beside this one: nothing in the package can make a picture.
`docs/specimens.py` made them from the marker with the seed below.
Rule 2: all others are made here, as a leak would make them, and have something before and behind.
"""

import base64
import binascii
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np

from counter.prove.forms import Marker, Size, marker_of
from counter.prove.search import Search

SEED: Final = 19072022
SIZE: Final[Size] = (640, 360)
SIDE: Final = 160  # pixels: what of the marker is on an encoded specimen, from its top left corner
FOLDER: Final = Path(__file__).parent / "specimens"
FILES: Final = ("marker.jpg", "marker-quality-30-grey.jpg", "marker.png", "marker.webp")
AROUND: Final = b"something before and behind, 37 bytes."


def check(model_input: Size) -> dict[str, tuple[str, ...]]:
    """Look for every specimen; give what was found in each, an empty tuple where it was missed."""
    search = Search(marker_of(SEED, SIZE, model_input))
    return {
        name: search.look(AROUND + data + AROUND) for name, data in specimens(search.marker).items()
    }


def specimens(marker: Marker) -> dict[str, bytes]:
    """Every specimen by its name."""
    return dict(_encoded()) | dict(_raw(marker)) | dict(_wrapped(marker))


def _encoded() -> Iterator[tuple[str, bytes]]:
    for name in FILES:
        yield name, (FOLDER / name).read_bytes()


def _raw(marker: Marker) -> Iterator[tuple[str, bytes]]:
    drawn, given = marker.drawn, marker.given
    tensor = given[:, :, ::-1].transpose(2, 0, 1) / np.float32(255)  # as the runtime takes it
    yield "raw picture, B G R", drawn.tobytes()
    yield "raw picture, R G B", drawn[:, :, ::-1].tobytes()
    yield "model's input, bytes", given.tobytes()
    yield "model's input, float32", tensor.astype(np.float32).tobytes()
    yield "model's input, float16", tensor.astype(np.float16).tobytes()


def _wrapped(marker: Marker) -> Iterator[tuple[str, bytes]]:
    raw = marker.drawn.tobytes()
    yield "base64 of the raw picture", base64.b64encode(raw)
    yield "base64 of a JPEG, in lines", base64.encodebytes((FOLDER / FILES[0]).read_bytes())
    yield "base64 of a PNG, of URLs", base64.urlsafe_b64encode((FOLDER / FILES[2]).read_bytes())
    yield "hexadecimal of the raw picture", binascii.hexlify(raw)
    yield "raw picture in decimal numbers", str(list(raw)).encode()
    yield "raw picture, compressed (zlib)", zlib.compress(raw)
