"""Entries and exits of a line leave together, or neither does (P9).

Rule 1: where one direction of a line is below the threshold, both leave as one token: at least one
of the two is below it. Where one is not known, neither is.
Rule 2: a device that releases one direction only (`disclosure.directions`) has no pairs.
Rule 3: nothing else is looked at: no other line, no interval before, no occupancy.

Why. Whoever knows when a place is empty, or how many are in it, can do sums: entries minus exits of
its doors is what it gained. With a token for each direction, 25 in and 20 out leave at most 9
(27 - 18) in a room that was empty before; if 15 leave next (11 to 17) beside suppressed entries,
these are 2 at least. With one token for both no such sum helps. Every occupancy, of whatever places
the lines lead to, changes by a line's entries minus its exits and by nothing else. One person more
who comes in and goes out again changes neither that difference nor the token, as long as the
smaller of the two stays below the threshold k. So beside every course of events there are k that
release the same, agree with every occupancy at the ends of all intervals, and have 0, 1, .. k - 1
as the smaller of the two: neither number is bounded more tightly than k wide. That holds for any
rooms behind the lines, any directions they were drawn in, any number of lines and intervals, and
for whoever knows every one of those occupancies exactly.

What was weighed instead: to withhold an interval where a sum over the releases before it would
bound a suppressed number. It must assume which lines close a space, and its silence tells what it
withholds: in the example the next interval is withheld if it has 11 to 22 exits beside suppressed
entries, so whoever sees it withheld knows that these are 2 at least.

The cost: the share of the released numbers that this rule takes away, and of the persons in them
(`python -m benchmarks attacker`; drawn days, threshold 11):

    interval                          20 min         1 h          4 h
    corner shop, 150 visits a day     77 % (77 %)    9 % (6 %)    0 %
    shop, 430                         15 % (11 %)    7 % (2 %)    0 %
    busy shop, 1,200                   5 % (3 %)     5 % (2 %)    0 %
    department store, 2 doors, 1,350  11 % (7 %)     8 % (4 %)    2 % (0 %)
    mall, 4 doors, 5,000              12 % (7 %)    10 % (5 %)   14 % (1 %)
    station, 2 gates, 3,500 in        18 % (9 %)    13 % (2 %)    0 %
    tram stop, 820 in                 36 % (34 %)   15 % (5 %)    0 %
    office, 270, in by ten           100 %          92 % (94 %)  19 % (11 %)

A crowd that goes one way only is not told; an `interval_s` in which both directions reach the
threshold tells it, and so does `directions = "in"`: one direction alone needs no such rule against
whoever knows when a place is empty, because everybody may have turned round at once. (Whoever knows
by how many more a place holds than before knows that as many came in.)

What remains. Sums can narrow a released number within its range; it stays at the threshold or
above. A place that is known to be empty at a moment inside an interval, and known from the releases
around it to hold people at both of its ends, was left by the ones and entered by the others within
that interval: this bounds both numbers from below. Two lines that the same people cross are two
tokens of the same people (`floor.py`).
"""

from collections import Counter
from collections.abc import Sequence

from counter.cells import Cell, Kind
from counter.release import Status

# What two directions of a line may be told together: the worse of the two.
_WORSE = (Status.MISSING, Status.SUPPRESSED, Status.PUBLISHED)


def paired(cells: Sequence[Cell]) -> frozenset[Cell]:
    """Give the cells that share their token with another one."""
    lines = Counter(cell.name for cell in cells if cell.kind is Kind.LINE)
    return frozenset(c for c in cells if c.kind is Kind.LINE and lines[c.name] > 1)


def together(cells: Sequence[Cell], statuses: Sequence[Status]) -> list[Status]:
    """Give what each cell may be told, where `statuses` is what each could be told alone."""
    lines: dict[str, Status] = {}
    for cell, status in zip(cells, statuses, strict=True):
        if cell.kind is Kind.LINE:
            lines[cell.name] = min(status, lines.get(cell.name, status), key=_WORSE.index)
    return [
        lines[cell.name] if cell.kind is Kind.LINE else status
        for cell, status in zip(cells, statuses, strict=True)
    ]
