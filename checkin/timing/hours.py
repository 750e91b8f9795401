"""The hours in which a member wants to be written to, on the member's own clock.

Knows time zones and both clock changes. Must not know what is sent, nor that alerts go out at any hour.

What counts is what a clock on the member's wall shows. Where the clocks jump, so do the hours: a window that
opens in the skipped hour opens with the jump, and a minute that comes twice is judged alike both times.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

MINUTES_A_DAY = 24 * 60

# No time zone has ever skipped more than one whole day.
_LOOK_AHEAD = timedelta(days=4)


@dataclass(frozen=True, slots=True)
class AllowedHours:
    """From `start` to `end`, in minutes since midnight; the end is excluded.

    Hours that end before they start go over midnight; 0 and 1440 both end there. 0 to 1440 is the whole day.
    """

    start: int
    end: int

    def __post_init__(self) -> None:
        if not (0 <= self.start < MINUTES_A_DAY and 0 <= self.end <= MINUTES_A_DAY) or self.start == self.end:
            raise ValueError("Allowed hours start at 0 to 1439, end at 0 to 1440, and are not empty.")

    def holds(self, local: time) -> bool:
        """Whether this time of day lies in the hours."""
        minute = local.hour * 60 + local.minute
        if self.start < self.end:
            return self.start <= minute < self.end
        return minute >= self.start or minute < self.end


def is_allowed(at: datetime, zone: str, hours: AllowedHours) -> bool:
    """Whether this moment (aware) lies in the hours of somebody in this IANA time zone."""
    return hours.holds(at.astimezone(ZoneInfo(zone)).time())


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
    at = at.astimezone(UTC)
    if is_allowed(at, zone, hours):
        return at
    candidates = (*_opens(at, zone, hours), *_clock_changes(at, ZoneInfo(zone)))
    return min(moment for moment in candidates if moment > at and is_allowed(moment, zone, hours))


def _opens(at: datetime, zone: str, hours: AllowedHours) -> Iterator[datetime]:
    """Yield the moments at which the member's clock shows the start of the hours, on the days around `at`."""
    tz = ZoneInfo(zone)
    today = at.astimezone(tz).date()
    start = time(hours.start // 60, hours.start % 60)
    for days in range(-1, _LOOK_AHEAD.days + 1):
        for fold in (0, 1):
            local = datetime.combine(today + timedelta(days=days), start, tzinfo=tz).replace(fold=fold)
            yield local.astimezone(UTC)


def _clock_changes(at: datetime, tz: ZoneInfo) -> Iterator[datetime]:
    """Yield the moments soon after `at` at which this zone's clocks are changed, to the second."""
    step = timedelta(hours=1)
    low = at.replace(microsecond=0)
    until = low + _LOOK_AHEAD
    while low < until:
        high = low + step
        if _offset(low, tz) != _offset(high, tz):
            yield _change_between(low, high, tz)
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
