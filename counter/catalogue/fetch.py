"""`counter models fetch`: what a model lacks here, from the addresses of the registry.

Rule 1: a file goes to the user's folder of the search path, or where --to says; nowhere else.
Rule 2: what is here and as registered is not fetched again.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from counter import models, voice
from counter.catalogue.download import Told, Wanted, download
from counter.catalogue.listing import spelt, unknown
from counter.errors import ModelError
from counter.models import Model
from counter.registry import VARIABLE, search_path, users_folder
from counter.settings import ModelSettings


def fetch(name: str, folder: Path | None) -> str:
    """Fetch every format of a model that has an address; say what is where.

    Raises ModelError; what has arrived by then, or by Ctrl-C, is kept for the next time.
    """
    known = models.listed()
    same = [model for model in known if model.name == name]
    if not same:
        raise unknown(name, known)
    offered = [model for model in same if all(address for _, _, address in model.entry.parts)]
    if not offered:
        return _not_offered(same, folder)
    said = [_brought(model, folder) for model in offered]
    if folder is not None and folder.absolute() not in [path.absolute() for path in search_path()]:
        said.append(f"to be found there, name the folder: {VARIABLE}={folder.absolute()}")
    return "\n".join(said)


def _not_offered(same: list[Model], folder: Path | None) -> str:
    """A model that no address is known of may be here all the same. Raises ModelError."""
    name, lines = same[0].name, [_here(model) for model in same]
    if folder is None and None not in lines:
        return "\n".join(filter(None, lines))
    gone = ", ".join(spelt(model) for model, line in zip(same, lines, strict=True) if not line)
    if name == ModelSettings().name:
        raise ModelError(
            f"model {name}: it comes with the package, nothing to fetch",
            f"not here as registered: {gone}; install the package again" if gone
            else "counter models verify says where it is",
        )  # fmt: skip
    raise ModelError(
        f"model {name}: the registry has no address to fetch it from",
        f"its source: {same[0].entry.source}",
    )


def _here(model: Model) -> str | None:
    """The line of a format that is here and as registered."""
    if model.path is None or _wrong(models.parts_of(model)):
        return None
    return f"{model.name} {spelt(model)}: already here, verified, {model.path}"


def _brought(model: Model, folder: Path | None) -> str:
    head = f"{model.name} {spelt(model)}"
    to = folder or users_folder()
    if folder is None and model.path is not None:
        if line := _here(model):
            return line
        if model.path != to / model.entry.file:
            raise ModelError(
                f"{head}: {_wrong(models.parts_of(model))} has not the registered sha256, and is"
                f" found before {to}",
                "remove it, then fetch again",
            )
    targets = [
        Wanted(address or "", sha256, to / file) for file, sha256, address in model.entry.parts
    ]
    for wanted in targets:
        if _wrong([(wanted.target, wanted.sha256)]):
            _get(wanted)
    return f"{head}: verified, {targets[0].target}"


def _wrong(parts: Iterable[tuple[Path, str]]) -> Path | None:
    """The first file that is missing or has another sha256."""
    for path, sha256 in parts:
        if not path.is_file() or models.digest(path) != sha256:
            return path
    return None


def _get(wanted: Wanted) -> None:
    try:
        with _shown(wanted.target.name) as told:
            download(wanted, told)
    except KeyboardInterrupt:
        kept = wanted.part.stat().st_size if wanted.part.exists() else 0
        goes_on = f"; {kept} bytes are kept, the same command goes on from there" if kept else ""
        voice.note(f"stopped: {wanted.target.name} is not complete{goes_on}")
        raise


@contextmanager
def _shown(name: str) -> Iterator[Told]:
    """A bar on standard error, where that is a terminal."""
    from rich.console import Console  # noqa: PLC0415  # nobody but `fetch` needs it
    from rich.progress import (  # noqa: PLC0415
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda *_: None
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console) as progress:
        bar = progress.add_task(name, total=None)
        yield lambda here, total: progress.update(bar, completed=here, total=total)
