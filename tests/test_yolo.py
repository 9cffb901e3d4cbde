"""NMS, against a simple reference."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from counter.detectors import yolo


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


corners = st.integers(0, 24)
# A box without an area is nobody: `decode` drops it, whatever NMS says.
box_lists = st.lists(
    st.tuples(corners, corners, st.integers(1, 12), st.integers(1, 12)).map(
        lambda box: [box[0], box[1], box[0] + box[2], box[1] + box[3]]
    ),
    max_size=40,
)


class TestNms:
    # Small whole numbers and these thresholds are exact in 32 bits: ties are the same for both.
    @given(box_lists, st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0]))
    @settings(deadline=None)
    def test_it_is_the_greedy_definition(self, boxes, iou):
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
