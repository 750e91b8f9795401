"""People, members and consents in the database."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from checkin.flow.model import Values
from checkin.people.consent import Asked, Consent
from checkin.store.listed import for_each, list_of
from checkin.store.situations import Person
from checkin.store.tables import Instant, consents, members, people
from checkin.store.unit import Unit
from checkin.timing.rhythm import Rhythm, read_rhythm


def by_number(unit: Unit, number: str) -> Person | None:
    """Return who has this E.164 number, if anybody."""
    row = unit.first(_person_by_index, {"index": unit.vault.index(number)})
    return None if row is None else _person(unit, row)


def by_id(unit: Unit, person_id: str) -> Person:
    """Return the person with this id, which must exist."""
    row = unit.first(_person_by_id, {"person_id": person_id})
    assert row is not None, "a person id that nobody has"
    return _person(unit, row)


def by_ids(unit: Unit, ids: Iterable[str]) -> dict[str, Person]:
    """Return the people with these ids, by id."""
    rows = unit.execute(_people_by_ids[unit.dialect], {"ids": list_of(ids)})
    return {row.id: _person(unit, row) for row in rows}


def add(unit: Unit, person: Person, at: datetime) -> None:
    """Add a person. Somebody else with the same number makes the unit a conflict, and it runs again."""
    unit.write(
        _insert_person,
        {
            "id": person.id,
            "number_index": unit.vault.index(person.number),
            "number": unit.vault.seal("people.number", person.number),
            "name": None if person.name is None else unit.vault.seal("people.name", person.name),
            "language": person.language,
            "zone": person.zone,
            "created_at": at,
        },
    )


def rename(unit: Unit, person_id: str, name: str) -> None:
    """Keep the name that a person wants to be called."""
    unit.write(_set_name, {"person_id": person_id, "new_name": unit.vault.seal("people.name", name)})


def set_language(unit: Unit, person_id: str, language: str) -> None:
    """Keep the language that a person wants to be written to in."""
    unit.write(_set_language, {"person_id": person_id, "new_language": language})


def set_zone(unit: Unit, person_id: str, zone: str) -> None:
    """Keep the time zone that a person lives in."""
    unit.write(_set_zone, {"person_id": person_id, "new_zone": zone})


def set_rhythm(unit: Unit, person_id: str, rhythm: Rhythm) -> None:
    """Keep how often and when a person wants to be asked, and how many check-ins went unanswered."""
    unit.write(_set_rhythm, {"person_id": person_id, "new_rhythm": rhythm.to_text()})


def set_channel(unit: Unit, person_id: str, channel: str) -> None:
    """Change how a person wants to be reached: `sms` or `voice`."""
    unit.write(_set_channel, {"person_id": person_id, "new_channel": channel})


def set_stopped(unit: Unit, person_id: str, at: datetime | None) -> None:
    """Note that a number said STOP (a moment), or START (None)."""
    unit.write(_set_stopped, {"person_id": person_id, "new_stopped_at": at})


def add_member(unit: Unit, person_id: str, state: str, *, joined_at: datetime | None = None) -> None:
    """Make a person a member; `joined_at` is when they agreed to check-ins, if they have."""
    unit.write(_insert_member, {"person_id": person_id, "state": state, "joined_at": joined_at})


def set_member_state(
    unit: Unit,
    person_id: str,
    state: str,
    *,
    paused_until: datetime | None = None,
    joined_at: datetime | None = None,
) -> None:
    """Move a member to another state; `joined_at` is kept where it is not given."""
    unit.write(
        _set_member_state,
        {
            "member": person_id,
            "new_state": state,
            "new_paused_until": paused_until,
            "new_joined_at": joined_at,
        },
    )


def set_fields(unit: Unit, person_id: str, fields: Values) -> None:
    """Keep what the program knows of a member besides name and language."""
    sealed = unit.vault.seal_json("members.fields", dict(fields))
    unit.write(_set_fields, {"member": person_id, "new_fields": sealed})


def active_members(unit: Unit) -> Sequence[str]:
    """Return the ids of all members who are active or paused."""
    return [row.person_id for row in unit.read(_active_members)]


def record_consent(unit: Unit, consent: Consent, *, id: str) -> None:
    """Record that a person agreed, or did not, to exactly this wording."""
    unit.write(
        _insert_consent,
        {
            "id": id,
            "person_id": consent.person,
            "about": consent.about,
            "given": consent.given,
            "wording": unit.vault.seal("consents.wording", consent.asked.wording),
            "version": consent.asked.version,
            "language": consent.asked.language,
            "channel": consent.channel,
            "at": consent.at,
        },
    )


def consents_of(unit: Unit, person_id: str) -> Sequence[Consent]:
    """Return a person's consents, oldest first."""
    return [
        Consent(
            row.person_id,
            row.about,
            row.given,
            Asked(unit.vault.open("consents.wording", row.wording), row.version, row.language),
            row.channel,
            row.at,
        )
        for row in unit.read(_consents_of, {"person": person_id})
    ]


def _person(unit: Unit, row: Any) -> Person:
    return Person(
        id=row.id,
        number=unit.vault.open("people.number", row.number),
        name=None if row.name is None else unit.vault.open("people.name", row.name),
        language=row.language,
        zone=row.zone,
        stopped=row.stopped_at is not None,
        rhythm=read_rhythm(row.rhythm),
        channel=row.channel or "sms",
    )


_p = sa.bindparam
_person_by_index = sa.select(people).where(people.c.number_index == _p("index"))
_person_by_id = sa.select(people).where(people.c.id == _p("person_id"))
_people_by_ids = for_each(sa.select(people), people.c.id)
_insert_person = sa.insert(people)
_of_person = sa.update(people).where(people.c.id == _p("person_id"))
_set_name = _of_person.values(name=_p("new_name"))
_set_language = _of_person.values(language=_p("new_language"))
_set_zone = _of_person.values(zone=_p("new_zone"))
_set_rhythm = _of_person.values(rhythm=_p("new_rhythm"))
_set_channel = _of_person.values(channel=_p("new_channel"))
_set_stopped = _of_person.values(stopped_at=_p("new_stopped_at"))
_insert_member = sa.insert(members)
_set_member_state = (
    sa.update(members)
    .where(members.c.person_id == _p("member"))
    .values(
        state=_p("new_state"),
        paused_until=_p("new_paused_until"),
        joined_at=sa.func.coalesce(_p("new_joined_at", type_=Instant), members.c.joined_at),
    )
)
_set_fields = sa.update(members).where(members.c.person_id == _p("member")).values(fields=_p("new_fields"))
_active_members = (
    sa.select(members.c.person_id)
    .join(people, people.c.id == members.c.person_id)
    .where(members.c.state.in_(("active", "paused")), people.c.stopped_at.is_(None))
    .order_by(members.c.person_id)
)
_insert_consent = sa.insert(consents)
_consents_of = sa.select(consents).where(consents.c.person_id == _p("person")).order_by(consents.c.at)
