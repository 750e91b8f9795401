"""Who is on duty when: a rota as calendar programs export it (iCalendar, RFC 5545), and what goes before it.

Knows shifts and how they recur. Must not know who these people are, nor what they are on duty for.

A shift is kept on the wall clock of its time zone: a night from 20:00 to 08:00 ends at 08:00 also when the
clocks change in it, so that no hole opens between two shifts (RFC 5545 §3.3.10 would have the exact length).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from dateutil.rrule import rrulestr
from icalendar import Calendar, Event, InvalidCalendar

_UNTIL = re.compile(r"UNTIL=(\d{8})(?:T(\d{6})(Z?))?")
_NAMES = re.compile(r"\s*[,;&+/]\s*")

Span = tuple[datetime, datetime]
"""From when to when, aware; the end is not included."""


@dataclass(frozen=True, slots=True)
class Shift:
    """One event of a rota: who, and when. `start` and `end` are naive, on the wall clock of `zone`.

    `rules` are its RRULEs, `more` further starts, `left_out` starts that do not take place.
    """

    who: tuple[str, ...]
    start: datetime
    end: datetime
    zone: tzinfo
    rules: tuple[str, ...] = ()
    more: frozenset[datetime] = frozenset()
    left_out: frozenset[datetime] = frozenset()

    def spans(self, first: datetime, last: datetime) -> Iterator[Span]:
        """Yield each time that this shift takes place and touches the time from `first` to `last`."""
        length = self.end - self.start
        begins = first.astimezone(self.zone).replace(tzinfo=None) - length - timedelta(days=1)
        ends = last.astimezone(self.zone).replace(tzinfo=None) + timedelta(days=1)
        starts = {self.start, *self.more}
        for rule in self.rules:
            starts.update(rrulestr(rule, dtstart=self.start).between(begins, ends, inc=True))
        for start in starts - self.left_out:
            span = self._aware(start), self._aware(start + length)
            if span[0] < last and span[1] > first:
                yield span

    def _aware(self, moment: datetime) -> datetime:
        return moment.replace(tzinfo=self.zone).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Override:
    """These are on duty from `start` to `end` (aware), whatever the calendar says."""

    who: tuple[str, ...]
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Rota:
    """The shifts of a calendar, and the overrides before them; of several, the last that was written."""

    shifts: tuple[Shift, ...]
    overrides: tuple[Override, ...] = ()

    def on_duty(self, at: datetime) -> tuple[str, ...]:
        """Return who is on duty at this moment, by name; nobody where the rota has a hole."""
        for override in reversed(self.overrides):
            if override.start <= at < override.end:
                return override.who
        here = [shift for shift in self.shifts if any(shift.spans(at, at + timedelta(microseconds=1)))]
        return tuple(dict.fromkeys(name for shift in here for name in shift.who))

    def holes(self, first: datetime, last: datetime) -> Sequence[Span]:
        """Return the times between `first` and `last` at which nobody is on duty, in their order."""
        covered = [span for shift in self.shifts for span in shift.spans(first, last)]
        covered += [(override.start, override.end) for override in self.overrides]
        found, at = [], first
        for start, end in sorted(covered):
            if start > at:
                found.append((at, min(start, last)))
            at = max(at, end)
            if at >= last:
                break
        return [*found, (at, last)] if at < last else found


def shifts_of_calendar(data: bytes, zone: tzinfo) -> tuple[Shift, ...]:
    """Return the shifts of a calendar: each event's title names who has it, several with commas between.

    `zone` is that of times without one, and of whole days. Raises ValueError for what is no calendar.
    """
    try:
        calendar = Calendar.from_ical(data.decode("utf-8-sig"))
        events = [event for event in calendar.walk("VEVENT") if isinstance(event, Event)]
        moved = {
            (str(one.get("UID")), _wall(one.decoded("RECURRENCE-ID"), zone))
            for one in events
            if "RECURRENCE-ID" in one
        }
        return tuple(
            _shift(event, zone, moved)
            for event in events
            if str(event.get("STATUS", "")).upper() != "CANCELLED"
        )
    except (ValueError, KeyError, AttributeError, TypeError, InvalidCalendar) as error:
        raise ValueError("This is no calendar.") from error


def _shift(event: Event, zone: tzinfo, moved: set[tuple[str, datetime]]) -> Shift:
    """Return one event. What has been moved or changed by an event of its own is left out of the series."""
    start = event.start
    own = (start.tzinfo if isinstance(start, datetime) else None) or zone
    naive = _wall(start, own)
    left_out = {_wall(day, own) for day in event.exdates}
    if "RECURRENCE-ID" not in event:
        uid = str(event.get("UID"))
        left_out |= {_wall(at.replace(tzinfo=zone), own) for of, at in moved if of == uid}
    rules = (
        ()
        if "RECURRENCE-ID" in event
        else tuple(_naive_rule(r.to_ical().decode(), own) for r in event.rrules)
    )
    return Shift(
        who=tuple(name for name in _NAMES.split(str(event.get("SUMMARY", "")).strip()) if name),
        start=naive,
        end=_wall(event.end, own),
        zone=own,
        rules=rules,
        more=frozenset(_wall(day[0] if isinstance(day, tuple) else day, own) for day in event.rdates),
        left_out=frozenset(left_out),
    )


def _wall(moment: date, zone: tzinfo) -> datetime:
    """Return a moment on the wall clock of a zone, naive; a whole day begins at midnight."""
    if not isinstance(moment, datetime):
        return datetime.combine(moment, time())
    return (moment if moment.tzinfo is None else moment.astimezone(zone)).replace(tzinfo=None)


def _naive_rule(rule: str, zone: tzinfo) -> str:
    """Return a rule whose end is on the same wall clock as its starts; a mere day ends with that day."""

    def naive(found: re.Match[str]) -> str:
        day, clock, utc = found.groups()
        if clock is None:
            return f"UNTIL={day}T235959"
        moment = datetime.fromisoformat(f"{day}T{clock}")
        if utc:
            moment = moment.replace(tzinfo=UTC).astimezone(zone)
        return f"UNTIL={moment:%Y%m%dT%H%M%S}"

    return _UNTIL.sub(naive, rule)
