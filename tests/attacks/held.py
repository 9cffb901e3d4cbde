"""What an attacker may have got before the second stage: prepared between the stages.

The strongest of it is a regular file that is open for writing. The start refuses one, whether it
was inherited or came between the stages, and Landlock lets none be opened. To try what is left if
one is there all the same, a thread takes a table of descriptors of its own, where the start does
not look, and gets a file over a unix socket.
"""

import ctypes
import mmap
import os
import platform
import socket
from dataclasses import replace
from typing import Final

from tests.attacks import Unavailable
from tests.attacks.kernel import call
from tests.attacks.scene import Scene

OWN_TABLE: Final = 0x400  # CLONE_FILES
READ_WRITE: Final = mmap.PROT_READ | mmap.PROT_WRITE
# push rbx; mov eax, edi; mov ebx, esi; mov ecx, edx; int 0x80; pop rbx; ret
INT_80: Final = bytes.fromhex("53 89f8 89f3 89d1 cd80 5b c3")


def prepare(scene: Scene) -> None:
    """Fill `scene.held`. To be called between the stages, by the thread that will attack."""
    held = scene.held
    held["readable"] = os.open(scene.picture, os.O_RDONLY)
    held["folder"] = os.open(scene.shown, os.O_RDONLY | os.O_DIRECTORY)
    held["program"] = os.open("/bin/true", os.O_RDONLY)
    for name in ("full", "empty"):
        held[f"{name}-out"], held[f"{name}-in"] = os.pipe()
    os.write(held["full-in"], b"x" * 100)
    # As the service manager's, over which the appliance says that it is well.
    manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    manager.connect(scene.datagram)
    held["manager"] = manager.detach()
    page = call("mmap", 0, mmap.PAGESIZE, READ_WRITE, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, -1, 0)
    held["page"] = page
    if platform.machine() == "x86_64":
        code = call("mmap", 0, mmap.PAGESIZE, READ_WRITE, mmap.MAP_PRIVATE | 0x20, -1, 0)
        ctypes.memmove(code, INT_80, len(INT_80))
        call("mprotect", code, mmap.PAGESIZE, mmap.PROT_READ | mmap.PROT_EXEC)
        held["code"] = code


def armed(scene: Scene) -> Scene:
    """Give a scene in which this thread alone, the last to come, has files open for writing."""
    call("unshare", OWN_TABLE)
    held = dict(scene.held)
    try:
        held["late"] = os.open(scene.picture, os.O_RDWR)
    except OSError as error:
        held["late-error"] = error.errno or 0
    with socket.socket(fileno=os.dup(scene.line)) as line:
        held["given"] = socket.recv_fds(line, 1, 1)[1][0]
    return replace(scene, held=held)


def late(scene: Scene) -> int:
    """The file opened for writing between the stages, or the error that this met."""
    if "late-error" in scene.held:
        error = scene.held["late-error"]
        raise OSError(error, os.strerror(error))
    if "late" not in scene.held:
        raise Unavailable("this thread opened none")
    return scene.held["late"]


def given(scene: Scene) -> int:
    if "given" not in scene.held:
        raise Unavailable("none was handed to this thread")
    return scene.held["given"]


def call_32(scene: Scene, number: int, first: int, second: int) -> int:
    """Make a call by the 32-bit entry of x86-64, which has numbers of its own."""
    if "code" not in scene.held:
        raise Unavailable("no 32-bit calls on this machine")
    entry = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_uint32, ctypes.c_uint32, ctypes.c_uint32)
    answer = int(entry(scene.held["code"])(number, first, second))
    if answer < 0:
        raise OSError(-answer, os.strerror(-answer))
    return answer
