"""The last release and Health as gauges, and nothing else.

Rule 1: gauges of the last release only. A counter that a scraper could difference, a metric of the
process (CPU time, memory, garbage collections) or the duration of a scrape would follow how many
people are in the picture.
Rule 2: a cell's samples follow from its payload. A suppressed cell has no value but a threshold, a
missing one has neither, and `counter_cell_status` says which it is: neither looks like zero.
Rule 3: which families, cells and states there are does not depend on what was counted.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from counter.cells import Cell
from counter.levels import SERVICE
from counter.outputs.payloads import Count
from counter.purposes import Measure
from counter.release import CameraState, Health, Level, Quality, Status

Sample = tuple[tuple[str, ...], float]  # label values, value


@dataclass(frozen=True, slots=True)
class Family:
    name: str
    help: str
    labels: tuple[str, ...]
    samples: tuple[Sample, ...]


CELL = ("kind", "name")
PERSONS = {
    Measure.OCCUPANCY: ("counter_occupancy_persons", "Persons in the cell, rounded."),
    Measure.ENTRIES: (
        "counter_entries_persons",
        "Persons who crossed in the line's direction during the last interval, rounded.",
    ),
    Measure.EXITS: (
        "counter_exits_persons",
        "Persons who crossed against the line's direction during the last interval, rounded.",
    ),
}
# name, help, the figure of a payload; no sample where it is None
FIGURES: tuple[tuple[str, str, Callable[[Count], float | None]], ...] = (
    (
        "counter_cell_less_than_persons",
        "A suppressed cell has fewer persons than this; zero is not told apart.",
        lambda count: count.less_than,
    ),
    (
        "counter_cell_coverage_ratio",
        "Share of the interval that every camera of the cell saw.",
        lambda count: count.coverage_percent / 100,
    ),
    (
        "counter_cell_fill_ratio",
        "Occupancy by seats and standing room, rounded; may exceed 1.",
        lambda count: None if count.fill_percent is None else count.fill_percent / 100,
    ),
    (
        "counter_cell_density_persons_per_square_meter",
        "Occupancy by area, rounded.",
        lambda count: count.density_per_m2,
    ),
)


def cell_families(counts: Mapping[Cell, Count | None]) -> Iterator[Family]:
    """Every cell's last payload; None before the first release."""
    for measure, (name, text) in PERSONS.items():
        values = {
            _place(c)[:2]: None if p is None else p.value
            for c, p in counts.items()
            if c.measure == measure
        }
        yield _gauge(name, text, CELL, values)
    labels = (*CELL, "measure")
    for name, text, figure in FIGURES:
        figures = {_place(c): None if p is None else figure(p) for c, p in counts.items()}
        yield _gauge(name, text, labels, figures)
    yield from _cell_states(counts, labels)
    ends = {_seconds(payload.interval_end) for payload in counts.values() if payload is not None}
    yield _gauge(
        "counter_interval_end_timestamp_seconds",
        "When the last released interval ended.",
        (),
        {(): max(ends, default=None)},
    )


def _cell_states(counts: Mapping[Cell, Count | None], labels: tuple[str, ...]) -> Iterator[Family]:
    """What a cell is, as words: what has never been released is not known."""
    told = [(_place(cell), cell, payload) for cell, payload in counts.items()]
    yield _states(
        "counter_cell_status",
        "1 for what the last release of the cell is.",
        (*labels, "status"),
        ((place, Status.MISSING if p is None else p.status, Status) for place, _, p in told),
    )
    yield _states(
        "counter_cell_quality",
        "1 for how far the last release of the cell can be believed.",
        (*labels, "quality"),
        ((place, Quality.DEGRADED if p is None else p.quality, Quality) for place, _, p in told),
    )
    yield _states(
        "counter_cell_level",
        "1 for the cell's level (OccupancyStatus of GTFS-Realtime).",
        (*labels, "level"),
        (
            (place, Level.NO_DATA_AVAILABLE if p is None else p.level, Level)
            for place, cell, p in told
            if cell.capacity
        ),
    )
    yield _states(
        "counter_cell_service_level",
        "1 for the level of service of the density, A to F; none where no density is released.",
        (*labels, "service"),
        ((place, None if p is None else p.service, SERVICE) for place, c, p in told if c.area_m2),
    )


def health_families(health: Health | None, interval_s: int) -> Iterator[Family]:
    """How the box is; None before the first release."""
    yield _gauge("counter_interval_length_seconds", "Length of an interval.", (), {(): interval_s})
    if health is None:
        return
    build = _build(health)
    yield _gauge("counter_build_info", "What is running.", tuple(build), {tuple(build.values()): 1})
    yield _gauge(
        "counter_start_timestamp_seconds",
        "When the process started.",
        (),
        {(): _seconds(health.started)},
    )
    yield _gauge(
        "counter_below_ceiling",
        "1 until an interval had a threshold's worth of persons above max_person_px.",
        (),
        {(): health.below_ceiling},
    )
    yield _gauge("counter_healthy", "1 when every camera is ok.", (), {(): health.ok})
    yield _states(
        "counter_camera_state",
        "1 for the state that the camera is in.",
        ("camera", "state"),
        (((camera.name,), camera.state, CameraState) for camera in health.cameras),
    )
    yield _gauge(
        "counter_camera_ok",
        "1 when the camera is ok.",
        ("camera",),
        {(camera.name,): camera.state is CameraState.OK for camera in health.cameras},
    )


def _build(health: Health) -> dict[str, str]:
    return {
        "version": health.version,
        "model": health.model,
        "model_sha256": health.model_sha256,
        # Prometheus takes an empty label for one that is not there.
        "crowd_model": health.crowd_model or "",
        "crowd_model_sha256": health.crowd_model_sha256 or "",
        "config_sha256": health.config_sha256,
        "backend": health.backend,
        "sandbox": health.sandbox,
    }


def _gauge(
    name: str, text: str, labels: tuple[str, ...], values: Mapping[tuple[str, ...], float | None]
) -> Family:
    samples = ((place, float(v)) for place, v in values.items() if v is not None)
    return Family(name, text, labels, tuple(samples))


def _states(
    name: str,
    text: str,
    labels: tuple[str, ...],
    states: Iterable[tuple[tuple[str, ...], str | None, Iterable[str]]],
) -> Family:
    """One sample for each possible state: 1 for the present one, 0 for the others."""
    samples = tuple(
        ((*place, str(one)), float(one == present))
        for place, present, possible in states
        for one in possible
    )
    return Family(name, text, labels, samples)


def _place(cell: Cell) -> tuple[str, ...]:
    return (cell.kind, cell.name, cell.measure)


def _seconds(instant: str) -> float:
    return datetime.fromisoformat(instant).timestamp()
