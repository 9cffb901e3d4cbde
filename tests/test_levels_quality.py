"""The released quality, from the boxes of a frame through counting and gate to the payload."""

import json
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from counter.counting import Counting
from counter.disclosure import Gate
from counter.outputs.wire import encode_count
from counter.people import Detections
from counter.release import Quality, Status, ZoneCount
from counter.settings import CameraSettings, CorrectionSettings, Settings, ZoneSettings

START = datetime(2026, 1, 1, tzinfo=UTC)
FPS = 5
LENGTH_S = 60
WHOLE = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)]


def apart(people):
    """In rows of ten, none over another."""
    at = np.arange(people)
    left, top = 0.02 + (at % 10) * 0.09, 0.1 + (at // 10) * 0.3
    return np.stack((left, top, left + 0.04, top + 0.2), axis=1)


def merged(people):
    """In one row, each over its neighbour: whoever is behind is not told apart."""
    left = 0.02 + np.arange(people) * 0.02
    return np.stack((left, 0 * left + 0.4, left + 0.04, 0 * left + 0.6), axis=1)


def released(boxes, seen_s=LENGTH_S, correction=None) -> ZoneCount:
    """One interval in which the camera gives these boxes for `seen_s` seconds."""
    zone = ZoneSettings(camera="eye", polygon=WHOLE, correction=correction)
    settings = Settings(
        site="s", device="d", purpose="passenger-information", interval_s=LENGTH_S,  # type: ignore[arg-type]
        cameras={"eye": CameraSettings(source="synthetic:platform")}, zones={"hall": zone},
    )  # fmt: skip
    counting = Counting(settings, Gate(settings))
    told: tuple[ZoneCount, ...] = ()
    xyxy = boxes.astype(np.float32)
    for frame in range((LENGTH_S + 1) * FPS):
        at_s = frame / FPS
        told = counting.release(START + timedelta(seconds=at_s)) or told
        if at_s < seen_s:
            sure = np.full(len(xyxy), 0.9, np.float32)
            counting.observe("eye", Detections(xyxy, sure, round(at_s * 1e9)))
    return told[0]


def said(count: ZoneCount) -> str:
    """What a subscriber reads."""
    payload: dict[str, str] = json.loads(encode_count(count))
    return payload["quality"]


def wide(error: float) -> CorrectionSettings:
    return CorrectionSettings(error=error, tallies=12, fitted="2026-03-01")


def test_a_zone_that_was_seen_and_told_apart_is_ok():
    count = released(apart(20))
    assert (count.status, count.value, count.quality) == (Status.PUBLISHED, 20, Quality.OK)
    assert said(count) == "ok"


@pytest.mark.parametrize(
    ("seen_s", "correction"), [(42, None), (LENGTH_S, wide(5.1))], ids=["a part", "a wide error"]
)
def test_half_an_interval_or_a_large_error_is_degraded(seen_s, correction):
    count = released(apart(20), seen_s, correction)
    assert (count.status, count.value, count.quality) == (Status.PUBLISHED, 20, Quality.DEGRADED)
    assert said(count) == "degraded"


def test_a_small_error_degrades_nothing():
    assert said(released(apart(20), correction=wide(4.9))) == "ok"


@pytest.mark.parametrize("seen_s", [LENGTH_S, 42])
def test_people_who_lie_over_each_other_are_saturated_whatever_was_seen(seen_s):
    count = released(merged(20), seen_s)
    assert (count.status, count.value, count.quality) == (Status.PUBLISHED, 20, Quality.SATURATED)
    assert said(count) == "saturated"


@pytest.mark.parametrize("people", [0, 4, 10])
def test_a_suppressed_count_never_says_that_people_lie_over_each_other(people):
    """Else the word would tell four from nobody."""
    few, none = released(merged(people)), released(apart(0))
    assert few.status is Status.SUPPRESSED
    assert (few.quality, said(few)) == (none.quality, "ok")
