"""Many people at once: who of a list is known already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from checkin.flow.model import Values
from checkin.store.situations import Person
from checkin.store.tables import members, people
from checkin.store.unit import Unit
from checkin.timing.rhythm import read_rhythm

_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Known:
    """Somebody whose number is known; `state` is None where they are no member."""

    person: Person
    state: str | None
    fields: Values = field(default_factory=dict)
    """What the program keeps with a member besides name and language."""


def known(unit: Unit, numbers: Sequence[str]) -> Mapping[str, Known]:
    """Return who has which of these E.164 numbers."""
    found: dict[str, Known] = {}
    for start in range(0, len(numbers), _AT_ONCE):
        some = numbers[start : start + _AT_ONCE]
        indices = {unit.vault.index(number): number for number in some}
        # A statement of its own for each batch: how many there are is part of it.
        for row in unit.read(_people.where(people.c.number_index.in_(list(indices)))):
            number = indices[bytes(row.number_index)]
            fields = {} if row.fields is None else unit.vault.open_json("members.fields", row.fields)
            found[number] = Known(_person(unit, row, number), row.state, fields)
    return found


def _person(unit: Unit, row: Any, number: str) -> Person:
    name = None if row.name is None else unit.vault.open("people.name", row.name)
    return Person(
        row.id,
        number,
        name,
        row.language,
        row.zone,
        stopped=row.stopped_at is not None,
        rhythm=read_rhythm(row.rhythm),
        channel=row.channel or "sms",
    )


_people = sa.select(
    people.c.id,
    people.c.number_index,
    people.c.name,
    people.c.language,
    people.c.zone,
    people.c.stopped_at,
    people.c.rhythm,
    people.c.channel,
    members.c.state,
    members.c.fields,
).select_from(people.outerjoin(members, members.c.person_id == people.c.id))
