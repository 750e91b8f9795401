"""What a failed text of a conversation means: nobody was asked, so nobody is silent.

Silence is news only where the question arrived. These are told apart, and only the first climbs a question's
no-reply ladder:

============  =========================================================================================
silence       the question arrived, or nothing says that it did not: the ladder climbs
undelivered   the question failed: the run ends `undelivered`. A reminder failed: the run climbs no
              further, takes an answer until its ladder would have ended, and ends `undelivered` then.
              Either is a task for staff, because the number may have changed
opted out     STOP, in words or told by the carrier: every run ends `opted_out`
paused        every run ends `paused`
moved number  "wrong number": texts stop, and staff have a task
============  =========================================================================================
"""

from __future__ import annotations

from datetime import timedelta

from checkin.carrier.base import FailureKind
from checkin.conversation.run import Closed, Run
from checkin.flow.model import Ask
from checkin.service import conversations
from checkin.service.turn import Turn
from checkin.store import runs, tasks, timers
from checkin.store.outbox import Message
from checkin.store.timers import Timer

UNDELIVERED = "undelivered"
HEARD = "heard"
"""How a run ends that climbs no further and gets no answer; the timer that ends it is of this kind, too."""

_NOTES = {
    True: "Texts to {who} do not arrive. The number may have changed: please reach them another way and ask.",
    False: "A text to {who} could not be delivered.",
}


def failed(turn: Turn, message: Message, run_id: str, why: FailureKind) -> None:
    """Take a text or call of a run for undelivered: its ladder climbs no further, and staff hear of it.

    A failure that comes after the member has answered, or after the question was asked anew, is old news to
    the run; to staff it is not.
    """
    waiting = turn.situation(message.person_id).waiting
    for run in [one.run for one in waiting if one.run.id == run_id]:
        said_at = int(message.id.rsplit(".", 2)[1])
        if said_at >= run.transition - run.rung:  # since then only rungs have moved it: no reply came
            _stop_climbing(turn, run)
    tell_staff(turn, message, why)


def _stop_climbing(turn: Turn, run: Run) -> None:
    """End a run whose question failed; one that climbed waits for an answer as long as it would have."""
    step = turn.app.step_of(turn.unit, run)
    if run.rung == 0 or not isinstance(step, Ask):
        conversations.feed(turn, run, Closed(UNDELIVERED))
        return
    left = step.no_reply[-1].after - step.no_reply[run.rung - 1].after
    hold(turn, run, max(left, timedelta(0)), ends=UNDELIVERED)


def hold(turn: Turn, run: Run, length: timedelta, *, ends: str) -> None:
    """Let a run wait for an answer so long and climb no further; without one it ends with this word."""
    timers.drop(turn.unit, f"run:{run.id}")
    timers.put(
        turn.unit, Timer(f"{ends}:{run.id}", "routine", run.member, run.transition, turn.until(length))
    )


def ended(turn: Turn, timer: Timer, run_id: str) -> None:
    """End a run that climbs no further and that nobody has answered; one that moved since goes on."""
    timers.drop_this(turn.unit, timer)
    run = runs.by_id(turn.unit, run_id)
    if run is not None and run.transition == timer.transition:
        conversations.feed(turn, run, Closed(timer.subject.partition(":")[0]))


def tell_staff(turn: Turn, message: Message, why: FailureKind) -> None:
    """Put a member whom texts do not reach on the staff's list, once for as long as nobody has done it."""
    if tasks.is_listed(turn.unit, "undelivered", message.person_id):
        return
    who = turn.person(message.person_id).name or "a member"
    turn.add_task(
        "undelivered",
        id=f"{message.id}.undelivered",
        member_id=message.person_id,
        subject=message.subject,
        note=_NOTES[why is FailureKind.BAD_NUMBER].format(who=who),
    )
