"""For who answers for a box before the law: dossier."""

from datetime import date
from typing import Any

import click

from counter.cli.group import CONFIG, FILE, cli


def day(text: str) -> date:
    """Read `2026-11-23`."""
    return date.fromisoformat(text)


@cli.command()
@CONFIG
@click.option(
    "--out",
    type=FILE,
    metavar="DIR",
    help="Folder for them.  [default: CONFIG's name with -dossier, beside it]",
)
@click.option(
    "--date",
    "made",
    type=day,
    metavar="YYYY-MM-DD",
    help="Day that the documents bear.  [default: today, UTC]",
)
@click.option(
    "--layer2-url",
    metavar="URL",
    help="Public address of the longer notice, for the QR code of the notice.",
)
@click.option("--proof", type=FILE, help="A report of `counter prove --json`, for the attestation.")
@click.option("--force", is_flag=True, help="Overwrite documents that were edited.")
def dossier(**options: Any) -> None:
    """Make the papers that go with CONFIG.

    They are in French and English, as HTML to be printed.

    \b
    notice         one A4 sheet to hang up
    layer2         the longer notice (Art. 13 GDPR): publish it, and give its address
    dpia           annex to the impact assessment (Art. 35)
    record-art30   record of the processing
    attestation    hashes, privacy floor, guarantees, tests

    Facts come from CONFIG. What only the controller knows is left blank in dotted boxes: open a
    page in a browser, type into them and print it, on paper or as PDF. A file that was edited is
    not overwritten without --force. Nothing here is legal advice.

    \b
    counter dossier box.toml --layer2-url https://example.org/counting
    """  # noqa: D301
    from counter.dossier.make import Request, make

    click.echo(make(Request(**options)))
