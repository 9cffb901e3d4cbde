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
from counter.crowds import METHOD as BY_MAP
from counter.crowds import MOST, Crowds
from counter.floor import in_force
from counter.interval import Interval, interval_at
from counter.lines import RULE as BY_LINE
from counter.lines import Lines
from counter.people import Crossing, Crowd, Detections, Direction
from counter.purposes import Measure
from counter.release import Status, ZoneCount
from counter.settings import MAX_PERSON_PX, Settings
from counter.spaces import METHOD, spaces_of
from counter.tally import CameraTally, Persons, Tally, taller
from counter.tracking import RULE as BY_TRACK
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
        parameters = in_force(settings)
        self._length_s, self._threshold = parameters.interval_s, parameters.threshold
        self._spaces = spaces_of(settings, parameters.threshold)
        self._cameras = {name: _Camera(name, settings) for name in settings.cameras}
        self._ceiling = Ceiling(settings)
        self._open: Interval | None = None
        self._held = False
        self._doubtful = False  # it was held, or not seen, at least once since it was opened

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

    def closes(self, now_utc: datetime) -> bool:
        """Whether `release` would release an interval now."""
        if self._open is None:
            return False
        return interval_at(now_utc, self._length_s).sequence > self._open.sequence

    def doubt(self) -> None:
        """What the open interval saw is not known: it will be MISSING, all of it."""
        self._doubtful = True

    def asks_for_crowd(self, camera: str, captured_ns: int) -> bool:
        """Whether a map of the crowd in this frame is asked for."""
        crowds = self._cameras[camera].crowds
        return crowds is not None and crowds.due(captured_ns)

    def observe(self, camera: str, people: Detections, crowd: Crowd | None = None) -> None:
        """Take the people of one frame. Nobody is a fact; no call is a gap."""
        crossings = self._cameras[camera].observe(people, crowd)
        for space in self._spaces.values():
            space.observe(camera, people.captured_ns, crossings)

    def release(self, now_utc: datetime) -> tuple[ZoneCount, ...]:
        """Give what the interval that has closed by `now_utc` releases; () while none has.

        The first call opens the first interval. Raises ValueError for a naive time.
        """
        released = self._release(now_utc)
        for space in self._spaces.values():  # after the interval that ends with a reset
            space.at(now_utc)
        return released

    def _release(self, now_utc: datetime) -> tuple[ZoneCount, ...]:
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
        for count in released:
            if count.cell.kind is Kind.SPACE and count.status is Status.PUBLISHED:
                self._spaces[count.cell.name].published()
        for seen in self._cameras.values():
            seen.restart()
        for space in self._spaces.values():
            space.restart()
        self._open, self._doubtful = now, False
        return released

    def _tally(self, cell: Cell, interval: Interval) -> Tally:
        if cell.kind is Kind.SPACE:
            return self._balance(cell, interval)
        if cell.kind is Kind.LINE:
            seen = self._cameras[self._settings.lines[cell.name].camera].tally
            way = Direction.IN if cell.measure is Measure.ENTRIES else Direction.OUT
            parts = [(seen, seen.crossings(cell.name, way))]
        else:
            zones = [(zone, self._settings.zones[zone].camera) for zone in self._zones_of(cell)]
            tallies = [(zone, self._cameras[camera].tally) for zone, camera in zones]
            parts = [(seen, seen.occupancy(zone)) for zone, seen in tallies]
        method = BY_LINE if cell.kind is Kind.LINE else BY_TRACK
        coverage = min(seen.coverage(interval.length_s) for seen, _ in parts)
        known = [value for _, value in parts if value is not None]
        if self._doubtful or coverage == 0 or len(known) < len(parts):
            return Tally(cell, interval, None, 0.0, method=method)
        # Below the threshold it is not said who counted: it would tell of `crowd.above` and more.
        if sum(known) >= self._threshold and self._dense(cell):
            method = BY_MAP
        saturated = self._saturated(cell)
        return Tally(cell, interval, sum(known), coverage, saturated=saturated, method=method)

    def _saturated(self, cell: Cell) -> bool:
        """Whether more people than were told apart may be in a part of the cell."""
        if cell.kind is Kind.LINE:
            return False
        zones = [(zone, self._settings.zones[zone].camera) for zone in self._zones_of(cell)]
        return any(self._cameras[camera].tally.saturated(zone) for zone, camera in zones)

    def _dense(self, cell: Cell) -> bool:
        """Whether a map counted in a part of the cell, for most of the interval."""
        if cell.kind is Kind.LINE:
            return False
        zones = [(zone, self._settings.zones[zone].camera) for zone in self._zones_of(cell)]
        return any(self._cameras[camera].dense(zone) for zone, camera in zones)

    def _balance(self, cell: Cell, interval: Interval) -> Tally:
        space = self._spaces[cell.name]
        seen = [self._cameras[camera].tally for camera in space.cameras]
        coverage = min(tally.coverage(interval.length_s) for tally in seen)
        if self._doubtful or coverage == 0:
            return Tally(cell, interval, None, 0.0, method=METHOD)
        value, coverage = space.value(coverage)
        return Tally(cell, interval, value, coverage, method=METHOD)

    def _cameras_of(self, cell: Cell) -> Sequence[str]:
        if cell.kind is Kind.LINE:
            return (self._settings.lines[cell.name].camera,)
        if cell.kind is Kind.SPACE:
            return list(self._spaces[cell.name].cameras)
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
        self._zones = Zones(zones.values(), most, settings.tracker.still_s)
        self._lines = Lines(lines, most)
        self._last_ns: int | None = None
        self.crowds: Crowds | None = None
        if settings.crowd is not None and zones:
            self.crowds = Crowds(zones, settings.cameras[name].masks, settings.crowd)
        held = most if self.crowds is None else MOST
        self._ceiling_px = min(settings.cameras[name].max_person_px, MAX_PERSON_PX)
        self.tall = Persons(1, most)  # above the ceiling
        self.tally = CameraTally(zones, lines, settings.cameras[name].stall_s, held)

    def observe(self, people: Detections, crowd: Crowd | None) -> tuple[Crossing, ...]:
        """Take one frame's people; give who went over a line, by now certain."""
        if people.captured_ns == self._last_ns:
            return ()  # the same frame again says nothing new
        self._last_ns = people.captured_ns
        tracks = self._tracker.update(people)
        crossings = self._lines.update(tracks)
        persons, crowded = self._zones.persons(tracks), self._zones.crowded
        if self.crowds is not None:
            persons = self.crowds.count(persons, people.captured_ns, crowd)
            crowded = crowded & ~self.crowds.dense  # a map need not tell people apart
        self.tally.observe(people.captured_ns, persons, crossings, crowded)
        self.tall.observe(tracks, taller(tracks, people.height_px, self._ceiling_px))
        return crossings

    def dense(self, zone: str) -> bool:
        """Whether the map of the crowd counted in the zone for most of the interval."""
        return self.crowds is not None and self.crowds.mostly(zone)

    def restart(self) -> None:
        """Begin the next interval."""
        self.tally.restart()
        self.tall.restart()
        if self.crowds is not None:
            self.crowds.restart()
