"""Doing what the escalation machine decided about a request: telling people, waking, the staff's list.

Knows who may be asked at this hour, and in which words. Must not move a request.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import assert_never

from checkin.alert.model import (
    AddTask,
    Alert,
    AlertState,
    Call,
    CheckTaker,
    Effect,
    FollowUp,
    Notify,
    Role,
    SetTimer,
    Target,
    TellMember,
    TellOther,
    Told,
)
from checkin.alert.telling import people as people_of
from checkin.flow.model import Value
from checkin.flow.words import fold
from checkin.service import naming, previewing, schedules
from checkin.service.turn import Turn
from checkin.store import alerts, contacts, timers
from checkin.store.contacts import Contact
from checkin.store.situations import Person

_AND = {"en": "and", "es": "y"}
"""Stands before the last of several names; a language that is not here is answered in English."""

LONGEST_NIGHT = timedelta(days=1)
"""How long whoever took a request is left alone, at most, before they are asked how it went."""

UNANSWERED = (Told.TOLD, Told.SILENT)
"""How it stands with somebody who was asked and has said nothing yet."""


def do(turn: Turn, alert: Alert, effect: Effect, key: str) -> None:
    subject = f"alert:{alert.id}"
    match effect:
        case Notify(target) | Call(target) if not may_be_asked(turn, alert, target):
            pass  # that they are out of reach, or that nobody answers, is the next event
        case Notify(target, reminder):
            _notify(turn, alert, target, key, reminder=reminder)
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
            values = {"member": name, "by": by and name_of(turn, alert, by)}
            turn.say(turn.person(target.person), text_key, id=key, subject=subject, lane="alerts", **values)
        case SetTimer(after):
            due_at = _by_day(turn, alert, turn.until(after))
            timers.put(turn.unit, timers.Timer(subject, "alerts", alert.member, alert.transition, due_at))
        case AddTask(kind):
            member = turn.person(alert.member)
            note = f"{kind.replace('_', ' ').capitalize()}: {member.name or member.number}"
            turn.add_task(kind, id=key, member_id=alert.member, subject=subject, note=note)
        case FollowUp():
            schedules.plan_follow_ups(turn, alert.member, alert.id)
        case _:
            assert_never(effect)


def may_be_asked(turn: Turn, alert: Alert, target: Target) -> bool:
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
    return target is not None and may_be_asked(turn, alert, target)


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
    text_key, values = asking(turn, alert, target, reminder=reminder)
    text = turn.text(person.language, text_key, **values)
    turn.tell(person, text, id=key, subject=f"alert:{alert.id}", kind="notification", lane="alerts")


def asking(
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
    text_key, values = asking(turn, alert, target, by_text=False)
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


def _by_day(turn: Turn, alert: Alert, due_at: datetime) -> datetime:
    """Return when an alert is due: nobody is woken to be asked whether they got in touch."""
    if alert.state is not AlertState.ACKNOWLEDGED or alert.taken_by is None or alert.reminders:
        return due_at
    taker = turn.person(alert.taken_by)
    day = schedules.by_day(turn.app, taker, due_at)
    for contact in contacts.of_member(turn.unit, alert.member):
        if contact.person_id == taker.id and (over := naming.quiet_until(turn, contact, day)) is not None:
            day = schedules.by_day(turn.app, taker, over)
    return min(day, due_at + LONGEST_NIGHT)


def _check_taker(turn: Turn, alert: Alert, target: Target, key: str) -> None:
    """Ask who took it whether they got in touch."""
    person = turn.person(target.person)
    alerts.notify(turn.unit, alert_id=alert.id, person_id=person.id, role=target.role, at=turn.now)
    text = turn.text(person.language, "alert_check_taker", member=_member_name(turn, alert, target))
    turn.tell(person, text, id=key, subject=f"alert:{alert.id}", kind="notification", lane="alerts")


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
    if news == "put_off" and person is not None:
        key, values["until"] = "alert_member_morning", previewing.quiet_words(turn, alert.member, person)
    if news == "cancelled" and alert.told:
        key = "alert_member_resolved"  # "I told nobody" would not be true
    if person is not None:
        values["contact"] = values["staff"] = name_of(turn, alert, person)
        if news in ("window_opened", "contact_told", "passed_on"):
            values["contact"] = _names_at_once(turn, alert, person)
    if news in ("passed_on", "staff_told") and (quiet := _asleep(turn, alert)) is not None:
        key, values["quiet"] = "alert_member_asked_instead", quiet
    return key, values


def _names_at_once(turn: Turn, alert: Alert, person: str) -> str:
    """Return the names of all who are asked at the same moment as this contact, as the member calls them."""
    tiers = (tier.targets for tier in alert.policy.tiers[max(alert.tier, 0) :])
    asked = next((tier for tier in tiers if any(one.person == person for one in tier)), ())
    able = [one.person for one in asked if one.role == "contact" and may_be_asked(turn, alert, one)]
    names = [name_of(turn, alert, one) for one in able or [person]]
    last = _AND.get(turn.person(alert.member).language, _AND["en"])
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} {last} {names[-1]}"


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


def name_of(turn: Turn, alert: Alert, person_id: str) -> str:
    """Return a person's name as the member calls them, or as staff are called."""
    for contact in contacts.of_member(turn.unit, alert.member):
        if contact.person_id == person_id:
            return contact.name
    return turn.person(person_id).name or turn.app.program.name


def ask_again(turn: Turn, alert: Alert, person: Person, *, key: str) -> None:
    """Remind somebody who has answered one request that another still waits for their answer."""
    target = next(one for one in people_of(alert.policy) if one.person == person.id)
    values = {"member": _member_name(turn, alert, target), "member_number": turn.person(alert.member).number}
    text = turn.text(person.language, f"alert_notify_{target.role}_reminder", **values)
    turn.tell(person, text, id=f"{key}.next", subject=f"alert:{alert.id}", lane="alerts")
