"""What a released count says of the exact one behind it, to whoever knows the rules."""

from collections.abc import Callable
from functools import lru_cache

from counter import disclosure
from counter.floor import Parameters
from counter.release import Status, ZoneCount
from tests.attacker.linear import MANY


def said(count: ZoneCount, parameters: Parameters) -> tuple[int, int]:
    """The least and the greatest number of persons that leave as this count."""
    if count.status is Status.MISSING:
        return 0, MANY
    if count.status is Status.SUPPRESSED:
        return 0, parameters.threshold - 1
    assert count.value is not None
    shares = (count.fill, count.density)
    wholes = (count.cell.capacity, count.cell.area_m2)
    return _behind(count.value, shares, wholes, parameters, disclosure.rounded)


@lru_cache(maxsize=100_000)
def _behind(
    value: int,
    shares: tuple[float | None, float | None],
    wholes: tuple[float, float],
    parameters: Parameters,
    rounded: Callable[[int, Parameters], int],  # as in force: a weaker gate's is another one
) -> tuple[int, int]:
    """Try every number near the released one; ratios are taken as further witnesses."""
    reach = 2 * max(parameters.rounding, parameters.coarse_rounding) + parameters.threshold
    found = [
        exact
        for exact in range(max(0, value - reach), value + reach)
        if exact >= parameters.threshold
        and rounded(exact, parameters) == value
        and _agrees(value, shares, wholes)
    ]
    return min(found), max(found)


def _agrees(
    number: int, shares: tuple[float | None, float | None], wholes: tuple[float, float]
) -> bool:
    return all(
        share is None or abs(share - number / whole) <= 0.5 / steps + 1e-9
        for share, whole, steps in zip(shares, wholes, (20, 2), strict=True)
    )
