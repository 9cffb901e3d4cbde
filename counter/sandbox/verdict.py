"""Whether what is missing has been accepted, and what to do about it if not."""

from collections.abc import Collection
from typing import Final

from counter.errors import SandboxError
from counter.guarantees import LOST_WITHOUT, Guarantee
from counter.sandbox.proof import Proof

REMEDY: Final[dict[Guarantee, str]] = {
    Guarantee.SECCOMP: "run it on a kernel with seccomp filters (x86-64 or arm64, not emulated)",
    Guarantee.LANDLOCK_FS: "boot a kernel with Landlock (Linux 5.13 or later, lsm=landlock,...)",
    Guarantee.LANDLOCK_NET: "boot a kernel with Landlock's rules for TCP (Linux 6.7 or later)",
    Guarantee.NO_SWAP: "switch swap off (swapoff -a), or set MemorySwapMax=0 in the unit",
    Guarantee.NO_INHERITED_FILES: "send the output into a pipe (| cat > FILE), not into a file",
}


def require(proof: Proof, accepted: Collection[Guarantee]) -> None:
    """Raise SandboxError when something is missing that is not accepted."""
    demand(proof.missing, accepted)


def demand(missing: Collection[Guarantee], accepted: Collection[Guarantee]) -> None:
    """Do the same where there is no proof yet."""
    refused = [one for one in Guarantee if one in missing and one not in accepted]
    if not refused:
        return
    lost = "; ".join(f"{one}: {LOST_WITHOUT[one]}" for one in refused)
    remedies = "; ".join(dict.fromkeys(REMEDY[one] for one in refused))
    names = ", ".join(f'"{one}"' for one in Guarantee if one in missing)
    raise SandboxError(
        f"the sandbox is not whole on this machine: without {lost}",
        f"{remedies}; or accept it by name: accept_weaker_sandbox = [{names}]",
    )
