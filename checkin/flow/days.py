"""How days, periods and lines of cron are written in a flow.

Knows the words of a calendar. Must not know when anything starts (that is `checkin.timing`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Annotated, NamedTuple

from pydantic import AfterValidator, BeforeValidator, PlainSerializer, WithJsonSchema

from checkin.flow.guess import did_you_mean
from checkin.flow.parts import check_at, check_name, parse_length, refused, write_length
from checkin.timing.schedule import MOST_SPREAD, MOST_TIMES, read_cron

__all__ = [
    "MOST_TIMES", "WEEKDAYS", "Cron", "Day", "DayName", "Days", "Period", "Spread", "at_when", "parse_date",
    "read_period", "until_when",
]  # fmt: skip

DAYS: Mapping[str, frozenset[int]] = {
    "day": frozenset(range(1, 8)), "weekday": frozenset(range(1, 6)),
    "monday": frozenset((1,)), "tuesday": frozenset((2,)), "wednesday": frozenset((3,)),
    "thursday": frozenset((4,)), "friday": frozenset((5,)), "saturday": frozenset((6,)),
    "sunday": frozenset((7,)),
}  # fmt: skip
WEEKDAYS: Mapping[str, int] = {name: min(days) for name, days in DAYS.items() if len(days) == 1}
"""The days of the week and their ISO numbers: 1 is Monday."""
PLACES: Mapping[str, int] = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": -1}
_WEEKS = re.compile(r"([1-9][0-9]?) weeks?")


class Days(NamedTuple):
    """ISO weekdays, in every so many weeks or as the n-th of the month."""

    days: frozenset[int]
    weeks: int = 1
    nth: int | None = None


def read_period(every: str | list[str], on: str | list[str] | None) -> Days:
    """Return the days that were checked by `Period` and `DayName`."""
    if isinstance(every, list):
        return Days(_together(every))
    weeks = _WEEKS.fullmatch(every)
    if weeks is not None:
        return Days(_together([on] if isinstance(on, str) else on or ["monday"]), int(weeks[1]))
    place, _, day = every.rpartition(" ")
    return Days(DAYS[day], 1, PLACES[place] if place else None)


def _together(names: list[str]) -> frozenset[int]:
    return frozenset().union(*(DAYS[name] for name in names))


def _day_name(value: str) -> str:
    if value not in DAYS:
        near = did_you_mean(value, DAYS)
        message = f"`{value}` is no day." + (f" Did you mean `{near}`?" if near else "")
        raise refused(message, f"Write {near}." if near else f"Write one of: {', '.join(DAYS)}.")
    return value


def _period(value: str) -> str:
    value = " ".join(value.split())
    weeks = _WEEKS.fullmatch(value)
    if weeks is not None and int(weeks[1]) <= 52:
        return f"{weeks[1]} weeks"
    place, _, day = value.rpartition(" ")
    if day in DAYS and (not place or place in PLACES):
        return value
    named = [word for word in re.findall(r"[a-z]+", value.lower()) if word in DAYS]
    if value.lower() in ("week", "weekly"):
        raise refused("Once a week is written as the day of the week.", "every: monday")
    if len(named) > 1:
        raise refused("Several days are written as a list.", f"every: [{', '.join(named)}]")
    known = (*DAYS, *(f"{place} {day}" for place in PLACES for day in DAYS), "2 weeks")
    near = did_you_mean(value, known)
    message = f"`{value}` cannot be understood here." + (f" Did you mean `{near}`?" if near else "")
    raise refused(
        message, f"every: {near}" if near else "Write day, weekday, monday, first monday or 2 weeks."
    )


def parse_date(value: object) -> date:
    """Return a date that was written as year, month and day; raise an error in plain words."""
    if isinstance(value, date):
        return value
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise refused("This is not a date.", "Write year, month and day: 2026-11-02.")


def until_when(value: str) -> str:
    """Return a time of day, a day, a weekday or a name; raise an error in plain words."""
    if ":" in value:
        return check_at(value)
    if value[:1].isdigit():
        return parse_date(value).isoformat()
    return check_name(value)


def at_when(value: str) -> str:
    """Return a time of day, or the name under which one is kept; raise an error in plain words."""
    return check_at(value) if value[:1].isdigit() or ":" in value else check_name(value)


def _cron(value: str) -> str:
    try:
        read_cron(value)
    except ValueError:
        message = "This is not a line of cron that means one time of a day."
        raise refused(message, 'Write minute, hour, day, month, weekday: "30 9 * * 1-5".') from None
    return value


def _spread(value: object) -> timedelta:
    length = parse_length(value)
    if length > MOST_SPREAD:
        raise refused("Starts are spread by at most two hours.", "Write for example 15m.")
    return length


_names = "|".join(DAYS)
DayName = Annotated[str, AfterValidator(_day_name), WithJsonSchema({"enum": list(DAYS)})]
Period = Annotated[
    str,
    AfterValidator(_period),
    WithJsonSchema(
        {"type": "string", "pattern": rf"^((({'|'.join(PLACES)}) +)?({_names})|[1-9][0-9]? +weeks?)$"}
    ),
]
Day = Annotated[
    date,
    BeforeValidator(parse_date),
    WithJsonSchema({"type": "string", "pattern": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}),
]
Cron = Annotated[str, AfterValidator(_cron), WithJsonSchema({"type": "string"})]
Spread = Annotated[
    timedelta,
    BeforeValidator(_spread),
    PlainSerializer(write_length, when_used="json"),
    WithJsonSchema({"type": "string"}),
]
