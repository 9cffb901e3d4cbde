"""Where a picture may have been left on this machine, and how each place is read.

Rule 1: every regular file whose inode changed since the start (ctime: it cannot be set back) on a
file system that holds data; what is not looked at is said.
Rule 2: swap, core dumps and the journal are places too; where they cannot be read it is said.
Rule 3: others write meanwhile as well. Their files are searched like ours; one that vanishes or
cannot be read is counted.
"""

import os
import stat
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

from counter.prove.search import Search

SHARED_MEMORY: Final = Path("/dev/shm")  # noqa: S108  # a place to search
SWAPS: Final = Path("/proc/swaps")
SHORT: Final = (Path("/tmp"), Path("/var/tmp"), SHARED_MEMORY)  # noqa: S108  # the same
# Kernel interfaces: they hold no data that was written to them.
VIRTUAL: Final = frozenset({
    "proc", "sysfs", "cgroup", "cgroup2", "devpts", "mqueue", "tracefs", "debugfs", "securityfs",
    "bpf", "configfs", "fusectl", "pstore", "efivarfs", "binfmt_misc", "autofs", "nsfs",
    "rpc_pipefs", "selinuxfs",
})  # fmt: skip
REMOTE: Final = ("nfs", "cifs", "smb", "fuse", "9p", "ceph", "afs", "glusterfs", "virtiofs")
MOST_OF_A_FILE: Final = 2 << 30  # bytes; a core dump of the counter has a quarter of it
MOST_OF_ALL_FILES: Final = 32 << 30
MOST_ENTRIES: Final = 10_000_000
MOST_OF_SWAP: Final = 8 << 30
CLOCK_S: Final = 1.0  # file systems stamp with a coarser clock than ours

Tell = Callable[[int, int], None]  # entries walked, changed files searched


@dataclass(slots=True)
class Places:
    """What was searched and what was not."""

    searched: dict[str, int | str] = field(default_factory=dict)
    not_covered: list[str] = field(default_factory=list)
    found: list[str] = field(default_factory=list)


def search_changed(search: Search, since: float, roots: list[Path], tell: Tell) -> Places:
    """Search every file below the roots that changed since then."""
    places = Places()
    skipped = _skipped(places)
    walked = changed = size = 0
    seen: set[tuple[int, int]] = set()
    for entry in _walk(roots, skipped, places):
        walked += 1
        if walked % 2000 == 0:
            tell(walked, changed)
        if walked > MOST_ENTRIES or size > MOST_OF_ALL_FILES:
            places.not_covered.append(f"what comes after {walked} entries and {size >> 20} MiB")
            break
        try:
            about = entry.stat(follow_symlinks=False)
        except OSError:
            continue
        known = (about.st_dev, about.st_ino)
        if not stat.S_ISREG(about.st_mode) or about.st_ctime < since - CLOCK_S or known in seen:
            continue
        seen.add(known)
        changed += 1
        size += about.st_size
        tell(walked, changed)
        _search_file(search, Path(entry.path), about.st_size, places)
    places.searched |= {"entries walked": walked, "changed files searched": changed}
    return places


def whole_machine() -> list[Path]:
    """Every place where something is mounted that can be written; an image's root cannot be."""
    return [Path(mount.point) for mount in _mounts() if mount.searched]


def short_roots(folder: Path) -> list[Path]:
    roots = [folder, *SHORT, Path.cwd(), Path.home()]
    return [root for root in roots if root.is_dir() and root != Path("/")]


def search_swap(search: Search) -> Places:
    """Search what the kernel swapped out, where it may be read."""
    places = Places()
    lines = SWAPS.read_text().splitlines()[1:]
    places.searched["swap"] = "off" if not lines else f"{len(lines)} areas"
    for line in lines:
        area = Path(line.split()[0])
        try:
            with area.open("rb") as file:
                found = search.look_through(file, MOST_OF_SWAP)
        except OSError as error:
            places.not_covered.append(f"swap {area}: {error.strerror}")
        else:
            places.found += [f"swap {area}: {form}" for form in found]
    return places


def search_journal(search: Search, since: float) -> Places:
    """Search what the journal took since then, if there is one."""
    places = Places()
    command = ["journalctl", f"--since=@{since:.0f}", "--output=export", "--no-pager", "--quiet"]
    try:
        with subprocess.Popen(  # noqa: S603  # systemd's own reader
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as reader:
            before = search.effort.bytes
            found = search.look_through(_stream(reader))
    except OSError:
        places.not_covered.append("the journal: there is no journalctl here")
        return places
    size = search.effort.bytes - before
    if not size:
        places.not_covered.append("the journal: it has no entries since the start, or is not kept")
    places.searched["journal"] = f"{size} bytes"
    places.found += [f"journal: {form}" for form in found]
    return places


def core_pattern() -> str:
    try:
        return Path("/proc/sys/kernel/core_pattern").read_text().strip()
    except OSError:
        return ""


def core_goes_to_folder() -> bool:
    """Does a core dump land in the working folder of who crashed?"""
    return bool(core_pattern()) and core_pattern()[0] not in "|/"


def _search_file(search: Search, path: Path, size: int, places: Places) -> None:
    if size > MOST_OF_A_FILE:
        places.not_covered.append(f"{path}: {size >> 20} MiB, only the first 2048 were searched")
    if path.suffix in (".zst", ".xz", ".lz4") and "core" in path.name:
        places.not_covered.append(f"{path}: a compressed core dump, not read")
    found = search.look_into(path, MOST_OF_A_FILE)
    places.found += [f"{path}: {form}" for form in found]


def _walk(roots: list[Path], skipped: frozenset[str], places: Places) -> Iterator[os.DirEntry[str]]:
    waiting = [str(root.resolve()) for root in roots]
    visited: set[str] = set()
    denied: list[str] = []
    while waiting:
        folder = waiting.pop()
        if folder in visited or folder in skipped:
            continue
        visited.add(folder)
        try:
            with os.scandir(folder) as entries:
                inside = list(entries)
        except PermissionError:
            denied.append(folder)
            continue
        except OSError:
            continue  # it has gone
        for entry in inside:
            if entry.is_dir(follow_symlinks=False):
                waiting.append(entry.path)
            else:
                yield entry
    if denied:
        places.not_covered.append(
            f"{len(denied)} folders that this user may not read ({denied[0]}, ...)"
        )


def _skipped(places: Places) -> frozenset[str]:
    """Mount points that are not walked; remote ones are said."""
    mounts = _mounts()
    places.not_covered += [
        f"{m.point}: a remote or user-space file system ({m.kind})" for m in mounts if m.remote
    ]
    searched = {m.point for m in mounts if m.searched}  # mounted over, the last one counts
    return frozenset(m.point for m in mounts) - searched


@dataclass(frozen=True, slots=True)
class _Mount:
    point: str
    kind: str
    writable: bool

    @property
    def remote(self) -> bool:
        return self.kind.startswith(REMOTE)

    @property
    def searched(self) -> bool:
        return self.writable and self.kind not in VIRTUAL and not self.remote


def _mounts() -> list[_Mount]:
    found = []
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        before, _, after = line.partition(" - ")
        point, options = before.split()[4:6]
        plain = point.encode().decode("unicode_escape")  # a space is \040
        found.append(_Mount(plain, after.split()[0], "rw" in options.split(",")))
    return found


def _stream(process: "subprocess.Popen[bytes]") -> IO[bytes]:
    if process.stdout is None:
        raise OSError
    return process.stdout
