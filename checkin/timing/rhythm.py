"""How often, at what time and on which days one member wants to be asked, and how that bends a schedule.

Knows what a member chose and how many check-ins in a row were not answered. Must not know members, flows or
messages.

Where a member chose nothing, the program's schedule stands. What they chose goes before it:

* a time of their own replaces the schedule's, days of their own leave out its other days;
* `gap` is the fewest days from one check-in to the next (LESS makes it longer, MORE shorter);
* hours of their own replace the program's allowed hours; on a day whose hours do not hold the time, the
  check-in comes when they begin, if that is less than half a day off.

After `WEEKLY_AFTER` check-ins in a row without an answer at most one a week is begun, until one is answered
(frequency caps and back-off: fatigue grows with every unanswered text).
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from checkin.timing.hours import AllowedHours, is_allowed, spread_within
from checkin.timing.schedule import Rule, next_start

GAPS = (1, 2, 4, 7, 14)
"""The least days between two check-ins that LESS and MORE go through: daily, every other day, twice a week,
weekly, every other week."""

WEEKLY_AFTER = 3
"""So many check-ins in a row without an answer, and they come weekly."""

WEEK = 7


@dataclass(frozen=True, slots=True)
class Rhythm:
    """What one member chose, and how it has gone lately. None is as the program has it.

    `at` is `HH:MM`, `days` are ISO weekdays, `last` is the member's own date on which a check-in last began.
    `calls` is whether they want to be called, and `contacts` whether their trusted contacts may be told, when
    they have missed a check-in.
    """

    at: str | None = None
    days: frozenset[int] | None = None
    gap: int = GAPS[0]
    hours: AllowedHours | None = None
    calls: bool | None = None
    contacts: bool | None = None
    unanswered: int = 0
    last: date | None = None

    @property
    def least_gap(self) -> int:
        """How many days there are at least from one check-in to the next."""
        return max(self.gap, WEEK) if self.unanswered >= WEEKLY_AFTER else self.gap

    def rarer(self) -> Rhythm:
        """Return the next rarer rhythm than the one that counts now; the rarest stays."""
        gap = next((gap for gap in GAPS if gap > self.least_gap), GAPS[-1])
        return replace(self, gap=gap, unanswered=0)

    def oftener(self) -> Rhythm:
        """Return the next more frequent rhythm; what nobody answered is forgotten."""
        gap = next((gap for gap in reversed(GAPS) if gap < self.gap), GAPS[0])
        return replace(self, gap=gap, unanswered=0)

    def counted_from(self, today: date, before: Rhythm) -> Rhythm:
        """Return this rhythm with its gap counted from today, where none was counted before.

        `last` is only kept up while there is a gap; else it may be long ago.
        """
        return replace(self, last=today) if self.least_gap > before.least_gap == 1 else self

    def unheard(self, today: date) -> Rhythm:
        """Return the rhythm after one more check-in without an answer."""
        return replace(self, unanswered=self.unanswered + 1).counted_from(today, self)

    def bend(self, rule: Rule) -> Rule:
        """Return a schedule's rule as this member wants it. Days that would leave none are not left out.

        Nor are days of the month: who is asked on the first is asked on it, whatever day of the week it is.
        """
        if self.at is None and self.days is None:
            return rule
        rule = rule.by_weekday()
        days = rule.days & self.days if self.days is not None and rule.nth is None else rule.days
        return replace(rule, at=self.at or rule.at, days=days or rule.days)

    def to_text(self) -> str | None:
        """Return the rhythm as JSON, or None where nothing is out of the ordinary."""
        if self == AS_PLANNED:
            return None
        hours = self.hours
        return json.dumps(
            {
                "at": self.at,
                "days": None if self.days is None else sorted(self.days),
                "gap": self.gap,
                "hours": None if hours is None else [hours.start, hours.end, _days_to_json(hours)],
                "calls": self.calls,
                "contacts": self.contacts,
                "unanswered": self.unanswered,
                "last": None if self.last is None else self.last.isoformat(),
            },
            separators=(",", ":"),
        )


AS_PLANNED = Rhythm()
"""The rhythm of somebody who chose nothing and answers."""


def _days_to_json(hours: AllowedHours) -> Mapping[str, Any]:
    return {str(day): span for day, span in sorted(hours.days.items())}


@functools.lru_cache(maxsize=4096)
def read_rhythm(text: str | None) -> Rhythm:
    """Return the rhythm that `to_text` wrote."""
    if text is None:
        return AS_PLANNED
    data = json.loads(text)
    return Rhythm(
        at=data["at"],
        days=None if data["days"] is None else frozenset(data["days"]),
        gap=data["gap"],
        hours=None if data["hours"] is None else _hours_from_json(*data["hours"]),
        calls=data["calls"],
        contacts=data["contacts"],
        unanswered=data["unanswered"],
        last=None if data["last"] is None else date.fromisoformat(data["last"]),
    )


def _hours_from_json(start: int, end: int, days: Mapping[str, Any]) -> AllowedHours:
    spans = {int(day): None if span is None else (span[0], span[1]) for day, span in days.items()}
    return AllowedHours(start, end, spans)


def next_check_in(
    rule: Rule,
    rhythm: Rhythm,
    zone: str,
    after: datetime,
    *,
    hours: AllowedHours,
    draw: Callable[[datetime], float] = lambda _: 0.0,
    spread: timedelta = timedelta(0),
    holidays: Collection[date] = frozenset(),
) -> datetime | None:
    """Return the first start after `after` (aware) that this member wants, in UTC; None where there is none.

    `hours` are the allowed hours that count for this member. `draw` gives a number from -1 to 1 for a start,
    the same each time: the start moves by so much of `spread`, within the hours.
    """
    bent, tz = rhythm.bend(rule), ZoneInfo(zone)
    if rhythm.last is not None and rhythm.least_gap > 1:
        first_day = rhythm.last + timedelta(days=rhythm.least_gap)
        earliest = datetime.combine(first_day, time(), tzinfo=tz) - timedelta(microseconds=1)
        after = max(after, earliest)

    def moved(start: datetime) -> timedelta:
        if rhythm.hours is not None and not is_allowed(start, zone, hours):
            return _into_the_day(start, tz, hours)
        if not spread:
            return timedelta(0)
        return spread_within(start, draw(start), spread, zone, hours)

    moves = rhythm.hours is not None or bool(spread)
    return next_start(bent, zone, after, holidays=holidays, spread=moved if moves else None)


def _into_the_day(start: datetime, tz: ZoneInfo, hours: AllowedHours) -> timedelta:
    """Return how far it is from a start to where the hours of its own day begin; nothing on a day without."""
    local = start.astimezone(tz)
    span = hours.span(local.isoweekday())
    if span is None:
        return timedelta(0)
    opens = datetime.combine(local.date(), time(span[0] // 60, span[0] % 60), tzinfo=tz)
    way = opens.astimezone(UTC) - start.astimezone(UTC)
    return way if abs(way) < timedelta(hours=12) and is_allowed(start + way, str(tz), hours) else timedelta(0)
