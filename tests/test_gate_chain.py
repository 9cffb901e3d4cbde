"""From people to bytes: a payload depends on the counts of an interval only (P4, P5).

Every test runs pictures' people through Counting, the gate and the wire, and compares bytes.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import settings as budget
from hypothesis import strategies as st

from counter.counting import Counting
from counter.disclosure import Gate
from counter.outputs.wire import Topics, encode_count
from counter.people import Detections
from counter.purposes import Purpose
from counter.settings import CameraSettings, GroupSettings, LineSettings, Settings
from counter.settings import ZoneSettings as Zone
from tests.traces import Trace, read_all

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
FPS = 4
few = budget(deadline=None, max_examples=8)
Sent = list[tuple[str, bytes]]  # topic, payload: what a listener on the wire gets, in order


def _strip(number: int) -> Zone:
    left, right = number / 4, (number + 1) / 4
    corners = [(left, 0.0), (right, 0.0), (right, 1.0), (left, 1.0)]
    return Zone(camera="hall", polygon=corners, seats=30, area_m2=20.0)


PLACE = Settings(
    site="s",
    device="d",
    purpose=Purpose.PASSENGER_INFORMATION,
    interval_s=30,
    cameras={"hall": CameraSettings(source="rtsp://hall/1")},
    zones={name: _strip(number) for number, name in enumerate("abcd")},
    groups={"pair": GroupSettings(zones=["c", "d"])},
)


def crowd(rng: np.random.Generator, many: list[int]) -> np.ndarray:
    """Feet of so many people in each strip, on any free places of it."""
    places = [(0.04 + 0.05 * column, 0.2 + 0.08 * row) for column in range(4) for row in range(10)]
    feet = [
        (strip / 4 + places[place][0], places[place][1])
        for strip, count in enumerate(many)
        for place in rng.choice(len(places), count, replace=False)
    ]
    return np.array(feet, float).reshape(-1, 2)


def seen(rng: np.random.Generator, feet: np.ndarray, frame: int) -> Detections:
    """The same feet under other boxes, in another order, surer or less sure."""
    feet = rng.permutation(feet) + rng.uniform(-0.003, 0.003, feet.shape)
    wide, high = rng.uniform(0.008, 0.012), rng.uniform(0.05, 0.07)
    boxes = np.column_stack((feet[:, 0] - wide, feet[:, 1] - high, feet[:, 0] + wide, feet[:, 1]))
    sure = rng.uniform(0.6, 1.0, len(feet)).astype(np.float32)
    return Detections(boxes.astype(np.float32), sure, frame * 10**9 // FPS)


def sent(made: Settings, seed: int, crowds: list[list[int]]) -> Sent:
    """Let each crowd stand for one interval; give everything that goes out."""
    rng, counting, out = np.random.default_rng(seed), Counting(made, Gate(made)), Sent()
    frame, length = 0, 30 * FPS
    for many in [*crowds, crowds[-1]]:
        feet = crowd(rng, many)
        for _ in range(length):
            counts = counting.release(NOON + timedelta(seconds=frame / FPS))
            out += [(Topics("s/d").cell(count.cell), encode_count(count)) for count in counts]
            counting.observe("hall", seen(rng, feet, frame))
            frame += 1
    return out


NOBODY = Detections(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), 0)
BUSY = [t for t in read_all() if any(min(both) >= 11 for both in t.expect.values())][:2]
CROWD = st.lists(st.integers(0, 30), min_size=4, max_size=4)


@given(st.lists(CROWD, min_size=1, max_size=2), st.integers(0, 2**32), st.integers(0, 2**32))
@few
def test_other_people_at_equal_counts_are_the_same_bytes(crowds, one, other):
    first = sent(PLACE, one, crowds)
    assert len(first) == 3 * len(crowds)
    assert first == sent(PLACE, other, crowds)


@given(st.lists(st.integers(0, 10), min_size=4, max_size=4), st.integers(0, 2**32))
@example([10, 10, 5, 5], 3)
@few
def test_up_to_ten_people_are_the_same_bytes_as_nobody(few_people, seed):
    few_people[3] = min(few_people[3], 10 - few_people[2])  # two strips are one cell
    assert sent(PLACE, seed, [few_people]) == sent(PLACE, 0, [[0] * 4])


@given(st.lists(CROWD, min_size=2, max_size=2))
@few
def test_an_empty_and_a_busy_run_send_as_many_messages_of_the_same_size(crowds):
    busy = [(topic, len(payload)) for topic, payload in sent(PLACE, 1, crowds)]
    empty = [(topic, len(payload)) for topic, payload in sent(PLACE, 1, [[0] * 4] * 2)]
    assert busy == empty
    assert len(busy) == 6


def doors(trace: Trace, seed: int | None) -> Sent:
    """A golden walk over lines, in one interval; mixed and less sure where a seed is given."""
    made = Settings(
        site="s",
        device="d",
        purpose=Purpose.FOOTFALL,
        interval_s=900,
        cameras={"c": CameraSettings(source="rtsp://c/1")},
        lines={
            name: LineSettings(camera="c", points=line.points, anchor=line.anchor)
            for name, line in trace.lines.items()
        },
    )
    counting, rng = Counting(made, Gate(made)), np.random.default_rng(seed)
    counting.release(NOON)
    for frame in trace.frames:
        order = rng.permutation(len(frame)) if seed is not None else np.arange(len(frame))
        lower = np.float32(0.9 if seed is None else rng.uniform(0.6, 0.9))
        boxes, sure = frame.xyxy[order], np.full(len(frame), lower)
        counting.observe("c", replace(frame, xyxy=boxes, confidence=sure))
    last_ns = trace.frames[-1].captured_ns
    for second in range(1, 800):  # and then nobody, so that the interval was seen for long enough
        counting.observe("c", replace(NOBODY, captured_ns=last_ns + second * 10**9))
    counts = counting.release(NOON + timedelta(seconds=900))
    return [(Topics("s/d").cell(count.cell), encode_count(count)) for count in counts]


@pytest.mark.parametrize("trace", BUSY, ids=lambda trace: trace.title)
def test_people_who_walk_in_another_order_are_the_same_bytes(trace: Trace):
    straight = doors(trace, None)
    assert any(b'"published"' in payload for _, payload in straight)
    assert len(straight) == 2 * len(trace.lines)
    assert all(doors(trace, seed) == straight for seed in (1, 2))
