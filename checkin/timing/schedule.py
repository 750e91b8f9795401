"""When a scheduled conversation starts next, on the member's own clock.

Knows weekdays, weeks, months, times of day, holidays and clock changes. Must not know members or flows, nor
draw the chance by which starts are spread out: that comes in as `spread`.

The days are worked out on naive local time (python-dateutil's `rrule`, and `cronsim` for cron), and only then
given a zone, because a rule over aware times yields moments that do not exist (RFC 5545 §3.3.5 says what to
do with them):

* a time that the spring change skips comes just after it, by as much as it was skipped;
* a time that the autumn change doubles comes once, the first time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import chain, islice, takewhile
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError
from dateutil.rrule import MO, MONTHLY, WEEKLY, rrule

EVERY_DAY = frozenset(range(1, 8))
FIRST_WEEK = date(2024, 1, 1)
"""A Monday. Rules of several weeks that name no first day count from here, so that all members keep step."""

MOST_TIMES = 1000
MOST_SPREAD = timedelta(hours=2)

# From two days before, so that no zone's date can be missed.
_LOOK_BACK = timedelta(days=2)
_LAST = date(2199, 12, 31)
_FEW = 6
_CRON = re.compile(r"([0-5]?[0-9]) ([01]?[0-9]|2[0-3]) ([^ ]+ [^ ]+ [^ ]+)")


@dataclass(frozen=True, slots=True)
class Rule:
    """At which local times something starts, at most once a day.

    `at` is `HH:MM`; `days` are ISO weekdays, 1 is Monday. `weeks` means every so many weeks. `nth` (1 to 4,
    or -1 for the last) means that one of these days in each month. `cron` gives the day of month, month and
    day of week in place of all these. `begins` and `until` are the first and last day; `times` counts from
    `begins`, and counts days that are left out as holidays too (as EXDATE in RFC 5545).
    Raises ValueError for what makes no sense.
    """

    days: frozenset[int]
    at: str
    weeks: int = 1
    nth: int | None = None
    cron: str | None = None
    begins: date | None = None
    until: date | None = None
    times: int | None = None
    not_on_holidays: bool = False

    def __post_init__(self) -> None:
        time_of_day(self.at)
        if not self.days or not self.days <= EVERY_DAY:
            raise ValueError("A schedule has one or more ISO weekdays, 1 to 7.")
        if self.nth not in (None, 1, 2, 3, 4, -1):
            raise ValueError("The n-th of a month is 1 to 4, or -1 for the last.")
        if not 1 <= self.weeks <= 52:
            raise ValueError("A schedule is of every 1 to 52 weeks.")
        if self.times is not None and (self.begins is None or not 1 <= self.times <= MOST_TIMES):
            raise ValueError("A number of times, 1 to 1000, counts from a first day.")

    def by_weekday(self) -> Rule:
        """Return the same rule with its days of the week under `days`, where its cron names nothing else."""
        of_month, _, of_week = (self.cron or "").rpartition(" ")
        if of_month != "* *" or "#" in of_week or "L" in of_week.upper():
            return self
        begin = datetime.combine(FIRST_WEEK, time())
        week = takewhile(
            lambda at: at < begin + timedelta(days=7),
            CronSim(f"0 0 {self.cron}", begin - timedelta(minutes=1)),
        )
        return replace(self, days=frozenset(at.isoweekday() for at in week), cron=None)


def read_cron(line: str) -> tuple[str, str]:
    """Return the time of day, `HH:MM`, and the days of a line of cron: `0 9 * * 1-5`.

    Raises ValueError where it is none, or means several times a day.
    """
    found = _CRON.fullmatch(" ".join(line.split()))
    if found is None:
        raise ValueError("A line of cron that means one time of day has five parts: 30 9 * * 1-5.")
    minute, hour, days = found.groups()
    try:
        next(CronSim(f"0 0 {days}", datetime.combine(FIRST_WEEK, time())))
    except (CronSimError, StopIteration) as error:
        raise ValueError("These days of cron do not exist.") from error
    return f"{int(hour):02}:{int(minute):02}", days


def next_start(
    rule: Rule,
    zone: str,
    after: datetime,
    *,
    holidays: Collection[date] = frozenset(),
    spread: Callable[[datetime], timedelta] | None = None,
) -> datetime | None:
    """Return the first start after the cursor `after` (aware), in UTC; None where there is no more.

    The rule is read on the clock of somebody in this IANA time zone. `spread` says by how much a start moves
    (less than half a day), and has to say the same each time that it is asked about the same start: so what
    this returned can be the cursor for the start after it. Raises ValueError for a spread that is too large.
    """
    left_out = frozenset(holidays if rule.not_on_holidays else ())
    return (_next_start if spread is None else _next_spread)(rule, zone, after, left_out, spread)


def _next_spread(
    rule: Rule,
    zone: str,
    after: datetime,
    left_out: frozenset[date],
    spread: Callable[[datetime], timedelta] | None,
) -> datetime | None:
    first = after.astimezone(ZoneInfo(zone)).date() - _LOOK_BACK
    few = _first_starts(rule, zone, first, left_out)
    for start in chain(few, islice(_starts(rule, zone, first, left_out), len(few), None)):
        moved = timedelta(0) if spread is None else spread(start)
        if not abs(moved) < timedelta(hours=12):
            raise ValueError("A start is spread by less than half a day.")
        if start + moved > after:
            return start + moved
    return None


_next_start = lru_cache(maxsize=1024)(_next_spread)
"""The same where starts are not moved: everybody who is asked by one rule at one moment shares it."""


@lru_cache(maxsize=1024)
def _first_starts(rule: Rule, zone: str, first: date, left_out: frozenset[date]) -> tuple[datetime, ...]:
    """Return the first few starts from a day on: everybody who is asked at the same time shares them."""
    return tuple(islice(_starts(rule, zone, first, left_out), _FEW))


def _starts(rule: Rule, zone: str, first: date, left_out: frozenset[date]) -> Iterator[datetime]:
    """Yield the starts of a rule from a day on, in UTC, before they are spread."""
    tz, clock = ZoneInfo(zone), time_of_day(rule.at)
    for day in _days(rule, first):
        if day not in left_out:
            yield datetime.combine(day, clock, tzinfo=tz).astimezone(UTC)


def _days(rule: Rule, first: date) -> Iterator[date]:
    """Yield the rule's days from about `first` on, in their order."""
    begins = rule.begins or date.min
    low, high = max(first, begins), rule.until or _LAST
    if rule.times is not None:
        found = takewhile(lambda pair: pair[0] < (rule.times or 0), enumerate(_all_days(rule, begins)))
        days: Iterator[date] = (day for _, day in found)
    else:
        days = _all_days(rule, low)
    return takewhile(lambda day: day <= high, (day for day in days if day >= low))


def _all_days(rule: Rule, low: date) -> Iterator[date]:
    """Yield the days of the rule from `low` on, whatever its end."""
    begin = datetime.combine(low, time())
    end = datetime.combine(_LAST, time())
    if rule.cron is not None:
        return (at.date() for at in CronSim(f"0 0 {rule.cron}", begin - timedelta(minutes=1)))
    weekdays = [day - 1 for day in sorted(rule.days)]
    if rule.nth is not None:
        month = begin.replace(day=1)
        found = rrule(MONTHLY, byweekday=weekdays, bysetpos=rule.nth, dtstart=month, until=end)
    else:
        week = _first_week(rule, low)
        found = rrule(WEEKLY, interval=rule.weeks, wkst=MO, byweekday=weekdays, dtstart=week, until=end)
    return (day for at in found if (day := at.date()) >= low)


def _first_week(rule: Rule, low: date) -> datetime:
    """Return the Monday of the last week of the rule that begins no later than `low`, or than it begins."""
    counted = rule.begins or FIRST_WEEK
    origin = counted - timedelta(days=counted.weekday())
    weeks = (low - origin).days // (7 * rule.weeks) * rule.weeks
    return datetime.combine(origin + timedelta(weeks=weeks), time())


def time_of_day(at: str) -> time:
    """Return `HH:MM` as a time of day. Raises ValueError for anything else."""
    hours, colon, minutes = at.partition(":")
    if not (colon and len(at) == 5 and at.isascii() and hours.isdigit() and minutes.isdigit()):
        raise ValueError("A time of day is written HH:MM.")
    return time(int(hours), int(minutes))
