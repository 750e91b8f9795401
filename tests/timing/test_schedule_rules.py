"""Every kind of rule against a calendar that is counted day by day, in all time zones, for ten years.

The oracle knows nothing of recurrence rules: it walks over all days, asks of each whether the words of the
rule fit it, and finds the instant at which a clock in the zone first shows the time by looking at UTC.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checkin.service.schedules import drawn
from checkin.timing.hours import AllowedHours, is_allowed, spread_within
from checkin.timing.schedule import EVERY_DAY, FIRST_WEEK, Rule, next_start, read_cron, time_of_day

ZONES = sorted(available_timezones())
BEGIN, END = date(2023, 12, 20), date(2034, 12, 31)
DAYTIME = AllowedHours(9 * 60, 21 * 60)
FIRST = datetime(2023, 12, 28, tzinfo=UTC)
NO_SPREAD = timedelta(0)

RULES = {
    "every day": Rule(EVERY_DAY, "09:00"),
    "every weekday": Rule(frozenset(range(1, 6)), "17:00"),
    "chosen days": Rule(frozenset((2, 6, 7)), "12:30"),
    "every 2 weeks": Rule(frozenset((1, 4)), "09:00", weeks=2),
    "every 3 weeks from": Rule(frozenset((3,)), "10:00", weeks=3, begins=date(2024, 2, 15)),
    "first monday": Rule(frozenset((1,)), "10:00", nth=1),
    "fourth day": Rule(EVERY_DAY, "10:00", nth=4),
    "last weekday": Rule(frozenset(range(1, 6)), "16:00", nth=-1),
    "until": Rule(EVERY_DAY, "09:00", until=date(2025, 3, 31)),
    "times": Rule(frozenset((1, 5)), "09:00", begins=date(2026, 2, 3), times=37),
    "times of months": Rule(frozenset((5,)), "09:00", nth=-1, begins=date(2024, 5, 31), times=9),
    "cron": Rule(EVERY_DAY, "09:30", cron="1,15 * *"),
    "cron of weekdays": Rule(EVERY_DAY, "09:30", cron="* 3-11 MON-FRI"),
    "not on holidays": Rule(EVERY_DAY, "09:00", not_on_holidays=True),
}
HOLIDAYS = frozenset(date(year, 12, 25) for year in range(2020, 2040))


# ---------------------------------------------------------------- the oracle


def fits(rule: Rule, day: date) -> bool:
    """Whether a day's own looks fit the rule, whatever its beginning, end and number."""
    if rule.cron == "1,15 * *":
        return day.day in (1, 15)
    if rule.cron is not None:
        return 3 <= day.month <= 11 and day.isoweekday() <= 5
    if day.isoweekday() not in rule.days:
        return False
    if rule.nth is not None:
        length = calendar.monthrange(day.year, day.month)[1]
        like = [d for d in range(1, length + 1) if day.replace(day=d).isoweekday() in rule.days]
        return day.day == (like[-1] if rule.nth == -1 else like[rule.nth - 1])
    origin = rule.begins or FIRST_WEEK
    monday = date.fromisocalendar(*origin.isocalendar()[:2], 1)
    return (day - monday).days // 7 % rule.weeks == 0


def expected_days(rule: Rule) -> Iterator[date]:
    """Yield the days of a rule, counted one by one."""
    day, count = rule.begins or BEGIN, 0
    while day <= min(rule.until or END, END):
        if fits(rule, day):
            count += 1
            if rule.times is not None and count > rule.times:
                return
            if not (rule.not_on_holidays and day in HOLIDAYS):
                yield day
        day += timedelta(days=1)


def instant(day: date, at: str, zone: str) -> datetime:
    """The first moment at which a clock in this zone shows this time.

    Where none does: as long after the jump as the time lies after the skipped beginning.
    """
    tz, wanted = ZoneInfo(zone), datetime.combine(day, time_of_day(at))
    low = wanted.replace(tzinfo=UTC) - timedelta(hours=27)
    before = low.astimezone(tz).utcoffset()
    guesses = {(low + timedelta(hours=h)).astimezone(tz).utcoffset() for h in range(0, 55, 3)}
    found = [wanted.replace(tzinfo=UTC) - (offset or NO_SPREAD) for offset in guesses]
    shown = [one for one in found if one.astimezone(tz).replace(tzinfo=None) == wanted]
    return min(shown) if shown else wanted.replace(tzinfo=UTC) - (before or NO_SPREAD)


def walk(rule: Rule, zone: str, after: datetime, end: datetime) -> Iterator[datetime]:
    """Yield the starts of a rule, each found from the one before."""
    while (start := next_start(rule, zone, after, holidays=HOLIDAYS)) is not None and start < end:
        yield start
        after = start


# ---------------------------------------------------------------- the properties


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("zone", ["America/New_York", "Australia/Lord_Howe"])
def test_a_rule_is_what_counting_days_gives(name: str, zone: str) -> None:
    rule = RULES[name]
    rare = rule.weeks > 1 or rule.nth is not None
    end = FIRST.replace(year=2034 if rare else 2027)
    wanted = [instant(day, rule.at, zone) for day in expected_days(rule)]
    assert list(walk(rule, zone, FIRST, end)) == [start for start in wanted if FIRST < start < end]


def changes(zone: str) -> list[date]:
    """The days from 2024 to 2034 on which this zone's clocks are changed, and the days beside them."""
    tz, found = ZoneInfo(zone), set[date]()
    noons = [datetime(2023, 12, 30, 12, tzinfo=UTC) + timedelta(days=7 * week) for week in range(576)]
    for one, other in pairwise(noons):
        if one.astimezone(tz).utcoffset() != other.astimezone(tz).utcoffset():
            found.update(one.date() + timedelta(days=shift) for shift in range(-1, 9))
    return sorted(found)


def test_no_zone_skips_repeats_or_leaves_the_hours_at_any_change_of_eleven_years() -> None:
    """Around every change of every zone, day by day; days without a change are all alike."""
    spread = timedelta(minutes=15)
    seen: set[tuple[object, ...]] = set()
    looked_at = 0
    for zone in ZONES:
        days = changes(zone)
        tz = ZoneInfo(zone)
        offsets = (datetime.combine(day, time(hour), tz).utcoffset() for day in days for hour in (0, 12))
        alike = (tuple(days), tuple(offsets))
        if alike in seen:
            continue  # another name for a zone that was looked at
        seen.add(alike)
        for at in ("00:30", "02:30", "09:00"):
            rule = Rule(EVERY_DAY, at)
            for day in days or [date(2030, 6, 1)]:
                cursor = instant(day, at, zone) - timedelta(seconds=1)
                start = next_start(rule, zone, cursor)
                assert start == instant(day, at, zone), (zone, day, at)
                assert next_start(rule, zone, start) == instant(day + timedelta(days=1), at, zone)
                looked_at += 1
                if at == "09:00":
                    moved = start + spread_within(start, drawn(f"{zone}{day}"), spread, zone, DAYTIME)
                    assert is_allowed(moved, zone, DAYTIME)
                    assert abs(moved - start) <= spread
    assert looked_at > 10_000


@given(
    name=st.sampled_from(sorted(RULES)),
    zone=st.sampled_from(ZONES),
    after=st.timedeltas(timedelta(0), timedelta(days=11 * 365)).map(lambda since: FIRST + since),
    minutes=st.integers(0, 30),
    who=st.text(max_size=5),
)
@settings(max_examples=150, deadline=None)
def test_spread_starts_neither_skip_nor_repeat(
    name: str, zone: str, after: datetime, minutes: int, who: str
) -> None:
    rule, most = RULES[name], timedelta(minutes=minutes)

    def spread(start: datetime) -> timedelta:
        return spread_within(start, drawn(who + start.isoformat()), most, zone, DAYTIME)

    plain, cursor = after, after
    for _ in range(5):
        moved = next_start(rule, zone, cursor, holidays=HOLIDAYS, spread=spread)
        if _ == 0 and moved is not None:
            plain = moved - most - timedelta(seconds=1)
        start = next_start(rule, zone, plain, holidays=HOLIDAYS)
        assert (moved is None) == (start is None)
        if moved is None or start is None:
            return
        if moved - start != spread(start):  # the cursor fell between a start and where it was moved from
            start = next_start(rule, zone, start, holidays=HOLIDAYS)
            assert start is not None
        assert moved == start + spread(start)
        assert abs(moved - start) <= most
        assert is_allowed(moved, zone, DAYTIME) == is_allowed(start, zone, DAYTIME)
        plain, cursor = start, moved


def test_draws_are_spread_evenly_and_stay_what_they_are() -> None:
    draws = [drawn(str(number)) for number in range(2000)]
    assert draws == [drawn(str(number)) for number in range(2000)]
    assert all(-1 <= draw <= 1 for draw in draws)
    quarters = [sum(low <= draw < low + 0.5 for draw in draws) for low in (-1, -0.5, 0, 0.5)]
    assert min(quarters) > 400


def test_a_spread_that_would_leave_the_hours_goes_the_other_way_or_nowhere() -> None:
    nine = datetime(2026, 11, 23, 9, tzinfo=UTC)
    ten = timedelta(minutes=10)
    assert spread_within(nine, -1, ten, "UTC", DAYTIME) == ten
    assert spread_within(nine, 0.5, ten, "UTC", DAYTIME) == ten / 2
    assert spread_within(nine, 1, ten, "UTC", AllowedHours(540, 541)) == timedelta(0)


# ---------------------------------------------------------------- ends, and what makes no sense


def test_after_the_last_there_is_none() -> None:
    rule = Rule(EVERY_DAY, "09:00", begins=date(2026, 1, 1), times=2)
    begin = datetime(2025, 6, 1, tzinfo=UTC)
    assert list(walk(rule, "UTC", begin, FIRST.replace(year=2040))) == [
        datetime(2026, 1, 1, 9, tzinfo=UTC),
        datetime(2026, 1, 2, 9, tzinfo=UTC),
    ]


@pytest.mark.parametrize(
    "changes_",
    [{"nth": 5}, {"nth": 0}, {"weeks": 0}, {"weeks": 53}, {"times": 3}, {"times": 0, "begins": BEGIN}],
)
def test_rules_that_make_no_sense_are_refused(changes_: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"schedule|n-th|times"):
        Rule(EVERY_DAY, "09:00", **changes_)  # type: ignore[arg-type] # wrong on purpose


@pytest.mark.parametrize("line", ["", "9", "* 9 * * *", "*/5 9 * * *", "0 9,17 * * *", "0 24 * * *",
                                  "60 9 * * *", "0 9 31 2 *", "0 9 * * XYZ", "0 9 * * 1 *"])  # fmt: skip
def test_lines_of_cron_that_are_none_or_several_times_a_day_are_refused(line: str) -> None:
    with pytest.raises(ValueError, match="cron"):
        read_cron(line)


def test_a_line_of_cron() -> None:
    assert read_cron(" 5  9 * * 1-5 ") == ("09:05", "* * 1-5")


# ---------------------------------------------------------------- a year of a thousand members


def test_a_year_of_a_thousand_members_is_what_counting_gives() -> None:
    """Every start of 2027, spread out, against days that are counted one by one."""
    names = ("every 2 weeks", "first monday", "fourth day", "last weekday", "cron", "not on holidays")
    begin, end = datetime(2027, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC)
    quarter = timedelta(minutes=15)
    started = counted = 0
    for member in range(1000):
        # One in fifty every day; all zones, and every rule in many of them.
        name = names[-1] if member % 50 == 0 else names[member % 5]
        rule, zone = RULES[name], ZONES[member * 7 % len(ZONES)]

        def spread(start: datetime, member: int = member, zone: str = zone) -> timedelta:
            return spread_within(start, drawn(f"{member}{start}"), quarter, zone, DAYTIME)

        cursor, found = begin, list[datetime]()
        while True:
            moved = next_start(rule, zone, cursor, holidays=HOLIDAYS, spread=spread)
            assert moved is not None
            if moved >= end:
                break
            assert is_allowed(moved, zone, DAYTIME)
            found.append(moved)
            cursor = moved
        days = [BEGIN.replace(year=2026) + timedelta(days=day) for day in range(400)]
        whole = [
            instant(day, rule.at, zone)
            for day in days
            if fits(rule, day) and not (rule.not_on_holidays and day in HOLIDAYS)
        ]
        wanted = [start for start in whole if begin < start + spread(start) < end]
        assert len(found) == len(wanted), (member, name, zone)
        assert all(abs(one - other) <= quarter for one, other in zip(found, wanted, strict=True))
        started, counted = started + len(found), counted + len(wanted)
    assert started == counted > 20_000
