"""Moments that something waits for, on somebody's own clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkin.timing.until import Moment, moment, next_anniversary

ZONE = "America/New_York"
NOW = datetime(2026, 11, 24, 21, 30, tzinfo=UTC)
"""A Tuesday, half past four in the afternoon in New York."""


def local(found: datetime | None) -> str:
    assert found is not None
    return f"{found.astimezone(ZoneInfo(ZONE)):%Y-%m-%d %H:%M}"


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (Moment(time(18)), "2026-11-24 18:00"),
        (Moment(time(9)), "2026-11-25 09:00"),
        (Moment(time(16, 30)), "2026-11-25 16:30"),
        (Moment(time(9), weekday=5), "2026-11-27 09:00"),
        (Moment(time(9), weekday=2), "2026-12-01 09:00"),
        (Moment(time(18), weekday=2), "2026-11-24 18:00"),
        (Moment(time(18), before=timedelta(hours=2)), "2026-11-25 16:00"),
        (Moment(time(9), weekday=5, before=timedelta(days=1)), "2026-11-26 09:00"),
        (Moment(time(9), weekday=2, before=timedelta(days=20)), "2026-11-25 09:00"),
        (Moment(time(9), day=date(2027, 1, 14)), "2027-01-14 09:00"),
        (Moment(time(18, 30), day=date(2027, 1, 14), before=timedelta(hours=2)), "2027-01-14 16:30"),
        (Moment(time(9), day=date(2026, 1, 1)), "2026-01-01 09:00"),
        (Moment(time(2, 30), day=date(2027, 3, 14)), "2027-03-14 03:30"),
    ],
)
def test_moments(wanted: Moment, expected: str) -> None:
    assert local(moment(wanted, ZONE, NOW)) == expected


@pytest.mark.parametrize(
    ("day", "after", "expected"),
    [
        (date(1990, 3, 4), (), "2027-03-04 10:00"),
        (date(1990, 11, 24), (), "2027-11-24 10:00"),
        (date(1992, 2, 29), (), "2027-02-28 10:00"),
        (date(2027, 12, 24), (), "2027-12-24 10:00"),
        (date(2026, 11, 24), (1, 7), "2026-11-25 10:00"),
        (date(2026, 11, 20), (14, 1, 7), "2026-11-27 10:00"),
    ],
)
def test_dates_of_somebody(day: date, after: tuple[int, ...], expected: str) -> None:
    assert local(next_anniversary(day, time(10), ZONE, NOW, after)) == expected


def test_after_the_last_day_there_is_no_more() -> None:
    assert next_anniversary(date(2026, 11, 1), time(10), ZONE, NOW, (1, 14)) is None


@given(
    minutes=st.integers(0, 10 * 365 * 24 * 60),
    zone=st.sampled_from([ZONE, "Australia/Lord_Howe", "Pacific/Apia", "America/Sao_Paulo"]),
    at=st.times(),
    weekday=st.none() | st.integers(1, 7),
    before=st.timedeltas(timedelta(0), timedelta(days=400)),
)
def test_the_next_moment_is_always_ahead_and_less_than_nine_days(
    minutes: int, zone: str, at: time, weekday: int | None, before: timedelta
) -> None:
    now = NOW + timedelta(minutes=minutes)
    found = moment(Moment(at.replace(tzinfo=None, fold=0), None, weekday, before), zone, now)
    assert now < found <= now + timedelta(days=9)
