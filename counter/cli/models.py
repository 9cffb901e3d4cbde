"""The models that may be loaded: list, verify, fetch, export."""

import shutil
import sys
from pathlib import Path
from typing import Any

import click

from counter.cli.group import FILE, cli
from counter.errors import ModelError


@cli.group()
def models() -> None:
    """List, verify, fetch and export the models that may be loaded.

    A file is loaded only if its sha256 is in a registry.toml: the product's, or one of your own in
    a folder of COUNTER_MODELS. `run` downloads nothing; `fetch` is for before.

    \b
    counter models list                          what is known, and what is here
    counter models verify                        compare the files with the registry
    counter models fetch yolo11n                 download it from its official address
    counter models export yolo11n --to openvino  convert it for another runtime
    """  # noqa: D301


@models.command("list")
def models_list() -> None:
    """List the registry, and what is on this machine.

    One line for each format of a model: what opens it, its input, licence, size, the beginning of
    its sha256 (of two files: of their sha256s), as `counter check` tells it, and its file. `fetch`:
    not here, but `counter models fetch` gets it. On a terminal a long path loses its beginning;
    through a pipe it is whole.

    \b
    counter models list
    counter models list | grep openvino

    Exits with 0.
    """  # noqa: D301
    from counter.catalogue.listing import table

    terminal = sys.stdout.isatty()
    click.echo(table(shutil.get_terminal_size((100, 24)).columns if terminal else None))


@models.command()
@click.argument("names", nargs=-1)
def verify(names: tuple[str, ...]) -> None:
    """Compare files with the hashes of the registry.

    NAMES are of `counter models list`, or files; without any, all that are here are compared. One
    line for each format of a model.

    \b
    counter models verify
    counter models verify counter-n
    counter models verify /media/usb/yolo11n.pt

    Exits with 0, or with 2 when a named one is missing or any is altered.
    """  # noqa: D301
    from counter.catalogue.listing import verdicts

    said = verdicts(names)
    click.echo("\n".join(verdict.line for verdict in said))
    altered = [sentence for verdict in said for sentence in verdict.altered]
    if altered:
        raise ModelError(
            "; ".join(altered), "damaged, or another file: put the right one there, or fetch it"
        )


@models.command()
@click.argument("name")
@click.option("--to", "folder", type=FILE, metavar="FOLDER", help="[default: the user's own]")
def fetch(name: str, folder: Path | None) -> None:
    """Download a model, and compare it with the registry.

    From its official address in the registry; `counter models list` marks those that can be had
    with `fetch`. https only; proxies are HTTPS_PROXY and NO_PROXY of the environment. Ctrl-C and a
    lost connection lose nothing: the same command goes on where it stopped. A file gets its name
    only when its sha256 is the registry's. The server learns this machine's address and the version
    of this program.

    \b
    counter models fetch yolo11n
    counter models fetch yolo11n --to /srv/models
    HTTPS_PROXY=http://proxy.example:3128 counter models fetch yolo26n

    Of a model that is here already, and as registered, it says so.

    Exits with 0, with 2 for what cannot be fetched, or with 130 after Ctrl-C.
    """  # noqa: D301
    from counter.catalogue.fetch import fetch as fetched

    click.echo(fetched(name, folder))


def size(text: str) -> tuple[int, int]:
    """Read `320` or `640x384`."""
    width, _, height = text.partition("x")
    if not (width.isdecimal() and (height or width).isdecimal()):
        raise ValueError("expected pixels, N or WIDTHxHEIGHT, for example 320 or 640x384")
    return int(width), int(height or width)


@models.command()
@click.argument("name")
@click.option(
    "--to",
    required=True,
    type=click.Choice(["onnx", "openvino", "ncnn", "tflite-int8", "edgetpu", "hailo"]),
    help="The runtime that is to open it.",
)
@click.option("--imgsz", "size", type=size, metavar="N|WxH", help="[default: the model's own]")
@click.option("--data", type=FILE, help="YAML of pictures: int8 measures its ranges on them.")
@click.option(
    "--out", type=FILE, default=".", metavar="FOLDER", help="[default: the folder you are in]"
)
@click.option(
    "--chip",
    type=click.Choice(["hailo8", "hailo8l", "hailo10h", "hailo15h", "hailo15l"]),
    help="Which Hailo.  [default: hailo8l]",
)
def export(**asked: Any) -> None:
    """Convert a trained model for another runtime, by ultralytics.

    NAME is a model of the registry that is here as a .pt, or the path of your own .pt. It needs
    the extra `ultralytics` in an environment of its own, and what the target needs: what is
    missing is said before any work. Prints the files, and what to write into a registry.toml.

    \b
    counter models export yolo11n --to openvino --imgsz 320
    counter models export mine.pt --to onnx --imgsz 640x384 --out models/
    counter models export yolo11n --to edgetpu --imgsz 320 --data pictures.yaml
    counter models export yolo11n --to hailo --chip hailo8 --data pictures.yaml

    The Edge TPU's compiler is Google's program edgetpu_compiler, Hailo's its Dataflow Compiler;
    both run on x86 Linux only.

    Exits with 0, or with 2 for what is missing or cannot be converted.
    """  # noqa: D301
    from counter.catalogue.export import Order
    from counter.catalogue.export import export as exported

    click.echo(exported(Order(**asked)))
