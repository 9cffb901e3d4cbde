"""The appliance's parts for one camera, and everything that is compared with them.

Rule 1: an interval's numbers are those that the appliance's own core gives its own gate; they are
read on the way, not computed again.
Rule 2: the truth takes the same way: the same estimate over the interval, the same gate; but no
correction, for it needs none.
Rule 3: true crossings are those that somebody counted, or those of the labelled walks (`walks.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import numpy as np
from msgspec import structs

from counter import crosscheck
from counter.counting import Counting, Gate
from counter.disclosure import Gate as Disclosure
from counter.errors import SourceError
from counter.evaluate.acceptance import LIMIT, accept
from counter.evaluate.belong import check_frames, check_rate
from counter.evaluate.labels import Foot, Labels, read_labels
from counter.evaluate.passage import Passage
from counter.evaluate.report import CountError, IntervalRow, Report, ZoneError
from counter.evaluate.request import (
    CAMERA,
    STARTS_AT,
    LabelKind,
    Request,
    crossing_settings,
    occupancy_settings,
    settings_of,
)
from counter.evaluate.scores import HINT, Recorder
from counter.evaluate.walks import read_walks
from counter.people import Detections
from counter.release import Status, ZoneCount
from counter.settings import Settings
from counter.tally import CameraTally, Tally
from counter.tracking import Tracker
from counter.zones import Zones

Pairs = list[tuple[int, int]]  # truth, ours


@dataclass(slots=True)
class Reader:
    """Stands where the gate stands, keeps the last tallies, and lets the gate behind it decide."""

    gate: Gate | None = None  # None: nothing is released
    tallies: Sequence[Tally] = ()

    def release(self, tallies: Sequence[Tally]) -> tuple[ZoneCount, ...]:
        self.tallies = tallies
        return () if self.gate is None else self.gate.release(tallies)


class Bench:
    def __init__(self, request: Request) -> None:
        self._request = request
        self._settings = settings = settings_of(request)
        crosscheck.check(settings)
        self._names = list(settings.zones)
        self._zones = Zones(
            settings.zones.values(), settings.tracker.max_tracks, settings.tracker.still_s
        )
        self._labels: list[Labels] = [
            read_labels(request, partial(self._standing, index), name)
            for index, name in enumerate(self._names)
        ]
        walks = read_walks(request)
        named = walks is not None and walks.named
        self._recorder = Recorder(walks) if walks is not None and named else None
        self._tracker = Tracker(settings.tracker, settings.model.confidence)
        self._occupancy = (
            None if request.labels is None else _Occupancy(occupancy_settings(request))
        )
        self._passage = None
        if request.lines:
            self._passage = Passage(crossing_settings(request), request.totals, walks)
        self._tracked: list[Pairs] = [[] for _ in self._names]
        self._detected: list[Pairs] = [[] for _ in self._names]
        self._last_ns, self._last = 0, -1  # of the last frame that was looked at
        self.frames = 0

    def observe(self, number: int, people: Detections) -> None:
        """Take the people of frame `number` of the clip."""
        now = time(people.captured_ns)
        tracks = self._tracker.update(people)
        truths = [labels.count(number, people.captured_ns / 1e9) for labels in self._labels]
        known = [truth for truth in truths if truth is not None]
        if len(known) == len(self._names):
            self._compare(known, people, self._zones.persons(tracks))
        else:
            self._zones.persons(tracks)  # it remembers when each was seen
        if self._occupancy is not None:
            self._occupancy.observe(now, people, known if len(known) == len(truths) else None)
        if self._passage is not None:
            self._passage.observe(now, number, people)
        if self._recorder is not None:
            self._recorder.observe(number, tracks)
        self._last_ns, self._last = people.captured_ns, number
        self.frames += 1

    def report(self, name: str, model: tuple[str, str], notes: tuple[str, ...] = ()) -> Report:
        """Close the last interval and sum up; `model` is its name and its backend."""
        notes = (*notes, *self._request.notes, *self._belonging())
        intervals = [] if self._occupancy is None else self._occupancy.close(time(self._last_ns))
        lines, crossings = (
            ((), ()) if self._passage is None else self._passage.close(time(self._last_ns))
        )
        scores = None if self._recorder is None else self._recorder.score()
        if self._recorder is not None and scores is None:
            notes = (*notes, HINT)
        limit = LIMIT if self._request.limit is None else self._request.limit
        events: dict[str, Pairs] = {}
        for row in (*intervals, *crossings):
            if row.truth is not None and row.ours is not None:
                events.setdefault(row.cell, []).append((row.truth, row.ours))
        tests = [accept(cell, pairs, limit) for cell, pairs in events.items()]
        return Report(
            source=name,
            model=model[0],
            backend=model[1],
            frames=self.frames,
            seconds=self._last_ns / 1e9,
            zones=() if self._occupancy is None else tuple(self._zone_errors(events)),
            intervals=tuple(intervals),
            lines=tuple(lines),
            crossings=tuple(crossings),
            scores=scores,
            acceptance=tuple(test for test in tests if test is not None),
            notes=notes,
        )

    def _belonging(self) -> tuple[str, ...]:
        """Say where the labels are not of this clip; raises SourceError where that is sure."""
        path = self._request.labels
        if path is None or self._request.frames is not None:
            return ()
        said = check_frames(path, self._labels[0].by_frame, self._last)
        if self._request.kind is LabelKind.MOT and self._last_ns:
            said += check_rate(path, self._last * 1e9 / self._last_ns)
        if not any(self._tracked):
            raise SourceError(
                f"{path}: no frame that was looked at is labelled",
                "is this the clip that was labelled? see --label-offset",
            )
        return said

    def _compare(self, truths: Sequence[int], people: Detections, persons: np.ndarray) -> None:
        sure = people.xyxy[people.confidence >= self._settings.model.confidence]
        boxes = np.count_nonzero(self._zones.inside(sure), axis=0)
        for index, truth in enumerate(truths):
            self._tracked[index].append((truth, int(persons[index])))
            self._detected[index].append((truth, int(boxes[index])))

    def _zone_errors(self, events: dict[str, Pairs]) -> list[ZoneError]:
        return [
            ZoneError(
                name,
                CountError.of(self._tracked[index]),
                CountError.of(self._detected[index]),
                CountError.of(events.get(f"zone.{name}.occupancy", [])),
            )
            for index, name in enumerate(self._names)
        ]

    def _standing(self, zone: int, feet: Sequence[Foot]) -> int:
        """How many of these points are in the zone."""
        points = np.array(feet, np.float32).reshape(-1, 2)
        boxes = np.concatenate((points, points), axis=1)
        return int(np.count_nonzero(self._zones.inside(boxes)[:, zone]))


class _Occupancy:
    """The zones by interval: ours as the gate is given it, and the labels on the same way."""

    def __init__(self, settings: Settings) -> None:
        self._reader = Reader(Disclosure(settings))
        self._counting = Counting(settings, self._reader)
        plain = {k: structs.replace(zone, correction=None) for k, zone in settings.zones.items()}
        self._gate = Disclosure(structs.replace(settings, zones=plain))
        stall_s = settings.cameras[CAMERA].stall_s
        self._truth = CameraTally(list(settings.zones), (), stall_s, settings.tracker.max_tracks)
        self._length = timedelta(seconds=settings.interval_s or 0)
        self._rows: list[IntervalRow] = []

    def observe(self, now: datetime, people: Detections, truths: Sequence[int] | None) -> None:
        self._release(now)
        self._counting.observe(CAMERA, people)
        if truths is not None:
            self._truth.observe(people.captured_ns, np.array(truths, np.intp), ())

    def close(self, now: datetime) -> list[IntervalRow]:
        self._release(now + self._length)
        return self._rows

    def _release(self, now: datetime) -> None:
        """Take what an interval gave, if one has closed."""
        ours = self._counting.release(now)
        if not ours:
            return
        tallies = self._reader.tallies
        exact = {tally.cell: self._truth.occupancy(tally.cell.name) for tally in tallies}
        coverage = self._truth.coverage(round(self._length.total_seconds()))
        truth = self._gate.release(
            [Tally(t.cell, t.interval, exact[t.cell], coverage) for t in tallies]
        )
        self._truth.restart()
        for tally, told, known in zip(tallies, ours, truth, strict=True):
            self._rows.append(
                IntervalRow(
                    cell=tally.cell.key,
                    start_s=(tally.interval.start - time(0)).total_seconds(),
                    truth=exact[tally.cell],
                    ours=tally.value,
                    coverage=tally.coverage,
                    truth_released=_public(known),
                    ours_released=_public(told),
                )
            )


def time(captured_ns: int) -> datetime:
    """Put an instant of the clip on the grid."""
    return datetime.fromisoformat(STARTS_AT) + timedelta(microseconds=captured_ns / 1000)


def _public(count: ZoneCount) -> str:
    """`35`, `<11`, `few` or `missing`: what the world would read."""
    if count.status is Status.PUBLISHED:
        return str(count.value)
    if count.status is Status.SUPPRESSED:
        return "few" if count.less_than is None else f"<{count.less_than}"
    return "missing"
