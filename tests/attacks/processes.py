"""Other programs, other copies of this one, and rights that come back."""

import ctypes
import errno
import multiprocessing
import os
import resource
import signal
import subprocess
from typing import Final

from tests.attacks import NoEffect, attempt
from tests.attacks.kernel import call
from tests.attacks.scene import Scene

TRUE: Final = "/bin/true"
HIDDEN: Final = (errno.ENOSYS,)
NEW_USER, NEW_NS, NEW_NET = 0x10000000, 0x00020000, 0x40000000
CLONE_VFORK: Final = 0x4000


def _ended(pid: int) -> None:
    """Reap a child; in the child, end at once."""
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)


@attempt("subprocess.run")
def run(_: Scene) -> None:
    subprocess.run([TRUE], check=True)


@attempt("os.system")
def system(_: Scene) -> None:
    if os.waitstatus_to_exitcode(os.system("exit 7")) != 7:  # noqa: S605
        raise NoEffect


@attempt("os.popen")
def popen(_: Scene) -> None:
    with os.popen("echo seen") as output:  # noqa: S605
        if output.read() != "seen\n":
            raise NoEffect


@attempt("os.posix_spawn")
def spawn(_: Scene) -> None:
    _ended(os.posix_spawn(TRUE, [TRUE], {}))


@attempt("os.fork")
def fork(_: Scene) -> None:
    _ended(os.fork())


@attempt("os.fork and os.execv")
def fork_exec(_: Scene) -> None:
    pid = os.fork()
    if pid == 0:
        os.execv(TRUE, [TRUE])
    os.waitpid(pid, 0)


@attempt("os.forkpty")
def forkpty(_: Scene) -> None:
    pid, descriptor = os.forkpty()
    if pid == 0:
        os._exit(0)
    os.close(descriptor)
    os.waitpid(pid, 0)


@attempt("multiprocessing.Process")
def process(_: Scene) -> None:
    child = multiprocessing.get_context("fork").Process(target=os.getpid)
    child.start()
    child.join()


@attempt("the call fork")
def raw_fork(_: Scene) -> None:
    _ended(call("fork"))


@attempt("clone of a process")
def clone(_: Scene) -> None:
    _ended(call("clone", signal.SIGCHLD, 0, 0, 0, 0))


@attempt("clone as vfork does")
def vfork(_: Scene) -> None:
    _ended(call("clone", CLONE_VFORK | signal.SIGCHLD, 0, 0, 0, 0))


@attempt("clone into a new user namespace")
def clone_namespace(_: Scene) -> None:
    _ended(call("clone", NEW_USER | NEW_NS | signal.SIGCHLD, 0, 0, 0, 0))


@attempt("clone3", also=HIDDEN)
def clone3(_: Scene) -> None:
    words = (ctypes.c_uint64 * 11)()
    words[4] = signal.SIGCHLD  # exit_signal
    _ended(call("clone3", words, ctypes.sizeof(words)))


@attempt("execve", told=errno.ENOENT)
def execve(_: Scene) -> None:
    os.execve("/bin/no-such-program", ["no-such-program"], {})


@attempt("execve of a program that is there", told=errno.E2BIG)
def execve_there(_: Scene) -> None:
    os.execve(TRUE, [TRUE, "x" * (1 << 18)], {})  # longer than MAX_ARG_STRLEN


@attempt("execveat", told=errno.ENOENT)
def execveat(scene: Scene) -> None:
    words = (ctypes.c_char_p * 1)(None)
    call("execveat", scene.held["folder"], b"no-such-program", words, words, 0)


@attempt("fexecve of a program that is open", told=errno.E2BIG)
def fexecve(scene: Scene) -> None:
    os.execve(scene.held["program"], [TRUE, "x" * (1 << 18)], {})


@attempt("unshare: a user namespace of one's own")
def unshare_user(_: Scene) -> None:
    call("unshare", NEW_USER)


@attempt("unshare: a mount namespace of one's own")
def unshare_mounts(_: Scene) -> None:
    call("unshare", NEW_NS)


@attempt("setns", told=errno.EINVAL)
def setns(scene: Scene) -> None:
    call("setns", scene.held["readable"], NEW_NET)  # a file that is no namespace


@attempt("become another user (setresuid)")
def become(_: Scene) -> None:
    """Root gives nothing up by it; for the sandbox it is a change of who it is."""
    os.setresuid(os.getuid(), os.geteuid(), 1)


@attempt("setgroups")
def groups(_: Scene) -> None:
    os.setgroups(os.getgroups())


@attempt("capset")
def capabilities(_: Scene) -> None:
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)  # _LINUX_CAPABILITY_VERSION_3
    sets = (ctypes.c_uint32 * 6)()
    call("capget", header, sets)
    call("capset", header, sets)


@attempt("prctl PR_SET_DUMPABLE")
def dumpable(_: Scene) -> None:
    call("prctl", 4, 1, 0, 0, 0)


@attempt("a crash is dumped")
def crash(_: Scene) -> None:
    """Not crashed to be seen: the kernel is asked, and its answer decides (core(5))."""
    if ctypes.CDLL(None).prctl(3, 0, 0, 0, 0) != 1:  # PR_GET_DUMPABLE
        raise NoEffect


@attempt("prctl PR_SET_PTRACER: let anybody trace", told=errno.EINVAL)
def let_trace(_: Scene) -> None:
    call("prctl", 0x59616D61, -1, 0, 0, 0)  # EINVAL where Yama is not built in


@attempt("prctl PR_SET_MM: rewrite the own command line", told=errno.EINVAL)
def rewrite_line(_: Scene) -> None:
    call("prctl", 35, 0, 0, 0, 0)


@attempt("prctl PR_SET_SECUREBITS")
def secure_bits(_: Scene) -> None:
    call("prctl", 28, call("prctl", 27, 0, 0, 0, 0), 0, 0, 0)


@attempt("raise RLIMIT_FSIZE again (setrlimit)")
def raise_size(_: Scene) -> None:
    call("setrlimit", resource.RLIMIT_FSIZE, _limits())


@attempt("raise RLIMIT_FSIZE again (prlimit)")
def raise_size_prlimit(_: Scene) -> None:
    call("prlimit64", 0, resource.RLIMIT_FSIZE, _limits(), None)


@attempt("raise RLIMIT_CORE again")
def raise_core(_: Scene) -> None:
    call("prlimit64", 0, resource.RLIMIT_CORE, _limits(), None)


def _limits() -> ctypes.Array[ctypes.c_uint64]:
    """Raw, because Python makes a ValueError of EPERM here."""
    return (ctypes.c_uint64 * 2)(1 << 30, 1 << 30)
