"""One person: where, how dressed, on which way, in which pose."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from counter.sources.synthetic import body
from counter.sources.synthetic.layout import Seat
from counter.sources.synthetic.wardrobe import Look

Spot = tuple[float, float, float]  # x, y in metres, heading in radians


@dataclass(slots=True)
class Person:
    identity: int
    look: Look
    x: float
    y: float
    heading: float
    pose: str
    phase: float
    speed: float
    path: list[tuple[float, float]] = field(default_factory=list)
    stay_s: float = 0.0
    place: Seat | Spot | None = None
    next_pose: str = "stand"
    leaving: bool = False

    @property
    def walking(self) -> bool:
        return bool(self.path)


def pose_of(person: Person) -> tuple[float, ...]:
    """The 14 angles of body.POSES for a person now."""
    pose = body.POSES[person.pose]
    if person.walking:
        return body.stride(pose, person.phase, min(1.1, person.speed / 1.3))
    sway = 1.5 * math.sin(person.phase)
    return (*pose[:4], pose[4] + sway, pose[5] - sway, *pose[6:12], pose[12], pose[13] + 2 * sway)
