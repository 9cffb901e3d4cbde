"""A space's correction: it acts in the gate as a zone's does, and its silence tells nothing."""

from datetime import timedelta

import pytest
from hypothesis import example, given
from hypothesis import settings as budget
from hypothesis import strategies as st

from counter.check import report
from counter.config import Loaded
from counter.correction import surely_told
from counter.disclosure import Gate
from counter.release import Status, ZoneCount
from counter.settings import CorrectionSettings, DisclosureSettings, Settings
from tests.gates import alike, quick
from tests.test_spacecheck import SPACE
from tests.test_spaces import IN, NIGHT, OUT, Bench, device
from tests.tomls import CAMERA, LINE, fault, parse, text

MEASURED = (
    '[spaces.hall.correction]\ngain = 1.025\nerror = 3.0\ntallies = 24\nfitted = "2026-03-01"\n'
)


def by(gain: float, power: float = 1.0) -> CorrectionSettings:
    return CorrectionSettings(gain=gain, power=power, error=1.0, tallies=20, fitted="2026-03-01")


CORRECTIONS = st.builds(by, st.floats(0.2, 5), st.floats(0.5, 2))


def told(correction: CorrectionSettings | None, persons: int) -> ZoneCount:
    gate = Gate(device(correction=correction))
    return gate.release(alike(gate, persons))[0]


def test_the_balance_is_corrected_after_the_rounding():
    assert [told(by(1.05), persons).value for persons in (11, 100, 102, 103)] == [15, 105, 105, 110]
    assert told(None, 102).value == 100


@given(CORRECTIONS, st.integers(0, 300), st.integers(0, 300))
@example(by(5.0), 11, 12)
@quick
def test_who_leave_alike_uncorrected_leave_alike_corrected(correction, one, other):
    """A gain on each crossing would fail here: five times each of them is an exact number."""
    if told(None, one) == told(None, other):
        assert told(correction, one) == told(correction, other)


@given(CORRECTIONS, st.sampled_from(["passenger-information", "event-density"]), st.integers(5, 30))
@example(by(0.7), "passenger-information", 5)
@example(by(0.9, 0.98), "event-density", 5)
@budget(max_examples=60, deadline=None)
def test_from_so_many_on_a_number_is_told(correction, purpose, base):
    """What the balance takes for certain to be told, the gate tells."""
    settings = device(correction=correction)
    settings = Settings(
        **{name: getattr(settings, name) for name in ("site", "device", "cameras", "lines")},
        spaces=settings.spaces,
        purpose=purpose,
        disclosure=DisclosureSettings(rounding=base),
    )
    gate = Gate(settings)
    rules = gate.parameters
    least = surely_told(rules.threshold, rules.coarse_rounding, correction)
    for persons in (*range(least, least + 60), 10 * least):
        fresh = Gate(settings)
        assert fresh.release(alike(fresh, persons))[0].status is Status.PUBLISHED


def test_without_a_correction_or_with_a_gain_the_threshold_decides():
    assert surely_told(11, 10, None) == 11
    assert surely_told(11, 10, by(1.3)) == 11
    assert surely_told(11, 10, by(0.5)) > 22


@pytest.mark.parametrize("inside", range(10, 19))
def test_a_zero_by_quiet_is_not_told_by_a_number_that_its_correction_suppresses(inside: int):
    """With 0.6 the gate suppresses 11 to 17: missing that turns into suppressed would say so."""
    bench = Bench(start=NIGHT + timedelta(hours=2), quiet_s=600.0, correction=by(0.6))
    bench.wait(601)
    bench.step(*[IN] * inside)
    bench.wait(60)
    assert bench.value() is None
    bench.step(*[IN] * 40)
    bench.wait(60)
    assert bench.value() == inside + 40
    bench.step(*[OUT] * 40)
    bench.wait(60)
    assert bench.value() == inside


def test_a_line_of_a_space_has_no_correction_of_its_own():
    own = '[lines.in.correction]\nerror = 1.0\ntallies = 9\nfitted = "2026-03-01"\n'
    error = fault(text(CAMERA, LINE, own, SPACE))
    assert error.message.startswith("lines.in.correction: a line of a space releases nothing")
    assert "[spaces.hall.correction]" in error.hint


def test_the_day_of_the_counts_is_asked_for():
    error = fault(text(CAMERA, LINE, SPACE, MEASURED.replace("2026-03-01", "last week")))
    assert error.message.startswith("spaces.hall.correction.fitted: expected the day")


def test_the_check_says_it():
    made, _ = parse(text(CAMERA, LINE, SPACE, MEASURED))
    assert made.spaces["hall"].correction is not None
    said = report(Loaded(made, "0" * 64, ()))
    assert "times 1.025, off by 3 persons; 24 counts by eye, 2026-03-01" in said
