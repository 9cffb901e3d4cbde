"""A model that knows more of a person than a box is refused by name."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from counter import models
from counter.detectors import ultralytics
from counter.detectors.features import HINT, Told, class_names, refuse_columns, refuse_told
from counter.detectors.open import open_detector
from counter.detectors.yolo import Head
from counter.errors import ModelError, RefusedError
from counter.models import Model, State
from counter.refusals import REFUSALS, known_by
from counter.settings import ModelSettings
from tests.test_models import ENTRY, register
from tests.tiny_model import tiny_entry, tiny_model

SETTINGS = ModelSettings(name="tiny", threads=1)
COCO = (
    "person|bicycle|car|motorcycle|airplane|bus|train|truck|boat|traffic light|fire hydrant|"
    "stop sign|parking meter|bench|bird|cat|dog|horse|sheep|cow|elephant|bear|zebra|giraffe|"
    "backpack|umbrella|handbag|tie|suitcase|frisbee|skis|snowboard|sports ball|kite|"
    "baseball bat|baseball glove|skateboard|surfboard|tennis racket|bottle|wine glass|cup|fork|"
    "knife|spoon|bowl|banana|apple|sandwich|orange|broccoli|carrot|hot dog|pizza|donut|cake|"
    "chair|couch|potted plant|bed|dining table|toilet|tv|laptop|mouse|remote|keyboard|"
    "cell phone|microwave|oven|toaster|sink|refrigerator|book|clock|vase|scissors|teddy bear|"
    "hair drier|toothbrush"
)


def changed(folder: Path, layout: str = "raw", *, columns: int = 0, **said: str) -> Model:
    """Write the tiny model with metadata, and with so many columns more a box."""
    model = tiny_model(folder, layout)
    assert model.path is not None
    graph = onnx.load(str(model.path))
    for key, value in said.items():
        graph.metadata_props.add(key=key, value=value)
    if columns:
        raw = layout == "raw"
        last = next(node for node in graph.graph.node if "output0" in node.output)
        joined = last if raw else next(n for n in graph.graph.node if "columns" in n.output)
        joined.input.append("more")
        more = np.full((1, columns, 12), 0.5, np.float32)
        graph.graph.initializer.append(numpy_helper.from_array(more, "more"))
        shape = graph.graph.output[0].type.tensor_type.shape
        shape.dim[1 if raw else 2].dim_value += columns
    onnx.save(graph, str(model.path))
    return model


def with_output(model: Model, name: str) -> Model:
    graph = onnx.load(str(model.path))
    graph.graph.node.append(helper.make_node("Identity", ["pool"], [name]))
    graph.graph.output.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 3, 3, 4]))
    onnx.save(graph, str(model.path))
    return model


def refused(model: Model) -> RefusedError:
    with pytest.raises(RefusedError) as caught:
        open_detector(SETTINGS, model)
    assert caught.value.message.startswith("model tiny: ")
    assert REFUSALS[caught.value.name].what in caught.value.message
    assert caught.value.hint == HINT
    return caught.value


@pytest.mark.parametrize(
    ("names", "refusal"),
    [
        ("{0: 'person', 1: 'face'}", "biometric"),
        ("{0: 'person', 1: 'LicensePlate', 2: 'car'}", "biometric"),
        ("{0: 'person', 1: 'number-plate', 2: 'car'}", "biometric"),
        ("{0: 'male', 1: 'person', 2: 'female'}", "attribute"),
        ("['child', 'adult', 'car']", "attribute"),
        ("{0: 'age_20_29', 1: 'person', 2: 'x'}", "attribute"),
        ("{0: 'with_mask', 1: 'person', 2: 'without_mask'}", "attribute"),
        ("{0: 'happy', 1: 'person', 2: 'sad'}", "attribute"),
        ("{0: 'id_0017', 1: 'person', 2: 'x'}", "individual-tracking"),
        ("face, person and something that is no Python", "biometric"),
        ("[" * 5000, None),
    ],
)
def test_classes_that_say_who_or_what_kind(tmp_path, names, refusal):
    model = changed(tmp_path, names=names)
    if refusal is None:  # a list of classes that cannot be read says nothing
        open_detector(SETTINGS, model).close()
    else:
        error = refused(model)
        assert error.name == refusal
        assert "its class " in error.message


def test_a_model_of_many_things_is_not_refused(tmp_path):
    known = COCO.split("|")
    assert len(known) == 80
    assert [name for name in known if known_by(name)] == []
    names = str(dict(enumerate(("car", "person", "suitcase"))))
    open_detector(SETTINGS, changed(tmp_path, names=names, task="detect")).close()


@pytest.mark.parametrize("task", ["pose", "segment"])
def test_keypoints_and_outlines_of_bodies(tmp_path, task):
    error = refused(changed(tmp_path, names="{0: 'person'}", task=task))
    assert error.name == "biometric"
    assert task in error.message


@pytest.mark.parametrize(
    ("output", "refusal"),
    [
        ("embedding", "individual-tracking"), ("reid_feat", "individual-tracking"),
        ("output1", "individual-tracking"), ("keypoints", "biometric"),
        ("face_landmarks", "biometric"), ("gender", "attribute"),
    ],
)  # fmt: skip
def test_a_second_output(tmp_path, output, refusal):
    error = refused(with_output(tiny_model(tmp_path), output))
    assert error.name == refusal
    assert f"output0, {output}" in error.message


@pytest.mark.parametrize("outputs", [("boxes", "scores"), ("num_dets", "bboxes", "labels")])
def test_a_plain_detection_in_parts_is_a_matter_of_layout(outputs):
    with pytest.raises(ModelError, match="expected one with boxes and scores"):
        refuse_told("tiny", Told(outputs=outputs))


@pytest.mark.parametrize("layout", ["raw", "end-to-end"])
def test_columns_beyond_boxes_and_classes(tmp_path, layout):
    error = refused(changed(tmp_path, layout, columns=4))
    assert error.name == "individual-tracking"
    assert "4 columns a box beyond its place" in error.message


@pytest.mark.parametrize(
    ("layout", "shape"),
    [("raw", (1, 4 + 1 + 128, 8400)), ("raw", (1, 56, 8400)), ("end-to-end", (1, 300, 57))],
    ids=["embeddings of 128 numbers", "17 keypoints", "17 keypoints, end to end"],
)
def test_real_shapes(layout, shape):
    with pytest.raises(RefusedError):
        refuse_columns("net", head(layout, classes=1), shape, Told())


@pytest.mark.parametrize(
    ("layout", "classes", "shape"),
    [
        ("raw", 80, (1, 84, 8400)), ("end-to-end", 80, (1, 300, 6)),
        ("raw", 1, (1, 8400, 85)), ("end-to-end", 80, (1, 84, 8400)), ("raw", 80, (84, 8400)),
    ],
)  # fmt: skip
def test_shapes_that_are_right_or_only_wrong(layout, classes, shape):
    """A layout that the registry has wrong is for `checked`, not a refusal."""
    refuse_columns("net", head(layout, classes), shape, Told())


def test_a_registry_that_counts_too_few_classes_is_corrected_not_refused(tmp_path):
    model = changed(tmp_path, names="{0: 'car', 1: 'person', 2: 'bus'}")
    wrong = Model("tiny", tiny_entry(classes=2), model.path, State.VERIFIED)
    with pytest.raises(ModelError, match="'raw' needs"):
        open_detector(SETTINGS, wrong)


def head(layout: str, classes: int) -> Head:
    return Head(layout, "pixels", classes, 0, 0.1, 0.5)  # type: ignore[arg-type]


class TestCheckpoint:
    """The `.pt` backend reads the same facts off the network that was loaded."""

    class Trained:
        def __init__(self, names: object, task: object) -> None:
            self.names, self.task = names, task

    def open(self, tmp_path, monkeypatch, names: object, task: object) -> None:
        class Box:
            model = self.Trained(names, task)

        class Torch:
            set_num_threads = staticmethod(lambda _: None)

        monkeypatch.setattr(ultralytics, "packages", lambda: (Torch, lambda *_, **__: Box))
        path = tmp_path / "net.pt"
        path.write_bytes(b"")
        open_detector(SETTINGS, Model("tiny", tiny_entry(file="net.pt"), path, State.VERIFIED))

    @pytest.mark.parametrize(
        ("names", "task", "refusal"),
        [
            ({0: "person", 1: "face"}, "detect", "biometric"),
            (["woman", "man"], "detect", "attribute"),
            ({0: "person"}, "pose", "biometric"),
        ],
    )
    def test_it_is_refused(self, tmp_path, monkeypatch, names, task, refusal):
        with pytest.raises(RefusedError) as caught:
            self.open(tmp_path, monkeypatch, names, task)
        assert caught.value.name == refusal

    def test_a_plain_one_goes_on_to_be_loaded(self, tmp_path, monkeypatch):
        with pytest.raises(ModelError, match="ultralytics cannot load"):  # it is no network
            self.open(tmp_path, monkeypatch, {0: "person"}, "detect")


def test_class_names_in_every_spelling():
    assert class_names("{0: 'person', 1: 'car'}") == ("person", "car")
    assert class_names("['person']") == ("person",)
    assert class_names("person") == ("person",)
    assert class_names("3") == ("3",)


@pytest.mark.parametrize(
    ("kind", "refusal"), [("face-detector", "biometric"), ("reid", "individual-tracking"),
                          ("age-gender", "attribute"), ("classifier", None)],
)  # fmt: skip
def test_a_kind_of_model_that_is_no_detector(tmp_path, monkeypatch, kind, refusal):
    register(tmp_path, net=ENTRY | {"kind": kind})
    monkeypatch.setenv("COUNTER_MODELS", str(tmp_path))
    with pytest.raises(ModelError if refusal is None else RefusedError, match=kind) as caught:
        models.find("counter-n")
    assert "model.net.kind" in caught.value.message
    assert 'kind = "detector"' in caught.value.hint
    if isinstance(caught.value, RefusedError):
        assert caught.value.name == refusal
