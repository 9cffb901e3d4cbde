"""The machine itself: its mounts, names, clocks, devices and kernel. Nothing of it is changed."""

import ctypes
import errno
import fcntl
import os
import time
from pathlib import Path
from typing import Final

from tests.attacks import Unavailable, attempt
from tests.attacks.kernel import NO_PATH, call
from tests.attacks.scene import Scene

NOWHERE: Final = b"/no-such-place"
HIDDEN: Final = (errno.ENOSYS,)


@attempt("mount")
def mount(scene: Scene) -> None:
    call("mount", b"none", scene.shown.encode(), b"tmpfs", 0, b"size=4k")
    call("umount2", scene.shown.encode(), 2)


@attempt("umount", told=errno.EINVAL)
def umount(scene: Scene) -> None:
    call("umount2", scene.folder.encode(), 0)  # where nothing is mounted


@attempt("fsopen: a new file system")
def fsopen(_: Scene) -> None:
    os.close(call("fsopen", b"tmpfs", 0))


@attempt("open_tree: a copy of the mounts")
def open_tree(_: Scene) -> None:
    os.close(call("open_tree", NO_PATH, b"/", 1))  # OPEN_TREE_CLONE


@attempt("chroot")
def chroot(_: Scene) -> None:
    call("chroot", b"/")


@attempt("pivot_root", told=errno.ENOENT)
def pivot(_: Scene) -> None:
    call("pivot_root", NOWHERE, NOWHERE)


@attempt("swapon", told=errno.EINVAL)
def swap_on(scene: Scene) -> None:
    call("swapon", scene.picture.encode(), 0)  # no swap header in it


@attempt("swapoff", told=errno.EINVAL)
def swap_off(scene: Scene) -> None:
    call("swapoff", scene.picture.encode())


@attempt("sethostname, whose letters are data")
def host_name(_: Scene) -> None:
    name = os.uname().nodename.encode()
    call("sethostname", name, len(name))


@attempt("setdomainname, whose letters are data")
def domain_name(_: Scene) -> None:
    call("setdomainname", b"(none)", 6)


@attempt("clock_settime", told=errno.EINVAL)
def set_clock(_: Scene) -> None:
    call("clock_settime", time.CLOCK_REALTIME, (ctypes.c_long * 2)(0, 2_000_000_000))


@attempt("settimeofday: the time zone of the kernel")
def set_zone(_: Scene) -> None:
    here = (ctypes.c_int * 2)()
    ctypes.CDLL(None).gettimeofday(None, here)
    call("settimeofday", None, here)


@attempt("adjtimex: the length of a tick")
def adjust_clock(_: Scene) -> None:
    state = (ctypes.c_long * 32)()  # struct timex: modes first, tick at 12
    call("adjtimex", state)
    ctypes.c_uint32.from_buffer(state).value = 0x4000  # ADJ_TICK, to what it is
    call("adjtimex", state)


@attempt("reboot", told=errno.EINVAL)
def reboot(_: Scene) -> None:
    call("reboot", 0, 0, 0, None)  # not the magic numbers


@attempt("acct: a log of processes", told=errno.ENOENT)
def account(_: Scene) -> None:
    call("acct", NOWHERE)


@attempt("syslog: the kernel's log")
def kernel_log(_: Scene) -> None:
    call("syslog", 3, ctypes.create_string_buffer(100), 100)


@attempt("/dev/kmsg: a line in the kernel's log", told=errno.EINVAL)
def write_kernel_log(_: Scene) -> None:
    """Opened, and then a line longer than it takes."""
    with Path("/dev/kmsg").open("wb", buffering=0) as log:
        log.write(b"x" * 5000)


@attempt("fanotify: watch what others do")
def watch(_: Scene) -> None:
    os.close(call("fanotify_init", 0, 0))


@attempt("name_to_handle_at and open_by_handle_at: a file past every path")
def by_handle(scene: Scene) -> None:
    handle = ctypes.create_string_buffer((64).to_bytes(4, "little"), 8 + 64)
    mount_id = ctypes.c_int(0)
    call("name_to_handle_at", NO_PATH, scene.secret.encode(), handle, ctypes.byref(mount_id), 0)
    os.close(call("open_by_handle_at", scene.held["folder"], handle, os.O_RDONLY))


@attempt("open_by_handle_at, to write", told=errno.EINVAL)
def by_handle_write(scene: Scene) -> None:
    call("open_by_handle_at", scene.held["folder"], ctypes.create_string_buffer(80), os.O_RDWR)


@attempt("a disk, to read")
def read_disk(_: Scene) -> None:
    os.close(os.open(_disk(), os.O_RDONLY))


@attempt("a disk, to write")
def write_disk(_: Scene) -> None:
    os.close(os.open(_disk(), os.O_WRONLY))


@attempt("/dev/mem")
def memory(_: Scene) -> None:
    _device("/dev/mem")


@attempt("/dev/kvm")
def virtual_machine(_: Scene) -> None:
    _device("/dev/kvm")


@attempt("/dev/fuse")
def user_file_system(_: Scene) -> None:
    _device("/dev/fuse")


@attempt("/dev/console")
def console(_: Scene) -> None:
    _device("/dev/console", os.O_WRONLY | os.O_NOCTTY)


@attempt("a terminal of one's own (/dev/ptmx)")
def terminal(_: Scene) -> None:
    _device("/dev/ptmx", os.O_RDWR | os.O_NOCTTY)


@attempt("TIOCSTI: type on a terminal", told=errno.ENOTTY)
def type_on_terminal(scene: Scene) -> None:
    fcntl.ioctl(scene.held["full-out"], 0x5412, b"x")  # a pipe: the kernel looks it up and says no


@attempt("TIOCLINUX: the console's screen", told=errno.ENOTTY)
def screen(scene: Scene) -> None:
    fcntl.ioctl(scene.held["full-out"], 0x541C, b"\x02")


@attempt("FS_IOC_SETFLAGS: a file's flags are data", also=HIDDEN)
def file_flags(scene: Scene) -> None:
    flags = (ctypes.c_long * 1)()
    fcntl.ioctl(scene.held["readable"], 0x80086601, flags)  # FS_IOC_GETFLAGS
    fcntl.ioctl(scene.held["readable"], 0x40086602, flags)


@attempt("/proc/self/oom_score_adj")
def oom(_: Scene) -> None:
    _write_back("/proc/self/oom_score_adj")


@attempt("/proc/self/comm")
def command(_: Scene) -> None:
    _write_back("/proc/self/comm")


@attempt("/proc/sys/kernel/core_pattern: a program for every crash")
def core_pattern(_: Scene) -> None:
    _device("/proc/sys/kernel/core_pattern", os.O_WRONLY)


@attempt("a control group")
def control_group(_: Scene) -> None:
    place = Path("/sys/fs/cgroup") / "attacked"
    place.mkdir()
    place.rmdir()


def _disk() -> str:
    for entry in sorted(Path("/sys/class/block").iterdir()):
        if Path(f"/dev/{entry.name}").is_block_device() and int((entry / "size").read_text()):
            return f"/dev/{entry.name}"
    raise Unavailable("no disk")


def _device(path: str, flags: int = os.O_RDWR) -> None:
    try:
        os.close(os.open(path, flags))
    except (FileNotFoundError, OSError) as error:
        if error.errno in (errno.ENOENT, errno.ENXIO, errno.ENODEV):
            raise Unavailable(str(error)) from error
        raise


def _write_back(path: str) -> None:
    with Path(path).open("r+b", buffering=0) as file:
        file.write(file.read())
