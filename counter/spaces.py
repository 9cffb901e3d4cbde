"""How many are inside a closed space: who came in over its lines, minus who went out (balance/1).

Rule 1: nobody is a fact only at a zero: a reset at its time of day, or quiet_s without a crossing
while every camera saw. Before the first zero, and after more loss than MOST_LOST_S, the number is
not known (P13). Nothing is kept over a restart.
Rule 2: it is never negative. An exit from an empty space is absorbed: it is drift, not a person.
Rule 3: quiet makes a zero only of a rest that miscounting explains, so that a carriage full of
sleepers is not emptied. It assumes that as few as that, of so many who crossed, are nobody.
Rule 4: while a camera is gone, its lines go on as they did lately; how long it was gone counts
against the coverage until the next zero. So do the people whom nobody saw where a rush began or
ended in between (flows.py); because that depends on who crosses, it is told only with a number
that is told anyway: a doubt of half of it makes it unknown.
Rule 5 (P7): what is told follows from resets, from cameras' gaps and from what was published, never
from how few are inside. A zero by quiet is therefore not told: it makes a known number of an
unknown one, or a better of a doubtful one, only when it is published. Otherwise `missing` that
turns into `suppressed` would say: nobody.
Rule 6: the interval's number is the median over time, as a zone's: half the time at most so many.

Limits. A reset is lost where the loop stood over it for more than START_S, because a clock that
jumped says nothing: the space then waits for quiet or for the next reset. What remains of Rule 5:
whoever sees a space without a reset begin to publish knows that since the start there was an hour
(quiet_s) without a crossing, not when.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import sqrt
from typing import Final

from counter.correction import surely_told
from counter.floor import in_force
from counter.flows import Flow
from counter.interval import DAY_S, EPOCH
from counter.people import Crossing
from counter.settings import Settings
from counter.spacecheck import seconds_of_day

METHOD: Final = "balance/1"
MOST_LOST_S: Final = 600.0  # of cameras' time since the last zero, added up; more is not known
MOST_UNSURE: Final = 0.5  # of the number: more is not known (Rule 4)
START_S: Final = 120.0  # a start so soon after a reset is a start at the reset: a box takes a while
# Squared drift of one crossing before anything was learnt, in persons: 2 persons after 100.
DRIFT: Final = 0.04
LEARN, LEARN_CROSSINGS = 0.5, 200  # weight of a zero: half of it after so many crossings
MOST_DRIFT: Final = 0.05  # of those who crossed: a larger rest is people, whatever was learnt
SIGMAS: Final = 2.0  # of drift are explained by it (Rule 3)
SPAN: Final = 1 << 15  # persons to both sides of an interval's first number: bounds the state


@dataclass(slots=True)
class _Doubt:
    known: bool
    lost_ns: int = 0


class Space:
    """The balance of one space, of bounded size. Exact: nothing here is printed or kept."""

    def __init__(self, settings: Settings, name: str, threshold: int) -> None:
        space = settings.spaces[name]
        lines: dict[str, list[str]] = {}
        for line in space.lines:
            lines.setdefault(settings.lines[line].camera, []).append(line)
        self._cameras = {
            camera: Flow(frozenset(own), round(settings.cameras[camera].stall_s * 1e9))
            for camera, own in lines.items()
        }
        self._resets = sorted(seconds_of_day(time) for time in space.resets)
        self._quiet_ns = round(space.quiet_s * 1e9)
        self._threshold, step = threshold, in_force(settings).coarse_rounding
        self._told_from = surely_told(threshold, step, space.correction)  # Rule 5
        self._drift = DRIFT
        self._inside = 0.0
        self._absorbed, self._missed, self._crossed = 0.0, 0.0, 0  # since the last zero
        self._exact, self._told = _Doubt(known=False), _Doubt(known=False)
        self._utc: datetime | None = None
        self._now_ns = self._quiet_since_ns = 0
        self._held: Counter[int] = Counter()  # ns with so many inside, since `restart`
        self._first = 0

    def __repr__(self) -> str:
        return "<Space>"

    def __reduce__(self) -> str:
        raise TypeError("Space stays in this process")

    @property
    def cameras(self) -> Iterable[str]:
        return self._cameras

    @property
    def inside(self) -> int:
        return int(self._inside + 0.5)

    @property
    def drift(self) -> float:
        """Persons by which 100 crossings are wrong, root mean square; learnt at zeros."""
        return 10 * sqrt(self._drift)

    def observe(self, camera: str, captured_ns: int, crossings: Iterable[Crossing]) -> None:
        """Take one frame of one camera: who went over its lines, by now certain."""
        seen = self._cameras.get(camera)
        if seen is None:
            return
        if seen.last_ns is None:  # the first frame of the space: all cameras should be there
            self._begin(captured_ns)
        gap_ns = 0 if seen.last_ns is None else captured_ns - seen.last_ns
        seen.last_ns = captured_ns
        self._pass(captured_ns, seen.stall_ns)
        if gap_ns > seen.stall_ns:
            self._miss(seen, gap_ns)
        else:
            seen.see(gap_ns)
        # Entries first: the order of one frame's crossings is no order.
        for way in sorted((c.direction for c in crossings if c.line in seen.lines), reverse=True):
            self._move(float(way))
            seen.cross(way)
            self._crossed += 1
            self._quiet_since_ns = self._now_ns
        if self._now_ns - self._quiet_since_ns >= self._quiet_ns and not self._pending_ns():
            self._quiet()

    def at(self, now_utc: datetime) -> None:
        """Reset where a time of reset has come since the last call."""
        last, self._utc = self._utc, max(now_utc, self._utc or now_utc)
        reset = self._last_reset(now_utc)
        # A clock that jumped over a reset says nothing about now; one that went back repeats
        # nothing.
        if reset is None or (now_utc - reset).total_seconds() > START_S:
            return
        if last is None or last < reset:
            self._zero(tell=True)

    def value(self, coverage: float) -> tuple[int | None, float]:
        """Give the persons inside over the interval, and how much of it is believed (Rule 5).

        `coverage`, 0..1: what all cameras saw of the interval.
        """
        persons = self._median()
        doubt = self._exact if persons >= self._told_from else self._told
        lost_s = (doubt.lost_ns + self._pending_ns()) / 1e9
        unsure = 0.0
        if persons >= self._told_from:  # otherwise it would tell of the few (Rule 5)
            unsure = sum(camera.unsure for camera in self._cameras.values()) / persons
        # Half of an interval is the least that is told, so half is what the most doubt leaves.
        if not doubt.known or lost_s > MOST_LOST_S or unsure > MOST_UNSURE:
            return None, coverage
        return persons, min(coverage, 1 - lost_s / (2 * MOST_LOST_S), 1 - unsure)

    def published(self) -> None:
        """Take note: the last number was published, so what is known of it is known (Rule 5)."""
        self._told = replace(self._exact)

    def restart(self) -> None:
        """Begin the next interval; who is inside stays."""
        self._held.clear()

    def _begin(self, captured_ns: int) -> None:
        for camera in self._cameras.values():
            if camera.last_ns is None:
                camera.last_ns = captured_ns
        if not self._now_ns:
            self._now_ns = self._quiet_since_ns = captured_ns

    def _pass(self, captured_ns: int, most_ns: int) -> None:
        """Let time pass: so many were inside until now."""
        step_ns = captured_ns - self._now_ns
        if not self._held:
            self._first = self.inside
        held = min(max(self.inside, self._first - SPAN), self._first + SPAN)
        self._held[held] += min(max(step_ns, 0), most_ns)
        self._now_ns = max(c.last_ns for c in self._cameras.values() if c.last_ns is not None)
        self._quiet_since_ns = min(self._quiet_since_ns, self._now_ns)

    def _median(self) -> int:
        half, so_far = sum(self._held.values()) / 2, 0
        for persons, held_ns in sorted(self._held.items()):
            so_far += held_ns
            if so_far and so_far >= half:
                return persons
        return self.inside

    def _move(self, persons: float) -> None:
        self._inside += persons
        if self._inside < 0:  # Rule 2
            self._absorbed -= self._inside
            self._inside = 0.0

    def _miss(self, seen: Flow, gap_ns: int) -> None:
        """A camera is back: go on as its lines did before, and remember how long that was."""
        carried, missed = seen.miss(gap_ns, self._threshold)
        self._missed += missed
        self._move(carried)
        self._exact.lost_ns += gap_ns
        self._told.lost_ns += gap_ns
        self._exact.known &= self._exact.lost_ns <= MOST_LOST_S * 1e9
        self._told.known &= self._told.lost_ns <= MOST_LOST_S * 1e9
        self._quiet_since_ns = self._now_ns

    def _pending_ns(self) -> int:
        """For how long cameras are gone that have not come back."""
        gaps = ((self._now_ns - (c.last_ns or 0), c.stall_ns) for c in self._cameras.values())
        return sum(gap_ns for gap_ns, stall_ns in gaps if gap_ns > stall_ns)

    def _quiet(self) -> None:
        """Make a zero of what drift explains (Rule 3); what is more stays."""
        many = self._crossed
        drift = self._drift
        if self._exact.known and many:
            drift = max(drift, self._absorbed**2 / many)
        explained = min(SIGMAS * sqrt(drift * many), MOST_DRIFT * many) + self._missed
        if self._inside <= explained:
            self._zero(tell=False)
        self._quiet_since_ns = self._now_ns

    def _zero(self, *, tell: bool) -> None:
        """Nobody is inside. What the balance says instead is drift."""
        if self._exact.known and not self._exact.lost_ns and self._crossed:
            wrong = self._inside - self._absorbed
            weight = LEARN * self._crossed / (self._crossed + LEARN_CROSSINGS)
            self._drift += weight * (wrong**2 / self._crossed - self._drift)
        self._inside = self._absorbed = self._missed = 0.0
        self._crossed = 0
        self._held.clear()
        for camera in self._cameras.values():
            camera.forget(self._now_ns)
        self._exact = _Doubt(known=True)
        if tell:
            self._told = _Doubt(known=True)

    def _last_reset(self, now_utc: datetime) -> datetime | None:
        """Give the newest time of reset that is not after `now_utc`, within a day."""
        since = (now_utc - EPOCH) // timedelta(seconds=1)
        midnight, second = since - since % DAY_S, since % DAY_S
        earlier = [time for time in self._resets if time <= second]
        if not self._resets:
            return None
        start = midnight + (earlier[-1] if earlier else self._resets[-1] - DAY_S)
        return EPOCH + timedelta(seconds=start)


def spaces_of(settings: Settings, threshold: int) -> Mapping[str, Space]:
    return {name: Space(settings, name, threshold) for name in settings.spaces}
