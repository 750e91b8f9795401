"""Reads what starts a flow.

Knows days, times and keywords. Must not know what the flow then does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import time
from typing import assert_never

from checkin.flow import model, shape
from checkin.flow.document import Document, Path
from checkin.flow.issue import Code, Issue
from checkin.flow.program import Program
from checkin.flow.words import ALWAYS, ANSWERS, fold

_DAYS: Mapping[str, frozenset[int]] = {
    "day": frozenset(range(1, 8)), "weekday": frozenset(range(1, 6)),
    "monday": frozenset((1,)), "tuesday": frozenset((2,)), "wednesday": frozenset((3,)),
    "thursday": frozenset((4,)), "friday": frozenset((5,)), "saturday": frozenset((6,)),
    "sunday": frozenset((7,)),
}  # fmt: skip


def read_triggers(
    form: shape.FlowShape, document: Document, program: Program
) -> tuple[tuple[model.Trigger, ...], tuple[Issue, ...]]:
    """Return what starts the flow, and what is wrong with it."""
    issues: list[Issue] = []
    triggers: list[model.Trigger] = []
    for index, trigger in enumerate(form.start):
        path: Path = ("start", index)
        triggers.append(_read(trigger))
        if isinstance(trigger, shape.EveryShape):
            issues.extend(_outside_hours(path, trigger, document, program))
        if isinstance(trigger, shape.KeywordShape):
            issues.extend(_taken_words(path, trigger, document))
            issues.extend(_unspoken(path, trigger, document, program))
    return tuple(triggers), tuple(issues)


def _read(trigger: shape.TriggerShape) -> model.Trigger:
    match trigger:
        case shape.EveryShape(every=str() as day):
            return model.ScheduleTrigger(_DAYS[day], trigger.at)
        case shape.EveryShape():
            return model.ScheduleTrigger(
                frozenset().union(*(_DAYS[day] for day in trigger.every)), trigger.at
            )
        case shape.KeywordShape():
            words = frozenset(fold(word) for _, word in keywords(trigger, ()))
            return model.KeywordTrigger(words, dict(_languages(trigger)))
        case shape.AfterAlertShape():
            return model.AfterAlertTrigger(trigger.after_alert)
        case shape.JoinedShape():
            return model.JoinedTrigger()
        case shape.StaffShape():
            return model.StaffTrigger()
        case _:
            assert_never(trigger)


def keywords(trigger: shape.KeywordShape, path: Path) -> Iterator[tuple[Path, str]]:
    """Go through a keyword trigger's words, each with its path below the trigger's."""
    return word_paths(trigger.keyword, (*path, "keyword"))


def _languages(trigger: shape.KeywordShape) -> Iterator[tuple[str, str]]:
    """Go through the words that were written for one language; a word of several is of the first."""
    forms = trigger.keyword if isinstance(trigger.keyword, dict) else {}
    for language, form in reversed(forms.items()):
        for _, word in word_paths(form, ()):
            yield fold(word), language


def word_paths(form: object, path: Path) -> Iterator[tuple[Path, str]]:
    """Go through words that were written as one, a list, or either for each language."""
    if isinstance(form, str):
        yield path, form
    elif isinstance(form, list):
        for index, word in enumerate(form):
            yield (*path, index), word
    elif isinstance(form, dict):
        for language, words in form.items():
            yield from word_paths(words, (*path, language))


def _outside_hours(
    path: Path, trigger: shape.EveryShape, document: Document, program: Program
) -> Iterator[Issue]:
    hours = program.allowed_hours
    if not hours.start <= time.fromisoformat(trigger.at) < hours.end:
        span = f"{hours.start:%H:%M} to {hours.end:%H:%M}"
        message = f"{trigger.at} is outside the program's allowed hours, {span}."
        yield document.issue(Code.WRONG_VALUE, (*path, "at"), message, f"Choose a time from {span}.")


def _taken_words(path: Path, trigger: shape.KeywordShape, document: Document) -> Iterator[Issue]:
    for at, word in keywords(trigger, path):
        folded = fold(word)
        if not folded:
            yield document.issue(Code.WRONG_VALUE, at, "A keyword needs letters.", "Write a word.")
        elif folded in ALWAYS or folded in ANSWERS:
            message = f"“{word}” is always understood as something else, so it cannot start a flow."
            yield document.issue(Code.COLLISION, at, message, "Choose another word.")


def _unspoken(
    path: Path, trigger: shape.KeywordShape, document: Document, program: Program
) -> Iterator[Issue]:
    if isinstance(trigger.keyword, dict):
        for language in program.languages:
            if language not in trigger.keyword:
                message = f"The keyword is missing in the language `{language}`."
                mend = f"Add {language}: …"
                yield document.issue(Code.LANGUAGE, (*path, "keyword"), message, mend)
