"""From what was typed after `counter evaluate` to a report in words."""

from pathlib import Path
from typing import Any

from counter.errors import ConfigError
from counter.evaluate.report import Report
from counter.evaluate.request import LineTruth, Request
from counter.evaluate.run import evaluate
from counter.settings import ModelSettings, Point


def evaluate_clip(
    *, clip: str, model: str, confidence: float, out: Path | None, **options: Any
) -> str:
    """Evaluate with progress on standard error; `options` are Request's, as they were typed."""
    zone, line = options.pop("zone"), options.pop("line")
    entries, exits = options.pop("entries"), options.pop("exits")
    ends = None if line is None else _points("--line", line, 2, 2)
    request = Request(
        source=clip,
        polygon=None if zone is None else _points("--zone", zone, 3, 64),
        line=None
        if ends is None
        else LineTruth(points=(ends[0], ends[1]), entries=entries, exits=exits),
        model=ModelSettings(name=model, confidence=confidence),
        **options,
    )
    report = _with_progress(request)
    if out is not None:
        _write(out, report.to_json())
    return report.to_text()


def _with_progress(request: Request) -> Report:
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    columns = SpinnerColumn(), TextColumn("{task.completed} frames"), TimeElapsedColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
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
