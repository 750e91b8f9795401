"""What is due: claiming timers and doing what each of them was set for.

1. Claim a batch of due timers under a lease (`claim`), in a transaction of its own.
2. Do each in its own transaction (`fire`). It looks whether this very timer is still set; a timer that was
   replaced, dropped or done by somebody else does nothing.
   Those that begin scheduled flows are done many in one transaction (`checkin.service.fan_out`).
3. Whatever it decides replaces or drops the timer, so that it can't be done twice. A process that dies in
   between leaves a claimed timer, which is given out again after the lease.
"""

from __future__ import annotations

import functools
from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Future
from datetime import timedelta

import structlog

from checkin.alert.model import AlertState
from checkin.alert.model import TimerFired as AlertTimerFired
from checkin.conversation.run import TimerFired
from checkin.conversation.walk import LATE
from checkin.flow.model import Flow, SilentTrigger
from checkin.service import (
    contacting,
    conversations,
    erasing,
    fan_out,
    importing,
    requests,
    schedules,
    standing,
    todo,
    unheard,
)
from checkin.service.app import App, Lane
from checkin.service.turn import Turn
from checkin.store import alerts, inbox, outbox, runs, timers
from checkin.store.timers import Timer
from checkin.store.unit import Unit

log = structlog.get_logger()

LEASE = timedelta(seconds=60)
BATCH = 100
BATCH_BESIDE_TEXTS = 25
"""How many timers are claimed at once: fewer while texts come, for which one commit has to be over."""

CLAIMS_AHEAD, CLAIMS_TOGETHER = 8, 4
"""How many claims are on their way while check-ins are begun, so that none is waited for, and how many are
begun together: claims are small, since each holds up the writer, and all else is better done for more."""

NOT_SENT_YET = timedelta(minutes=5)
"""How long a timer is put off whose question is still on its way: silence counts from its sending."""

NOT_TAKEN_UP_YET = timedelta(seconds=10)
"""How long a timer is put off whose flow was just published."""

TAKEN_UP_WITHIN = timedelta(minutes=1)
"""Every process that is well has taken up by then what was published: it looks every few seconds."""

POISONED_FOR = timedelta(minutes=5)
"""A timer whose work fails is tried again after so long, so that it holds up nothing else."""


def claim(app: App, lane: Lane) -> Sequence[Timer]:
    """Claim what is due in this lane, oldest first."""
    return app.store.run(_claiming(app, lane), patient=lane == "routine")


def _claiming(app: App, lane: Lane) -> Callable[[Unit], Sequence[Timer]]:
    now, limit = app.clock.now(), BATCH if app.way.is_quiet else BATCH_BESIDE_TEXTS
    return lambda unit: timers.claim(unit, lane=lane, now=now, limit=limit, lease=LEASE)


def run_due(app: App, lane: Lane, alive: Callable[[], None] = lambda: None) -> int:
    """Do everything that is due in this lane now; return how many timers that were.

    It may take minutes: `alive` is called now and then meanwhile.
    """
    done = 0
    while batch := claim(app, lane):
        alive()
        if lane == "routine":
            done += fire_many(app, batch, alive)
        else:
            for timer in batch:
                fire_safely(app, timer)
            done += len(batch)
    return done


def fire_many(app: App, batch: Sequence[Timer], alive: Callable[[], None] = lambda: None) -> int:
    """Do claimed timers, and claim more while there are check-ins to begin; return how many were done.

    Check-ins are begun many together: the next are claimed while some are decided, and those are written
    while the next are decided. All else is done one by one.
    """
    done = 0
    before: fan_out.Begun | None = None
    claims: deque[Future[Sequence[Timer]]] = deque()
    while batch or claims:
        ahead = CLAIMS_AHEAD if fan_out.is_for(batch) else 0
        while len(claims) < ahead:
            claims.append(app.store.begin(_claiming(app, "routine"), patient=True))
        begun = fan_out.begin(app, batch, _work, functools.partial(_finish, app, before))
        done += len(batch)
        alive()
        before, batch = begun, _next(claims)
    _finish(app, before)
    return done


def _next(claims: deque[Future[Sequence[Timer]]]) -> Sequence[Timer]:
    """Return what the next claims have found, some of them together."""
    found: list[Timer] = []
    for _ in range(min(CLAIMS_TOGETHER, len(claims))):
        found += claims.popleft().result()
    return found


def _finish(app: App, begun: fan_out.Begun | None) -> None:
    for timer in () if begun is None else begun.left():
        app.way.give()
        fire_safely(app, timer)


def fire_safely(app: App, timer: Timer) -> None:
    """Do one timer. One that fails is tried again later and reported; the next ones are not held up.

    An alert's stays due when it was, so that health and the auditor see how late the request is.
    """
    try:
        fire(app, timer)
    except Exception:
        log.exception("timer failed", subject=timer.subject)
        until = app.clock.now() + POISONED_FOR
        later = timers.hold if timer.lane == "alerts" else timers.put_off
        app.store.run(lambda unit: later(unit, timer, until))


def fire(app: App, timer: Timer) -> None:
    """Do what one timer was set for, in one transaction."""
    app.store.run(lambda unit: _work(Turn(app, unit, app.clock.now()), timer))


def _work(turn: Turn, timer: Timer) -> None:
    """Decide what one timer was set for, if it is still set."""
    kind, _, rest = timer.subject.partition(":")
    # Before anything else: whoever moves the member in between takes the journal's next number, and what is
    # decided here on older facts is refused and decided again.
    turn.situation(timer.member_id)
    if timers.still_set(turn.unit, timer):
        _WORK[kind](turn, timer, rest)


def _run(turn: Turn, timer: Timer, run_id: str) -> None:
    """Move a run on: not before its question was sent, and nothing is said outside the allowed hours.

    A request for support that the flow makes for a silent member is an alert, and waits for no hour. A
    reminder that is hours late lapses; what leads to other people does not.
    """
    run = runs.by_id(turn.unit, run_id)
    if run is None or run.transition != timer.transition:
        timers.drop_this(turn.unit, timer)
        return
    question = None if timer.counts_from is None else outbox.by_id(turn.unit, timer.counts_from)
    if question is not None and question.state in outbox.OPEN:
        timers.put_off(turn.unit, timer, turn.until(NOT_SENT_YET))
        return
    flow = turn.app.flow(turn.unit, run.flow, run.version)
    facts = dict(conversations.facts_for(turn, timer.member_id, flow))
    if turn.now - timer.due_at > schedules.LATEST:
        facts[LATE] = True
    event = TimerFired(timer.transition, facts)
    if conversations.only_talks(turn, run, event) and _too_early(turn, timer):
        return
    if conversations.feed(turn, run, event) == run:
        timers.drop_this(turn.unit, timer)


def _too_early(turn: Turn, timer: Timer) -> bool:
    """Put a timer off until the member's allowed hours, if now is none of them; return whether it was."""
    start_at = schedules.allowed(turn.app, turn.person(timer.member_id), turn.now)
    if start_at > turn.now:
        timers.put_off(turn.unit, timer, start_at)
    return start_at > turn.now


def _alert(turn: Turn, timer: Timer, alert_id: str) -> None:
    alert, fired = alerts.by_id(turn.unit, alert_id), AlertTimerFired(timer.transition)
    if alert is None:
        timers.drop_this(turn.unit, timer)
        return
    was_put_off = alert.state is AlertState.PUT_OFF
    moved = (requests.the_quiet_is_over if was_put_off else requests.feed)(turn, alert, fired)
    if not moved:
        timers.drop_this(turn.unit, timer)


def _invitation(turn: Turn, timer: Timer, contact_id: str) -> None:
    if not _too_early(turn, timer) and not contacting.waited(turn, contact_id, timer.transition):
        timers.drop_this(turn.unit, timer)


def _erase(turn: Turn, timer: Timer, person_id: str) -> None:
    erasing.time_has_come(turn, timer, person_id)


def _contact_pause(turn: Turn, timer: Timer, contact_id: str) -> None:
    if not _too_early(turn, timer) and not contacting.break_is_over(turn, contact_id):
        timers.drop_this(turn.unit, timer)


def _pause(turn: Turn, timer: Timer, member_id: str) -> None:
    """End a pause. A member who stopped meanwhile has no such timer any more."""
    if _too_early(turn, timer):
        return
    standing.unpause(turn, member_id)
    turn.say(
        turn.person(member_id),
        "unpaused",
        id=f"{timer.subject}.{_stamp(timer)}",
        subject=f"person:{member_id}",
    )


def _schedule(turn: Turn, timer: Timer, rest: str) -> None:
    """Start a scheduled flow, and plan its next start. What comes much too late, or is too much, lapses."""
    member_id, _, name = rest.partition(":")
    flow = _flow(turn, timer, name)
    if flow is None:
        return
    person = turn.person(member_id)
    start_at = schedules.allowed(turn.app, person, turn.now)
    if turn.now < start_at < timer.due_at + schedules.LATEST:
        timers.put_off(turn.unit, timer, start_at)
        return
    in_time = start_at == turn.now and turn.now - timer.due_at < schedules.LATEST
    in_time = in_time and not (flow.check_in and schedules.has_had_enough(turn, person))
    if in_time and flow.check_in:
        person = schedules.begun(turn, person)
    schedules.plan_flow(turn, person, flow)
    if in_time:
        _start(turn, member_id, flow)
    turn.journal(member_id, timer.subject, 0, {"kind": "ScheduleFired", "started": in_time})


def _follow_up(turn: Turn, timer: Timer, rest: str) -> None:
    """Start a follow-up. It is never too late to ask how it went.

    A pause is no reason not to ask either, but for what only follows another conversation, or silence.
    """
    if _too_early(turn, timer):
        return
    flow = _flow(turn, timer, rest.rpartition(":")[2])
    if flow is None:
        return
    timers.drop_this(turn.unit, timer)
    _, after, run_id, *_ = rest.split(":")
    if not _is_overtaken(turn, timer.member_id, flow, after, run_id):
        waits = after in (schedules.AFTER_FLOW, schedules.UNANSWERED)
        _start(turn, timer.member_id, flow, states=("active",) if waits else ("active", "paused"))
    turn.journal(timer.member_id, timer.subject, 0, {"kind": "FollowUpFired"})


def _is_overtaken(turn: Turn, member_id: str, flow: Flow, after: str, run_id: str) -> bool:
    """Whether a flow that follows another one is going on already, or follows a silence that is over."""
    here = turn.situation(member_id)
    if after == schedules.UNANSWERED:
        return here.person.rhythm.unanswered == 0
    if after != schedules.AFTER_FLOW:
        return False
    if any(one.run.flow == flow.name for one in here.waiting):
        return True
    if not flow.tells_people:
        return False
    ended_at, heard_at = runs.ended_at(turn.unit, run_id), inbox.last_at(turn.unit, here.person.number)
    return ended_at is not None and heard_at is not None and heard_at > ended_at


def _silent(turn: Turn, timer: Timer, rest: str) -> None:
    """Start what follows a long silence, and plan it anew; whoever has written since is asked later."""
    flow, person = _flow(turn, timer, rest.rpartition(":")[2]), turn.person(timer.member_id)
    if flow is None:
        return
    lengths = [one.length for one in flow.start if isinstance(one, SilentTrigger)]
    if not lengths:
        timers.drop_this(turn.unit, timer)
        return
    length, heard_at = min(lengths), inbox.last_at(turn.unit, person.number)
    if heard_at is not None and heard_at + length > turn.now:
        timers.put_off(turn.unit, timer, heard_at + length)
        return
    if _too_early(turn, timer):
        return
    timers.put_off(turn.unit, timer, turn.until(length))
    _start(turn, timer.member_id, flow)
    turn.journal(timer.member_id, timer.subject, 0, {"kind": "SilenceFired"})


def _imported(turn: Turn, timer: Timer, member_id: str) -> None:
    """Ask somebody whom staff have brought in, or plan their check-ins."""
    if _too_early(turn, timer):
        return
    timers.drop_this(turn.unit, timer)
    importing.arrived(turn, member_id, welcome=timer.transition == importing.WITH_WELCOME)
    turn.journal(member_id, timer.subject, timer.transition, {"kind": "ImportFired"})


def _task(turn: Turn, timer: Timer, task_id: str) -> None:
    """Remind staff of what nobody has taken, or finished, in time."""
    if not todo.overdue(turn, task_id, timer.transition):
        timers.drop_this(turn.unit, timer)


def _start(turn: Turn, member_id: str, flow: Flow, *, states: Collection[str] = ("active",)) -> None:
    situation = turn.situation(member_id)
    if not schedules.is_for(flow, situation):
        return  # the member has left the group since
    if situation.member_state in states and not situation.person.stopped:
        conversations.start(turn, member_id, flow, expires_at=turn.until(conversations.CHECK_IN_EXPIRES))


def _flow(turn: Turn, timer: Timer, name: str) -> Flow | None:
    """Return a live flow; where there is none, the timer is forgotten.

    One that was published a moment ago, and that this process has not taken up yet, is waited for.
    """
    flow = turn.app.flows.get(name)
    if flow is None:
        if _just_published(turn, name):
            timers.put_off(turn.unit, timer, turn.until(NOT_TAKEN_UP_YET))
        else:
            timers.drop_this(turn.unit, timer)
    return flow


def _just_published(turn: Turn, name: str) -> bool:
    newest = runs.latest_flows(turn.unit).get(name)
    return newest is not None and newest.at is not None and turn.now - newest.at < TAKEN_UP_WITHIN


def _stamp(timer: Timer) -> int:
    return int(timer.due_at.timestamp())


_WORK: Mapping[str, Callable[[Turn, Timer, str], None]] = {
    "run": _run,
    "alert": _alert,
    "invitation": _invitation,
    "erase": _erase,
    "contact_pause": _contact_pause,
    "pause": _pause,
    "schedule": _schedule,
    "follow_up": _follow_up,
    "silent": _silent,
    "imported": _imported,
    unheard.UNDELIVERED: unheard.ended,
    unheard.HEARD: unheard.ended,
    "task": _task,
}
