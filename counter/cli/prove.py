"""For who wants evidence: prove."""

import shutil
import signal
import sys
from pathlib import Path

import click

from counter.cli.group import FILE, cli
from counter.errors import ConfigError

NOT_PASSED = 1  # something was found, or a control was missed


@cli.command()
@click.argument("config", type=FILE, required=False, metavar="[CONFIG]")
@click.option(
    "--short", is_flag=True, help="Fewer scenarios, and only the usual places: for every change."
)
@click.option("--json", "out", type=FILE, help="Also write the report to this file.")
@click.option("--ledger", type=FILE, help="Do nothing but follow the chain of this ledger.")
@click.option("--head", metavar="SHA256", help="A head that was published, to look for in it.")
def prove(
    config: Path | None, *, short: bool, out: Path | None, ledger: Path | None, head: str | None
) -> None:
    """Look on this machine for pictures that were left.

    A marked film goes through the real `counter run` while it is killed, crashed and cut off. Then
    all that it said, and every file that changed, is searched for the marker; and runs that leak on
    purpose have to be caught. With CONFIG its zones, purpose and gate are used.

    \b
    counter prove                     as root for all of it; some minutes
    counter prove --short             about a minute
    counter prove --ledger FILE --head SHA256

    Exits with 0 when nothing was found and every control was, 1 otherwise, 2 for a mistake; with
    --ledger as `counter ledger verify`: 0, or 2 when something is wrong.
    """  # noqa: D301
    if ledger is not None:
        from counter.ledger import verify

        verdict = verify(ledger, head)
        click.echo("\n".join(verdict.lines))
        verdict.require()
        return
    if head is not None:
        raise ConfigError("--head is given without --ledger", "name the ledger's file")

    from counter.prove.command import Request
    from counter.prove.command import prove as proved

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends its children too, like Ctrl-C
    report = proved(Request(config, short, out))
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    click.echo(report.as_text(width), nl=False)
    sys.exit(0 if report.passed else NOT_PASSED)
