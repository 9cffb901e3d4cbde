"""What the kernel is asked to guarantee, by name: the words of `accept_weaker_sandbox`.

Rule: a guarantee that this machine cannot give stops the start, unless the configuration names it;
then every release says so (`sandbox` in Health).
"""

from enum import StrEnum
from typing import Final


class Guarantee(StrEnum):
    SECCOMP = "seccomp"
    LANDLOCK_FS = "landlock-fs"
    LANDLOCK_NET = "landlock-net"
    NO_SWAP = "no-swap"
    NO_INHERITED_FILES = "no-inherited-files"


LOST_WITHOUT: Final[dict[Guarantee, str]] = {
    Guarantee.SECCOMP: "the process keeps every system call: files, programs, other sockets",
    Guarantee.LANDLOCK_FS: "files outside the named paths can be read (none can be written)",
    Guarantee.LANDLOCK_NET: "TCP connections to other ports than broker and cameras are possible",
    Guarantee.NO_SWAP: "the kernel may write pages of the process to a swap device",
    Guarantee.NO_INHERITED_FILES: "a file that was open for writing at the start can be written to",
}
