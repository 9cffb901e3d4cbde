"""Would this counter be accepted? An equivalence test in the manner of VDV 457.

Recommendation 457 of the association of German transport companies (VDV), on automatic passenger
counting, tests since version 2.1 (April 2018), for tenders from 30 June 2019 on, whether a
counter's relative error is shown to lie within a limit; before, a t-test asked that no error be
shown (M. Baumann, M. Ritschel: Genauer ist gerechter, Der Nahverkehr 1-2/2020). What is done here
follows the published method (M. Siebert, D. Ellenberger: Validation of automatic passenger
counting: introducing the t-test-induced equivalence test, Transportation 47, 2020,
doi:10.1007/s11116-019-09991-9; D. Schuirmann 1987 for two one-sided tests): of each event, ours
minus a person's count; the mean of these over the mean of the person's counts; Student's t.

It is in the manner of VDV 457 and no test by it. Its text (150 pages in version 2.1; 2.3 is of
November 2025) was not at hand: its limits for each category of what is counted, its sampling plan
and its partitioned test (Ellenberger, Siebert, arXiv:2104.09697: less counting by eye at the same
user's risk) are not here, and an event is an interval of a clip. No second-hand figure of its
limits was found that could be relied on. So the limit is free; 1 % where none is given is ours,
after the accuracy of "around 99%" that the paper above reports of the latest devices.

Rule 1: the user's risk is `ALPHA`: a counter whose true error is at the limit is accepted in at
most that share of samples. Accepted means: the interval of 1 - 2 ALPHA lies within the limit.
Rule 2: few events accept nothing, however well they were counted.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, sqrt
from statistics import fmean, stdev

from scipy.special import stdtrit

ALPHA = 0.05  # the user's risk, and the supplier's: of refusing a counter without any error
LIMIT = 0.01  # of the relative error
LEAST_EVENTS = 30  # below it Student's t says little of counts


@dataclass(frozen=True, slots=True)
class Acceptance:
    cell: str
    events: int
    truth: int  # persons in all events
    error: float  # mean of ours - truth, over the mean truth
    low: float  # of the interval of 1 - 2 ALPHA
    high: float
    limit: float
    needed: int  # events for a counter of this spread and no error to be accepted; 95 of 100 times

    @property
    def shown(self) -> float:
        """The smallest limit that these events show."""
        return max(abs(self.low), abs(self.high))

    @property
    def accepted(self) -> bool:
        return self.events >= LEAST_EVENTS and self.shown <= self.limit


def accept(cell: str, pairs: Sequence[tuple[int, int]], limit: float = LIMIT) -> Acceptance | None:
    """Test (truth, ours) of each event; None where there is no spread to speak of."""
    total = sum(truth for truth, _ in pairs)
    if len(pairs) < 2 or not total:
        return None
    mean = total / len(pairs)
    errors = [(ours - truth) / mean for truth, ours in pairs]
    error, spread = fmean(errors), stdev(errors)
    half = _quantile(len(pairs) - 1, ALPHA) * spread / sqrt(len(pairs))
    return Acceptance(
        cell=cell,
        events=len(pairs),
        truth=total,
        error=error,
        low=error - half,
        high=error + half,
        limit=limit,
        needed=needed(spread, limit),
    )


def needed(spread: float, limit: float) -> int:
    """How many events make a counter of this relative spread and no error pass 95 of 100 times."""
    events = LEAST_EVENTS
    while True:
        quantiles = _quantile(events - 1, ALPHA) + _quantile(events - 1, ALPHA / 2)
        wanted = max(ceil((quantiles * spread / limit) ** 2), LEAST_EVENTS)
        if wanted <= events:
            return events
        # The quantiles shrink as events grow: from here on each step is a small one up.
        events = max(events + 1, ceil(wanted * 0.9)) if wanted * 0.9 > events else events + 1


def _quantile(freedom: int, tail: float) -> float:
    return float(stdtrit(freedom, 1 - tail))
