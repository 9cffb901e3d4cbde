"""Libraries and plain Python that leave a file behind: above all those that write pictures."""

import bz2
import dbm.dumb
import gzip
import logging
import os
import shelve
import shutil
import sqlite3
import tempfile
import zipfile
from collections.abc import Callable
from contextlib import closing
from multiprocessing import shared_memory
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from tests.attacks import NoEffect, attempt
from tests.attacks.scene import Scene

PICTURE = np.full((48, 64, 3), 90, np.uint8)

PLACES: dict[str, Callable[[Scene], str]] = {
    "/tmp": lambda _: "/tmp",  # noqa: S108
    "/var/tmp": lambda _: "/var/tmp",  # noqa: S108
    "/dev/shm": lambda _: "/dev/shm",  # noqa: S108
    "/run": lambda _: "/run",
    "/etc": lambda _: "/etc",
    "/": lambda _: "/",
    "home": lambda _: str(Path.home()),
    "the working directory": lambda _: str(Path.cwd()),
    "a folder that it may read": lambda scene: scene.shown,
    "a folder that it may not read": lambda scene: scene.folder,
}


def _create_in(place: Callable[[Scene], str]) -> Callable[[Scene], None]:
    def create(scene: Scene) -> None:
        path = Path(place(scene), f"attacked-{os.getpid()}.jpg")
        with path.open("wb") as file:
            path.unlink()
            file.write(b"\xff\xd8")

    return create


for where, of in PLACES.items():
    attempt(f"open('wb') in {where}")(_create_in(of))


def _left(path: str) -> None:
    """Raise NoEffect for a library that keeps its failure to itself."""
    if not os.path.exists(path) or os.path.getsize(path) == 0:  # noqa: PTH110, PTH202
        raise NoEffect


@attempt("cv2.imwrite of a JPEG")
def imwrite_jpeg(scene: Scene) -> None:
    cv2.imwrite(scene.new("a.jpg"), PICTURE)
    _left(scene.new("a.jpg"))


@attempt("cv2.imwrite of a PNG")
def imwrite_png(scene: Scene) -> None:
    cv2.imwrite(scene.new("a.png"), PICTURE)
    _left(scene.new("a.png"))


@attempt("cv2.VideoWriter")
def video_writer(scene: Scene) -> None:
    path = scene.new("a.avi")
    writer = cv2.VideoWriter(path, cv2.VideoWriter.fourcc(*"MJPG"), 10, (64, 48))
    writer.write(PICTURE)
    writer.release()
    _left(path)


@attempt("cv2.FileStorage")
def file_storage(scene: Scene) -> None:
    path = scene.new("a.yml")
    storage = cv2.FileStorage(path, cv2.FILE_STORAGE_WRITE)
    if storage.isOpened():
        storage.write("picture", PICTURE)
    storage.release()
    _left(path)


@attempt("np.save")
def np_save(scene: Scene) -> None:
    np.save(scene.new("a.npy"), PICTURE)


@attempt("np.savez_compressed")
def np_savez(scene: Scene) -> None:
    np.savez_compressed(scene.new("a.npz"), PICTURE)


@attempt("np.ndarray.tofile")
def np_tofile(scene: Scene) -> None:
    PICTURE.tofile(scene.new("a.raw"))


@attempt("np.memmap of a new file")
def np_memmap(scene: Scene) -> None:
    np.memmap(scene.new("b.raw"), np.uint8, "w+", shape=(100,))[:] = 1


@attempt("np.memmap of a file that is there")
def np_memmap_there(scene: Scene) -> None:
    np.memmap(scene.picture, np.uint8, "r+", shape=(100,))[:] = 1


@attempt("open('a')")
def append(scene: Scene) -> None:
    with Path(scene.picture).open("ab") as file:
        file.write(b"x")


@attempt("open('r+')")
def overwrite(scene: Scene) -> None:
    with Path(scene.picture).open("r+b") as file:
        file.write(b"x")


@attempt("open('w') of a file that is there")
def empty_and_write(scene: Scene) -> None:
    with Path(scene.picture).open("wb") as file:
        file.write(bytes(1 << 16))


@attempt("open('x')")
def exclusive(scene: Scene) -> None:
    with Path(scene.new("x.raw")).open("xb") as file:
        file.write(b"x")


@attempt("Path.touch")
def touch(scene: Scene) -> None:
    Path(scene.new("touched")).touch()


@attempt("tempfile.NamedTemporaryFile")
def named_temporary(scene: Scene) -> None:
    with tempfile.NamedTemporaryFile(dir=scene.shown) as file:
        file.write(b"x")


@attempt("tempfile.TemporaryFile")
def temporary(scene: Scene) -> None:
    with tempfile.TemporaryFile(dir=scene.shown) as file:
        file.write(b"x")


@attempt("tempfile.mkdtemp")
def temporary_folder(scene: Scene) -> None:
    os.rmdir(tempfile.mkdtemp(dir=scene.shown))  # noqa: PTH106


@attempt("sqlite3")
def sqlite(scene: Scene) -> None:
    try:
        with closing(sqlite3.connect(scene.new("a.db"))) as base, base:
            base.execute("create table picture (bytes blob)")
            base.execute("insert into picture values (?)", (PICTURE.tobytes(),))
    except sqlite3.OperationalError as error:  # "unable to open database file", whatever the errno
        raise NoEffect from error


@attempt("shelve")
def shelf(scene: Scene) -> None:
    try:
        base: Any = dbm.dumb.open(scene.new("shelf"), "n")  # noqa: SIM115
    except OSError as error:  # it asks for the umask, which fails without an errno
        _left(scene.new("shelf.dat"))
        raise AssertionError from error
    kept: shelve.Shelf[bytes] = shelve.Shelf(base)
    with closing(kept):
        kept["picture"] = PICTURE.tobytes()


@attempt("logging.FileHandler")
def log_file(scene: Scene) -> None:
    handler = logging.FileHandler(scene.new("a.log"))
    handler.emit(logging.makeLogRecord({"msg": PICTURE.tobytes().hex()}))
    handler.close()


@attempt("zipfile")
def zipped(scene: Scene) -> None:
    with zipfile.ZipFile(scene.new("a.zip"), "w") as file:
        file.writestr("picture", PICTURE.tobytes())


@attempt("gzip")
def gzipped(scene: Scene) -> None:
    with gzip.open(scene.new("a.gz"), "wb") as file:
        file.write(PICTURE.tobytes())


@attempt("bz2")
def bzipped(scene: Scene) -> None:
    with bz2.open(scene.new("a.bz2"), "wb") as file:
        file.write(PICTURE.tobytes())


@attempt("shutil.copyfile")
def copy_file(scene: Scene) -> None:
    shutil.copyfile(scene.picture, scene.new("copy.raw"))


@attempt("multiprocessing.shared_memory")
def shared(_: Scene) -> None:
    block = shared_memory.SharedMemory(create=True, size=4096)
    block.close()
    block.unlink()
