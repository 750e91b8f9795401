"""Trusted contacts and the invitations that were sent, in the database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from checkin.people.consent import Asked, ContactState
from checkin.people.invitations import DAY, MONTH
from checkin.people.wishes import Wishes
from checkin.store.tables import contacts, invitations, people
from checkin.store.unit import Unit


@dataclass(frozen=True, slots=True)
class Contact:
    """A trusted contact of a member, as that member calls them.

    `asked` is what they were asked last, as it was said. `for_support` and `for_missed` say what they are
    told of: the member's requests for support, and check-ins that the member missed. `stopped`: their number
    has said STOP.
    """

    id: str
    member_id: str
    person_id: str
    name: str
    position: int
    state: ContactState
    invited_at: datetime
    changed_at: datetime
    asked: Asked | None = None
    wishes: Wishes = field(default_factory=Wishes)
    for_support: bool = True
    for_missed: bool = False
    paused_until: datetime | None = None
    stopped: bool = False


def of_member(unit: Unit, member_id: str) -> Sequence[Contact]:
    """Return a member's trusted contacts in the member's order, whatever their state."""
    return [_contact(unit, row) for row in unit.read(_of_member, {"member": member_id})]


def of_person(unit: Unit, person_id: str) -> Sequence[Contact]:
    """Return whose trusted contact this person is or was asked to be, newest invitation first."""
    return [_contact(unit, row) for row in unit.read(_of_person, {"person": person_id})]


def by_id(unit: Unit, contact_id: str) -> Contact | None:
    """Return one trusted contact."""
    row = unit.first(_by_id, {"contact": contact_id})
    return None if row is None else _contact(unit, row)


def add(unit: Unit, contact: Contact) -> None:
    """Add a trusted contact who is being invited for the first time."""
    unit.write(
        _insert,
        {
            "id": contact.id,
            "member_id": contact.member_id,
            "person_id": contact.person_id,
            "position": contact.position,
            **_changing(unit, contact),
        },
    )


def save(unit: Unit, contact: Contact, *, was: Contact) -> None:
    """Store what an event has made of a contact; a Conflict if they have moved since they were read."""
    new = {f"new_{name}": value for name, value in _changing(unit, contact).items()}
    unit.write(_update, {"contact": contact.id, "was": was.state.value, **new}, expect=1)


def set_positions(unit: Unit, in_order: Sequence[Contact]) -> None:
    """Keep the order in which a member wants their trusted contacts to be asked."""
    for position, contact in enumerate(in_order, start=1):
        unit.write(_set_position, {"contact": contact.id, "new_position": position})


def count_invitation(unit: Unit, *, id: str, member_id: str, number: str, country: str, at: datetime) -> None:
    """Note that an invitation was sent."""
    index = unit.vault.index(number)
    unit.write(
        _insert_invitation,
        {"id": id, "member_id": member_id, "number_index": index, "country": country, "at": at},
    )


def invited_by(unit: Unit, member_id: str, now: datetime) -> tuple[datetime, ...]:
    """Return when this member invited anybody within the last day."""
    return tuple(row.at for row in unit.read(_invited_by, {"member": member_id, "since": now - DAY}))


def invited_at(unit: Unit, number: str, now: datetime) -> tuple[datetime, ...]:
    """Return when anybody invited this number within the last month."""
    values = {"index": unit.vault.index(number), "since": now - MONTH}
    return tuple(row.at for row in unit.read(_invited_number, values))


def invited_in(unit: Unit, country: str, now: datetime, *, within: timedelta = DAY) -> int:
    """Return how many invitations went to numbers of this country within the last day."""
    row = unit.first(_invited_in, {"in_country": country, "since": now - within})
    assert row is not None, "a count is always a row"
    return int(row.many)


def _changing(unit: Unit, contact: Contact) -> dict[str, Any]:
    seal_json = unit.vault.seal_json
    return {
        "name": unit.vault.seal("contacts.name", contact.name),
        "state": contact.state.value,
        "invited_at": contact.invited_at,
        "changed_at": contact.changed_at,
        "asked": None if contact.asked is None else seal_json("contacts.asked", asdict(contact.asked)),
        "wishes": seal_json("contacts.wishes", contact.wishes.to_json()),
        "for_support": contact.for_support,
        "for_missed": contact.for_missed,
        "paused_until": contact.paused_until,
    }


def _contact(unit: Unit, row: Any) -> Contact:
    open_json = unit.vault.open_json
    return Contact(
        id=row.id,
        member_id=row.member_id,
        person_id=row.person_id,
        name=unit.vault.open("contacts.name", row.name),
        position=row.position,
        state=ContactState(row.state),
        invited_at=row.invited_at,
        changed_at=row.changed_at,
        asked=None if row.asked is None else Asked(**open_json("contacts.asked", row.asked)),
        wishes=Wishes() if row.wishes is None else Wishes.from_json(open_json("contacts.wishes", row.wishes)),
        for_support=row.for_support,
        for_missed=row.for_missed,
        paused_until=row.paused_until,
        stopped=row.stopped_at is not None,
    )


_p = sa.bindparam
_rows = sa.select(contacts, people.c.stopped_at).join(people, people.c.id == contacts.c.person_id)
_of_member = _rows.where(contacts.c.member_id == _p("member")).order_by(contacts.c.position)
_of_person = _rows.where(contacts.c.person_id == _p("person")).order_by(contacts.c.invited_at.desc())
_by_id = _rows.where(contacts.c.id == _p("contact"))
_insert = sa.insert(contacts)
_this = sa.update(contacts).where(contacts.c.id == _p("contact"))
_update = _this.where(contacts.c.state == _p("was")).values(
    name=_p("new_name"),
    state=_p("new_state"),
    invited_at=_p("new_invited_at"),
    changed_at=_p("new_changed_at"),
    asked=_p("new_asked"),
    wishes=_p("new_wishes"),
    for_support=_p("new_for_support"),
    for_missed=_p("new_for_missed"),
    paused_until=_p("new_paused_until"),
)
_set_position = _this.values(position=_p("new_position"))
_insert_invitation = sa.insert(invitations)
_invited_by = sa.select(invitations.c.at).where(
    invitations.c.member_id == _p("member"), invitations.c.at > _p("since")
)
_invited_number = sa.select(invitations.c.at).where(
    invitations.c.number_index == _p("index"), invitations.c.at > _p("since")
)
_invited_in = sa.select(sa.func.count().label("many")).where(
    invitations.c.country == _p("in_country"), invitations.c.at > _p("since")
)
