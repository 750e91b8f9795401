"""Runs: starting them, moving them, and doing what the engine decided."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import assert_never

from checkin.conversation import engine
from checkin.conversation.errors import EventRejected
from checkin.conversation.replay import event_to_json
from checkin.conversation.run import (
    AddTask,
    Call,
    Closed,
    Count,
    Effect,
    Event,
    Finished,
    Invite,
    RaiseAlert,
    Record,
    RecordConsent,
    Replied,
    ResolveAlert,
    Run,
    RunState,
    Say,
    SetTimer,
    Started,
    TellContacts,
    TimerFired,
    WakeAt,
)
from checkin.conversation.unlinked import without_answer
from checkin.flow.days import WEEKDAYS
from checkin.flow.model import Ask, Flow, ScheduleTrigger, Value, Values
from checkin.flow.speech import spoken as aloud
from checkin.people.consent import Asked, Consent
from checkin.people.names import short_name
from checkin.service import inviting, missed, pulse, requests, schedules
from checkin.service.turn import Turn
from checkin.store import people, runs, timers
from checkin.store.situations import Waiting, newest_first
from checkin.timing.until import Moment, moment

KEPT_WITH_MEMBER = frozenset({"first_name", "language", "channel"})
"""Results of these names are fields of the member, too."""

CHECK_IN_EXPIRES = timedelta(hours=4)
"""A check-in that could not be sent for so long is not sent any more: it would come at a wrong time."""


def start(turn: Turn, member_id: str, flow: Flow, *, expires_at: datetime | None = None) -> Run:
    """Start a run of this flow. A run of the same flow that still waits for a reply is superseded."""
    situation = turn.situation(member_id)
    for waiting in situation.waiting:
        if waiting.run.flow == flow.name:
            feed(turn, waiting.run, Closed("superseded"))
    run = Run(id=turn.app.new_id(), member=member_id, flow=flow.name, version=flow.version)
    facts = {**facts_for(turn, member_id, flow), **_recalled(turn, member_id, flow)}
    return _move(turn, flow, run, Started(facts), expires_at=expires_at)


def facts_for(turn: Turn, member_id: str, flow: Flow) -> Values:
    """Return what this flow needs to know of a member at this moment: nothing else gets into the journal."""
    facts = turn.facts(turn.situation(member_id), flow.uses)
    return {**facts, **missed.wishes(turn, member_id)} if flow.tells_people else facts


def _recalled(turn: Turn, member_id: str, flow: Flow) -> Values:
    """Return the newest results of earlier runs that the flow wants to know, each as `last_` and its name."""
    if not flow.recalls:
        return {}
    found = runs.last_results(turn.unit, member_id, flow.recalls)
    return {f"last_{name}": value for name, value in found.items()}


def feed(turn: Turn, run: Run, event: Event) -> Run:
    """Move a run by one event, and do what it decides. A stale event changes nothing."""
    flow = turn.app.flow(turn.unit, run.flow, run.version)
    return _move(turn, flow, run, event)


def only_talks(turn: Turn, run: Run, event: Event) -> bool:
    """Whether this event would make the run say something, and ask for nobody's help."""
    try:
        _, effects = engine.step(turn.app.flow(turn.unit, run.flow, run.version), run, event)
    except EventRejected:
        return False
    kinds = {type(effect) for effect in effects}
    return bool(kinds & {Say, Call, TellContacts}) and RaiseAlert not in kinds


def close_all(turn: Turn, member_id: str, reason: str) -> None:
    """End every run of a member that still waits."""
    for waiting in turn.situation(member_id).waiting:
        feed(turn, waiting.run, Closed(reason))


def _move(turn: Turn, flow: Flow, run: Run, event: Event, *, expires_at: datetime | None = None) -> Run:
    try:
        moved, effects = engine.step(flow, run, event)
    except EventRejected:
        return run
    subject = f"run:{run.id}"
    turn.journal(run.member, subject, moved.transition, event_to_json(without_answer(flow, run, event)))
    turn.unlinked |= flow.unlinked and isinstance(event, Replied)
    doing = _Doing(turn, flow, moved, subject, expires_at)
    for index, effect in enumerate(effects):
        doing.do(effect, f"{run.id}.{moved.transition}.{index}")
    asked_at = doing.asked_at
    if asked_at is None and isinstance(flow.steps.get(moved.step or ""), Ask):
        asked_at = turn.situation(run.member).waiting_since(run.id)
    if isinstance(event, Started):
        runs.add(turn.unit, moved, turn.now, asked_at)
    else:
        runs.save(turn.unit, moved, turn.now, asked_at)
    doing.set_timer()
    _remember(turn, moved, asked_at)
    if _stayed_unanswered(flow, run, moved, event):
        schedules.not_answered(turn, run.member)
    return moved


def _stayed_unanswered(flow: Flow, run: Run, moved: Run, event: Event) -> bool:
    """Whether this event ends the wait for an answer to a scheduled check-in to which none ever came."""
    # Since it began only rungs have moved the run.
    if run.transition - run.rung != 1 or not isinstance(flow.steps.get(run.step or ""), Ask):
        return False
    match event:
        case Closed(reason="superseded"):
            ends = True
        case TimerFired():
            ends = moved.state is not RunState.WAITING or moved.step != run.step
        case _:
            ends = False
    return ends and any(isinstance(trigger, ScheduleTrigger) for trigger in flow.start)


def _remember(turn: Turn, moved: Run, asked_at: datetime | None) -> None:
    """Keep the situation true for what else this event does."""
    situation = turn.situation(moved.member)
    known = [waiting for waiting in situation.waiting if waiting.run.id != moved.id]
    if moved.state is RunState.WAITING:
        known.append(Waiting(moved, asked_at))
    turn.update(situation._replace(waiting=newest_first(known)))


class _Doing:
    """Does the effects of one transition of one run."""

    def __init__(self, turn: Turn, flow: Flow, run: Run, subject: str, expires_at: datetime | None) -> None:
        self.turn = turn
        self.flow = flow
        self.run = run
        self.subject = subject
        self.expires_at = expires_at
        self.asked_at: datetime | None = None
        self._asked_in: str | None = None
        self._wait: timedelta | None = None
        self._wake_at: datetime | None = None

    def do(self, effect: Effect, key: str) -> None:
        """Do one effect. `key` is unique to it: run, transition and index."""
        turn = self.turn
        match effect:
            case Say(text, _, question, spoken):
                self._say(text, key, question=question, spoken=spoken)
            case Call(text, _, spoken):
                self._say(text, key, question=True, spoken=spoken, channel="voice")
            case TellContacts():
                missed.tell_contacts(turn, self.run, key=key)
            case RaiseAlert(reason):
                requests.raise_alert(turn, self.run.member, reason, id=f"{key}.alert")
            case ResolveAlert():
                requests.somebody_came(turn, self.run.member)
            case AddTask(kind, note):
                turn.add_task(kind, id=key, member_id=self.run.member, subject=self.subject, note=note)
            case RecordConsent(about, given, wording):
                self._consent(about, given, wording, key)
            case Invite(name, number):
                inviting.invite(turn, self.run.member, name, number, key=key)
            case Record(name, value):
                runs.record(turn.unit, self.run, name, value, turn.now)
                if name in KEPT_WITH_MEMBER:
                    self._keep(name, str(value))
                elif name in turn.app.program.fields:
                    self._keep_field(name, value)
            case Count(name, value):
                pulse.count(turn, self.flow, self.run, name, value)
            case SetTimer(after):
                self._wait = after
            case WakeAt():
                self._wake_at = self._moment(effect)
            case Finished():
                # Everything else is told by the run's own state, and by the timer that is not set any more.
                if self.run.state is RunState.DONE:
                    schedules.plan_after(turn, self.run)
            case _:
                assert_never(effect)

    def set_timer(self) -> None:
        """Set or forget the run's timer, now that all its messages have their rows."""
        if self._wake_at is not None:
            due_at = max(self._wake_at, self.turn.now)
            timer = timers.Timer(self.subject, "routine", self.run.member, self.run.transition, due_at)
            timers.put(self.turn.unit, timer)
            return
        if self._wait is None:
            if self.run.state is not RunState.WAITING or self.run.transition > 1:
                timers.drop(self.turn.unit, self.subject)
            return
        timers.put(
            self.turn.unit,
            timers.Timer(
                self.subject,
                "routine",
                self.run.member,
                self.run.transition,
                self.turn.until(self._wait),
                int(self._wait.total_seconds()),
                self._asked_in,
            ),
        )

    def _moment(self, wanted: WakeAt) -> datetime:
        """Return the moment until which the run waits, on the member's own clock."""
        turn, day = self.turn, wanted.day
        zone = turn.app.zone_name(turn.person(self.run.member))
        weekday = WEEKDAYS.get(day or "")
        date_ = None if day is None or weekday is not None else date.fromisoformat(day)
        return moment(Moment(time.fromisoformat(wanted.at), date_, weekday, wanted.before), zone, turn.now)

    def _say(self, text: str, key: str, *, question: bool, spoken: str, channel: str = "sms") -> None:
        person = self.turn.person(self.run.member)
        kind = "check_in" if self.flow.check_in else "notice"
        sent_as = self.turn.tell(
            person,
            text,
            id=key,
            subject=self.subject,
            kind=kind,
            expires_at=self.expires_at,
            spoken=spoken,
            channel=channel,
        )
        if question:
            self.asked_at = self.turn.now
            self._asked_in = sent_as

    def _consent(self, about: str, given: bool, wording: str, key: str) -> None:
        turn = self.turn
        person = turn.person(self.run.member)
        if turn.channel == "voice":
            wording = aloud(wording, person.language)
        asked = Asked(wording, f"{self.flow.name} {self.flow.version}", person.language)
        people.record_consent(
            turn.unit, Consent(person.id, about, given, asked, turn.channel, turn.now), id=key
        )
        state = "active" if given else "left"
        joined_at = turn.now if given else None
        people.set_member_state(turn.unit, person.id, state, joined_at=joined_at)
        here = turn.situation(person.id)
        turn.update(here._replace(member_state=state, joined_at=joined_at or here.joined_at))
        if given:
            schedules.plan(turn, person.id)
            schedules.plan_joined(turn, person.id)
        else:
            schedules.forget(turn, person.id)

    def _keep_field(self, name: str, value: Value) -> None:
        """Keep a member's own field, and plan again what depends on it."""
        situation = self.turn.situation(self.run.member)
        if situation.fields.get(name) == value:
            return
        fields = {**situation.fields, name: value}
        people.set_fields(self.turn.unit, self.run.member, fields)
        self.turn.update(situation._replace(fields=fields))
        schedules.plan_for_field(self.turn, self.run.member, name)

    def _keep(self, name: str, value: str) -> None:
        situation = self.turn.situation(self.run.member)
        if name == "first_name":
            value = short_name(value)
            people.rename(self.turn.unit, self.run.member, value)
            person = situation.person._replace(name=value)
        elif name == "channel":
            value = "voice" if value == "voice" else "sms"
            people.set_channel(self.turn.unit, self.run.member, value)
            person = situation.person._replace(channel=value)
        else:
            people.set_language(self.turn.unit, self.run.member, value)
            person = situation.person._replace(language=value)
        self.turn.update(situation._replace(person=person))
