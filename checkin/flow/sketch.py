"""What is drawn of a flow: a box for each step, and an arrow for each way on, with the words on them.

Every end is drawn where it is reached, so that no arrow crosses half the page to a `done` that all share.
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from datetime import timedelta

from checkin.flow.graph import branches, ways
from checkin.flow.model import (
    AddTask,
    Ask,
    End,
    Flow,
    Invite,
    RaiseAlert,
    RecordConsent,
    Repeat,
    ResolveAlert,
    Say,
    Score,
    Set,
    Step,
    Text,
    Value,
    Wait,
)
from checkin.flow.model import Run as RunFlow

LETTERS, MOST_ROWS = 34, 4
_ROW, _PADDING, _LETTER, _BOLD = 16.0, 22.0, 6.4, 7.6


@dataclass(frozen=True, slots=True)
class Box:
    """A step as it is drawn: its name, and in some rows what it says or does. `kind` gives its colour."""

    id: str
    name: str
    kind: str
    rows: tuple[str, ...]

    @property
    def width(self) -> float:
        """Return its width in pixels."""
        rows = max((len(row) for row in self.rows), default=0)
        head = _BOLD * len(self.name) + 5.4 * len(self.kind) + 12.0
        return _PADDING + max(_LETTER * rows, head)

    @property
    def height(self) -> float:
        """Return its height in pixels."""
        return _PADDING + _ROW * len(self.rows) + (6.0 if self.rows else 0.0)


@dataclass(frozen=True, slots=True)
class Arrow:
    """A way from one box to another. `silent` is one that is taken because nobody answered."""

    source: str
    target: str
    words: str
    silent: bool
    number: int


def sketch(flow: Flow, language: str) -> tuple[tuple[Box, ...], tuple[Arrow, ...]]:
    """Return the boxes and arrows of a flow, from its first step on; texts are in this language."""
    boxes = {
        name: Box(name, name, kind_of(step), _rows(step, language))
        for name, step in flow.steps.items()
        if not isinstance(step, End) or name == flow.first
    }
    arrows: list[Arrow] = []
    for name in tuple(boxes):
        for way in ways(flow.steps[name]):
            words, silent = _words(flow.steps[name], way.how, way.index)
            target, end = way.target, flow.steps.get(way.target)
            if isinstance(end, End):
                target = f"{way.target} {len(arrows)}"
                boxes[target] = Box(target, end.outcome, "end", ())
            if target in boxes:
                arrows.append(Arrow(name, target, words, silent, len(arrows)))
    return tuple(boxes.values()), tuple(arrows)


def kind_of(step: Step) -> str:
    """Return in a word what a step does; the word is also the class of its box in a picture."""
    match step:
        case Ask():
            return "asks"
        case Say():
            return "says"
        case RaiseAlert():
            return "alert"
        case AddTask():
            return "task"
        case Wait():
            return "waits"
        case End():
            return "end"
        case _:
            return "does"


def _rows(step: Step, language: str) -> tuple[str, ...]:
    match step:
        case Ask(text=text) | Say(text=text):
            return (*_wrapped(written(text, language)), *_reminders(step))
        case RaiseAlert(reason=reason):
            return (f"asks for a person: {reason}",)
        case AddTask(kind=kind):
            return (f"for staff: {kind}",)
        case Wait():
            return tuple(textwrap.wrap(_waits(step), LETTERS))
        case Set(values=values, today=today):
            fixed = (f"{name} = {_as_written(value)}" for name, value in values.items())
            return (*fixed, *(f"{name} = today" for name in today))
        case RecordConsent(given=given):
            return ("keeps that the member agrees" if given else "keeps that the member declines",)
        case Invite():
            return ("invites a trusted contact",)
        case ResolveAlert():
            return ("closes the request for support",)
        case RunFlow(flow=flow):
            return (f"the flow {flow}:",)
        case Repeat(at_most=most):
            return (f"goes back, at most {most} times",)
        case Score(measure=measure):
            return (f"counts the score of {measure}",)
        case _:
            return ()


def written(text: Text, language: str) -> str:
    """Return a text as its file has it, in one language; of several wordings the first."""
    template = text.by_language.get(language) or next(iter(text.by_language.values()))
    return next(iter(template.plain())).source


def _wrapped(text: str) -> tuple[str, ...]:
    return tuple(textwrap.wrap(text, LETTERS, max_lines=MOST_ROWS, placeholder=" …"))


def _reminders(step: Step) -> tuple[str, ...]:
    """Return a row for each rung that asks again and goes on waiting."""
    rungs = step.no_reply if isinstance(step, Ask) else ()
    return tuple(
        f"({length_words(rung.after)}: {'calls' if rung.call else 'reminds'})"
        for rung in rungs
        if rung.go is None
    )


def _as_written(value: Value) -> str:
    """Return a value as it stands in the file."""
    if value is None:
        return "none"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _waits(step: Wait) -> str:
    """Return how long a step waits, or until when."""
    length = step.length
    if isinstance(length, timedelta):
        return length_words(length)
    before = f"{length_words(length.before)} before " if length.before else ""
    return f"until {before}{length.day or ''} {length.at}".replace("  ", " ")


def _words(step: Step, how: str, index: int) -> tuple[str, bool]:
    """Return the words on a way, and whether it is taken in silence."""
    if how == "no_reply" and isinstance(step, Ask):
        return f"no reply, {length_words(step.no_reply[index].after)}", True
    if how in ("skip", "repeat"):
        return ("SKIP" if how == "skip" else "again"), False
    all_ways = branches(step)
    condition = all_ways[index].condition
    if condition is not None:
        return condition.source, False
    return ("otherwise" if len(all_ways) > 1 else ""), False


def length_words(length: timedelta) -> str:
    """Return a length of time as a flow writes it."""
    minutes = int(length.total_seconds()) // 60
    days, minutes = divmod(minutes, 24 * 60)
    hours, minutes = divmod(minutes, 60)
    parts = ((days, "d"), (hours, "h"), (minutes, "m"))
    return "".join(f"{number}{unit}" for number, unit in parts if number)
