"""The command line. It imports nothing heavy: each command imports what it needs when it runs.

Rule 1: no runtime may phone home; the switches are set here, before anything can be imported.
Rule 2: a mistake of the user ends in two lines and exit code 2 (see `voice`).
"""

import os
import sys
from pathlib import Path
from typing import Any

# onnxruntime's official wheel reports usage unless this is set before its import; ultralytics
# writes a settings file, looks for the network and installs packages unless told not to.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
os.environ["YOLO_OFFLINE"] = "1"
os.environ["YOLO_AUTOINSTALL"] = "False"

import click

from counter import __version__, voice
from counter.errors import CounterError


def points(text: str) -> tuple[float, ...]:
    """Read `x,y,x,y`."""
    return tuple(float(part) for part in text.split(","))


def size(text: str) -> tuple[int, int]:
    """Read `768x576`."""
    width, by, height = text.partition("x")
    if not by:
        raise ValueError("expected WIDTHxHEIGHT")
    return int(width), int(height)


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


@cli.command()
@click.argument("clip", metavar="CLIP")
@click.option(
    "--labels",
    type=FILE,
    help="MOT gt.txt, a CSV of frame,count or seconds,count, or a directory of x,y points.",
)
@click.option(
    "--label-size",
    type=size,
    metavar="WxH",
    help="Of the pictures that were labelled, where CLIP has another size.",
)
@click.option(
    "--label-offset",
    type=int,
    help="Label frame = clip frame + this.  [default: 1 for MOT, else 0]",
)
@click.option(
    "--zone",
    type=points,
    metavar="X,Y,X,Y,...",
    help="Count in this polygon (fractions).  [default: the whole picture]",
)
@click.option(
    "--line",
    type=points,
    metavar="X,Y,X,Y",
    help="Count over this line; IN is from its left to its right.",
)
@click.option("--entries", type=int, default=0, help="True number of persons over --line, IN.")
@click.option("--exits", type=int, default=0, help="The same, OUT.")
@click.option(
    "--interval",
    "interval_s",
    type=int,
    metavar="S",
    help="Length of an interval.  [default: the purpose's]",
)
@click.option("--fps", type=float, help="Of a directory of images.")
@click.option("--frames", type=int, help="Stop after so many.")
@click.option("--model", default="counter-n", show_default=True)
@click.option("--confidence", type=click.FloatRange(0, 1), default=0.25, show_default=True)
@click.option("--json", "out", type=FILE, help="Also write the report to this file.")
def evaluate(**options: Any) -> None:
    """Compare our counts with those of CLIP, a recorded and labelled file or directory of images.

    A laboratory tool: it prints exact numbers, so it refuses live cameras and publishes nothing.

    \b
    counter evaluate film.mp4 --labels counts.csv
    counter evaluate door.mp4 --line 0,0.5,1,0.5 --entries 7 --exits 3
    """  # noqa: D301
    from counter.evaluate.command import evaluate_clip

    click.echo(evaluate_clip(**options))


@cli.group()
def models() -> None:
    """The models that may be loaded: names, licences, hashes."""


@models.command("list")
def models_list() -> None:
    """List the registry, and which of its files are on this machine."""
    from counter.check import models_table

    click.echo(models_table())


@models.command()
@click.argument("names", nargs=-1)
def verify(names: tuple[str, ...]) -> None:
    """Compare the files of NAMES (default: all that are here) with the hashes of the registry."""
    from counter.check import verify_models

    click.echo(verify_models(names))


def main() -> None:
    """Run the command and end with its exit code; the only place that ends the process."""
    voice.say_what_is_logged()
    try:
        cli.main(standalone_mode=False)
    except CounterError as error:
        sys.exit(voice.mistake(error))
    except ModuleNotFoundError as error:
        missing = CounterError(
            f"the package {error.name} is not installed",
            "install this package again, with its dependencies",
        )
        sys.exit(voice.mistake(missing))
    except click.ClickException as error:
        context = getattr(error, "ctx", None)
        command = "counter" if context is None else context.command_path
        sys.exit(voice.mistake(CounterError(error.format_message(), f"see {command} --help")))
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
    except BrokenPipeError:
        sys.exit(0)
    except Exception as error:  # noqa: BLE001  # whatever it is, its text stays inside
        sys.exit(voice.broken(error))
