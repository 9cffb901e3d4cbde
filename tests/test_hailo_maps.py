"""Raw heads become boxes: by hand, and with the maps that real networks give. Not on hardware."""

import importlib
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from counter.detectors.hailo import HailoDetector
from counter.detectors.hailo_maps import reader
from counter.detectors.letterbox import Interleaved
from counter.detectors.onnx import OnnxDetector
from counter.detectors.quantised import Tensor
from counter.detectors.yolo import Head
from counter.errors import ModelError
from counter.frame import Frame
from counter.models import Model, State
from tests.backend_suite import INT8, differences
from tests.fakes.hailo_here import hailo_here
from tests.tiny_model import tiny_entry

HEAD = Head("end-to-end", "pixels", classes=2, person=0, floor=0.1, iou=0.5)
SIZE = 64, 32
LOGIT = 0.05  # the scale of the maps below


def tensor(*shape: int, scale: float = LOGIT, zero: int = 128) -> Tensor:
    return Tensor("conv", shape, np.dtype(np.uint8), scale, zero)


MAPS = [tensor(2, 4, 2), tensor(2, 4, 4, scale=0.1, zero=0), tensor(1, 2, 4), tensor(1, 2, 2)]


def nobody(maps: list[Tensor]) -> list[np.ndarray]:
    return [np.zeros(one.shape, one.dtype) for one in maps]


def test_a_cell_becomes_a_box_around_its_centre():
    given = nobody(MAPS)
    given[0][1, 2] = 168, 100  # a logit of 2, and another class of less
    given[1][1, 2] = 10, 5, 20, 15  # 1, 0.5, 2, 1.5 cells of 16 pixels
    given[0][0, 0] = 140, 200  # the other class
    given[0][0, 1] = 83, 0  # a logit of -2.25: 0.095, below the floor
    table, head = reader("net", HEAD, SIZE, MAPS)(given)
    left, top = (2.5 - 1) * 16, (1.5 - 0.5) * 16
    sure = 1 / (1 + np.exp(-2))
    np.testing.assert_allclose(table, [[[left, top, 72, 48, sure, 0]]], rtol=1e-6)
    assert table.dtype == np.float32
    assert (head.layout, head.units, head.person) == ("end-to-end", "pixels", 0)


def test_a_file_with_a_sigmoid_gives_probabilities():
    maps = [tensor(1, 2, 2, scale=1 / 255, zero=0), tensor(1, 2, 4, scale=0.1, zero=0)]
    given = nobody(maps)
    given[0][0, :, 0] = 204, 20  # 0.8, and 0.08
    table, _ = reader("net", HEAD, SIZE, maps)(given)
    np.testing.assert_allclose(table[0, :, 4], [0.8], rtol=1e-6)


def test_sixteen_weights_a_side_are_their_mean_bin_and_nms_follows():
    maps = [tensor(1, 2, 64), tensor(1, 2, 2)]
    given = nobody(maps)
    given[1][0, 1] = 168, 0
    weights = given[0].reshape(1, 2, 4, 16)
    weights[0, 1, :, 0] = 255  # no distance
    weights[0, 1, 2] = 0
    weights[0, 1, 2, [3, 4]] = 255  # 3.5 cells to the right
    raw = Head("raw", "pixels", classes=2, person=0, floor=0.1, iou=0.5)
    table, head = reader("net", raw, SIZE, maps)(given)
    reach = 3.5 * 32
    centre = 1.5 * 32 + reach / 2
    np.testing.assert_allclose(table[0, :2, 0], [centre, 16], atol=0.2)
    np.testing.assert_allclose(table[0, 2:, 0], [reach, 0, 1 / (1 + np.exp(-2))], atol=0.2)
    assert (head.layout, head.classes) == ("raw", 1)


def test_nobody_is_no_row():
    for layout, shape in (("end-to-end", (1, 0, 6)), ("raw", (1, 5, 0))):
        head = Head(layout, "pixels", classes=2, person=0, floor=0.1, iou=0.5)  # type: ignore[arg-type]
        assert reader("net", head, SIZE, MAPS)(nobody(MAPS))[0].shape == shape


@pytest.mark.parametrize(
    ("maps", "layout", "classes"),
    [
        (MAPS, "nms-by-class", 2),
        (MAPS, "end-to-end", 3),
        (MAPS[:3], "end-to-end", 2),
        ([*MAPS, tensor(1, 2, 32)], "end-to-end", 2),  # of a mask, or an appearance
        ([tensor(2, 3, 2), tensor(2, 3, 4)], "end-to-end", 2),  # 64 is not three cells wide
        ([tensor(1, 2, 4), tensor(1, 2, 4)], "end-to-end", 4),  # which is which?
        ([], "end-to-end", 2),
    ],
)
def test_other_maps_are_refused(maps, layout, classes):
    head = Head(layout, "pixels", classes=classes, person=0, floor=0.1, iou=0.5)
    with pytest.raises(ModelError, match="the registry says") as caught:
        reader("net", head, SIZE, maps)
    assert "YOLO26" in caught.value.hint


# The convolutions at which Hailo's zoo cuts these networks (cfg/base/yolo26.yaml, yolov8.yaml).
CUTS = [
    ("yolo26n_640_e2e_fp32_recon.onnx", "end-to-end", "/model.23/one2one_cv{0}.{1}/one2one_cv{0}"),
    ("yolov8n_640_fp32_recon.onnx", "raw", "/model.22/cv{0}.{1}/cv{0}"),
]


def pictures(shared: Path) -> list[np.ndarray]:
    import cv2

    found = [cv2.imread(str(p)) for p in sorted((shared / "data" / "person").rglob("*.jpg"))[:8]]
    return [picture.astype(np.uint8) for picture in found if picture is not None]


def limits_of(made: Any, cut: Path, seen: list[np.ndarray]) -> list[tuple[float, float]]:
    """The range of each map over some pictures, as a compiler finds it."""
    network = made.Network(made.Hef(str(cut), classes=80, nms=""))
    box = Interleaved((640, 640), np.arange(256, dtype=np.uint8))
    ranges = []
    for picture in seen:
        box.fill(picture)
        ranges.append([(one.min(), one.max()) for one in network.look(box.tensor[0])])
        box.wipe()
    found = np.array(ranges, float)
    ends = zip(found[..., 0].min(axis=0), found[..., 1].max(axis=0), strict=True)
    return [(float(low), float(high)) for low, high in ends]


@pytest.mark.shared
@pytest.mark.parametrize("row", CUTS)
def test_eight_bit_maps_of_real_networks_are_the_persons_of_the_whole(
    shared, tmp_path, monkeypatch, row
):
    """Measured over 8 pictures: IoU 0.984 and a gap of 0.040 at worst for yolo26n, 0.889 and 0.050
    for yolov8n. The ranges come from other pictures than those that are looked at.
    """
    file, layout, place = row
    whole, cut = shared / "models" / "agpl" / file, tmp_path / "cut.onnx"
    names = [
        f"{place}.{{1}}.2/Conv_output_0".format(part, at) for part in (2, 3) for at in range(3)
    ]
    onnx.utils.extract_model(str(whole), str(cut), ["images"], names, check_model=False)
    head = Head(layout, "pixels", classes=80, person=0, floor=0.1, iou=0.5)
    entry = tiny_entry(layout, input=(640, 640), classes=80, person=0)
    many = 0
    with hailo_here(monkeypatch):
        made = importlib.import_module("hailo_platform.made")
        limits = limits_of(made, cut, pictures(shared)[4:])
        hef = made.Hef(str(cut), classes=80, nms="", limits=tuple(limits))
        path = made.write_hef(tmp_path / "net.hef", hef)
        chip = HailoDetector(Model("net", entry, path, State.VERIFIED), head, 1)
        oracle = OnnxDetector(Model("net", entry, whole, State.VERIFIED), head, 1)
        for picture in pictures(shared)[:4]:
            with Frame(picture.copy(), 1) as one, Frame(picture.copy(), 1) as other:
                expected, given = oracle.detect(one), chip.detect(other)
            assert differences(expected, given, INT8) == []
            many += len(expected)
        chip.close()
    assert many > 10
