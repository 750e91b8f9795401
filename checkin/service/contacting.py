"""Trusted contacts as they come and go: their answer, silence, a pause, leaving, and what the member hears.

Every change of state is made here, by `move`, along the table in `checkin.people.consent`. Nobody who has not
agreed receives anything but one invitation and, a day later, one reminder of it.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import datetime, timedelta

from checkin.flow.model import Value
from checkin.flow.speech import spoken as aloud
from checkin.people.consent import (
    AGREED,
    ASKED,
    EXPIRES_AFTER,
    REMIND_AFTER,
    Asked,
    Consent,
    ContactEvent,
    ContactState,
    change,
    counts_late,
)
from checkin.service import requests, schedules
from checkin.service.turn import Turn
from checkin.store import contacts, outbox, people, tasks, timers
from checkin.store.contacts import Contact
from checkin.store.situations import Person
from checkin.timing.words import day_words


def move(
    turn: Turn, contact: Contact, event: ContactEvent, *, changed: Contact | None = None
) -> tuple[Contact, str]:
    """Move a contact by one event; return them as they stand then, and a key that is unique to this change.

    `changed` is the contact with whatever else the event changes. Raises `ChangeRefused` for a senseless one.
    """
    state = change(contact.state, event)
    moved = replace(changed or contact, state=state, changed_at=turn.now)
    contacts.save(turn.unit, moved, was=contact)
    return moved, noted(turn, contact, event)


def noted(turn: Turn, contact: Contact, event: ContactEvent | None) -> str:
    """Write what happened to a contact into the member's journal; return a key that is unique to it.

    None is a change of what was settled with them, not of how they stand.
    """
    key, kind = turn.app.new_id(), "settled" if event is None else event.value
    turn.journal(contact.member_id, subject_of(contact), 0, {"kind": kind.capitalize(), "key": key})
    return key


def subject_of(contact: Contact) -> str:
    """Return what texts about this contact are filed under."""
    return f"contact:{contact.id}"


def asks(turn: Turn, person: Person, key: str, **values: Value) -> Asked:
    """Return one of the program's own texts as it is put to a person now, with its version."""
    text = turn.app.program.texts[key]
    template = text.by_language.get(person.language) or next(iter(text.by_language.values()))
    digest = hashlib.blake2b(template.source.encode(), digest_size=4).hexdigest()
    return Asked(turn.text(person.language, key, **values), f"{key} {digest}", person.language)


def was_asked(turn: Turn, contact: Contact) -> Asked:
    """Return what this contact was asked, as it was said."""
    if contact.asked is not None:
        return contact.asked
    member = turn.person(contact.member_id)  # asked before this was kept
    return asks(turn, turn.person(contact.person_id), "contact_invite", member=name_of(turn, member))


def name_of(turn: Turn, member: Person) -> str:
    """Return how a member is named to others."""
    return member.name or turn.app.program.name


# ---------------------------------------------------------------- the answer


def answered(turn: Turn, contact: Contact, *, agrees: bool) -> None:
    """Record a contact's answer to an invitation, word for word what was asked, and tell the member.

    What the member was about to hear of the silence before it is not true any more.
    """
    person, member = turn.person(contact.person_id), turn.person(contact.member_id)
    asked = was_asked(turn, contact)
    if turn.channel == "voice":
        asked = replace(asked, wording=aloud(asked.wording, asked.language))
    moved, key = move(turn, contact, ContactEvent.ACCEPT if agrees else ContactEvent.DECLINE)
    about = f"contact_for:{member.id}"
    people.record_consent(turn.unit, Consent(person.id, about, agrees, asked, turn.channel, turn.now), id=key)
    subject, name = subject_of(contact), name_of(turn, member)
    outbox.cancel(turn.unit, _silence_key(contact))
    turn.say(person, f"contact_{moved.state}", id=f"{key}.them", subject=subject, member=name)
    news = "contact_agreed" if agrees else "contact_refused"
    turn.say(member, news, id=f"{key}.member", subject=subject, contact=contact.name)
    timers.drop(turn.unit, f"invitation:{contact.id}")


def answered_late(turn: Turn, person_id: str) -> bool:
    """Take a plain yes for the invitation that came to nothing last, if that is not too long ago."""
    for contact in contacts.of_person(turn.unit, person_id):
        if counts_late(contact.state, contact.changed_at, turn.now):
            answered(turn, contact, agrees=True)
            return True
    return False


# ---------------------------------------------------------------- silence


def wait(turn: Turn, person: Person, contact: Contact, length: timedelta, *, rung: int) -> None:
    """Wait for an answer. A reminder is sent at an allowed hour, on the clock that we suppose they have."""
    due_at = schedules.allowed(turn.app, person, turn.until(length))
    timer = timers.Timer(f"invitation:{contact.id}", "routine", contact.member_id, rung, due_at)
    timers.put(turn.unit, timer)


def waited(turn: Turn, contact_id: str, rung: int) -> bool:
    """Remind somebody who has not answered an invitation, once; then let it expire and tell the member.

    Returns whether the invitation was still open.
    """
    contact = contacts.by_id(turn.unit, contact_id)
    if contact is None or contact.state not in ASKED:
        return False
    person, member = turn.person(contact.person_id), turn.person(contact.member_id)
    if rung == 0:
        text = asks(turn, person, "contact_invite_reminder", member=name_of(turn, member)).wording
        asked = was_asked(turn, contact).and_then(text)
        moved, key = move(turn, contact, ContactEvent.REMIND, changed=replace(contact, asked=asked))
        turn.tell(person, text, id=f"{key}.reminder", subject=subject_of(contact))
        wait(turn, person, moved, EXPIRES_AFTER - REMIND_AFTER, rung=1)
        return True
    move(turn, contact, ContactEvent.EXPIRE)
    turn.say(
        member,
        "contact_expired",
        id=_silence_key(contact),
        subject=subject_of(contact),
        contact=contact.name,
    )
    timers.drop(turn.unit, f"invitation:{contact.id}")
    return True


def _silence_key(contact: Contact) -> str:
    """Return the id of the text that tells the member of this invitation's silence."""
    return f"{contact.id}.{int(contact.invited_at.timestamp())}.silence"


def undelivered(turn: Turn, contact_id: str, person_id: str) -> None:
    """Tell the member at once that an invitation never arrives: nobody waits three days for its answer."""
    contact = contacts.by_id(turn.unit, contact_id)
    if contact is None or contact.person_id != person_id or contact.state not in ASKED:
        return
    _, key = move(turn, contact, ContactEvent.UNDELIVERED)
    member, subject = turn.person(contact.member_id), subject_of(contact)
    turn.say(member, "contact_undelivered", id=f"{key}.member", subject=subject, contact=contact.name)
    timers.drop(turn.unit, f"invitation:{contact.id}")


# ---------------------------------------------------------------- breaks, and going


def takes_a_break(turn: Turn, contact: Contact, until: datetime) -> None:
    """Let a contact be asked nothing for a while, tell the member kindly, and warn where nobody is left."""
    person, member, subject = (
        turn.person(contact.person_id),
        turn.person(contact.member_id),
        subject_of(contact),
    )
    until = schedules.allowed(turn.app, person, until)
    _, key = move(turn, contact, ContactEvent.PAUSE, changed=replace(contact, paused_until=until))
    timers.put(turn.unit, timers.Timer(f"contact_pause:{contact.id}", "routine", member.id, 0, until))

    def ends(reader: Person) -> str:
        return day_words(turn.local(reader, until), turn.local(reader), reader.language)

    name = name_of(turn, member)
    turn.say(
        person, "contact_paused_by_you", id=f"{key}.them", subject=subject, member=name, until=ends(person)
    )
    until_words = ends(member)
    turn.say(
        member,
        "contact_pauses",
        id=f"{key}.member",
        subject=subject,
        contact=contact.name,
        until=until_words,
    )
    requests.without(turn, member.id, person.id)
    if contact.state is ContactState.ACCEPTED:
        warn_if_nobody_is_left(turn, contact, key)


def break_is_over(turn: Turn, contact_id: str) -> bool:
    """Let a contact take part again, and tell both; return whether they were on a break."""
    contact = contacts.by_id(turn.unit, contact_id)
    if contact is None or contact.state is not ContactState.PAUSED:
        return False
    person, member, subject = (
        turn.person(contact.person_id),
        turn.person(contact.member_id),
        subject_of(contact),
    )
    _, key = move(turn, contact, ContactEvent.RESUME, changed=replace(contact, paused_until=None))
    timers.drop(turn.unit, f"contact_pause:{contact.id}")
    name = name_of(turn, member)
    turn.say(person, "contact_resumed_by_you", id=f"{key}.them", subject=subject, member=name)
    turn.say(member, "contact_back", id=f"{key}.member", subject=subject, contact=contact.name)
    return True


def left(turn: Turn, contact: Contact) -> None:
    """Note that a contact no longer takes part, tell the member kindly, and warn when nobody is left."""
    member, subject = turn.person(contact.member_id), subject_of(contact)
    _, key = move(turn, contact, ContactEvent.LEAVE)
    timers.drop(turn.unit, f"invitation:{contact.id}")
    timers.drop(turn.unit, f"contact_pause:{contact.id}")
    news = "contact_left" if contact.state in AGREED else "contact_refused"
    turn.say(member, news, id=f"{key}.member", subject=subject, contact=contact.name)
    requests.without(turn, member.id, contact.person_id)
    if contact.state in AGREED:
        warn_if_nobody_is_left(turn, contact, key)


def warn_if_nobody_is_left(turn: Turn, gone: Contact, key: str) -> None:
    """Tell the member, and staff, where this was the last contact who could be asked."""
    member, subject = turn.person(gone.member_id), subject_of(gone)
    others = (one for one in contacts.of_member(turn.unit, member.id) if one.id != gone.id)
    if any(one.state is ContactState.ACCEPTED and one.for_support and not one.stopped for one in others):
        return
    turn.say(member, "no_contact_left", id=f"{key}.warning", subject=subject)
    if tasks.is_listed(turn.unit, "no_contact_left", member.id):
        return
    note = f"{member.name or 'A member'} has no trusted contact left."
    turn.add_task("no_contact_left", id=f"{key}.task", member_id=member.id, subject=subject, note=note)
