"""The grid: what the gate and every consumer rely on."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counter.interval import DAY_S, EPOCH, Interval, interval_at

LENGTHS = [s for s in range(1, DAY_S + 1) if DAY_S % s == 0]
# Hypothesis builds aware times from naive ones: the zone is given apart.
MOMENTS = st.datetimes(
    min_value=datetime(1971, 1, 1),  # noqa: DTZ001
    max_value=datetime(2200, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)


@given(MOMENTS, st.sampled_from(LENGTHS))
def test_every_moment_lies_in_exactly_one_interval(moment: datetime, length_s: int):
    interval = interval_at(moment, length_s)
    assert interval.start <= moment < interval.end
    assert interval_at(interval.start, length_s) == interval
    assert interval_at(interval.end, length_s).sequence == interval.sequence + 1


@given(MOMENTS, st.sampled_from(LENGTHS))
def test_intervals_begin_anew_at_midnight_utc(moment: datetime, length_s: int):
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    assert interval_at(midnight, length_s).start == midnight


@given(MOMENTS, st.integers(-14 * 60, 14 * 60))
def test_the_interval_does_not_depend_on_the_time_zone(moment: datetime, offset_min: int):
    elsewhere = moment.astimezone(timezone(timedelta(minutes=offset_min)))
    assert interval_at(elsewhere, 1200) == interval_at(moment, 1200)
    assert interval_at(elsewhere, 1200).start.tzinfo is UTC


def test_a_sequence_is_counted_from_1970():
    assert interval_at(EPOCH, 60).sequence == 0
    assert interval_at(EPOCH + timedelta(days=1), 60) == Interval(EPOCH + timedelta(days=1), 60)
    assert interval_at(EPOCH + timedelta(days=1), 60).sequence == 1440


@pytest.mark.parametrize("length_s", [-60, 0, 7, 3601, 86_401, 2 * DAY_S])
def test_a_crooked_length_has_no_grid(length_s: int):
    with pytest.raises(ValueError, match="does not divide the day"):
        interval_at(EPOCH, length_s)


def test_a_naive_time_has_no_place():
    with pytest.raises(ValueError, match="naive"):
        interval_at(datetime(2026, 1, 1), 60)  # noqa: DTZ001  # that is the case
