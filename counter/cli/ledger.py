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
    """Show, verify and close the record of starts and stops.

    It is the file that a configuration's `ledger` names; docs/ledger.md says what it can show.

    \b
    counter ledger show /var/lib/counter/door/ledger.jsonl
    counter ledger verify /var/lib/counter/door/ledger.jsonl --head HASH
    counter ledger stopped /var/lib/counter/door/ledger.jsonl
    """  # noqa: D301


@ledger.command()
@LEDGER
@click.option("--full", is_flag=True, help="Hashes whole, as --head of verify takes them.")
def show(file: Path, *, full: bool) -> None:
    """Print the starts and stops of FILE, one line each.

    Also while a counter runs with it, and of a file that does not hold together: as far as it does.

    \b
    counter ledger show ledger.jsonl
    counter ledger show --full ledger.jsonl

    Exits with 0, or with 2 when FILE is not there or does not hold together.
    """  # noqa: D301
    from counter.ledger.table import FULL, SHORT, table
    from counter.ledger.verdict import verify as judged

    verdict = judged(file, None)
    click.echo(table(verdict.records, FULL if full else SHORT))
    verdict.require()


@ledger.command()
@LEDGER
@click.option("--head", metavar="HASH", help="A published head, 64 digits.")
def verify(file: Path, head: str | None) -> None:
    """Verify the chain of FILE, and look for a published head.

    With --head, what was cut off or written anew before it is found; without, edits only.

    \b
    counter ledger verify ledger.jsonl
    counter ledger verify ledger.jsonl --head HASH

    Exits with 0, or with 2 when something is wrong or FILE is not there.
    """  # noqa: D301
    from counter.ledger.verdict import verify as judged

    verdict = judged(file, head)
    click.echo("\n".join(verdict.lines))
    verdict.require()


@ledger.command()
@LEDGER
@click.option("--result", default="", help="How the service ended.  [default: $SERVICE_RESULT]")
@click.option("--code", default="", help="Exit status or signal.  [default: $EXIT_STATUS]")
def stopped(file: Path, result: str, code: str) -> None:
    """Append the stop of the last start to FILE.

    The counter itself can write nothing once it counts, so another process writes how it ended:
    systemd by ExecStopPost=, or a person.

    \b
    counter ledger stopped ledger.jsonl                               in a unit
    counter ledger stopped ledger.jsonl --result success --code 0     by hand, after Ctrl-C

    Exits with 0, also when no start waits for its stop; with 2 while the counter still runs, and
    when FILE cannot be written or does not hold together.
    """  # noqa: D301
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
    """Put FILE aside, and begin one that names its head.

    For a ledger that is full, or torn by a power cut: the new one says which, so nothing is hidden.
    The old file stays as it is, under a name with the time.

    \b
    counter ledger archive ledger.jsonl

    Exits with 0, or with 2 while a counter runs with it, and when nothing could be put aside.
    """  # noqa: D301
    from counter.ledger.aside import archive as put_aside

    click.echo(f"kept as {put_aside(file, datetime.now(UTC))}; keep it: its end is named in {file}")
