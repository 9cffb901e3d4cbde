"""A machine with a Hailo chip, for a test: the fake package on the path, and a file to load."""

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from counter.models import Model, State
from counter.registry import Entry
from tests.tiny_model import tiny_entry

FOLDER = Path(__file__).parent / "hailo"


@contextmanager
def hailo_here(monkeypatch: pytest.MonkeyPatch, version: str = "4.23.0") -> Iterator[Any]:
    """Give the fake package; its `world` is as new."""
    monkeypatch.syspath_prepend(FOLDER)
    platform = importlib.import_module("hailo_platform")
    platform.world.reset()
    platform.world.version = version
    yield platform
    errors = list(platform.world.callback_errors)
    platform.world.reset()
    for name in [name for name in sys.modules if name.split(".")[0] == "hailo_platform"]:
        del sys.modules[name]
    assert errors == []  # each of them would have ended the process


def compiled(folder: Path, onnx: Path, entry: Entry | None = None, **changes: Any) -> Model:
    """Write a HEF that runs `onnx`, and say what a registry would say of it."""
    made = importlib.import_module("hailo_platform.made")
    found = entry or tiny_entry()
    hef = made.Hef(str(onnx), classes=found.classes, **changes)
    path = made.write_hef(folder / "net.hef", hef)
    said = structs.replace(found, layout="nms-by-class", units="normalised", file="net.hef")
    return Model("net", said, path, State.VERIFIED)
