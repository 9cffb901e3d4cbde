"""A correction changes a number, and never tells more than the number did."""

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from counter import config
from counter.cells import Kind
from counter.check import report
from counter.correction import LARGE_ERROR, corrected, correction_of, unsure
from counter.disclosure import Gate
from counter.errors import ConfigError
from counter.purposes import Purpose
from counter.release import Quality, Status
from counter.settings import CorrectionSettings, GroupSettings, LineSettings, Settings
from tests.dossiers import CARRIAGE, loaded, papers
from tests.gates import alike, box, device, quick, tallies


def by(gain: float = 1.0, power: float = 1.0, error: float = 1.0) -> CorrectionSettings:
    return CorrectionSettings(gain=gain, power=power, error=error, tallies=20, fitted="2026-03-01")


def one_zone(correction: CorrectionSettings | None, **more) -> Settings:
    return device(zones={"a": box(0.0, correction=correction, **more)}, groups={})


def released(settings: Settings, value: int):
    gate = Gate(settings)
    return gate.release(alike(gate, value))[0]


CORRECTIONS = st.builds(by, st.floats(0.2, 5), st.floats(0.5, 2))


@pytest.mark.parametrize(
    ("gain", "power", "value", "estimate"),
    [(1.0, 1.0, 35, 35), (1.2, 1.0, 35, 42), (0.5, 1.0, 15, 8), (0.9, 1.1, 40, 52), (5, 2, 0, 0)],
)
def test_the_estimate_is_gain_times_seen_to_the_power(gain, power, value, estimate):
    assert corrected(value, by(gain, power)) == estimate


def test_nothing_is_corrected_without_a_correction():
    assert corrected(17, None) == 17
    assert not unsure(15, None)


@given(CORRECTIONS, st.integers(0, 500))
@quick
def test_more_people_never_read_as_fewer(correction, value):
    assert corrected(value, correction) <= corrected(value + 1, correction)


@given(CORRECTIONS, st.integers(0, 400), st.integers(0, 400))
@example(by(5.0), 11, 12)
@example(by(3.0, 2.0), 98, 102)
@quick
def test_a_correction_never_tells_apart_what_the_gate_does_not(correction, one, other):
    """Whatever the gain: two counts that leave alike without a correction leave alike with it."""
    plain, with_it = one_zone(None), one_zone(correction)
    if released(plain, one) == released(plain, other):
        assert released(with_it, one) == released(with_it, other)


@given(CORRECTIONS, st.integers(0, 60))
@example(by(5.0), 3)  # would read 15
@example(by(0.5), 20)  # would read 10
@quick
def test_the_smaller_of_both_numbers_decides_who_is_too_few(correction, value):
    settings = one_zone(correction)
    told = released(settings, value)
    threshold = Gate(settings).parameters.threshold
    if value < threshold:
        assert told.status is Status.SUPPRESSED
    if told.status is Status.PUBLISHED:
        assert told.value is not None
        assert told.value >= threshold
        assert value >= threshold
    elif value >= threshold:
        plain = released(one_zone(None), value)
        assert plain.value is not None
        assert corrected(plain.value, correction) < threshold


def test_a_released_number_is_corrected_and_on_the_grid_and_so_are_its_shares():
    told = released(one_zone(by(1.3), seats=40, area_m2=20.0), 41)  # 40, 52, 50
    assert (told.value, told.fill, told.density) == (50, 1.25, 2.5)


def test_a_wild_correction_stays_within_the_width_of_a_payload():
    assert released(one_zone(by(5.0, 2.0)), 900_000).value == 1_000_000


def test_an_error_that_is_large_beside_the_number_degrades_it():
    settings = one_zone(by(1.0, error=20 * LARGE_ERROR))
    assert released(settings, 15).quality is Quality.DEGRADED
    assert released(settings, 20).quality is Quality.OK
    assert released(settings, 3).quality is Quality.OK  # suppressed: it says nothing of how many


def test_both_directions_of_a_line_are_corrected():
    line = LineSettings(camera="door", points=[(0.1, 0.5), (0.9, 0.5)], correction=by(2.0))
    gate = Gate(device(Purpose.FOOTFALL, zones={}, groups={}, lines={"in": line}))
    told = gate.release(tallies(gate, [20, 30]))
    assert [count.value for count in told] == [40, 60]


def test_a_group_is_corrected_as_one():
    zones = {"c": box(0.0, correction=by(1.5)), "d": box(0.2, correction=by(1.5))}
    settings = device(zones=zones, groups={"pair": GroupSettings(zones=["c", "d"])})
    gate = Gate(settings)
    assert gate.release(alike(gate, 20))[0].value == 30
    assert gate.cells[0].kind is Kind.GROUP


def test_the_zones_of_a_group_carry_one_correction():
    zones = {"c": box(0.0, correction=by(1.5)), "d": box(0.2)}
    settings = device(zones=zones, groups={"pair": GroupSettings(zones=["c", "d"])})
    with pytest.raises(ConfigError, match=r"groups\.pair: its zones carry different corrections"):
        Gate(settings)


def test_a_cell_finds_its_correction():
    cell = Gate(one_zone(by(2.0))).cells[0]
    assert correction_of(one_zone(by(2.0)), cell) == by(2.0)


TOML = """
site = "line-7"
device = "coach-3"
purpose = "passenger-information"
[cameras.door]
source = "film.mp4"
[zones.saloon]
camera = "door"
polygon = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]
[zones.saloon.correction]
gain = {gain}
error = 2.0
tallies = 12
fitted = "{fitted}"
"""


def test_a_configuration_carries_a_correction(tmp_path):
    path = tmp_path / "box.toml"
    path.write_text(TOML.format(gain=1.2, fitted="2026-03-01"))
    loaded = config.load(path)
    assert loaded.settings.zones["saloon"].correction == msgspec.structs.replace(
        by(1.2, error=2.0), tallies=12
    )


@pytest.mark.parametrize(
    ("gain", "fitted", "message"),
    [(1.2, "last week", r"zones\.saloon\.correction\.fitted"), (9, "2026-03-01", "gain")],
)
def test_a_wrong_correction_is_named(tmp_path, gain, fitted, message):
    path = tmp_path / "box.toml"
    path.write_text(TOML.format(gain=gain, fitted=fitted))
    with pytest.raises(ConfigError, match=message):
        config.load(path)


MEASURED = """
[zones.saloon.correction]
gain = 1.25
error = 4.1
tallies = 24
fitted = "2026-03-01"
"""


@pytest.mark.parametrize(
    ("language", "gain", "unmeasured"),
    [
        ("en", "1.25", "has not been measured on site"),
        ("fr", "1,25", "mesurée sur place"),
    ],
)
def test_the_papers_hold_the_error_or_say_that_there_is_none(language, gain, unmeasured):
    with_it, without = papers(CARRIAGE + MEASURED), papers(CARRIAGE)
    for name in (f"attestation-{language}.html", f"dpia-{language}.html"):
        assert gain in with_it[name].text
        assert "2026-03-01" in with_it[name].text
        assert unmeasured not in with_it[name].text
        assert unmeasured in without[name].text


def test_the_check_prints_the_correction_with_its_day_and_error():
    said = report(loaded(CARRIAGE + MEASURED))
    assert "correct  persons in zone saloon: times 1.25, off by 4.1 persons" in said
    assert "24 counts by eye, 2026-03-01" in said
    assert "correct " not in report(loaded(CARRIAGE))
