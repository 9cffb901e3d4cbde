"""Prepares what surrounds a run, inside namespaces of its own, and becomes the run.

It is started as a script by `child`, under `unshare`:
    launch.py [--handover FD] [--full FOLDER] COMMAND...
Rule 1: `--handover`: brings loopback up, listens on it, and hands the listening socket to whoever
holds the other end of FD, so that a broker outside can be reached from an empty network.
Rule 2: `--full`: mounts a small memory disk on FOLDER, fills it to the last byte, and goes there.
"""

import array
import contextlib
import fcntl
import os
import socket
import struct
import subprocess
import sys

DISK = "256k"
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1


def loopback_up() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        asked = struct.pack("16sh", b"lo", 0)
        flags = struct.unpack("16sh", fcntl.ioctl(control, SIOCGIFFLAGS, asked))[1]
        fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack("16sh", b"lo", flags | IFF_UP))


def hand_over(descriptor: int) -> None:
    with socket.socket(fileno=descriptor) as other, socket.create_server(("127.0.0.1", 0)) as ours:
        passed = array.array("i", [ours.fileno()])
        other.sendmsg([b"\0"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, passed)])
        other.recv(1)  # the address is written into the configuration meanwhile


def fill(folder: str) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK}", "none", folder], check=True)  # noqa: S603, S607  # util-linux's, like `unshare`
    os.chdir(folder)
    disk = os.open("full", os.O_WRONLY | os.O_CREAT)
    with contextlib.suppress(OSError):  # no space left: that is what is wanted
        while True:
            os.write(disk, b"\0" * 4096)
    os.close(disk)


def main(words: list[str]) -> None:
    while words and words[0].startswith("--"):
        option, value, *words = words
        if option == "--handover":
            loopback_up()
            hand_over(int(value))
        else:
            fill(value)
    os.execvp(words[0], words)  # noqa: S606  # the command that was asked for


if __name__ == "__main__":
    main(sys.argv[1:])
