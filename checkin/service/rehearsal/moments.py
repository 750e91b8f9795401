"""Moments as a test conversation writes them, on the member's own clock.

"17:00" is the next time that a clock on the member's wall shows it, "monday 17:00" the next Monday's, and
"2026-11-30 17:00" is that very moment.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, tzinfo

from checkin.flow.chat_shape import WEEKDAYS


def read_moment(written: str, now: datetime, zone: tzinfo) -> datetime:
    """Return the moment (UTC) that is meant, none before `now` unless it has a date."""
    day, _, clock = written.rpartition(" ")
    at = time.fromisoformat(clock)
    if day and day not in WEEKDAYS:
        return _at(date.fromisoformat(day), at, zone)
    today = now.astimezone(zone).date()
    for ahead in range(9):
        candidate = today + timedelta(days=ahead)
        moment = _at(candidate, at, zone)
        if moment >= now and (not day or candidate.weekday() == WEEKDAYS.index(day)):
            return moment
    raise ValueError(f"no such moment: {written!r}")


def _at(day: date, clock: time, zone: tzinfo) -> datetime:
    return datetime.combine(day, clock, tzinfo=zone).astimezone(UTC)


def write_moment(moment: datetime, since: datetime, zone: tzinfo) -> str:
    """Return how a moment is written so that it is read again after `since`, as short as can be."""
    local, before = moment.astimezone(zone), since.astimezone(zone)
    clock = local.strftime("%H:%M:%S" if local.second else "%H:%M")
    for written in (clock, f"{WEEKDAYS[local.weekday()]} {clock}"):
        if local.date() != before.date() and written == clock:
            continue
        if read_moment(written, since, zone) == moment:
            return written
    return f"{local.date().isoformat()} {clock}"
