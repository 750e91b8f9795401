"""Requests for support: raising an alert, moving it, and keeping what the escalation machine decided."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from checkin.alert.errors import EventRejected
from checkin.alert.machine import CLOSED, escalate
from checkin.alert.model import (
    AddTask,
    Alert,
    AlertState,
    AllClear,
    Call,
    ChangedMind,
    Chose,
    Effect,
    Event,
    HurryUp,
    NoAnswer,
    NobodyCame,
    Notify,
    OutOfReach,
    Passed,
    Policy,
    Raised,
    ShiftChanged,
    SomebodyCame,
    TimerFired,
)
from checkin.alert.policy import policy_for
from checkin.alert.replay import event_to_json, raised_to_json
from checkin.alert.telling import people as people_of
from checkin.conversation.nobody_came import says_nobody_came
from checkin.flow.model import AlertReason
from checkin.service import duty, naming, previewing, telling
from checkin.service.turn import Turn
from checkin.store import alerts, outbox, tasks, timers

CHECK_TAKEN = timedelta(hours=32)
"""When whoever took a request is asked about it: after the member was asked the next day, and had time."""

NOBODY_TOLD = (AlertState.WINDOW, AlertState.PUT_OFF)
OPEN_REQUEST = (AlertState.WINDOW, AlertState.NOTIFYING, AlertState.WITH_STAFF)
NOBODY_NEEDED = (AlertState.CANCELLED, AlertState.RESOLVED, AlertState.ACKNOWLEDGED)


_MAY_REACH_STAFF = (TimerFired, HurryUp, Passed, OutOfReach, NoAnswer, NobodyCame)
"""After these somebody of the staff may be asked next: those on duty then, not those who were before."""


def raise_alert(turn: Turn, member_id: str, reason: AlertReason, *, id: str) -> None:
    """Raise an alert for a member, or say how the one that is open stands.

    "Nobody came" re-opens the alert that somebody took. Words of crisis go to staff at once, whatever else
    is open: contacts hear of it only if the member asks for them. Asking again while a request was put off is
    asking now.
    """
    known = _open_of_member(turn, member_id) if turn.situation(member_id).has_alert else ()
    taken = [alert for alert in known if alert.state is AlertState.ACKNOWLEDGED]
    if reason == "nobody_came" and taken:
        feed(turn, taken[0], NobodyCame())
        return
    same = [alert for alert in known if (alert.reason == "crisis") == (reason == "crisis")]
    if any(alert.state in OPEN_REQUEST for alert in same):
        if reason != "crisis":
            person = turn.person(member_id)
            stands = how_it_stands(turn, member_id) or "alert_member_already_open"
            turn.say(person, stands, id=f"{id}.open", subject=f"alert:{same[0].id}")
        return
    waiting = [alert for alert in same if alert.state is AlertState.PUT_OFF]
    if waiting:
        feed(turn, waiting[0], Chose(_awake(turn, member_id)))
        previewing.say_who_sleeps(turn, waiting[0], key=f"{id}.quiet")
        return
    alert = Alert(id=id, member=member_id, reason=reason, policy=_policy(turn, member_id, reason))
    moved, effects = escalate(alert, Raised())
    alerts.add(turn.unit, moved, turn.now)
    turn.alerts[moved.id] = moved
    turn.update(turn.situation(member_id)._replace(has_alert=True))
    _settle(turn, moved, Raised(), effects)
    if reason != "crisis":
        previewing.say_who_sleeps(turn, moved, key=f"{moved.id}.quiet")


def feed(turn: Turn, alert: Alert, event: Event) -> bool:
    """Move an alert by one event; return whether it was accepted."""
    alert = turn.alerts.get(alert.id, alert)
    if isinstance(event, _MAY_REACH_STAFF):
        alert = _change_shift(turn, alert)
    try:
        moved, effects = escalate(alert, event)
    except EventRejected:
        return False
    alerts.save(turn.unit, moved, turn.now, was=alert.transition)
    turn.alerts[moved.id] = moved
    if moved.state is not alert.state:
        _tell_the_list(turn, moved)
    if moved.state is not alert.state and moved.state in NOBODY_NEEDED:
        outbox.cancel_notifications(turn.unit, f"alert:{alert.id}")  # what still waits is overtaken
    _settle(turn, moved, event, effects)
    return True


def _tell_the_list(turn: Turn, alert: Alert) -> None:
    """Take what is settled off the staff's list; what one of the staff has taken is theirs there too."""
    if alert.state in CLOSED:
        tasks.finish_about(turn.unit, f"alert:{alert.id}", turn.now)
    elif alert.taken_by is not None and alert.taken_by in turn.app.staff_ids:
        for task in tasks.on_the_list(turn.unit):
            if task.subject == f"alert:{alert.id}" and task.claimed_by is None:
                turn.claim_task(task, alert.taken_by)


def changed_mind(turn: Turn, member_id: str, *, is_well: bool = False) -> bool:
    """Cancel the member's newest request that can still be cancelled; return whether there was one.

    Where the member says that they are well, whoever was told of it hears that.
    """
    for alert in _open_of_member(turn, member_id):
        event = AllClear() if is_well and alert.told else ChangedMind()
        if alert.reason != "crisis" and feed(turn, alert, event):
            return True
    return False


def all_clear(turn: Turn, member_id: str) -> bool:
    """Close the member's requests because they say that they are well; return whether there were any.

    Everyone who was told hears it. Words of crisis are not taken back by a text: staff look.
    """
    known = [alert for alert in _open_of_member(turn, member_id) if alert.reason != "crisis"]
    closed = 0
    for alert in known:
        closed += feed(turn, alert, AllClear())
    return closed > 0


def window_of(turn: Turn, member_id: str) -> tuple[Alert, datetime] | None:
    """Return the member's request of which nobody has heard yet, and since when it stands as it does."""
    for alert in _open_of_member(turn, member_id):
        if alert.state in NOBODY_TOLD:
            found = alerts.with_moment(turn.unit, alert.id)
            return None if found is None else (alert, found[1])
    return None


def the_quiet_is_over(turn: Turn, alert: Alert, fired: TimerFired) -> bool:
    """Begin a request that was put off until now; return whether it was still to begin.

    Where nobody whom the member waited for can be asked any more, the others are.
    """
    awake, waited_for = _awake(turn, alert.member), people_of(alert.policy)
    if fired.transition == alert.timer and not any(one.person in awake for one in waited_for):
        return feed(turn, alert, Chose(awake))
    return feed(turn, alert, fired)


def stopped_before_any(turn: Turn, member_id: str, *, takes_back: bool, key: str) -> None:
    """Take back a request that nobody has heard of yet, because the member wrote STOP: staff look in.

    In the window only a STOP that may be meant for the request `takes_back` what goes out in a moment; one
    that was put off is hours away, and nothing could tell the member of it any more. A request that somebody
    was told of goes on. STOP ends our texts, not the wish to hear from a person.
    """
    ends = NOBODY_TOLD if takes_back else (AlertState.PUT_OFF,)
    for alert in _open_of_member(turn, member_id):
        if alert.state in ends and feed(turn, alert, ChangedMind()):
            who = turn.person(member_id).name or "A member"
            note = f"{who} asked for support, then wrote STOP before anybody was told."
            turn.add_task(
                "stopped_in_request",
                id=f"{key}.task",
                member_id=member_id,
                subject=f"alert:{alert.id}",
                note=note,
            )


def how_it_stands(turn: Turn, member_id: str) -> str | None:
    """Return the text that says how a request of this member waits for a person; None where none does."""
    states = [alert.state for alert in _open_of_member(turn, member_id) if alert.state in OPEN_REQUEST]
    if not states:
        return None
    asked = any(state is not AlertState.WINDOW for state in states)
    return "alert_member_already_open" if asked else "alert_member_soon"


def nobody_came_of(turn: Turn, member_id: str, text: str) -> bool:
    """Open again what somebody took, where the member writes unasked that nobody got in touch.

    Returns whether that was so.
    """
    for alert in _open_of_member(turn, member_id):
        if alert.state is AlertState.ACKNOWLEDGED and alert.taken_by is not None:
            taker = telling.name_of(turn, alert, alert.taken_by)
            if says_nobody_came(text, taker) and feed(turn, alert, NobodyCame()):
                return True
    return False


def somebody_came(turn: Turn, member_id: str) -> None:
    """Close every request of the member that somebody took: somebody was there."""
    for alert in _open_of_member(turn, member_id):
        if alert.state is AlertState.ACKNOWLEDGED:
            feed(turn, alert, SomebodyCame())


def out_of_reach(turn: Turn, person_id: str) -> None:
    """Tell every open alert that this person can't be reached any more."""
    for alert in alerts.open_for_person(turn.unit, person_id):
        feed(turn, alert, OutOfReach(person_id))


def without(turn: Turn, member_id: str, person_id: str) -> None:
    """Let one person have no more to do with a member's open requests, nor be able to take one."""
    for alert in _open_of_member(turn, member_id):
        outbox.cancel_about(turn.unit, person_id, f"alert:{alert.id}")
        if feed(turn, alert, OutOfReach(person_id)):
            alerts.close_for(turn.unit, alert.id, person_id)


def _open_of_member(turn: Turn, member_id: str) -> Sequence[Alert]:
    """Return a member's open alerts, newest first, as this event has left them so far."""
    stored = alerts.open_of_member(turn.unit, member_id)
    known = {alert.id for alert in stored}
    raised = [alert for alert in turn.alerts.values() if alert.member == member_id and alert.id not in known]
    now = [*reversed(raised), *(turn.alerts.get(alert.id, alert) for alert in stored)]
    return [alert for alert in now if alert.state not in CLOSED]


def _awake(turn: Turn, member_id: str) -> tuple[str, ...]:
    """Return the ids of the contacts who may be asked when a window that begins now ends, in their order."""
    awake, _ = naming.awake_and_quiet(turn, member_id, turn.until(turn.app.program.support.window))
    return tuple(one.person_id for one in awake)


def _policy(turn: Turn, member_id: str, reason: AlertReason) -> Policy:
    """Return who will be told, in which order: the contacts who agreed, then staff on call.

    Whoever has said STOP, or has quiet hours when the window ends, is left out: nobody waits for an answer to
    a text that is never sent.
    """
    support = turn.app.program.support

    def reachable(staff: Iterable[str]) -> list[str]:
        return [one for one in staff if one != member_id and not turn.person(one).stopped]

    return policy_for(
        () if reason == "crisis" else _awake(turn, member_id),
        reachable(duty.on_duty(turn, member_id)),
        window=timedelta(0) if reason == "crisis" else support.window,
        contact_wait=support.contact_wait,
        staff_wait=support.staff_wait,
        remind_staff=support.remind_staff,
        at_once=support.at_once,
        check_taken=CHECK_TAKEN,
        repeat=support.repeat,
        call_after=support.call_after,
        last_resort=reachable(duty.last_resort(turn, member_id)),
    )


def _change_shift(turn: Turn, alert: Alert) -> Alert:
    """Put those on duty now into the policy, where somebody may be told next."""
    if turn.app.program.rota is None or alert.state in CLOSED:
        return alert
    here = duty.on_duty(turn, alert.member)
    able = tuple(one for one in here if one != alert.member and not turn.person(one).stopped)
    feed(turn, alert, ShiftChanged(able))
    return turn.alerts.get(alert.id, alert)


def _note_hole(turn: Turn, alert: Alert) -> None:
    """Put a hole in the rota on the staff's list, once for each request that meets one."""
    id = f"{alert.id}.rota"
    if id in turn.noted or tasks.by_id(turn.unit, id) is not None:
        return
    turn.noted.add(id)
    at = turn.now.astimezone(ZoneInfo(turn.app.program.timezone))
    when = f"on {at:%a %d %b at %H:%M}, when a request came to staff. Mend the rota."
    nobody = (
        "Nobody on duty was there for this member"
        if turn.app.program.on_duty(turn.now)
        else "Nobody was on duty"
    )
    note = f"{nobody} {when}"
    turn.add_task("rota_hole", id=id, member_id=None, subject="rota", note=note)


def _settle(turn: Turn, alert: Alert, event: Event, effects: Sequence[Effect]) -> None:
    """Journal an accepted event and do its effects. Each effect's key is alert, transition and index.

    Somebody who has said STOP, left or was taken off since the alert was raised, or who has quiet hours now,
    can't be asked: that is the next event, at once.
    """
    subject = f"alert:{alert.id}"
    first = isinstance(event, Raised)
    said = raised_to_json(alert) if first else event_to_json(event)
    turn.journal(alert.member, subject, alert.transition, said)
    if alert.timer is None:
        timers.drop(turn.unit, subject)
    for index, effect in enumerate(effects):
        telling.do(turn, alert, effect, f"{alert.id}.{alert.transition}.{index}")
    asked = [effect.target for effect in effects if isinstance(effect, Notify)]
    listed = any(isinstance(effect, AddTask) for effect in effects)
    if (listed or any(one.role == "staff" for one in asked)) and not duty.on_duty(turn, alert.member):
        _note_hole(turn, alert)
    for target in asked:
        if not telling.may_be_asked(turn, alert, target):
            feed(turn, alert, OutOfReach(target.person))
    for effect in effects:
        if isinstance(effect, Call) and not telling.may_be_asked(turn, alert, effect.target):
            feed(turn, alert, NoAnswer(effect.target.person))


def is_asked(alert: Alert, person_id: str) -> bool:
    """Whether this person owes an answer: to be there, or, having taken it, whether they were."""
    was_taker_asked = alert.taken_by == person_id and alert.reminders > 0
    return was_taker_asked or alert.told.get(person_id) in telling.UNANSWERED
