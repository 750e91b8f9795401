"""When something that was put off until a day or a time of day is due, on a person's own clock.

Knows days, times of day and clock changes. Must not know who waits, nor for what.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_LEAP_DAY = (2, 29)


@dataclass(frozen=True, slots=True)
class Moment:
    """A time of day, on a day or on the next weekday (1 is Monday), or whichever day comes next.

    `before` is how much earlier it is meant.
    """

    at: time
    day: date | None = None
    weekday: int | None = None
    before: timedelta = timedelta(0)


def moment(wanted: Moment, zone: str, now: datetime) -> datetime:
    """Return the moment in UTC, on the clock of an IANA zone; on a day that was named it may be over.

    A time that the spring change skips comes just after it; one that the autumn change doubles, the first
    time.
    """
    tz = ZoneInfo(zone)
    if wanted.day is not None:
        return _on(wanted.day, wanted.at, tz) - wanted.before
    today = now.astimezone(tz).date()
    for ahead in range(-1, 9 + wanted.before.days):
        day = today + timedelta(days=ahead)
        found = _on(day, wanted.at, tz) - wanted.before
        if found > now and wanted.weekday in (None, day.isoweekday()):
            return found
    raise AssertionError("every weekday comes within eight days")


def next_anniversary(
    day: date, at: time, zone: str, now: datetime, after_days: Collection[int] = ()
) -> datetime | None:
    """Return the next moment, in UTC, that belongs to a date of somebody: at this time of day in their zone.

    With `after_days` these are so many days after the date, and there may be none left; without, it is its
    anniversary, each year. February 29 is kept on the 28th where there is none.
    """
    tz = ZoneInfo(zone)
    today = now.astimezone(tz).date()
    days = (
        (day + timedelta(days=after) for after in sorted(after_days)) if after_days else _yearly(day, today)
    )
    moments = (_on(one, at, tz) for one in days)
    return next((found for found in moments if found > now), None)


def _yearly(day: date, today: date) -> Iterator[date]:
    for year in range(max(today.year - 1, day.year), today.year + 2):
        leap = (day.month, day.day) == _LEAP_DAY and not _is_leap(year)
        yield date(year, 2, 28) if leap else day.replace(year=year)


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def _on(day: date, at: time, tz: ZoneInfo) -> datetime:
    return datetime.combine(day, at, tzinfo=tz).astimezone(UTC)
