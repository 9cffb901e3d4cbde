"""The published schemas: closed, of the code, and what they refuse."""

import json
from typing import Any

import jsonschema
import pytest

from counter.outputs.payloads import SCHEMAS
from counter.outputs.schema import schemas
from counter.outputs.wire import encode_count, encode_health, encode_info
from counter.release import ZoneCount
from tests.releases import (
    ANNOUNCEMENT,
    BARE,
    ENTRIES,
    HEALTH,
    SPACE,
    ZONE,
    missing,
    published,
    suppressed,
)
from tests.schemas import texts

CHECKS = {
    name: jsonschema.Draft202012Validator(schema, format_checker=None)
    for name, schema in schemas().items()
}


def valid(name: str, payload: Any) -> bool:
    return bool(CHECKS[name].is_valid(payload))


def plain(count: ZoneCount) -> dict[str, Any]:
    return dict(json.loads(encode_count(count)))


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


def doubtful() -> list[tuple[str, dict[str, Any]]]:
    """Wrong about the quality, the method and the level of service."""
    good, hidden, gone = (
        plain(c) for c in (published(ZONE, 1, 40), suppressed(ZONE, 1), missing(ZONE, 1))
    )
    line, bare = plain(published(ENTRIES, 1, 40)), plain(published(BARE, 1, 40))
    inside, untold = plain(published(SPACE, 1, 40)), plain(suppressed(SPACE, 1))
    return [
        ("suppressed and saturated", {**hidden, "quality": "saturated"}),
        ("suppressed with a level of service", {**hidden, "service": "A"}),
        ("missing and saturated", {**gone, "quality": "saturated"}),
        ("missing with a level of service", {**gone, "service": "A"}),
        ("a level of service without a density", {**bare, "service": "A"}),
        ("a level of service that is none", {**good, "service": "G"}),
        ("a level of service as a number", {**good, "service": 2}),
        ("a line with a level of service", {**line, "service": "A"}),
        ("another quality", {**good, "quality": "exact"}),
        ("a method with a second line", {**good, "method": "tracks/1\nx"}),
        ("a space with entries", {**inside, "measure": "entries"}),
        ("a suppressed space without a threshold", {**untold, "less_than": None}),
    ]


HOSTILE = [*hostile(), *doubtful()]


def test_what_a_gate_says_is_valid() -> None:
    for cell in (ZONE, BARE, ENTRIES, SPACE):
        for count in (published(cell, 1, 40), suppressed(cell, 1), missing(cell, 1)):
            assert valid("count", plain(count)), count
    crowd = {**plain(published(ZONE, 1, 400)), "quality": "saturated"}
    assert crowd["service"] == "F"
    assert valid("count", crowd)


@pytest.mark.parametrize(("what", "payload"), HOSTILE, ids=[what for what, _ in HOSTILE])
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


def test_the_published_schemas_are_those_of_the_code() -> None:
    for path, text in texts().items():
        assert path.read_text() == text, f"{path.name} is stale: python -m tests.schemas"
        jsonschema.Draft202012Validator.check_schema(json.loads(text))
