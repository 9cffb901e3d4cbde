"""How far is an occupancy by balance from the truth after a day? 24 hours of a simulated crowd.

The real tracker, lines, balance and gate run; detections are made, not found (`visits.py`). Two
cameras and three doors; 5 frames a second while somebody is in a picture and for 1 s after, one in
9 s otherwise; a camera is gone three times, for 1 to 4 minutes each. The device starts at a reset.

Balance error: |estimate - truth| of each interval whose number is known, as a share of the day's
true peak; the mean and the largest. Drift: counted entries - exits less the true ones, as a share
of the true entries. Seeds 1 to 9 were used while building; 101 and above are reported.
"""

import gc
import os
import time
import tracemalloc
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.progress import Progress

from benchmarks.machine import report
from benchmarks.visits import DAY_S, DOORS, FPS, LINE, Crowd, View
from counter.counting import Counting
from counter.disclosure import Gate
from counter.people import Direction
from counter.purposes import Purpose
from counter.release import Quality, Status, ZoneCount
from counter.settings import CameraSettings, LineSettings, Settings, SpaceSettings
from counter.tally import Tally

START = datetime(2026, 1, 1, 4, tzinfo=UTC)
SEEDS, VISITS, INTERVAL_S = (101, 102, 103), 2000, 60
IDLE = 45  # ticks from frame to frame of an empty picture: 9 s
LOSSES, LOSS_S = 3, (60.0, 240.0)
HOURS = (1, 12, 24)


class _Tap:
    """The real gate; what passes it is kept as one number an interval."""

    def __init__(self, settings: Settings) -> None:
        self._gate = Gate(settings)
        self.counting: Counting | None = None
        self.values = np.full(DAY_S // INTERVAL_S, np.nan)
        self.crossed: Counter[tuple[str, Direction]] = Counter()
        self.told: Counter[str] = Counter()

    def release(self, tallies: Sequence[Tally]) -> tuple[ZoneCount, ...]:
        out = self._gate.release(tallies)
        start = (tallies[0].interval.start - START) // timedelta(seconds=INTERVAL_S)
        if out[0].status is not Status.MISSING and tallies[0].value is not None:
            self.values[start] = tallies[0].value
        self.told[out[0].status] += 1
        self.told["degraded"] += out[0].quality is Quality.DEGRADED
        for door, (camera, *_) in DOORS.items():
            if self.counting is not None:
                seen = self.counting._cameras[camera].tally
                for way in Direction:
                    self.crossed[door, way] += seen.crossings(door, way) or 0
        return out


def settings() -> Settings:
    lines = {
        # Drawn from left to right: who walks down the picture comes in.
        door: LineSettings(camera=camera, points=[(left, LINE), (right, LINE)])
        for door, (camera, left, right, _) in DOORS.items()
    }
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
        spaces={"hall": SpaceSettings(lines=list(lines), standing_m2=200, resets=["04:00"])},
    )


def losses(seed: int) -> list[tuple[str, float, float]]:
    rng = np.random.default_rng([seed, 9])
    begins = rng.uniform(2 * 3600, 18 * 3600, LOSSES)
    names = rng.choice(["street", "court"], LOSSES)
    return [
        (str(name), float(begin), float(begin + rng.uniform(*LOSS_S)))
        for name, begin in zip(names, begins, strict=True)
    ]


def live(seed: int, visits: int, bar: Progress) -> dict[str, Any]:
    """Count one day; give its row."""
    crowd, made = Crowd(seed, visits), settings()
    tap = _Tap(made)
    tap.counting = counting = Counting(made, tap)
    views, gone = {name: View(crowd, name) for name in made.cameras}, losses(seed)
    memory: dict[int, tuple[float, float]] = {}
    began, frames = time.monotonic(), 0
    task = bar.add_task(f"seed {seed}", total=DAY_S)
    counting.release(START)
    for tick in range(round(DAY_S * FPS) + 1):
        now_s = tick / FPS
        if tick % round(3600 * FPS) == 0:
            bar.update(task, completed=now_s)
            if (hour := round(now_s / 3600)) in HOURS:
                gc.collect()
                memory[hour] = _rss_mib(), tracemalloc.get_traced_memory()[0] / 2**20
        busy = {name: view.busy(now_s) for name, view in views.items()}
        for name, view in views.items():
            if not busy[name] and tick % IDLE:
                continue
            if any(name == lost and first <= now_s < last for lost, first, last in gone):
                continue
            frames += 1
            counting.release(START + timedelta(seconds=now_s))
            counting.observe(name, view.detections(now_s, round((now_s + 1) * 1e9)))
    counting.release(START + timedelta(days=1))
    took_s = time.monotonic() - began
    return {"seed": seed} | _errors(crowd, tap) | _told(tap, memory) | _cost(frames, took_s)


def truth_of(crowd: Crowd) -> NDArray[np.float64]:
    """The true median of each interval, from one sample a second."""
    when = np.array([at for at, _, _ in crowd.crossings])
    inside = np.concatenate(([0], np.cumsum([way for _, _, way in crowd.crossings])))
    seconds = inside[np.searchsorted(when, np.arange(DAY_S) + 0.5)]
    medians: NDArray[np.float64] = np.median(seconds.reshape(-1, INTERVAL_S), axis=1)
    return medians


def _errors(crowd: Crowd, tap: _Tap) -> dict[str, Any]:
    truth = truth_of(crowd)
    known = ~np.isnan(tap.values)
    off = np.abs(tap.values[known] - truth[known])
    true = Counter((door, Direction(way)) for _, door, way in crowd.crossings)
    lines = sum(abs(tap.crossed[key] - true[key]) for key in true) / sum(true.values())
    net = sum(way * many for (_, way), many in tap.crossed.items())
    entries = sum(many for (_, way), many in true.items() if way is Direction.IN)
    return {
        "crossings": sum(true.values()),
        "peak": int(truth.max()),
        "error, mean": f"{100 * off.mean() / truth.max():.2f} %",
        "error, max": f"{100 * off.max() / truth.max():.2f} %",
        "drift": f"{100 * net / entries:+.2f} %",
        "lines": f"{100 * lines:.2f} %",
    }


def _told(tap: _Tap, memory: dict[int, tuple[float, float]]) -> dict[str, Any]:
    row: dict[str, Any] = {
        "missing": tap.told[Status.MISSING],
        "degraded": tap.told["degraded"],
    }
    for hour, (rss, traced) in memory.items():
        row[f"RSS {hour} h"] = f"{rss:.1f}"
        row[f"traced {hour} h"] = f"{traced:.2f}" if traced else "-"
    return row


def _cost(frames: int, took_s: float) -> dict[str, Any]:
    return {"frames": frames, "took, s": round(took_s)}


def _rss_mib() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def run(out: Path | None, model: str | None, rest: list[str]) -> None:  # noqa: ARG001
    """Print one row for each seed; `rest` may name other seeds."""
    seeds = [int(seed) for seed in rest] or SEEDS
    rows: list[dict[str, Any]] = []
    with Progress(transient=True) as bar:
        for seed in seeds:
            if not rows:  # tracing costs time, and a day is a day
                tracemalloc.start()
            rows.append(live(seed, VISITS, bar))
            tracemalloc.stop()
    report(f"{(__doc__ or '').splitlines()[0]} Memory in MiB", rows, out)
