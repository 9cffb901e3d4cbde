"""A value that a key cannot have: what was expected, in our words, and how it is written.

Rule 1: no word of a programming language: a list, not an array; a whole number, not an int.
Rule 2: every key has an example; what is there of a camera's address or a file is a stand-in.
"""

import re
from enum import StrEnum
from typing import Any, Final, Literal, get_args, get_origin

import msgspec

from counter.errors import ConfigError
from counter.guarantees import Guarantee

KINDS: Final = {
    "int": "a whole number", "float": "a number", "str": "text in quotation marks",
    "bool": "true or false", "array": "a list", "object": "a table",
}  # fmt: skip
GIVEN: Final = KINDS | {
    "float": "a number with a point", "str": "text", "bool": "true or false", "datetime": "a time",
    "date": "a date", "time": "a time of day",
}  # fmt: skip
BOUNDS: Final = {
    ">=": "of at least", "<=": "of at most", ">": "above", "<": "below",
    "of length >=": "of at least", "of length <=": "of at most", "of length": "of",
}  # fmt: skip
NAME: Final = "a name of a to z, 0 to 9 and '-', at most 32"
FRACTIONS: Final = "fractions of the picture: 0 is its left or upper edge, 1 the other"
UNQUOTED: Final = "without quotation marks"
GUARANTEES: Final = ", ".join(Guarantee)

# How each key is written, in TOML, and what a person should know of it.
EXAMPLES: Final[dict[str, tuple[str, str]]] = {
    "site": ('"line-7"', ""),
    "device": ('"coach-3"', ""),
    "purpose": ('"passenger-information"', ""),
    "interval_s": ("300", "seconds, " + UNQUOTED),
    "starts_at": ('"2026-03-01T08:00:00Z"', ""),
    "stdout": ("true", UNQUOTED),
    "ledger": ('"/var/lib/counter/door/ledger.jsonl"', ""),
    "accept_weaker_sandbox": ('["no-swap"]', f"any of {GUARANTEES}"),
    "source": ('"/dev/video0"', ""),
    "fps": ("10", "pictures a second, 0.1 to 240"),
    "size": ("[1280, 720]", "width and height in pixels"),
    "seed": ("7", UNQUOTED),
    "people": ("24", "0 to 200"),
    "stall_s": ("2.0", "seconds"),
    "frozen_s": ("60", "seconds"),
    "masks": (
        "[[[0, 0], [0.3, 0], [0, 0.3]]]",
        "a list of polygons, each of three corners or more",
    ),
    "max_person_px": ("212", "32 to 212: it can be lowered, not raised"),
    "camera": ('"door"', "the name of a [cameras...] table"),
    "polygon": ("[[0.1, 0.1], [0.9, 0.1], [0.5, 0.9]]", f"three corners or more, {FRACTIONS}"),
    "points": ("[[0.1, 0.5], [0.9, 0.5]]", f"the line's two ends, {FRACTIONS}"),
    "anchor": ('"foot"', ""),
    "floor": (
        (
            "{ picture = [[0.1, 0.9], [0.9, 0.9], [0.7, 0.3], [0.3, 0.3]],"
            " metres = [[0, 0], [8, 0], [8, 12], [0, 12]] }"
        ),
        "four points or more",
    ),
    "picture": (
        "[[0.1, 0.9], [0.9, 0.9], [0.7, 0.3], [0.3, 0.3]]",
        f"points of the floor, {FRACTIONS}",
    ),
    "metres": (
        "[[0, 0], [8, 0], [8, 12], [0, 12]]",
        "where the same points lie on the floor, up to 10000 metres away",
    ),
    "lens": ("{ focal = [0.8, 1.4], centre = [0.5, 0.5], distortion = [-0.3, 0.1, 0, 0] }", ""),
    "focal": ("[0.8, 1.4]", "fractions of the picture's width and height"),
    "centre": ("[0.5, 0.5]", FRACTIONS),
    "distortion": ("[-0.3, 0.1, 0, 0]", "k1, k2, p1, p2, k3 ... of OpenCV"),
    "fisheye": ("true", UNQUOTED),
    "correction": (
        '{ gain = 1.2, error = 2.5, tallies = 20, fitted = "2026-03-01" }',
        "as `counter evaluate --tally` prints it",
    ),
    "gain": ("1.2", "0.2 to 5"),
    "power": ("1.0", "0.5 to 2"),
    "error": ("2.5", "persons"),
    "tallies": ("20", "how many counts by eye, 8 or more"),
    "fitted": ('"2026-03-01"', ""),
    "resets": ('["03:30"]', "times of day, UTC"),
    "quiet_s": ("3600", "seconds"),
    "above": ("20", "persons"),
    "gains": ("{ stage = 1.4 }", "0.2 to 5, by the zone's name"),
    "table": ('"fruin-standing"', ""),
    "bounds": ("[0.5, 1.0, 2.0, 3.0, 4.5]", "persons a square metre, from A to E"),
    "still_s": ("600", "10 seconds to a day"),
    "seats": ("40", UNQUOTED),
    "standing_m2": ("12.5", "square metres"),
    "standing_per_m2": ("4.0", "persons"),
    "area_m2": ("60.0", "square metres"),
    "dead_band": ("0.1", "body heights, up to 1"),
    "zones": ('["front", "rear"]', "two names of [zones...] tables, or more"),
    "name": ('"counter-n"', "counter models list"),
    "backend": ('"auto"', ""),
    "confidence": ("0.25", "0 to 1"),
    "iou": ("0.5", "0 to 1"),
    "threads": ("0", "0 to 64; 0: one for each core"),
    "confirm_frames": ("2", "1 to 100"),
    "lost_s": ("1.0", "seconds"),
    "max_tracks": ("512", "1 to 4096"),
    "threshold": ("11", UNQUOTED),
    "rounding": ("5", UNQUOTED),
    "min_coverage": ("0.5", "0.5 to 1"),
    "directions": ('"both"', ""),
    "url": ('"mqtts://broker.example:8883"', ""),
    "protocol": ('"5"', "with quotation marks"),
    "client_id": ('"coach-3"', ""),
    "username_file": ('"/run/credentials/mqtt-user"', ""),
    "password_file": ('"/run/credentials/mqtt-password"', ""),
    "ca_file": ('"/etc/counter/ca.pem"', ""),
    "cert_file": ('"/etc/counter/cert.pem"', ""),
    "key_file": ('"/etc/counter/key.pem"', ""),
    "keepalive_s": ("30", "5 to 3600 seconds"),
    "queue_intervals": ("120", "1 to 10000"),
    "queue_max_age_s": ("21600", "60 seconds or more"),
    "host": ('"127.0.0.1"', ""),
    "port": ("9464", "1 to 65535"),
}


def hint(where: str) -> str:
    """Say how a key is written; `where` is its full name, like zones.front.polygon[2]."""
    key = where.rpartition(".")[2].partition("[")[0]
    if key not in EXAMPLES:
        return ""
    value, remark = EXAMPLES[key]
    return f"for example {key} = {value}" + (f"; {remark}" if remark else "")


def wrong_value(message: str, struct: type[msgspec.Struct], prefix: str) -> ConfigError:
    """Turn msgspec's "Expected `int` - at `$.fps`" into "cameras.door.fps: expected ..."."""
    what, _, path = message.partition(" - at ")
    key = path.strip("`").removeprefix("$.")
    where = f"{prefix}{key}"
    choices = _choices(struct, key)
    return ConfigError(f"{where}: expected {choices or _expected(what)}", hint(where))


def _choices(struct: type[msgspec.Struct], key: str) -> str:
    """List the words of a key that has few."""
    name, in_list, _ = key.partition("[")
    kind: Any = next((f.type for f in msgspec.structs.fields(struct) if f.name == name), None)
    if in_list and get_origin(kind) is list:
        (kind,) = get_args(kind)
    if get_origin(kind) is Literal:
        return f"one of {', '.join(get_args(kind))}"
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return f"one of {', '.join(kind)}"
    return ""


def _expected(what: str) -> str:
    """Say "Expected `float | null` <= 1.0, got `str`" in our words."""
    found = re.fullmatch(
        r"Expected `(\w+)[^`]*`(?: ([a-z<>= ]+?) ?(\S+?))?(?:, got `?(\w+)`?)?", what
    )
    if "matching regex" in what:
        return NAME
    if found is None:
        return "another value"
    kind, rule, bound, got = found.groups()
    said = KINDS.get(kind, "another value")
    if rule is not None:
        said += f" {BOUNDS[rule]} {bound.removesuffix('.0')}"
    if rule is not None and "length" in rule:
        said += " entry" if bound == "1" else " entries"
    if got is None:
        return said
    return f"{said}, {got if got.isdigit() else GIVEN.get(got, 'something else')} given"
