"""For who runs a box: run, check, demo."""

from pathlib import Path
from typing import Any

import click

from counter import voice
from counter.cli.group import CONFIG, FILE, cli


@cli.command()
@CONFIG
@click.option(
    "--realtime", is_flag=True, help="Read footage at its own pace, not as fast as possible."
)
def run(config: Path, *, realtime: bool) -> None:
    """Count what CONFIG describes until stopped (Ctrl-C or SIGTERM), or until its footage ends.

    Nothing but rounded counts leaves the process: over MQTT, on /metrics or as JSON lines,
    whichever CONFIG has. No picture is ever stored, sent or shown.
    """
    from counter.assemble import appliance, stop_on_signals
    from counter.config import load

    with stop_on_signals() as stop, appliance(load(config), realtime=realtime) as machine:
        voice.note(f"counting with {machine.summary}")
        machine.run(stop)


@cli.command()
@CONFIG
def check(config: Path) -> None:
    """Validate CONFIG and print what it would release, on which grid, and where.

    Exits with 2 and one line when CONFIG is wrong, or asks for what is refused.
    """
    from counter.check import report
    from counter.config import load

    click.echo(report(load(config)))


@cli.command()
@click.option(
    "--scene",
    type=click.Choice(["platform", "carriage"]),
    default="platform",
    show_default=True,
    help="Which drawn place to count in.",
)
@click.option("--video", type=FILE, help="Count in this file instead of the drawn scene.")
@click.option("--source", help="Count in this camera instead: rtsp://..., /dev/video0.")
@click.option("--mqtt", help="Publish to this broker (mqtt://host:1883); default: one of its own.")
@click.option(
    "--seconds",
    type=click.IntRange(31, 86_400),
    default=120,
    show_default=True,
    help="Stop after so many seconds of the scene (of the clock, with a camera).",
)
@click.option("--model", help="A detector of `counter models list`; default: the embedded one.")
@click.option(
    "--realtime", is_flag=True, help="Show the scene at its own pace, not as fast as possible."
)
def demo(**options: Any) -> None:
    """See the main job work with nothing but this package.

    A drawn carriage or platform is watched, its people are detected, tracked and counted, and
    the released counts go over MQTT to a live table: "<11" is a count too small to be told.
    """
    from counter.assemble import stop_on_signals
    from counter.demo.request import Request
    from counter.demo.show import show

    with stop_on_signals() as stop:
        show(Request(**options), stop)
