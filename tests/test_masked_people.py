"""People planted under a mask are not found and not counted; and what is said about masks."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from counter import masking
from counter.check import report
from counter.config import Loaded
from counter.counting import Counting
from counter.detectors.open import open_detector
from counter.errors import ConfigError
from counter.frame import Frame
from counter.purposes import Purpose
from counter.release import ZoneCount
from counter.settings import CameraSettings, ModelSettings, Point, Settings, ZoneSettings
from counter.sources.open import open_source
from counter.sources.synthetic.source import SyntheticSource
from counter.tally import Tally
from tests.tomls import ZONE, fault, parse, text

# The left part of the platform, where most of its people stand or sit.
MASK: list[Point] = [(0.0, 0.1), (0.55, 0.1), (0.55, 1.0), (0.0, 1.0)]
# Inside of it: somebody who is half seen beside the mask stands not deeper in it than this.
ZONE_UNDER: list[Point] = [(0.0, 0.15), (0.4, 0.15), (0.4, 1.0), (0.0, 1.0)]
SECONDS, FPS = 31, 5
NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


class Reader:
    """A gate that lets nothing out and keeps what it was given."""

    def __init__(self) -> None:
        self.values: list[int | None] = []

    def release(self, tallies: Sequence[Tally]) -> tuple[ZoneCount, ...]:
        self.values += [tally.value for tally in tallies]
        return ()


def run(masks: list[list[Point]]) -> tuple[int, int, list[int | None]]:
    """People who lie under MASK in the truth, those of them found, and what the zone counted."""
    camera = CameraSettings(source="synthetic:platform", people=30, fps=FPS, seed=5, masks=masks)
    settings = Settings(
        site="s",
        device="d",
        purpose=Purpose.PASSENGER_INFORMATION,
        interval_s=30,
        cameras={"a": camera},
        zones={"z": ZoneSettings(camera="a", polygon=ZONE_UNDER)},
    )
    source, detector = open_source("a", camera), open_detector(ModelSettings())
    assert isinstance(source, SyntheticSource)
    gate = Reader()
    counting, owed, found = Counting(settings, gate), 0, 0
    for frame in source.frames():
        assert isinstance(frame, Frame)
        assert source.truth is not None
        counting.release(NOON + timedelta(seconds=source.now_ns / 1e9))
        with frame:
            people = detector.detect(frame)
        counting.observe("a", people)
        truth = source.truth
        _, top, right, _ = truth.xyxy.T
        planted = truth.xyxy[(right < 0.55) & (top > 0.1) & (truth.visible > 0.5)]
        sure = people.xyxy[people.confidence >= ModelSettings().confidence]
        owed += len(planted)
        found += int((overlap(planted, sure) > 0.3).any(axis=1).sum())
        if source.now_ns >= SECONDS * 1_000_000_000:
            source.close()
    return owed, found, gate.values


def overlap(one: np.ndarray, two: np.ndarray) -> np.ndarray:
    low = np.maximum(one[:, None, :2], two[None, :, :2])
    high = np.minimum(one[:, None, 2:], two[None, :, 2:])
    both = np.prod(np.clip(high - low, 0, None), axis=2)
    areas = [np.prod(box[:, 2:] - box[:, :2], axis=1) for box in (one, two)]
    return np.asarray(both / (areas[0][:, None] + areas[1][None] - both))


def test_people_under_a_mask_are_not_found_and_not_counted():
    owed, found, counted = run([])
    assert owed > 500
    assert found / owed > 0.8  # the control: without a mask they are
    assert counted[0] is not None
    assert counted[0] > 5
    owed, found, counted = run([MASK])
    assert owed > 500
    assert found == 0
    assert counted == [0]


WHOLE = "[[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]"
TENTH = "[[0.1, 0.1], [0.5, 0.1], [0.5, 0.35], [0.1, 0.35]]"
CROSSED = "[[0.1, 0.1], [0.5, 0.5], [0.5, 0.1], [0.1, 0.5]]"


def camera(masks: str) -> str:
    return f'[cameras.door]\nsource = "synthetic:platform"\nmasks = {masks}\n'


@pytest.mark.parametrize(
    ("masks", "said"),
    [
        (f"[{TENTH}, {CROSSED}]", "cameras.door.masks[1]: the outline crosses or touches itself"),
        (f"[{WHOLE}]", "cameras.door.masks: nothing of the picture is left"),
        (
            "[[[0, 0], [0.6, 0], [0.6, 1], [0, 1]], [[0.5, 0], [1, 0], [1, 1], [0.5, 1]]]",
            "cameras.door.masks: nothing of the picture is left",
        ),
        ("[[[0, 0], [1, 1]]]", "cameras.door.masks[0]: "),
        ("[[[0, 0], [1, 1], [1, 1.5]]]", "cameras.door.masks[0][2][1]: "),
    ],
)
def test_a_mask_that_cannot_be_meant_is_an_error(masks: str, said: str) -> None:
    error = fault(text(camera(masks), ZONE))
    assert isinstance(error, ConfigError)
    assert error.message.startswith(said)


def test_a_zone_that_lies_mostly_under_masks_is_a_warning():
    said = "zones.front.polygon: 69% of it lies under cameras.door.masks, where nobody is seen"
    below = "[[0.0, 0.35], [0.6, 0.35], [0.6, 0.65], [0.0, 0.65]]"
    assert said in parse(text(camera(f"[{TENTH}, {below}]"), ZONE))[1]
    assert not [w for w in parse(text(camera(f"[{TENTH}]"), ZONE))[1] if "masks" in w]


def test_shares_of_masks_that_lie_over_each_other_are_counted_once():
    half: list[Point] = [(0, 0), (0.5, 0), (0.5, 1), (0, 1)]
    slanted: list[Point] = [(0, 0), (1, 0), (0, 1)]
    assert masking.covered([half, half]) == pytest.approx(0.5, abs=1e-3)
    assert masking.covered([slanted]) == pytest.approx(0.5, abs=3e-3)
    assert masking.covered([half, slanted]) == pytest.approx(0.625, abs=3e-3)
    assert masking.covered([slanted], half) == pytest.approx(0.75, abs=3e-3)
    assert masking.covered([]) == 0


def test_check_says_how_much_of_a_picture_is_masked():
    settings, warnings = parse(text(camera(f"[{TENTH}]"), ZONE))
    said = report(Loaded(settings, "0" * 64, warnings))
    assert "masked   10% of the picture of camera door, before anything looks at it" in said
    settings, warnings = parse(text(camera("[]"), ZONE))
    assert "masked" not in report(Loaded(settings, "0" * 64, warnings))
