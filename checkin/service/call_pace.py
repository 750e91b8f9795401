"""How many calls are made at once, and how fast: rows, so that it holds for all workers and after a restart.

1. One call at a time to one person: a phone that is in use would only be busy.
2. Routine calls are booked on one row at the carrier's pace, and leave some lines free.
3. Calls about alerts are never made to wait for these; what they use is booked too, and routine calls make
   up for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from checkin.service.app import App
from checkin.store import outbox, pacing
from checkin.store.outbox import Message
from checkin.timing.pacing import SLACK

LONGEST_CALL = timedelta(minutes=20)
"""A call that began longer ago is over, although nobody has said so: Twilio is asked to end it after 15."""

LOOK_AGAIN = timedelta(seconds=20)
"""How long a call waits for a line, or for the same person's phone."""


def may_begin(app: App) -> bool:
    """Whether a routine call could be made now; if not, none need be claimed."""
    if app.call_pace is None:
        return True
    now = app.clock.now()
    free_at = app.store.read(lambda unit: pacing.free_at(unit, pacing.CALLS))
    return free_at <= now.timestamp() and len(_under_way(app, now)) < app.call_pace.routine_at_once


def waits_until(app: App, message: Message) -> datetime | None:
    """Return when this claimed call may be tried again, None where it may be made now and was booked."""
    now, pace = app.clock.now(), app.call_pace
    ahead = [one for one in _under_way(app, now) if one.id != message.id and _is_ahead(one, message)]
    if any(one.person_id == message.person_id for one in ahead):
        return now + LOOK_AGAIN
    if pace is None:
        return None
    seconds = 1 / pace.a_second
    if message.lane == "alerts":
        if not _book(app, now, seconds):
            app.store.run(lambda unit: pacing.spend(unit, seconds, pacing.CALLS))
        return None
    if len(ahead) >= pace.routine_at_once:
        return now + LOOK_AGAIN
    if _book(app, now, seconds):
        return None
    free_at = app.store.read(lambda unit: pacing.free_at(unit, pacing.CALLS))
    return now + timedelta(seconds=max(0.0, free_at - now.timestamp()))


def _under_way(app: App, now: datetime) -> Sequence[Message]:
    return app.store.read(lambda unit: outbox.calls_under_way(unit, now - LONGEST_CALL))


def _is_ahead(other: Message, message: Message) -> bool:
    """Whether another call has the line, or is in front: of two that were claimed at once, one goes on."""
    if other.state == "sent" or other.lane != message.lane:
        return other.state == "sent" or other.lane == "alerts"
    return (other.created_at, other.id) < (message.created_at, message.id)


def _book(app: App, now: datetime, seconds: float) -> bool:
    at = now.timestamp()
    return app.store.run(
        lambda unit: pacing.book(unit, now=at, slack=SLACK, seconds=seconds, sender=pacing.CALLS)
    )
