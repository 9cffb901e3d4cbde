"""What a Hailo chip that fails is called, before the first picture and later. Not on hardware."""

import sys
from dataclasses import replace

import pytest

from counter.detectors import hailo, hailo_checks, hailo_errors
from counter.detectors.hailo import HailoDetector
from counter.detectors.hailo_errors import SENTENCES, code_of, sentence
from counter.errors import DeviceError, ModelError
from tests.backend_suite import GREEN, street
from tests.fakes.hailo_here import compiled, hailo_here
from tests.fakes.tiny_chips import tiny_hailo_maps
from tests.test_hailo import HEAD, tiny
from tests.tiny_model import tiny_entry


@pytest.fixture
def platform(monkeypatch):
    with hailo_here(monkeypatch) as found:
        yield found


@pytest.fixture
def hasty(monkeypatch):
    monkeypatch.setattr(hailo, "ANSWER_MS", 50)
    monkeypatch.setattr(hailo, "FIRST_MS", 50)


BEFORE = [
    ("scan", 64, "no Hailo chip is found"),
    ("device", 73, "in use by another process"),
    ("vdevice", 73, "in use by another process"),
    ("vdevice", 74, "no Hailo chip is found"),
    ("vdevice", 76, "of another version than its library"),
    ("model", 26, "cannot read the file"),
    ("model", 93, "compiled for another chip"),
    ("configure", 76, "of another version"),
    ("run", 82, "queue is full"),
    ("job", 4, "did not answer in time"),
    ("configure", 2, "HailoRT fails"),
]


@pytest.mark.parametrize(("step", "code", "said"), BEFORE)
def test_before_the_first_picture_it_is_a_mistake_to_mend(platform, tmp_path, step, code, said):
    platform.world.faults[step] = code
    with pytest.raises(ModelError, match=said) as caught:
        HailoDetector(tiny(tmp_path), HEAD, 1)
    assert caught.value.hint
    assert "\n" not in caught.value.message + caught.value.hint
    assert f"(HailoRT {code})" in caught.value.message
    still_open = [name for name in platform.world.opened if name not in platform.world.closed]
    assert still_open == []


AFTER = [
    ("ready", 4, "did not answer in time"),
    ("run", 82, "queue is full"),
    ("run", 36, "no longer answers"),
    ("job", 4, "did not answer in time"),
    ("job", 62, "no longer answers"),
]


@pytest.mark.parametrize(("step", "code", "said"), AFTER)
def test_later_the_device_has_failed(platform, tmp_path, step, code, said):
    detector = HailoDetector(tiny(tmp_path), HEAD, 1)
    platform.world.faults[step] = code
    with street((0, 0, GREEN)) as frame, pytest.raises(DeviceError, match=said):
        detector.detect(frame)
    platform.world.faults.clear()
    with street((0, 0, GREEN)) as frame:
        assert len(detector.detect(frame)) == 1  # no buffer was lost
    detector.close()


@pytest.mark.usefixtures("hasty")
def test_a_chip_that_hangs_ends_in_a_sentence_and_not_in_waiting(platform, tmp_path):
    detector = HailoDetector(tiny(tmp_path), HEAD, 1)
    platform.world.stuck = True
    with street((0, 0, GREEN)) as frame, pytest.raises(DeviceError, match="did not answer in time"):
        detector.detect(frame)
    detector.close()
    with pytest.raises(ModelError, match="did not answer in time"):
        HailoDetector(tiny(tmp_path), HEAD, 1)


def test_without_a_chip(platform, tmp_path):
    platform.world.chips.clear()
    with pytest.raises(ModelError, match="no Hailo chip is found") as caught:
        HailoDetector(tiny(tmp_path), HEAD, 1)
    assert "hailo-all" in caught.value.hint


@pytest.mark.usefixtures("platform")
def test_without_the_package(monkeypatch, tmp_path):
    model = tiny(tmp_path)
    monkeypatch.setitem(sys.modules, "hailo_platform", None)
    with pytest.raises(ModelError, match="hailo_platform cannot be imported") as caught:
        HailoDetector(model, HEAD, 1)
    assert "--system-site-packages" in caught.value.hint


def test_a_chip_that_is_too_hot_later_and_at_the_start(platform, tmp_path, monkeypatch):
    """It begins below 99 C, where the vendor's own protection ends; it goes on to 104."""
    detector = HailoDetector(tiny(tmp_path), HEAD, 1)
    chip = next(iter(platform.world.chips.values()))
    chip.celsius = 104.0
    with street((0, 0, GREEN)) as frame:
        assert len(detector.detect(frame)) == 1  # it is asked for every ten seconds
    monkeypatch.setattr(hailo_checks, "LOOK_S", 0.0)
    with street((0, 0, GREEN)) as frame, pytest.raises(DeviceError, match="too hot: 104 C"):
        detector.detect(frame)
    chip.celsius = 103.0
    with street((0, 0, GREEN)) as frame:
        assert len(detector.detect(frame)) == 1
    detector.close()
    with pytest.raises(DeviceError, match="too hot: 103 C, limit 99 C") as caught:
        HailoDetector(tiny(tmp_path), HEAD, 1)
    assert "heat sink" in caught.value.hint
    chip.celsius = 98.0
    HailoDetector(tiny(tmp_path), HEAD, 1).close()


def test_a_chip_that_does_not_say_how_hot_it_is_has_failed(platform, tmp_path, monkeypatch):
    monkeypatch.setattr(hailo_checks, "LOOK_S", 0.0)
    detector = HailoDetector(tiny(tmp_path), HEAD, 1)
    platform.world.faults["temperature"] = 36
    with street((0, 0, GREEN)) as frame, pytest.raises(DeviceError, match="no longer answers"):
        detector.detect(frame)
    detector.close()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"nms": "HAILO_NMS_BY_SCORE"}, "numbers of HAILO_NMS_BY_SCORE"),
        ({"classes": 4}, "is 2004 numbers of HAILO_NMS_BY_CLASS, .* of 3 classes"),
    ],
)
@pytest.mark.usefixtures("platform")
def test_an_output_that_is_not_read(tmp_path, changes, said):
    model = tiny(tmp_path)
    onnx = tmp_path / "tiny.onnx"
    rest = {name: value for name, value in changes.items() if name != "classes"}
    changed = compiled(tmp_path, onnx, tiny_entry(classes=changes.get("classes", 3)), **rest)
    with pytest.raises(ModelError, match=said):
        HailoDetector(replace(model, path=changed.path), HEAD, 1)


@pytest.mark.usefixtures("platform")
def test_raw_heads_that_the_registry_says_to_be_boxes(tmp_path):
    model = tiny_hailo_maps(tmp_path)
    with pytest.raises(ModelError, match="its outputs are") as caught:
        HailoDetector(model, HEAD, 1)
    assert "YOLO26" in caught.value.hint


def test_a_map_with_a_scale_for_each_channel(platform, tmp_path, monkeypatch):
    made = sys.modules["hailo_platform.infer_model"].InferStream
    monkeypatch.setattr(
        made, "quant_infos", property(lambda _: [1, 2], lambda *_: None), raising=False
    )
    platform.world.version = "5.2.0"
    model = tiny_hailo_maps(tmp_path)
    with pytest.raises(ModelError, match="UINT16 with 2 scales"):
        HailoDetector(model, replace(HEAD, layout="end-to-end"), 1)


@pytest.mark.usefixtures("platform")
def test_a_file_that_is_none(tmp_path):
    model = tiny(tmp_path)
    assert model.path is not None
    model.path.write_bytes(b"\x01HEF" + bytes(100))
    with pytest.raises(ModelError, match="cannot read the file"):
        HailoDetector(model, HEAD, 1)


def test_large_pages_have_their_own_advice():
    """The reason goes to the log that is switched off, so the kernel's page size has to do."""
    from tests.fakes.hailo.hailo_platform.errors import exception_of

    wrong, hint = sentence(exception_of(8), "net", page_size=16384)
    assert "larger pages" in wrong
    assert "force_desc_page_size=4096" in hint
    assert "larger pages" not in sentence(exception_of(8), "net", page_size=4096)[0]
    named = RuntimeError("max_desc_page_size 16384 > 4096")
    assert "larger pages" in sentence(named, "net")[0]


def test_every_sentence_says_what_to_do():
    for wrong, hint in (*SENTENCES.values(), hailo_errors.PAGES):
        assert wrong
        assert hint
        assert not wrong.endswith(".")


@pytest.mark.parametrize("code", [4, 6, 26, 36, 73, 74, 76, 82, 93])
def test_the_number_is_found_with_and_without_its_cause(code):
    from tests.fakes.hailo.hailo_platform.errors import HailoRTStatusException, exception_of

    assert code_of(exception_of(code)) == code
    assert code_of(HailoRTStatusException(str(code))) == code
    assert code_of(ValueError("no number")) is None
