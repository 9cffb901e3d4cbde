"""A value that a key cannot have is answered in words of the documents, with an example."""

import re
import tomllib
from typing import Any

import msgspec
import pytest

from counter import config, hints
from counter.errors import ConfigError
from counter.guarantees import Guarantee
from counter.settings import (
    CorrectionSettings,
    FloorSettings,
    LensSettings,
    Name,
    Settings,
    ZoneSettings,
)
from tests.tomls import CAMERA, GOOD, ZONE, fault, text

STRUCTS: list[type[msgspec.Struct]] = [
    Settings, *config.NAMED_TABLES.values(), *config.TABLES.values(),
    FloorSettings, LensSettings, CorrectionSettings,
]  # fmt: skip
TABLES = {*config.NAMED_TABLES, *config.TABLES} - {"zones"}  # zones is also a key of a group
ZONES = dict[Name, ZoneSettings]  # a table of that name, not the list in a group
FIELDS = [
    (struct, field)
    for struct in STRUCTS
    for field in msgspec.structs.fields(struct)
    if field.name not in TABLES
]


def test_every_key_has_an_example_and_no_other_word_has():
    assert {field.name for _, field in FIELDS} == set(hints.EXAMPLES)


@pytest.mark.parametrize(
    "field",
    [pytest.param(f, id=f"{s.__name__}.{f.name}") for s, f in FIELDS if f.type != ZONES],
)
def test_an_example_can_be_written_so(field: Any):
    value, _ = hints.EXAMPLES[field.name]
    raw = tomllib.loads(f"key = {value}")["key"]
    assert msgspec.convert(raw, field.type) is not None
    assert hints.hint(f"a.b.{field.name}[2][1]").startswith(f"for example {field.name} = {value}")


@pytest.mark.parametrize("value", ['"words"', "[1, 2]", "true", "1.5", "-7", "2026-03-01", "{}"])
@pytest.mark.parametrize("key", sorted({f.name for s, f in FIELDS if s is not Settings}))
def test_no_word_of_a_programming_language_is_said(key: str, value: str):
    for struct in STRUCTS[1:]:
        if key not in struct.__struct_fields__:
            continue
        raw = tomllib.loads(f"{key} = {value}")
        required = {f.name: "x" for f in msgspec.structs.fields(struct) if f.required}
        try:
            config._convert(required | raw, struct, "t.")
        except ConfigError as error:
            said = f"{error.message} {error.hint.partition(';')[2]}"
            assert not re.search(r"\b(int|float|str|bool|array|object|null|enum|regex)\b", said)
            assert "another value" not in said


MISTAKES = [
    # what is written, what is said, what the hint holds
    (text(CAMERA, ZONE + 'seats = "40"\n'),
     "zones.front.seats: expected a whole number, text given",
     "for example seats = 40; without quotation marks"),
    (text(CAMERA + "masks = [[[0, 0], [1, 1]]]\n", ZONE),
     "cameras.door.masks[0]: expected a list of at least 3 entries",
     "each of three corners or more"),
    (GOOD + "[prometheus]\nport = 80000\n",
     "prometheus.port: expected a whole number of at most 65535", "port = 9464"),
    (GOOD.replace('"s"', '"Line 7"'),
     "site: expected a name of a to z, 0 to 9 and '-', at most 32", 'site = "line-7"'),
    (text(CAMERA, ZONE.replace("0.9]]", "2]]")),
     "zones.front.polygon[3][1]: expected a number of at most 1", "fractions of the picture"),
    (GOOD + '[mqtt]\nurl = "mqtt://b"\nprotocol = 5\n',
     "mqtt.protocol: expected one of 5, 3.1.1", "with quotation marks"),
]  # fmt: skip


@pytest.mark.parametrize(("toml", "said", "hint"), MISTAKES, ids=[row[1] for row in MISTAKES])
def test_mistakes_of_a_type(toml: str, said: str, hint: str):
    error = fault(toml)
    assert error.message == said
    assert hint in error.hint


@pytest.mark.parametrize("given", ['["nope"]', "[3]", '"no-swap"'])
def test_a_wrong_guarantee_is_answered_with_all_of_them(given: str):
    error = fault(f"accept_weaker_sandbox = {given}\n" + GOOD)
    assert error.message.startswith("accept_weaker_sandbox")
    assert "nope" not in error.message
    assert all(one in error.hint for one in Guarantee)
