"""Counts over time as a drawing: numbers of a report, never a picture of a place.

Rule 1: matplotlib is imported here and nowhere else, when `--plot` is given. It can write pictures,
so the appliance's process must not be able to load it: this file stands on the floor of the
laboratory's tools, above everything that `run` is made of, and the kernel would refuse the rest.
Rule 2: only a Report comes in, and it holds no array.
"""

from collections.abc import Sequence
from pathlib import Path

from counter.errors import ConfigError
from counter.evaluate.report import CrossingRow, IntervalRow, Report

Row = IntervalRow | CrossingRow
SUFFIXES = {".png", ".svg"}
HALF = 2.5  # persons: what a released number rounds away, at most, for the finest base
HEIGHT, WIDTH = 2.2, 9.0  # inches, of one cell


def check(path: Path) -> None:
    """Raise ConfigError for a name that says no format, before a long evaluation."""
    if path.suffix.lower() not in SUFFIXES:
        raise ConfigError(f"--plot {path}: expected a name that ends in .png or .svg")
    try:
        import matplotlib  # noqa: F401, ICN001, PLC0415
    except ImportError:
        raise ConfigError(
            "--plot: matplotlib is not installed", "pip install 'counter-appliance[evaluate]'"
        ) from None


def draw(report: Report, path: Path) -> None:
    """Draw truth and ours of each cell over the clip's time; the band is the released number."""
    from matplotlib.figure import Figure  # noqa: PLC0415

    cells: dict[str, list[Row]] = {}
    listed: tuple[Row, ...] = (*report.intervals, *report.crossings)
    for row in listed:
        cells.setdefault(row.cell, []).append(row)
    if not cells:
        raise ConfigError("--plot: no interval has closed", "give a longer clip, or --interval 30")
    figure = Figure(figsize=(WIDTH, HEIGHT * len(cells) + 0.6), layout="constrained")
    for axes, (cell, rows) in zip(
        figure.subplots(len(cells), squeeze=False)[:, 0], cells.items(), strict=True
    ):
        edges = [row.start_s for row in rows]
        edges.append(edges[-1] + (edges[1] - edges[0] if len(edges) > 1 else 60))
        bands = [_band(row) for row in rows]
        axes.stairs(
            [high for _, high in bands],
            edges,
            baseline=[low for low, _ in bands],
            fill=True,
            color="0.85",
            label="what ours leaves as",
        )
        axes.stairs(_numbers([row.truth for row in rows]), edges, baseline=None, label="truth")
        axes.stairs(_numbers([row.ours for row in rows]), edges, baseline=None, label="ours")
        axes.set(title=cell, xlabel="s", ylabel="persons", ylim=(0, None))
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=3)
    figure.suptitle(f"{report.source}, {report.model}", fontsize="medium")
    try:
        figure.savefig(path)
    except OSError as error:
        raise ConfigError(f"--plot {path}: {error.strerror}") from None


def _band(row: Row) -> tuple[float, float]:
    """From and to how many persons the released number may stand for; nothing where none is."""
    told = row.ours_released if isinstance(row, IntervalRow) else ""
    if told.isdigit():
        return int(told) - HALF, int(told) + HALF
    if told.startswith("<"):
        return 0, int(told[1:]) - 0.5
    return 0, 0


def _numbers(values: Sequence[int | None]) -> list[float]:
    return [float("nan") if value is None else value for value in values]
