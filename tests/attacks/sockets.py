"""Sockets that are neither TCP nor UDP: below them, beside them, on this machine only."""

import ctypes
import os
import socket
import struct

from tests.attacks import attempt
from tests.attacks.kernel import call
from tests.attacks.network import HERE, opened
from tests.attacks.scene import SECRET, Scene


@attempt("raw socket: ICMP")
def raw_icmp(_: Scene) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as sock:
        sock.sendto(b"\x00\x00\x00\x00" + SECRET, (HERE, 0))


@attempt("raw socket: any protocol")
def raw_any(_: Scene) -> None:
    socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW).close()


@attempt("packet socket")
def packet(_: Scene) -> None:
    opened(socket.AF_PACKET, socket.SOCK_RAW, 0).close()


@attempt("netlink")
def netlink(_: Scene) -> None:
    socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0).close()


@attempt("vsock")
def vsock(_: Scene) -> None:
    opened(socket.AF_VSOCK, socket.SOCK_STREAM).close()


@attempt("AF_XDP")
def xdp(_: Scene) -> None:
    opened(44, socket.SOCK_RAW).close()


@attempt("AF_ALG: the kernel's ciphers")
def alg(_: Scene) -> None:
    opened(socket.AF_ALG, socket.SOCK_SEQPACKET).close()


@attempt("Bluetooth")
def bluetooth(_: Scene) -> None:
    opened(31, socket.SOCK_RAW, 1).close()


@attempt("unix socket, stream")
def unix_stream(scene: Scene) -> None:
    with socket.socket(socket.AF_UNIX) as sock:
        sock.connect(scene.stream)


@attempt("unix socket, datagram, as a system's log has")
def unix_datagram(scene: Scene) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.sendto(SECRET, scene.datagram)


@attempt("the service manager's socket, connected to the system's log instead")
def unix_elsewhere(scene: Scene) -> None:
    path = scene.log.encode()
    call("connect", scene.held["manager"], struct.pack("=H", 1) + path + b"\0", len(path) + 3)
    os.write(scene.held["manager"], SECRET)


@attempt("SO_PEERPIDFD: hold the process at the other end")
def peer(scene: Scene) -> None:
    descriptor, size = ctypes.c_int(-1), ctypes.c_int(4)
    words = ctypes.byref(descriptor), ctypes.byref(size)
    call("getsockopt", scene.line, socket.SOL_SOCKET, 77, *words)
    os.close(descriptor.value)


@attempt("recvmsg: take a file that somebody sends")
def take(scene: Scene) -> None:
    line = socket.socket(fileno=scene.line)
    try:
        _, descriptors, _, _ = socket.recv_fds(line, 1, 1, socket.MSG_DONTWAIT)
        os.close(descriptors[0])
    finally:
        line.detach()


@attempt("unix socket, abstract name")
def unix_abstract(scene: Scene) -> None:
    with socket.socket(socket.AF_UNIX) as sock:
        sock.connect(scene.abstract)


@attempt("unix socket, bound to a path")
def unix_bind(scene: Scene) -> None:
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(scene.new(f"bound-{os.getpid()}"))


@attempt("socketpair")
def pair(_: Scene) -> None:
    for end in socket.socketpair():
        end.close()
