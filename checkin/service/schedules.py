"""When conversations begin by themselves: planning the next start of every scheduled flow for a member."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from checkin.conversation.run import Run
from checkin.flow.forms import read_date
from checkin.flow.model import (
    JOINED,
    AfterAlertTrigger,
    AfterFlowTrigger,
    Flow,
    JoinedTrigger,
    MemberDateTrigger,
    ScheduleTrigger,
    SilentTrigger,
    UnansweredTrigger,
)
from checkin.service.app import App
from checkin.service.turn import Turn
from checkin.store import inbox, outbox, people, timers
from checkin.store.situations import Person, Situation
from checkin.store.unit import Unit
from checkin.timing.hours import AllowedHours, allowed_until, next_allowed
from checkin.timing.rhythm import AS_PLANNED, Rhythm, next_check_in
from checkin.timing.until import next_anniversary

AFTER_FLOW = "after"
"""Marks, in a follow-up's subject, one that follows another flow: a pause holds it back."""

UNANSWERED = "unanswered"
"""Marks one that follows check-ins without an answer: a pause, and any word of the member, holds it back."""

LATEST = timedelta(hours=4)
"""A start that is later than this (the service stood still) lapses; the next one is planned."""


def plan(turn: Turn, member_id: str) -> None:
    """Plan the next start of every scheduled flow for a member."""
    person = turn.person(member_id)
    for flow in turn.app.flows.values():
        plan_flow(turn, person, flow)


def plan_flow(turn: Turn, person: Person, flow: Flow) -> None:
    """Plan the next start of one flow for a member; a flow without a schedule has none."""
    subject = f"schedule:{person.id}:{flow.name}"
    theirs = is_for(flow, turn.situation(person.id))
    starts = list(_starts(turn, person, flow)) if theirs else []
    if theirs and (lengths := [start.length for start in flow.start if isinstance(start, SilentTrigger)]):
        plan_after_silence(turn, person, flow, min(lengths))
    if starts:
        timers.put(turn.unit, timers.Timer(subject, "routine", person.id, 0, min(starts)))
    else:
        timers.drop(turn.unit, subject)


def is_for(flow: Flow, here: Situation) -> bool:
    """Whether this member can have this conversation: it is everybody's, or that of their group."""
    return flow.group is None or here.fields.get("group") == flow.group


def _starts(turn: Turn, person: Person, flow: Flow) -> Iterator[datetime]:
    for trigger in flow.start:
        match trigger:
            case ScheduleTrigger():
                start = next_start_of(turn, person, flow, trigger)
            case MemberDateTrigger():
                start = _next_of_date(turn, person, trigger)
            case _:
                start = None
        if start is not None:
            yield start


def _next_of_date(turn: Turn, person: Person, trigger: MemberDateTrigger) -> datetime | None:
    """Return when a member's own date brings about the next start; None where it is not known, or over."""
    here = turn.situation(person.id)
    if trigger.field == JOINED:
        day = None if here.joined_at is None else turn.local(person, here.joined_at).date()
    else:
        day = read_date(here.fields.get(trigger.field))
    if day is None:
        return None
    at = time.fromisoformat(trigger.at)
    return next_anniversary(day, at, turn.app.zone_name(person), turn.now, trigger.after_days)


def next_start_of(turn: Turn, person: Person, flow: Flow, trigger: ScheduleTrigger) -> datetime | None:
    """Return when this member's next start by one schedule is, as they want it and within their hours."""
    return next_check_in(
        trigger.rule,
        person.rhythm if flow.check_in else AS_PLANNED,
        turn.app.zone_name(person),
        turn.now,
        hours=hours_of(turn.app, person),
        draw=lambda start: drawn(f"{person.id}:{flow.name}:{start.isoformat()}"),
        spread=trigger.spread,
        holidays=turn.app.program.holidays,
    )


def begun(turn: Turn, person: Person) -> Person:
    """Note the day of a check-in that begins now, where the next may not come the day after."""
    if person.rhythm.least_gap == 1:
        return person
    return _set(turn, person, replace(person.rhythm, last=turn.local(person).date()))


def not_answered(turn: Turn, member_id: str) -> None:
    """Count a check-in that nobody answered; after the third in a row they come weekly.

    Flows that begin after so many are planned.
    """
    person = turn.person(member_id)
    rhythm = person.rhythm.unheard(turn.local(person).date())
    _changed(turn, person, rhythm)
    for flow in turn.app.flows.values():
        times = [start.times for start in flow.start if isinstance(start, UnansweredTrigger)]
        if rhythm.unanswered in times and is_for(flow, turn.situation(member_id)):
            subject = f"follow_up:{member_id}:{UNANSWERED}:{rhythm.unanswered}:{flow.name}"
            due_at = allowed(turn.app, person, turn.now)
            timers.put(turn.unit, timers.Timer(subject, "routine", member_id, 0, due_at))


def plan_after_silence(turn: Turn, person: Person, flow: Flow, length: timedelta) -> None:
    """Plan a flow for when a number will have been silent so long; whoever writes puts it off (`due`)."""
    heard_at = inbox.last_at(turn.unit, person.number) or turn.now
    due_at = max(heard_at + length, turn.now)
    timers.put(turn.unit, timers.Timer(f"silent:{person.id}:{flow.name}", "routine", person.id, 0, due_at))


def answered(turn: Turn, member_id: str) -> None:
    """Forget the check-ins without an answer, if there were any: the member has written."""
    person = turn.person(member_id)
    if person.rhythm.unanswered:
        _changed(turn, person, replace(person.rhythm, unanswered=0))


def _changed(turn: Turn, person: Person, rhythm: Rhythm) -> None:
    """Keep a rhythm; where check-ins come oftener or rarer by it, plan them anew."""
    another_gap = rhythm.least_gap != person.rhythm.least_gap
    _set(turn, person, rhythm)
    if another_gap and turn.situation(person.id).member_state == "active":
        plan(turn, person.id)


def _set(turn: Turn, person: Person, rhythm: Rhythm) -> Person:
    people.set_rhythm(turn.unit, person.id, rhythm)
    person = person._replace(rhythm=rhythm)
    turn.update(turn.situation(person.id)._replace(person=person))
    return person


def drawn(what: str) -> float:
    """Return a number from -1 to 1 that always is the same for the same thing, and looks drawn by lot."""
    digest = hashlib.blake2b(what.encode(), digest_size=8).digest()
    return int.from_bytes(digest) / 2**63 - 1


def plan_everybody(turn: Turn, changed: Collection[Flow]) -> None:
    """Plan the starts of these flows again for every member, as they are published."""
    if not changed:
        return
    for member_id in people.active_members(turn.unit):
        person = turn.person(member_id)
        for flow in changed:
            plan_flow(turn, person, flow)


def plan_follow_ups(turn: Turn, member_id: str, alert_id: str) -> None:
    """Plan every flow that follows an alert which somebody took, each at an allowed hour."""
    person = turn.person(member_id)
    for flow in turn.app.flows.values():
        delays = [trigger.delay for trigger in flow.start if isinstance(trigger, AfterAlertTrigger)]
        if delays and is_for(flow, turn.situation(member_id)):
            due_at = allowed(turn.app, person, turn.until(min(delays)))
            subject = f"follow_up:{member_id}:{alert_id}:{flow.name}"
            timers.put(turn.unit, timers.Timer(subject, "routine", member_id, 0, due_at))


def plan_joined(turn: Turn, member_id: str) -> None:
    """Plan every flow that begins when somebody has agreed to check-ins: at once, at an allowed hour."""
    person = turn.person(member_id)
    for flow in turn.app.flows.values():
        by_joining = any(isinstance(trigger, JoinedTrigger) for trigger in flow.start)
        if by_joining and is_for(flow, turn.situation(member_id)):
            subject = f"follow_up:{member_id}:joined:{flow.name}"
            due_at = allowed(turn.app, person, turn.now)
            timers.put(turn.unit, timers.Timer(subject, "routine", member_id, 0, due_at))


def plan_after(turn: Turn, run: Run) -> None:
    """Plan every flow that follows the end to which this run has come, each at an allowed hour."""
    person = turn.person(run.member)
    for flow in turn.app.flows.values():
        delays = [
            trigger.delay
            for trigger in flow.start
            if isinstance(trigger, AfterFlowTrigger)
            and trigger.flow == run.flow
            and (not trigger.ended or run.outcome in trigger.ended)
        ]
        if delays and is_for(flow, turn.situation(run.member)):
            due_at = allowed(turn.app, person, turn.until(min(delays)))
            subject = f"follow_up:{run.member}:{AFTER_FLOW}:{run.id}:{flow.name}"
            timers.put(turn.unit, timers.Timer(subject, "routine", run.member, 0, due_at))


def plan_for_field(turn: Turn, member_id: str, name: str) -> None:
    """Plan again every flow that depends on a member's own field, where the member takes part.

    What of a group that the member has left was planned is forgotten.
    """
    here = turn.situation(member_id)
    if here.member_state != "active":
        return
    for flow in turn.app.flows.values():
        by_date = any(isinstance(start, MemberDateTrigger) and start.field == name for start in flow.start)
        if by_date or (name == "group" and flow.group is not None):
            plan_flow(turn, here.person, flow)


def forget(turn: Turn, member_id: str) -> None:
    """Forget every start that is planned for a member."""
    timers.drop_all(turn.unit, f"schedule:{member_id}:")
    timers.drop_all(turn.unit, f"follow_up:{member_id}:")
    timers.drop_all(turn.unit, f"silent:{member_id}:")
    timers.drop(turn.unit, f"pause:{member_id}")


def allowed(app: App, person: Person, at: datetime) -> datetime:
    """Return this moment, or the next one within the allowed hours on the person's own clock."""
    return next_allowed(at, app.zone_name(person), hours_of(app, person))


def by_day(app: App, person: Person, at: datetime) -> datetime:
    """Return this moment, or the next at which the night is over on the person's own clock, on any day."""
    hours = hours_of(app, person)
    return next_allowed(at, app.zone_name(person), AllowedHours(hours.start, hours.end))


def ends(app: App, person: Person, at: datetime, until: datetime) -> datetime:
    """Return when the person's allowed hours around this moment end, `until` at the latest."""
    return allowed_until(at, until, app.zone_name(person), hours_of(app, person))


def has_had_enough(turn: Turn, person: Person) -> bool:
    """Whether this person has had as many check-ins today, or in the seven days up to today, as allowed."""
    today, week = _midnights(turn.now, turn.app.zone_name(person))
    begun, most = outbox.check_ins_since(turn.unit, person.id, week), turn.app.program.check_ins
    return len(begun) >= most.a_week or sum(at >= today for at in begun) >= most.a_day


def foresee(app: App, unit: Unit, whom: Sequence[Person], now: datetime) -> None:
    """Ask at once for many people what `has_had_enough` asks for one."""
    outbox.foresee_check_ins(unit, {one.id: _midnights(now, app.zone_name(one))[1] for one in whom})


@functools.lru_cache(maxsize=512)
def _midnights(now: datetime, zone: str) -> tuple[datetime, datetime]:
    """Return when the day, and the seven days up to it, began in a zone; in UTC."""
    tz = ZoneInfo(zone)
    today = now.astimezone(tz).date()
    days = (today, today - timedelta(days=6))
    began, week_began = (datetime.combine(day, time(), tzinfo=tz).astimezone(UTC) for day in days)
    return began, week_began


def hours_of(app: App, person: Person) -> AllowedHours:
    """Return the allowed hours that count for this person: their own, or the program's."""
    return person.rhythm.hours or app.hours
