"""A configuration with a crowd model: found, hashed, sealed in, and run."""

import cv2
import numpy as np
import pytest
from msgspec import structs

from counter import check, models, reach, start
from counter.config import Loaded
from counter.errors import ConfigError, ModelError
from counter.models import State
from counter.settings import CrowdSettings, Settings
from tests.sandboxed import WHOLE, child, needs_both_walls
from tests.tiny_map import tiny_map
from tests.tomls import ZONE, parse, text


@pytest.fixture
def settings(tmp_path, monkeypatch) -> Settings:
    """A configuration whose crowd model is the tiny one, registered by the operator."""
    path = tiny_map(tmp_path).path
    assert path is not None
    entry = f'[model.tiny-map]\nfile = "map.onnx"\nsha256 = "{models.digest(path)}"\n'
    fields = 'licence = "CC0-1.0"\nsource = "s"\ninput = [64, 32]\nkind = "density"\ncell = 4\n'
    (tmp_path / "registry.toml").write_text(entry + fields)
    monkeypatch.setenv("COUNTER_MODELS", str(tmp_path))
    camera = '[cameras.door]\nsource = "synthetic:platform"\n'
    plain = parse(text(camera, ZONE))[0]
    return structs.replace(plain, crowd=CrowdSettings(model="tiny-map"))


class TestStart:
    def test_it_is_found_and_hashed_before_and_may_be_read_after(self, settings, tmp_path):
        begun = start.unrestrained(Loaded(settings, "0" * 64, ()))
        assert begun.crowd is not None
        assert begun.crowd.state is State.VERIFIED
        plan = reach.plan_of(settings, begun.model, crowd=begun.crowd)
        assert plan.read == (begun.model.path, tmp_path / "map.onnx")

    def test_an_altered_one_is_not_opened(self, settings, tmp_path):
        (tmp_path / "map.onnx").write_bytes(b"another")
        with pytest.raises(ModelError, match="has not the registered sha256"):
            start.unrestrained(Loaded(settings, "0" * 64, ()))

    def test_feet_are_warned_of(self, settings):
        said = "\n".join(start.outlook(Loaded(settings, "0" * 64, ())))
        assert "zones.front.anchor" in said
        heads = {"front": structs.replace(settings.zones["front"], anchor="head")}
        settings = structs.replace(settings, zones=heads)
        assert "anchor" not in "\n".join(start.outlook(Loaded(settings, "0" * 64, ())))

    def test_a_gain_of_a_zone_that_is_not_there(self, settings):
        crowd = structs.replace(settings.crowd, gains={"rear": 2.0})
        with pytest.raises(ConfigError, match=r"crowd\.gains\.rear: there is no zone rear"):
            start.crowd_model(structs.replace(settings, crowd=crowd))

    def test_check_names_it(self, settings):
        said = check.report(Loaded(settings, "0" * 64, ()))
        assert "crowd    tiny-map (CC0-1.0), sha256" in said
        assert "from 20 persons in a zone" in said


CLIP = """
import os
from contextlib import closing
from counter.assemble import appliance
from counter.config import load
from counter.start import begin_without_memory
loaded = load(Path({path!r}))
with appliance(loaded, start=begin_without_memory(loaded, swap)) as machine:
    crowds, looked = machine.engine.crowds, []
    look = crowds.look
    class Counted:
        name, backend = crowds.name, crowds.backend
        def look(self, frame):
            looked.append(frame.captured_ns)
            return look(frame)
    machine.engine.crowds = Counted()
    machine.run(lambda: False)
print(json.dumps([machine.engine.health.standing.sandbox, looked]))
"""


@needs_both_walls
@pytest.mark.usefixtures("settings")
def test_it_runs_in_a_sealed_process(tmp_path):
    """A film of 25 s, drawn here: a map at 0, 10 and 20 s, in a process without rights."""
    (tmp_path / "film").mkdir()
    noise = np.random.default_rng(0)
    for number in range(50):
        pixels = noise.integers(0, 256, (90, 160, 3), np.uint8)  # a plain one is a dead camera's
        cv2.imwrite(str(tmp_path / f"film/{number:03}.png"), pixels)
    camera = f'[cameras.door]\nsource = "{tmp_path}/film"\nfps = 2.0\n'
    path = tmp_path / "box.toml"
    path.write_text(text(camera, ZONE, '[crowd]\nmodel = "tiny-map"\n'))
    ((sandbox, looked),) = child(CLIP.format(path=str(path)))
    assert sandbox == WHOLE
    assert [round(at_ns / 1e9) for at_ns in looked] == [0, 10, 20]
