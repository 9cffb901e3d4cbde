"""A report as tables for a terminal, at most 100 columns."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from counter.evaluate.acceptance import ALPHA, Acceptance
from counter.evaluate.report import CountError, CrossingRow, IntervalRow, Report

if TYPE_CHECKING:
    from rich.table import Table

WIDTH = 100
MOST_ROWS = 40  # of intervals; the JSON file has them all


def as_text(report: Report) -> str:
    from rich.console import Console  # noqa: PLC0415

    console = Console(width=WIDTH, no_color=True, force_terminal=False)
    with console.capture() as capture:
        clip = f"{report.source}: {report.frames} frames, {report.seconds:.1f} s"
        console.print(f"{clip}, {report.model} on {report.backend}", soft_wrap=True, markup=False)
        for table in _tables(report):
            console.print()
            console.print(table)
        for note in (*_remarks(report), *report.notes):
            console.print(note, markup=False)
    return "\n".join(line.rstrip() for line in capture.get().splitlines())


def _tables(report: Report) -> "Iterable[Table]":
    heads: tuple[str, ...]
    errors = [
        (zone.zone, what, *_error(error))
        for zone in report.zones
        for what, error in (
            ("tracked, by frame", zone.tracked),
            ("sure boxes, by frame", zone.detected),
            ("by interval", zone.by_interval),
        )
        if error is not None
    ]
    if errors:
        heads = ("zone", "occupancy", "labelled", "truth", "ours", "MAE", "RMSE", "bias")
        yield _table(heads, errors)
    if report.lines:
        rows = [
            (row.line, row.measure, str(row.truth), str(row.ours), f"{row.ours - row.truth:+d}")
            for row in report.lines
        ]
        yield _table(("line", "direction", "truth", "ours", "error"), rows)
    if report.scores is not None:
        found = report.scores
        shares = (found.hota, found.deta, found.assa, found.idf1, found.mota)
        row = (*(f"{100 * share:.1f}" for share in shares), str(found.switches))
        yield _table(("HOTA", "DetA", "AssA", "IDF1", "MOTA", "id switches"), [row], left=0)
    if report.intervals:
        heads = ("cell", "from s", "truth", "ours", "coverage", "truth released", "ours released")
        yield _table(heads, [_interval(row) for row in report.intervals[:MOST_ROWS]], left=1)
    known = [row for row in report.crossings if row.truth is not None]
    if known:
        heads = ("cell", "from s", "truth", "ours")
        yield _table(heads, [_crossing(row) for row in known[:MOST_ROWS]], left=1)
    if report.acceptance:
        heads = ("equivalence test", "events", "persons", "error", "interval", "limit", "accepted",
                 "needed")  # fmt: skip
        yield _table(heads, [_test(test) for test in report.acceptance], left=1)


def _remarks(report: Report) -> Iterable[str]:
    if report.intervals:
        same, known = report.agreement
        yield (
            f"{same} of {known} releases are those of the truth"
            if known
            else "no interval was labelled for long enough to be released"
        )
    yield from _unknown(report)
    left = len(report.intervals) - MOST_ROWS, len(report.crossings) - MOST_ROWS
    if max(left) > 0:
        yield f"more than {MOST_ROWS} intervals: --json FILE has them all"
    if report.acceptance:
        share = f"{1 - 2 * ALPHA:.0%}"
        yield (
            f"Equivalence test in the manner of VDV 457: accepted where the {share} interval of the"
            f" relative\nerror lies within the limit (the user's risk: {ALPHA:.0%}) and the events"
            " are enough; needed: events\nat which a counter of this spread and no error passes"
            f" {1 - ALPHA:.0%} of the time."
        )


def _unknown(report: Report) -> Iterable[str]:
    """Say of which cells an interval is not known: too little of it was seen to count."""
    rows: list[IntervalRow | CrossingRow] = [*report.intervals, *report.crossings]
    for cell in dict.fromkeys(row.cell for row in rows):
        ours = [row.ours for row in rows if row.cell == cell]
        if None in ours:
            yield f"{cell}: {ours.count(None)} of {len(ours)} intervals are not known, left out"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]], left: int = 2) -> "Table":
    from rich.table import Table  # noqa: PLC0415

    table = Table(box=None, pad_edge=False)
    for index, head in enumerate(heads):
        table.add_column(head, justify="left" if index < left else "right", overflow="fold")
    for row in rows:
        table.add_row(*row)
    return table


def _error(found: CountError) -> tuple[str, ...]:
    means = f"{found.truth_mean:.2f}", f"{found.ours_mean:.2f}"
    return str(found.frames), *means, f"{found.mae:.2f}", f"{found.rmse:.2f}", f"{found.bias:+.2f}"


def _interval(row: IntervalRow) -> tuple[str, ...]:
    mark = "" if row.same is not False else " *"
    return (
        row.cell,
        f"{row.start_s:.0f}",
        _number(row.truth),
        _number(row.ours),
        f"{row.coverage:.2f}",
        row.truth_released,
        row.ours_released + mark,
    )


def _crossing(row: CrossingRow) -> tuple[str, ...]:
    return row.cell, f"{row.start_s:.0f}", _number(row.truth), _number(row.ours)


def _test(test: Acceptance) -> tuple[str, ...]:
    return (
        test.cell,
        str(test.events),
        str(test.truth),
        f"{test.error:+.1%}",
        f"{test.low:+.1%} {test.high:+.1%}",
        f"{test.limit:.1%}",
        "yes" if test.accepted else "no",
        str(test.needed),
    )


def _number(value: int | None) -> str:
    return "-" if value is None else str(value)
