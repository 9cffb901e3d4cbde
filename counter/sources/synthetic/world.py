"""Who walks where: arrivals, walking, waiting, sitting and leaving, in floor metres.

Rule 1: the same seed gives the same world; one generator, used in one order.
Rule 2: nothing grows but the next identity: people who leave are dropped.
Rule 3: the crowd follows a slow wave, so counts change between intervals.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from counter.sources.synthetic import body
from counter.sources.synthetic.layout import Gate, Layout, Region, Seat
from counter.sources.synthetic.person import Person, Spot
from counter.sources.synthetic.wardrobe import dress

Floats = NDArray[np.float64]

WAVE = ((150.0, 0.2), (47.0, 0.1))  # period in seconds, share of the mean
SPEED_M_S = (1.25, 0.18)  # free walking speed of adults, mean and deviation, as usually measured
STAY_S = (14.0, 70.0)
MOST_PEOPLE = 120
TRIES = 14  # spots looked at before the best of them is taken
WALKING_ARMS = ("stand", "stand", "relaxed", "phone", "pockets", "carry", "call")


class World:
    """The people of one place."""

    def __init__(self, layout: Layout, rng: np.random.Generator, people: float) -> None:
        self._layout = layout
        self._rng = rng
        self._mean = people
        self._offset = rng.uniform(0, 2 * math.pi, len(WAVE))
        self._clock_s = 0.0
        self._next = 0
        self.people: list[Person] = []
        for _ in range(min(MOST_PEOPLE, round(self._wanted()))):
            self._settle()

    def step(self, seconds: float) -> None:
        """Lets time pass."""
        self._clock_s += seconds
        self._balance(seconds)
        pushes = self._pushes()
        for person, push in zip(self.people, pushes, strict=True):
            self._live(person, push, seconds)
        self.people = [p for p in self.people if not (p.leaving and not p.path)]

    def _wanted(self) -> float:
        wave = sum(
            share * math.sin(2 * math.pi * self._clock_s / period + offset)
            for (period, share), offset in zip(WAVE, self._offset, strict=True)
        )
        return self._mean * (1 + wave)

    def _balance(self, seconds: float) -> None:
        """Someone comes, or someone who waits decides to go."""
        staying = [p for p in self.people if not p.leaving]
        gap = self._wanted() - len(staying)
        if self._rng.random() < min(0.6, abs(gap) * 0.22 * seconds):
            if gap > 0 and len(self.people) < MOST_PEOPLE:
                self._arrive()
            elif gap < 0 and staying:
                self._leave(staying[int(self._rng.integers(len(staying)))])

    def _new(self, x: float, y: float) -> Person:
        rng = self._rng
        self._next += 1
        pose = WALKING_ARMS[int(rng.integers(len(WALKING_ARMS)))]
        speed = float(np.clip(rng.normal(*SPEED_M_S), 0.7, 1.8))
        return Person(self._next, dress(rng), x, y, float(rng.uniform(0, 6.28)), pose,
                      float(rng.uniform(0, 6.28)), speed)  # fmt: skip

    def _arrive(self) -> None:
        gate = self._gate()
        person = self._new(*gate.outside)
        self._send(person, self._choose(), [gate.inside])
        person.heading = math.atan2(gate.inside[1] - person.y, gate.inside[0] - person.x)
        self.people.append(person)

    def _settle(self) -> None:
        """A person who was here before the first frame: waiting, or on the way."""
        place = self._choose()
        person = self._new(0.0, 0.0)
        person.stay_s = float(self._rng.uniform(2, STAY_S[1]))
        if self._rng.random() < 0.72 or not self._layout.gates:
            self._send(person, place, [])
            person.path.clear()
            person.x, person.y, heading = self._pose_at(place)
            self._stop(person)
            person.heading = heading
        else:
            x, y, _ = self._pose_at(self._choose())
            person.x, person.y = (
                (x, y) if self._layout.aisle_x is None else (self._layout.aisle_x, y)
            )
            self._send(person, place, [])
        self.people.append(person)

    def _gate(self) -> Gate:
        weights = np.array([gate.weight for gate in self._layout.gates])
        return self._layout.gates[int(self._rng.choice(len(weights), p=weights / weights.sum()))]

    def _choose(self) -> Seat | Spot:
        """A free seat, or the roomiest of a few places in a waiting region."""
        rng, layout = self._rng, self._layout
        taken = {id(p.place) for p in self.people}
        free = [seat for seat in layout.seats if id(seat) not in taken]
        if free and rng.random() < layout.seated_share:
            return free[int(rng.integers(len(free)))]
        weights = np.array([region.weight for region in layout.regions])
        region = layout.regions[int(rng.choice(len(weights), p=weights / weights.sum()))]
        return self._roomiest(region)

    def _roomiest(self, region: Region) -> Spot:
        """The first of a few spots with room enough, else the one with most room."""
        layout = self._layout
        taken = [(p.x, p.y) for p in self.people]
        taken += [p.place[:2] for p in self.people if isinstance(p.place, tuple)]
        others = np.array(taken or [(1e3, 1e3)])
        best, room = self._spot(region), -1.0
        for _ in range(TRIES):
            spot = self._spot(region)
            gap = (others - spot[:2]) / (1.0, layout.stretch)
            near = 0.0 if self._blocked(spot) else float(np.hypot(*gap.T).min())
            if near > room:
                best, room = spot, near
            if near >= layout.personal_m:
                break
        return best

    def _spot(self, region: Region) -> Spot:
        left, near, right, far = region.area
        turn = region.heading_deg + self._rng.uniform(-1, 1) * region.spread_deg
        return (
            float(self._rng.uniform(left, right)),
            float(self._rng.uniform(near, far)),
            math.radians(turn),
        )

    def _blocked(self, spot: Spot) -> bool:
        return any(
            math.hypot(spot[0] - x, spot[1] - y) < radius + 0.25
            for x, y, radius in self._layout.obstacles
        )

    def _pose_at(self, place: Seat | Spot) -> Spot:
        if isinstance(place, Seat):
            return (*place.floor, math.radians(place.heading_deg))
        return place

    def _send(self, person: Person, place: Seat | Spot, via: list[tuple[float, float]]) -> None:
        """Gives a person a way to a place and what to do there."""
        rng = self._rng
        x, y, _ = self._pose_at(place)
        person.place = place
        person.stay_s = float(rng.uniform(*STAY_S))
        start = via[-1] if via else (person.x, person.y)
        person.path = [*via, *self._walkway(start, (x, y)), (x, y)]
        poses = body.SEATED if isinstance(place, Seat) else self._poses(x, y)
        person.next_pose = poses[int(rng.integers(len(poses)))]

    def _poses(self, x: float, y: float) -> tuple[str, ...]:
        for region in self._layout.regions:
            left, near, right, far = region.area
            if region.poses and left <= x <= right and near <= y <= far:
                return region.poses
        return body.STANDING

    def _walkway(
        self, start: tuple[float, float], goal: tuple[float, float]
    ) -> list[tuple[float, float]]:
        aisle = self._layout.aisle_x
        if aisle is None:
            return []
        return [(aisle, start[1]), (aisle, goal[1])]

    def _leave(self, person: Person) -> None:
        gate = self._gate()
        way = self._walkway((person.x, person.y), gate.inside)
        person.path = [*way, gate.inside, gate.outside]
        person.leaving, person.place = True, None

    def _stop(self, person: Person) -> None:
        person.pose = person.next_pose
        if person.place is not None:
            person.x, person.y, _ = self._pose_at(person.place)

    def _pushes(self) -> Floats:
        """(N, 2) metres a second away from others who are close, and from obstacles."""
        if not self.people:
            return np.empty((0, 2))
        at = np.array([(p.x, p.y) for p in self.people])
        gap = at[:, None] - at[None]
        reach = np.hypot(gap[..., 0], gap[..., 1]) + 1e-6
        force = np.where((reach < 0.75) & (reach > 1e-5), (0.75 - reach) * 1.6, 0.0)
        push: Floats = (gap / reach[..., None] * force[..., None]).sum(axis=1)
        for x, y, radius in self._layout.obstacles:
            off = at - (x, y)
            far = np.hypot(off[:, 0], off[:, 1]) + 1e-6
            near = np.clip(radius + 0.45 - far, 0, None)
            tangent = np.stack([-off[:, 1], off[:, 0]], axis=1)
            push += (off * 3.0 + tangent) / far[:, None] * near[:, None]
        return np.clip(push, -0.9, 0.9)

    def _live(self, person: Person, push: Floats, seconds: float) -> None:
        if not person.path:
            self._wait(person, seconds)
            return
        self._walk(person, push, seconds)

    def _walk(self, person: Person, push: Floats, seconds: float) -> None:
        goal = person.path[0]
        dx, dy = goal[0] - person.x, goal[1] - person.y
        left = math.hypot(dx, dy)
        if left < max(0.12, person.speed * seconds):
            person.path.pop(0)
            if not person.path and not person.leaving:
                self._stop(person)
            return
        if person.pose in body.SEATED or person.pose in ("strap", "pole"):
            person.pose = "stand"
        share = 0.25 if left < 0.6 else 1.0
        vx = dx / left * person.speed + float(push[0]) * share
        vy = dy / left * person.speed + float(push[1]) * share
        person.x += vx * seconds
        person.y += vy * seconds
        pace = math.hypot(vx, vy)
        person.phase += pace * seconds * 2 * math.pi / (0.84 * person.look.stature_m)
        turn = (math.atan2(vy, vx) - person.heading + math.pi) % (2 * math.pi) - math.pi
        person.heading += turn * min(1.0, 5 * seconds)

    def _wait(self, person: Person, seconds: float) -> None:
        person.stay_s -= seconds
        person.phase += seconds * 0.9
        if person.place is not None:
            wanted = self._pose_at(person.place)[2]
            turn = (wanted - person.heading + math.pi) % (2 * math.pi) - math.pi
            person.heading += turn * min(1.0, 4 * seconds)
        if person.stay_s > 0:
            return
        if self._rng.random() < 0.3 or not self._layout.gates:
            self._send(person, self._choose(), [])
        else:
            self._leave(person)
