"""Ways out by the network: another port, another protocol, another kind of socket."""

import ctypes
import encodings.idna  # noqa: F401  # every host name is encoded by it, and it needs an extension
import errno
import fcntl
import os
import socket
import struct
from typing import Final

from tests.attacks import Unavailable, attempt
from tests.attacks.kernel import call
from tests.attacks.scene import SECRET, Scene

HERE: Final = "127.0.0.1"
FASTOPEN: Final = 0x20000000  # MSG_FASTOPEN
# Protocols that a kernel is built with or not: then it says so, inside and outside.
ABSENT: Final = (errno.EAFNOSUPPORT, errno.EPROTONOSUPPORT, errno.ESOCKTNOSUPPORT)


def _address(port: int) -> bytes:
    return struct.pack("=H", socket.AF_INET) + struct.pack("!H4s8x", port, bytes((127, 0, 0, 1)))


def opened(*words: int) -> socket.socket:
    try:
        return socket.socket(*words)
    except OSError as error:
        if error.errno in ABSENT:
            raise Unavailable(error.strerror) from error
        raise


@attempt("TCP to a port that is not in the plan")
def other_port(scene: Scene) -> None:
    socket.create_connection((HERE, scene.other), 2).close()


@attempt("TCP to a port that is not in the plan, IPv6")
def other_port_6(scene: Scene) -> None:
    if not scene.other6:
        raise Unavailable("no IPv6 on this machine")
    socket.create_connection(("::1", scene.other6), 2).close()


@attempt("TCP to a port that is not in the plan, IPv4 through IPv6")
def other_port_mapped(scene: Scene) -> None:
    with socket.socket(socket.AF_INET6) as sock:
        sock.connect((f"::ffff:{HERE}", scene.other))


@attempt("TCP elsewhere with a socket that was connected to the broker")
def reconnect(scene: Scene) -> None:
    """AF_UNSPEC dissolves a connection, and the socket is as new."""
    with socket.create_connection((HERE, scene.port), 2) as sock:
        call("connect", sock.fileno(), bytes(16), 16)
        sock.connect((HERE, scene.other))


@attempt("TCP to another port without waiting")
def other_port_later(scene: Scene) -> None:
    with socket.socket() as sock:
        sock.setblocking(False)
        if (error := sock.connect_ex((HERE, scene.other))) not in (0, errno.EINPROGRESS):
            raise OSError(error, os.strerror(error))


@attempt("TCP_FASTOPEN with sendto")
def fast_sendto(scene: Scene) -> None:
    with socket.socket() as sock:
        sock.sendto(SECRET, FASTOPEN, (HERE, scene.other))


@attempt("TCP_FASTOPEN with sendmsg")
def fast_sendmsg(scene: Scene) -> None:
    with socket.socket() as sock:
        sock.sendmsg([SECRET], [], FASTOPEN, (HERE, scene.other))


@attempt("TCP_FASTOPEN with sendmmsg")
def fast_sendmmsg(scene: Scene) -> None:
    data, address = (
        ctypes.create_string_buffer(SECRET),
        ctypes.create_string_buffer(_address(scene.other), 16),
    )
    vector = (ctypes.c_size_t * 2)(ctypes.addressof(data), len(SECRET))
    words = (ctypes.c_size_t * 8)(ctypes.addressof(address), 16, ctypes.addressof(vector), 1)
    with socket.socket() as sock:
        call("sendmmsg", sock.fileno(), words, 1, FASTOPEN)


@attempt("TCP_FASTOPEN_CONNECT: connect, then write")
def fast_connect(scene: Scene) -> None:
    with socket.socket() as sock:
        sock.setsockopt(socket.IPPROTO_TCP, 30, 1)
        sock.connect((HERE, scene.other))
        sock.send(SECRET)


@attempt("TCP_REPAIR: a connection from nowhere")
def repair(_: Scene) -> None:
    with socket.socket() as sock:
        sock.setsockopt(socket.IPPROTO_TCP, 19, 1)
        sock.setsockopt(socket.IPPROTO_TCP, 19, 0)


@attempt("listen on another port")
def listen_other(scene: Scene) -> None:
    with socket.create_server((HERE, scene.unused)):
        pass


@attempt("listen on another port of every interface")
def listen_everywhere(scene: Scene) -> None:
    with socket.create_server(("", scene.unused)):
        pass


@attempt("bind another port")
def bind_other(scene: Scene) -> None:
    with socket.socket() as sock:
        sock.bind((HERE, scene.unused))


@attempt("bind any free port")
def bind_any(_: Scene) -> None:
    with socket.socket() as sock:
        sock.bind((HERE, 0))


@attempt("listen without a bind: the kernel chooses a port")
def listen_unbound(_: Scene) -> None:
    with socket.socket() as sock:
        sock.listen()


@attempt("UDP, sendto")
def udp(scene: Scene) -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as sock:
        sock.sendto(SECRET, (HERE, scene.udp))


@attempt("UDP, connect and send")
def udp_connected(scene: Scene) -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as sock:
        sock.connect((HERE, scene.udp))
        sock.send(SECRET)


@attempt("UDP over IPv6")
def udp_6(_: Scene) -> None:
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
        sock.sendto(SECRET, ("::1", 9))


@attempt("UDP-Lite")
def udp_lite(_: Scene) -> None:
    opened(socket.AF_INET, socket.SOCK_DGRAM, 136).close()


@attempt("a name looked up (DNS)")
def name(scene: Scene) -> None:
    """As a resolver does it: a datagram to a name server. Ours is on this machine."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as sock:
        sock.connect((HERE, scene.udp))
        sock.send(SECRET.hex().encode() + b".example")


@attempt("MPTCP")
def mptcp(scene: Scene) -> None:
    with opened(socket.AF_INET, socket.SOCK_STREAM, 262) as sock:
        sock.connect((HERE, scene.other))


@attempt("SCTP")
def sctp(_: Scene) -> None:
    opened(socket.AF_INET, socket.SOCK_STREAM, 132).close()


@attempt("DCCP")
def dccp(_: Scene) -> None:
    opened(socket.AF_INET, 6, 33).close()


@attempt("SO_ATTACH_FILTER: a program in the kernel")
def attach(_: Scene) -> None:
    words = (ctypes.c_uint64 * 1)(6)  # one instruction: return 0
    program = struct.pack("HxxxxxxQ", 1, ctypes.addressof(words))
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, 26, program)


@attempt("ioctl SIOCSIFFLAGS: change an interface")
def interface(_: Scene) -> None:
    with socket.socket() as sock:
        asked = struct.pack("16sh14x", b"lo", 0)
        flags = fcntl.ioctl(sock, 0x8913, asked)  # SIOCGIFFLAGS
        fcntl.ioctl(sock, 0x8914, flags)
