"""A missed check-in that other people hear of: a member's trusted contacts, and that all is well again.

Nobody is told who did not agree to it, nor unless the member chose it. Who was told is what stands in the
outbox under the ladder's own subject, and everybody who was hears of it when the member writes again.
"""

from __future__ import annotations

from checkin.conversation.run import Run
from checkin.flow.model import Value
from checkin.people.consent import ContactState
from checkin.service.turn import Turn
from checkin.store import contacts, inbox, outbox, tasks
from checkin.store.contacts import Contact
from checkin.timing.words import day_words

CLEAR = ".clear"
TASK = "missed"
"""The kind of the staff's task that an all-clear takes off the list."""


def wishes(turn: Turn, member_id: str) -> dict[str, Value]:
    """Return which rungs beyond the reminder are on for a member, as flows name them."""
    offers, rhythm = turn.app.program.missed, turn.person(member_id).rhythm
    calls = offers.call == "always" if rhythm.calls is None else rhythm.calls and offers.call != "never"
    return {
        "missed_call": calls,
        "missed_staff": offers.staff == "always",
        "missed_contacts": offers.contacts == "chosen" and bool(chosen(turn, member_id)),
    }


def chosen(turn: Turn, member_id: str) -> list[Contact]:
    """Return the trusted contacts who agreed and whom the member chose to hear of missed check-ins.

    The member chose them one by one (`for_missed`), all together (CONTACTS ON), or none (CONTACTS OFF).
    """
    together = turn.person(member_id).rhythm.contacts
    if together is False:
        return []
    return [
        contact
        for contact in contacts.of_member(turn.unit, member_id)
        if contact.state is ContactState.ACCEPTED
        and (together or contact.for_missed)
        and not contact.stopped
        and (contact.paused_until is None or contact.paused_until <= turn.now)
    ]


def tell_contacts(turn: Turn, run: Run, *, key: str) -> None:
    """Tell the trusted contacts who were chosen that there is no answer; they need not answer us.

    In quiet hours of their own it waits for the end of these.
    """
    member = turn.person(run.member)
    heard_at = inbox.last_at(turn.unit, member.number)
    for index, contact in enumerate(chosen(turn, member.id)):
        person = turn.person(contact.person_id)
        since, now = turn.local(person, heard_at), turn.local(person)
        quiet = contact.wishes.quiet
        text = turn.text(
            person.language,
            "missed_contact",
            member=member.name or turn.app.program.name,
            since=day_words(since, now, person.language),
        )
        due_at = quiet.over_at(now) if quiet is not None and quiet.cover(now) else None
        turn.tell(person, text, id=f"{key}.{index}", subject=subject_of(run), due_at=due_at)


def all_clear(turn: Turn, run: Run) -> None:
    """Tell everybody who heard of this missed check-in that the member has written, and cancel the rest."""
    member = turn.person(run.member)
    tasks.finish_kind(turn.unit, TASK, f"run:{run.id}", turn.now)
    told = outbox.about(turn.unit, subject_of(run))
    for message in told:
        if message.state == "queued" and not message.id.endswith(CLEAR):
            outbox.advance(turn.unit, message, "cancelled")
    already = {one.id for one in told}
    for message in told:
        id = f"{message.id}{CLEAR}"
        is_news = not message.id.endswith(CLEAR) and id not in already
        if is_news and message.state in outbox.MAY_HAVE_ARRIVED:
            name = member.name or turn.app.program.name
            person = turn.person(message.person_id)
            turn.say(person, "missed_all_clear", id=id, subject=subject_of(run), member=name)


def subject_of(run: Run) -> str:
    """Return the subject of everything that others are told about this run."""
    return f"missed:{run.id}"
