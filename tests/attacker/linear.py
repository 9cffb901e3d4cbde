"""Bounds of unknown numbers by linear programming, of many independent histories at once.

Rule 1: a block holds one history: its unknowns, what binds them, and the ones that are asked for.
Rule 2: blocks share nothing, so one programme with a block each and one objective in each block
gives the bound in every block.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog
from scipy.sparse import csr_array

MANY = 20_000  # persons; what a number is below that nothing else bounds
Terms = Sequence[tuple[int, int]]  # unknown, factor


@dataclass(frozen=True)
class Target:
    unknown: int
    least: int  # the attacker wins with a range of fewer numbers than this
    suppressed: bool


@dataclass
class Block:
    low: list[int] = field(default_factory=list)
    high: list[int] = field(default_factory=list)
    equal: list[tuple[Terms, int]] = field(default_factory=list)
    at_most: list[tuple[Terms, int]] = field(default_factory=list)
    targets: list[Target] = field(default_factory=list)

    def unknown(self, low: int = 0, high: int = MANY) -> int:
        self.low.append(low)
        self.high.append(high)
        return len(self.low) - 1

    def narrow(self, unknown: int, low: int, high: int) -> None:
        self.low[unknown] = max(self.low[unknown], low)
        self.high[unknown] = min(self.high[unknown], high)


@dataclass(frozen=True)
class Bound:
    block: int
    target: Target
    low: int
    high: int

    @property
    def width(self) -> int:
        return self.high - self.low + 1

    @property
    def found(self) -> bool:
        return self.width < self.target.least


class Programme:
    """Several blocks as one linear programme."""

    def __init__(self, blocks: Sequence[Block]) -> None:
        self.blocks = blocks
        self._starts = np.cumsum([0, *(len(block.low) for block in blocks)])
        self.bounds = np.array(
            [pair for block in blocks for pair in zip(block.low, block.high, strict=True)], float
        ).reshape(-1, 2)
        self.equal = self._matrix([block.equal for block in blocks])
        self.at_most = self._matrix([block.at_most for block in blocks])

    def attack(self) -> list[Bound]:
        """Give the range of every target."""
        found = []
        for turn in range(max((len(block.targets) for block in self.blocks), default=0)):
            asked = [i for i, block in enumerate(self.blocks) if turn < len(block.targets)]
            targets = [self.blocks[i].targets[turn] for i in asked]
            at = np.array(
                [self._starts[i] + t.unknown for i, t in zip(asked, targets, strict=True)]
            )
            lows, highs = self.least(at, 1), self.least(at, -1)
            for block, target, low, high in zip(asked, targets, lows, highs, strict=True):
                # A bound of 3.9999999 is 4; one of 3.5 lets whole persons begin at 4.
                low_, high_ = int(np.ceil(low - 1e-6)), int(np.floor(high + 1e-6))
                found.append(Bound(block, target, low_, high_))
        return found

    def least(self, at: NDArray[np.intp], sign: int) -> NDArray[np.float64]:
        """The least (sign 1) or greatest (-1) values of the unknowns `at`, one in each block."""
        objective = np.zeros(len(self.bounds))
        objective[at] = sign
        (a, b), (c, d) = self.equal, self.at_most
        solve: Any = linprog  # the stubs know no sparse matrix
        solved = solve(objective, A_ub=c, b_ub=d, A_eq=a, b_eq=b, bounds=self.bounds)
        if solved.x is None:
            raise RuntimeError(f"what is published contradicts itself: {solved.message}")
        return np.asarray(solved.x[at])

    def _matrix(
        self, parts: Sequence[Sequence[tuple[Terms, int]]]
    ) -> tuple[csr_array, NDArray[np.float64]]:
        rows: list[int] = []
        columns: list[int] = []
        factors: list[int] = []
        sides: list[int] = []
        for start, part in zip(self._starts, parts, strict=False):
            for terms, side in part:
                for unknown, factor in terms:
                    rows.append(len(sides))
                    columns.append(start + unknown)
                    factors.append(factor)
                sides.append(side)
        shape = (len(sides), len(self.bounds))
        made = csr_array((np.array(factors, float), (rows, columns)), shape=shape)
        return made, np.array(sides, float)
