"""The letterbox, against its definition written plainly and against ultralytics' own code."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from counter.detectors.letterbox import GREY, PADDING, Fit, Floats, Interleaved, Planes, Size, fit
from counter.frame import Pixels

sides = st.integers(1, 300)
inputs = st.sampled_from([(64, 64), (96, 64), (64, 160), (320, 320)])


def picture(width: int, height: int, seed: int = 0) -> Pixels:
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    pixels.flags.writeable = False  # as a Frame lends it
    return pixels


def simple_letterbox(pixels: Pixels, size: Size) -> Floats:
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


class TestPlanes:
    @given(sides, sides, inputs)
    @settings(deadline=None)
    def test_it_is_the_definition_to_the_last_bit(self, width, height, size):
        box = Planes(size)
        pixels = picture(width, height)
        box.fill(pixels)
        np.testing.assert_array_equal(box.tensor, simple_letterbox(pixels, size))

    def test_cameras_of_different_sizes_share_its_buffers(self):
        box = Planes((96, 64))
        tensor = box.tensor
        for seed, (width, height) in enumerate([(50, 90), (96, 64), (200, 20), (50, 90), (7, 5)]):
            pixels = picture(width, height, seed)
            box.fill(pixels)
            np.testing.assert_array_equal(box.tensor, simple_letterbox(pixels, (96, 64)))
            box.wipe()
        assert box.tensor is tensor

    def test_nothing_of_the_picture_stays_after_wipe(self):
        box = Planes((96, 64))
        for width, height in [(200, 20), (96, 64), (50, 90)]:
            box.fill(picture(width, height))
            assert len(np.unique(box.tensor)) > 100
            box.wipe()
            assert (box.tensor == GREY).all()
            assert not box._canvas._buffer.any()
            assert not box._split.any()

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
        assert fit(camera, size) == Fit(camera, size, scaled, left, top)

    @pytest.mark.parametrize("camera", [(640, 360), (1920, 1080), (357, 501), (33, 640), (20, 11)])
    def test_it_is_the_one_of_ultralytics(self, camera):
        augment = pytest.importorskip("ultralytics.data.augment", reason="not run: no ultralytics")
        box = Planes((640, 640))
        pixels = picture(*camera)
        box.fill(pixels)
        theirs = augment.LetterBox((640, 640))(image=pixels.copy())
        rgb = theirs[:, :, ::-1].transpose(2, 0, 1)[None].astype(np.float32) / np.float32(255)
        np.testing.assert_array_equal(box.tensor, rgb)


def quantised(scale: float, zero: int, kind: type) -> NDArray[np.generic]:
    """The table of a network that takes round(value / 255 / scale) + zero."""
    limits = np.iinfo(kind)
    steps = np.rint(np.arange(256) / 255 / scale) + zero
    return steps.clip(limits.min, limits.max).astype(kind)


TABLES = {
    "uint8 as it is": np.arange(256).astype(np.uint8),
    "int8, 1/255": quantised(1 / 255, -128, np.int8),
    "int8, as one export has it": quantised(0.018658, -14, np.int8),
    "uint8, darker": quantised(2 / 255, 3, np.uint8),
    "float32": np.arange(256, dtype=np.float32) / np.float32(255),
}


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
class TestInterleaved:
    @given(sides, sides, inputs)
    @settings(deadline=None, max_examples=40)
    def test_it_is_the_table_of_the_definition(self, table, width, height, size):
        box = Interleaved(size, table)
        pixels = picture(width, height)
        box.fill(pixels)
        grey = np.rint(simple_letterbox(pixels, size) * 255).astype(np.uint8)
        np.testing.assert_array_equal(box.tensor, table[grey.transpose(0, 2, 3, 1)])
        assert box.tensor.dtype == table.dtype

    def test_cameras_of_different_sizes_share_its_buffers(self, table):
        box = Interleaved((96, 64), table)
        tensor = box.tensor
        for seed, (width, height) in enumerate([(50, 90), (96, 64), (200, 20), (50, 90), (7, 5)]):
            pixels = picture(width, height, seed)
            place = box.fill(pixels)
            assert place == fit((width, height), (96, 64))
            grey = np.rint(simple_letterbox(pixels, (96, 64)) * 255).astype(np.uint8)
            np.testing.assert_array_equal(box.tensor, table[grey.transpose(0, 2, 3, 1)])
            box.wipe()
        assert box.tensor is tensor

    def test_nothing_of_the_picture_stays_after_wipe(self, table):
        box = Interleaved((96, 64), table)
        for width, height in [(200, 20), (96, 64), (50, 90)]:
            box.fill(picture(width, height))
            assert (box.tensor != table[PADDING]).any()
            box.wipe()
            assert (box.tensor == table[PADDING]).all()
            assert not box._canvas._buffer.any()
            assert not box._rgb.any()
