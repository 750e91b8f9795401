"""Calls that the program makes: whether one is still wanted, and what follows a call that nobody answered.

A call counts as answered where somebody said yes to who is there. Busy, no answer, a machine, somebody else
on the line and a phone put down before that are all the same: it is tried again, up to `MOST_CALLS` times.
After that a check-in's ladder goes on by itself, and for an alert the next person is asked.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from checkin.service.app import App
from checkin.service.turn import Turn
from checkin.store import calls, outbox, situations
from checkin.store.outbox import Message

MOST_CALLS = 3
CALL_AGAIN = {"alerts": timedelta(minutes=2), "routine": timedelta(minutes=15)}
"""How long after a call that nobody answered the next one is made."""

_TRY = "~"


def is_overtaken(app: App, message: Message) -> bool:
    """Whether the question that this call would ask has been answered, put off or asked anew since."""
    kind, _, run_id = message.subject.partition(":")
    if kind != "run" or message.channel != "voice":
        return False
    here = app.store.read(lambda unit: situations.of_person(unit, message.person_id))
    waiting = [one for one in here.waiting if one.run.id == run_id] if here is not None else []
    return not any(
        one.asked_at is not None and not one.run.snoozed and one.asked_at <= message.created_at
        for one in waiting
    )


def was_answered(turn: Turn, carrier_id: str) -> bool:
    """Whether somebody said yes to who is there, in the call of this id."""
    return any(not one.document["gate"] for one in calls.turns_of(turn.unit, carrier_id))


def again(turn: Turn, message: Message) -> bool:
    """Plan to make a call again that nobody answered; return whether there is a try left."""
    base, _, tried = message.id.partition(_TRY)
    number = int(tried or 1) + 1
    if number > MOST_CALLS:
        return False
    due_at = turn.until(CALL_AGAIN[message.lane])
    if message.expires_at is not None and message.expires_at <= due_at:
        return False
    id = f"{base}{_TRY}{number}"
    # Made when the first one was: what was asked since then overtakes every try.
    outbox.add(turn.unit, replace(message, id=id, state="queued", due_at=due_at))
    return True
