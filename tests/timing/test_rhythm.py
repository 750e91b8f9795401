"""A member's own time, days, hours and frequency, over all zones and both clock changes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checkin.timing.hours import AllowedHours, is_allowed, next_allowed
from checkin.timing.rhythm import AS_PLANNED, GAPS, Rhythm, next_check_in, read_rhythm
from checkin.timing.schedule import EVERY_DAY, Rule

ZONES = sorted(available_timezones())
PROGRAM = AllowedHours(9 * 60, 21 * 60)
DAILY = Rule(EVERY_DAY, "17:00")
NEW_YORK = "America/New_York"
MONDAY = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)

minutes = st.integers(0, 95).map(lambda quarter: quarter * 15)
spans = st.tuples(minutes, minutes).filter(lambda span: span[0] != span[1])
own_hours = st.builds(
    lambda span, days: AllowedHours(*span, days),
    spans,
    st.dictionaries(st.integers(1, 7), st.none() | spans, max_size=3),
)
rhythms = st.builds(
    Rhythm,
    at=st.none() | minutes.map(lambda minute: f"{minute // 60:02}:{minute % 60:02}"),
    days=st.none() | st.frozensets(st.integers(1, 7), min_size=1),
    gap=st.sampled_from(GAPS),
    hours=st.none() | own_hours,
    calls=st.none() | st.booleans(),
    contacts=st.none() | st.booleans(),
    unanswered=st.integers(0, 7),
    last=st.none() | st.dates(date(2024, 1, 1), date(2033, 12, 31)),
)
moments = st.integers(0, 10 * 365 * 24 * 60).map(
    lambda minute: datetime(2024, 1, 1, tzinfo=UTC) + timedelta(minutes=minute)
)


def draws(seed: int) -> Callable[[datetime], float]:
    """Return a draw that is always the same for the same start."""
    return lambda start: ((start.toordinal() * 7919 + seed) % 2001 - 1000) / 1000


@given(rhythms)
def test_a_rhythm_is_kept_as_it_is(rhythm: Rhythm) -> None:
    assert read_rhythm(rhythm.to_text()) == rhythm
    assert (rhythm.to_text() is None) == (rhythm == AS_PLANNED)


@settings(max_examples=150)
@given(
    rhythm=rhythms,
    zone=st.sampled_from(ZONES),
    begin=moments,
    spread=st.sampled_from([0, 15, 90]),
    seed=st.integers(0, 1000),
)
def test_what_a_member_chose_holds_in_every_zone(
    rhythm: Rhythm, zone: str, begin: datetime, spread: int, seed: int
) -> None:
    """A month of check-ins: in their order, on the days chosen, no two nearer than the gap, in the hours.

    What the schedule puts outside the hours (a day without any) leaves when they next begin, or lapses.
    """
    hours, tz = rhythm.hours or PROGRAM, ZoneInfo(zone)
    starts: list[datetime] = []
    cursor, current = begin, rhythm
    for _ in range(12):
        found = next_check_in(
            DAILY, current, zone, cursor, hours=hours, draw=draws(seed), spread=timedelta(minutes=spread)
        )
        assert found is not None
        assert found > cursor
        starts.append(found)
        cursor = found
        current = Rhythm(
            rhythm.at, rhythm.days, rhythm.gap, rhythm.hours, None, None, rhythm.unanswered,
            found.astimezone(tz).date(),
        )  # fmt: skip
    for before, after in pairwise(starts):
        days = (after.astimezone(tz).date() - before.astimezone(tz).date()).days
        assert days >= rhythm.least_gap
    for start in starts:
        leaves = next_allowed(start, zone, hours)
        assert is_allowed(leaves, zone, hours)
        span = hours.span(start.astimezone(tz).isoweekday())
        clock = time.fromisoformat(rhythm.at or DAILY.at)
        if span is not None and abs(span[0] - clock.hour * 60 - clock.minute) < 10 * 60 and rhythm.hours:
            assert leaves == start, "on a day with hours near the time it is asked within them"
    if rhythm.days is not None and spread == 0 and rhythm.hours is None:
        # A time that the clocks skip at midnight comes just after it, on the same day.
        assert {start.astimezone(tz).isoweekday() for start in starts} <= rhythm.days


def test_the_gap_is_counted_in_days_of_the_members_calendar() -> None:
    every_other = Rhythm(gap=2, last=date(2026, 11, 23))
    found = next_check_in(DAILY, every_other, NEW_YORK, MONDAY, hours=PROGRAM)
    assert found == datetime(2026, 11, 25, 17, 0, tzinfo=ZoneInfo(NEW_YORK))


def test_three_without_an_answer_make_it_weekly() -> None:
    rhythm, today = Rhythm(), date(2026, 11, 23)
    gaps = []
    for _ in range(4):
        rhythm = rhythm.unheard(today)
        gaps.append(rhythm.least_gap)
    assert gaps == [1, 1, 7, 7]
    assert rhythm.last == today
    assert rhythm.oftener() == Rhythm(last=today), "MORE forgets what nobody answered"


def test_less_and_more_go_through_all_steps_and_stop_at_the_ends() -> None:
    rhythm, seen = Rhythm(), []
    for _ in range(6):
        rhythm = rhythm.rarer()
        seen.append(rhythm.gap)
    assert seen == [2, 4, 7, 14, 14, 14]
    for _ in range(6):
        rhythm = rhythm.oftener()
    assert rhythm.gap == 1


def test_days_that_would_leave_none_are_not_left_out() -> None:
    fridays = Rule(frozenset({5}), "17:00")
    assert Rhythm(days=frozenset({1, 3})).bend(fridays).days == {5}
    assert Rhythm(days=frozenset({1, 5})).bend(DAILY).days == {1, 5}


@pytest.mark.parametrize(
    ("cron", "comes_on"),
    [
        ("* * *", {1, 5}),
        ("* * 1-5", {1, 5}),
        ("* * MON,WED", {1}),
        ("* * 0", {7}),
        ("1,15 * *", {1, 2, 3, 4, 5, 6, 7}),
        ("* 1 MON-FRI", {1, 2, 3, 4, 5}),
        ("* * TUE#1", {2}),
        ("* * 4L", {4}),
    ],
)
def test_own_days_hold_for_a_line_of_cron_that_names_days_of_the_week(cron: str, comes_on: set[int]) -> None:
    rule, rhythm = Rule(EVERY_DAY, "17:00", cron=cron), Rhythm(days=frozenset({1, 5}))
    found, cursor = set(), MONDAY - timedelta(days=1)
    for _ in range(40):
        start = next_check_in(rule, rhythm, NEW_YORK, cursor, hours=AllowedHours(9 * 60, 21 * 60))
        assert start is not None
        found.add(start.astimezone(ZoneInfo(NEW_YORK)).isoweekday())
        cursor = start
    assert found == comes_on


def test_on_a_day_whose_hours_do_not_hold_the_time_it_comes_when_they_begin() -> None:
    mornings_on_tuesday = AllowedHours(9 * 60, 21 * 60, {2: (8 * 60, 12 * 60), 3: None})
    rhythm = Rhythm(hours=mornings_on_tuesday)
    found = []
    cursor = MONDAY + timedelta(hours=8)
    for _ in range(3):
        start = next_check_in(DAILY, rhythm, NEW_YORK, cursor, hours=mornings_on_tuesday)
        assert start is not None
        found.append(start.astimezone(ZoneInfo(NEW_YORK)).strftime("%a %H:%M"))
        cursor = start
    assert found == ["Tue 08:00", "Wed 17:00", "Thu 17:00"], "a day without hours keeps its time, and lapses"


def test_a_time_in_the_skipped_hour_comes_just_after_it() -> None:
    own = Rhythm(at="02:30", hours=AllowedHours(0, 1440))
    spring = datetime(2027, 3, 14, tzinfo=ZoneInfo(NEW_YORK))
    found = next_check_in(DAILY, own, NEW_YORK, spring, hours=AllowedHours(0, 1440))
    assert found is not None
    assert found.astimezone(ZoneInfo(NEW_YORK)).time() == time(3, 30)
