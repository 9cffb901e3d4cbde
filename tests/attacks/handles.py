"""Descriptors that are there already: what one is good for, even one that is open to write."""

import ctypes
import errno
import fcntl
import mmap
import os
from contextlib import suppress
from typing import Final

from tests.attacks import attempt
from tests.attacks.held import given, late
from tests.attacks.kernel import call
from tests.attacks.scene import SECRET, Scene

WRITTEN: Final = b"x" * 64
# RLIMIT_FSIZE answers so, before a byte is written.
TOO_BIG: Final = (errno.EFBIG,)
FAR: Final = 1 << 15  # inside the file: overwriting does not make it longer
CONSOLE: Final = 1
PICTURE_SIZE: Final = 20_000  # bytes: the smallest JPEG of a scene that shows anybody


def _outlets(scene: Scene) -> tuple[int, int]:
    return scene.held["full-out"], scene.held["empty-in"]


def _drain(scene: Scene) -> None:
    """Keep the pipe from filling up over many runs."""
    os.set_blocking(scene.held["empty-out"], False)
    with suppress(BlockingIOError):
        os.read(scene.held["empty-out"], 1 << 16)


@attempt("sendfile of a file into a pipe")
def sendfile(scene: Scene) -> None:
    offset = ctypes.c_long(0)
    call("sendfile", _outlets(scene)[1], scene.held["readable"], ctypes.byref(offset), 100)
    _drain(scene)


@attempt("splice of a file into a pipe")
def splice(scene: Scene) -> None:
    offset = ctypes.c_long(0)
    source, target = scene.held["readable"], _outlets(scene)[1]
    call("splice", source, ctypes.byref(offset), target, None, 100, 0)
    _drain(scene)


@attempt("tee from pipe to pipe")
def tee(scene: Scene) -> None:
    call("tee", *_outlets(scene), 10, 0)
    _drain(scene)


@attempt("vmsplice of memory into a pipe")
def vmsplice(scene: Scene) -> None:
    data = ctypes.create_string_buffer(WRITTEN)
    vector = (ctypes.c_size_t * 2)(ctypes.addressof(data), len(WRITTEN))
    call("vmsplice", _outlets(scene)[1], vector, 1, 0)
    _drain(scene)


@attempt("fchmod, whose bits are data")
def fchmod(scene: Scene) -> None:
    call("fchmod", scene.held["readable"], 0o666)


@attempt("fchown")
def fchown(scene: Scene) -> None:
    call("fchown", scene.held["readable"], scene.uid, scene.uid)


@attempt("fsetxattr, whose value is data")
def fsetxattr(scene: Scene) -> None:
    call("fsetxattr", scene.held["readable"], b"user.p", SECRET, len(SECRET), 0)


@attempt("futimens, whose nanoseconds are data")
def futimens(scene: Scene) -> None:
    call("utimensat", scene.held["readable"], None, (ctypes.c_long * 4)(1, 2, 3, 4), 0)


@attempt("openat below a folder that is open")
def openat_below(scene: Scene) -> None:
    flags = os.O_WRONLY | os.O_CREAT
    os.close(call("openat", scene.held["folder"], b"below.raw", flags, 0o600))


@attempt("open /proc/self/fd/N again, for writing")
def open_again(scene: Scene) -> None:
    os.close(os.open(f"/proc/self/fd/{scene.held['readable']}", os.O_WRONLY))


@attempt("fcntl F_SETOWN: let the kernel signal another process")
def own(scene: Scene) -> None:
    fcntl.fcntl(scene.held["empty-in"], 8, scene.victim)  # F_SETOWN


@attempt("write to a file opened between the stages", also=TOO_BIG)
def late_write(scene: Scene) -> None:
    os.pwrite(late(scene), WRITTEN, 0)


@attempt("write to a file handed in", also=TOO_BIG)
def given_write(scene: Scene) -> None:
    os.write(given(scene), WRITTEN)


@attempt("pwrite over what a file handed in holds", also=TOO_BIG)
def given_pwrite(scene: Scene) -> None:
    os.pwrite(given(scene), WRITTEN, FAR)


@attempt("writev to a file handed in", also=TOO_BIG)
def given_writev(scene: Scene) -> None:
    os.writev(given(scene), [WRITTEN])


@attempt("pwritev to a file handed in", also=TOO_BIG)
def given_pwritev(scene: Scene) -> None:
    os.pwritev(given(scene), [WRITTEN], FAR)


@attempt("ftruncate of a file handed in", also=TOO_BIG)
def given_truncate(scene: Scene) -> None:
    call("ftruncate", given(scene), 1 << 15)


@attempt("fallocate of a file handed in", also=TOO_BIG)
def given_fallocate(scene: Scene) -> None:
    call("fallocate", given(scene), 0, 0, 1 << 17)


@attempt("copy_file_range into a file handed in", also=TOO_BIG)
def given_copy(scene: Scene) -> None:
    source, target = ctypes.c_long(0), ctypes.c_long(0)
    words = scene.held["readable"], ctypes.byref(source), given(scene), ctypes.byref(target)
    call("copy_file_range", *words, 100, 0)


@attempt("sendfile into a file handed in", also=TOO_BIG)
def given_sendfile(scene: Scene) -> None:
    offset = ctypes.c_long(0)
    call("sendfile", given(scene), scene.held["readable"], ctypes.byref(offset), 100)


@attempt("splice of a pipe into a file handed in", also=TOO_BIG)
def given_splice(scene: Scene) -> None:
    offset = ctypes.c_long(0)
    words = scene.held["full-out"], None, given(scene), ctypes.byref(offset)
    call("splice", *words, 1, 0)


@attempt("shared writable map of a file handed in")
def given_map(scene: Scene) -> None:
    protection = mmap.PROT_READ | mmap.PROT_WRITE
    address = call("mmap", 0, 4096, protection, mmap.MAP_SHARED, given(scene), 0)
    ctypes.memmove(address, b"seen", 4)


@attempt("shared map of a file handed in, made writable afterwards")
def given_map_then_writable(scene: Scene) -> None:
    address = call("mmap", 0, 4096, mmap.PROT_READ, mmap.MAP_SHARED, given(scene), 0)
    call("mprotect", address, 4096, mmap.PROT_READ | mmap.PROT_WRITE)
    ctypes.memmove(address, b"seen", 4)


@attempt("shared map with MAP_SHARED_VALIDATE of a file handed in")
def given_map_validated(scene: Scene) -> None:
    protection = mmap.PROT_READ | mmap.PROT_WRITE
    address = call("mmap", 0, 4096, protection, 3, given(scene), 0)  # MAP_SHARED_VALIDATE
    ctypes.memmove(address, b"seen", 4)


@attempt("a picture's worth of bytes to standard output")
def console(_: Scene) -> None:
    os.write(CONSOLE, b" " * PICTURE_SIZE)


@attempt("the same by writev")
def console_writev(_: Scene) -> None:
    os.writev(CONSOLE, [b" " * (PICTURE_SIZE // 10)] * 10)


@attempt("the same through a duplicate (dup)")
def console_dup(_: Scene) -> None:
    copy = os.dup(CONSOLE)
    try:
        os.write(copy, b" " * PICTURE_SIZE)
    finally:
        os.close(copy)


@attempt("the same through a duplicate (dup2 to 50)")
def console_dup2(_: Scene) -> None:
    copy = os.dup2(CONSOLE, 50)
    try:
        os.write(copy, b" " * PICTURE_SIZE)
    finally:
        os.close(copy)


@attempt("the same through a duplicate (fcntl F_DUPFD)")
def console_fcntl(_: Scene) -> None:
    copy = fcntl.fcntl(CONSOLE, fcntl.F_DUPFD, 60)
    try:
        os.write(copy, b" " * PICTURE_SIZE)
    finally:
        os.close(copy)


@attempt("the same by sendfile")
def console_sendfile(scene: Scene) -> None:
    offset = ctypes.c_long(0)
    call("sendfile", CONSOLE, scene.held["readable"], ctypes.byref(offset), 1 << 15)


@attempt("the same by vmsplice")
def console_vmsplice(_: Scene) -> None:
    data = ctypes.create_string_buffer(b" " * PICTURE_SIZE)
    vector = (ctypes.c_size_t * 2)(ctypes.addressof(data), PICTURE_SIZE)
    call("vmsplice", CONSOLE, vector, 1, 0)


@attempt("connect standard output again as another file (/proc/self/fd/1)")
def console_again(_: Scene) -> None:
    os.close(os.open("/proc/self/fd/1", os.O_WRONLY))
