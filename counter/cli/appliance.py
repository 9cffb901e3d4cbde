"""For who runs a box: run, check, demo."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from counter import voice
from counter.cli.group import CONFIG, FILE, cli

if TYPE_CHECKING:
    from counter.settings import Settings
    from counter.start import Start


@cli.command()
@CONFIG
@click.option(
    "--realtime", is_flag=True, help="Read footage at its own pace, not as fast as possible."
)
def run(config: Path, *, realtime: bool) -> None:
    """Count what CONFIG describes, until stopped.

    Ctrl-C or SIGTERM stops it; footage also ends by itself. Nothing but rounded counts leaves the
    process: over MQTT, on /metrics or as JSON lines, whichever CONFIG has. No picture is ever
    stored, sent or shown.

    \b
    counter run box.toml
    counter run film.toml --realtime

    Where CONFIG has stdout = true, send it into a pipe (| cat > FILE): a file is refused. A sealed
    process cannot write its own stop into the ledger: systemd does by ExecStopPost=, a person by
    `counter ledger stopped FILE`.

    Exits with 0 when stopped or at the end of footage, 2 for a mistake (two lines say which), 70
    for a fault of the program.
    """  # noqa: D301
    from counter.config import load
    from counter.service import stop_on_signals
    from counter.start import begin

    loaded = load(config)
    with stop_on_signals() as stop:
        start = begin(loaded)  # before anything heavy is imported: see there
        from counter.assemble import appliance

        with appliance(loaded, realtime=realtime, start=start) as machine:
            voice.note(f"counting with {machine.summary}; {_told(loaded.settings, start)}")
            machine.run(stop)


def _told(settings: "Settings", start: "Start") -> str:
    """Say where counts go, and what to write down to check the ledger by."""
    mqtt, prometheus = settings.mqtt, settings.prometheus
    places = [] if mqtt is None else [mqtt.url]
    if prometheus is not None:
        places.append(f"http://{prometheus.host}:{prometheus.port}/metrics")
    if settings.stdout:
        places.append("standard output")
    said = f"counts go to {', '.join(places) or 'nobody'}"
    return said if start.ledger_head is None else f"{said}; ledger head {start.ledger_head}"


@cli.command()
@CONFIG
@click.option(
    "--aim",
    is_flag=True,
    help="Then watch the cameras, and say in words how they are aimed; no picture is shown.",
)
@click.option(
    "--minutes",
    type=click.IntRange(1, 60),
    default=5,
    show_default=True,
    help="How long --aim watches; footage may end earlier.",
)
@click.option(
    "--dossier",
    "papers",
    type=FILE,
    metavar="DIR",
    help="Where its dossier is.  [default: beside CONFIG]",
)
def check(config: Path, *, aim: bool, minutes: int, papers: Path | None) -> None:
    """Validate CONFIG, and say what it would release.

    No camera is opened without --aim, which --minutes is for.

    \b
    counter check box.toml
    counter check box.toml --aim --minutes 10

    Exits with 0, or with 2 and two lines when CONFIG is wrong or asks for what is refused; with
    --aim also when people are so large in the picture that they could be recognised.
    """  # noqa: D301
    from counter.check import report
    from counter.config import load
    from counter.dossier.manifest import status
    from counter.start import outlook

    loaded = load(config)
    click.echo(report(loaded))
    for line in outlook(loaded):
        click.echo(line)
    click.echo(f"dossier  {status(loaded, config, papers)}")
    if not aim:
        return
    from counter.service import stop_on_signals
    from counter.start import begin_without_memory

    with stop_on_signals() as stop:
        start = begin_without_memory(loaded, loaded.settings.accept_weaker_sandbox)
        from counter.aim.watch import watch

        found = watch(start, minutes, stop, say=voice.note)
    click.echo(f"\n{found.text}")
    found.insist()


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
    """See it work with nothing but this package.

    A drawn carriage or platform is watched, its people are detected, tracked and counted, and
    the released counts go over MQTT to a live table: "<11" is a count too small to be told.
    """
    from counter.demo.place import prepared
    from counter.demo.request import Request
    from counter.guarantees import Guarantee
    from counter.service import stop_on_signals
    from counter.start import begin_without_memory

    place = prepared(Request(**options))
    with stop_on_signals() as stop:
        # Of films and drawn people it shows what this machine can guarantee, whatever that is.
        accepted = () if place.live else tuple(Guarantee)
        start = begin_without_memory(place.loaded, accepted, place.own_ports)
        from counter.demo.show import show

        show(place, start, stop)
