"""Both chips' backends in a sealed process, over their fakes: nothing is loaded or opened too late.

What a real driver asks of the kernel is not known by this: not run on hardware.
"""

from pathlib import Path

import pytest

from tests.fakes import edgetpu_here, hailo_here
from tests.fakes.tiny_chips import tiny_edgetpu, tiny_hailo_maps
from tests.sandboxed import WHOLE, child, needs_both_walls

CODE = """
os.environ |= {{"PYTHONPATH": {fake!r}, "FAKE_EDGETPU_TWIN": {twin!r}}}
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
sys.path.insert(0, {fake!r})
from counter import accelerators
from counter.models import Model, State
from counter.registry import Entry
entry = Entry(
    file="net", sha256="0" * 64, licence="CC0-1.0", source="tests", input=(128, 96),
    layout={layout!r}, units={units!r}, classes=3, person=1, kind="detector",
)
model = Model("net", entry, Path({path!r}), State.VERIFIED)
accelerators.ready("auto", model)  # a program can be started now, and not later
enclosure = Enclosure(Plan(read=(Path({folder!r}), Path({fake!r}))), swap)
enclosure.enter()
import numpy as np
from counter.detectors.open import open_detector
from counter.frame import Frame
from counter.settings import ModelSettings
detector = open_detector(ModelSettings(confidence=0.5), model)
level = enclosure.seal().level
seen = []
for turn in range(3):
    pixels = np.zeros((96, 128, 3), np.uint8)
    pixels[32 * turn : 32 * turn + 32, :32, 1] = 255
    with Frame(pixels, turn) as frame:
        seen += np.round(detector.detect(frame).xyxy[:, 1] * 3, 1).tolist()
detector.close()
print(json.dumps([level, seen]))
"""


def sealed(folder: Path, fake: Path, path: Path | None, layout: str, units: str) -> list[object]:
    code = CODE.format(
        folder=str(folder),
        fake=str(fake),
        path=str(path),
        twin=str(folder / "tiny.tflite"),
        layout=layout,
        units=units,
    )
    (said,) = child(code)
    found: list[object] = said
    return found


@needs_both_walls
def test_a_hailo_works_in_a_sealed_process(tmp_path, monkeypatch):
    with hailo_here.hailo_here(monkeypatch):
        path = tiny_hailo_maps(tmp_path).path
    given = sealed(tmp_path, hailo_here.FOLDER, path, "end-to-end", "pixels")
    assert given == [WHOLE, [0, 1, 2]]


@needs_both_walls
def test_an_edge_tpu_works_in_a_sealed_process(tmp_path):
    pytest.importorskip("ai_edge_litert", reason="not run: ai-edge-litert is not installed")
    path = tiny_edgetpu(tmp_path).path
    given = sealed(tmp_path, edgetpu_here.FOLDER, path, "raw", "normalised")
    assert given == [WHOLE, [0, 1, 2]]
