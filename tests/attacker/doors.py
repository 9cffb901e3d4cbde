"""Histories of doors: rooms with lines between them, people who walk, and what was published.

Rule 1: a line leads from any room to any other one or to the street, drawn either way.
Rule 2: of the two directions in one token the attacker is told which is the smaller. That is more
than is published, and it leaves sums that are linear.
Rule 3: a lost camera, a restart in the middle and other parameters after it are part of a history.
"""

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from counter import balance, disclosure, history
from counter.cells import Cell, Kind
from counter.disclosure import Gate
from counter.floor import Parameters
from counter.interval import EPOCH, Interval
from counter.purposes import Measure, Purpose
from counter.release import Status, ZoneCount
from counter.settings import CameraSettings, DisclosureSettings, LineSettings, Settings
from counter.settings import ZoneSettings as Zone
from counter.tally import Tally
from tests.attacker.linear import MANY, Block, Target
from tests.attacker.reading import said

STREET = -1
DAY = EPOCH + timedelta(days=20_000)
LENGTHS = (900, 1200, 1800, 3600)
Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Walk:
    """Doors (from, to); who went through each in each interval; who was inside at each end."""

    doors: tuple[tuple[int, int], ...]
    entries: Counts  # (intervals, doors): from `from` to `to`
    exits: Counts
    inside: Counts  # (intervals + 1, rooms)


Release = tuple[tuple[ZoneCount, ...], Parameters]


def walk(rng: Generator, intervals: int) -> Walk:
    rooms = int(rng.integers(1, 4))
    doors = tuple(_door(rng, room, rooms) for room in [*range(rooms), *rng.integers(0, rooms, 2)])
    doors = doors[: int(rng.integers(rooms, rooms + 3))]
    shape = (intervals, len(doors))
    made = Walk(
        doors, np.zeros(shape, int), np.zeros(shape, int), np.zeros((intervals + 1, rooms), int)
    )
    made.inside[0] = rng.choice([0, 0, 1], rooms) * rng.integers(0, 30, rooms)
    mood = int(rng.integers(6))
    for now in range(intervals):
        mood = mood if rng.random() < 0.5 else int(rng.integers(6))
        _step(rng, made, now, mood)
    return made


def _door(rng: Generator, room: int, rooms: int) -> tuple[int, int]:
    """A door of `room` to the street or to a room before it, drawn in either direction."""
    other = int(rng.integers(STREET, room)) if rng.random() < 0.7 or rooms == 1 else STREET
    return (other, int(room)) if rng.random() < 0.5 else (int(room), other)


def _step(rng: Generator, made: Walk, now: int, mood: int) -> None:
    """Let people through one door after the other; nobody leaves who is not there."""
    inside = {STREET: 10**6} | dict(enumerate(made.inside[now].tolist()))
    for door in rng.permutation(len(made.doors)):
        first, second = made.doors[door]
        wanted = _wanted(rng, mood, street_first=first == STREET, inside=inside[second])
        entries = min(wanted[0], inside[first])
        inside[first] -= entries
        inside[second] += entries
        exits = min(wanted[1], inside[second])
        inside[second] -= exits
        inside[first] += exits
        made.entries[now, door], made.exits[now, door] = entries, exits
    made.inside[now + 1] = [inside[room] for room in range(made.inside.shape[1])]


def _wanted(rng: Generator, mood: int, *, street_first: bool, inside: int) -> tuple[int, int]:
    """A quiet night, counts around the threshold, a rush, its end, a busy hour, closing time."""
    if mood == 1:
        return int(rng.integers(6, 18)), int(rng.integers(6, 18))
    rate = {0: (1.5, 1.5), 2: (25, 4), 3: (4, 25), 4: (20, 20), 5: (0, 10**4)}[mood]
    if mood == 5 and street_first and rng.random() < 0.8:
        return int(rng.poisson(2)), inside + 100
    return tuple(int(min(n, 200)) for n in rng.poisson(rate))  # type: ignore[return-value]


def settings(rng: Generator, place: Walk, length_s: int) -> Settings:
    """Any purpose's floor is asked for and more; zones too, which a weaker gate would release."""
    names = [f"d{i}" for i in range(len(place.doors))]
    return Settings(
        site="s",
        device="d",
        purpose=Purpose.FOOTFALL,
        interval_s=length_s,
        cameras={f"c{i}": CameraSettings(source=f"rtsp://c/{i}") for i in range(len(names))},
        lines={
            name: LineSettings(camera=f"c{i // 2}", points=[(0.1, y), (0.9, y)])
            for i, name in enumerate(names)
            for y in [0.3 + 0.4 * (i % 2)]
        },
        zones={
            f"r{i}": Zone(camera=f"c{i}", polygon=[(0, 0), (1, 0), (1, 1)])
            for i in range(min(place.inside.shape[1], len(names)))
        },
        disclosure=DisclosureSettings(
            threshold=[None, 3, 10, 11, 12, 20][rng.integers(6)],
            rounding=[None, 1, 5, 6, 10][rng.integers(5)],
        ),
    )


def published(rng: Generator, made: Walk) -> list[Release]:
    """Send a walk through the real gate, or through two where the device is restarted."""
    length_s, many = int(rng.choice(LENGTHS)), len(made.entries)
    asked = settings(rng, made, length_s)
    gate, out = Gate(asked), list[Release]()
    again = int(rng.integers(1, many)) if rng.random() < 0.3 else many
    for now in range(many):
        if now == again:
            gate = _restarted(rng, asked, settings(rng, made, length_s), now)
        when = Interval(DAY + timedelta(seconds=now * length_s), length_s)
        lost = f"c{rng.integers(3)}" if rng.random() < 0.08 else None
        values = {cell: _value(cell, made, now) for cell in gate.cells}
        tallies = [
            Tally(cell, when, None, 0.0)
            if cell.kind is Kind.LINE and asked.lines[cell.name].camera == lost
            else Tally(cell, when, value, 1.0)
            for cell, value in values.items()
        ]
        out.append((gate.release(tallies), gate.parameters))
    return out


def _restarted(rng: Generator, before: Settings, after: Settings, now: int) -> Gate:
    length_s = after.interval_s or 0
    started = DAY + timedelta(seconds=now * length_s + int(rng.integers(length_s)))
    memory = [history.Run(history.grid_sha256(before), DAY, started)]
    grid = history.grid_sha256(after)
    return Gate(after, history.not_before(started, grid, memory if rng.random() < 0.7 else None))


def _value(cell: Cell, made: Walk, now: int) -> int:
    number = int(cell.name[1:])
    if cell.kind is Kind.ZONE:
        return int(made.inside[now + 1, number])
    of = made.entries if cell.measure is Measure.ENTRIES else made.exits
    return int(of[now, number])


def block(made: Walk, releases: list[Release], known: NDArray[np.bool_]) -> Block:
    """Write down what the attacker knows. `known` (intervals + 1, rooms): those occupancies."""
    out = Block()
    inside = [[out.unknown(high=MANY) for _ in row] for row in made.inside]
    for row, truth, sure in zip(inside, made.inside.tolist(), known, strict=True):
        for unknown, value, is_known in zip(row, truth, sure, strict=True):
            if is_known:
                out.narrow(unknown, value, value)
    for now, (counts, parameters) in enumerate(releases):
        doors = [(out.unknown(), out.unknown()) for _ in made.doors]
        for room in range(made.inside.shape[1]):
            terms = [(inside[now + 1][room], 1), (inside[now][room], -1)]
            for (first, second), (entries, exits) in zip(made.doors, doors, strict=True):
                if room in (first, second):
                    sign = 1 if room == first else -1
                    terms += [(entries, sign), (exits, -sign)]
            out.equal.append((terms, 0))
        _read(out, counts, parameters, doors, (made, now, inside[now + 1]))
    return out


def _read(
    out: Block,
    counts: tuple[ZoneCount, ...],
    parameters: Parameters,
    doors: list[tuple[int, int]],
    at: tuple[Walk, int, list[int]],
) -> None:
    made, now, inside = at
    paired = vars(disclosure)["together"] is balance.together
    for count in counts:
        number = int(count.cell.name[1:])
        out_of = count.cell.measure is Measure.EXITS
        if paired and count.cell.kind is Kind.LINE and count.status is Status.SUPPRESSED:
            if out_of:
                exact = int(made.entries[now, number]), int(made.exits[now, number])
                _pair(out, doors[number], exact, parameters.threshold)
            continue
        unknown = inside[number] if count.cell.kind is Kind.ZONE else doors[number][out_of]
        asked = out.low[unknown] < out.high[unknown]  # what is known anyway is not found out
        out.narrow(unknown, *said(count, parameters))
        if asked and count.status is Status.SUPPRESSED:
            out.targets.append(Target(unknown, parameters.threshold, suppressed=True))


def _pair(out: Block, door: tuple[int, int], exact: tuple[int, int], threshold: int) -> None:
    """Rule 2: the smaller is below the threshold, and the attacker knows which it is."""
    smaller = int(exact[1] < exact[0])
    out.narrow(door[smaller], 0, threshold - 1)
    out.at_most.append(([(door[smaller], 1), (door[1 - smaller], -1)], 0))
    for side in (smaller, 1 - smaller):
        if exact[side] < threshold:
            out.targets.append(Target(door[side], threshold, suppressed=True))


def history_of_doors(rng: Generator) -> Block:
    """One history; the attacker knows when rooms are empty, or some occupancies, or all."""
    made = walk(rng, int(rng.integers(3, 9)))
    releases = published(rng, made)
    knows = rng.integers(3)
    some = rng.random(made.inside.shape) < 0.5
    known = (made.inside == 0) if knows == 0 else some if knows == 1 else np.ones_like(some)
    return block(made, releases, known)
