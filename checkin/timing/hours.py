"""The hours in which a member wants to be written to, on the member's own clock.

Knows time zones and both clock changes. Must not know what is sent, nor that alerts go out at any hour.

What counts is what a clock on the member's wall shows. Where the clocks jump, so do the hours: a window that
opens in the skipped hour opens with the jump, and a minute that comes twice is judged alike both times.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

MINUTES_A_DAY = 24 * 60

Span = tuple[int, int]
"""A start and an end in minutes since midnight, end excluded; one no later than the start is tomorrow's."""

# A single short window in a week can be skipped by a change, and comes a week later.
_LOOK_AHEAD = timedelta(days=16)


@dataclass(frozen=True, slots=True)
class AllowedHours:
    """From `start` to `end`, in minutes since midnight; the end is excluded.

    Hours that end before they start go over midnight; 0 and 1440 both end there. 0 to 1440 is the whole day.
    `days` has other hours, or None for none, for ISO weekdays (1 is Monday); hours belong to the day on which
    they start.
    """

    start: int
    end: int
    days: Mapping[int, Span | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        spans = [(self.start, self.end), *(span for span in self.days.values() if span is not None)]
        if not all(0 <= start < MINUTES_A_DAY and 0 <= end <= MINUTES_A_DAY for start, end in spans):
            raise ValueError("Allowed hours start at 0 to 1439 and end at 0 to 1440.")
        if any(start == end for start, end in spans) or not any(self.span(day) for day in range(1, 8)):
            raise ValueError("Allowed hours are not empty, and not on all days none.")

    def __hash__(self) -> int:
        return hash((self.start, self.end, *sorted(self.days.items())))

    def span(self, weekday: int) -> Span | None:
        """Return the hours that start on an ISO weekday."""
        return self.days.get(weekday, (self.start, self.end))

    def holds(self, local: datetime) -> bool:
        """Whether this local time lies in the hours of its day, or in those that began the day before."""
        minute, today = local.hour * 60 + local.minute, local.isoweekday()
        here, before = self.span(today), self.span((today - 2) % 7 + 1)
        if here is not None and here[0] <= minute and (here[1] <= here[0] or minute < here[1]):
            return True
        return before is not None and before[1] <= before[0] and minute < before[1]


def is_allowed(at: datetime, zone: str, hours: AllowedHours) -> bool:
    """Whether this moment (aware) lies in the hours of somebody in this IANA time zone."""
    return hours.holds(_local(at, zone))


@lru_cache(maxsize=256)
def _local(at: datetime, zone: str) -> datetime:
    """Return a moment on a zone's clock: whoever is due at one moment shares it."""
    return at.astimezone(ZoneInfo(zone))


def spread_within(
    start: datetime, draw: float, spread: timedelta, zone: str, hours: AllowedHours
) -> timedelta:
    """Return by how much a start moves, for a draw from -1 to 1: by that part of the spread.

    Where that would leave the allowed hours it moves the other way; where both would, not at all.
    """
    moved = timedelta(seconds=round(spread.total_seconds() * draw))
    ways = (moved, -moved)
    return next((way for way in ways if is_allowed(start + way, zone, hours)), timedelta(0))


def next_allowed(at: datetime, zone: str, hours: AllowedHours) -> datetime:
    """Return `at` if it is allowed, else the first allowed moment after it; aware, in UTC.

    Hours become allowed when the member's clock reaches their start, or where it is changed, so only these
    moments need to be looked at.
    """
    at = at if at.tzinfo is UTC else at.astimezone(UTC)
    if is_allowed(at, zone, hours):
        return at
    begins = (moment for moment in _opens(at, zone, hours) if moment > at)
    opens = min(moment for moment in begins if is_allowed(moment, zone, hours))
    changes = _clock_changes(at, opens, ZoneInfo(zone))
    return min((moment for moment in changes if is_allowed(moment, zone, hours)), default=opens)


def allowed_until(at: datetime, until: datetime, zone: str, hours: AllowedHours) -> datetime:
    """Return the first moment from `at` on that is not allowed, `until` at the latest; aware, in UTC.

    Hours end when the member's clock reaches their end, or where it is changed.
    """
    at, until, tz = at.astimezone(UTC), until.astimezone(UTC), ZoneInfo(zone)
    moments = [at, *_closes(at, until, tz, hours), *_clock_changes(at, until, tz)]
    ends = (moment for moment in moments if at <= moment < until and not is_allowed(moment, zone, hours))
    return min(ends, default=until)


def _closes(at: datetime, until: datetime, tz: ZoneInfo, hours: AllowedHours) -> Iterator[datetime]:
    """Yield the moments at which the member's clock shows an end of the hours, on the days around these."""
    ends = {span[1] % MINUTES_A_DAY for day in range(1, 8) if (span := hours.span(day)) is not None}
    day, last = at.astimezone(tz).date(), until.astimezone(tz).date()
    while day <= last:
        for end in ends:
            for fold in (0, 1):
                moment = time(end // 60, end % 60, fold=fold)
                yield datetime.combine(day, moment, tzinfo=tz).astimezone(UTC)
        day += timedelta(days=1)


def _opens(at: datetime, zone: str, hours: AllowedHours) -> Iterator[datetime]:
    """Yield the moments at which the member's clock shows the start of the hours, on the days around `at`."""
    tz = ZoneInfo(zone)
    today = at.astimezone(tz).date()
    for days in range(-1, _LOOK_AHEAD.days + 1):
        day = today + timedelta(days=days)
        span = hours.span(day.isoweekday())
        if span is None:
            continue
        for fold in (0, 1):
            start = time(span[0] // 60, span[0] % 60, fold=fold)
            yield datetime.combine(day, start, tzinfo=tz).astimezone(UTC)


def _clock_changes(at: datetime, until: datetime, tz: ZoneInfo) -> Iterator[datetime]:
    """Yield the moments before `until` at which this zone's clocks are changed, to the second."""
    step = timedelta(hours=1)
    low = at.replace(microsecond=0)
    while low < until:
        high = low + step
        if _offset(low, tz) != _offset(high, tz) and (change := _change_between(low, high, tz)) < until:
            yield change
        low = high


def _change_between(low: datetime, high: datetime, tz: ZoneInfo) -> datetime:
    """Return the first second with the new offset."""
    before = _offset(low, tz)
    while high - low > timedelta(seconds=1):
        middle = low + timedelta(seconds=(high - low).total_seconds() // 2)
        if _offset(middle, tz) == before:
            low = middle
        else:
            high = middle
    return high


def _offset(moment: datetime, tz: ZoneInfo) -> timedelta | None:
    return moment.astimezone(tz).utcoffset()
