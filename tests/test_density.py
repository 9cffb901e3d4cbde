"""The density model: a map written down here, the real ones where they are, and the door."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from counter import models
from counter.detectors.density import DensityModel, cells
from counter.detectors.open import open_crowd_model, open_detector
from counter.errors import DeviceError, ModelError, RefusedError
from counter.frame import Frame
from counter.settings import ModelSettings
from tests.tiny_map import tiny_map
from tests.tiny_model import tiny_model


def opened(folder: Path) -> DensityModel:
    model = open_crowd_model(tiny_map(folder), 1)
    assert isinstance(model, DensityModel)
    return model


def picture(width: int, height: int, *white: tuple[int, int, int, int]) -> Frame:
    """Black, with white boxes: left, top, right, bottom in pixels."""
    pixels = np.zeros((height, width, 3), np.uint8)
    for left, top, right, bottom in white:
        pixels[top:bottom, left:right] = 255
    return Frame(pixels, 77)


class TestMap:
    def test_it_lies_over_the_picture(self, tmp_path):
        with picture(128, 64, (0, 0, 16, 8), (120, 56, 128, 64)) as frame:  # twice the input
            crowd = opened(tmp_path).look(frame)
        expected = np.zeros((8, 16), np.float32)
        expected[0, :2], expected[7, 15] = 1, 1
        np.testing.assert_allclose(crowd.persons, expected, atol=0.01)
        assert crowd.captured_ns == 77

    @pytest.mark.parametrize(
        ("size", "shape"), [((64, 32), (8, 16)), ((32, 32), (8, 8)), ((640, 160), (4, 16))]
    )
    def test_only_the_picture_is_in_it(self, tmp_path, size, shape):
        with picture(*size, (0, 0, *size)) as frame:
            crowd = opened(tmp_path).look(frame)
        assert crowd.persons.shape == shape
        np.testing.assert_allclose(crowd.persons, 1, atol=0.01)

    def test_cells_are_whole_and_never_none(self):
        assert cells((1920, 1080), (1024, 768), 4) == (256, 144)
        assert cells((640, 480), (1024, 768), 4) == (256, 192)
        assert cells((4000, 16), (1024, 768), 4) == (256, 1)

    def test_pictures_do_not_mix_and_maps_stay(self, tmp_path):
        model = opened(tmp_path)
        with picture(64, 32, (0, 0, 64, 32)) as frame:
            first = model.look(frame)
        with picture(640, 160) as frame:  # another camera, nobody there
            assert not model.look(frame).persons.any()
        with picture(64, 32) as frame:
            assert not model.look(frame).persons.any()
        np.testing.assert_allclose(first.persons, 1, atol=0.01)
        model.close()

    def test_no_picture_stays_in_the_model(self, tmp_path):
        model = opened(tmp_path)
        with picture(64, 32, (0, 0, 64, 32)) as frame:
            model.look(frame)
        assert not model._tensor.any()
        assert not model._map.any()
        with picture(64, 32) as frame:
            pass
        with pytest.raises(RuntimeError, match="released"):
            model.look(frame)


class Broken:
    """A session that fails, or leaves a number that is none in the map."""

    def __init__(self, model: DensityModel, value: float | None) -> None:
        self._model, self._value = model, value

    def run_with_iobinding(self, _: object) -> None:
        if self._value is None:
            raise ValueError("255 0 0")
        self._model._map[0, 0, 7, 15] = self._value


class TestFailure:
    @pytest.mark.parametrize(
        ("value", "said"),
        [
            (None, r"^model map: onnxruntime failed at a picture \(ValueError\)$"),
            (np.nan, "not finite"),
            (np.inf, "not finite"),
        ],
    )
    def test_it_is_a_device_that_fails_and_not_nobody(self, tmp_path, value, said):
        model = opened(tmp_path)
        model._session = Broken(model, value)
        with picture(64, 32, (0, 0, 64, 32)) as frame, pytest.raises(DeviceError, match=said):
            model.look(frame)
        assert not model._tensor.any()
        assert not model._map.any()


class TestDoor:
    def test_a_map_of_more_than_one_channel_is_refused(self, tmp_path):
        with pytest.raises(RefusedError, match="1 channels beyond"):
            open_crowd_model(tiny_map(tmp_path, channels=2), 1)

    def test_a_map_of_another_size_than_the_registry_says(self, tmp_path):
        with pytest.raises(ModelError, match=r"\(1, 1, 4, 8\), expected float32 \(1, 1, 8, 16\)"):
            open_crowd_model(tiny_map(tmp_path, cell=8), 1)

    def test_a_file_that_is_no_model(self, tmp_path):
        model = tiny_map(tmp_path)
        assert model.path is not None
        model.path.write_bytes(b"no model")
        with pytest.raises(ModelError, match="cannot load"):
            open_crowd_model(model, 1)

    def test_a_detector_is_no_density_model_and_the_other_way_round(self, tmp_path):
        with pytest.raises(ModelError, match=r"crowd\.model: tiny is no density model"):
            open_crowd_model(tiny_model(tmp_path), 1)
        with pytest.raises(ModelError, match=r"model\.name: map gives a map"):
            open_detector(ModelSettings(name="map"), tiny_map(tmp_path))
        with pytest.raises(ModelError, match=r"crowd\.model: tiny"):
            open_crowd_model(replace(tiny_model(tmp_path), path=None), 1)


class TestRegistry:
    def test_the_kinds_are_not_mixed_up(self):
        with pytest.raises(ModelError, match=r"model\.name: mcnn-a is a model of kind density"):
            models.find("mcnn-a")
        with pytest.raises(ModelError, match=r"crowd\.model: counter-n is a model of kind det"):
            models.find("counter-n", "density")
        with pytest.raises(ModelError, match=r"crowd\.model: 'mcnn'") as caught:
            models.find("mcnn", "density")
        assert "known: mcnn-a, mcnn-b" in caught.value.hint
        assert "counter-n" not in caught.value.hint

    def test_each_kind_has_its_own_fields(self, tmp_path, monkeypatch):
        monkeypatch.setenv("COUNTER_MODELS", str(tmp_path))
        own = 'file = "m.onnx"\nlicence = "MIT"\nsource = "s"\ninput = [64, 32]\nkind = "density"\n'
        own = f'[model.own]\n{own}sha256 = "{"0" * 64}"\n'
        for line, message in (
            ("", "`cell`"),
            ("cell = 0\n", r"`\$\.model\[own\]\.cell`"),
            ("cell = 4\nlayout = 'raw'\n", "layout"),
        ):
            (tmp_path / "registry.toml").write_text(own + line)
            with pytest.raises(ModelError, match=message):
                models.listed()
        (tmp_path / "registry.toml").write_text(own + "cell = 4\n")
        assert "own" in {model.name for model in models.listed()}


@pytest.mark.shared
@pytest.mark.parametrize(("name", "least"), [("mcnn-a", 80), ("mcnn-b", 40)])
def test_real_models_see_more_in_a_crowd_than_in_an_empty_picture(shared, name, least):
    """Of 128 heads; how right they are is for `python -m benchmarks crowds`."""
    try:
        model = open_crowd_model(models.find(name, "density"), 1)
    except ModelError as error:
        pytest.skip(f"not run: {error.message}")
    source = shared / "data/points/shtech_b"
    found = []
    for path in sorted((source / "images").iterdir())[:3]:
        pixels = cv2.imread(str(path))
        assert pixels is not None
        with Frame(pixels.astype(np.uint8), 0) as frame:
            found.append(float(model.look(frame).persons.sum()))
    with picture(640, 480) as frame:
        assert model.look(frame).persons.sum() < 2
    assert min(found) > least
