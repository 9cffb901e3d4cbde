"""What is asked of the laboratory, and the settings that follow from it.

Rule 1: footage only. A camera that is watching somebody now is refused by name.
Rule 2: one camera, one zone; the whole picture unless a polygon is drawn.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from counter.errors import ConfigError, RefusedError
from counter.purposes import RULES, Purpose
from counter.refusals import refuse
from counter.settings import (
    FPS_RANGE,
    CameraSettings,
    LineSettings,
    ModelSettings,
    Point,
    Settings,
    TrackerSettings,
    ZoneSettings,
)

CAMERA, ZONE, LINE = "clip", "view", "line"
WHOLE: tuple[Point, ...] = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
STARTS_AT = "2026-01-01T00:00:00Z"  # a point of every grid; the clip's own date is of no account
MOST_PIXELS = 100_000  # a side of a labelled picture
LIVE_PREFIXES = ("rtsp:", "rtsps:", "http:", "https:", "udp:", "tcp:", "rtmp:", "srt:", "/dev/")


class LabelKind(StrEnum):
    MOT = "mot"  # gt.txt of the MOT challenge
    POINTS = "points"  # a directory of CSV files, x,y of each head, one file an image
    COUNTS = "counts"  # a CSV of frame,count or seconds,count
    NONE = "none"  # only the totals of a line


@dataclass(frozen=True, slots=True, kw_only=True)
class LineTruth:
    """A line and how many people went over it, counted by somebody who watched the clip."""

    points: tuple[Point, Point]
    entries: int
    exits: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    source: str  # a file, a directory of images, synthetic:...
    labels: Path | None = None
    label_size: tuple[int, int] | None = None  # width, height of the pictures that were labelled
    label_offset: int | None = None  # label frame = clip frame + this; None: 1 for MOT, else 0
    polygon: tuple[Point, ...] | None = None
    line: LineTruth | None = None
    purpose: Purpose = Purpose.PASSENGER_INFORMATION
    interval_s: int | None = None  # None: the purpose's default
    fps: float | None = None  # of a directory of images
    frames: int | None = None  # stop after so many
    every: int = 1  # look at each n-th frame only
    model: ModelSettings = field(default_factory=ModelSettings)
    tracker: TrackerSettings = field(default_factory=TrackerSettings)

    @property
    def kind(self) -> LabelKind:
        if self.labels is None:
            return LabelKind.NONE
        if self.labels.is_dir():
            return LabelKind.POINTS
        return LabelKind.COUNTS if self.labels.suffix.lower() == ".csv" else LabelKind.MOT


def refuse_live(source: str) -> None:
    """Raise RefusedError for a camera; footage passes."""
    if source.isdigit() or source.lower().startswith(LIVE_PREFIXES):
        raise live_refusal()


def live_refusal() -> RefusedError:
    return refuse("live-evaluation", "source: a live camera given, evaluate takes footage only")


def settings_of(request: Request) -> Settings:
    """Build the appliance's settings for one camera, one zone and at most one line.

    The purpose's floor holds here too: the gate is the appliance's own.
    """
    if request.labels is None and request.line is None:
        raise ConfigError(
            "labels: none given, evaluate needs something to compare with",
            "give --labels FILE, or a line with its entries and exits",
        )
    _check_numbers(request)
    lined = request.line is not None
    purpose = Purpose.FOOTFALL if lined else request.purpose
    line = LineSettings(camera=CAMERA, points=list(request.line.points)) if request.line else None
    return Settings(
        site="laboratory",
        device="evaluate",
        purpose=purpose,
        interval_s=request.interval_s or RULES[purpose].interval_s,
        starts_at=STARTS_AT,
        cameras={CAMERA: CameraSettings(source=request.source, fps=request.fps)},
        zones={ZONE: _zone(request)},
        lines={} if line is None else {LINE: line},
        model=request.model,
        tracker=request.tracker,
    )


def _check_numbers(request: Request) -> None:
    """Raise ConfigError for what a configuration would not be allowed to say."""
    if request.label_size and not all(1 <= side <= MOST_PIXELS for side in request.label_size):
        raise ConfigError(
            f"--label-size: expected 1 to {MOST_PIXELS} pixels a side", "for example 768x576"
        )
    least, most = FPS_RANGE
    if request.fps is not None and not least <= request.fps <= most:
        raise ConfigError(f"--fps: expected {least} to {most} pictures a second")


def _zone(request: Request) -> ZoneSettings:
    """Stand people where their labels are: MOT boxes by the foot, points by the head."""
    return ZoneSettings(
        camera=CAMERA,
        polygon=list(request.polygon or WHOLE),
        anchor="head" if request.kind is LabelKind.POINTS else "foot",
    )
