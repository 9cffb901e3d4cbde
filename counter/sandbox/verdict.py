"""Whether what is missing has been accepted, and what to do about it if not."""

from collections.abc import Collection
from typing import Final

from counter.errors import SandboxError
from counter.guarantees import LOST_WITHOUT, Guarantee
from counter.sandbox.inherited import writable_files

REMEDY: Final[dict[Guarantee, str]] = {
    Guarantee.SECCOMP: "run it on a kernel with seccomp filters (x86-64 or arm64, not emulated)",
    Guarantee.LANDLOCK_FS: "boot a kernel with Landlock (Linux 5.13 or later, lsm=landlock,...)",
    Guarantee.LANDLOCK_NET: "boot a kernel with Landlock's rules for TCP (Linux 6.7 or later)",
    Guarantee.NO_SWAP: "switch swap off (swapoff -a), or set MemorySwapMax=0 in the unit",
    Guarantee.NO_INHERITED_FILES: "use a pipe: | cat > FILE, or for both 2>&1 | cat > FILE",
}
STREAMS: Final = {0: "standard input", 1: "standard output", 2: "standard error"}


def require(missing: Collection[Guarantee], accepted: Collection[Guarantee]) -> None:
    """Raise SandboxError when something is missing that is not accepted."""
    refused = [one for one in Guarantee if one in missing and one not in accepted]
    if not refused:
        return
    lost = "; ".join(f"{one}: {LOST_WITHOUT[one]}" for one in refused)
    remedies = "; ".join(dict.fromkeys(_remedy(one) for one in refused))
    names = ", ".join(f'"{one}"' for one in Guarantee if one in missing)
    raise SandboxError(
        f"the sandbox is not whole on this machine: without {lost}",
        f"{remedies}; or accept it by name: accept_weaker_sandbox = [{names}]",
    )


def _remedy(missing: Guarantee) -> str:
    """What helps here; of open files also which they are, since one that is not seen is sought."""
    files = writable_files() if missing is Guarantee.NO_INHERITED_FILES else []
    names = " and ".join(STREAMS.get(one, f"descriptor {one}") for one in files)
    return f"{names} can write to a file: {REMEDY[missing]}" if names else REMEDY[missing]
