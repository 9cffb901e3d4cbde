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
from counter.outputs import wire
from counter.outputs.payloads import MAX_PERSONS, MAX_SEQUENCE, SCHEMAS, Count
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
from counter.release import CameraHealth, CameraState, Level, Status, ZoneCount
from tests.releases import (
    ANNOUNCEMENT,
    BARE,
    CELLS,
    ENTRIES,
    HEALTH,
    SENSOR,
    ZONE,
    interval,
    missing,
    published,
    suppressed,
)
from tests.schemas import FOLDER, texts

CHECKS = {
    name: jsonschema.Draft202012Validator(schema, format_checker=None)
    for name, schema in schemas().items()
}
LONG = "a" * 32  # the longest name that the settings allow
WIDE = Cell(Kind.GROUP, LONG, Measure.OCCUPANCY, seats=1, capacity=1, area_m2=0.5)


def valid(name: str, payload: Any) -> bool:
    return bool(CHECKS[name].is_valid(payload))


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
    return ZoneCount(
        sensor_id=SENSOR,
        cell=cell,
        interval=replace(interval(0), length_s=draw(st.sampled_from([30, 60, 1200, 86400]))),
        status=status,
        value=value,
        less_than=draw(st.integers(10, 1000)) if status is Status.SUPPRESSED else None,
        coverage=draw(st.integers(0, 10)) / 10,
        fill=value / cell.capacity if value and shares and cell.capacity else None,
        density=value / cell.area_m2 if value and shares and cell.area_m2 else None,
        level=level if cell.capacity else None,
        rule_id=draw(st.from_regex(r"[a-z][a-z/0-9-]{0,63}", fullmatch=True)),
    )


@given(releases())
def test_every_release_is_valid_and_has_the_size_of_its_cell(count: ZoneCount) -> None:
    raw = encode_count(count)
    assert len(raw) == count_size(SENSOR, count.cell) <= wire.COUNT_BUDGET
    CHECKS["count"].validate(json.loads(raw))
    assert msgspec.json.decode(raw, type=Count) == wire.count_payload(count)


def test_empty_missing_and_crowded_have_one_size() -> None:
    for cell in CELLS:
        counts = [suppressed(cell, 1), missing(cell, 2)]
        counts += [published(cell, 3, value) for value in range(15, 3000, 5)]
        assert {len(encode_count(count)) for count in counts} == {count_size(SENSOR, cell)}


def test_a_size_that_cannot_be_is_refused_instead_of_sent() -> None:
    with pytest.raises(ValueError, match="outgrew"):
        encode_count(replace(published(BARE, 1, 15), rule_id="r" * 90, value=MAX_PERSONS))


def test_shares_are_held_to_the_gates_steps() -> None:
    fine = replace(published(ZONE, 1, 40), fill=0.4321, density=1.618, coverage=0.7777)
    said = plain(fine)
    assert (said["fill_percent"], said["density_per_m2"], said["coverage_percent"]) == (45, 1.5, 80)


def test_a_suppressed_count_says_its_threshold_and_no_other_number() -> None:
    said = plain(suppressed(ZONE, 1))
    numbers = {key: value for key, value in said.items() if isinstance(value, int | float)}
    assert numbers == {"sequence": 29_700_001, "less_than": 11, "coverage_percent": 100}


def hostile() -> list[tuple[str, dict[str, Any]]]:
    good, hidden, gone = (
        plain(c) for c in (published(ZONE, 1, 40), suppressed(ZONE, 1), missing(ZONE, 1))
    )
    line = plain(published(ENTRIES, 1, 40))
    return [
        ("an extra field", {**good, "exact": 38}),
        ("a track", {**good, "track_ids": [3, 4]}),
        ("a picture", {**good, "name": "data:image/jpeg;base64,/9j/4AAQ"}),
        ("a number below every threshold", {**good, "value": 3}),
        ("zero told apart", {**good, "value": 0}),
        ("a broken count", {**good, "value": 37.5}),
        ("a count as text", {**good, "value": "40"}),
        ("published without a value", {**good, "value": None}),
        ("published with a threshold", {**good, "less_than": 11}),
        ("published without data", {**good, "level": "NO_DATA_AVAILABLE"}),
        ("suppressed with a value", {**hidden, "value": 10}),
        ("suppressed without a threshold", {**hidden, "less_than": None}),
        ("suppressed with a fill", {**hidden, "fill_percent": 5}),
        ("suppressed with a density", {**hidden, "density_per_m2": 0.5}),
        ("a threshold below the floor", {**hidden, "less_than": 4}),
        ("missing as zero", {**gone, "value": 0}),
        ("missing as a value", {**gone, "value": 40}),
        ("missing with a level", {**gone, "level": "EMPTY"}),
        ("missing with a fill", {**gone, "fill_percent": 0}),
        ("a fine fill", {**good, "fill_percent": 43}),
        ("a fine density", {**good, "density_per_m2": 1.6180}),
        ("a fine coverage", {**good, "coverage_percent": 77}),
        ("a time with milliseconds", {**good, "interval_end": "2026-06-21T00:00:01.234Z"}),
        ("a local time", {**good, "interval_end": "2026-06-21T02:00:00+02:00"}),
        ("a line with a level", {**line, "level": "FULL"}),
        ("a line with an occupancy", {**line, "measure": "occupancy"}),
        ("a zone with entries", {**good, "measure": "entries"}),
        ("an unknown status", {**good, "status": "exact"}),
        ("another schema", {**good, "schema": "counter/count/2"}),
        ("a long rule", {**good, "rule": "r" * 65}),
        *((f"without {key}", {k: v for k, v in good.items() if k != key}) for key in good),
    ]


@pytest.mark.parametrize(("what", "payload"), hostile(), ids=[what for what, _ in hostile()])
def test_the_schema_refuses(what: str, payload: dict[str, Any]) -> None:
    assert not valid("count", payload), what


def test_the_schema_of_health_and_info_is_closed() -> None:
    health, info = json.loads(encode_health(HEALTH)), json.loads(encode_info(ANNOUNCEMENT))
    assert valid("health", health)
    assert valid("info", info)
    assert not valid("health", {**health, "frames": 25_113})  # would follow the work per frame
    assert not valid("health", {**health, "cameras": [{"name": "roof", "state": "crowded"}]})
    assert not valid("health", {**health, "cameras": [{"name": "roof", "state": "ok", "fps": 9.7}]})
    assert not valid("info", {**info, "interval_s": 0})
    assert not valid("info", {**info, "cells": [{**info["cells"][0], "value": 4}]})
    assert set(info["schemas"]) == set(SCHEMAS)
    assert {
        json.loads(encode_count(published(ZONE, 1, 15)))["schema"],
        health["schema"],
        info["schema"],
    } == set(SCHEMAS)


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
        backend="b" * 64,
        sandbox="s" * 64,
        cameras=tuple(CameraHealth(LONG, CameraState.STALLED) for _ in range(8)),
    )
    assert len(encode_health(longest)) <= wire.HEALTH_BUDGET + 8 * wire.PER_CAMERA
    assert count_size(f"{LONG}/{LONG}", WIDE) <= wire.COUNT_BUDGET
    wide = replace(WIDE, seats=MAX_PERSONS, capacity=MAX_PERSONS, area_m2=12345.678)
    said = Announcement(
        sensor_id=f"{LONG}/{LONG}",
        purpose=Purpose.PASSENGER_INFORMATION,
        interval_s=86_400,
        cells=(wide,) * 20,
        rules=("r" * 64,) * 3,
        model="m" * 64,
        model_sha256="ab" * 32,
        config_sha256="cd" * 32,
        version="v" * 64,
    )
    budget = wire.INFO_BUDGET + 20 * wire.PER_CELL + 3 * wire.PER_RULE
    assert len(encode_info(said)) <= budget


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
    ]


def test_the_published_schemas_are_those_of_the_code() -> None:
    for path, text in texts().items():
        assert path.read_text() == text, f"{path.name} is stale: python -m tests.schemas"
        jsonschema.Draft202012Validator.check_schema(json.loads(text))


def test_every_topic_is_documented() -> None:
    docs = FOLDER.parent
    topics = Topics("{site}/{device}")
    cells = [topics.cell(replace(cell, name="{name}")) for cell in CELLS]
    for topic in {topics.status, topics.info, topics.health, *cells}:
        assert f"    address: {topic}\n" in (docs / "asyncapi.yaml").read_text()
        assert f"`{topic.removeprefix(topics.status[:-6])}`" in (docs / "mqtt.md").read_text()
