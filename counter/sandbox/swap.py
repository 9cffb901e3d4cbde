"""Whether the kernel may write pages of this process to a swap device.

It may not when there is none, or when its control group or one above it has no share of it. Swap
that somebody switches on later is not noticed: with `memory.swap.max = 0` it would do no harm.
Version 1 of control groups cannot promise it: its limit counts memory and swap together.
"""

from pathlib import Path
from typing import Final

MOUNTS: Final = (Path("sys/fs/cgroup"), Path("sys/fs/cgroup/unified"))


def kept_out(root: Path = Path("/")) -> bool:
    """Say whether no page can be swapped out; no, when that cannot be found out."""
    return _nothing_swaps(root) or _group_has_none(root)


def _nothing_swaps(root: Path) -> bool:
    try:
        lines = (root / "proc/swaps").read_text().splitlines()
    except FileNotFoundError:  # a kernel without swap; or only part of /proc is shown to us
        return (root / "proc/meminfo").exists()
    except OSError:
        return False
    return len(lines) <= 1  # the heading


def _group_has_none(root: Path) -> bool:
    try:
        lines = (root / "proc/self/cgroup").read_text().splitlines()
    except OSError:
        return False
    for line in lines:
        if line.startswith("0::/"):  # version 2
            group = Path(line.removeprefix("0::/"))
            return any(
                _limit(root / mount / above) == "0"
                for mount in MOUNTS
                for above in (group, *group.parents)
            )
    return False


def _limit(folder: Path) -> str:
    try:
        return (folder / "memory.swap.max").read_text().strip()
    except OSError:  # the root of all groups has none
        return ""
