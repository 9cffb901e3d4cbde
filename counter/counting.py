"""The core without I/O: pictures' people go in, released counts come out.

Rule 1: no clock, file, socket, log or randomness here; time comes in as a value.
Rule 2: call `release` with a frame's time before `observe` with its people: a frame at the
boundary belongs to the interval that begins there.
Rule 3: an interval is released once, all its cells together, after it has closed. The clock may
jump: skipped intervals are not invented, and what was seen while the clock stood before the
open interval makes that one not known.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from counter.ceiling import Ceiling
from counter.cells import Cell, Kind, released_cells
from counter.floor import in_force
from counter.interval import Interval, interval_at
from counter.lines import Lines
from counter.people import Detections, Direction
from counter.purposes import Measure
from counter.release import Status, ZoneCount
from counter.settings import MAX_PERSON_PX, Settings
from counter.tally import CameraTally, Persons, Tally, taller
from counter.tracking import Tracker
from counter.zones import Zones


class Gate(Protocol):
    """Where exact numbers become public ones, or do not."""

    def release(self, tallies: Sequence[Tally]) -> tuple[ZoneCount, ...]: ...


class Counting:
    """Every camera of one device: track, cross, tally; then hand the tallies to the gate."""

    def __init__(self, settings: Settings, gate: Gate) -> None:
        self._settings = settings
        self._gate = gate
        self._cells = released_cells(settings)
        self._length_s = in_force(settings).interval_s
        self._cameras = {name: _Camera(name, settings) for name in settings.cameras}
        self._ceiling = Ceiling(settings)
        self._open: Interval | None = None
        self._held = False
        self._doubtful = False  # it was held at least once since it was opened

    def __repr__(self) -> str:
        return "<Counting>"

    @property
    def held(self) -> bool:
        """The clock stands before the open interval: it is not released twice, so nothing is."""
        return self._held

    @property
    def below_ceiling(self) -> bool:
        """For Health: what the intervals that were released say of the height ceiling."""
        return self._ceiling.below

    def observe(self, camera: str, people: Detections) -> None:
        """Take the people of one frame. Nobody is a fact; no call is a gap."""
        self._cameras[camera].observe(people)

    def release(self, now_utc: datetime) -> tuple[ZoneCount, ...]:
        """Give what the interval that has closed by `now_utc` releases; () while none has.

        The first call opens the first interval. Raises ValueError for a naive time.
        """
        now = interval_at(now_utc, self._length_s)
        closed = self._open
        if closed is None:
            self._open = now
            return ()
        if now.sequence <= closed.sequence:
            self._held = now.sequence < closed.sequence
            self._doubtful |= self._held
            return ()
        self._held = False
        tallies = [self._tally(cell, closed) for cell in self._cells]
        released = self._gate.release(tallies)
        told = {
            camera
            for count in released
            if count.status is Status.PUBLISHED
            for camera in self._cameras_of(count.cell)
        }
        self._ceiling.close(self._cameras[camera].tall for camera in told)
        for seen in self._cameras.values():
            seen.tally.restart()
            seen.tall.restart()
        self._open, self._doubtful = now, False
        return released

    def _tally(self, cell: Cell, interval: Interval) -> Tally:
        if cell.kind is Kind.LINE:
            seen = self._cameras[self._settings.lines[cell.name].camera].tally
            way = Direction.IN if cell.measure is Measure.ENTRIES else Direction.OUT
            parts = [(seen, seen.crossings(cell.name, way))]
        else:
            zones = [(zone, self._settings.zones[zone].camera) for zone in self._zones_of(cell)]
            tallies = [(zone, self._cameras[camera].tally) for zone, camera in zones]
            parts = [(seen, seen.occupancy(zone)) for zone, seen in tallies]
        coverage = min(seen.coverage(interval.length_s) for seen, _ in parts)
        known = [value for _, value in parts if value is not None]
        if self._doubtful or coverage == 0 or len(known) < len(parts):
            return Tally(cell, interval, None, 0.0)
        return Tally(cell, interval, sum(known), coverage)

    def _cameras_of(self, cell: Cell) -> Sequence[str]:
        if cell.kind is Kind.LINE:
            return (self._settings.lines[cell.name].camera,)
        return [self._settings.zones[zone].camera for zone in self._zones_of(cell)]

    def _zones_of(self, cell: Cell) -> Sequence[str]:
        return self._settings.groups[cell.name].zones if cell.kind is Kind.GROUP else (cell.name,)


class _Camera:
    """One camera's tracker, zones, lines and tally."""

    def __init__(self, name: str, settings: Settings) -> None:
        zones = {key: zone for key, zone in settings.zones.items() if zone.camera == name}
        lines = {key: line for key, line in settings.lines.items() if line.camera == name}
        most = settings.tracker.max_tracks
        self._tracker = Tracker(settings.tracker, settings.model.confidence)
        self._zones = Zones(zones.values(), most)
        self._lines = Lines(lines, most)
        self._last_ns: int | None = None
        self._ceiling_px = min(settings.cameras[name].max_person_px, MAX_PERSON_PX)
        self.tall = Persons(1, most)  # above the ceiling
        self.tally = CameraTally(zones, lines, settings.cameras[name].stall_s, most)

    def observe(self, people: Detections) -> None:
        if people.captured_ns == self._last_ns:
            return  # the same frame again says nothing new
        self._last_ns = people.captured_ns
        tracks = self._tracker.update(people)
        crossings = self._lines.update(tracks)
        persons = self._zones.persons(tracks)
        self.tally.observe(people.captured_ns, persons, crossings)
        self.tall.observe(tracks, taller(tracks, people.height_px, self._ceiling_px))
