"""When a scheduled conversation starts next, on the member's own clock.

Knows weekdays, times of day and clock changes. Must not know members, flows, or how starts are spread out:
the spread comes in as `jitter`.

The rule is worked out on naive local times (python-dateutil's `rrule`) and only then given a zone, because
a rule over aware times yields moments that do not exist (RFC 5545 §3.3.5 says what to do with them):

* a time that the spring change skips comes just after it, by as much as it was skipped;
* a time that the autumn change doubles comes once, the first time.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from dateutil.rrule import WEEKLY, rrule

# From two days before, so that no zone's date can be missed, to the same weekday after a skipped day.
_LOOK_BACK = timedelta(days=2)
_LOOK_AHEAD = timedelta(days=17)


def next_start(
    days: frozenset[int], at: str, zone: str, after: datetime, *, jitter: timedelta = timedelta(0)
) -> datetime:
    """Return the first start after the cursor `after` (aware), plus `jitter`; aware, in UTC.

    `days` are ISO weekdays, 1 is Monday. `at` is `HH:MM` on the clock of somebody in this IANA time zone.
    `jitter` is zero or more and spreads the starts of many members; as the cursor for the start after this
    one, what this returned may be given with or without it. Raises ValueError for days, a time or a jitter
    that make no sense.
    """
    if not days or not days <= frozenset(range(1, 8)):
        raise ValueError("A schedule has one or more ISO weekdays, 1 to 7.")
    if not timedelta(0) <= jitter < timedelta(hours=12):
        raise ValueError("A start is spread by zero or more, and by less than half a day.")
    tz = ZoneInfo(zone)
    today = after.astimezone(tz).date()
    clock = time_of_day(at)
    rule = rrule(
        WEEKLY,
        byweekday=[day - 1 for day in sorted(days)],
        dtstart=datetime.combine(today - _LOOK_BACK, clock),
        until=datetime.combine(today + _LOOK_AHEAD, clock),
    )
    starts = (local.replace(tzinfo=tz, fold=0).astimezone(UTC) for local in rule)
    return next(start for start in starts if start > after) + jitter


def time_of_day(at: str) -> time:
    """Return `HH:MM` as a time of day. Raises ValueError for anything else."""
    hours, colon, minutes = at.partition(":")
    if not (colon and len(at) == 5 and at.isascii() and hours.isdigit() and minutes.isdigit()):
        raise ValueError("A time of day is written HH:MM.")
    return time(int(hours), int(minutes))
