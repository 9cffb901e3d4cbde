"""For who measures: evaluate."""

from pathlib import Path
from typing import Any

import click

from counter.cli.group import FILE, cli
from counter.errors import ConfigError


def points(text: str) -> tuple[float, ...]:
    """Read `x,y,x,y`."""
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        raise ValueError("expected numbers from 0 to 1: x,y,x,y") from None


def size(text: str) -> tuple[int, int]:
    """Read `768x576`."""
    width, _, height = text.partition("x")
    if not (width.isdecimal() and height.isdecimal()):
        raise ValueError("expected WIDTHxHEIGHT in pixels, for example 768x576")
    return int(width), int(height)


@cli.command()
@click.argument("clip", metavar="[CLIP]", required=False)
@click.option(
    "--labels",
    type=FILE,
    help="MOT gt.txt, a CSV of frame,count or seconds,count, or a directory of x,y points.",
)
@click.option(
    "--detections", type=FILE, help="MOT det.txt, in place of CLIP: no pictures and no model."
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
    "--config", "settings_file", type=FILE, help="Its zones, lines, masks, model and tracker."
)
@click.option("--camera", help="Which of the configuration's cameras took CLIP.")
@click.option(
    "--zone",
    type=points,
    multiple=True,
    metavar="X,Y,X,Y,...",
    help="Count in this polygon (fractions); may be given again.  [default: the whole picture]",
)
@click.option(
    "--line",
    type=points,
    multiple=True,
    metavar="X,Y,X,Y",
    help="Count over this line; IN is from its left to its right. May be given again.",
)
@click.option(
    "--entries",
    type=click.IntRange(0),
    multiple=True,
    help="True number of persons over each --line, IN.",
)
@click.option("--exits", type=click.IntRange(0), multiple=True, help="The same, OUT.")
@click.option(
    "--interval",
    "interval_s",
    type=int,
    metavar="S",
    help="Length of an interval.  [default: the purpose's; 60 for lines]",
)
@click.option("--fps", type=float, help="Of a directory of images, or of --detections.")
@click.option("--frames", type=click.IntRange(1), help="Stop after so many.")
@click.option(
    "--limit",
    type=click.FloatRange(0.1, 100),
    metavar="PERCENT",
    help="Of the relative error, for the equivalence test.  [default: 1]",
)
@click.option("--model", help="[default: counter-n, or the configuration's]")
@click.option(
    "--confidence",
    type=click.FloatRange(0, 1),
    help="From which a box is sure.  [default: 0.25, or the configuration's]",
)
@click.option("--json", "out", type=FILE, help="Also write the report to this file.")
@click.option("--plot", "plot_file", type=FILE, help="Also draw counts over time: .png or .svg.")
@click.option(
    "--tally",
    type=FILE,
    help="Fit a correction, or the gain of a density map, to these counts by eye; needs"
    " --released.",
)
@click.option("--released", type=FILE, help="What the box released meanwhile, JSON lines.")
@click.option("--date", "day", help="Day of the --tally's times, where they have none.")
def evaluate(tally: Path | None, released: Path | None, day: str | None, **options: Any) -> None:
    """Compare our counts with the labels of CLIP.

    CLIP is a recorded and labelled file, or a directory of images. A laboratory tool: it prints
    exact numbers, so it refuses live cameras and publishes nothing. With --tally it looks at no
    picture: it compares counts by eye with released numbers.

    \b
    counter evaluate film.mp4 --labels counts.csv
    counter evaluate film.mp4 --labels gt.txt --label-size 768x576 --plot film.svg
    counter evaluate images/ --labels points/ --label-size 640x480 --fps 2
    counter evaluate door.mp4 --line 0,0.5,1,0.5 --entries 7 --exits 3
    counter evaluate --detections det.txt --labels gt.txt
    counter evaluate --tally eye.csv --released box.jsonl --config box.toml

    \b
    counts.csv   seconds,count     or a column for each zone: view-1, view-2
                 0,12
    gt.txt       frame,id,left,top,width,height,mark,class,visibility
    det.txt      frame,-1,left,top,width,height,score     all in pixels
    points/      NAME.csv for images/NAME.jpg, x,y of each head in pixels
    eye.csv      time,cell,counted
                 2026-03-01T08:12:30Z,zone.saloon,34

    Exits with 0, or with 2 for what cannot be used.
    """  # noqa: D301
    if tally is None and released is None and day is None:
        from counter.evaluate.command import evaluate_clip

        click.echo(evaluate_clip(out=options.pop("out"), **options))
        return
    from counter.evaluate.calibrate import calibrate, day_of

    if tally is None or released is None:
        raise ConfigError(
            "--tally: needs --released, and --released needs it",
            "collect what the box releases with stdout = true",
        )
    click.echo(calibrate(tally, released, options["settings_file"], day_of(day)))
