"""What is put on the bench, what came of it, and what a command line may ask for.

Rule 1: a percentage of drops is of the pictures that the cameras showed, in the measured time.
Rule 2: what belongs to the figures (model, hash, thresholds, pictures) goes with them.
"""

import argparse
from dataclasses import dataclass
from typing import Any, Final

from benchmarks import board
from benchmarks.drawn import Size
from benchmarks.readings import Watch
from benchmarks.stages import Floats
from counter.backends import BACKENDS
from counter.demo.scenes import DEMO_LINES
from counter.detectors.open import floor
from counter.models import Model
from counter.purposes import Purpose
from counter.settings import CameraSettings, LineSettings, ModelSettings, Settings, ZoneSettings

FOUND: Final = "boxes found in a picture, median"  # in the account of an outcome
TOLERATED: Final = 1.0  # %: so many pictures may be dropped while a pace is kept
# What `python -m benchmarks` takes for every benchmark, as a help text has it.
MODEL: Final = "  --model NAME  a detector of `counter models list`"
OUT: Final = "  --out FILE    also write the table and everything beside it as JSON (none)"
LINE: Final = DEMO_LINES["platform"]["far-end"]
ZONE: Final = [(0.02, 0.05), (0.98, 0.05), (0.98, 0.98), (0.02, 0.98)]


@dataclass(frozen=True, slots=True)
class Job:
    """One run of the appliance: the settings of one row."""

    model: ModelSettings
    cameras: int = 1
    fps: float = 15.0  # of each camera
    seconds: float = 30.0
    size: Size = (640, 360)
    people: int = 20


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it in the time that was measured."""

    job: Job
    seconds: float
    begin_ns: int  # of CLOCK_MONOTONIC
    offered: int  # pictures that the cameras showed
    dropped: int  # of them those that nobody looked at
    at_s: Floats  # when each picture was counted
    counted_ms: Floats  # from capture until its people are counted
    published_ms: Floats  # from the picture (or tick) that closed an interval until it is out
    cpu: float  # processor time over time: 1 is a whole core
    watch: Watch
    account: dict[str, Any]
    interrupted: bool

    @property
    def dropped_percent(self) -> float:
        return 100 * self.dropped / self.offered if self.offered else 100.0

    @property
    def fps(self) -> float:
        """Pictures a second that were counted, of all cameras together."""
        return len(self.counted_ms) / self.seconds

    @property
    def kept(self) -> bool:
        return self.dropped_percent <= TOLERATED

    @property
    def verdict(self) -> str:
        return "kept" if self.kept else f"dropped {self.dropped_percent:.1f} %"

    @property
    def told(self) -> dict[str, Any]:
        """What goes beside a table of this run alone."""
        return self.account | {"readings": self.watch.told()}


def settings_of(job: Job) -> Settings:
    """One zone over the whole picture and one line across it for each camera."""
    names = [f"eye-{index}" for index in range(job.cameras)]
    return Settings(
        site="bench",
        device="rig",
        purpose=Purpose.PASSENGER_INFORMATION,
        interval_s=30,
        cameras={
            name: CameraSettings(source="synthetic:platform", size=job.size, people=job.people)
            for name in names
        },
        zones={f"all-{name}": ZoneSettings(camera=name, polygon=list(ZONE)) for name in names},
        lines={f"far-{name}": LineSettings(camera=name, points=list(LINE)) for name in names},
        model=job.model,
    )


def account_of(job: Job, model: Model, detector: Any) -> dict[str, Any]:
    """What ran, with which thresholds, on what pictures."""
    width, height = model.entry.input
    return {
        "model": {
            "name": model.name,
            "file": model.entry.file,
            "sha256": model.entry.fingerprint,
            "input": f"{width}x{height}",
            "backend": detector.backend,
            "threads": job.model.threads or f"one per core ({board.cores()})",
        },
        "thresholds": {
            "confidence": job.model.confidence,
            "floor": floor(job.model),
            "NMS IoU": job.model.iou,
        },
        "pictures": {
            "scene": f"drawn platform {job.size[0]}x{job.size[1]}, {job.people} people on average",
            "from": "memory: the decoding of a stream is not in it",
        },
        "accelerator": board.chip_of(detector) or "none",
        "sandbox": "off: the rig keeps all rights; `enclosure` has its price",
    }


def parser(name: str, doc: str | None) -> argparse.ArgumentParser:
    """The options that every benchmark on the bench has."""
    made = argparse.ArgumentParser(
        prog=f"python -m benchmarks {name}",
        description=doc,
        epilog=f"and for every benchmark:\n{MODEL} ({ModelSettings().name})\n{OUT}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    backends = ("auto", *BACKENDS)
    made.add_argument("--backend", default="auto", choices=backends, help="(auto)")
    made.add_argument("--threads", type=int, default=0, help="of the runtime (0: one per core)")
    made.add_argument("--people", type=int, default=20, help="drawn people, on average (20)")
    made.add_argument(
        "--size", type=_size, default=(640, 360), metavar="WxH", help="of the pictures (640x360)"
    )
    return made


def asked(args: argparse.Namespace, model: str | None) -> Job:
    """Give the job of a command line, with the defaults where it has no option."""
    settings = ModelSettings(
        name=model or ModelSettings().name, backend=args.backend, threads=args.threads
    )
    return Job(settings, size=args.size, people=args.people)


def above(kind: type[Any], least: float) -> Any:
    """Make an argparse type: a number from `least` on."""

    def number(text: str) -> Any:
        value = kind(text)
        if value < least:
            raise argparse.ArgumentTypeError(f"{text} is less than {least:g}")
        return value

    return number


def _size(text: str) -> Size:
    width, _, height = text.partition("x")
    if not (width.isdigit() and height.isdigit() and min(int(width), int(height)) >= 64):
        raise argparse.ArgumentTypeError(f"{text!r}, expected WIDTHxHEIGHT such as 1280x720")
    return int(width), int(height)
