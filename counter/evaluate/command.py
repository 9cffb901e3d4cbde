"""From what was typed after `counter evaluate` to a report in words."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from msgspec import structs

from counter import config
from counter.errors import ConfigError
from counter.evaluate import plot
from counter.evaluate.report import Report
from counter.evaluate.request import CAMERA, LINE, ZONE, Places, Request
from counter.evaluate.run import evaluate
from counter.purposes import Purpose
from counter.settings import LineSettings, ModelSettings, Point, Settings, ZoneSettings

MODEL, CONFIDENCE = "counter-n", 0.25
UNMAPPED = "[crowd] was left out: evaluate counts with the tracker alone, the box also with a map"


def evaluate_clip(*, out: Path | None, plot_file: Path | None, **options: Any) -> str:
    """Evaluate with progress on standard error; `options` are Request's, as they were typed."""
    from counter.evaluate.tables import as_text  # noqa: PLC0415

    request = request_of(**options)
    for option, path in (("--json", out), ("--plot", plot_file)):
        if path is not None and not path.parent.is_dir():
            raise ConfigError(f"{option} {path}: there is no folder {path.parent}", "make it first")
    if plot_file is not None:
        plot.check(plot_file)
    report = _with_progress(request)
    if out is not None:
        _write(out, report.to_json())
    if plot_file is not None:
        plot.draw(report, plot_file)
    return as_text(report)


def request_of(*, clip: str | None, settings_file: Path | None, **options: Any) -> Request:
    """Put together what is asked for. Raises ConfigError naming the option."""
    detections = options["detections"]
    if (clip is None) == (detections is None):
        raise ConfigError(
            "CLIP: expected a clip, or --detections FILE instead of one",
            "counter evaluate film.mp4 --labels counts.csv",
        )
    camera = options.pop("camera")
    settings = None if settings_file is None else config.load(settings_file).settings
    drawn = {key: options.pop(key) for key in ("zone", "line", "entries", "exits")}
    places = _typed(**drawn) if settings is None else _configured(settings, camera, drawn)
    limit = options.pop("limit")
    model = ModelSettings() if settings is None else settings.model
    name, confidence = options.pop("model"), options.pop("confidence")
    model = structs.replace(
        model,
        name=model.name if name is None else name,
        confidence=model.confidence if confidence is None else confidence,
    )
    if settings is not None:
        options["tracker"] = settings.tracker
        if settings.purpose is not Purpose.FOOTFALL:
            options |= {"purpose": settings.purpose, "disclosure": settings.disclosure}
        if settings.crowd is not None:
            options["notes"] = (UNMAPPED,)
    return Request(
        source=str(detections.resolve().parent.name) if clip is None else clip,
        places=places,
        model=model,
        limit=None if limit is None else limit / 100,
        **options,
    )


def _typed(
    *,
    zone: Sequence[tuple[float, ...]],
    line: Sequence[tuple[float, ...]],
    entries: Sequence[int],
    exits: Sequence[int],
) -> Places | None:
    """Build the zones and lines that were drawn on the command line."""
    for option, given in (("--entries", entries), ("--exits", exits)):
        if len(given) not in (0, len(line)):
            raise ConfigError(
                f"{option}: {len(given)} given for {len(line)} lines", "give one for each --line"
            )
    if not zone and not line:
        return None
    zones = [
        ZoneSettings(camera=CAMERA, polygon=list(_points("--zone", numbers, 3, 64)))
        for numbers in zone
    ]
    lines = [
        LineSettings(camera=CAMERA, points=list(_points("--line", numbers, 2, 2)))
        for numbers in line
    ]
    named = _numbered(LINE, lines)
    counted = [
        (entries[index] if entries else 0, exits[index] if exits else 0)
        for index in range(len(lines))
    ]
    totals = dict(zip(named, counted, strict=True)) if entries or exits else {}
    return Places(zones=_numbered(ZONE, zones), lines=named, totals=totals)


def _configured(settings: Settings, camera: str | None, drawn: dict[str, Any]) -> Places:
    """Take the zones, lines and masks of one camera of a configuration."""
    if any(drawn.values()):
        raise ConfigError(
            "--config: has zones and lines of its own", "give no --zone and no --line"
        )
    names = list(settings.cameras)
    if camera is None and len(names) > 1:
        raise ConfigError("--camera: the configuration has several", f"one of {', '.join(names)}")
    chosen = names[0] if camera is None else camera
    if chosen not in settings.cameras:
        raise ConfigError(f"--camera: there is no camera {chosen}", f"one of {', '.join(names)}")
    return Places(
        zones={
            name: structs.replace(zone, camera=CAMERA)
            for name, zone in settings.zones.items()
            if zone.camera == chosen
        },
        lines={
            name: structs.replace(line, camera=CAMERA)
            for name, line in settings.lines.items()
            if line.camera == chosen
        },
        camera=settings.cameras[chosen],
    )


def _numbered(name: str, places: list[Any]) -> dict[str, Any]:
    """Name one place `line`, and several `line-1`, `line-2`."""
    if len(places) == 1:
        return {name: places[0]}
    return {f"{name}-{number}": place for number, place in enumerate(places, 1)}


def _with_progress(request: Request) -> Report:
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    console = Console(stderr=True)
    columns = SpinnerColumn(), TextColumn("{task.completed} frames"), TimeElapsedColumn()
    hidden = not console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=hidden) as bar:
        task = bar.add_task("frames", total=request.frames)
        return evaluate(request, progress=lambda done: bar.update(task, completed=done))


def _write(out: Path, text: str) -> None:
    try:
        out.write_text(text + "\n")
    except OSError as error:
        raise ConfigError(
            f"--json {out}: {error.strerror}", "give a file that can be made"
        ) from None


def _points(option: str, numbers: tuple[float, ...], least: int, most: int) -> tuple[Point, ...]:
    points = tuple(zip(numbers[::2], numbers[1::2], strict=False))
    if len(numbers) % 2 or not least <= len(points) <= most:
        wanted = f"{least}" if least == most else f"{least} to {most}"
        raise ConfigError(
            f"{option}: {len(numbers)} numbers given", f"expected x,y of {wanted} points"
        )
    if not all(0 <= number <= 1 for number in numbers):
        raise ConfigError(f"{option}: a point outside the picture", "fractions, 0 to 1")
    return points
