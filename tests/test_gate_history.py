"""What one run may release after another one: the grid's name, and the hold."""

from datetime import UTC, datetime, timedelta

import pytest
from msgspec import structs

from counter.history import HOLD_S, Run, grid_sha256, not_before
from counter.purposes import Purpose
from counter.settings import (
    CameraSettings,
    DisclosureSettings,
    GroupSettings,
    LineSettings,
    ModelSettings,
    MqttSettings,
    Settings,
    TrackerSettings,
)
from tests.gates import box, device, footfall

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
HOLD = timedelta(seconds=HOLD_S)
SAME, OTHER = "a" * 64, "b" * 64


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("memory", "expected"),
    [
        (None, at(0) + HOLD),  # nothing is remembered
        ([], at(0) + HOLD),  # the first start of all, or another file
        ([Run(SAME, at(-600), at(-5))], at(0)),
        ([Run(SAME, at(-600))], at(0)),  # it was killed
        ([Run(OTHER, at(-600), at(-5))], at(0) + HOLD),
        ([Run(OTHER, at(-600))], at(0) + HOLD),
        ([Run(OTHER, at(-9000), at(-8000))], at(0) + HOLD),  # was the clock right in between?
        ([Run(SAME, at(-600), at(10))], at(10)),  # the clock was set back
        ([Run(OTHER, at(-600), at(10))], at(10) + HOLD),
        ([Run(OTHER, at(-60), at(-3)), Run(SAME, at(-2), at(-1))], at(-3) + HOLD),
        ([Run(OTHER, at(-60)), Run(SAME, at(-2), at(-1))], at(-2) + HOLD),
        ([Run(OTHER, at(-900), at(-800)), Run(SAME, at(-799), at(-1))], at(0)),
        ([Run(SAME, at(-60), at(-3)), Run(OTHER, at(-2), at(-1))], at(0) + HOLD),
        ([Run(SAME, at(-600), at(60 * 24 * 900))], at(0)),  # the clock was wrong, by years
        ([Run(OTHER, at(-600), at(60 * 24 * 900))], at(0) + HOLD),
    ],
)
def test_from_when_on_a_run_may_release(memory, expected: datetime):
    assert not_before(at(0), SAME, memory) == expected


def test_a_second_restart_does_not_end_the_hold_of_the_first():
    memory = [Run(OTHER, at(-60), at(0))]
    first = not_before(at(1), SAME, memory)
    memory.append(Run(SAME, at(1), at(2)))
    assert not_before(at(3), SAME, memory) == at(0) + HOLD
    assert first == at(1) + HOLD


BASE = device()
ZONES = BASE.zones
CAMERA = BASE.cameras["door"]


def changed(**more: object) -> Settings:
    return structs.replace(BASE, **more)


def zone(name: str, **more: object) -> Settings:
    return changed(zones={**ZONES, name: structs.replace(ZONES[name], **more)})


A = ZONES["a"].polygon
SAME_GRID = {
    "zones in another order": changed(zones=dict(reversed(list(ZONES.items())))),
    "a group's zones in another order": changed(groups={"pair": GroupSettings(zones=["d", "c"])}),
    "the same polygon from another corner": zone("a", polygon=[*A[2:], *A[:2]]),
    "the same polygon the other way round": zone("a", polygon=A[::-1]),
    "whole numbers for fractions": zone("a", polygon=[(x + 0, y) for x, y in A]),
    "the defaults, written out": changed(
        interval_s=60, disclosure=DisclosureSettings(threshold=11, rounding=5)
    ),
    "less than the floor, which is in force": changed(
        disclosure=DisclosureSettings(min_coverage=-1, rounding=1)
    ),
    "other seats": zone("a", seats=3),
    "another output": changed(stdout=True, mqtt=MqttSettings(url="mqtt://b:1883")),
    "another name of the device": changed(device="coach-4"),
    "another number of threads": changed(model=ModelSettings(threads=3)),
    "a camera that no cell uses": changed(
        cameras={**BASE.cameras, "spare": CameraSettings(source="rtsp://x/1")}
    ),
    "a line, which this purpose does not release": changed(
        lines={"in": LineSettings(camera="door", points=[(0.1, 0.5), (0.9, 0.5)])}
    ),
}
OTHER_GRID = {
    "a corner": zone("a", polygon=[(0.0, 0.1), (0.199, 0.1), (0.2, 0.9), (0.0, 0.9)]),
    "an anchor": changed(zones={n: structs.replace(z, anchor="head") for n, z in ZONES.items()}),
    "a zone less": changed(zones={n: z for n, z in ZONES.items() if n != "b"}),
    "a zone more": changed(zones={**ZONES, "e": box(0.8)}),
    "a zone's name": changed(zones={("e" if n == "b" else n): z for n, z in ZONES.items()}),
    "no group": changed(groups={}),
    "another group": changed(groups={"pair": GroupSettings(zones=["a", "c"])}),
    "the purpose": changed(purpose=Purpose.EVENT_DENSITY),
    "the interval": changed(interval_s=300),
    "the threshold": changed(disclosure=DisclosureSettings(threshold=12)),
    "the rounding": changed(disclosure=DisclosureSettings(rounding=6)),
    "the coverage": changed(disclosure=DisclosureSettings(min_coverage=0.8)),
    "the source": changed(cameras={"door": structs.replace(CAMERA, source="rtsp://other/1")}),
    "a mask": changed(
        cameras={"door": structs.replace(CAMERA, masks=[[(0, 0), (0.1, 0), (0, 0.1)]])}
    ),
    "the model": changed(model=ModelSettings(name="other")),
    "the confidence": changed(model=ModelSettings(confidence=0.5)),
    "the tracker": changed(tracker=TrackerSettings(lost_s=3.0)),
}


@pytest.mark.parametrize("case", SAME_GRID)
def test_what_leaves_the_grid_as_it_is(case: str):
    assert grid_sha256(SAME_GRID[case]) == grid_sha256(BASE)


@pytest.mark.parametrize("case", OTHER_GRID)
def test_what_makes_another_grid(case: str):
    assert grid_sha256(OTHER_GRID[case]) != grid_sha256(BASE)


def test_the_direction_of_a_line_is_part_of_the_grid():
    made = footfall()
    line = structs.replace(made.lines["in"], points=made.lines["in"].points[::-1])
    turned = structs.replace(made, lines={"in": line})
    wider = structs.replace(made, lines={"in": structs.replace(made.lines["in"], dead_band=0.2)})
    assert len({grid_sha256(each) for each in (made, turned, wider)}) == 3


def test_a_grid_has_one_name_for_ever():
    """A change of the way it is written would hold every device once; it should be on purpose."""
    golden = "19302da6778543a176f8205072d3fd2182a5c31c6f20bfd3f4575fe4c04287d9"
    assert grid_sha256(footfall()) == golden
