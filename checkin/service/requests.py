"""Requests for support: raising an alert, moving it, and doing what the escalation machine decided."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import assert_never
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
    CheckTaker,
    Effect,
    Event,
    FollowUp,
    HurryUp,
    NoAnswer,
    NobodyCame,
    Notify,
    OutOfReach,
    Passed,
    Policy,
    Raised,
    Role,
    SetTimer,
    ShiftChanged,
    SomebodyCame,
    Target,
    TellMember,
    TellOther,
    TimerFired,
    Told,
)
from checkin.alert.policy import policy_for
from checkin.alert.replay import event_to_json, raised_to_json
from checkin.alert.telling import people as people_of
from checkin.flow.model import AlertReason, Value
from checkin.flow.words import fold
from checkin.service import duty, naming, previewing, schedules
from checkin.service.turn import Turn
from checkin.store import alerts, contacts, outbox, tasks, timers
from checkin.store.contacts import Contact
from checkin.store.situations import Person

CHECK_TAKEN = timedelta(hours=32)
"""When whoever took a request is asked about it: after the member was asked the next day, and had time."""

OPEN_REQUEST = (AlertState.WINDOW, AlertState.NOTIFYING, AlertState.WITH_STAFF)
NOBODY_NEEDED = (AlertState.CANCELLED, AlertState.RESOLVED, AlertState.ACKNOWLEDGED)


UNANSWERED = (Told.TOLD, Told.SILENT)
"""How it stands with somebody who was asked and has said nothing yet."""

_MAY_REACH_STAFF = (TimerFired, HurryUp, Passed, OutOfReach, NoAnswer, NobodyCame)
"""After these somebody of the staff may be asked next: those on duty then, not those who were before."""


def raise_alert(
    turn: Turn, member_id: str, reason: AlertReason, *, id: str, only: Sequence[str] = ()
) -> None:
    """Raise an alert for a member, or say how the one that is open stands. `only` asks just these contacts.

    "Nobody came" re-opens the alert that somebody took. Words of crisis go to staff at once, whatever else
    is open: contacts hear of it only if the member asks for them.
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
            turn.say(person, "alert_member_already_open", id=f"{id}.open", subject=f"alert:{same[0].id}")
        return
    alert = Alert(id=id, member=member_id, reason=reason, policy=_policy(turn, member_id, reason, only))
    moved, effects = escalate(alert, Raised())
    alerts.add(turn.unit, moved, turn.now)
    turn.alerts[moved.id] = moved
    turn.update(replace(turn.situation(member_id), has_alert=True))
    _settle(turn, moved, Raised(), effects)
    if reason != "crisis":
        previewing.say_who_sleeps(turn, moved)


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
        if alert.state is AlertState.WINDOW:
            found = alerts.with_moment(turn.unit, alert.id)
            return None if found is None else (alert, found[1])
    return None


def stopped_in_window(turn: Turn, member_id: str, *, key: str) -> None:
    """Take back a request that nobody has heard of yet, because the member wrote STOP: staff look in.

    A request that somebody was told of goes on. STOP ends our texts, not the wish to hear from a person.
    """
    for alert in _open_of_member(turn, member_id):
        if alert.state is AlertState.WINDOW and feed(turn, alert, ChangedMind()):
            who = turn.person(member_id).name or "A member"
            note = f"{who} asked for support, then wrote STOP before anybody was told."
            turn.add_task(
                "stopped_in_request",
                id=f"{key}.task",
                member_id=member_id,
                subject=f"alert:{alert.id}",
                note=note,
            )


def is_open(turn: Turn, member_id: str) -> bool:
    """Whether a request of this member still waits for a person."""
    return any(alert.state in OPEN_REQUEST for alert in _open_of_member(turn, member_id))


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


def _policy(turn: Turn, member_id: str, reason: AlertReason, only: Sequence[str]) -> Policy:
    """Return who will be told, in which order: the contacts who agreed, then staff on call.

    Whoever has said STOP, or has quiet hours when the window ends, is left out: nobody waits for an answer to
    a text that is never sent.
    """
    support = turn.app.program.support
    awake, _ = naming.awake_and_quiet(turn, member_id, turn.until(support.window))
    agreed = [one.person_id for one in awake if not only or one.person_id in only]

    def reachable(staff: Iterable[str]) -> list[str]:
        return [one for one in staff if one != member_id and not turn.person(one).stopped]

    return policy_for(
        [] if reason == "crisis" else agreed,
        reachable(duty.on_duty(turn.app, turn.now)),
        window=timedelta(0) if reason == "crisis" else support.window,
        contact_wait=support.contact_wait,
        staff_wait=support.staff_wait,
        remind_staff=support.remind_staff,
        at_once=support.at_once,
        check_taken=CHECK_TAKEN,
        repeat=support.repeat,
        call_after=support.call_after,
        last_resort=reachable(duty.last_resort(turn.app)),
    )


def _change_shift(turn: Turn, alert: Alert) -> Alert:
    """Put those on duty now into the policy, where somebody may be told next."""
    if turn.app.program.rota is None or alert.state in CLOSED:
        return alert
    here = duty.on_duty(turn.app, turn.now)
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
    note = f"Nobody was on duty on {at:%a %d %b at %H:%M}, when a request came to staff. Mend the rota."
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
        _do(turn, alert, effect, f"{alert.id}.{alert.transition}.{index}")
    asked = [effect.target for effect in effects if isinstance(effect, Notify)]
    listed = any(isinstance(effect, AddTask) for effect in effects)
    if (listed or any(one.role == "staff" for one in asked)) and not duty.on_duty(turn.app, turn.now):
        _note_hole(turn, alert)
    for target in asked:
        if not _may_be_asked(turn, alert, target):
            feed(turn, alert, OutOfReach(target.person))
    for effect in effects:
        if isinstance(effect, Call) and not _may_be_asked(turn, alert, effect.target):
            feed(turn, alert, NoAnswer(effect.target.person))


def _may_be_asked(turn: Turn, alert: Alert, target: Target) -> bool:
    """Whether this person still takes part, and at this hour; staff do until they say STOP."""
    if turn.person(target.person).stopped:
        return False
    if target.role == "staff":
        return True
    return _contact(turn, alert, target.person) is not None


def _role(alert: Alert, person_id: str) -> Role | None:
    return next((one.role for one in people_of(alert.policy) if one.person == person_id), None)


def _is_asked(turn: Turn, alert: Alert, person_id: str | None) -> bool:
    target = next((one for one in people_of(alert.policy) if one.person == person_id), None)
    return target is not None and _may_be_asked(turn, alert, target)


def _contact(turn: Turn, alert: Alert, person_id: str) -> Contact | None:
    """Return the member's trusted contact with this id, if they may be told of requests for support now."""
    for contact in naming.may_be_told(turn, alert.member):
        if contact.person_id == person_id:
            return None if naming.quiet_until(turn, contact, turn.now) else contact
    return None


def _asleep(turn: Turn, alert: Alert) -> str | None:
    """Return the first contact, as the member calls them, who was passed over because of quiet hours."""
    over = {person for person, stands in alert.told.items() if stands is Told.UNREACHABLE}
    for contact in contacts.of_member(turn.unit, alert.member):
        if contact.person_id in over and naming.quiet_until(turn, contact, turn.now):
            return contact.name
    return None


def _do(turn: Turn, alert: Alert, effect: Effect, key: str) -> None:
    subject = f"alert:{alert.id}"
    match effect:
        case Notify(target) | Call(target) if not _may_be_asked(turn, alert, target):
            pass  # that they are out of reach is the next event
        case Notify(target, reminder):
            _notify(turn, alert, target, key, reminder=reminder)
        case Call(target) if not _may_be_asked(turn, alert, target):
            pass  # that nobody answers is the next event
        case Call(target):
            _call(turn, alert, target, key)
        case CheckTaker(target):
            _check_taker(turn, alert, target, key)
        case TellMember("contact_told" | "passed_on", person) if not _is_asked(turn, alert, person):
            pass  # "I texted Bob" would not be true; who is asked instead is told next
        case TellMember(_, person) if person is not None and turn.person(person).stopped:
            pass
        case TellMember(news, person):
            member = turn.person(alert.member)
            text_key, values = _member_news(turn, alert, news, person)
            turn.say(member, text_key, id=key, subject=subject, lane="alerts", **values)
        case TellOther(target, news, by):
            text_key = f"alert_other_{news}"
            if by is not None and target.role == "contact" and _role(alert, by) == "contact":
                text_key, by = "alert_other_taken_by_contact", None  # contacts never learn of one another
            name = _member_name(turn, alert, target)
            values = {"member": name, "by": by and _name(turn, alert, by)}
            turn.say(turn.person(target.person), text_key, id=key, subject=subject, lane="alerts", **values)
        case SetTimer(after):
            due_at = turn.until(after)
            timers.put(turn.unit, timers.Timer(subject, "alerts", alert.member, alert.transition, due_at))
        case AddTask(kind):
            member = turn.person(alert.member)
            note = f"{kind.replace('_', ' ').capitalize()}: {member.name or member.number}"
            turn.add_task(kind, id=key, member_id=alert.member, subject=subject, note=note)
        case FollowUp():
            schedules.plan_follow_ups(turn, alert.member, alert.id)
        case _:
            assert_never(effect)


def _notify(turn: Turn, alert: Alert, target: Target, key: str, *, reminder: bool) -> None:
    """Ask one person. The row that remembers it lets a later "1" or "2" find this alert."""
    person = turn.person(target.person)
    alerts.notify(
        turn.unit,
        alert_id=alert.id,
        person_id=person.id,
        role=target.role,
        at=turn.now,
    )
    text_key, values = _asking(turn, alert, target, reminder=reminder)
    text = turn.text(person.language, text_key, **values)
    turn.tell(person, text, id=key, subject=f"alert:{alert.id}", kind="notification", lane="alerts")


def _asking(
    turn: Turn, alert: Alert, target: Target, *, reminder: bool = False, by_text: bool = True
) -> tuple[str, dict[str, Value]]:
    """Return which text asks this person, and what to fill in. Only staff read a number."""
    text_key = f"alert_notify_{target.role}" + ("_reminder" if reminder else "")
    contact = None if reminder or target.role == "staff" else _contact(turn, alert, target.person)
    if contact is not None:
        text_key = naming.notice_key(contact)
    if target.role == "staff" and alert.reason == "crisis":
        text_key = "alert_notify_staff_crisis"
    values: dict[str, Value] = {"member": _member_name(turn, alert, target)}
    if target.role == "staff":
        values["member_number"] = turn.person(alert.member).number
    elif by_text and not reminder and _asked_about_others(turn, alert, target.person):
        text_key = "alert_notify_contact_too"
    return text_key, values


def _asked_about_others(turn: Turn, alert: Alert, person_id: str) -> bool:
    """Whether this person owes an answer about another member too: then an answer has to name whom."""
    known = alerts.open_for_person(turn.unit, person_id)
    return any(one.id != alert.id and one.told.get(person_id) in UNANSWERED for one in known)


def _call(turn: Turn, alert: Alert, target: Target, key: str) -> None:
    """Call one person who was asked by text. From now on it is the newest thing that they were asked."""
    person = turn.person(target.person)
    alerts.notify(turn.unit, alert_id=alert.id, person_id=person.id, role=target.role, at=turn.now)
    text_key, values = _asking(turn, alert, target, by_text=False)
    turn.tell(
        person,
        turn.text(person.language, text_key, **values),
        spoken=turn.spoken(person.language, text_key, **values),
        id=key,
        subject=f"alert:{alert.id}",
        kind="notification",
        lane="alerts",
        channel="voice",
    )


def _check_taker(turn: Turn, alert: Alert, target: Target, key: str) -> None:
    """Ask who took it whether they got in touch."""
    person = turn.person(target.person)
    alerts.notify(turn.unit, alert_id=alert.id, person_id=person.id, role=target.role, at=turn.now)
    text = turn.text(person.language, "alert_check_taker", member=_member_name(turn, alert, target))
    turn.tell(person, text, id=key, subject=f"alert:{alert.id}", kind="notification", lane="alerts")


def is_asked(alert: Alert, person_id: str) -> bool:
    """Whether this person owes an answer: to be there, or, having taken it, whether they were."""
    return alert.told.get(person_id) in UNANSWERED or (alert.taken_by == person_id and alert.reminders > 0)


def ask_again(turn: Turn, alert: Alert, person: Person, *, key: str) -> None:
    """Remind somebody who has answered one request that another still waits for their answer."""
    target = next(one for one in people_of(alert.policy) if one.person == person.id)
    values = {"member": _member_name(turn, alert, target), "member_number": turn.person(alert.member).number}
    text = turn.text(person.language, f"alert_notify_{target.role}_reminder", **values)
    turn.tell(person, text, id=f"{key}.next", subject=f"alert:{alert.id}", lane="alerts")


def _member_news(turn: Turn, alert: Alert, news: str, person: str | None) -> tuple[str, dict[str, Value]]:
    """Return which text tells the member this news, and what to fill in."""
    member = turn.person(alert.member)
    key = f"alert_member_{news}"
    values: dict[str, Value] = {"time": turn.clock(member)}
    if news == "window_opened":
        values["minutes"] = int(alert.policy.window.total_seconds() // 60)
        if person is None:
            key += "_staff"
        else:
            key += previewing.choices(turn, alert, person, values)
    if news == "cancelled" and alert.told:
        key = "alert_member_resolved"  # "I told nobody" would not be true
    if person is not None:
        values["contact"] = values["staff"] = _name(turn, alert, person)
    if news in ("passed_on", "staff_told") and (quiet := _asleep(turn, alert)) is not None:
        key, values["quiet"] = "alert_member_asked_instead", quiet
    return key, values


def _member_name(turn: Turn, alert: Alert, target: Target) -> str:
    """Return the member's name; staff see the number of somebody who has not told us one.

    Where this person has been asked about another member of the same name too, the end of the number tells
    them apart.
    """
    member = turn.person(alert.member)
    name = member.name or (member.number if target.role == "staff" else turn.app.program.name)
    others = alerts.open_for_person(turn.unit, target.person)
    return told_apart(turn, alert, name, others)


def told_apart(turn: Turn, alert: Alert, name: str, among: Sequence[Alert]) -> str:
    """Return a member's name, with the end of the number where another alert of these has the same name."""
    others = {one.member for one in among if one.member != alert.member}
    same = any(fold(turn.person(other).name or "") == fold(name) for other in others)
    return f"{name} ({turn.person(alert.member).number[-4:]})" if same else name


def _name(turn: Turn, alert: Alert, person_id: str) -> str:
    """Return a person's name as the member calls them, or as staff are called."""
    for contact in contacts.of_member(turn.unit, alert.member):
        if contact.person_id == person_id:
            return contact.name
    return turn.person(person_id).name or turn.app.program.name
