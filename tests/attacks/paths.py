"""System calls that create, change or name a file, made by number past every library."""

import ctypes
import errno
import os
from pathlib import Path
from typing import Final

from tests.attacks import NoEffect, attempt
from tests.attacks.kernel import NO_PATH, call
from tests.attacks.scene import SECRET, Scene

CREATE: Final = os.O_WRONLY | os.O_CREAT
HIDDEN: Final = (errno.ENOSYS,)


def _there(scene: Scene) -> bytes:
    return scene.picture.encode()


def _free(scene: Scene, name: str) -> bytes:
    return scene.new(f"{name}-{os.getpid()}").encode()


def _made(scene: Scene, name: str) -> bytes:
    """A file of our own to rename or remove; where none can be made, the one that is there."""
    path = Path(scene.new(f"made-{name}"))
    try:
        path.write_bytes(b"x")
    except PermissionError:
        return _there(scene)
    return str(path).encode()


@attempt("open to create")
def open_create(scene: Scene) -> None:
    os.close(call("open", _free(scene, "open"), CREATE, 0o600))


@attempt("open to write")
def open_write(scene: Scene) -> None:
    os.close(call("open", _there(scene), os.O_WRONLY))


@attempt("open to read and write")
def open_both(scene: Scene) -> None:
    os.close(call("open", _there(scene), os.O_RDWR))


@attempt("openat to create")
def openat_create(scene: Scene) -> None:
    os.close(call("openat", NO_PATH, _free(scene, "openat"), CREATE, 0o600))


@attempt("openat to write")
def openat_write(scene: Scene) -> None:
    os.close(call("openat", NO_PATH, _there(scene), os.O_WRONLY))


@attempt("openat with the access mode that is neither")
def openat_neither(scene: Scene) -> None:
    os.close(call("openat", NO_PATH, _there(scene), 3))  # for ioctl only, but asks for both rights


@attempt("openat to truncate, read-only")
def openat_truncate(scene: Scene) -> None:
    os.close(call("openat", NO_PATH, _made(scene, "truncate"), os.O_RDONLY | os.O_TRUNC))


@attempt("openat to create, read-only")
def openat_create_read_only(scene: Scene) -> None:
    os.close(call("openat", NO_PATH, _free(scene, "ro"), os.O_RDONLY | os.O_CREAT, 0o600))


@attempt("openat with O_TMPFILE")
def openat_unnamed(scene: Scene) -> None:
    os.close(call("openat", NO_PATH, scene.shown.encode(), os.O_TMPFILE | os.O_RDWR, 0o600))


@attempt("openat2 to create", also=HIDDEN)
def openat2_create(scene: Scene) -> None:
    how = (ctypes.c_uint64 * 3)(CREATE, 0o600, 0)
    os.close(call("openat2", NO_PATH, _free(scene, "openat2"), how, ctypes.sizeof(how)))


@attempt("openat2 to write", also=HIDDEN)
def openat2_write(scene: Scene) -> None:
    how = (ctypes.c_uint64 * 3)(os.O_WRONLY, 0, 0)
    os.close(call("openat2", NO_PATH, _there(scene), how, ctypes.sizeof(how)))


@attempt("creat")
def creat(scene: Scene) -> None:
    os.close(call("creat", _free(scene, "creat"), 0o600))


@attempt("rename")
def rename(scene: Scene) -> None:
    call("rename", _made(scene, "rename"), _free(scene, "renamed"))


@attempt("renameat")
def renameat(scene: Scene) -> None:
    call("renameat", NO_PATH, _made(scene, "renameat"), NO_PATH, _free(scene, "renamedat"))


@attempt("renameat2")
def renameat2(scene: Scene) -> None:
    call("renameat2", NO_PATH, _made(scene, "renameat2"), NO_PATH, _free(scene, "renamedat2"), 0)


@attempt("link")
def link(scene: Scene) -> None:
    call("link", _there(scene), _free(scene, "link"))


@attempt("linkat")
def linkat(scene: Scene) -> None:
    call("linkat", NO_PATH, _there(scene), NO_PATH, _free(scene, "linkat"), 0)


@attempt("symlink, whose target is data")
def symlink(scene: Scene) -> None:
    call("symlink", SECRET, _free(scene, "symlink"))


@attempt("symlinkat, whose target is data")
def symlinkat(scene: Scene) -> None:
    call("symlinkat", SECRET, NO_PATH, _free(scene, "symlinkat"))


@attempt("mkdir, whose name is data")
def mkdir(scene: Scene) -> None:
    call("mkdir", _free(scene, "mkdir"), 0o700)


@attempt("mkdirat, whose name is data")
def mkdirat(scene: Scene) -> None:
    call("mkdirat", NO_PATH, _free(scene, "mkdirat"), 0o700)


@attempt("rmdir")
def rmdir(scene: Scene) -> None:
    call("rmdir", scene.new("empty").encode())


@attempt("mknod of a file")
def mknod(scene: Scene) -> None:
    call("mknod", _free(scene, "mknod"), 0o100600, 0)


@attempt("mknodat of a pipe")
def mknodat_pipe(scene: Scene) -> None:
    call("mknodat", NO_PATH, _free(scene, "pipe"), 0o010600, 0)


@attempt("mknodat of a device")
def mknodat_device(scene: Scene) -> None:
    call("mknodat", NO_PATH, _free(scene, "null"), 0o020600, os.makedev(1, 3))


@attempt("truncate")
def truncate(scene: Scene) -> None:
    call("truncate", _there(scene), 1 << 16)


@attempt("unlink")
def unlink(scene: Scene) -> None:
    call("unlink", _made(scene, "unlink"))


@attempt("unlinkat")
def unlinkat(scene: Scene) -> None:
    call("unlinkat", NO_PATH, _made(scene, "unlinkat"), 0)


@attempt("chmod, whose bits are data")
def chmod(scene: Scene) -> None:
    call("chmod", _there(scene), 0o666)


@attempt("fchmodat")
def fchmodat(scene: Scene) -> None:
    call("fchmodat", NO_PATH, _there(scene), 0o666)


@attempt("fchmodat2")
def fchmodat2(scene: Scene) -> None:
    call("fchmodat2", NO_PATH, _there(scene), 0o666, 0)


@attempt("chown")
def chown(scene: Scene) -> None:
    call("chown", _there(scene), scene.uid, scene.uid)


@attempt("lchown")
def lchown(scene: Scene) -> None:
    call("lchown", _there(scene), scene.uid, scene.uid)


@attempt("fchownat")
def fchownat(scene: Scene) -> None:
    call("fchownat", NO_PATH, _there(scene), scene.uid, scene.uid, 0)


@attempt("utimensat, whose nanoseconds are data")
def utimensat(scene: Scene) -> None:
    call("utimensat", NO_PATH, _there(scene), (ctypes.c_long * 4)(1, 2, 3, 4), 0)


@attempt("utime, whose seconds are data")
def utime(scene: Scene) -> None:
    call("utime", _there(scene), (ctypes.c_long * 2)(1, 2))


@attempt("setxattr, whose value is data")
def setxattr(scene: Scene) -> None:
    call("setxattr", _there(scene), b"user.picture", SECRET, len(SECRET), 0)


@attempt("lsetxattr, whose value is data")
def lsetxattr(scene: Scene) -> None:
    call("lsetxattr", _there(scene), b"user.picture", SECRET, len(SECRET), 0)


@attempt("setxattrat, whose value is data")
def setxattrat(scene: Scene) -> None:
    value = ctypes.create_string_buffer(SECRET)
    words = (ctypes.c_uint64 * 2)(ctypes.addressof(value), len(SECRET))
    call("setxattrat", NO_PATH, _there(scene), 0, b"user.picture", words, ctypes.sizeof(words))


@attempt("read a file that is not in the plan")
def read_secret(scene: Scene) -> None:
    if Path(scene.secret).read_bytes() != SECRET:
        raise NoEffect
