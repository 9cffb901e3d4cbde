"""New code, memory that outlives the process, and calls that lend the kernel's hands."""

import ctypes
import errno
import importlib
import importlib.util
import mmap
import os
import sys
from pathlib import Path
from typing import Final

from tests.attacks import NoEffect, Unavailable, attempt
from tests.attacks.held import READ_WRITE, call_32
from tests.attacks.kernel import call, raw
from tests.attacks.scene import SECRET, Scene

ALL: Final = READ_WRITE | mmap.PROT_EXEC
READ_EXEC: Final = mmap.PROT_READ | mmap.PROT_EXEC
OWN: Final = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
HIDDEN: Final = (errno.ENOSYS,)
CREATE_600: Final = 0o1600  # IPC_CREAT and the mode


@attempt("map memory that is writable and executable")
def map_wx(_: Scene) -> None:
    call("mmap", 0, mmap.PAGESIZE, ALL, OWN, -1, 0)


@attempt("map new memory that is executable")
def map_x(_: Scene) -> None:
    call("mmap", 0, mmap.PAGESIZE, READ_EXEC, OWN, -1, 0)


@attempt("make written memory executable")
def protect_x(scene: Scene) -> None:
    call("mprotect", scene.held["page"], mmap.PAGESIZE, READ_EXEC)
    call("mprotect", scene.held["page"], mmap.PAGESIZE, READ_WRITE)


@attempt("make written memory executable with pkey_mprotect")
def pkey_protect_x(scene: Scene) -> None:
    call("pkey_mprotect", scene.held["page"], mmap.PAGESIZE, READ_EXEC, -1)
    call("pkey_mprotect", scene.held["page"], mmap.PAGESIZE, READ_WRITE, -1)


@attempt("map a file executable")
def map_file_x(scene: Scene) -> None:
    call("mmap", 0, mmap.PAGESIZE, READ_EXEC, mmap.MAP_PRIVATE, scene.held["readable"], 0)


@attempt("make a map of a file executable")
def map_file_then_x(scene: Scene) -> None:
    words = mmap.PROT_READ, mmap.MAP_PRIVATE, scene.held["readable"], 0
    call("mprotect", call("mmap", 0, mmap.PAGESIZE, *words), mmap.PAGESIZE, READ_EXEC)


@attempt("madvise MADV_PAGEOUT: ask that memory be swapped out")
def page_out(scene: Scene) -> None:
    call("madvise", scene.held["page"], mmap.PAGESIZE, 21)


@attempt("madvise MADV_MERGEABLE: share pages with who has the same")
def merge(scene: Scene) -> None:
    call("madvise", scene.held["page"], mmap.PAGESIZE, 12)


@attempt("personality READ_IMPLIES_EXEC: every readable map is executable")
def read_implies_exec(_: Scene) -> None:
    before = call("personality", 0xFFFFFFFF)
    call("personality", before | 0x0400000)
    call("personality", before)


@attempt("import an extension module that was not loaded")
def load_extension(_: Scene) -> None:
    """An import hides the errno in its text; what counts is whether the module is there."""
    for name in ("audioop", "_lsprof", "_crypt", "parser", "_xxtestfuzz", "_testbuffer"):
        spec = importlib.util.find_spec(name)
        if name not in sys.modules and spec is not None:
            try:
                importlib.import_module(name)
            except ImportError as error:
                raise NoEffect(name) from error
            del sys.modules[name]
            return
    raise Unavailable("every extension module is loaded")


@attempt("dlopen of a library that was not loaded")
def load_library(_: Scene) -> None:
    mapped = Path("/proc/self/maps").read_text()
    folders = ("/lib/x86_64-linux-gnu", "/lib/aarch64-linux-gnu", "/usr/lib64")
    for name in ("libBrokenLocale.so.1", "libnss_hesiod.so.2", "libthread_db.so.1", "libanl.so.1"):
        for path in (Path(folder, name) for folder in folders):
            if path.exists() and name not in mapped:
                try:
                    ctypes.CDLL(str(path))
                except OSError as error:  # dlopen gives a text and no number
                    raise NoEffect(str(error)) from error
                return
    raise Unavailable("no small library that is not loaded")


@attempt("memfd_create")
def memfd(_: Scene) -> None:
    os.close(call("memfd_create", b"picture", 0))


@attempt("memfd_create, executable")
def memfd_exec(_: Scene) -> None:
    os.close(call("memfd_create", b"code", 0x10))  # MFD_EXEC


@attempt("memfd_secret", also=HIDDEN)
def memfd_secret(_: Scene) -> None:
    os.close(call("memfd_secret", 0))


@attempt("System V shared memory")
def shm(_: Scene) -> None:
    call("shmctl", call("shmget", 0, 4096, CREATE_600), 0, 0)  # IPC_RMID


@attempt("System V message queue")
def msg(_: Scene) -> None:
    queue = call("msgget", 0, CREATE_600)
    message = ctypes.create_string_buffer((1).to_bytes(8, "little") + SECRET)
    call("msgsnd", queue, message, len(SECRET), 0)
    call("msgctl", queue, 0, 0)


@attempt("System V semaphores, whose values are data")
def sem(_: Scene) -> None:
    call("semctl", call("semget", 0, 1, CREATE_600), 0, 0)


@attempt("POSIX message queue", also=(errno.EMFILE,))  # RLIMIT_MSGQUEUE is 0
def posix_queue(_: Scene) -> None:
    name = f"attacked-{os.getpid()}".encode()
    os.close(call("mq_open", name, os.O_RDWR | os.O_CREAT, 0o600, None))
    call("mq_unlink", name)


@attempt("add_key: data in the kernel's keyring")
def add_key(_: Scene) -> None:
    key = call("add_key", b"user", b"picture", SECRET, len(SECRET), -2)  # the process's keyring
    call("keyctl", 3, key)  # KEYCTL_REVOKE


@attempt("keyctl: a new session keyring")
def keyring(_: Scene) -> None:
    call("keyctl", 1, None)  # KEYCTL_JOIN_SESSION_KEYRING


@attempt("request_key", told=errno.ENOKEY)
def request_key(_: Scene) -> None:
    call("request_key", b"user", b"nothing-of-this-name", None, 0)


@attempt("io_uring_setup", also=HIDDEN)
def io_uring(_: Scene) -> None:
    os.close(call("io_uring_setup", 1, ctypes.create_string_buffer(120)))


@attempt("userfaultfd")
def userfault(_: Scene) -> None:
    os.close(call("userfaultfd", os.O_CLOEXEC))


@attempt("bpf: create a map")
def bpf_map(_: Scene) -> None:
    words = (ctypes.c_uint32 * 32)(
        2, 4, 4, 1
    )  # BPF_MAP_TYPE_ARRAY, sizes of key and value, entries
    os.close(call("bpf", 0, words, 48))


@attempt("perf_event_open")
def perf(_: Scene) -> None:
    words = (ctypes.c_uint32 * 32)(1, 128)  # PERF_TYPE_SOFTWARE, the size
    os.close(call("perf_event_open", words, 0, -1, -1, 0))


@attempt("modify_ldt")
def modify_ldt(_: Scene) -> None:
    call("modify_ldt", 0, ctypes.create_string_buffer(16), 16)


@attempt("write to /proc/self/mem")
def own_memory(_: Scene) -> None:
    kept = ctypes.create_string_buffer(b"before")
    with Path("/proc/self/mem").open("r+b", buffering=0) as memory:
        memory.seek(ctypes.addressof(kept))
        memory.write(b"after!")


@attempt("creat by the 32-bit entry (int 0x80)")
def creat_32(scene: Scene) -> None:
    path = f"{scene.shown}/by-32".encode()
    low = call("mmap", 0, mmap.PAGESIZE, READ_WRITE, OWN | 0x40, -1, 0)  # MAP_32BIT
    ctypes.memmove(low, path + b"\0", len(path) + 1)
    os.close(call_32(scene, 8, low, 0o600))


@attempt("getpid by the 32-bit entry: it is shut altogether")
def any_32(scene: Scene) -> None:
    call_32(scene, 20, 0, 0)


@attempt("creat by the x32 entry", also=HIDDEN)
def creat_x32(scene: Scene) -> None:
    os.close(raw(0x40000000 + 85, f"{scene.shown}/by-x32".encode(), 0o600))
