"""What is asked of the laboratory, and the settings that follow from it.

Rule 1: footage only. A camera that is watching somebody now is refused by name.
Rule 2: one camera; the whole picture is its zone unless zones are drawn.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from msgspec import structs

from counter.errors import ConfigError, RefusedError
from counter.evaluate.mot import MOST_PIXELS
from counter.floor import refuse_unsafe
from counter.interval import DAY_S
from counter.purposes import RULES, Purpose
from counter.refusals import refuse
from counter.settings import (
    FPS_RANGE,
    CameraSettings,
    DisclosureSettings,
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
LINE_INTERVAL_S = 60  # of counts over lines, where no other is asked for
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
class Places:
    """Where to count, and how many went over a line where somebody counted that."""

    zones: Mapping[str, ZoneSettings]
    lines: Mapping[str, LineSettings]
    totals: Mapping[str, tuple[int, int]] = field(default_factory=dict)  # entries, exits
    camera: CameraSettings | None = None  # masks, lens: as the appliance's


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    source: str  # a file, a directory of images, synthetic:...
    detections: Path | None = None  # det.txt of the MOT challenge instead of pictures and a model
    labels: Path | None = None
    label_size: tuple[int, int] | None = None  # width, height of the pictures that were labelled
    label_offset: int | None = None  # label frame = clip frame + this; None: 1 for MOT, else 0
    polygon: tuple[Point, ...] | None = None
    line: LineTruth | None = None
    places: Places | None = None  # several zones and lines, instead of `polygon` and `line`
    purpose: Purpose = Purpose.PASSENGER_INFORMATION
    interval_s: int | None = None  # None: the purpose's default
    fps: float | None = None  # of a directory of images
    frames: int | None = None  # stop after so many
    limit: float | None = None  # of the equivalence test, a share; None: acceptance.LIMIT
    every: int = 1  # look at each n-th frame only
    model: ModelSettings = field(default_factory=ModelSettings)
    tracker: TrackerSettings = field(default_factory=TrackerSettings)
    disclosure: DisclosureSettings = field(default_factory=DisclosureSettings)
    notes: tuple[str, ...] = ()  # said with the report

    @property
    def kind(self) -> LabelKind:
        if self.labels is None:
            return LabelKind.NONE
        if self.labels.is_dir():
            return LabelKind.POINTS
        return LabelKind.COUNTS if self.labels.suffix.lower() == ".csv" else LabelKind.MOT

    @property
    def drawn(self) -> bool:
        """Does it matter where in the picture somebody is?"""
        return self.polygon is not None or self.places is not None

    @property
    def zones(self) -> Mapping[str, ZoneSettings]:
        if self.places is not None and self.places.zones:
            return self.places.zones
        return {ZONE: _zone(self)}

    @property
    def lines(self) -> Mapping[str, LineSettings]:
        if self.places is not None:
            return self.places.lines
        if self.line is None:
            return {}
        return {LINE: LineSettings(camera=CAMERA, points=list(self.line.points))}

    @property
    def totals(self) -> Mapping[str, tuple[int, int]]:
        """True entries and exits of the lines that somebody counted as a whole."""
        if self.places is not None:
            return self.places.totals
        return {} if self.line is None else {LINE: (self.line.entries, self.line.exits)}


def refuse_live(source: str) -> None:
    """Raise RefusedError for a camera; footage passes."""
    if source.isdigit() or source.lower().startswith(LIVE_PREFIXES):
        raise live_refusal()


def live_refusal() -> RefusedError:
    return refuse("live-evaluation", "source: a live camera given, evaluate takes footage only")


def settings_of(request: Request) -> Settings:
    """Build the appliance's settings for one camera, its zones and its lines.

    The purpose's floor holds here too: the gate is the appliance's own.
    """
    if request.labels is None and not request.totals:
        raise ConfigError(
            "labels: none given, evaluate needs something to compare with",
            "give --labels FILE, or a line with its entries and exits",
        )
    _check_numbers(request)
    purpose = Purpose.FOOTFALL if request.lines else request.purpose
    asked_s = None if request.lines else request.interval_s
    camera = CameraSettings(source=request.source, fps=request.fps)
    if request.places is not None and request.places.camera is not None:
        camera = structs.replace(request.places.camera, source=request.source, fps=request.fps)
    return Settings(
        site="laboratory",
        device="evaluate",
        purpose=purpose,
        interval_s=asked_s or RULES[purpose].interval_s,
        starts_at=STARTS_AT,
        cameras={CAMERA: camera},
        zones=dict(request.zones),
        lines=dict(request.lines),
        model=request.model,
        tracker=request.tracker,
    )


def occupancy_settings(request: Request) -> Settings:
    """Build those of a device that releases the occupancy of the zones."""
    rule = RULES[request.purpose]
    length_s = request.interval_s or rule.interval_s
    if request.lines:  # a short interval is meant for these
        length_s = max(length_s, rule.interval_floor_s)
    made = structs.replace(
        settings_of(request),
        lines={},
        purpose=request.purpose,
        interval_s=length_s,
        disclosure=request.disclosure,
    )
    refuse_unsafe(made)
    return made


def crossing_settings(request: Request) -> Settings:
    """Build those that count over the lines; nothing is released, so any interval will do."""
    return structs.replace(settings_of(request), interval_s=request.interval_s or LINE_INTERVAL_S)


def _check_numbers(request: Request) -> None:
    """Raise ConfigError for what a configuration would not be allowed to say."""
    if request.label_size and not all(1 <= side <= MOST_PIXELS for side in request.label_size):
        raise ConfigError(
            f"--label-size: expected 1 to {MOST_PIXELS} pixels a side", "for example 768x576"
        )
    if request.interval_s is not None and (request.interval_s < 1 or DAY_S % request.interval_s):
        raise ConfigError(
            f"--interval: {request.interval_s} does not divide the day", "take 10, 30, 60, 300 ..."
        )
    least, most = FPS_RANGE
    if request.fps is not None and not least <= request.fps <= most:
        raise ConfigError(f"--fps: expected {least} to {most} pictures a second")
    camera = None if request.places is None else request.places.camera
    stall_s = CameraSettings(source=request.source).stall_s if camera is None else camera.stall_s
    if request.fps is not None and request.fps * stall_s < 1:
        raise ConfigError(
            f"--fps: {request.fps:g} given, pictures more than {stall_s:g} s apart cover nothing",
            f"expected {1 / stall_s:.3g} or more"
            + ("" if camera is None else ", or a longer stall_s of the configuration's camera"),
        )


def _zone(request: Request) -> ZoneSettings:
    """Stand people where their labels are: MOT boxes by the foot, points by the head."""
    return ZoneSettings(
        camera=CAMERA,
        polygon=list(request.polygon or WHOLE),
        anchor="head" if request.kind is LabelKind.POINTS else "foot",
    )
