"""Trusted contacts: inviting them, their answer, and telling the member how it stands.

Nobody who has not agreed receives anything but one invitation and, a day later, one reminder of it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from checkin.people.names import short_name
from checkin.service import schedules
from checkin.service.turn import Turn
from checkin.store import people, timers
from checkin.store.people import Contact
from checkin.store.situations import Person

REMIND_AFTER = timedelta(hours=24)
EXPIRES_AFTER = timedelta(hours=72)
ASK_AGAIN_AFTER = timedelta(days=30)
MOST_CONTACTS = 5

_NEWS = {"invited": "contact_added", "accepted": "contact_agreed"}
"""What a member hears who names somebody again."""


def invite(turn: Turn, member_id: str, name: str, number: str, *, key: str) -> None:
    """Invite a person as a member's trusted contact. `number` is E.164.

    The member's own number, a number that said STOP, somebody who said no lately, and a sixth contact are
    refused with a task for staff: the member is told that a person reads it, and nothing about the other one.
    """
    member, name = turn.person(member_id), short_name(name)
    others = people.contacts_of(turn.unit, member_id)
    person = member if number == member.number else people.by_number(turn.unit, number)
    known = next((one for one in others if person is not None and one.person_id == person.id), None)
    taking_part = [one for one in others if one.state in ("invited", "accepted")]
    if known is not None and known.state in _NEWS:
        news, subject = _NEWS[known.state], f"contact:{known.id}"
        turn.say(member, news, id=f"{key}.known", subject=subject, contact=known.name)
        return
    if person is not None and (person.id == member_id or person.stopped):
        _refuse(turn, member, key, "cannot be invited: it is the member's own number, or it has said STOP")
        return
    if known is not None and known.state == "declined" and turn.now < known.invited_at + ASK_AGAIN_AFTER:
        _refuse(turn, member, key, "said no lately and is not asked again")
        return
    if len(taking_part) >= MOST_CONTACTS:
        _refuse(turn, member, key, f"would be one more than {MOST_CONTACTS} trusted contacts")
        return
    if person is None:
        person = Person(turn.app.new_id(), number, name, member.language, member.zone, stopped=False)
        people.add(turn.unit, person, turn.now)
    if known is None:
        position = max((one.position for one in others), default=0) + 1
        known = Contact(key, member_id, person.id, name, position, "invited", turn.now, stopped=False)
        people.add_contact(turn.unit, known)
    else:
        people.invite_again(turn.unit, known.id, name, turn.now)
        known = replace(known, name=name)
    _send_invitation(turn, member, person, known, key)


def _send_invitation(turn: Turn, member: Person, person: Person, contact: Contact, key: str) -> None:
    text = turn.text(person.language, "contact_invite", member=member.name or turn.app.program.name)
    turn.tell(person, text, id=f"{key}.invite", subject=f"contact:{contact.id}", lane="routine")
    turn.say(
        member, "contact_added", id=f"{key}.added", subject=f"contact:{contact.id}", contact=contact.name
    )
    turn.update(replace(turn.situation(member.id), invited_name=contact.name))
    turn.journal(member.id, f"contact:{contact.id}", 0, {"kind": "Invited", "person": person.id})
    _wait(turn, person, contact, REMIND_AFTER, rung=0)


def _refuse(turn: Turn, member: Person, key: str, why: str) -> None:
    note = f"A trusted contact named by {member.name or 'a member'} {why}."
    turn.say(member, "noted", id=f"{key}.noted", subject=f"member:{member.id}")
    turn.add_task(
        "contact_refused", id=f"{key}.refused", member_id=member.id, subject=f"member:{member.id}", note=note
    )


def _wait(turn: Turn, person: Person, contact: Contact, length: timedelta, *, rung: int) -> None:
    """Wait for an answer. A reminder is sent at an allowed hour, on the clock that we suppose they have."""
    subject = f"invitation:{contact.id}"
    due_at = schedules.allowed(turn.app, person, turn.until(length))
    timers.put(turn.unit, timers.Timer(subject, "routine", contact.member_id, rung, due_at))


def answered(turn: Turn, contact: Contact, *, agrees: bool, wording_key: str = "contact_invite") -> None:
    """Record a contact's answer to an invitation, word for word what was asked, and tell the member."""
    person, member = turn.person(contact.person_id), turn.person(contact.member_id)
    member_name = member.name or turn.app.program.name
    state = "accepted" if agrees else "declined"
    key = _change(turn, contact, state)
    people.record_consent(
        turn.unit,
        id=key,
        person=person,
        about=f"contact_for:{member.id}",
        given=agrees,
        wording=turn.text(person.language, wording_key, member=member_name),
        channel=turn.channel,
        at=turn.now,
    )
    subject = f"contact:{contact.id}"
    turn.say(person, f"contact_{state}", id=f"{key}.them", subject=subject, member=member_name)
    news = "contact_agreed" if agrees else "contact_refused"
    turn.say(member, news, id=f"{key}.member", subject=subject, contact=contact.name)
    timers.drop(turn.unit, f"invitation:{contact.id}")


def waited(turn: Turn, contact_id: str, rung: int) -> bool:
    """Remind somebody who has not answered an invitation, once; then let it expire and tell the member.

    Returns whether the invitation was still open.
    """
    contact = people.contact_by_id(turn.unit, contact_id)
    if contact is None or contact.state != "invited":
        return False
    person, member = turn.person(contact.person_id), turn.person(contact.member_id)
    subject = f"contact:{contact.id}"
    if rung == 0:
        name = member.name or turn.app.program.name
        key = f"{contact.id}.{int(contact.invited_at.timestamp())}.reminder"
        turn.say(person, "contact_invite_reminder", id=key, subject=subject, member=name)
        turn.journal(member.id, subject, 1, {"kind": "Reminded"})
        _wait(turn, person, contact, EXPIRES_AFTER - REMIND_AFTER, rung=1)
        return True
    key = _change(turn, contact, "expired")
    turn.say(member, "contact_expired", id=f"{key}.member", subject=subject, contact=contact.name)
    timers.drop(turn.unit, f"invitation:{contact.id}")
    return True


def left(turn: Turn, contact: Contact) -> None:
    """Note that a contact no longer takes part, tell the member kindly, and warn when nobody is left."""
    member = turn.person(contact.member_id)
    key = _change(turn, contact, "left")
    subject = f"contact:{contact.id}"
    timers.drop(turn.unit, f"invitation:{contact.id}")
    news = "contact_left" if contact.state == "accepted" else "contact_refused"
    turn.say(member, news, id=f"{key}.member", subject=subject, contact=contact.name)
    rest = [
        one
        for one in people.contacts_of(turn.unit, member.id)
        if one.id != contact.id and one.state == "accepted" and not one.stopped
    ]
    if contact.state == "accepted" and not rest:
        turn.say(member, "no_contact_left", id=f"{key}.warning", subject=subject)
        note = f"{member.name or 'A member'} has no trusted contact left."
        turn.add_task("no_contact_left", id=f"{key}.task", member_id=member.id, subject=subject, note=note)


def _change(turn: Turn, contact: Contact, state: str) -> str:
    """Move a contact to another state; return a key that is unique to this change."""
    people.set_contact_state(turn.unit, contact, state, turn.now)
    key = turn.app.new_id()
    turn.journal(contact.member_id, f"contact:{contact.id}", 0, {"kind": state.capitalize(), "key": key})
    return key
