"""The command's head, and what several commands take."""

from pathlib import Path

import click

from counter import __version__

CONFIG = click.argument("config", type=click.Path(path_type=Path), metavar="CONFIG")
FILE = click.Path(path_type=Path)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="counter")
def cli() -> None:
    """Count people without keeping them.

    \b
    counter demo                     see it work: drawn people, a broker of its own, a live table
    counter check examples/carriage.toml   what would be released, how often, what is refused
    counter run   examples/carriage.toml   the appliance
    """  # noqa: D301  # click's marker for a block that is not rewrapped
