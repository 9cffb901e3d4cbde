"""Histories of zones: a floor of eight strips, cut into zones in one way and then in another.

Rule 1: a zone is some neighbouring strips; a group is some zones; people stand in strips.
Rule 2: after a restart the zones are cut otherwise and nobody has moved, which is the worst case.
The attacker takes people of releases that lie less than SAME_PEOPLE_S apart for the same.
Rule 3: a released number is asked for as well: it must stand for LEAST_NUMBERS counts.
"""

from datetime import datetime, timedelta
from itertools import pairwise

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from counter import history
from counter.cells import Cell, Kind
from counter.disclosure import Gate
from counter.floor import Parameters
from counter.interval import EPOCH, Interval, interval_at
from counter.purposes import Purpose
from counter.release import Status, ZoneCount
from counter.settings import CameraSettings, DisclosureSettings, GroupSettings, Settings
from counter.settings import ZoneSettings as Zone
from counter.tally import Tally
from tests.attacker.linear import Block, Target
from tests.attacker.reading import said

STRIPS = 8
SAME_PEOPLE_S = 1200  # the attacker's own number, whatever the hold is set to
LEAST_NUMBERS = 3  # half a step of the finest rounding: 10 stands for 10 to 12 with threshold 10
DAY = EPOCH + timedelta(days=20_000)
OCCUPANCY = (Purpose.PASSENGER_INFORMATION, Purpose.EVENT_DENSITY, Purpose.FOOTFALL)
Release = tuple[tuple[ZoneCount, ...], Parameters, Settings, datetime]


def settings(rng: Generator, purpose: Purpose) -> Settings:
    cuts = [0, *np.flatnonzero(rng.random(STRIPS - 1) < 0.4) + 1, STRIPS]
    zones = {
        f"z{first}-{last}": _zone(rng, first, last)
        for first, last in pairwise(cuts)
        if rng.random() < 0.85
    } or {f"z0-{STRIPS}": _zone(rng, 0, STRIPS)}
    names = sorted(zones)
    grouped = names[: int(rng.integers(2, len(names) + 1))] if len(names) > 1 else []
    return Settings(
        site="s",
        device="d",
        purpose=purpose,
        cameras={"hall": CameraSettings(source="rtsp://hall/1")},
        zones=zones,
        groups={"all": GroupSettings(zones=grouped)} if grouped and rng.random() < 0.4 else {},
        disclosure=DisclosureSettings(
            threshold=[None, 3, 10, 11, 12, 20][rng.integers(6)],
            rounding=[None, 1, 5, 6, 10][rng.integers(5)],
        ),
    )


def _zone(rng: Generator, first: int, last: int) -> Zone:
    left, right = first / 10, last / 10
    measured = bool(rng.random() < 0.5)
    return Zone(
        camera="hall",
        polygon=[(left, 0.1), (right, 0.1), (right, 0.9), (left, 0.9)],
        seats=40 * measured,
        standing_m2=10.0 * measured,
        area_m2=30.0 * measured,
    )


def strips_of(cell: Cell, asked: Settings) -> list[int]:
    zones = asked.groups[cell.name].zones if cell.kind is Kind.GROUP else [cell.name]
    found: list[int] = []
    for zone in zones:
        first, last = map(int, zone[1:].split("-"))
        found += range(first, last)
    return found


def _run(
    gate: Gate, asked: Settings, crowds: list[NDArray[np.int64]], first: Interval
) -> list[Release]:
    out = []
    for index, crowd in enumerate(crowds):
        start = first.start + timedelta(seconds=index * first.length_s)
        when = Interval(start, first.length_s)
        tallies = [
            Tally(cell, when, int(crowd[strips_of(cell, asked)].sum()), 1.0) for cell in gate.cells
        ]
        out.append((gate.release(tallies), gate.parameters, asked, start))
    return out


def _crowd(rng: Generator, asked: Settings, means: NDArray[np.float64]) -> NDArray[np.int64]:
    """So many in each strip; in a third of all, each zone holds about as many as the threshold."""
    made = rng.poisson(means)
    if rng.random() < 0.33:
        made[:] = 0
        for name in asked.zones:
            made[int(name[1:].split("-")[0])] = rng.integers(7, 15)
    return made


def history_of_strips(rng: Generator) -> Block:
    purpose = OCCUPANCY[rng.integers(3)]
    asked, again = settings(rng, purpose), settings(rng, purpose)
    gate = Gate(asked)
    length_s = gate.parameters.interval_s
    means = rng.choice([0.5, 2.0, 5.0, 20.0, 60.0], STRIPS)
    crowds = [_crowd(rng, asked, means) for _ in range(int(rng.integers(1, 5)))]
    first = Interval(DAY, length_s)
    releases = _run(gate, asked, crowds, first)
    ended = DAY + timedelta(seconds=len(crowds) * length_s + int(rng.integers(length_s)))
    started = ended + timedelta(seconds=int(rng.choice([5, 60, 600, 3000])))
    memory = [history.Run(history.grid_sha256(asked), DAY, ended)]
    earliest = history.not_before(
        started, history.grid_sha256(again), memory if rng.random() < 0.7 else None
    )
    second = Gate(again, earliest)
    still = [crowds[-1]] * (2 + 1200 // length_s + 2)
    releases += _run(second, again, still, interval_at(started, length_s))
    return _block(releases, len(crowds))


def _block(releases: list[Release], of_first: int) -> Block:
    """Write down what the attacker knows: each release is a sum over strips."""
    out = Block()
    floor: list[int] = []
    last: list[int] = []  # who stood there when the first run ended
    ended = releases[of_first - 1][3] + timedelta(seconds=releases[0][1].interval_s)
    for index, (counts, parameters, asked, start) in enumerate(releases):
        told = [count for count in counts if count.status is not Status.MISSING]
        same = index >= of_first and (start - ended).total_seconds() < SAME_PEOPLE_S
        if told and not same:
            floor = [out.unknown() for _ in range(STRIPS)]
        elif told:
            floor = last
        for count in told:
            unknown = out.unknown(*said(count, parameters))
            parts = [(floor[strip], -1) for strip in strips_of(count.cell, asked)]
            out.equal.append(([(unknown, 1), *parts], 0))
            suppressed = count.status is Status.SUPPRESSED
            least = parameters.threshold if suppressed else LEAST_NUMBERS
            out.targets.append(Target(unknown, least, suppressed))
        if index == of_first - 1:
            last = floor
    return out
