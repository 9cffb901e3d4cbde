"""The detector of tiny_model.py under a name, for commands that look models up."""

from hashlib import sha256
from pathlib import Path

import pytest

from counter.models import Model
from counter.registry import Entry
from tests.tiny_model import tiny_model

TABLE = """[model.tiny]
file = "{file}"
sha256 = "{sha256}"
licence = "CC0-1.0"
source = "tests"
input = [128, 96]
layout = "{layout}"
units = "{units}"
classes = 3
person = 1
kind = "detector"
"""


def register_tiny(folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Write model and registry, and name their folder in the environment; give the sha256."""
    return register(tiny_model(folder), monkeypatch)


def register(model: Model, monkeypatch: pytest.MonkeyPatch) -> str:
    """Write the registry beside this model's file, as "tiny"."""
    path, entry = model.path, model.entry
    assert path is not None
    assert isinstance(entry, Entry)
    found = sha256(path.read_bytes()).hexdigest()
    said = TABLE.format(file=path.name, sha256=found, layout=entry.layout, units=entry.units)
    (path.parent / "registry.toml").write_text(said)
    monkeypatch.setenv("COUNTER_MODELS", str(path.parent))
    return found
