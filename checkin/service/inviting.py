"""Asking somebody to be a member's trusted contact, within the program's caps.

Every invitation is counted: for the number, for the member, for the country. What is refused is told to the
member kindly, and to staff where it may be a trick, or where only they can help.
"""

from __future__ import annotations

from collections.abc import Sequence

from checkin.people.consent import ASKED, REMIND_AFTER, TAKES_PART, ContactEvent, ContactState
from checkin.people.invitations import WAITS_A_DAY, InvitationHistory, Refusal, may_invite
from checkin.people.names import short_name
from checkin.people.numbers import country_of
from checkin.service import contacting
from checkin.service.contacting import subject_of
from checkin.service.turn import Turn
from checkin.store import contacts, people, tasks
from checkin.store.contacts import Contact
from checkin.store.situations import Person


def invite(turn: Turn, member_id: str, name: str, number: str, *, key: str) -> None:
    """Invite a person as a member's trusted contact, or say why not. `number` is E.164."""
    member, name = turn.person(member_id), short_name(name)
    others = contacts.of_member(turn.unit, member_id)
    person = member if number == member.number else people.by_number(turn.unit, number)
    known = next((one for one in others if person is not None and one.person_id == person.id), None)
    refusal = _refusal(turn, member, person, number, others, known)
    if refusal is Refusal.ALREADY_ASKED:
        assert known is not None
        news = "contact_added" if known.state in ASKED else "contact_agreed"
        turn.say(member, news, id=f"{key}.known", subject=subject_of(known), contact=known.name)
    elif refusal is not None:
        _refuse(turn, member, name, refusal, key)
    else:
        if person is None:
            person = Person(turn.app.new_id(), number, name, member.language, member.zone, stopped=False)
            people.add(turn.unit, person, turn.now)
        position = max((one.position for one in others), default=0) + 1
        _send(turn, member, person, known, (name, position), key)


def _refusal(
    turn: Turn,
    member: Person,
    person: Person | None,
    number: str,
    others: Sequence[Contact],
    known: Contact | None,
) -> Refusal | None:
    country, unit = country_of(number), turn.unit
    said_no = known is not None and known.state in (ContactState.DECLINED, ContactState.LEFT)
    history = InvitationHistory(
        country=country,
        by_member=contacts.invited_by(unit, member.id, turn.now),
        to_number=contacts.invited_at(unit, number, turn.now),
        in_country=contacts.invited_in(unit, country, turn.now),
        said_no=known.changed_at if known is not None and said_no else None,
        open_contacts=sum(one.state in TAKES_PART for one in others),
        already_asked=known is not None and known.state in TAKES_PART,
        stopped=person is not None and person.stopped,
        own_number=number == member.number,
    )
    return may_invite(history, turn.now, turn.app.program.invitations)


def _send(
    turn: Turn, member: Person, person: Person, known: Contact | None, place: tuple[str, int], key: str
) -> None:
    """Send the invitation, and keep exactly what it said: that is what an answer agrees to."""
    (name, position), now = place, turn.now
    asked = contacting.asks(turn, person, "contact_invite", member=contacting.name_of(turn, member))
    if known is None:
        contact = Contact(
            key, member.id, person.id, name, position, ContactState.INVITED, now, now, asked=asked
        )
        contacts.add(turn.unit, contact)
        contacting.noted(turn, contact, ContactEvent.INVITE)
    else:
        # What was settled with somebody who has gone meanwhile is settled anew.
        fresh = Contact(
            known.id, member.id, person.id, name, known.position, known.state, now, now, asked=asked
        )
        contact, _ = contacting.move(turn, known, ContactEvent.INVITE, changed=fresh)
    country, number = country_of(person.number), person.number
    contacts.count_invitation(
        turn.unit, id=f"{key}.counted", member_id=member.id, number=number, country=country, at=now
    )
    subject = subject_of(contact)
    turn.tell(person, asked.wording, id=f"{key}.invite", subject=subject)
    turn.say(member, "contact_added", id=f"{key}.added", subject=subject, contact=name)
    turn.update(turn.situation(member.id)._replace(invited_name=name))
    contacting.wait(turn, person, contact, REMIND_AFTER, rung=0)


def _refuse(turn: Turn, member: Person, name: str, refusal: Refusal, key: str) -> None:
    """Tell the member kindly why nobody is asked now, and nothing else about the other one."""
    text = "invite_tomorrow" if refusal in WAITS_A_DAY else f"invite_{refusal}"
    turn.say(member, text, id=f"{key}.refused", subject=f"member:{member.id}", contact=name)
    if refusal not in (*WAITS_A_DAY, Refusal.COUNTRY):
        return
    task_id = f"invitations.{member.id}.{refusal}.{turn.now.date()}"
    if tasks.by_id(turn.unit, task_id) is None:
        who, why = member.name or "A member", refusal.replace("_", " ")
        note = f"{who} could not invite a trusted contact ({why}). Is this somebody who needs help with it?"
        turn.add_task(
            "contact_refused", id=task_id, member_id=member.id, subject=f"member:{member.id}", note=note
        )
