"""A machine with an Edge TPU, for a test: the fake runtime in this process and in its probes."""

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from counter import accelerators

FOLDER = Path(__file__).parent / "edgetpu"


@contextmanager
def edgetpu_here(monkeypatch: pytest.MonkeyPatch, mood: str, twin: Path) -> Iterator[None]:
    accelerators.probe_tpu.cache_clear()
    monkeypatch.syspath_prepend(FOLDER)
    monkeypatch.setenv("PYTHONPATH", str(FOLDER))
    monkeypatch.setenv("FAKE_EDGETPU", mood)
    monkeypatch.setenv("FAKE_EDGETPU_TWIN", str(twin))
    importlib.invalidate_caches()
    yield
    for name in [name for name in sys.modules if name.split(".")[0] == "tflite_runtime"]:
        del sys.modules[name]
    accelerators.probe_tpu.cache_clear()
