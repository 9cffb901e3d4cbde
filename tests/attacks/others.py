"""Other processes, of the same user: their memory, their descriptors, their fate."""

import ctypes
import errno
import os
import signal
from pathlib import Path
from typing import Final

from tests.attacks import NoEffect, Unavailable, attempt
from tests.attacks.kernel import call
from tests.attacks.scene import SECRET, Scene

SEIZE: Final = 0x4206
TRACE_ME: Final = 0
NOTHING: Final = 0  # the signal that only asks whether one may


def _vectors(scene: Scene, buffer: ctypes.Array[ctypes.c_char]) -> tuple[ctypes.Array, ...]:  # type: ignore[type-arg]
    pair = ctypes.c_size_t * 2
    here = pair(ctypes.addressof(buffer), len(SECRET))
    return here, pair(scene.address, len(SECRET))


@attempt("process_vm_readv of another process")
def read_other(scene: Scene) -> None:
    buffer = ctypes.create_string_buffer(len(SECRET))
    here, there = _vectors(scene, buffer)
    call("process_vm_readv", scene.victim, here, 1, there, 1, 0)
    if buffer.raw != SECRET:
        raise NoEffect


@attempt("process_vm_writev of another process")
def write_other(scene: Scene) -> None:
    buffer = ctypes.create_string_buffer(SECRET)  # kept: the vector holds an address only
    here, there = _vectors(scene, buffer)
    call("process_vm_writev", scene.victim, here, 1, there, 1, 0)


@attempt("/proc/N/mem of another process, to read")
def read_other_file(scene: Scene) -> None:
    with Path(f"/proc/{scene.victim}/mem").open("rb", buffering=0) as memory:
        memory.seek(scene.address)
        if memory.read(len(SECRET)) != SECRET:
            raise NoEffect


@attempt("/proc/N/mem of another process, to write")
def write_other_file(scene: Scene) -> None:
    with Path(f"/proc/{scene.victim}/mem").open("r+b", buffering=0) as memory:
        memory.seek(scene.address)
        memory.write(SECRET)


@attempt("/proc/N/cmdline of another process")
def read_command_line(scene: Scene) -> None:
    if not Path(f"/proc/{scene.victim}/cmdline").read_bytes():
        raise NoEffect


@attempt("/proc: which processes there are")
def list_processes(scene: Scene) -> None:
    if str(scene.victim) not in os.listdir("/proc"):  # noqa: PTH208  # names only
        raise NoEffect


@attempt("/proc/N/environ of another process")
def read_environment(scene: Scene) -> None:
    if not Path(f"/proc/{scene.victim}/environ").read_bytes():
        raise NoEffect


@attempt("/proc/N/fd/M: a file through another process")
def open_through_other(scene: Scene) -> None:
    os.close(os.open(f"/proc/{scene.victim}/fd/{scene.descriptor}", os.O_RDWR))


@attempt("/proc/N/root: a way around the paths")
def read_through_root(scene: Scene) -> None:
    if Path(f"/proc/{scene.victim}/root{scene.secret}").read_bytes() != SECRET:
        raise NoEffect


@attempt("/proc/kcore: the memory of the whole machine")
def read_machine(_: Scene) -> None:
    if not Path("/proc/kcore").exists():
        raise Unavailable("no /proc/kcore")
    with Path("/proc/kcore").open("rb", buffering=0) as memory:
        memory.read(64)


@attempt("/proc/kmsg: the kernel's log")
def read_kernel_log(_: Scene) -> None:
    os.close(os.open("/proc/kmsg", os.O_RDONLY | os.O_NONBLOCK))


@attempt("/etc/shadow: other people's passwords")
def read_passwords(_: Scene) -> None:
    if not Path("/etc/shadow").exists():
        raise Unavailable("no /etc/shadow")
    if not Path("/etc/shadow").read_bytes():
        raise NoEffect


@attempt("ptrace attach")
def trace(scene: Scene) -> None:
    call("ptrace", SEIZE, scene.victim, 0, 0)  # ends with the thread that traces


@attempt("ptrace of oneself by the parent")
def trace_me(_: Scene) -> None:
    call("ptrace", TRACE_ME, 0, 0, 0)


@attempt("pidfd_open")
def pidfd(scene: Scene) -> None:
    os.close(call("pidfd_open", scene.victim, 0))


@attempt("pidfd_getfd: another process's file", told=errno.EBADF)
def steal(scene: Scene) -> None:
    try:
        process = call("pidfd_open", scene.victim, 0)
    except PermissionError:
        process = -1  # then the call itself is tried: EBADF would say that it is open
    os.close(call("pidfd_getfd", process, scene.descriptor, 0))


@attempt("kcmp: compare with another process")
def compare(scene: Scene) -> None:
    call("kcmp", os.getpid(), scene.victim, 1, 0, 0)


@attempt("process_madvise of another process", told=errno.EBADF)
def advise(_: Scene) -> None:
    call("process_madvise", -1, None, 0, 0, 0)


@attempt("kill: is the parent there?")
def ask_parent(_: Scene) -> None:
    call("kill", os.getppid(), NOTHING)


@attempt("kill: stop another process")
def stop_other(scene: Scene) -> None:
    call("kill", scene.victim, signal.SIGSTOP)
    call("kill", scene.victim, signal.SIGCONT)


@attempt("kill: every process")
def ask_everybody(_: Scene) -> None:
    call("kill", -1, NOTHING)


@attempt("tgkill of another process")
def signal_thread(scene: Scene) -> None:
    call("tgkill", scene.victim, scene.victim, NOTHING)


@attempt("tkill of another process")
def signal_thread_old(scene: Scene) -> None:
    call("tkill", scene.victim, NOTHING)


@attempt("rt_sigqueueinfo: a signal that carries data")
def signal_data(scene: Scene) -> None:
    information = (ctypes.c_int32 * 32)(NOTHING, 0, -1)  # SI_QUEUE
    call("rt_sigqueueinfo", scene.victim, signal.SIGCONT, information)


@attempt("pidfd_send_signal", told=errno.EBADF)
def signal_pidfd(_: Scene) -> None:
    call("pidfd_send_signal", -1, NOTHING, None, 0)


@attempt("setpriority of another process, whose value is data")
def priority(scene: Scene) -> None:
    call("setpriority", 0, scene.victim, 5)


@attempt("ioprio_set of another process")
def disk_priority(scene: Scene) -> None:
    call("ioprio_set", 1, scene.victim, 2 << 13 | 4)


@attempt("sched_setaffinity of another process, whose value is data")
def affinity(scene: Scene) -> None:
    mask = (ctypes.c_ulong * 16)()
    for cpu in os.sched_getaffinity(scene.victim):
        mask[0] |= 1 << cpu
    call("sched_setaffinity", scene.victim, ctypes.sizeof(mask), mask)


@attempt("prlimit of another process, whose value is data")
def limit(scene: Scene) -> None:
    call("prlimit64", scene.victim, 7, (ctypes.c_uint64 * 2)(100, 200), None)  # RLIMIT_NOFILE


@attempt("move_pages of another process", also=(errno.ENOSYS,))
def move(scene: Scene) -> None:
    page = (ctypes.c_void_p * 1)(scene.address & ~0xFFF)
    call("move_pages", scene.victim, 1, page, None, (ctypes.c_int * 1)(), 0)
