"""Letterbox and NMS, against simple references and against ultralytics' own code."""

from collections.abc import Iterator
from contextlib import contextmanager

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from counter.detectors import yolo
from counter.frame import Pixels

GREY = np.float32(114) / np.float32(255)

sides = st.integers(1, 300)
inputs = st.sampled_from([(64, 64), (96, 64), (64, 160), (320, 320)])


def picture(width: int, height: int, seed: int = 0) -> Pixels:
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    pixels.flags.writeable = False  # as a Frame lends it
    return pixels


def simple_letterbox(pixels: Pixels, size: yolo.Size) -> yolo.Floats:
    """Resize and border as the definition says, with nothing reused."""
    height, width = pixels.shape[:2]
    ratio = min(size[0] / width, size[1] / height)
    scaled = max(round(width * ratio), 1), max(round(height * ratio), 1)
    resized = pixels if scaled == (width, height) else cv2.resize(pixels, scaled)
    spare = (size[0] - scaled[0]) / 2, (size[1] - scaled[1]) / 2
    left, right = round(spare[0] - 0.1), round(spare[0] + 0.1)
    top, bottom = round(spare[1] - 0.1), round(spare[1] + 0.1)
    boxed = cv2.copyMakeBorder(
        resized, top, bottom, left, right, cv2.BORDER_CONSTANT, value=(114, 114, 114)
    )
    rgb = boxed[:, :, ::-1].transpose(2, 0, 1)[None]
    return rgb.astype(np.float32) / np.float32(255)


def boxes_overlap(one: list[float], other: list[float]) -> tuple[float, float]:
    """Intersection and union of two boxes, in plain Python."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    shared = max(width, 0.0) * max(height, 0.0)
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)]
    return shared, sum(areas) - shared


def slow_nms(boxes: list[list[float]], iou: float) -> list[int]:
    stay: list[int] = []
    for index, box in enumerate(boxes):
        pairs = (boxes_overlap(boxes[surer], box) for surer in stay)
        if not any(shared > iou * union for shared, union in pairs):
            stay.append(index)
    return stay


class TestLetterbox:
    @given(sides, sides, inputs)
    @settings(deadline=None)
    def test_it_is_the_definition_to_the_last_bit(self, width, height, size):
        box = yolo.Letterbox(size)
        pixels = picture(width, height)
        box.fill(pixels)
        np.testing.assert_array_equal(box.tensor, simple_letterbox(pixels, size))

    def test_cameras_of_different_sizes_share_its_buffers(self):
        box = yolo.Letterbox((96, 64))
        tensor = box.tensor
        for seed, (width, height) in enumerate([(50, 90), (96, 64), (200, 20), (50, 90), (7, 5)]):
            pixels = picture(width, height, seed)
            box.fill(pixels)
            np.testing.assert_array_equal(box.tensor, simple_letterbox(pixels, (96, 64)))
            box.wipe()
        assert box.tensor is tensor

    def test_nothing_of_the_picture_stays_after_wipe(self):
        box = yolo.Letterbox((96, 64))
        for width, height in [(200, 20), (96, 64), (50, 90)]:
            box.fill(picture(width, height))
            assert len(np.unique(box.tensor)) > 100
            box.wipe()
            assert (box.tensor == GREY).all()
            assert not box._scaled.any()
            assert not box._planes.any()

    @pytest.mark.parametrize(
        ("camera", "size", "scaled", "left", "top"),
        [
            ((1920, 1080), (640, 640), (640, 360), 0, 140),
            ((480, 640), (640, 640), (480, 640), 80, 0),
            ((100, 99), (640, 640), (640, 634), 0, 3),
            ((1000, 333), (640, 640), (640, 213), 0, 213),  # 427 to spare: 213 above, 214 below
            ((3000, 1), (640, 640), (640, 1), 0, 319),  # at least a pixel high
        ],
    )
    def test_where_pictures_lie(self, camera, size, scaled, left, top):
        assert yolo.fit(camera, size) == yolo.Fit(camera, size, scaled, left, top)

    @pytest.mark.parametrize("camera", [(640, 360), (1920, 1080), (357, 501), (33, 640), (20, 11)])
    def test_it_is_the_one_of_ultralytics(self, camera):
        augment = pytest.importorskip("ultralytics.data.augment", reason="not run: no ultralytics")
        box = yolo.Letterbox((640, 640))
        pixels = picture(*camera)
        box.fill(pixels)
        theirs = augment.LetterBox((640, 640))(image=pixels.copy())
        rgb = theirs[:, :, ::-1].transpose(2, 0, 1)[None].astype(np.float32) / np.float32(255)
        np.testing.assert_array_equal(box.tensor, rgb)


corners = st.integers(0, 24)
box_lists = st.lists(
    st.tuples(corners, corners, st.integers(0, 12), st.integers(0, 12)).map(
        lambda box: [box[0], box[1], box[0] + box[2], box[1] + box[3]]
    ),
    max_size=40,
)


class TestNms:
    # Small whole numbers and these thresholds are exact in 32 bits: ties are the same for both.
    @given(box_lists, st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0]), st.sampled_from([1, 3, 128]))
    @settings(deadline=None)
    def test_it_is_the_greedy_definition(self, boxes, iou, block):
        with block_of(block):
            kept = yolo.surest(np.array(boxes, np.float32).reshape(-1, 4), iou)
        assert kept.tolist() == slow_nms(boxes, iou)

    def test_a_hidden_box_hides_nobody(self):
        # 1 overlaps 0 and goes; 2 overlaps 1 only, and stays
        row = np.array([[0, 0, 10, 1], [4, 0, 14, 1], [8, 0, 18, 1]], np.float32)
        assert yolo.surest(row, 0.4).tolist() == [0, 2]

    def test_a_thousand_boxes_in_a_chain(self):
        start = np.arange(1000, dtype=np.float32) * 10
        chain = np.stack([start, start * 0, start + 100, start * 0 + 10], axis=1)
        assert yolo.surest(chain, 0.7).tolist() == slow_nms(chain.tolist(), 0.7)


@contextmanager
def block_of(size: int) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(yolo, "BLOCK", size)
        yield
