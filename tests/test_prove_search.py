"""The search of `counter prove`: what it finds, and what the documents say it misses.

Encoders are allowed here, and nowhere in the package.
"""

import base64
import io
import sqlite3
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from counter.prove import search as searching
from counter.prove.forms import Picture, marker_of
from counter.prove.search import Search
from counter.prove.specimens import check, specimens
from counter.sources.synthetic.marker import MarkedScene
from tests.commands import ROOT

SIZE, MODEL_INPUT = (640, 360), (512, 288)
MARKER = marker_of(4711, SIZE, MODEL_INPUT)


def frame() -> Picture:
    """A picture as the marked source gives it."""
    picture = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
    MarkedScene(seed=4711, size=SIZE, fps=5.0, people=12).render(picture)
    return picture


FRAME = frame()
GREY = np.asarray(cv2.cvtColor(FRAME, cv2.COLOR_BGR2GRAY), np.uint8)
HALF = np.asarray(cv2.resize(FRAME, (320, 180), interpolation=cv2.INTER_AREA), np.uint8)


def encoded(kind: str, picture: Picture = FRAME, *options: int) -> bytes:
    done, data = cv2.imencode(kind, picture, list(options))
    assert done
    return data.tobytes()


def jpeg(quality: int, picture: Picture = FRAME) -> bytes:
    return encoded(".jpg", picture, cv2.IMWRITE_JPEG_QUALITY, quality)


def npz() -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, picture=FRAME)
    return file.getvalue()


def database() -> bytes:
    with sqlite3.connect(":memory:") as connection:
        connection.execute("create table leak (picture blob)")
        connection.execute("insert into leak values (?)", (FRAME.tobytes(),))
        connection.commit()
        return connection.serialize()


FOUND: dict[str, Callable[[], bytes]] = {
    "JPEG, quality 95": lambda: jpeg(95),
    "JPEG, quality 30": lambda: jpeg(30),
    "JPEG, grey": lambda: jpeg(75, GREY),
    "JPEG, half the size": lambda: jpeg(75, HALF),
    "JPEG, cut to the upper half": lambda: jpeg(75, FRAME[:180]),
    "JPEG, cut short": lambda: jpeg(75)[: len(jpeg(75)) * 2 // 3],
    "PNG": lambda: encoded(".png"),
    "WebP": lambda: encoded(".webp", FRAME, cv2.IMWRITE_WEBP_QUALITY, 60),
    "BMP": lambda: encoded(".bmp"),
    "TIFF": lambda: encoded(".tiff"),
    "numpy, compressed": npz,
    "a row of a database": database,
    "base64 of a JPEG": lambda: base64.b64encode(jpeg(75)),
    "base64 of a PNG in JSON": lambda: b'{"i":"' + base64.b64encode(encoded(".png")) + b'"}',
    "raw rows behind a prefix in base64": lambda: base64.b64encode(b"x" + FRAME.tobytes()),
}
MISSED: dict[str, Callable[[], bytes]] = {
    "PNG, cut short": lambda: encoded(".png")[: len(encoded(".png")) * 2 // 3],
    "raw, every bit turned": (FRAME ^ 255).tobytes,
    "JPEG, cut to six blocks": lambda: jpeg(75, FRAME[:96, :96]),
    "base85 of a JPEG": lambda: base64.b85encode(jpeg(75)),
}


@pytest.mark.parametrize("way", FOUND)
def test_it_finds(way: str) -> None:
    assert Search(MARKER).look(b"before" * 9 + FOUND[way]() + b"behind" * 9)


@pytest.mark.parametrize("way", MISSED)
def test_it_is_said_to_miss(way: str) -> None:
    # Not a wish: whoever makes the search find these takes them out of the documents.
    assert Search(MARKER).look(MISSED[way]()) == ()


def test_it_finds_every_specimen() -> None:
    found = check(MODEL_INPUT)
    assert len(found) == 15
    assert [name for name, forms in found.items() if not forms] == []


def test_another_marker_is_not_this_one() -> None:
    search = Search(MARKER)
    others = specimens(marker_of(1, SIZE, MODEL_INPUT))
    assert {name for name, data in others.items() if search.look(data)} == set()


def test_pictures_of_other_things_are_not_the_marker() -> None:
    search = Search(MARKER)
    noise = np.random.default_rng(1).integers(0, 256, (360, 640, 3), np.uint8)
    for data in ((ROOT / "docs" / "scene.png").read_bytes(), jpeg(90, noise), noise.tobytes()):
        assert search.look(data) == ()
    assert search.effort.pictures == 2


def test_a_picture_across_two_pieces_of_a_file_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "PIECE", 1 << 16)
    monkeypatch.setattr(searching, "OVERLAP", 1 << 15)
    data = jpeg(60, FRAME[:, :160])
    assert len(data) < 1 << 15
    file = tmp_path / "file"
    file.write_bytes(bytes((1 << 16) - len(data) // 2) + data + bytes(1 << 16))
    assert Search(MARKER).look_into(file) == ("JPEG",)


def test_a_file_that_cannot_be_read_is_counted(tmp_path: Path) -> None:
    search = Search(MARKER)
    assert search.look_into(tmp_path / "gone") == ()
    assert search.effort.unreadable == 1


def test_broken_data_is_no_error() -> None:
    search = Search(MARKER)
    for head in (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"PK\x03\x04", b"\x1f\x8b\x08", b"RIFF"):
        assert search.look(head + bytes(range(256)) * 20) == ()
        assert search.look(head) == ()
