"""From TOML to settings, or to one line that names the key. Each case is a person's mistake."""

import hashlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from counter import config
from counter.disclosure import Gate
from counter.errors import ConfigError, CounterError
from counter.floor import in_force
from counter.purposes import RULES, Purpose
from counter.settings import Settings
from tests.tomls import CAMERA, GOOD, LINE, TOP, ZONE, fault, parse, text

EXAMPLES = sorted((Path(__file__).parents[1] / "examples").glob("*.toml"))


# --- what is right -------------------------------------------------------------------------------


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_the_examples_are_valid_without_a_warning(path: Path):
    loaded = config.load(path)
    assert loaded.warnings == ()
    assert loaded.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert Gate(loaded.settings).cells


def test_every_purpose_has_an_example():
    assert {config.load(path).settings.purpose for path in EXAMPLES} == set(Purpose)


def test_the_smallest_configuration_has_the_purposes_defaults():
    made, warnings = parse(GOOD)
    assert warnings == ()
    assert made.sensor_id == "s/d"
    parameters = in_force(made)
    assert (parameters.interval_s, parameters.threshold, parameters.rounding) == (60, 11, 5)


def test_toml_may_write_a_time_as_its_own_type():
    made, _ = parse("starts_at = 2026-03-01T08:00:00Z\n" + GOOD)
    assert made.starts_at == "2026-03-01T08:00:00+00:00"
    assert parse('starts_at = "2026-03-01T08:00:00+01:00"\n' + GOOD)[0].starts_at


# --- the file ------------------------------------------------------------------------------------


def test_a_file_that_is_not_there(tmp_path: Path):
    with pytest.raises(ConfigError, match=r"none\.toml: the configuration cannot be read: no such"):
        config.load(tmp_path / "none.toml")
    with pytest.raises(ConfigError, match="is a directory"):
        config.load(tmp_path)


def test_a_file_without_end():
    with pytest.raises(ConfigError, match="/dev/zero: larger than 1048576 bytes"):
        config.load(Path("/dev/zero"))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"site = \n", "c.toml: not TOML: Invalid value (at line 1, column 8)"),
        (b'site = "a"\nsite = "b"\n', "c.toml: not TOML: Cannot overwrite a value (at line 2"),
        (b'site = "a"\ndevice = "\xff"\n', "c.toml: line 2: not UTF-8"),
        (b"\xff\xd8\xff\xe0JFIF", "c.toml: line 1: not UTF-8"),
        (b"site = " + b"[" * 100_000, "c.toml: not TOML: nested too deeply"),
        (b"", "site: missing"),
    ],
)
def test_a_file_that_is_not_a_configuration(data: bytes, said: str):
    with pytest.raises(ConfigError) as caught:
        config.parse(data, "c.toml")
    assert caught.value.message.startswith(said)


# --- one line for each mistake -------------------------------------------------------------------

MISTAKES = [
    # what is written, what is said, what the hint holds
    ("sites = 1\n" + GOOD, "sites: unknown key", "did you mean site?"),
    ("zebra = 1\n" + GOOD, "zebra: unknown key", "known: site, device"),
    (GOOD.replace('device = "d"\n', ""), "device: missing", ""),
    (GOOD.replace('"s"', '"S 1"'), "site: expected a name of a to z", ""),
    (GOOD.replace('"s"', "3"), "site: expected text in quotation marks, a whole number given", ""),
    (text(CAMERA, ZONE, purpose="passengers"), "purpose: not one of the purposes", "footfall"),
    ("purpose = 3\n" + TOP + CAMERA + ZONE, "purpose: ", ""),
    ("interval_s = 70\n" + GOOD, "interval_s: 70 does not divide the day", "300"),
    ("interval_s = 60.0\n" + GOOD,
     "interval_s: expected a whole number, a number with a point given", ""),
    ("starts_at = 2026-03-01T08:00:00\n" + GOOD, "starts_at: expected a date and time", "Z"),
    ('starts_at = "2026-02-30T08:00:00Z"\n' + GOOD, "starts_at: expected", ""),
    ('starts_at = "2026-02-03"\n' + GOOD, "starts_at: expected a date and time of RFC 3339", ""),
    ("starts_at = 2026-02-03\n" + GOOD, "starts_at: expected a date and time of RFC 3339", "Z"),
    ("starts_at = 08:00:00\n" + GOOD, "starts_at: expected a date and time of RFC 3339", "Z"),
    *((f'starts_at = "{far}"\n' + GOOD, "starts_at: expected a date and time of RFC 3339", "Z")
      for far in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59Z", "9999-12-31T23:59:59-14:00",
                  "1970-01-01T00:00:00+00:01", "2101-01-01T00:00:00Z")),
    ("cameras = []\n" + text(ZONE), "cameras: expected named tables", "[cameras."),
    ("cameras = {}\n" + text(ZONE), "cameras: at least one camera expected", ""),
    (text("[cameras]\ndoor = 3\n"), "cameras.door: expected a table", "[cameras.door]"),
    (text("[cameras.Door]\n"), "cameras: 'Door' is not a name", "a to z"),
    (text("[cameras.door]\n", ZONE), "cameras.door.source: missing", ""),
    (text(CAMERA + "sorce = 3\n", ZONE), "cameras.door.sorce: unknown key", "cameras.door.source?"),
    (text(CAMERA + "fps = 0\n", ZONE), "cameras.door.fps: expected a number of at least 0.1", ""),
    (text(CAMERA + "fps = 1e-300\n", ZONE),
     "cameras.door.fps: expected a number of at least 0.1", ""),
    (text(CAMERA + "fps = 241\n", ZONE), "cameras.door.fps: expected a number of at most 240", ""),
    (text(CAMERA + "stall_s = 1e300\n", ZONE),
     "cameras.door.stall_s: expected a number of at most 86400", ""),
    (text(CAMERA + "frozen_s = 86401\n", ZONE),
     "cameras.door.frozen_s: expected a number of at most 86400", ""),
    (GOOD + "[tracker]\nlost_s = 86401\n",
     "tracker.lost_s: expected a number of at most 86400", ""),
    (text(CAMERA + "fps = inf\n", ZONE), "cameras.door.fps: expected a finite number", ""),
    (text(CAMERA + "fps = true\n", ZONE),
     "cameras.door.fps: expected a number, true or false given", ""),
    (text(CAMERA + "size = [640]\n", ZONE),
     "cameras.door.size: expected a list of 2 entries, 1 given", ""),
    (text(CAMERA + "size = [0, 9]\n", ZONE), "cameras.door.size: expected 16 to 8192 pixels", ""),
    (text('[cameras.door]\nsource = " "\n', ZONE), "cameras.door.source: empty", ""),
    (text(CAMERA, ZONE.replace("door", "gate")), "zones.front.camera: there is no camera gate",
     "known: door"),
    (text(CAMERA, ZONE.replace("0.9]]", "1.9]]")),
     "zones.front.polygon[3][1]: expected a number of at most 1", ""),
    (text(CAMERA, ZONE.replace("0.9]]", "nan]]")), "zones.front.polygon[3][1]: expected a finite",
     ""),
    (text(CAMERA, '[zones.front]\ncamera = "door"\npolygon = [[0, 0], [1, 1]]\n'),
     "zones.front.polygon: expected a list of at least 3 entries", ""),
    (text(CAMERA, '[zones.front]\ncamera = "door"\npolygon = [[0, 0], [1, 1], [1, 0], [0, 1]]\n'),
     "zones.front.polygon: the outline crosses or touches itself", "corner once"),
    (text(CAMERA, ZONE + 'anchor = "feet"\n'), "zones.front.anchor: expected one of foot, center",
     ""),
    (text(CAMERA, ZONE + "seats = -1\n"),
     "zones.front.seats: expected a whole number of at least 0", ""),
    (text(CAMERA, LINE), "lines: passenger-information releases no entries", "footfall"),
    (text(CAMERA, LINE.replace("[0.9, 0.5]", "[0.11, 0.5]"), purpose="footfall"),
     "lines.in.points: shorter than 0.02", "whole door"),
    (text(CAMERA, LINE.replace("]]", "], [0.2, 0.2]]"), purpose="footfall"),
     "lines.in.points: expected a list of at most 2 entries", ""),
    (text(CAMERA), "zones: nothing to release", "[zones.front]"),
    (text(CAMERA, ZONE, '[groups.all]\nzones = ["front", "back"]\n'),
     "groups.all.zones: there is no zone back", "known: front"),
    (text(CAMERA, ZONE, '[groups.all]\nzones = ["front", "front"]\n'),
     "groups.all.zones: a zone is named twice", ""),
    (text(CAMERA, ZONE, '[groups.all]\nzones = ["front"]\n'),
     "groups.all.zones: expected a list of at least 2 entries", ""),
    (GOOD + '[model]\nbackend = "cuda"\n', "model.backend: expected one of auto, hailo", ""),
    (GOOD + "[model]\nconfidence = 2\n", "model.confidence: expected a number of at most 1", ""),
    ("model = 3\n" + GOOD, "model: expected a table", "[model]"),
    (GOOD + "[disclosure]\nmin_coverage = 0.1\n",
     "disclosure.min_coverage: expected a number of at least 0.5", ""),
    (GOOD + "[prometheus]\nport = 65536\n",
     "prometheus.port: expected a whole number of at most 65535", ""),
    (GOOD + "[mqtt]\n", "mqtt.url: missing", ""),
]  # fmt: skip


@pytest.mark.parametrize(("toml", "said", "hint"), MISTAKES, ids=lambda case: case[:40])
def test_a_mistake_is_named(toml: str, said: str, hint: str):
    error = fault(toml)
    assert isinstance(error, ConfigError)
    assert error.message.startswith(said)
    assert hint in error.hint


def test_a_table_has_a_bound():
    cameras = "".join(f'[cameras.c{i}]\nsource = "x"\n' for i in range(65))
    assert fault(text(cameras, ZONE)).message == "cameras: 65 given, at most 64 expected"


# --- the floor -----------------------------------------------------------------------------------


@given(
    st.sampled_from(Purpose),
    st.integers(-5, 3000),
    st.integers(-5, 40),
    st.integers(-5, 40),
    st.floats(-0.5, 1.5),
)
@settings(deadline=None)
def test_whatever_loads_is_at_or_above_the_floor(
    purpose, interval_s, threshold, rounding, coverage
):
    toml = (
        f"interval_s = {interval_s}\n"
        + text(CAMERA, ZONE, purpose=purpose)
        + f"[disclosure]\nthreshold = {threshold}\nrounding = {rounding}\nmin_coverage = {coverage}"
    )
    rule = RULES[purpose]
    try:
        made, _ = parse(toml)
    except CounterError as error:
        assert error.message.startswith(("interval_s", "disclosure."))  # noqa: PT017
        return
    parameters = in_force(made)
    assert parameters.interval_s == interval_s >= rule.interval_floor_s
    assert parameters.threshold == threshold >= rule.threshold_floor
    assert parameters.rounding == rounding >= rule.rounding
    assert parameters.min_coverage == pytest.approx(coverage)
    assert coverage >= 0.5


@given(st.binary(max_size=300))
@settings(deadline=None)
def test_no_bytes_end_in_a_traceback(data: bytes):
    with pytest.raises(CounterError):
        config.parse(data, "c.toml")


LEAVES = st.one_of(
    st.integers(), st.floats(), st.booleans(), st.text(max_size=5), st.datetimes(),
    st.lists(st.integers(), max_size=3), st.dictionaries(st.text(max_size=3), st.integers()),
)  # fmt: skip
KEYS = st.sampled_from([*Settings.__struct_fields__, "door", "source", "polygon", "camera", "url"])
DOCUMENTS = st.dictionaries(
    KEYS, st.one_of(LEAVES, st.dictionaries(KEYS, st.one_of(LEAVES, st.dictionaries(KEYS, LEAVES))))
)


@given(DOCUMENTS)
@settings(deadline=None)
def test_no_document_ends_in_a_traceback(document):
    base = {"site": "s", "device": "d", "purpose": "footfall", "cameras": {}}
    for tried in (document, {**base, **document}):
        try:
            config.to_settings(tried)
        except CounterError as error:
            assert error.message  # noqa: PT017
