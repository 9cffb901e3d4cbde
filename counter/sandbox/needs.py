"""What any Python process must go on reading: interpreter, libraries, the system's tables.

Rule: no folder in which people keep things (a home, /var, /tmp) is among them, even if somebody
starts the command there or puts it into the search path.
"""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

PACKAGE: Final = Path(__file__).parents[1]

SYSTEM: Final = (
    "/usr", "/lib", "/lib32", "/lib64",
    "/sys/devices", "/sys/class", "/sys/bus", "/sys/dev", "/sys/fs/cgroup",
    "/sys/firmware/devicetree", "/sys/kernel/mm", "/sys/module",
    "/dev/null", "/dev/zero", "/dev/random", "/dev/urandom",
    "/run/systemd/resolve", "/run/NetworkManager/resolv.conf", "/run/resolvconf",
)  # fmt: skip
# Of /etc what libraries read, never whole folders that hold keys or other people's passwords.
IN_ETC: Final = (
    "hosts", "host.conf", "resolv.conf", "nsswitch.conf", "gai.conf", "services", "protocols",
    "passwd", "group", "localtime", "timezone", "os-release", "locale.alias", "OpenCL", "python3",
    f"python3.{sys.version_info.minor}",  # Debian's sitecustomize.py
    "ld.so.cache", "ld.so.preload", "ld.so.conf", "ld.so.conf.d", "ca-certificates",
    "ssl/certs", "ssl/cert.pem", "ssl/openssl.cnf", "crypto-policies",
    "pki/tls/certs", "pki/tls/cert.pem", "pki/tls/openssl.cnf", "pki/ca-trust",
)  # fmt: skip
# Of /proc ourselves and the machine, no other process.
PINNED: Final = tuple(
    Path("/proc", name)
    for name in (
        "self", "cpuinfo", "meminfo", "stat", "swaps", "version", "filesystems", "uptime",
        "loadavg", "sys/kernel", "sys/vm", "sys/net/core", "sys/net/ipv4", "sys/net/ipv6",
    )
)  # fmt: skip
IN_PREFIX: Final = ("bin", "lib", "lib64", "etc", "share", "ssl", "pyvenv.cfg")
BROAD: Final = frozenset(
    Path("/", name)
    for name in ("", *"home root var tmp var/tmp opt srv mnt media run dev".split())  # noqa: SIM905
)


def readable() -> Iterator[Path]:
    """Give the paths to read; some may not exist."""
    yield from map(Path, SYSTEM)
    yield from (Path("/etc", name) for name in IN_ETC)  # links out of it are followed
    yield from (PACKAGE, PACKAGE.parent / "models")  # in a checkout they stand side by side
    for prefix in (sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix):
        yield from (Path(prefix, part) for part in IN_PREFIX)
    found = (*sys.path, *os.environ.get("LD_LIBRARY_PATH", "").split(":"), str(PACKAGE.parent))
    for path in dict.fromkeys(Path(one).resolve() for one in found):
        if not _is_personal(path):
            yield path


def _is_personal(path: Path) -> bool:
    """Whether people keep things there; so do they where they stand (`python -m` adds that)."""
    if path == Path.cwd() and path != PACKAGE.parent:
        return True
    return path in BROAD or path.parent == Path("/home") or _home().is_relative_to(path)


def _home() -> Path:
    try:
        return Path.home().resolve()
    except RuntimeError:  # a service without a home
        return Path("/")
