"""Whether a person wants to hear from us: STOP, START, PAUSE and its end."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from checkin.people.consent import TAKES_PART, Asked, Consent, ContactState
from checkin.service import contacting, conversations, requests, schedules
from checkin.service.app import App
from checkin.service.turn import Turn
from checkin.store import contacts, outbox, people, timers
from checkin.store.situations import Situation
from checkin.store.unit import Unit
from checkin.timing.words import day_words, moment_words

PAUSE_WITHOUT_A_LENGTH = timedelta(days=7)


def opt_out(
    turn: Turn, situation: Situation, *, key: str, wording: str, confirm: bool, text: str = "stopped"
) -> None:
    """Stop everything to this number: as member, as trusted contact, as staff.

    One confirmation goes out, unless the carrier has sent one already. A member's open request for support
    goes on: others can still reach the member. `wording` is what the person wrote, kept as the record; `text`
    is the confirmation.
    """
    person = situation.person
    if confirm:
        turn.say(person, text, id=f"{key}.stopped", subject=f"person:{person.id}")
    if situation.member_state is not None:
        conversations.close_all(turn, person.id, "opted_out")
        schedules.forget(turn, person.id)
        people.set_member_state(turn.unit, person.id, "left")
    stopped = turn.situation(person.id)._replace(person=person._replace(stopped=True), member_state="left")
    turn.update(stopped if situation.member_state is not None else stopped._replace(member_state=None))
    people.set_stopped(turn.unit, person.id, turn.now)
    said = Asked(wording, "", person.language)
    stop = Consent(person.id, "everything", False, said, turn.channel, turn.now)
    people.record_consent(turn.unit, stop, id=f"{key}.consent")
    outbox.cancel_for_person(turn.unit, person.id)
    requests.out_of_reach(turn, person.id)
    for contact in contacts.of_person(turn.unit, person.id):
        if contact.state in TAKES_PART:
            contacting.left(turn, contact)


def resume(turn: Turn, situation: Situation, *, key: str, wording: str) -> None:
    """Begin again after STOP or a pause. Somebody who had agreed to check-ins gets them again.

    `wording` is what the person wrote, kept as the record.
    """
    person = situation.person
    if not person.stopped:
        resting = [
            one for one in contacts.of_person(turn.unit, person.id) if one.state is ContactState.PAUSED
        ]
        for contact in resting:
            contacting.break_is_over(turn, contact.id)
        if situation.member_state == "paused":
            unpause(turn, person.id)
            turn.say(person, "unpaused", id=f"{key}.unpaused", subject=f"person:{person.id}")
        elif not resting:
            turn.say(person, help_for(turn, situation), id=f"{key}.help", subject=f"person:{person.id}")
        return
    _start_again(turn, situation, key=key, wording=wording, channel=turn.channel)


def help_for(turn: Turn, situation: Situation) -> str:
    """Return the text that helps this person: SUPPORT reaches nobody for who is only asked for others."""
    person = situation.person
    for_others = person.id in turn.app.staff_ids or contacts.of_person(turn.unit, person.id)
    return "help_contact" if situation.member_state is None and for_others else "help"


def undo_stop(app: App, number: str, *, staff: str, why: str) -> bool:
    """Take back the opt-out of an E.164 number; return whether there was one. `staff` says who, and `why`."""

    def work(unit: Unit) -> bool:
        person = people.by_number(unit, number)
        if person is None:
            return False
        turn = Turn(app, unit, app.clock.now())
        return undo_opt_out(turn, turn.situation(person.id), key=app.new_id(), staff=staff, why=why)

    return app.store.run(work)


def undo_opt_out(turn: Turn, situation: Situation, *, key: str, staff: str, why: str) -> bool:
    """Take back an opt-out that was none, or that its owner has taken back when talking to a person.

    Who on staff did it, and why, is kept as the record. Returns whether there was an opt-out.
    """
    if not situation.person.stopped:
        return False
    _start_again(turn, situation, key=key, wording=f"{staff}: {why}", channel="staff")
    return True


def _start_again(turn: Turn, situation: Situation, *, key: str, wording: str, channel: str) -> None:
    person = situation.person._replace(stopped=False)
    people.set_stopped(turn.unit, person.id, None)
    timers.drop(turn.unit, f"erase:{person.id}")
    turn.update(situation._replace(person=person))
    said = Asked(wording, "", person.language)
    start = Consent(person.id, "everything", True, said, channel, turn.now)
    people.record_consent(turn.unit, start, id=f"{key}.consent")
    agreed = [one.given for one in people.consents_of(turn.unit, person.id) if one.about == "check_ins"]
    if situation.member_state is not None and agreed and agreed[-1]:
        people.set_member_state(turn.unit, person.id, "active")
        turn.update(turn.situation(person.id)._replace(member_state="active"))
        turn.journal(person.id, f"member:{person.id}", 0, {"kind": "Resumed"})
        schedules.plan(turn, person.id)
    turn.say(person, "resumed", id=f"{key}.resumed", subject=f"person:{person.id}")


def pause(
    turn: Turn, situation: Situation, *, key: str, length: timedelta | None, weekday: int | None = None
) -> None:
    """Ask nothing for a while, or until an ISO weekday. SUPPORT still works; no question waits any more."""
    person = situation.person
    until = turn.until(length or PAUSE_WITHOUT_A_LENGTH)
    if weekday is not None:
        today = turn.local(person)
        days = (weekday - today.isoweekday() - 1) % 7 + 1
        until = datetime.combine(today.date() + timedelta(days=days), time(), tzinfo=today.tzinfo)
    until = schedules.allowed(turn.app, person, until)
    conversations.close_all(turn, person.id, "paused")
    people.set_member_state(turn.unit, person.id, "paused", paused_until=until)
    turn.journal(person.id, f"member:{person.id}", 0, {"kind": "Paused"})
    timers.drop_all(turn.unit, f"schedule:{person.id}:")
    timers.put(turn.unit, timers.Timer(f"pause:{person.id}", "routine", person.id, 0, until))
    ends, now = turn.local(person, until), turn.local(person)
    say = moment_words if ends.date() == now.date() else day_words
    words = say(ends, now, person.language)
    turn.say(person, "paused", id=f"{key}.paused", subject=f"person:{person.id}", until=words)


def unpause(turn: Turn, person_id: str) -> None:
    """End a pause: the next check-in comes at its usual time."""
    people.set_member_state(turn.unit, person_id, "active")
    turn.journal(person_id, f"member:{person_id}", 0, {"kind": "Unpaused"})
    timers.drop(turn.unit, f"pause:{person_id}")
    schedules.plan(turn, person_id)
