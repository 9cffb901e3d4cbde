"""For who measures: evaluate, models."""

from typing import Any

import click

from counter.cli.group import FILE, cli


def points(text: str) -> tuple[float, ...]:
    """Read `x,y,x,y`."""
    return tuple(float(part) for part in text.split(","))


def size(text: str) -> tuple[int, int]:
    """Read `768x576`."""
    width, by, height = text.partition("x")
    if not by:
        raise ValueError("expected WIDTHxHEIGHT")
    return int(width), int(height)


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
    """Compare our counts with the labels of CLIP.

    CLIP is a recorded and labelled file, or a directory of images. A laboratory tool: it prints
    exact numbers, so it refuses live cameras and publishes nothing.

    \b
    counter evaluate film.mp4 --labels counts.csv
    counter evaluate door.mp4 --line 0,0.5,1,0.5 --entries 7 --exits 3
    """  # noqa: D301
    from counter.evaluate.command import evaluate_clip

    click.echo(evaluate_clip(**options))


@cli.group()
def models() -> None:
    """List and verify the models that may be loaded.

    \b
    counter models list
    counter models verify counter-n
    """  # noqa: D301


@models.command("list")
def models_list() -> None:
    """List the registry, and what is on this machine.

    \b
    counter models list

    Exits with 0.
    """  # noqa: D301
    from counter.check import models_table

    click.echo(models_table())


@models.command()
@click.argument("names", nargs=-1)
def verify(names: tuple[str, ...]) -> None:
    """Compare files with the hashes of the registry.

    NAMES are of `counter models list`; without any, all that are here are compared.

    \b
    counter models verify
    counter models verify counter-n

    Exits with 0, or with 2 when a named one is missing or any is altered.
    """  # noqa: D301
    from counter.check import verify_models

    click.echo(verify_models(names))
