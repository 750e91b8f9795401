"""The member has written: whatever climbed because nobody had heard of them stops.

1. What went unanswered is forgotten, and check-ins come at their usual pace again.
2. Every ladder that leads to other people stops, whichever question was answered. Its own question still
   takes an answer for a while.
3. Whoever was told hears that all is well.

A text that a phone wrote by itself is no sign of life, and who has the wrong number is another person.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from checkin.conversation.run import Run
from checkin.conversation.understanding import Category, Understanding
from checkin.service import missed, schedules, unheard
from checkin.service.turn import Turn
from checkin.store.situations import Situation

WAITS = timedelta(hours=20)
"""How long the question of a ladder that has stopped still takes an answer."""


def ladders(turn: Turn, situation: Situation | None) -> Sequence[Run]:
    """Return the member's open runs whose ladder leads to other people."""
    if situation is None:
        return ()
    runs = (one.run for one in situation.waiting)
    return [run for run in runs if turn.app.flow(turn.unit, run.flow, run.version).tells_people]


def heard(turn: Turn, member_id: str, understood: Understanding, before: Sequence[Run]) -> None:
    """Take a text for a sign of life, after it was handled; `before` are the ladders that were open."""
    if understood.category is Category.NOT_AN_ANSWER or understood.rule == "wrong_number":
        return
    schedules.answered(turn, member_id)
    open_now = {one.run.id: one.run for one in turn.situation(member_id).waiting}
    for run in before:
        now = open_now.get(run.id)
        if now is not None and not now.snoozed:
            unheard.hold(turn, now, WAITS, ends=unheard.HEARD)
        missed.all_clear(turn, run)
