"""Events of conversations whose answers are kept without a name: what of them may be written down.

The journal has to bring a run back to where it stands. In such a flow nothing depends on the answer but its
count, so another answer in its place brings the run to the same place: the journal gets that one.
"""

from __future__ import annotations

from dataclasses import replace

from checkin.conversation.engine import answer_value
from checkin.conversation.run import Event, Replied, Run
from checkin.conversation.understanding import SKIPPED, Category, Understanding
from checkin.flow.model import Answer, Ask, Flow

RULE = "unlinked"
"""Stands for the rule by which an answer was read: its name could say what the answer was."""


def without_answer(flow: Flow, run: Run, event: Event) -> Event:
    """Return the event as it is kept: in a flow whose answers are unlinked, without words and answer."""
    ask = flow.steps.get(run.step or "")
    if not flow.unlinked or not isinstance(event, Replied) or not isinstance(ask, Ask):
        return event
    return replace(event, text="", understanding=_stand_in(ask, event.understanding))


def _stand_in(ask: Ask, read: Understanding) -> Understanding:
    skipped = ask.skip is not None and (read.category, read.value) == (SKIPPED.category, SKIPPED.value)
    if skipped or read.category in (Category.SNOOZE, Category.SUPPORT):
        return read
    if answer_value(ask.answer, read) is None:
        return replace(read, category=Category.UNCLEAR, value=None, rule=RULE)
    category, value = _first(ask.answer)
    return replace(read, category=category, value=value, rule=RULE)


def _first(answer: Answer) -> tuple[Category, int | str | None]:
    """Return an answer that this question takes, the same whoever answers."""
    match answer.kind:
        case "choice":
            return Category.CHOICE, next(iter(answer.choices))
        case "yes_no":
            return Category.YES, None
        case _:
            return Category.NUMBER, answer.low
