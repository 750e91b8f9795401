"""Answers without a name in the database: how often each was given, and nothing about by whom or when."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from checkin.flow.model import Value
from checkin.store.tables import tallies
from checkin.store.unit import Unit


@dataclass(frozen=True, slots=True)
class Tally:
    """How often one answer was given to one question in the week that began on a Monday."""

    name: str
    week: date
    value: Value
    count: int


def add(unit: Unit, *, flow: str, name: str, week: date, value: Value) -> None:
    """Count one answer."""
    row = {"flow": flow, "name": name, "week": week.isoformat(), "value": json.dumps(value)}
    unit.write(_add[unit.dialect], row)


def of_flow(unit: Unit, flow: str) -> Sequence[Tally]:
    """Return what was counted of a flow's answers, oldest week first."""
    return [
        Tally(row.name, date.fromisoformat(row.week), json.loads(row.value), row.times)
        for row in unit.read(_of_flow, {"of_flow": flow})
    ]


def _adding(insert: Any) -> Any:
    return insert.values(
        {name: sa.bindparam(name) for name in ("flow", "name", "week", "value")} | {"times": 1}
    ).on_conflict_do_update(
        index_elements=["flow", "name", "week", "value"], set_={"times": tallies.c.times + 1}
    )


_add = {"sqlite": _adding(sqlite.insert(tallies)), "postgresql": _adding(postgresql.insert(tallies))}
_of_flow = (
    sa.select(tallies)
    .where(tallies.c.flow == sa.bindparam("of_flow"))
    .order_by(tallies.c.week, tallies.c.name, tallies.c.value)
)
