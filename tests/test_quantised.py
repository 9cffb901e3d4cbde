"""Numbers of quantised networks, without a network."""

from typing import Any

import numpy as np
import pytest

from counter.detectors.quantised import (
    Tensor,
    candidates,
    check_ssd,
    input_table,
    reader,
    ssd_order,
)
from counter.detectors.yolo import Head
from counter.errors import DeviceError, ModelError

INT8, UINT8, FLOAT = np.dtype(np.int8), np.dtype(np.uint8), np.dtype(np.float32)
HEAD = Head("raw", "normalised", classes=3, person=1, floor=0.25, iou=0.5)


def tensor(shape: tuple[int, ...], dtype: Any = FLOAT, scale: float = 0.0, zero: int = 0) -> Tensor:
    return Tensor("output", shape, np.dtype(dtype), scale, zero)


class TestTable:
    @pytest.mark.parametrize(
        ("dtype", "scale", "zero", "layout", "expected"),
        [
            (INT8, 1 / 255, -128, "raw", {0: -128, 114: -14, 255: 127}),
            (UINT8, 1 / 255, 0, "raw", {0: 0, 114: 114, 255: 255}),
            (INT8, 0.01865844801068306, -14, "raw", {0: -14, 114: 10, 255: 40}),
            (INT8, 0.0039, -128, "raw", {255: 127}),  # 128.4 does not fit
            (UINT8, 0.0078125, 128, "ssd", {0: 0, 1: 1, 128: 128, 255: 255}),
            (INT8, 0.0078125, 0, "ssd", {0: -128, 255: 127}),
        ],
    )
    def test_a_pixels_number(self, dtype, scale, zero, layout, expected):
        table = input_table(tensor((1, 32, 32, 3), dtype, scale, zero), layout)
        assert (table.dtype, table.shape) == (dtype, (256,))
        assert {pixel: int(table[pixel]) for pixel in expected} == expected

    def test_a_float_networks_is_what_the_others_get(self):
        table = input_table(tensor((1, 32, 32, 3)), "raw")
        exact = np.arange(256).astype(np.float32) / np.float32(255)
        np.testing.assert_array_equal(table, exact)
        ssd = input_table(tensor((1, 32, 32, 3)), "ssd")
        assert (ssd[0], ssd[255]) == (-1, 1)


class TestCandidates:
    def test_they_are_what_float_would_have_given(self):
        """Rule 3: the same boxes as converting everything first, for every threshold."""
        rng = np.random.default_rng(5)
        whole = rng.integers(-128, 128, (1, 7, 4000)).astype(np.int8)
        for floor in (0.05, 0.1, 0.25, 0.5, 0.9, 0.9999):
            for scale, zero in ((0.003906319383531809, -128), (0.003986023832112551, -128)):
                head = Head("raw", "normalised", 3, 1, floor, 0.5)
                real = (whole.astype(np.float32) - np.float32(zero)) * np.float32(scale)
                keep = (real[0, 5] >= floor) & (whole[0, 4:].argmax(axis=0) == 1)
                found, as_one = candidates(whole, tensor(whole.shape, INT8, scale, zero), head)
                np.testing.assert_array_equal(found[0, :4], real[0, :4][:, keep])
                np.testing.assert_array_equal(found[0, 4], real[0, 5][keep])
                assert (as_one.classes, as_one.person, as_one.layout) == (1, 0, "raw")

    def test_a_threshold_beyond_the_numbers_finds_nobody(self):
        whole = np.full((1, 7, 5), 126, np.int8)
        whole[0, 5] = 127
        found, _ = candidates(whole, tensor(whole.shape, INT8, 0.001, -128), HEAD)
        assert found.shape == (1, 5, 5)  # 0.255 at most, and the floor is 0.25
        found, _ = candidates(whole, tensor(whole.shape, INT8, 0.0005, -128), HEAD)
        assert found.shape == (1, 5, 0)


BOXES, ROW, COUNT = (1, 4, 4), (1, 4), (1,)
SSD = Head("ssd", "normalised", classes=90, person=0, floor=0.3, iou=0.5)


def outputs(*rows: tuple[str, tuple[int, ...]]) -> list[Tensor]:
    return [Tensor(name, shape, FLOAT) for name, shape in rows]


ORDERS = [
    (("p", BOXES), ("p:1", ROW), ("p:2", ROW), ("p:3", COUNT)),  # as the operation gives them
    (("o_0", COUNT), ("o_1", ROW), ("o_2", ROW), ("o_3", BOXES)),  # with signatures
    (("S:1", ROW), ("S:3", BOXES), ("S:0", COUNT), ("S:2", ROW)),  # the same, shuffled
    (("a", BOXES), ("b", ROW), ("c", ROW), ("d", COUNT)),
]


PLACES = [(0, 1, 2, 3), (3, 2, 1, 0), (1, 3, 0, 2), (0, 1, 2, 3)]


@pytest.mark.parametrize(("rows", "expected"), [*zip(ORDERS, PLACES, strict=True)])
def test_the_outputs_of_an_ssd_are_told_apart(rows, expected):
    assert ssd_order("net", outputs(*rows)) == expected


def test_an_ssds_persons_become_the_raw_layout():
    given = outputs(*ORDERS[0])
    boxes = np.array([[[0.1, 0.2, 0.5, 0.4], [0, 0, 1, 1], [0, 0, 1, 1], [0, 0, 1, 1]]], np.float32)
    classes = np.array([[0, 17, 0, 0]], np.float32)
    scores = np.array([[0.9, 0.8, 0.2, 0.7]], np.float32)  # the last lies behind the count
    arrays = [boxes, classes, scores, np.array([3], np.float32)]
    found, head = reader("net", SSD, given)(arrays)
    np.testing.assert_allclose(found[0, :, 0], [0.3, 0.3, 0.2, 0.4, 0.9], rtol=1e-6)
    assert found.shape == (1, 5, 1)
    for broken in (classes, scores):
        kept, broken[0, 0] = broken[0, 0], np.nan
        with pytest.raises(DeviceError, match="not finite"):
            reader("net", SSD, given)(arrays)
        broken[0, 0] = kept
    assert (head.layout, head.units, head.classes, head.person) == ("raw", "normalised", 1, 0)
    check_ssd("net", given, arrays)
    with pytest.raises(ModelError, match="in a known order"):
        check_ssd("net", given, [boxes, scores, classes, arrays[3]])


@pytest.mark.parametrize(
    "rows",
    [
        ORDERS[0][:3],
        (*ORDERS[0], ("features", (1, 4, 128))),
        (("p", BOXES), ("p:1", (1, 5)), ("p:2", ROW), ("p:3", COUNT)),
        (("p", (1, 4, 5)), ("p:1", ROW), ("p:2", ROW), ("p:3", COUNT)),
    ],
)
def test_other_outputs_are_no_ssd(rows):
    with pytest.raises(ModelError, match="an SSD has float"):
        ssd_order("net", outputs(*rows))


def test_one_layout_has_one_output():
    with pytest.raises(ModelError, match="expected one"):
        reader("net", HEAD, outputs(*ORDERS[0]))
