"""The published JSON Schemas (2020-12), made from the types of `payloads.py`.

Rule 1: a schema is never written by hand: `python -m tests.schemas` writes docs/schema/ again.
Rule 2: what one field demands of another is a table here, since a type cannot say it.
"""

from typing import Any

import msgspec

from counter.outputs.payloads import Count, HealthReport, Info, Payload
from counter.release import Level, Quality

Schema = dict[str, Any]
When = dict[str, str | None]
Conditional = tuple[When, Schema]

NULL: Schema = {"type": "null"}
PERSONS: Schema = {"type": "integer"}
KNOWN: Schema = {"not": {"const": Level.NO_DATA_AVAILABLE}}
NO_SHARES: Schema = {"fill_percent": NULL, "density_per_m2": NULL, "service": NULL}
# Told of a number that is not told, it would say that there is a crowd.
NOT_SATURATED: Schema = {"quality": {"enum": [Quality.OK, Quality.DEGRADED]}}

# (when the payload has these values, these fields are so)
RULES: tuple[Conditional, ...] = (
    (
        {"status": "published"},
        {"value": PERSONS, "less_than": NULL, "level": KNOWN},
    ),
    (
        {"status": "suppressed"},
        {"value": NULL, "level": KNOWN, **NO_SHARES, **NOT_SATURATED},
    ),
    (
        {"status": "missing"},
        {
            "value": NULL,
            "less_than": NULL,
            "level": {"enum": [Level.NO_DATA_AVAILABLE, None]},
            **NO_SHARES,
            **NOT_SATURATED,
        },
    ),
    ({"density_per_m2": None}, {"service": NULL}),
    ({"status": "suppressed", "kind": "zone"}, {"less_than": PERSONS}),
    ({"status": "suppressed", "kind": "group"}, {"less_than": PERSONS}),
    ({"status": "suppressed", "kind": "space"}, {"less_than": PERSONS}),
    ({"kind": "line"}, {"measure": {"enum": ["entries", "exits"]}, "level": NULL, **NO_SHARES}),
    ({"kind": "zone"}, {"measure": {"const": "occupancy"}}),
    ({"kind": "group"}, {"measure": {"const": "occupancy"}}),
    ({"kind": "space"}, {"measure": {"const": "occupancy"}}),
)
PAYLOADS: dict[str, tuple[type[Payload], tuple[Conditional, ...]]] = {
    "count": (Count, RULES),
    "health": (HealthReport, ()),
    "info": (Info, ()),
}


def schemas() -> dict[str, Schema]:
    """Every schema by its name; the file is docs/schema/{name}.schema.json."""
    return {name: _schema(name, *parts) for name, parts in PAYLOADS.items()}


def _schema(name: str, kind: type[Payload], rules: tuple[Conditional, ...]) -> Schema:
    made: Schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:counter:schema:{name}:1",
        **msgspec.json.schema(kind),
    }
    if rules:
        made["allOf"] = [_conditional(when, then) for when, then in rules]
    _require_all(made["$defs"])
    return made


def _conditional(when: When, then: Schema) -> Schema:
    """`required` in the condition: a payload without the field must not match it by silence."""
    given = {field: {"const": value} for field, value in when.items()}
    return {
        "if": {"properties": given, "required": list(given)},
        "then": {"properties": then},
    }


def _require_all(definitions: Schema) -> None:
    """A default in the code is a constant on the wire: the field is always there."""
    for definition in definitions.values():
        for field in definition.get("properties", {}).values():
            field.pop("default", None)
        if "properties" in definition:
            definition["required"] = list(definition["properties"])
