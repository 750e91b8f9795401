"""Calls that the program makes: whether one is still wanted, and what follows a call that nobody answered.

A call counts as answered where somebody said yes to who is there. Busy, no answer, a machine, somebody else
on the line and a phone put down before that are all the same: it is tried again, up to `MOST_CALLS` times.
After that a check-in's ladder goes on by itself, and for an alert the next person is asked.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from checkin.alert.model import Alert, Told
from checkin.conversation.understanding import Context
from checkin.flow.model import Ask
from checkin.service import reading
from checkin.service.app import App
from checkin.service.reading import TAKES_PART
from checkin.service.turn import Turn
from checkin.store import alerts, calls, outbox, runs, situations, timers
from checkin.store.outbox import Message
from checkin.store.situations import Situation, Waiting
from checkin.store.unit import Unit

MOST_CALLS = 3
CALL_AGAIN = {"alerts": timedelta(minutes=2), "routine": timedelta(minutes=15)}
"""How long after a call that nobody answered the next one is made."""

_TRY = "~"


def is_overtaken(app: App, message: Message) -> bool:
    """Whether what this would say is old: its question was answered, put off or asked anew since.

    A text is asked about only where it failed before; the first goes out as soon as it is decided.
    """
    waited = message.channel == "voice" or _TRY in message.id
    return waited and not app.store.read(lambda unit: is_news(unit, message))


def another_try(turn: Turn, message: Message, most: int, due_at: datetime) -> str | None:
    """Plan to send a message again; return the id of the next, None where no try or no time is left."""
    base, _, tried = message.id.partition(_TRY)
    number = int(tried or 1) + 1
    if number > most or (message.expires_at is not None and message.expires_at <= due_at):
        return None
    id = f"{base}{_TRY}{number}"
    # Made when the first one was: what was asked since then overtakes every try.
    outbox.add(turn.unit, message._replace(id=id, state="queued", due_at=due_at))
    return id


def is_news(unit: Unit, message: Message) -> bool:
    """Whether this is what its run said last, or its question still waits. What is of no run always is."""
    kind, _, run_id = message.subject.partition(":")
    if kind != "run":
        return True
    run = runs.by_id(unit, run_id)
    _, transition, _ = message.id.rsplit(".", 2)
    if run is None or run.transition == int(transition):
        return run is not None
    here = situations.of_person(unit, message.person_id)
    waiting = [one for one in here.waiting if one.run.id == run_id] if here is not None else []
    return any(
        one.asked_at is not None and not one.run.snoozed and one.asked_at <= message.created_at
        for one in waiting
    )


def take_news(turn: Turn, person_id: str, call_id: str) -> list[str]:
    """Return what this person is to be told by phone, oldest first: in this call, and in those to come.

    The latter need no call of their own any more. Requests for support are asked as such, and left out.
    """
    news = []
    for message in outbox.calls_to(turn.unit, person_id):
        ours = message.state == "sending" or message.carrier_id == call_id
        if message.kind == "notification" or (message.state != "queued" and not ours):
            continue
        fresh = is_news(turn.unit, message)
        if fresh:
            news.append(message.body)
        if message.state == "queued":
            said = {"carrier_id": call_id, "sent_at": turn.now} if fresh else {}
            outbox.advance(turn.unit, message, "delivered" if fresh else "cancelled", **said)
            timers.count_from_sending(turn.unit, message.subject, message.id, turn.now)
    return news


def request_for(turn: Turn, person_id: str) -> Alert | None:
    """Return the newest request that still waits for this person's answer, if there is one."""
    return next(
        (
            alert
            for alert in alerts.open_for_person(turn.unit, person_id)
            if alert.told.get(person_id) in (Told.TOLD, Told.SILENT)
        ),
        None,
    )


def broke_off(turn: Turn, person_id: str, call_id: str) -> None:
    """Offer by text to go on, where a call ended while somebody was asked something: nothing is lost.

    Said once for each call, and only to somebody who has agreed and was heard in it. An invitation is not
    repeated: it came as a text.
    """
    turns = calls.turns_of(turn.unit, call_id)
    here, id = turn.situation(person_id), f"call.{call_id}.broke_off"
    asked = bool(turns) and turns[-1].document["listen"] is not None and not turns[-1].document["gate"]
    if not asked or outbox.by_id(turn.unit, id) is not None:
        return
    for question in reading.asked(turn, here):
        alert = request_for(turn, person_id) if question.context is Context.CONTACT_NOTIFIED else None
        if alert is not None:
            name = turn.person(alert.member).name or turn.app.program.name
            text = turn.text(here.person.language, "call_broke_off_request", member=name)
            turn.tell(here.person, text, id=id, subject=f"alert:{alert.id}", lane="alerts", by_text=True)
            return
        if question.context in (Context.NONE, Context.JOINING) and here.question is not None:
            _question_broke_off(turn, here, here.question, id)
            return


def _question_broke_off(turn: Turn, here: Situation, question: Waiting, id: str) -> None:
    run = question.run
    step = turn.app.step_of(turn.unit, run)
    if not isinstance(step, Ask) or run.snoozed or here.member_state not in TAKES_PART:
        return
    language = here.person.language
    words = step.text.render(language, {**turn.facts(here), **run.results})
    text = turn.text(language, "call_broke_off", question=words)
    turn.tell(here.person, text, id=id, subject=f"person:{here.person.id}", by_text=True)


def was_answered(turn: Turn, carrier_id: str) -> bool:
    """Whether somebody said yes to who is there, in the call of this id."""
    return any(not one.document["gate"] for one in calls.turns_of(turn.unit, carrier_id))


def again(turn: Turn, message: Message) -> bool:
    """Plan to make a call again that nobody answered; return whether there is a try left."""
    return another_try(turn, message, MOST_CALLS, turn.until(CALL_AGAIN[message.lane])) is not None
