"""Payloads: closed, schema-valid, of one size per cell, within their budget."""

import json
from dataclasses import replace
from typing import Any

import jsonschema
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from counter.cells import Cell, Kind
from counter.levels import SERVICE
from counter.outputs import wire
from counter.outputs.payloads import MAX_PERSONS, MAX_SEQUENCE, Count
from counter.outputs.schema import schemas
from counter.outputs.wire import (
    Announcement,
    Topics,
    count_size,
    encode_count,
    encode_health,
    encode_info,
)
from counter.purposes import Measure, Purpose
from counter.release import CameraHealth, CameraState, Level, Quality, Status, ZoneCount
from tests.releases import (
    ANNOUNCEMENT,
    BARE,
    CELLS,
    HEALTH,
    SENSOR,
    ZONE,
    interval,
    missing,
    published,
    suppressed,
)
from tests.schemas import FOLDER

CHECK = jsonschema.Draft202012Validator(schemas()["count"], format_checker=None)
# Bytes that a payload may have, as docs/mqtt.md promises. With every name at its longest they
# measure 668, 834 + 62 a camera, and 821 + 136 a cell + 67 a rule.
COUNT_BUDGET = 704
HEALTH_BUDGET, PER_CAMERA = 864, 64
INFO_BUDGET, PER_CELL, PER_RULE = 848, 144, 72
LONG = "a" * 32  # the longest name that the settings allow
WIDE = Cell(Kind.GROUP, LONG, Measure.OCCUPANCY, seats=1, capacity=1, area_m2=0.5)


def plain(count: ZoneCount) -> dict[str, Any]:
    return dict(json.loads(encode_count(count)))


@st.composite
def releases(draw: st.DrawFn) -> ZoneCount:
    """Whatever a gate may ever say about a cell."""
    cell = draw(st.sampled_from([*CELLS, WIDE, replace(ZONE, capacity=9_999_999, area_m2=1e6)]))
    status = draw(st.sampled_from(Status))
    value = draw(st.integers(10, MAX_PERSONS)) if status is Status.PUBLISHED else None
    shares = value is not None and cell.kind is not Kind.LINE
    known = [level for level in Level if level is not Level.NO_DATA_AVAILABLE]
    level = Level.NO_DATA_AVAILABLE if status is Status.MISSING else draw(st.sampled_from(known))
    density = value / cell.area_m2 if value and shares and cell.area_m2 else None
    told = list(Quality) if value else [Quality.OK, Quality.DEGRADED]
    return ZoneCount(
        sensor_id=SENSOR,
        cell=cell,
        interval=replace(interval(0), length_s=draw(st.sampled_from([30, 60, 1200, 86400]))),
        status=status,
        value=value,
        less_than=draw(st.integers(10, 1000)) if status is Status.SUPPRESSED else None,
        coverage=draw(st.integers(0, 10)) / 10,
        fill=value / cell.capacity if value and shares and cell.capacity else None,
        density=density,
        level=level if cell.capacity else None,
        service=None if density is None else draw(st.sampled_from(SERVICE)),
        quality=draw(st.sampled_from(told)),
        method=draw(st.from_regex(r"[a-z]{1,32}/[0-9]{1,31}", fullmatch=True)),
        rule_id=draw(st.from_regex(r"[a-z][a-z/0-9-]{0,63}", fullmatch=True)),
    )


@given(releases())
def test_every_release_is_valid_and_has_the_size_of_its_cell(count: ZoneCount) -> None:
    raw = encode_count(count)
    assert len(raw) == count_size(SENSOR, count.cell) <= COUNT_BUDGET
    CHECK.validate(json.loads(raw))
    assert msgspec.json.decode(raw, type=Count) == wire.count_payload(count)


def test_empty_missing_and_crowded_have_one_size() -> None:
    for cell in CELLS:
        counts = [suppressed(cell, 1), missing(cell, 2)]
        counts += [published(cell, 3, value) for value in range(15, 3000, 5)]
        assert {len(encode_count(count)) for count in counts} == {count_size(SENSOR, cell)}


def test_a_size_that_cannot_be_is_refused_instead_of_sent() -> None:
    full = replace(published(BARE, 1, 15), rule_id="r" * 64, method="m" * 64)
    with pytest.raises(ValueError, match="outgrew"):
        encode_count(replace(full, quality=Quality.SATURATED, density=1e15 + 0.5))


FALSE = {
    "a number below every threshold": {"value": 3},
    "a broken count": {"value": 37.5},
    "a count too large to be one": {"value": MAX_PERSONS + 1},
    "a threshold below the floor": {"status": Status.SUPPRESSED, "less_than": 4},
    "an unknown status": {"status": "exact"},
    "a long rule": {"rule_id": "r" * 65},
    "a long method": {"method": "m" * 65},
    "an unknown quality": {"quality": "fine"},
    "an unknown level of service": {"service": "G"},
    "a negative coverage": {"coverage": -0.5},
    "a device with a picture in its name": {"sensor_id": "north/data:image"},
}


@pytest.mark.parametrize("changed", FALSE.values(), ids=FALSE)
def test_what_its_type_cannot_say_is_not_written(changed: dict[str, Any]) -> None:
    """msgspec itself checks only what it reads."""
    with pytest.raises(msgspec.ValidationError):
        encode_count(replace(published(ZONE, 1, 40), **changed))


def test_health_and_info_are_held_to_their_types_too() -> None:
    with pytest.raises(msgspec.ValidationError):
        encode_health(replace(HEALTH, backend="a backend with\na second line"))
    with pytest.raises(msgspec.ValidationError):
        encode_info(replace(ANNOUNCEMENT, interval_s=0))


def test_how_far_a_count_can_be_believed_is_told_in_one_size() -> None:
    full = replace(published(ZONE, 1, 40), quality=Quality.SATURATED, method="density/1")
    said = plain(full)
    assert (said["quality"], said["method"], said["service"]) == ("saturated", "density/1", "B")
    assert len(encode_count(full)) == len(encode_count(published(ZONE, 1, 40)))


def test_shares_are_held_to_the_gates_steps() -> None:
    fine = replace(published(ZONE, 1, 40), fill=0.4321, density=1.618, coverage=0.7777)
    said = plain(fine)
    assert (said["fill_percent"], said["density_per_m2"], said["coverage_percent"]) == (45, 1.5, 80)


def test_a_suppressed_count_says_its_threshold_and_no_other_number() -> None:
    said = plain(suppressed(ZONE, 1))
    numbers = {key: value for key, value in said.items() if isinstance(value, int | float)}
    assert numbers == {"sequence": 29_700_001, "less_than": 11, "coverage_percent": 100}


def test_health_has_one_size_for_the_same_cameras() -> None:
    sizes = {
        len(encode_health(replace(HEALTH, cameras=(CameraHealth("roof", state),), ok=ok)))
        for state in CameraState
        for ok in (True, False)
    }
    assert len(sizes) == 1


def test_messages_keep_their_budget_with_the_longest_names() -> None:
    longest = replace(
        HEALTH,
        sensor_id=f"{LONG}/{LONG}",
        version="v" * 64,
        model="m" * 64,
        crowd_model="c" * 64,
        crowd_model_sha256="ef" * 32,
        backend="b" * 64,
        sandbox="s" * 64,
        cameras=tuple(CameraHealth(LONG, CameraState.STALLED) for _ in range(8)),
    )
    assert len(encode_health(longest)) <= HEALTH_BUDGET + 8 * PER_CAMERA
    assert count_size(f"{LONG}/{LONG}", WIDE) <= COUNT_BUDGET
    wide = replace(WIDE, seats=MAX_PERSONS, capacity=MAX_PERSONS, area_m2=12345.678)
    said = Announcement(
        sensor_id=f"{LONG}/{LONG}",
        purpose=Purpose.PASSENGER_INFORMATION,
        interval_s=86_400,
        cells=(wide,) * 20,
        rules=("r" * 64,) * 3,
        model="m" * 64,
        model_sha256="ab" * 32,
        crowd_model="c" * 64,
        crowd_model_sha256="ef" * 32,
        config_sha256="cd" * 32,
        version="v" * 64,
        ledger_head="ab" * 32,
    )
    budget = INFO_BUDGET + 20 * PER_CELL + 3 * PER_RULE
    assert len(encode_info(said)) <= budget


def test_the_budgets_are_the_documented_ones() -> None:
    assert (
        f"A count has at most {COUNT_BUDGET} bytes, health {HEALTH_BUDGET} + {PER_CAMERA} a camera,"
        f" info {INFO_BUDGET} + {PER_CELL} a cell + {PER_RULE} a rule."
    ) in (FOLDER.parent / "mqtt.md").read_text()


def test_a_sequence_of_the_far_future_fits() -> None:
    assert interval(0).sequence < MAX_SEQUENCE / 100


def test_topics_hold_the_device_and_the_cell() -> None:
    topics = Topics(SENSOR)
    assert topics.status == "counter/v1/north/train-7/status"
    assert [topics.cell(cell) for cell in CELLS] == [
        "counter/v1/north/train-7/group/car-1/occupancy",
        "counter/v1/north/train-7/zone/front/occupancy",
        "counter/v1/north/train-7/zone/hall/occupancy",
        "counter/v1/north/train-7/line/door/entries",
        "counter/v1/north/train-7/line/door/exits",
        "counter/v1/north/train-7/space/station/occupancy",
    ]


def test_every_topic_is_documented() -> None:
    docs = FOLDER.parent
    topics = Topics("{site}/{device}")
    cells = [topics.cell(replace(cell, name="{name}")) for cell in CELLS]
    for topic in {topics.status, topics.info, topics.health, *cells}:
        assert f"    address: {topic}\n" in (docs / "asyncapi.yaml").read_text()
        assert f"`{topic.removeprefix(topics.status[:-6])}`" in (docs / "mqtt.md").read_text()
