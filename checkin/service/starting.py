"""Starting a conversation by hand: for one member, or why it can't be.

Whoever takes part and has not stopped can be asked; the member's hours, group and daily limit count as for
any other conversation. Who on staff did it is journalled. What is refused says why and what helps; it may
name the member, so it is for staff at a terminal and never for a log.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from checkin.flow.guess import did_you_mean
from checkin.flow.model import Flow, StaffTrigger
from checkin.flow.words import fold
from checkin.people.numbers import NumberRefused, normalise
from checkin.service import conversations, desk, duty, schedules
from checkin.service.app import App
from checkin.service.turn import Turn
from checkin.store import people, situations, timers
from checkin.store.situations import Person, Situation
from checkin.store.unit import Unit

BY_STAFF = "staff"
"""Marks, in a follow-up's subject, one that staff asked for outside the member's hours."""


class NotStarted(Exception):
    """The conversation can't be started for this member: what is in the way, and what helps."""

    def __init__(self, problem: str, mend: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.mend = mend


@dataclass(frozen=True, slots=True)
class Begun:
    """A conversation that staff have started. `at` is when it begins, where that is not now."""

    flow: str
    version: int
    member: str
    at: datetime | None = None


def start(app: App, flow_name: str, member: str, staff: str) -> Begun:
    """Start a live flow for the member with this number or name; outside their hours, when these begin.

    Raises `NotStarted`, and `desk.NotOnCall` where nobody on staff has this name.
    """
    flow = _startable(app, flow_name)

    def work(unit: Unit) -> Begun:
        turn = Turn(app, unit, app.clock.now())
        by = desk.staff_id(turn, staff)
        person = _member(turn, member, by)
        here = turn.situation(person.id)
        _may_be_asked(flow, here)
        name = person.name or person.number
        event = {"kind": "StartedByStaff", "flow": flow.name, "version": flow.version, "staff": by}
        turn.journal(person.id, f"member:{person.id}", 0, event)
        start_at = schedules.allowed(app, person, turn.now)
        if start_at > turn.now:
            subject = f"follow_up:{person.id}:{BY_STAFF}:{app.new_id()}:{flow.name}"
            timers.put(unit, timers.Timer(subject, "routine", person.id, 0, start_at))
            return Begun(flow.name, flow.version, name, start_at.astimezone(app.zone_of(person)))
        if flow.check_in and schedules.has_had_enough(turn, person):
            mend = "Try tomorrow, or change `check_ins` in program.yaml."
            raise NotStarted("This member has had as many check-ins as a day or a week allows.", mend)
        expires_at = turn.until(conversations.CHECK_IN_EXPIRES)
        conversations.start(turn, person.id, flow, expires_at=expires_at)
        return Begun(flow.name, flow.version, name)

    return app.store.run(work)


def _startable(app: App, name: str) -> Flow:
    """Return the live flow of this name, if staff can start it."""
    flow = app.flows.get(name)
    by_hand = sorted(one.name for one in app.flows.values() if _by_staff(one))
    shown = f"By hand can be started: {', '.join(by_hand)}." if by_hand else "None can be started by hand."
    if flow is None:
        near = did_you_mean(name, app.flows)
        problem = f"There is no live flow {name!r}." + (f" Did you mean {near!r}?" if near else "")
        raise NotStarted(problem, shown if app.flows else "Publish it first: checkin flows publish")
    if not _by_staff(flow):
        problem = f"The flow {name!r} can't be started by hand."
        raise NotStarted(problem, f"Add `- staff: true` under its `start` and publish it. {shown}")
    return flow


def _by_staff(flow: Flow) -> bool:
    return any(isinstance(trigger, StaffTrigger) for trigger in flow.start)


def _member(turn: Turn, wanted: str, by: str) -> Person:
    """Return who has this number or name, among those whom this person on staff is there for."""
    try:
        number = normalise(wanted, region=turn.app.program.country)
    except NumberRefused as refused:
        if any(letter.isalpha() for letter in wanted):
            return _by_name(turn, wanted, by)
        raise NotStarted("This is no phone number and no name.", refused.mend) from None
    person = people.by_number(turn.unit, number)
    if person is None or not duty.serves(turn, by, person.id):
        mend = "Check the number; for another country begin with + and the country's code."
        raise NotStarted(f"Nobody{_in_yours(turn, by)} has this number.", mend)
    return person


def _by_name(turn: Turn, wanted: str, by: str) -> Person:
    everybody = situations.of_people(turn.unit, people.active_members(turn.unit))
    named = [one.person for one in everybody if fold(one.person.name or "") == fold(wanted)]
    found = [person for person in named if duty.serves(turn, by, person.id)]
    if not found:
        raise NotStarted(
            f"No member{_in_yours(turn, by)} has this name.",
            "Write it as the member gave it, or give the number.",
        )
    if len(found) > 1:
        ends = ", ".join(sorted(f"…{person.number[-4:]}" for person in found))
        raise NotStarted(f"{len(found)} members have this name: {ends}.", "Give the whole number.")
    return found[0]


def _in_yours(turn: Turn, by: str) -> str:
    return " in your groups" if duty.serves_some(turn, by) else ""


def _may_be_asked(flow: Flow, here: Situation) -> None:
    """Raise `NotStarted` where this member can't have this conversation now."""
    if here.person.stopped:
        mend = "They can text START. Where they asked for it by another way: checkin members undo-stop"
        raise NotStarted("This person has said STOP, so nothing is sent to them.", mend)
    if here.member_state == "paused":
        mend = "Wait until the pause is over, or until they text START. SUPPORT works for them meanwhile."
        raise NotStarted("This member has paused.", mend)
    if here.member_state != "active":
        raise NotStarted("This person has not agreed to check-ins.", "They join by texting JOIN.")
    if not schedules.is_for(flow, here):
        mend = "Put the member into the group first, or choose another flow."
        raise NotStarted(f"This conversation is only for the group {flow.group!r}.", mend)
    if any(waiting.run.flow == flow.name for waiting in here.waiting):
        raise NotStarted("This member is in the middle of this conversation already.", "Wait for its end.")
