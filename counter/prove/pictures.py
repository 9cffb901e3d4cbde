"""Encoded pictures at any offset: found by their first bytes, decoded, held beside the marker.

Rule 1: a picture is the marker's if blocks of the marker lie in it, in colour or grey, at one of
the scales that a counter has to do with; who cuts or truncates it has to leave eight by eight.
Rule 2: decoding is bounded in number and in size; what is left out is counted and reported.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from counter.prove.forms import Marker, Picture
from counter.prove.unpack import starts
from counter.sources.synthetic.marker import BLOCK

KINDS: Final = {
    b"\xff\xd8\xff": "JPEG",
    b"\x89PNG\r\n": "PNG",
    b"RIFF": "WebP",
    b"GIF8": "GIF",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"\0\0\0\x0cjP": "JPEG 2000",
}
MOST_BYTES: Final = 4 << 20  # of one picture; a PNG of 1920 x 1080 noise has 6 MiB, of a scene 3
MOST_SIDE: Final = 2048  # pixels; larger ones are halved
MOST_PICTURES: Final = 100  # of one kind, decoded in one piece of data
MOST_STARTS: Final = 100_000  # of one kind, counted in one piece of data
TEMPLATE: Final = 8 * BLOCK  # pixels: 64 blocks, 192 random values
END_OF_JPEG: Final = b"\xff\xd9"  # one that was cut short is decoded as far as it goes
# Correlation of what is no marker: 0 +- 0.13 for 64 independent grey values, less in colour.
ALIKE: Final = 0.75


@dataclass(frozen=True, slots=True)
class Seen:
    kinds: tuple[str, ...]  # of the pictures that were the marker's
    decoded: int
    left_out: int


def recognised(data: bytes, marker: Marker) -> Seen:
    """Decode what begins like a picture, and say which are the marker's."""
    kinds: list[str] = []
    decoded = left_out = 0
    for head, kind in KINDS.items():
        for count, start in enumerate(starts(data, (head,), MOST_STARTS)):
            if count >= MOST_PICTURES:
                left_out += 1
                continue
            picture = _decoded(data[start : start + MOST_BYTES] + END_OF_JPEG)
            if picture is None:
                continue
            decoded += 1
            if shows(picture, marker):
                kinds.append(kind)
    return Seen(tuple(kinds), decoded, left_out)


def shows(picture: Picture, marker: Marker) -> bool:
    """Do blocks of the marker lie in this picture?"""
    while max(picture.shape[:2]) > MOST_SIDE:
        picture = np.asarray(cv2.resize(picture, None, fx=0.5, fy=0.5), np.uint8)
    grey = _is_grey(picture)
    searched = _in_grey(picture) if grey else picture
    for template in _templates(marker):
        wanted = _in_grey(template) if grey else template
        if any(a < b for a, b in zip(searched.shape[:2], wanted.shape[:2], strict=True)):
            continue
        score = cv2.matchTemplate(searched, wanted, cv2.TM_CCOEFF_NORMED)
        if float(np.nan_to_num(score, posinf=0, neginf=0).max()) > ALIKE:
            return True
    return False


def _templates(marker: Marker) -> Iterator[Picture]:
    """Squares of the marker, from its top, middle and bottom, at each scale."""
    height = marker.drawn.shape[0]
    for scale in (1.0, marker.scale, 0.5, 0.25):
        for top in (0, (height - TEMPLATE) // 2, height - TEMPLATE):
            square = marker.drawn[top : top + TEMPLATE, :TEMPLATE]
            if scale == 1:
                yield square
            else:
                small = cv2.resize(square, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
                yield np.asarray(small, np.uint8)


def _decoded(data: bytes) -> Picture | None:
    with _silence():
        try:
            picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
        except cv2.error:
            return None
    return None if picture is None else np.asarray(picture, np.uint8)


def _is_grey(picture: Picture) -> bool:
    return bool((np.ptp(picture.astype(np.int16), axis=2) <= 2).mean() > 0.99)


def _in_grey(picture: Picture) -> NDArray[np.uint8]:
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.uint8)


@contextmanager
def _silence() -> Iterator[None]:
    """Keep what decoders say of broken pictures, in C, from standard error."""
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
