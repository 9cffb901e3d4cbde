"""A device, its gate and tallies for it, as several tests of the gate need them."""

import math
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from counter.disclosure import Gate
from counter.interval import EPOCH, Interval
from counter.purposes import Purpose
from counter.release import ZoneCount
from counter.settings import (
    CameraSettings,
    DisclosureSettings,
    GroupSettings,
    LineSettings,
    Settings,
    ZoneSettings,
)
from counter.tally import Tally

quick = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def box(left: float, **more: Any) -> ZoneSettings:
    corners = [(left, 0.1), (left + 0.2, 0.1), (left + 0.2, 0.9), (left, 0.9)]
    return ZoneSettings(camera="door", polygon=corners, **more)


def device(
    purpose: Purpose = Purpose.PASSENGER_INFORMATION,
    disclosure: DisclosureSettings | None = None,
    **more: Any,
) -> Settings:
    given_: dict[str, Any] = {
        "site": "line-7",
        "device": "coach-3",
        "purpose": purpose,
        "cameras": {"door": CameraSettings(source="clip.mp4")},
        "zones": {
            "a": box(0.0, seats=40, standing_m2=10.0, area_m2=30.0),
            "b": box(0.2),
            "c": box(0.4, seats=20),
            "d": box(0.6),
        },
        "groups": {"pair": GroupSettings(zones=["c", "d"])},
        "disclosure": disclosure or DisclosureSettings(),
    }
    return Settings(**{**given_, **more})


def footfall() -> Settings:
    line = LineSettings(camera="door", points=[(0.1, 0.5), (0.9, 0.5)])
    return device(Purpose.FOOTFALL, zones={}, groups={}, lines={"in": line})


def interval(gate: Gate, index: int = 0) -> Interval:
    length_s = gate.parameters.interval_s
    return Interval(EPOCH + timedelta(days=20_000, seconds=index * length_s), length_s)


def tallies(
    gate: Gate, values: Sequence[Any], index: int = 0, coverage: float = 1.0
) -> list[Tally]:
    when = interval(gate, index)
    return [Tally(c, when, v, coverage) for c, v in zip(gate.cells, values, strict=True)]


def alike(gate: Gate, value: Any, index: int = 0) -> list[Tally]:
    """The same exact count in every cell."""
    return tallies(gate, [value] * len(gate.cells), index)


def released(made: Settings, value: int | None) -> ZoneCount:
    gate = Gate(made)
    return gate.release(alike(gate, value))[0]


PURPOSES = st.sampled_from(Purpose)
VALUES = st.one_of(st.integers(0, 30), st.integers(0, 400), st.none())
ASKED = st.builds(  # by hand: msgspec checks bounds only when it converts
    DisclosureSettings,
    threshold=st.one_of(st.none(), st.integers(-50, 200)),
    rounding=st.one_of(st.none(), st.integers(-50, 120)),
    min_coverage=st.one_of(st.floats(-1, 1), st.just(math.nan), st.just(-math.inf)),
)
