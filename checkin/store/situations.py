"""What a decision about one person needs to know, in one read.

This is the hot path: a reply is answered from exactly one SELECT and one write. What only some replies need
(alerts, invitations) is told here as a flag or a moment, and read apart when it is there.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa

from checkin.conversation.run import Run
from checkin.flow.model import NO_VALUES, Values
from checkin.people.consent import ASKED
from checkin.store.listed import for_each, list_of
from checkin.store.tables import (
    alerts,
    contacts,
    inbox,
    journal,
    members,
    notifications,
    people,
    runs,
)
from checkin.store.unit import Lookup, Unit
from checkin.store.vault import Vault
from checkin.timing.rhythm import AS_PLANNED, Rhythm, read_rhythm


class Person(NamedTuple):
    """Somebody whose number we know. `number` is E.164."""

    id: str
    number: str
    name: str | None
    language: str
    zone: str | None
    stopped: bool
    rhythm: Rhythm = AS_PLANNED
    """How often and when they want to be asked, where they said so."""
    channel: str = "sms"
    """How they want to be reached: `sms`, or `voice` where they chose to be called."""


class Waiting(NamedTuple):
    """A run that waits. `asked_at` is when its question was asked; None where it waits for a time only."""

    run: Run
    asked_at: datetime | None


class Situation(NamedTuple):
    """A person as an event finds them.

    `member_state` is None for somebody who is not a member. `seq` is the last number of the member's
    journal. `waiting` has the newest question first. `contact_name` is the first trusted contact who agreed,
    `invited_name` the newest who was invited and has not answered. `notified_at` and `invited_at` say when
    this person was last told of an alert, or invited by a member, and may still answer.
    """

    person: Person
    member_state: str | None
    paused_until: datetime | None
    seq: int
    waiting: tuple[Waiting, ...]
    has_alert: bool
    contact_name: str | None
    invited_name: str | None
    notified_at: datetime | None
    invited_at: datetime | None
    joined_at: datetime | None = None
    fields: Values = NO_VALUES
    """What the program keeps with a member besides name and language."""

    @property
    def question(self) -> Waiting | None:
        """Return the run whose question was asked last and waits for an answer."""
        return self.waiting[0] if self.waiting and self.waiting[0].asked_at is not None else None

    def waiting_since(self, run_id: str) -> datetime | None:
        """Return when this run asked the question that it waits with."""
        return next((one.asked_at for one in self.waiting if one.run.id == run_id), None)


MOST_TEXTS = ((30, timedelta(minutes=10)), (80, timedelta(hours=12)))
"""So many texts of one number are answered in so long (`checkin.service.guard`). A lively conversation of a
person has about twenty in ten minutes; a robot that answers within some minutes reaches the second."""

FEW_TEXTS = 8
"""Who has sent fewer in the longest of these times can't have sent too many: nothing else is asked then."""


class Found(NamedTuple):
    """The answer to a text: whether its id is known already, and who sent it.

    `few_ago` is when the number sent the text that is `FEW_TEXTS` back, if any.
    """

    stored_answer: bytes | None
    situation: Situation | None
    few_ago: datetime | None = None


_contact = contacts.alias("contact")
_own = sa.and_(_contact.c.member_id == people.c.id)
_asked = sa.or_(*(_contact.c.state == state.value for state in ASKED))
_columns = (
    people.c.id,
    people.c.number,
    people.c.name,
    people.c.language,
    people.c.zone,
    people.c.stopped_at,
    people.c.rhythm,
    people.c.channel,
    members.c.state.label("member_state"),
    members.c.paused_until,
    members.c.joined_at,
    members.c.fields,
    runs.c.data.label("run"),
    runs.c.asked_at,
    sa.select(sa.func.max(journal.c.seq))
    .where(journal.c.member_id == people.c.id)
    .scalar_subquery()
    .label("seq"),
    sa.exists().where(alerts.c.member_id == people.c.id, alerts.c.closed_at.is_(None)).label("has_alert"),
    sa.select(_contact.c.name)
    .where(_own, _contact.c.state == "accepted", _contact.c.for_support)
    .order_by(_contact.c.position)
    .limit(1)
    .scalar_subquery()
    .label("contact_name"),
    sa.select(_contact.c.name)
    .where(_own, _asked)
    .order_by(_contact.c.invited_at.desc())
    .limit(1)
    .scalar_subquery()
    .label("invited_name"),
    sa.select(sa.func.max(notifications.c.told_at))
    .where(notifications.c.person_id == people.c.id, notifications.c.open)
    .scalar_subquery()
    .label("notified_at"),
    sa.select(sa.func.max(_contact.c.invited_at))
    .where(_contact.c.person_id == people.c.id, _asked)
    .scalar_subquery()
    .label("invited_at"),
)
_member = members.c.person_id == people.c.id
_waiting = sa.and_(runs.c.member_id == people.c.id, runs.c.state == sa.literal_column("'waiting'"))

# Flat joins: for a nested one SQLite builds a table of its own, at ten times the cost of all the rest.
_one = sa.select(sa.literal_column("1").label("one")).subquery("one")
_earlier = inbox.alias("earlier")


def _text_ago(most: int) -> sa.ScalarSelect[datetime | None]:
    """When the number sent the text that is so many back."""
    return (
        sa.select(_earlier.c.at)
        .where(_earlier.c.number_index == sa.bindparam("number_index"))
        .order_by(_earlier.c.at.desc())
        .limit(1)
        .offset(most - 1)
        .scalar_subquery()
    )


_texts_ago = sa.select(*(_text_ago(most).label(f"texts_ago_{most}") for most, _ in MOST_TEXTS))
_few_ago = _text_ago(FEW_TEXTS).label("few_ago")
_by_message = sa.select(inbox.c.answer.label("stored_answer"), _few_ago, *_columns).select_from(
    _one.outerjoin(inbox, inbox.c.carrier_id == sa.bindparam("message_id"))
    .outerjoin(people, people.c.number_index == sa.bindparam("number_index"))
    .outerjoin(members, _member)
    .outerjoin(runs, _waiting)
)
_by_person = (
    sa.select(*_columns)
    .select_from(people.outerjoin(members, _member).outerjoin(runs, _waiting))
    .where(people.c.id == sa.bindparam("person_id"))
)
_by_people = for_each(
    sa.select(*_columns).select_from(people.outerjoin(members, _member).outerjoin(runs, _waiting)),
    people.c.id,
)
_NEVER = datetime.min.replace(tzinfo=UTC)


def lookup(message_id: str, number_index: bytes) -> Lookup:
    """Return what `find` will read, to be looked up beforehand."""
    return Lookup(number_index, _by_message, {"message_id": message_id, "number_index": number_index})


def find(unit: Unit, message_id: str, number_index: bytes) -> Found:
    """Look up a message's id and its sender, in one read."""
    rows = unit.read(_by_message, {"message_id": message_id, "number_index": number_index})
    situation = _situation(unit.vault, rows) if rows[0].id is not None else None
    return Found(rows[0].stored_answer, situation, rows[0].few_ago)


def texts_ago(unit: Unit, number_index: bytes) -> tuple[datetime | None, ...]:
    """Return for each of `MOST_TEXTS` when the number sent the text that is so many back, if any."""
    row = unit.first(_texts_ago, {"number_index": number_index})
    assert row is not None
    return tuple(row)


def of_person(unit: Unit, person_id: str) -> Situation | None:
    """Read one person's situation, or None where nobody has this id."""
    rows = unit.read(_by_person, {"person_id": person_id})
    return _situation(unit.vault, rows) if rows else None


def of_people(unit: Unit, ids: Iterable[str]) -> list[Situation]:
    """Read the situations of many people at once."""
    by_id: dict[str, list[Any]] = {}
    for row in unit.execute(_by_people[unit.dialect], {"ids": list_of(ids)}):
        by_id.setdefault(row.id, []).append(row)
    return [_situation(unit.vault, rows) for rows in by_id.values()]


def newest_first(waiting: Iterable[Waiting]) -> tuple[Waiting, ...]:
    """Return waiting runs with the question that was asked last in front."""
    known = tuple(waiting)
    if len(known) < 2:
        return known
    return tuple(sorted(known, key=lambda one: one.asked_at or _NEVER, reverse=True))


def _situation(vault: Vault, rows: Any) -> Situation:
    row = rows[0]
    return Situation(
        person=Person(
            id=row.id,
            number=vault.open("people.number", row.number),
            name=None if row.name is None else vault.open("people.name", row.name),
            language=row.language,
            zone=row.zone,
            stopped=row.stopped_at is not None,
            rhythm=read_rhythm(row.rhythm),
            channel=row.channel or "sms",
        ),
        member_state=row.member_state,
        paused_until=row.paused_until,
        seq=row.seq or 0,
        waiting=newest_first(
            Waiting(Run.from_json(vault.open_json("runs.data", r.run)), r.asked_at)
            for r in rows
            if r.run is not None
        ),
        has_alert=bool(row.has_alert),
        contact_name=None if row.contact_name is None else vault.open("contacts.name", row.contact_name),
        invited_name=None if row.invited_name is None else vault.open("contacts.name", row.invited_name),
        notified_at=row.notified_at,
        invited_at=row.invited_at,
        joined_at=row.joined_at,
        fields={} if row.fields is None else vault.open_json("members.fields", row.fields),
    )
