"""What fits nowhere: acknowledged, and read by a person where it may matter. What is too much, too.

Knows what somebody may be waiting for who writes out of turn. Must not begin or end a conversation.
"""

from __future__ import annotations

from datetime import timedelta

from checkin.conversation.understanding import Category
from checkin.people.consent import AGREED, ASKED, ContactState
from checkin.service import contacting, guard, managing, naming, requests
from checkin.service.reply import Reply
from checkin.store import contacts
from checkin.store.situations import Person, Situation

_TAKEN_FOR_CONTACTS = (*AGREED, ContactState.REMOVED)
"""Whoever was taken off without a word is answered as before: no answer of ours tells them."""

_ANSWERS = (Category.YES, Category.NO, Category.NUMBER)
"""What somebody writes who thinks that a request waits for them."""


def noted(reply: Reply, here: Situation) -> None:
    """Acknowledge what fits nowhere; a person reads what a member writes."""
    is_yes = reply.understanding.category is Category.YES and here.invited_at is None
    if is_yes and contacting.answered_late(reply.turn, here.person.id):
        return
    if here.member_state is None:
        _noted_of_other(reply, here.person)
        return
    if is_well_again(reply) or nobody_came(reply):
        return
    stands = requests.how_it_stands(reply.turn, here.person.id) if here.has_alert else None
    reply.say(stands or "heard")
    _read_by_a_person(reply, here.person, member_id=here.person.id)


def is_well_again(reply: Reply) -> bool:
    """Close the member's requests, if there are any and the text says that they are well; whether so."""
    here = reply.situation
    if here is None or not here.has_alert:
        return False
    return reply.says_well() and requests.all_clear(reply.turn, here.person.id)


def nobody_came(reply: Reply) -> bool:
    """Open the member's request again, if somebody took it and the text says that nobody came; whether so."""
    here = reply.situation
    if here is None or not here.has_alert:
        return False
    return requests.nobody_came_of(reply.turn, here.person.id, reply.inbound.body)


def _noted_of_other(reply: Reply, person: Person) -> None:
    """Answer somebody who is no member: one who was invited, a contact or staff, or anybody else."""
    if reply.understanding.category is Category.PAUSE and _takes_a_break(reply, person):
        return
    known = contacts.of_person(reply.turn.unit, person.id)
    invited = next((one for one in known if one.state in ASKED), None)
    if invited is not None:
        text = contacting.was_asked(reply.turn, invited).wording
        reply.turn.tell(person, text, id=f"{reply.key}.asked", subject=contacting.subject_of(invited))
        return
    is_staff = person.id in reply.turn.app.staff_ids
    is_contact = any(one.state in _TAKEN_FOR_CONTACTS for one in known)
    takes_part = is_staff or is_contact
    if takes_part and reply.understanding.category in _ANSWERS:
        reply.say("staff_nothing_open")
        return
    if takes_part or reply.understanding.category is Category.SUPPORT:
        _read_by_a_person(reply, person, member_id=None)
    if not takes_part:
        reply.say("stranger")
        return
    asks = reply.understanding.category is Category.SUPPORT
    heard = "contact_heard" if is_contact else "staff_heard"
    reply.say("contact_wants_support" if asks else heard)


def _takes_a_break(reply: Reply, person: Person) -> bool:
    """Let somebody who is nothing but a trusted contact pause; return whether they are one."""
    asked, roles = reply.understanding, naming.agreed_for(reply.turn, person.id)
    seconds = float(asked.value) if isinstance(asked.value, int | float) else None
    length = managing.BREAK if seconds is None else timedelta(seconds=seconds)
    for contact in roles:
        contacting.takes_a_break(reply.turn, contact, reply.turn.until(length))
    return bool(roles)


def _read_by_a_person(reply: Reply, person: Person, *, member_id: str | None) -> None:
    who = person.name or ("A member" if member_id is not None else person.number)
    note, subject = f"{who} wrote: {reply.inbound.body}", f"person:{person.id}"
    reply.turn.add_task("unread", id=f"{reply.key}.task", member_id=member_id, subject=subject, note=note)


def too_many(reply: Reply) -> None:
    """Say once that there were too many texts, and leave it to staff."""
    here = reply.situation
    person = None if here is None else here.person
    who = (None if person is None else person.name) or reply.inbound.number
    number = reply.turn.unit.vault.index(reply.inbound.number).hex()
    subject = f"number:{number[:16]}" if person is None else f"person:{person.id}"
    if guard.fall_silent(reply.turn, subject=subject, who=who, key=reply.key):
        language = reply.language_of_words() if person is None else person.language
        reply.turn.answers.append(reply.turn.text(language, "too_many"))
