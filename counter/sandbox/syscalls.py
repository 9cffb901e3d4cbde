"""The numbers of the system calls that the filter and the self-test name.

Source: the kernel's headers (asm/unistd_64.h of x86-64, asm-generic/unistd.h for arm64). `-` is a
call that arm64 never had: its `*at` form stands in the table as well.
"""

from typing import Final

_TABLE: Final = """
    accept 43 202; accept4 288 242; access 21 -; bind 49 200; bpf 321 280; brk 12 214;
    capget 125 90; capset 126 91; clock_getres 229 114; clock_gettime 228 113;
    clock_nanosleep 230 115; clone 56 220; clone3 435 435; close 3 57; connect 42 203;
    epoll_create1 291 20; epoll_ctl 233 21; epoll_pwait 281 22; epoll_wait 232 -;
    eventfd2 290 19; execve 59 221; exit 60 93; exit_group 231 94; faccessat 269 48;
    faccessat2 439 439; fadvise64 221 223; fchmodat 268 53; fcntl 72 25; fstat 5 80;
    fstatfs 138 44; futex 202 98; getcpu 309 168; getcwd 79 17; getdents64 217 61;
    getegid 108 177; geteuid 107 175; getgid 104 176; getgroups 115 158; getpeername 52 205;
    getpid 39 172; getppid 110 173; getrandom 318 278; getresgid 120 150; getresuid 118 148;
    getrlimit 97 163; getrusage 98 165; getsockname 51 204; getsockopt 55 209; gettid 186 178;
    gettimeofday 96 169; getuid 102 174; io_uring_enter 426 426; io_uring_register 427 427;
    io_uring_setup 425 425; ioctl 16 29; keyctl 250 219; kill 62 129; landlock_add_rule 445 445;
    landlock_create_ruleset 444 444; landlock_restrict_self 446 446; linkat 265 37;
    listen 50 201; lseek 8 62; lstat 6 -; madvise 28 233; membarrier 324 283;
    memfd_create 319 279; mkdirat 258 34; mmap 9 222; mount 165 40; mprotect 10 226;
    mremap 25 216; munmap 11 215; nanosleep 35 101; newfstatat 262 79; open 2 -; openat 257 56;
    openat2 437 437; perf_event_open 298 241; pidfd_open 434 434; pipe 22 -; pipe2 293 59;
    poll 7 -; ppoll 271 73; prctl 157 167; pread64 17 67; preadv 295 69; prlimit64 302 261;
    process_vm_readv 310 270; pselect6 270 72; ptrace 101 117; read 0 63; readlink 89 -;
    readlinkat 267 78; readv 19 65; recvfrom 45 207; recvmsg 47 212; renameat2 316 276;
    restart_syscall 219 128; rseq 334 293; rt_sigaction 13 134; rt_sigprocmask 14 135;
    rt_sigreturn 15 139; sched_get_priority_max 146 125; sched_get_priority_min 147 126;
    sched_getaffinity 204 123; sched_getparam 143 121; sched_getscheduler 145 120;
    sched_yield 24 124; seccomp 317 277; select 23 -; sendto 44 206; set_robust_list 273 99;
    setsockopt 54 208; setxattr 188 5; shmget 29 194; shutdown 48 210; sigaltstack 131 132;
    socket 41 198; splice 275 76; stat 4 -; statfs 137 43; statx 332 291; symlinkat 266 36;
    sysinfo 99 179; tgkill 234 131; time 201 -; timerfd_settime 286 86; times 100 153;
    truncate 76 45; umask 95 166; uname 63 160; unlinkat 263 35; unshare 272 97;
    userfaultfd 323 282; utimensat 280 88; write 1 64
"""  # name, x86-64, arm64
MACHINES: Final = ("x86_64", "aarch64")  # in the order of the columns; as `uname -m` says it


def numbers(machine: str) -> dict[str, int]:
    """Give the numbers on `machine`; nothing for a machine whose numbers are not known here."""
    if machine not in MACHINES:
        return {}
    column = 1 + MACHINES.index(machine)
    rows = (row.split() for row in _TABLE.split(";"))
    return {row[0]: int(row[column]) for row in rows if row[column] != "-"}
