"""How far is an occupancy by balance from the truth after a day? 24 hours of a simulated crowd.

The real tracker, lines, balance and gate run; detections are made, not found (`visits.py`). Two
cameras and three doors; 5 frames a second while somebody is in a picture and for 1 s after, one in
9 s otherwise; a camera is gone three times, for 1 to 4 minutes each. The device starts at a reset.

Errors are |estimate - truth| of each interval as a share of the day's true peak, mean and largest:
of the exact balance, of what was released (rounded; from 15 persons on), and of what is released
with a correction. That is fitted by the product (`counter.evaluate.fit`) to other days: on two
(FIT_SEEDS) the same lines release entries and exits for footfall, every 20 minutes, and somebody
counts at each door. Counts of those inside would not do: fitted to two days' balance, which chance
had left too high, the gain was 0.97 where crossings were missed. Drift: counted entries - exits, as
a share of the true entries. lines: misses less extras of each direction of each line, without sign.
Seeds 1 to 9 were used while building.

Each day runs in a process of its own, so that its memory is its own.
"""

import gc
import multiprocessing
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from msgspec import structs
from numpy.typing import NDArray
from rich.progress import track

from benchmarks.machine import report
from benchmarks.visits import DAY_S, DOORS, FPS, LINE, Crowd, View, losses, truth_of
from counter.counting import Counting
from counter.disclosure import Gate
from counter.evaluate.fit import Fit, fit
from counter.interval import interval_at
from counter.people import Direction
from counter.purposes import Measure, Purpose
from counter.release import Quality, Status, ZoneCount
from counter.settings import (
    CameraSettings,
    CorrectionSettings,
    LineSettings,
    Settings,
    SpaceSettings,
)
from counter.tally import Tally

Floats = NDArray[np.float64]
START = datetime(2026, 1, 1, 4, tzinfo=UTC)
FIT_SEEDS, SEEDS, VISITS, INTERVAL_S = (1, 2), (101, 102, 103), 2000, 60
IDLE = 45  # ticks from frame to frame of an empty picture: 9 s
HOURS = (1, 12, 24)
SURVEY_S = 1200  # interval of the counts by eye at the doors


Way = tuple[str, Direction]


@dataclass
class Day:
    """What is left of a day; one number an interval, NaN where none is known."""

    seed: int
    truth: Floats
    balance: Floats
    coverage: Floats
    true: dict[Way, Floats]
    crossed: dict[Way, Floats]
    rss_mib: list[float] = field(default_factory=list)  # each hour
    frames: int = 0

    @property
    def peak(self) -> float:
        return float(self.truth.max())


class _Tap:
    """The real gate; what passes it is written into a day."""

    def __init__(self, made: Settings, day: Day) -> None:
        self._gate, self._day = Gate(made), day
        self.counting: Counting | None = None

    def release(self, tallies: Sequence[Tally]) -> tuple[ZoneCount, ...]:
        (tally,) = tallies
        index = (tally.interval.start - START) // timedelta(seconds=INTERVAL_S)
        self._day.balance[index] = np.nan if tally.value is None else tally.value
        self._day.coverage[index] = tally.coverage
        for door, (camera, *_) in DOORS.items():
            if self.counting is not None:
                seen = self.counting._cameras[camera].tally
                for way in Direction:
                    self._day.crossed[door, way][index] += seen.crossings(door, way) or 0
        return self._gate.release(tallies)


def settings(correction: CorrectionSettings | None = None) -> Settings:
    lines = {
        # Drawn from left to right: who walks down the picture comes in.
        door: LineSettings(camera=camera, points=[(left, LINE), (right, LINE)])
        for door, (camera, left, right, _) in DOORS.items()
    }
    hall = SpaceSettings(lines=list(lines), resets=["04:00"], correction=correction)
    return Settings(
        site="bench",
        device="day",
        purpose=Purpose.PASSENGER_INFORMATION,
        interval_s=INTERVAL_S,
        # A frame in 9 s is enough of an empty picture, so a gap is longer than that.
        cameras={
            name: CameraSettings(source=f"rtsp://{name}/1", stall_s=10)
            for name in ("street", "court")
        },
        lines=lines,
        spaces={"hall": hall},
    )


def live(seed: int) -> Day:
    """Count one day."""
    crowd, made = Crowd(seed, VISITS), settings()
    unknown = np.full(DAY_S // INTERVAL_S, np.nan)
    ways = [(door, way) for door in DOORS for way in Direction]
    true, crossed = ({way: np.zeros(len(unknown)) for way in ways} for _ in range(2))
    for at, door, sign in crowd.crossings:
        true[door, Direction(sign)][int(at // INTERVAL_S)] += 1
    day = Day(seed, truth_of(crowd, INTERVAL_S), unknown.copy(), unknown.copy(), true, crossed)
    tap = _Tap(made, day)
    tap.counting = counting = Counting(made, tap)
    views, gone = {name: View(crowd, name) for name in made.cameras}, losses(seed)
    counting.release(START)
    for tick in range(round(DAY_S * FPS) + 1):
        now_s = tick / FPS
        if tick % round(3600 * FPS) == 0:
            gc.collect()
            day.rss_mib.append(_rss_mib())
        busy = {name: view.busy(now_s) for name, view in views.items()}
        for name, view in views.items():
            if not busy[name] and tick % IDLE:
                continue
            if any(name == lost and first <= now_s < last for lost, first, last in gone):
                continue
            day.frames += 1
            counting.release(START + timedelta(seconds=now_s))
            counting.observe(name, view.detections(now_s, round((now_s + 1) * 1e9)))
    counting.release(START + timedelta(days=1))
    return day


def released(day: Day, made: Settings) -> tuple[Floats, Counter[str]]:
    """Put a day's balance through the gate: what was told, and how."""
    gate, told = Gate(made), np.full(len(day.balance), np.nan)
    how: Counter[str] = Counter()
    for index, (persons, coverage) in enumerate(zip(day.balance, day.coverage, strict=True)):
        interval = interval_at(START + timedelta(seconds=index * INTERVAL_S), INTERVAL_S)
        value = None if np.isnan(persons) else int(persons)
        (count,) = gate.release([Tally(gate.cells[0], interval, value, float(coverage))])
        told[index] = np.nan if count.value is None else count.value
        how[count.status] += 1
        how["degraded"] += count.quality is Quality.DEGRADED
    return told, how


def fitted(days: Sequence[Day]) -> Fit:
    """Fit what an operator would: counts at the doors beside what the lines release alone."""
    made = settings()
    made = structs.replace(made, purpose=Purpose.FOOTFALL, interval_s=SURVEY_S, spaces={})
    pairs: list[tuple[int, float]] = []
    for day in days:
        gate, many = Gate(made), SURVEY_S // INTERVAL_S
        ways = [
            (cell.name, Direction.IN if cell.measure is Measure.ENTRIES else Direction.OUT)
            for cell in gate.cells
        ]
        for at in range(0, DAY_S // INTERVAL_S, many):
            interval = interval_at(START + timedelta(seconds=at * INTERVAL_S), SURVEY_S)
            seen = [int(day.crossed[way][at : at + many].sum()) for way in ways]
            told = gate.release(
                [Tally(c, interval, v, 1.0) for c, v in zip(gate.cells, seen, strict=True)]
            )
            pairs += [
                (count.value, float(day.true[way][at : at + many].sum()))
                for count, way in zip(told, ways, strict=True)
                if count.value is not None
            ]
    return fit("line.doors", pairs, bend=False)  # a share of the crossings has no power


def _error(day: Day, estimate: Floats) -> str:
    off = 100 * np.abs(estimate - day.truth)[~np.isnan(estimate)] / day.peak
    return f"{off.mean():.2f}, {off.max():.2f}"


def _column(day: Day, with_it: Settings) -> dict[str, str]:
    plain, how = released(day, settings())
    entries = sum(many.sum() for (_, way), many in day.true.items() if way is Direction.IN)
    net = sum(way * many.sum() for (_, way), many in day.crossed.items())
    lines = sum(abs((day.crossed[key] - day.true[key]).sum()) for key in day.true)
    every = sum(many.sum() for many in day.true.values())
    slope = np.polyfit(range(1, len(day.rss_mib)), day.rss_mib[1:], 1)[0] * 1024
    return {
        "crossings, peak": f"{every:.0f}, {day.peak:.0f}",
        "balance: error, mean and max %": _error(day, day.balance),
        "released: error, mean and max %": _error(day, plain),
        "corrected: error, mean and max %": _error(day, released(day, with_it)[0]),
        "drift, lines %": f"{100 * net / entries:+.2f}, {100 * lines / every:.2f}",
        "intervals missing, degraded": f"{how[Status.MISSING]}, {how['degraded']}",
        "RSS MiB at 1, 12, 24 h": ", ".join(f"{day.rss_mib[hour]:.1f}" for hour in HOURS),
        "RSS KiB an hour": f"{slope:+.0f}",
        "frames": str(day.frames),
    }


def _rss_mib() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def _lived(seeds: Sequence[int]) -> Iterator[Day]:
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(mp_context=context, max_tasks_per_child=1) as pool:
        yield from track(pool.map(live, seeds), total=len(seeds), transient=True)


def run(out: Path | None, model: str | None, rest: list[str]) -> None:  # noqa: ARG001
    """Print a column for each seed; `rest` may name other seeds."""
    seeds = tuple(int(seed) for seed in rest) or SEEDS
    days = list(_lived(FIT_SEEDS + seeds))
    found = fitted(days[: len(FIT_SEEDS)])
    curve = (1.0, 1.0) if found.needless else (found.gain, found.power)
    error = found.before if found.needless else found.error
    correction = CorrectionSettings(
        gain=curve[0], power=curve[1], error=error, tallies=found.tallies, fitted="2026-01-01"
    )
    columns = {day.seed: _column(day, settings(correction)) for day in days[len(FIT_SEEDS) :]}
    rows: list[dict[str, Any]] = [
        {"": name} | {f"seed {seed}": column[name] for seed, column in columns.items()}
        for name in next(iter(columns.values()))
    ]
    said = (
        f"Correction: gain {curve[0]:.3f} (95 %: {found.gain_low:.3f} to {found.gain_high:.3f}),"
        f" power {curve[1]:.3f}, off by {error:.1f} persons; {found.tallies} counts at the doors."
    )
    report(f"{(__doc__ or '').splitlines()[0]}\n{said}", rows, out)
