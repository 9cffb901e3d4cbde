"""Many random histories, attacked together; what is kept of them is the ranges."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.random import Generator

from tests.attacker.doors import history_of_doors
from tests.attacker.linear import Block, Bound, Programme
from tests.attacker.strips import history_of_strips

TOGETHER = 200  # histories in one programme: larger ones take longer for each
KINDS: dict[str, Callable[[Generator], Block]] = {
    "doors": history_of_doors,
    "zones": history_of_strips,
}


@dataclass
class Outcome:
    """Of one kind of histories. `spare` is a range's width less the least that it may have."""

    histories: int = 0
    suppressed: int = 0
    published: int = 0
    found: int = 0
    tightest: int | None = None  # width of a suppressed cell
    spare: int | None = None
    first: list[Bound] = field(default_factory=list)  # a few of those that were found

    def take(self, bounds: list[Bound], histories: int) -> None:
        self.histories += histories
        for bound in bounds:
            spare = bound.width - bound.target.least
            self.spare = spare if self.spare is None else min(self.spare, spare)
            self.found += bound.found
            if bound.found and len(self.first) < 5:
                self.first.append(bound)
            if bound.target.suppressed:
                self.suppressed += 1
                width = bound.width
                self.tightest = width if self.tightest is None else min(self.tightest, width)
            else:
                self.published += 1


def attack(kind: str, seed: int, histories: int) -> Iterator[tuple[Outcome, int]]:
    """Attack `histories` of one kind; give the outcome so far, and how many are done."""
    outcome = Outcome()
    for first in range(0, histories, TOGETHER):
        numbers = range(first, min(first + TOGETHER, histories))
        # Each history has a seed of its own, so that one can be looked at alone.
        blocks = [KINDS[kind](np.random.default_rng([seed, number])) for number in numbers]
        blocks.sort(key=lambda block: len(block.targets))  # turns end together
        outcome.take(Programme(blocks).attack(), len(blocks))
        yield outcome, numbers.stop


def outcome_of(kind: str, seed: int, histories: int) -> Outcome:
    *_, (outcome, _) = attack(kind, seed, histories)
    return outcome
