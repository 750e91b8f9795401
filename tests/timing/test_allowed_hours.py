"""Allowed hours on the member's own clock, judged against a clock that is read minute by minute."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checkin.timing.hours import AllowedHours, allowed_until, is_allowed, next_allowed

DAYTIME = AllowedHours(9 * 60, 21 * 60)
YEAR_2024 = datetime(2024, 1, 1, tzinfo=UTC)
ZONES = sorted(available_timezones())
CHANGING = ["America/New_York", "America/Havana", "Europe/Madrid", "Australia/Lord_Howe", "America/Santiago"]


def minute_by_minute(at: datetime, zone: str, hours: AllowedHours) -> datetime:
    """The first allowed whole minute from `at`; slow, and obviously right."""
    tz = ZoneInfo(zone)
    while not hours.holds(at.astimezone(tz)):
        at += timedelta(minutes=1)
    return at


def clock_changes(zone: str) -> list[datetime]:
    """Every change of this zone's clocks from 2024 to 2034, to the hour before it."""
    tz = ZoneInfo(zone)
    hour, found = datetime(2024, 1, 1, tzinfo=UTC), []
    offset = hour.astimezone(tz).utcoffset()
    while hour.year < 2035:
        day = hour + timedelta(days=1)
        if day.astimezone(tz).utcoffset() != offset:
            while (hour + timedelta(hours=1)).astimezone(tz).utcoffset() == offset:
                hour += timedelta(hours=1)
            found.append(hour)
            offset = (hour + timedelta(hours=1)).astimezone(tz).utcoffset()
        hour = hour + timedelta(days=1)
    return found


@pytest.mark.parametrize(
    ("utc_hour", "expected"),
    [(13, (23, 14)), (14, (23, 14)), (20, (23, 20)), (26, (24, 14)), (30, (24, 14))],
)
def test_a_check_in_waits_for_the_morning(utc_hour: int, expected: tuple[int, int]) -> None:
    at = datetime(2026, 11, 23, tzinfo=UTC) + timedelta(hours=utc_hour)
    day, hour = expected
    assert next_allowed(at, "America/New_York", DAYTIME) == datetime(2026, 11, day, hour, tzinfo=UTC)


def test_the_end_is_excluded_and_the_start_is_not() -> None:
    tz = ZoneInfo("America/New_York")
    assert is_allowed(datetime(2026, 11, 23, 9, 0, tzinfo=tz), "America/New_York", DAYTIME)
    assert is_allowed(datetime(2026, 11, 23, 20, 59, 59, tzinfo=tz), "America/New_York", DAYTIME)
    assert not is_allowed(datetime(2026, 11, 23, 21, 0, tzinfo=tz), "America/New_York", DAYTIME)


def test_hours_over_midnight() -> None:
    night = AllowedHours(22 * 60, 6 * 60)
    noon = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
    assert next_allowed(noon, "UTC", night) == datetime(2026, 11, 23, 22, 0, tzinfo=UTC)
    assert is_allowed(datetime(2026, 11, 23, 5, 59, tzinfo=UTC), "UTC", night)


def test_hours_that_a_change_skips_entirely_open_with_the_next_day() -> None:
    hour = AllowedHours(2 * 60, 3 * 60)
    tz = ZoneInfo("America/New_York")
    before = datetime(2027, 3, 14, 0, 0, tzinfo=tz)
    assert next_allowed(before, "America/New_York", hour) == datetime(2027, 3, 15, 2, 0, tzinfo=tz)


@pytest.mark.parametrize("end", [0, 1440])
def test_hours_until_midnight(end: int) -> None:
    evening = AllowedHours(18 * 60, end)
    assert is_allowed(datetime(2026, 11, 23, 23, 59, tzinfo=UTC), "UTC", evening)
    assert not is_allowed(datetime(2026, 11, 24, 0, 0, tzinfo=UTC), "UTC", evening)


def test_the_whole_day() -> None:
    at = datetime(2026, 11, 23, 3, 4, 5, 6, tzinfo=UTC)
    assert next_allowed(at, "Asia/Kathmandu", AllowedHours(0, 1440)) == at


WEEK = AllowedHours(9 * 60, 21 * 60, {6: None, 7: (12 * 60, 18 * 60), 5: (20 * 60, 2 * 60)})
"""No hours on Saturday, short ones on Sunday, and Friday's go on into the night."""


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-11-26T21:00", "2026-11-27T20:00"),  # Thursday evening
        ("2026-11-28T01:59", "2026-11-28T01:59"),  # the night after Friday
        ("2026-11-28T02:00", "2026-11-29T12:00"),  # Saturday
        ("2026-11-29T18:00", "2026-11-30T09:00"),  # Sunday evening
    ],
)
def test_days_with_hours_of_their_own(at: str, expected: str) -> None:
    tz = ZoneInfo("America/New_York")
    local, opens = (datetime.fromisoformat(moment).replace(tzinfo=tz) for moment in (at, expected))
    assert next_allowed(local, "America/New_York", WEEK) == opens


def test_one_short_window_a_week_that_a_change_skips_opens_a_week_later() -> None:
    days = {**dict.fromkeys(range(1, 7)), 7: (120, 150)}
    sunday = AllowedHours(120, 150, days)
    tz = ZoneInfo("America/New_York")
    before = datetime(2027, 3, 13, 12, 0, tzinfo=tz)
    assert next_allowed(before, "America/New_York", sunday) == datetime(2027, 3, 21, 2, 0, tzinfo=tz)


def test_hours_on_no_day_are_refused() -> None:
    with pytest.raises(ValueError, match="Allowed hours"):
        AllowedHours(540, 600, dict.fromkeys(range(1, 8)))


@pytest.mark.parametrize(("start", "end"), [(540, 540), (-1, 60), (1440, 60), (0, 1441), (60, -1)])
def test_hours_that_are_none_are_refused(start: int, end: int) -> None:
    with pytest.raises(ValueError, match="Allowed hours"):
        AllowedHours(start, end)


@pytest.mark.parametrize("zone", CHANGING)
def test_both_clock_changes_of_eleven_years(zone: str) -> None:
    changes = clock_changes(zone)
    assert len(changes) == 22
    awkward = [AllowedHours(90, 150), AllowedHours(150, 540), AllowedHours(1410, 75), AllowedHours(30, 95)]
    awkward.append(AllowedHours(60, 180, {6: None, 7: (150, 170), 1: (1400, 20)}))
    for change in changes:
        for hours in awkward:
            for minutes in (-75, -5, 20, 65, 110):
                at = change + timedelta(minutes=minutes)
                found = next_allowed(at, zone, hours)
                assert found == minute_by_minute(at, zone, hours), (change, hours, minutes)


@given(
    zone=st.sampled_from(ZONES),
    at=st.timedeltas(timedelta(0), timedelta(days=11 * 365)).map(lambda since: YEAR_2024 + since),
    start=st.integers(0, 1439),
    end=st.integers(0, 1440),
)
@settings(max_examples=250, deadline=None)
def test_the_next_allowed_moment_is_allowed_and_the_first(
    zone: str, at: datetime, start: int, end: int
) -> None:
    hours = AllowedHours(start, end if end != start else (end + 1) % 1441)
    found = next_allowed(at, zone, hours)
    assert found.tzinfo is UTC
    assert found >= at
    assert is_allowed(found, zone, hours)
    if found != at:
        assert not is_allowed(at, zone, hours)
        assert not is_allowed(found - timedelta(microseconds=1), zone, hours)
        middle = at + (found - at) / 2
        assert not is_allowed(middle, zone, hours)


@settings(max_examples=100)
@given(
    zone=st.sampled_from(CHANGING),
    minutes=st.integers(0, 366 * 24 * 60),
    start=st.integers(0, 1439),
    length=st.integers(1, 1440),
)
def test_hours_end_where_a_walk_minute_by_minute_ends(
    zone: str, minutes: int, start: int, length: int
) -> None:
    end = start + length if start + length <= 1440 else start + length - 1440
    hours = AllowedHours(0, 1440) if end == start else AllowedHours(start, end)
    at = YEAR_2024 + timedelta(minutes=minutes)
    slow, until = at, at + timedelta(hours=10)
    while slow < until and is_allowed(slow, zone, hours):
        slow += timedelta(minutes=1)
    assert allowed_until(at, until, zone, hours) == slow
