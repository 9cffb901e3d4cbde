"""What does the sandbox cost? The main job inside of it beside the main job outside, in one run.

Each figure is of a process of its own that opens the appliance (a drawn platform at 640 x 360, the
embedded model, /metrics), seals itself or not, and counts. Inside and outside take turns, so that
what else the machine does hits both. `bare` leaves the network out (it answers with its last
output): the least work there is for each system call.
"""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

from counter.settings import ModelSettings

FRAMES = {"whole": 300, "bare": 1500}  # about five seconds of work each
WARM_UP, ROUNDS, PICTURES, FPS = 40, 7, 60, 10.0
DEFAULT_MODEL = ModelSettings().name


@dataclass(frozen=True)
class Taken:
    """For FRAMES of a job, seconds."""

    wall_s: float
    cpu_s: float


def run(out: Path | None, model: str | None, rest: list[str]) -> None:
    """Print frames a second outside and inside, and the median of the pairs' ratios.

    The processor's time a frame says the same where the machine has other work to do.
    """
    from rich.console import Console
    from rich.progress import track

    from benchmarks.machine import report

    rounds = int(rest[0]) if rest else ROUNDS
    rows = []
    for job in FRAMES:
        pairs = []
        for turn in track(range(rounds), f"{job} job", console=Console(stderr=True)):
            order = ("open", "sealed") if turn % 2 else ("sealed", "open")
            taken = {where: _measured(where, job, model) for where in order}
            pairs.append((taken["open"], taken["sealed"]))
        rows.append(_row(job, pairs))
    report((__doc__ or "").splitlines()[0], rows, out)


def _row(job: str, pairs: list[tuple[Taken, Taken]]) -> dict[str, Any]:
    speed = [outside.wall_s / inside.wall_s for outside, inside in pairs]
    work = [outside.cpu_s / inside.cpu_s for outside, inside in pairs]
    return {
        "job": job,
        "pairs": len(pairs),
        "outside, frames/s": median(FRAMES[job] / outside.wall_s for outside, _ in pairs),
        "inside, frames/s": median(FRAMES[job] / inside.wall_s for _, inside in pairs),
        "inside / outside": median(speed),
        "lowest": min(speed),
        "highest": max(speed),
        "by processor time": median(work),
    }


def _measured(where: str, job: str, model: str | None) -> Taken:
    command = [sys.executable, "-m", "benchmarks.enclosure", where, job, model or DEFAULT_MODEL]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return Taken(**json.loads(done.stdout))


class _Idle:
    """In the place of the session: the output stays what it was."""

    def run_with_iobinding(self, _binding: Any) -> None:
        return


def _counts(where: str, job: str, model: str) -> Taken:
    """Count in this process, begun light as `counter run` is."""
    from counter.config import Loaded
    from counter.start import begin_without_memory, unrestrained

    loaded = Loaded(_settings(model), "0" * 64, ())
    start = begin_without_memory(loaded, ()) if where == "sealed" else unrestrained(loaded)
    from counter.assemble import appliance

    with appliance(loaded, start=start) as machine:
        if job == "bare":
            machine.engine.lookout.detector._session = _Idle()  # type: ignore[union-attr]
        clock: list[tuple[float, float]] = []
        machine.views = _film(machine.views, FRAMES[job], clock)
        machine.run(lambda: False)
    level = machine.engine.health.standing.sandbox
    if (where == "sealed") != (level == "full"):
        raise SystemExit(f"{where}, but the sandbox is {level}")
    (wall, cpu), (wall_end, cpu_end) = clock
    return Taken(wall_end - wall, cpu_end - cpu)


def _film(views: Iterator[Any], frames: int, clock: list[tuple[float, float]]) -> Iterator[Any]:
    """Show the scene's first pictures again and again: drawing is not the job."""
    from counter.frame import Frame
    from counter.sources.merge import View

    pictures = []
    for view in islice(views, PICTURES):
        pictures.append(view.frame.pixels.copy())
        view.frame.release()
    buffer = pictures[0].copy()
    for index in range(WARM_UP + frames + 1):
        if index in (WARM_UP, WARM_UP + frames):
            clock.append((time.perf_counter(), time.process_time()))
        buffer[:] = pictures[index % PICTURES]
        now_ns = round(index * 1e9 / FPS)
        yield View("eye", Frame(buffer, now_ns), now_ns)


def _settings(model: str) -> Any:
    from counter.demo.scenes import DEMO_PEOPLE, DEMO_ZONES
    from counter.purposes import Purpose
    from counter.settings import (
        CameraSettings,
        PrometheusSettings,
        Settings,
        ZoneSettings,
    )

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    people = round(DEMO_PEOPLE["platform"])
    return Settings(
        site="bench",
        device="enclosure",
        purpose=Purpose.PASSENGER_INFORMATION,
        interval_s=30,
        cameras={
            "eye": CameraSettings(source="synthetic:platform", size=(640, 360), people=people)
        },
        zones={
            name: ZoneSettings(camera="eye", polygon=list(polygon))
            for name, polygon in DEMO_ZONES["platform"].items()
        },
        model=ModelSettings(name=model),
        prometheus=PrometheusSettings(port=port),
    )


if __name__ == "__main__":
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    print(json.dumps(asdict(_counts(*sys.argv[1:4]))))
