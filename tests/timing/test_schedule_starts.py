"""Starts on the member's own clock, over both clock changes of many years and many zones."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checkin.timing import schedule
from checkin.timing.schedule import Rule, time_of_day

EVERY_DAY = frozenset(range(1, 8))
WEEKDAYS = frozenset(range(1, 6))
YEAR_2024 = datetime(2024, 1, 1, tzinfo=UTC)
ZONES = sorted(available_timezones())
CHANGING = [
    "America/New_York",
    "America/St_Johns",
    "America/Havana",  # changes at midnight
    "America/Santiago",
    "Europe/Madrid",
    "Africa/Casablanca",  # changes around Ramadan
    "Australia/Lord_Howe",  # changes by half an hour
    "Pacific/Chatham",
    "Asia/Beirut",
]


def next_start(
    days: frozenset[int], at: str, zone: str, after: datetime, *, jitter: timedelta = timedelta(0)
) -> datetime:
    found = schedule.next_start(Rule(days, at), zone, after, spread=lambda _: jitter)
    assert found is not None
    return found


def starts(
    days: frozenset[int], at: str, zone: str, begin: datetime, end: datetime, jitter: timedelta = timedelta(0)
) -> list[datetime]:
    found = [next_start(days, at, zone, begin, jitter=jitter)]
    while found[-1] < end:
        found.append(next_start(days, at, zone, found[-1], jitter=jitter))
    return found


def exists(local: datetime) -> bool:
    """Whether a clock in this zone ever shows this."""
    back = local.astimezone(UTC).astimezone(local.tzinfo)
    return back.replace(tzinfo=None) == local.replace(tzinfo=None)


def test_the_next_weekday_morning() -> None:
    friday_noon = datetime(2026, 11, 27, 17, 0, tzinfo=UTC)
    monday = next_start(WEEKDAYS, "09:00", "America/New_York", friday_noon)
    assert monday == datetime(2026, 11, 30, 14, 0, tzinfo=UTC)
    assert monday.tzinfo is UTC


def test_a_start_at_the_cursor_is_over() -> None:
    start = datetime(2026, 11, 24, 14, 0, tzinfo=UTC)
    assert next_start(EVERY_DAY, "09:00", "America/New_York", start - timedelta(microseconds=1)) == start
    assert next_start(EVERY_DAY, "09:00", "America/New_York", start) == start + timedelta(days=1)


def test_a_skipped_time_lands_just_after_and_a_doubled_time_happens_once() -> None:
    new_york = ZoneInfo("America/New_York")
    spring = next_start(EVERY_DAY, "02:30", "America/New_York", datetime(2027, 3, 14, tzinfo=new_york))
    assert spring == datetime(2027, 3, 14, 3, 30, tzinfo=new_york)
    autumn = next_start(EVERY_DAY, "01:30", "America/New_York", datetime(2026, 11, 1, tzinfo=new_york))
    assert autumn == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)
    assert next_start(EVERY_DAY, "01:30", "America/New_York", autumn) == datetime(
        2026, 11, 2, 6, 30, tzinfo=UTC
    )


def test_a_day_that_a_zone_skipped_does_not_start_twice() -> None:
    found = starts(
        EVERY_DAY,
        "09:00",
        "Pacific/Apia",  # had no 30 December 2011
        datetime(2011, 12, 28, tzinfo=UTC),
        datetime(2012, 1, 2, tzinfo=UTC),
    )
    local = [start.astimezone(ZoneInfo("Pacific/Apia")).date() for start in found]
    assert local == [date(2011, 12, 28), date(2011, 12, 29), date(2011, 12, 31), *local[3:]]
    assert len(set(local)) == len(local)


@pytest.mark.parametrize("zone", CHANGING)
@pytest.mark.parametrize("at", ["00:00", "02:30"])
def test_ten_years_have_one_start_a_day_at_the_right_time(zone: str, at: str) -> None:
    tz = ZoneInfo(zone)
    clock = time_of_day(at)
    begin = datetime.combine(date(2024, 1, 1), clock, tzinfo=tz) - timedelta(seconds=1)
    # Only days around a change can go wrong; the cursor walks through all of these, day by day.
    days = [date(2024, 1, 1) + timedelta(days=day) for day in range(366 * 11)]
    offsets = {day: datetime.combine(day, time(0), tzinfo=tz).utcoffset() for day in days}
    near = {
        day + timedelta(days=shift)
        for day, following in pairwise(days)
        if offsets[day] != offsets[following]
        for shift in (-1, 0, 1, 2)
    }
    assert len(near) >= 11, "this zone changes its clocks"
    cursor = begin
    for day in sorted(near):
        cursor = max(cursor, datetime.combine(day - timedelta(days=1), clock, tzinfo=tz).astimezone(UTC))
        start = next_start(EVERY_DAY, at, zone, cursor)
        assert start > cursor
        expected = datetime.combine(day, clock, tzinfo=tz)
        if exists(expected):
            assert start == expected.astimezone(UTC), "the first time, where it is doubled"
        else:
            skipped = start.astimezone(tz).replace(tzinfo=None) - expected.replace(tzinfo=None)
            assert timedelta(0) < skipped <= timedelta(hours=1)
        cursor = start


@given(
    zone=st.sampled_from(ZONES),
    after=st.timedeltas(timedelta(0), timedelta(days=11 * 365)).map(lambda since: YEAR_2024 + since),
    at=st.times().map(lambda clock: clock.strftime("%H:%M")),
    days=st.frozensets(st.integers(1, 7), min_size=1),
    spread=st.integers(0, 600),
)
@settings(max_examples=250, deadline=None)
def test_starts_come_on_their_days_and_strictly_later(
    zone: str, after: datetime, at: str, days: frozenset[int], spread: int
) -> None:
    jitter = timedelta(seconds=spread)
    tz = ZoneInfo(zone)
    cursor = after
    seen: set[date] = set()
    for _ in range(4):
        start = next_start(days, at, zone, cursor, jitter=jitter)
        assert start.tzinfo is UTC
        assert start > cursor
        assert start - cursor <= timedelta(days=7, hours=2) + jitter
        local = (start - jitter).astimezone(tz)
        assert local.isoweekday() in days or not exists(datetime.combine(local, time_of_day(at), tzinfo=tz))
        assert local.date() not in seen
        seen.add(local.date())
        cursor = start


@pytest.mark.parametrize("zone", ["America/New_York", "Europe/Madrid"])
def test_jitter_neither_loses_nor_doubles_a_day(zone: str) -> None:
    begin, end = datetime(2026, 10, 20, tzinfo=UTC), datetime(2026, 11, 10, tzinfo=UTC)
    plain = starts(EVERY_DAY, "09:00", zone, begin, end)
    jitter = timedelta(minutes=7)
    assert starts(EVERY_DAY, "09:00", zone, begin, end, jitter) == [start + jitter for start in plain]


@pytest.mark.parametrize("at", ["9:00", "24:00", "09:60", "0900", "", "ab:cd", "09:00 ", "٠٩:٠٠"])
def test_a_time_that_is_none_is_refused(at: str) -> None:
    with pytest.raises(ValueError, match=r"HH:MM|must be in"):
        next_start(EVERY_DAY, at, "UTC", datetime(2026, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize("days", [frozenset(), frozenset({0}), frozenset({1, 8})])
def test_days_that_are_none_are_refused(days: frozenset[int]) -> None:
    with pytest.raises(ValueError, match="weekdays"):
        next_start(days, "09:00", "UTC", datetime(2026, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize("jitter", [timedelta(hours=-12), timedelta(hours=12)])
def test_a_spread_that_makes_no_sense_is_refused(jitter: timedelta) -> None:
    with pytest.raises(ValueError, match="spread"):
        next_start(EVERY_DAY, "09:00", "UTC", datetime(2026, 1, 1, tzinfo=UTC), jitter=jitter)
