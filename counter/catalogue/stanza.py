"""What a new model's entry in a registry.toml looks like, and whether our backend opens it."""

import json
from typing import Final

from msgspec import structs

from counter.backends import lacking
from counter.detectors.open import open_detector
from counter.errors import CounterError
from counter.models import Model
from counter.registry import Entry
from counter.settings import ModelSettings

UNTOLD: Final = frozenset({"url", "weights_url", "formats"})  # of a file that was just made


def stanza(name: str, entry: Entry) -> str:
    """TOML that can be pasted; JSON's strings, numbers and lists are TOML's."""
    fields = structs.asdict(entry)
    lines = [
        f"{key} = {json.dumps(value)}"
        for key, value in fields.items()
        if value is not None and key not in UNTOLD
    ]
    return "\n".join([f"[model.{name}]", *lines])


def tried(model: Model, backend: str) -> str:
    """Open it as `run` would, and say what came of it; its first output is checked by that."""
    if lack := lacking(backend):
        return f"not with {backend}: {lack}"
    settings = ModelSettings(name=model.name, backend=backend)  # type: ignore[arg-type]
    try:
        open_detector(settings, model).close()
    except CounterError as error:
        return f"{backend} refuses it: {error.message}"
    return f"{backend} opens it"
