"""Who is asked: what a member chooses while a request for support can still be changed.

A request is raised at once, for the contacts in the member's own order, and is never lost to a question that
nobody answers. In its change-of-mind window the member may name somebody else, all of them, or staff; each
choice is said back and begins the window anew. Whoever has quiet hours now is not woken:
that is said, and the member may have them asked when those are over.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from checkin.alert.model import Alert, Chose, HurryUp, PutOff
from checkin.conversation.choosing import read_choice
from checkin.service import naming, requests
from checkin.service.turn import Turn
from checkin.store.contacts import Contact
from checkin.store.situations import Situation
from checkin.timing.words import moment_words


@dataclass(frozen=True, slots=True)
class Chosen:
    """What was chosen for this request: these people, staff where there are none, or that it goes out now."""

    alert: Alert
    people: tuple[Contact, ...] = ()
    when: Literal["window", "now", "then"] = "window"
    by_name: bool = False


def understand(turn: Turn, here: Situation | None, text: str) -> Chosen | None:
    """Return what this text chooses for a request that can still be changed; None where it chooses nothing.

    A question that was asked after the request was raised comes first: "Carmen" may be its answer.
    """
    if here is None or not here.has_alert or here.person.stopped:
        return None
    choice, window = read_choice(text), requests.window_of(turn, here.person.id)
    if choice is None or window is None:
        return None
    alert, raised_at = window
    asked_at = None if here.question is None else here.question.asked_at
    if asked_at is not None and asked_at >= raised_at:
        return None
    able = naming.may_be_told(turn, here.person.id)
    match choice.who:
        case "now":
            return Chosen(alert, when="now")
        case "staff":
            return Chosen(alert)
        case "all":
            return Chosen(alert, tuple(able)) if able else None
        case "then":
            quiet = [one for one in able if naming.quiet_until(turn, one, turn.now)]
            return Chosen(alert, tuple(quiet[:1]), when="then") if quiet else None
        case "named":
            contact = naming.named(choice.name, able) if not choice.name.isdigit() else None
            return None if contact is None else Chosen(alert, (contact,), by_name=True)


def obey(turn: Turn, here: Situation, chosen: Chosen, *, key: str) -> None:
    """Let the request be for whoever was chosen, and say so."""
    if chosen.when == "now":
        requests.feed(turn, chosen.alert, HurryUp())
        return
    if chosen.when == "then":
        _when_quiet_ends(turn, chosen)
        return
    at = turn.now + chosen.alert.policy.window
    quiet = [one for one in chosen.people if naming.quiet_until(turn, one, at)]
    awake = tuple(one for one in chosen.people if one not in quiet)
    if quiet and not awake:
        _say_quiet(turn, here.person.id, quiet[0], at, key=key)
        return
    requests.feed(turn, chosen.alert, Chose(tuple(one.person_id for one in awake)))


def _say_quiet(turn: Turn, member_id: str, contact: Contact, at: datetime, *, key: str) -> None:
    """Say that a contact has quiet hours, until when, and what can be done."""
    member = turn.person(member_id)
    until = naming.quiet_until(turn, contact, at)
    assert until is not None, "somebody who has quiet hours now"
    words = moment_words(turn.local(member, until), turn.local(member), member.language)
    subject = f"contact:{contact.id}"
    turn.say(
        member, "alert_member_quiet", id=f"{key}.quiet", subject=subject, contact=contact.name, until=words
    )


def _when_quiet_ends(turn: Turn, chosen: Chosen) -> None:
    """Ask nobody before the contact's quiet hours are over; the request stays open until then."""
    (contact,) = chosen.people
    until = naming.quiet_until(turn, contact, turn.now)
    assert until is not None, "somebody who has quiet hours now"
    length = (until - turn.now).total_seconds()
    requests.feed(turn, chosen.alert, PutOff((contact.person_id,), length))
