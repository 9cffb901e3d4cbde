"""For who keeps a box's record: ledger."""

import os
from datetime import UTC, datetime
from pathlib import Path

import click

from counter import voice
from counter.cli.group import cli

LEDGER = click.argument("file", type=click.Path(path_type=Path), metavar="FILE")


@cli.group()
def ledger() -> None:
    """The chain of starts and stops that a configuration's `ledger` names."""


@ledger.command()
@LEDGER
def show(file: Path) -> None:
    """Print the starts and stops of FILE as a table, one line each.

    Also of a file that does not hold together: as far as it does, and then exit code 2.
    """
    from counter.ledger.table import table
    from counter.ledger.verdict import verify as judged

    verdict = judged(file, None)
    click.echo(table(verdict.records))
    verdict.require()


@ledger.command()
@LEDGER
@click.option("--head", metavar="HASH", help="A published head: `ledger_head` of the info topic.")
def verify(file: Path, head: str | None) -> None:
    """Verify the chain of FILE; with --head also that nothing was cut off or written anew.

    Exits with 2 when something is wrong.
    """
    from counter.ledger.verdict import verify as judged

    verdict = judged(file, head)
    click.echo("\n".join(verdict.lines))
    verdict.require()


@ledger.command()
@LEDGER
@click.option("--result", default="", help="How the service ended.  [default: $SERVICE_RESULT]")
@click.option("--code", default="", help="Exit status or signal.  [default: $EXIT_STATUS]")
def stopped(file: Path, result: str, code: str) -> None:
    """Append the stop of the last start to FILE: for ExecStopPost= of the service.

    The counter itself can write nothing once it counts, so another process writes how it ended.
    """
    from counter.ledger.book import Ledger

    opened = Ledger.open(file)
    if not opened.running:  # a start that failed before it was written down has no stop either
        voice.note("no start waits for its stop; nothing was written to the ledger")
        return
    opened.stopped(
        result or os.environ.get("SERVICE_RESULT", ""),
        code or os.environ.get("EXIT_STATUS", ""),
        datetime.now(UTC),
    )


@ledger.command()
@LEDGER
def archive(file: Path) -> None:
    """Put FILE aside as it is, and begin a new one whose first record names the old head.

    For a ledger that is full, or torn by a power cut: the new one says which, so nothing is hidden.
    """
    from counter.ledger.aside import archive as put_aside

    click.echo(f"kept as {put_aside(file, datetime.now(UTC))}; keep it: its end is named in {file}")
