"""Lines: our entries and exits by interval, beside those that are true.

Rule 1: nothing is released here, so an interval may be as short as a door is open: the gate's
shortest interval for entries and exits is fifteen minutes, and clips are shorter.
Rule 2: where somebody counted a line over the whole clip, that total is its truth; else the
labelled walks are.
Rule 3: an interval that is not known is no zero: it stays out of the sums, of both sides where the
truth is known by interval.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from counter.cells import Kind
from counter.counting import Counting
from counter.evaluate.report import CrossingRow, LineRow
from counter.evaluate.request import CAMERA, STARTS_AT
from counter.evaluate.walks import Walks, crossings
from counter.people import Detections, Direction
from counter.purposes import Measure
from counter.release import ZoneCount
from counter.settings import Settings
from counter.tally import Tally

MEASURES = {Measure.ENTRIES: Direction.IN, Measure.EXITS: Direction.OUT}
Crossed = dict[tuple[str, Measure], int | None]  # None, or no entry: not known


class _Keeper:
    """Stands where the gate stands, and lets nothing through."""

    tallies: Sequence[Tally] = ()

    def release(self, tallies: Sequence[Tally]) -> tuple[ZoneCount, ...]:
        self.tallies = tallies
        return ()

    def take(self) -> Sequence[Tally]:
        """Give what the last interval held, once."""
        taken, self.tallies = self.tallies, ()
        return taken


class Passage:
    def __init__(
        self, settings: Settings, totals: Mapping[str, tuple[int, int]], walks: Walks | None
    ) -> None:
        self._settings, self._totals, self._walks = settings, totals, walks
        self._keeper = _Keeper()
        self._counting = Counting(settings, self._keeper)
        self._length = timedelta(seconds=settings.interval_s or 0)
        self._ours: list[tuple[float, Crossed]] = []  # start of the interval, s
        self._seconds: dict[int, float] = {}  # of the clip, by frame

    def observe(self, now: datetime, number: int, people: Detections) -> None:
        self._release(now)
        self._counting.observe(CAMERA, people)
        self._seconds[number] = people.captured_ns / 1e9

    def close(self, now: datetime) -> tuple[list[LineRow], list[CrossingRow]]:
        """Give each line's totals, and each interval of those whose walks are labelled."""
        self._release(now + self._length)
        totals: list[LineRow] = []
        rows: list[CrossingRow] = []
        for name in self._settings.lines:
            known = self._true(name)
            for index, measure in enumerate(MEASURES):
                ours = [(start_s, found.get((name, measure))) for start_s, found in self._ours]
                seen = {start_s: n for start_s, n in ours if n is not None}
                counted = self._totals.get(name)
                truth = counted[index] if counted else None
                if known and not counted:
                    truth = sum(known[measure][start_s] for start_s in seen)
                if truth is not None and seen:
                    totals.append(LineRow(measure, truth, sum(seen.values()), name))
                rows += [
                    CrossingRow(
                        f"line.{name}.{measure}",
                        start_s,
                        known[measure][start_s] if known else None,
                        n,
                    )
                    for start_s, n in ours
                ]
        return totals, rows

    def _true(self, name: str) -> dict[Measure, Counter[float]] | None:
        """Count the labelled people over a line, by the start of the interval."""
        if self._walks is None or not self._walks.named or name in self._totals:
            return None
        length_s = self._length.total_seconds()
        found = crossings(self._walks, self._settings.lines[name], self._seconds)
        return {
            measure: Counter(
                self._seconds[frame] // length_s * length_s
                for frame, way in found
                if way is direction
            )
            for measure, direction in MEASURES.items()
        }

    def _release(self, now: datetime) -> None:
        self._counting.release(now)
        lines = [tally for tally in self._keeper.take() if tally.cell.kind is Kind.LINE]
        if not lines:
            return
        start_s = (lines[0].interval.start - datetime.fromisoformat(STARTS_AT)).total_seconds()
        length_s = self._length.total_seconds()
        while self._ours and self._ours[-1][0] + length_s < start_s:  # nothing was looked at
            self._ours.append((self._ours[-1][0] + length_s, {}))
        found = {(t.cell.name, t.cell.measure): t.value for t in lines}
        self._ours.append((start_s, found))
