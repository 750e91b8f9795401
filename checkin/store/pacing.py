"""When the sender is free again: one row, booked by one statement, the same for every worker."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from checkin.store.tables import pacing
from checkin.store.unit import Unit

SENDER = "texts"
"""All texts of a deployment go out by one sender."""

CALLS = "calls"
"""The calls' own row."""


_MICROS = 1_000_000


def book(unit: Unit, *, now: float, slack: float, seconds: float, sender: str = SENDER) -> bool:
    """Book the sender for so many seconds from now, if it is free; return whether it was.

    Who comes up to `slack` seconds late has not lost them. A unit that books must do nothing else.
    """
    moments = {"now": now, "since": now - slack, "cost": seconds, "first": now + seconds}
    values = {name: _micros(moment) for name, moment in moments.items()}
    return bool(unit.execute(_book[unit.dialect], {"of_sender": sender, **values}))


def free_at(unit: Unit, sender: str = SENDER) -> float:
    """Return when the sender is free again, in seconds since 1970; 0 where it was never used."""
    row = unit.first(_free_at, {"of_sender": sender})
    return 0.0 if row is None else row.free_at / _MICROS


def spend(unit: Unit, seconds: float, sender: str = SENDER) -> None:
    """Add to what is booked (or give back, below zero) what was used in truth."""
    unit.write(_spend, {"of_sender": sender, "cost": _micros(seconds)})


def hold(unit: Unit, until: float) -> None:
    """Let nothing routine out before this moment: the carrier has asked for less."""
    unit.write(_hold[unit.dialect], {"of_sender": SENDER, "until": _micros(until)})


def _micros(seconds: float) -> int:
    return round(seconds * _MICROS)


_p = sa.bindparam
_number = sa.BigInteger()


def _booking(insert: Any) -> Any:
    since = _p("since", type_=_number)
    later = sa.case((pacing.c.free_at > since, pacing.c.free_at), else_=since)
    values = {"sender": _p("of_sender"), "free_at": _p("first", type_=_number)}
    return (
        insert.values(values)
        .on_conflict_do_update(
            index_elements=["sender"],
            set_={"free_at": later + _p("cost", type_=_number)},
            where=pacing.c.free_at <= _p("now", type_=_number),
        )
        .returning(pacing.c.free_at)
    )


def _holding(insert: Any) -> Any:
    until = _p("until", type_=_number)
    return insert.values({"sender": _p("of_sender"), "free_at": until}).on_conflict_do_update(
        index_elements=["sender"], set_={"free_at": until}, where=pacing.c.free_at < until
    )


_book = {"sqlite": _booking(sqlite.insert(pacing)), "postgresql": _booking(postgresql.insert(pacing))}
_hold = {"sqlite": _holding(sqlite.insert(pacing)), "postgresql": _holding(postgresql.insert(pacing))}
_free_at = sa.select(pacing.c.free_at).where(pacing.c.sender == _p("of_sender"))
_spend = (
    sa.update(pacing)
    .where(pacing.c.sender == _p("of_sender"))
    .values(free_at=pacing.c.free_at + _p("cost", type_=_number))
)
