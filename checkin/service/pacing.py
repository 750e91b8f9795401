"""Keeping to the sender's pace: routine texts are booked before they are claimed, alerts after they are sent.

All workers share one row (`checkin.store.pacing`), so that the pace holds on any broker and after a restart.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from checkin.flow.segments import segments
from checkin.service.app import App
from checkin.service.turn import Turn
from checkin.store import outbox, pacing
from checkin.store.outbox import Message
from checkin.timing.pacing import MOST_AHEAD, SLACK

LONGEST_REST = 1.0
"""Seconds after which a waiting worker looks whether it is to stop."""

SHORTEST_REST = 0.001

HOLD = timedelta(seconds=5)
"""How long routine texts rest when the carrier has too much and does not say for how long."""


def turn_comes(app: App, limit: int, stopping: Callable[[], bool]) -> int:
    """Wait until the sender is free; return how many routine texts may be claimed now.

    0 where nothing is due or it is time to stop. Without a pace, the limit.
    """
    pace = app.pace
    if pace is None:
        return limit
    number = pace.at_once(limit)
    seconds = number * pace.segment_seconds
    while not stopping():
        now = app.clock.now()
        if not _anything_due(app, now):
            return 0
        wait = app.store.read(pacing.free_at) - now.timestamp()
        if wait <= 0:
            app.way.give()
            if _book(app, now, seconds):
                return number
            continue  # somebody else was faster, and the sender is not free any more
        app.rest(min(max(wait, SHORTEST_REST), LONGEST_REST))
        if app.clock.now() <= now:
            return 0  # no time has passed: whoever moves the clock will look again
    return 0


def _anything_due(app: App, now: datetime) -> bool:
    return app.store.read(lambda unit: outbox.has_due(unit, "routine", now))


def _book(app: App, now: datetime, seconds: float) -> bool:
    at = now.timestamp()
    return app.store.run(lambda unit: pacing.book(unit, now=at, slack=SLACK, seconds=seconds), patient=True)


def claimed(app: App, booked: int, batch: Sequence[Message]) -> None:
    """Correct a booking by what was claimed in truth: a text may have several segments."""
    spend(app, sum(_segments(message) for message in batch) - booked)


def spend(app: App, number: int) -> None:
    """Count so many segments."""
    pace = app.pace
    if pace is not None and number:
        seconds = number * pace.segment_seconds
        app.store.run(lambda unit: pacing.spend(unit, seconds))


def alert_sent(app: App, message: Message) -> None:
    """Count an alert that has just left: the routine texts after it wait for so much longer."""
    spend(app, _segments(message))


def hold(turn: Turn, retry_after: timedelta | None) -> None:
    """Hold routine texts back for as long as the carrier asked: it has more of ours than it can move."""
    if turn.app.pace is not None:
        pacing.hold(turn.unit, (turn.now + (retry_after or HOLD)).timestamp())


class Stride:
    """Lets one claimed batch leave no faster than the sender moves it, once its queue is `MOST_AHEAD` long.

    How many texts are claimed is booked before anybody knows how many segments each has. The booking is
    corrected, so that the next batch waits; this one would still lie at the carrier all at once.
    """

    def __init__(self, app: App) -> None:
        self._app = app
        self._free_at = 0.0

    def rest_for(self, message: Message) -> float:
        """Return how many seconds to rest before this text is handed over, and count it."""
        if self._app.pace is None or message.lane != "routine":
            return 0.0
        now = self._app.clock.now().timestamp()
        self._free_at = max(self._free_at, now)
        rest = max(0.0, self._free_at - now - MOST_AHEAD)
        self._free_at += _segments(message) / self._app.pace.segments_a_second
        return rest


def _segments(message: Message) -> int:
    return segments(message.body).count if message.channel == "sms" else 0
