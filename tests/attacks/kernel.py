"""System calls by number: what a library does not offer, and what no library can be made to skip.

The numbers are those of arch/x86/entry/syscalls/syscall_64.tbl and of include/uapi/asm-generic/
unistd.h. They are this suite's own, so that a wrong number in the sandbox is not repeated here.
"""

import ctypes
import os
import platform
from typing import Any, Final

from tests.attacks import Unavailable

NO_PATH: Final = -100  # AT_FDCWD
_TABLE: Final = """
    acct 163 89; add_key 248 217; adjtimex 159 171; bpf 321 280; capget 125 90; capset 126 91;
    chmod 90 -; chown 92 -; chroot 161 51; clock_settime 227 112; clone 56 220; clone3 435 435;
    connect 42 203; copy_file_range 326 285; creat 85 -; execve 59 221; execveat 322 281;
    fallocate 285 47; fanotify_init 300 262; fchmod 91 52; fchmodat 268 53; fchmodat2 452 452;
    fchown 93 55; fchownat 260 54; fork 57 -; fsetxattr 190 7;
    fsopen 430 430; ftruncate 77 46; getsockopt 55 209; madvise 28 233;
    io_uring_setup 425 425; ioprio_set 251 30; kcmp 312 272; keyctl 250 219; kill 62 129;
    lchown 94 -; link 86 -; linkat 265 37; lsetxattr 189 6; memfd_create 319 279;
    memfd_secret 447 447; mkdir 83 -; mkdirat 258 34; mknod 133 -;
    mknodat 259 33; mmap 9 222; modify_ldt 154 -; mount 165 40; move_pages 279 239; mprotect 10 226;
    mq_open 240 180; mq_unlink 241 181; msgctl 71 187; msgget 68 186; msgsnd 69 189;
    name_to_handle_at 303 264; open 2 -; open_by_handle_at 304 265; open_tree 428 428;
    openat 257 56; openat2 437 437; perf_event_open 298 241; personality 135 92;
    pidfd_getfd 438 438; pidfd_open 434 434; pidfd_send_signal 424 424; pivot_root 155 41;
    pkey_mprotect 329 288; prctl 157 167; prlimit64 302 261; process_madvise 440 440;
    process_vm_readv 310 270; process_vm_writev 311 271; ptrace 101 117;
    reboot 169 142; rename 82 -; renameat 264 38; renameat2 316 276;
    request_key 249 218; rmdir 84 -; rt_sigqueueinfo 129 138; sched_setaffinity 203 122;
    semctl 66 191; semget 64 190; sendfile 40 71; sendmmsg 307 269;
    setdomainname 171 162; sethostname 170 161; setns 308 268; setpriority 141 140;
    setrlimit 160 164; settimeofday 164 170; setxattr 188 5; setxattrat 463 463; shmctl 31 195;
    shmget 29 194; splice 275 76; swapoff 168 225; swapon 167 224; symlink 88 -; symlinkat 266 36;
    syslog 103 116; tee 276 77; tgkill 234 131; tkill 200 130; truncate 76 45; umount2 166 39;
    unlink 87 -; unlinkat 263 35; unshare 272 97; userfaultfd 323 282; utime 132 -;
    utimensat 280 88; vmsplice 278 75
"""  # name, x86-64, arm64; `-`: arm64 has only the form that ends in `at`, or none
_MACHINES: Final = ("x86_64", "aarch64")


def _numbers(machine: str) -> dict[str, int]:
    if machine not in _MACHINES:
        return {}
    column = 1 + _MACHINES.index(machine)
    rows = (row.split() for row in _TABLE.split(";"))
    return {row[0]: int(row[column]) for row in rows if row[column] != "-"}


NUMBERS: Final = _numbers(platform.machine())

_libc = ctypes.CDLL(None, use_errno=True)


def call(name: str, *words: Any) -> int:
    """Make a system call. Raises OSError as Python does, Unavailable where it has no number."""
    if name not in NUMBERS:
        raise Unavailable(f"{name} is no call of {platform.machine()}")
    return raw(NUMBERS[name], *words)


def raw(number: int, *words: Any) -> int:
    as_long = [ctypes.c_long(word) if isinstance(word, int) else word for word in words]
    ctypes.set_errno(0)
    _libc.syscall.restype = ctypes.c_long
    answer = int(_libc.syscall(ctypes.c_long(number), *as_long))
    if answer == -1:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error), str(number))
    return answer
