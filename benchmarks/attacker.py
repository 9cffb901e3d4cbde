"""Can sums over everything a device ever published bound a suppressed number?

First table: random histories through the real gate, attacked by linear programming; `spare` is the
width of the tightest range less the least that it may have, so below 0 is a find. Second: the same
attacker against gates with one rule switched off. Third: what telling both directions of a line
together costs, on drawn days. Slow: 200 of its 2,000 histories took 97 s on two busy cores.
"""

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from math import exp
from pathlib import Path
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from benchmarks.machine import report
from counter.disclosure import Gate
from counter.interval import EPOCH, Interval
from counter.purposes import Measure, Purpose
from counter.release import Status
from counter.settings import CameraSettings, LineSettings, Settings
from counter.tally import Tally
from tests.attacker.campaign import KINDS, Outcome, attack
from tests.attacker.weaker import WEAKER, each_direction_alone

COST = (
    "What does telling both directions of a line together cost? Share of the released numbers (and"
    " of the persons in them) that it takes away, by the interval."
)
CONTROLS = 100  # histories of each kind against each weaker gate
DAYS = 20
DAY_S = 86_400
LENGTHS_S = (1200, 3600, 14_400)


def run(out: Path | None, model: str | None, rest: list[str]) -> None:  # noqa: ARG001
    parser = argparse.ArgumentParser(prog="python -m benchmarks attacker")
    parser.add_argument("--histories", type=int, default=1000, help="of all kinds together")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args(rest)
    question = f"{(__doc__ or '').splitlines()[0]} Seed {asked.seed}."
    each = -(-asked.histories // len(KINDS))
    told = Told(asked.histories, (each + CONTROLS * len(WEAKER)) * len(KINDS))
    rows = [
        {"gate": "ours", **_row(kind, _outcome(kind, asked.seed, each, told))} for kind in KINDS
    ]
    controls = []
    for name, weaker in WEAKER.items():
        with weaker():
            for kind in KINDS:
                found = _outcome(kind, asked.seed, CONTROLS, told)
                controls.append({"without the rule": name, **_row(kind, found)})
    report(question, rows, out)
    report(f"{question} Weaker gates.", controls, _beside(out, "weaker"))
    report(COST, _cost(told), _beside(out, "cost"))


class Told:
    """Progress on standard error, a line now and then, also where nobody sits at a terminal."""

    def __init__(self, histories: int, total: int) -> None:
        self._began, self._done, self._total = time.monotonic(), 0, total
        self.say(f"{histories} histories of our gate, the others of weaker ones")

    def advance(self, histories: int) -> None:
        self._done += histories
        self.say(f"{self._done} of {self._total} histories")

    def say(self, what: str) -> None:
        sys.stderr.write(f"attacker: {what}, {time.monotonic() - self._began:.0f} s\n")


def _outcome(kind: str, seed: int, histories: int, told: Told) -> Outcome:
    outcome, before = Outcome(), 0
    for outcome, done in attack(kind, seed, histories):  # noqa: B007
        told.advance(done - before)
        before = done
    return outcome


def _row(kind: str, outcome: Outcome) -> dict[str, Any]:
    return {
        "kind": kind,
        "histories": outcome.histories,
        "suppressed": outcome.suppressed,
        "released": outcome.published,
        "tightest suppressed": outcome.tightest,
        "spare": outcome.spare,
        "found": outcome.found,
    }


def _beside(out: Path | None, name: str) -> Path | None:
    return out.with_name(f"{out.stem}-{name}{out.suffix}") if out else None


@dataclass(frozen=True)
class Place:
    """Persons an hour through all doors: who stay for `stay_min`, or who pass through."""

    doors: int
    arrivals: Callable[[float], float]  # by hour of the day
    stay_min: float = 0.0  # 0: entries and exits have nothing to do with each other
    exits: Callable[[float], float] = lambda _: 0.0


def _peak(hour: float, at: float, wide: float, high: float) -> float:
    return high * exp(-(((hour - at) / wide) ** 2) / 2)


def _shop(low: float, noon: float, evening: float) -> Callable[[float], float]:
    def arrivals(hour: float) -> float:
        if not 9 <= hour < 19:
            return 0.0
        return low + _peak(hour, 12.5, 1, noon) + _peak(hour, 17, 1.2, evening)

    return arrivals


def _commute(morning: float, evening: float) -> Callable[[float], float]:
    def flow(hour: float) -> float:
        return (hour >= 5) * (5 + _peak(hour, 8, 1, morning) + _peak(hour, 17.5, 1.5, evening))

    return flow


PLACES = {
    "corner shop, 1 door": Place(1, _shop(10, 10, 12), 20),
    "shop, 1 door": Place(1, _shop(15, 45, 60), 25),
    "busy shop, 1 door": Place(1, _shop(60, 100, 140), 25),
    "department store, 2 doors": Place(2, _shop(60, 120, 150), 45),
    "mall, 4 doors": Place(4, _shop(200, 500, 600), 60),
    "office, 1 door": Place(1, lambda h: 5 + _peak(h, 8.7, 0.5, 120), 480),
    "station, 2 gates": Place(2, _commute(900, 300), exits=_commute(150, 800)),
    "tram stop, 1 line": Place(1, _commute(200, 60), exits=_commute(30, 180)),
}


def _cost(told: Told) -> list[dict[str, Any]]:
    """Shares of the numbers that a gate without the rule releases, over DAYS days."""
    rng = np.random.default_rng(1)
    rows = []
    for name, place in PLACES.items():
        days = [_minutes(rng, place) for _ in range(DAYS)]
        row: dict[str, Any] = {"place": name}
        for length_s in LENGTHS_S:
            with each_direction_alone():
                cells, persons = _released(days, length_s)
            kept, kept_persons = _released(days, length_s)
            lost = _share(cells - kept, cells)
            row[f"{length_s // 60} min"] = f"{lost} ({_share(persons - kept_persons, persons)})"
        rows.append(row)
        told.say(f"cost, {name}")
    return rows


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f} %" if whole else "none"


def _minutes(rng: Generator, place: Place) -> NDArray[np.int64]:
    """Entries and exits of one drawn day: (2, minutes, doors)."""
    minutes = DAY_S // 60
    made = np.zeros((2, minutes, place.doors), np.int64)
    for minute in range(minutes):
        for _ in range(rng.poisson(place.arrivals(minute / 60) / 60)):
            made[0, minute, rng.integers(place.doors)] += 1
            if place.stay_min:
                leaves = min(minute + int(rng.gamma(2, place.stay_min / 2)), minutes - 1)
                made[1, leaves, rng.integers(place.doors)] += 1
        if not place.stay_min:
            made[1, minute] = rng.poisson(place.exits(minute / 60) / 60 / place.doors, place.doors)
    return made


def _released(days: list[NDArray[np.int64]], length_s: int) -> tuple[int, int]:
    """How many numbers a gate releases, and how many persons are in them."""
    doors, numbers, persons = days[0].shape[2], 0, 0
    gate = Gate(_settings(doors, length_s))
    for day, exact in enumerate(days):
        counts = exact.reshape(2, DAY_S // length_s, length_s // 60, doors).sum(axis=2)
        for index in range(counts.shape[1]):
            start = EPOCH + timedelta(days=20_000 + day, seconds=index * length_s)
            when = Interval(start, length_s)
            values = {
                cell: int(counts[int(cell.measure is Measure.EXITS), index, int(cell.name[1:])])
                for cell in gate.cells
            }
            tallies = [Tally(cell, when, value, 1.0) for cell, value in values.items()]
            for count in gate.release(tallies):
                if count.status is Status.PUBLISHED:
                    numbers += 1
                    persons += values[count.cell]
    return numbers, persons


def _settings(doors: int, length_s: int) -> Settings:
    names = [f"d{i}" for i in range(doors)]
    line = [(0.1, 0.5), (0.9, 0.5)]
    return Settings(
        site="s",
        device="d",
        purpose=Purpose.FOOTFALL,
        interval_s=length_s,
        cameras={name: CameraSettings(source="rtsp://c/1") for name in names},
        lines={name: LineSettings(camera=name, points=line) for name in names},
    )
