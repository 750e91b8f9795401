"""Two robots that answer each other: how many texts from one number are answered in a while.

An auto-reply that no rule knows, another program, a forwarding service: each answers our answer, in words
that vary, so identical texts tell nothing, and neither end ever tires. What counts is how many texts came
from the number lately, whatever they say. Past that the service falls silent, says so once, and
puts it on the staff's list.

Nobody is cut off from a person: SUPPORT, words of crisis, STOP, START and answers about somebody else's
request are always taken, and always answered.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from checkin.conversation.routing import Route
from checkin.conversation.understanding import Category, Understanding
from checkin.service.turn import Turn
from checkin.store import situations, tasks
from checkin.store.situations import MOST_TEXTS

TASK = "loop"

ALWAYS_TAKEN = frozenset(
    {
        Route.OPT_OUT,
        Route.RESUME,
        Route.CRISIS,
        Route.SUPPORT,
        Route.CHANGED_MIND,
        Route.TAKES,
        Route.PASSES,
        Route.CONTACT_DECLINES,
    }
)
"""Whatever these texts are part of, they are about a person who needs one, or about leaving."""

_LONGEST = max(length for _, length in MOST_TEXTS)

_SAFE = frozenset({Category.SUPPORT, Category.CRISIS, Category.OPT_OUT})


def is_too_much(
    turn: Turn, number_index: bytes, few_ago: datetime | None, route: Route, understood: Understanding
) -> bool:
    """Whether a text is to stay without an answer.

    `few_ago` is when the number sent the text that is `FEW_TEXTS` back, None where there were not as many.
    """
    if route in ALWAYS_TAKEN or not _SAFE.isdisjoint(understood.also):
        return False
    if not _within(turn.now, few_ago, _LONGEST):
        return False
    limits_ago = situations.texts_ago(turn.unit, number_index)
    return any(_within(turn.now, at, length) for at, (_, length) in zip(limits_ago, MOST_TEXTS, strict=True))


def _within(now: datetime, at: datetime | None, length: timedelta) -> bool:
    return at is not None and now - at < length


def fall_silent(turn: Turn, *, subject: str, who: str, key: str) -> bool:
    """Put a number that writes without end on the staff's list; return whether that is new."""
    if tasks.is_listed_about(turn.unit, TASK, subject):
        return False
    note = (
        f"{who} has sent more texts in a short time than a person usually does, perhaps a machine. Answers "
        "stop until it is quieter; SUPPORT, STOP and words of crisis still work. Please read along."
    )
    turn.add_task(TASK, id=f"{key}.loop", member_id=None, subject=subject, note=note)
    return True
