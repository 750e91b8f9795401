"""When conversations begin by themselves: planning the next start of every scheduled flow for a member."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from checkin.flow.model import AfterAlertTrigger, Flow, JoinedTrigger, ScheduleTrigger
from checkin.service.app import App
from checkin.service.turn import Turn
from checkin.store import people, timers
from checkin.store.situations import Person
from checkin.timing.hours import AllowedHours, next_allowed
from checkin.timing.schedule import next_start

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
    starts = [
        next_start(trigger.days, trigger.at, turn.app.zone_name(person), turn.now)
        for trigger in flow.start
        if isinstance(trigger, ScheduleTrigger)
    ]
    if starts:
        timers.put(turn.unit, timers.Timer(subject, "routine", person.id, 0, min(starts)))
    else:
        timers.drop(turn.unit, subject)


def plan_everybody(turn: Turn, changed: set[str]) -> None:
    """Plan the starts of these flows again for every member, after they were published."""
    for member_id in people.active_members(turn.unit):
        person = turn.person(member_id)
        for name in changed:
            plan_flow(turn, person, turn.app.flows[name])


def plan_follow_ups(turn: Turn, member_id: str, alert_id: str) -> None:
    """Plan every flow that follows an alert which somebody took, each at an allowed hour."""
    person = turn.person(member_id)
    for flow in turn.app.flows.values():
        delays = [trigger.delay for trigger in flow.start if isinstance(trigger, AfterAlertTrigger)]
        if delays:
            due_at = allowed(turn.app, person, turn.until(min(delays)))
            subject = f"follow_up:{member_id}:{alert_id}:{flow.name}"
            timers.put(turn.unit, timers.Timer(subject, "routine", member_id, 0, due_at))


def plan_joined(turn: Turn, member_id: str) -> None:
    """Plan every flow that begins when somebody has agreed to check-ins: at once, at an allowed hour."""
    person = turn.person(member_id)
    for flow in turn.app.flows.values():
        if any(isinstance(trigger, JoinedTrigger) for trigger in flow.start):
            subject = f"follow_up:{member_id}:joined:{flow.name}"
            due_at = allowed(turn.app, person, turn.now)
            timers.put(turn.unit, timers.Timer(subject, "routine", member_id, 0, due_at))


def forget(turn: Turn, member_id: str) -> None:
    """Forget every start that is planned for a member."""
    timers.drop_all(turn.unit, f"schedule:{member_id}:")
    timers.drop_all(turn.unit, f"follow_up:{member_id}:")
    timers.drop(turn.unit, f"pause:{member_id}")


def allowed(app: App, person: Person, at: datetime) -> datetime:
    """Return this moment, or the next one within the allowed hours on the person's own clock."""
    hours = app.program.allowed_hours
    window = AllowedHours(_minutes(hours.start), _minutes(hours.end))
    return next_allowed(at, app.zone_name(person), window)


def _minutes(moment: time) -> int:
    return moment.hour * 60 + moment.minute
