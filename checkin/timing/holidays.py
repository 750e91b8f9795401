"""Which days a holiday calendar holds (iCalendar, RFC 5545).

Knows events and how they recur. Must not know files, nor what is left out on these days.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from dateutil.rrule import rrulestr
from icalendar import Calendar, Event, InvalidCalendar

FIRST, LAST = date(2024, 1, 1), date(2040, 1, 1)
"""Holidays that recur are worked out for these years."""

_UNTIL = re.compile(r"UNTIL=(\d{8})T\d{6}Z?")
"""An end with a time of day; here whole days are counted, and the days are naive."""


def days_of_calendar(data: bytes) -> frozenset[date]:
    """Return every day on which an event of this calendar lies. Raises ValueError for what is no calendar."""
    try:
        calendar = Calendar.from_ical(data.decode())
        events = [event for event in calendar.walk("VEVENT") if isinstance(event, Event)]
        return frozenset(day for event in events for day in _days_of(event))
    except (ValueError, KeyError, AttributeError, TypeError, InvalidCalendar) as error:
        raise ValueError("This is no calendar.") from error


def _days_of(event: Event) -> Iterator[date]:
    """Yield the days of one event, each time that it recurs (RFC 5545 §3.8.5)."""
    first = _day(event.start)
    length = _last_day(event.start, event.end) - first
    starts = {first}
    for rule in event.rrules:
        text = _UNTIL.sub(r"UNTIL=\1", rule.to_ical().decode())
        found = rrulestr(text, dtstart=datetime.combine(first, time()))
        starts.update(at.date() for at in found.between(_at(FIRST), _at(LAST), inc=True))
    starts -= {_day(left_out) for left_out in event.exdates}
    for start in starts:
        yield from (start + timedelta(days=days) for days in range(length.days + 1))


def _at(day: date) -> datetime:
    return datetime.combine(day, time())


def _day(moment: date) -> date:
    return moment.date() if isinstance(moment, datetime) else moment


def _last_day(start: date, end: date) -> date:
    """Return the last day of an event; the end of one of whole days is the day after it (RFC 5545 §3.6.1)."""
    whole_days = not isinstance(end, datetime)
    return max(_day(start), _day(end) - timedelta(days=1) if whole_days else _day(end))
