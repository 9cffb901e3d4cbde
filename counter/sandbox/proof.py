"""What was tried after the rights were given up, and what came of it."""

from dataclasses import dataclass

from counter.guarantees import Guarantee

FULL, NONE = "full", "none"


@dataclass(frozen=True, slots=True)
class Attempt:
    name: str  # "create a file in /tmp"
    blocked: bool


@dataclass(frozen=True, slots=True)
class Proof:
    """The outcome of a self-test. Holds nothing that follows from a picture."""

    kernel: str  # its release, `uname -r`
    landlock_abi: int  # 0: the kernel has none
    attempts: tuple[Attempt, ...]
    missing: tuple[Guarantee, ...]  # in the order of Guarantee

    @property
    def level(self) -> str:
        """`full`, `none`, or `weaker:` and the names of what is missing; at most 64 characters."""
        if len(self.missing) == len(Guarantee):
            return NONE
        return f"weaker:{','.join(self.missing)}" if self.missing else FULL
