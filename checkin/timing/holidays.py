"""Which days a holiday calendar holds (iCalendar, RFC 5545).

Knows events and how they recur. Must not know files, nor what is left out on these days.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from datetime import date, datetime, time, timedelta

from dateutil.rrule import rrulestr
from icalendar import Calendar, Event, InvalidCalendar

FIRST, LAST = date(2024, 1, 1), date(2040, 1, 1)
"""Holidays that recur are worked out for these years."""

_UNTIL = re.compile(r"UNTIL=(\d{8})T\d{6}Z?")
"""An end with a time of day; here whole days are counted, and the days are naive."""


def days_of_calendar(data: bytes) -> frozenset[date]:
    """Return every day on which an event of this calendar lies. Raises ValueError for what is no calendar.

    An event that was cancelled has no days; of a series, a day that was moved lies where it was moved to.
    """
    try:
        calendar = Calendar.from_ical(data.decode("utf-8-sig"))
        events = [event for event in calendar.walk("VEVENT") if isinstance(event, Event)]
        moved = {
            (str(event.get("UID")), _day(event.decoded("RECURRENCE-ID")))
            for event in events
            if "RECURRENCE-ID" in event
        }
        on = [event for event in events if str(event.get("STATUS", "")).upper() != "CANCELLED"]
        return frozenset(day for event in on for day in _days_of(event, moved))
    except (ValueError, KeyError, AttributeError, TypeError, InvalidCalendar) as error:
        raise ValueError("This is no calendar.") from error


def _days_of(event: Event, moved: Collection[tuple[str, date]]) -> Iterator[date]:
    """Yield the days of one event, each time that it recurs (RFC 5545 §3.8.5)."""
    first = _day(event.start)
    length = _last_day(event.start, event.end) - first
    starts = {first}
    if "RECURRENCE-ID" not in event:
        starts |= set(_recurring(event, first))
        starts -= {_day(left_out) for left_out in event.exdates}
        starts -= {day for uid, day in moved if uid == str(event.get("UID"))}
    for start in starts:
        yield from (start + timedelta(days=days) for days in range(length.days + 1))


def _recurring(event: Event, first: date) -> Iterator[date]:
    """Yield the days on which an event begins by its rules, and those that are named beside them."""
    for rule in event.rrules:
        text = _UNTIL.sub(r"UNTIL=\1", rule.to_ical().decode())
        found = rrulestr(text, dtstart=datetime.combine(first, time()))
        yield from (at.date() for at in found.between(_at(FIRST), _at(LAST), inc=True))
    for named in event.rdates:  # a period comes as its start and its end
        yield _day(named[0] if isinstance(named, tuple) else named)


def _at(day: date) -> datetime:
    return datetime.combine(day, time())


def _day(moment: date) -> date:
    return moment.date() if isinstance(moment, datetime) else moment


def _last_day(start: date, end: date) -> date:
    """Return the last day of an event: its end is not in it, be it a day or a moment (RFC 5545 §3.6.1)."""
    before = timedelta(microseconds=1) if isinstance(end, datetime) else timedelta(days=1)
    return max(_day(start), _day(end - before))
