"""Outputs of both layouts read into persons, against the definition and ultralytics' own code."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from counter.detectors import yolo
from counter.detectors.letterbox import fit
from counter.errors import DeviceError, ModelError
from tests.test_yolo import slow_nms

HEAD = yolo.Head("raw", "pixels", classes=1, person=0, floor=0.1, iou=0.5)
COCO = yolo.Head("raw", "pixels", classes=3, person=1, floor=0.1, iou=0.5)
END = yolo.Head("end-to-end", "pixels", classes=3, person=1, floor=0.1, iou=0.5)


def raw_output(boxes: list[list[float]], scores: list[list[float]]) -> yolo.Floats:
    """Corner boxes in input pixels and a row of class scores each -> (1, 4 + classes, n)."""
    corner = np.array(boxes, np.float32).reshape(-1, 4)
    centre, side = (corner[:, :2] + corner[:, 2:]) / 2, corner[:, 2:] - corner[:, :2]
    table = np.concatenate((centre, side, np.array(scores, np.float32)), axis=1)
    return np.ascontiguousarray(table.T[None])


def square(index: int) -> list[float]:
    """Boxes that do not touch."""
    return [index * 20.0, 0.0, index * 20.0 + 10, 10.0]


PLACE = fit((640, 640), (640, 640))


class TestDecode:
    def test_only_persons_leave(self):
        scores = [
            [0.0, 0.9, 0.1],  # a person
            [0.8, 0.7, 0.0],  # surely something else
            [0.0, 0.09, 0.0],  # below the floor
            [0.3, 0.3, 0.2],  # a tie: the first class wins, as in torch
            [0.2, 0.3, 0.3],  # a tie that person wins
            [0.9, 0.0, 0.9],
        ]
        people = yolo.decode(raw_output([*map(square, range(6))], scores), COCO, PLACE, 7)
        np.testing.assert_allclose(people.confidence, [0.9, 0.3], rtol=1e-6)
        np.testing.assert_allclose(people.xyxy[:, 0], [0, 80 / 640], atol=1e-7)
        assert people.captured_ns == 7
        assert people.aspect == 1

    def test_only_persons_leave_an_end_to_end_head(self):
        rows = [
            [*square(0), 0.4, 1],
            [*square(1), 0.9, 0],
            [*square(2), 0.05, 1],
            [*square(3), 0.8, 2],
            [*square(4), 0.7, 1],
        ]
        people = yolo.decode(np.array([rows], np.float32), END, PLACE, 0)
        np.testing.assert_allclose(people.confidence, [0.7, 0.4], rtol=1e-6)
        np.testing.assert_allclose(people.xyxy[:, 0], [80 / 640, 0], atol=1e-7)

    @given(
        st.lists(st.tuples(*[st.floats(0, 1, width=32)] * 4), min_size=1, max_size=20),
        st.tuples(st.integers(20, 2000), st.integers(20, 2000)),
        st.sampled_from(["raw", "end-to-end"]),
        st.sampled_from(["pixels", "normalised"]),
    )
    @settings(deadline=None)
    def test_boxes_come_back_to_where_they_were_in_the_picture(self, spans, camera, layout, units):
        # sides of at least a fiftieth, so that none is lost to rounding; iou 1: none is hidden
        true = np.array(
            [
                [
                    x * 0.9,
                    y * 0.9,
                    x * 0.9 + 0.02 + w * (0.98 - x * 0.9),
                    y * 0.9 + 0.02 + h * (0.98 - y * 0.9),
                ]
                for x, y, w, h in spans
            ]
        )
        place = fit(camera, (320, 192))
        scale = np.array(place.scaled * 2)
        margin = np.array((place.left, place.top) * 2)
        boxes = true * scale + margin
        if units == "normalised":
            boxes /= np.array((320, 192) * 2)
        falling = np.linspace(0.9, 0.2, len(boxes))
        if layout == "raw":
            output = raw_output(boxes.tolist(), [[0.0, score, 0.0] for score in falling])
        else:
            columns = (boxes, falling[:, None], np.ones((len(boxes), 1)))
            output = np.concatenate(columns, axis=1).astype(np.float32)[None]
        head = yolo.Head(layout, units, classes=3, person=1, floor=0.1, iou=1.0)
        people = yolo.decode(output, head, place, 0)
        np.testing.assert_allclose(people.xyxy, true, atol=2e-4)
        assert people.xyxy.dtype == people.confidence.dtype == np.float32

    def test_boxes_end_at_the_picture_and_those_outside_go(self):
        place = fit((640, 320), (640, 640))  # rows 160 to 480
        boxes = [[-5.0, 150.0, 64.0, 700.0], [10.0, 0.0, 50.0, 150.0], [600.0, 200.0, 700.0, 240.0]]
        people = yolo.decode(raw_output(boxes, [[0.9], [0.8], [0.7]]), HEAD, place, 0)
        expected = [[0, 0, 0.1, 1], [600 / 640, 0.125, 1, 0.25]]
        np.testing.assert_allclose(people.xyxy, expected, atol=1e-6)
        np.testing.assert_allclose(people.confidence, [0.9, 0.7], rtol=1e-6)

    @pytest.mark.parametrize("head", [HEAD, END])
    def test_nobody_is_no_row_and_not_an_error(self, head):
        empty = np.zeros((1, 5, 30) if head is HEAD else (1, 30, 6), np.float32)
        people = yolo.decode(empty, head, PLACE, 0)
        assert people.xyxy.shape == (0, 4)
        assert people.confidence.shape == (0,)

    @pytest.mark.parametrize("layout", ["raw", "end-to-end"])
    def test_a_flood_of_boxes_is_bounded_and_the_surest_stay(self, layout):
        many = 5000
        score = np.random.default_rng(1).permutation(np.linspace(0.2, 0.9, many))
        spots = [
            [n % 100 * 6.0, n // 100 * 6.0, n % 100 * 6.0 + 5, n // 100 * 6.0 + 5]
            for n in range(many)
        ]
        if layout == "raw":
            output = raw_output(spots, score[:, None].tolist())
        else:
            rows = (np.array(spots), score[:, None], np.zeros((many, 1)))
            output = np.concatenate(rows, axis=1).astype(np.float32)[None]
        head = yolo.Head(layout, "pixels", classes=1, person=0, floor=0.1, iou=0.7)
        people = yolo.decode(output, head, PLACE, 0)
        surest = np.sort(score)[::-1][: yolo.MAX_PERSONS]
        np.testing.assert_allclose(people.confidence, surest, rtol=1e-6)

    @given(st.integers(0, 2**32 - 1))
    @settings(deadline=None, max_examples=50)
    def test_a_raw_head_is_read_as_its_definition_says(self, seed):
        rng = np.random.default_rng(seed)
        boxes = rng.integers(0, 60, (80, 4)).astype(float)
        boxes[:, 2:] = boxes[:, :2] + rng.integers(4, 40, (80, 2))
        scores = rng.permutation(240).reshape(80, 3) / 300  # no two alike
        surest = sorted(
            (n for n in range(80) if scores[n].argmax() == 1 and scores[n, 1] >= 0.1),
            key=lambda n: -scores[n, 1],
        )
        stay = [surest[n] for n in slow_nms([boxes[n].tolist() for n in surest], 0.5)]
        people = yolo.decode(raw_output(boxes.tolist(), scores.tolist()), COCO, PLACE, 0)
        np.testing.assert_allclose(people.confidence, scores[stay, 1], rtol=1e-6)
        np.testing.assert_allclose(people.xyxy, boxes[stay] / 640, atol=1e-6)

    def test_it_is_the_nms_of_ultralytics(self):
        theirs = pytest.importorskip("ultralytics.utils.nms", reason="not run: no ultralytics")
        torch = pytest.importorskip("torch")
        rng = np.random.default_rng(3)
        start = rng.random((600, 2)) * 500
        boxes = np.concatenate((start, start + 20 + rng.random((600, 2)) * 120), axis=1)
        output = raw_output(boxes.tolist(), (rng.random((600, 3)) ** 2).tolist())
        head = yolo.Head("raw", "pixels", classes=3, person=1, floor=0.1, iou=0.45)
        expected = theirs.non_max_suppression(
            torch.from_numpy(output), conf_thres=0.1, iou_thres=0.45, classes=[1]
        )[0].numpy()
        people = yolo.decode(output, head, PLACE, 0)
        assert len(people) > 50
        np.testing.assert_allclose(people.confidence, expected[:, 4], rtol=1e-6)
        np.testing.assert_allclose(people.xyxy, expected[:, :4].clip(0, 640) / 640, atol=1e-6)


class TestChecked:
    @pytest.mark.parametrize(
        ("head", "shape"), [(HEAD, (1, 5, 40)), (COCO, (1, 7, 21)), (END, (1, 300, 6))]
    )
    def test_right_outputs_pass(self, head, shape):
        output = np.zeros(shape, np.float32)
        assert yolo.checked(output, head, "m") is output

    @pytest.mark.parametrize(
        ("head", "shape"),
        [
            (HEAD, (1, 84, 40)),
            (HEAD, (1, 40, 6)),
            (END, (1, 84, 8400)),
            (END, (300, 6)),
            (COCO, (2, 7, 21)),
            (COCO, ()),
        ],
    )
    def test_wrong_layouts_are_named(self, head, shape):
        with pytest.raises(ModelError, match=r"its output is .* needs") as caught:
            yolo.checked(np.zeros(shape, np.float32), head, "m")
        assert "registry" in caught.value.hint

    @pytest.mark.parametrize("value", [np.float16(0), np.int8(0), np.float32(np.nan)])
    def test_other_numbers_are_refused(self, value):
        with pytest.raises(ModelError, match="expected float32"):
            yolo.checked(np.full((1, 5, 3), value), HEAD, "m")


class TestNotFinite:
    """What is not a number is not nobody (Rule 3)."""

    @pytest.mark.parametrize(
        ("head", "place"),
        [
            (HEAD, (4, 1)),  # its score
            (HEAD, (0, 1)),  # its box
            (COCO, (5, 1)),
            (COCO, (4, 1)),  # another class of it
            (COCO, (3, 1)),
            (END, (1, 4)),
            (END, (1, 5)),
            (END, (1, 0)),
        ],
    )
    @pytest.mark.parametrize("value", [np.nan, np.inf])
    def test_a_person_who_is_no_number_is_a_fault_and_not_nobody(self, head, place, value):
        if head is END:
            output = np.array([[[*square(i), 0.9, 1] for i in range(3)]], np.float32)
        else:
            rows = [[0.0] * head.classes for _ in range(3)]
            for row in rows:
                row[head.person] = 0.9
            output = raw_output([square(i) for i in range(3)], rows)
        assert len(yolo.decode(output, head, PLACE, 0)) == 3
        output[0][place] = value
        with pytest.raises(DeviceError, match="not finite"):
            yolo.decode(output, head, PLACE, 0)

    def test_boxes_that_nobody_asks_for_are_not_looked_at(self):
        output = raw_output([square(0), square(1)], [[0.9], [0.05]])
        output[0, 0, 1] = np.nan
        assert len(yolo.decode(output, HEAD, PLACE, 0)) == 1
