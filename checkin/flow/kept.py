"""Under which names a flow keeps something, and what each of them can hold.

Knows answers, fixed values and measures. Must not know where a step goes on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, assert_never

from checkin.flow import measures, model, shape
from checkin.flow.answer_shape import AnswerShape
from checkin.flow.document import Document
from checkin.flow.forms import read_date, read_time
from checkin.flow.kinds import DATE, NUMBER, TEXT, TIME, TRUTH, YES_NO, Kind


def scores(form: shape.FlowShape) -> Iterator[str]:
    """Go through the scores of the measures that this flow asks."""
    for step in form.steps.values():
        if isinstance(step, shape.MeasureShape):
            yield measures.measure(step.measure).sums()[0].name


def answer_kind(answer: model.Answer) -> Kind:
    """Return what an answer of this kind can be."""
    match answer.kind:
        case "scale":
            low, high = answer.low or 0, answer.high or 0
            return Kind("number", tuple(range(low, high + 1)))
        case "number":
            return NUMBER
        case "yes_no":
            return YES_NO
        case "choice":
            return Kind("text", tuple(answer.choices))
        case "text" | "phone":
            return TEXT
        case "date":
            return DATE
        case "time":
            return TIME
        case _:
            assert_never(answer.kind)


def answer_names(ask: model.Ask) -> Mapping[str, Kind]:
    """Return the names that mean the answer in a question's own branches: `answer`, and where it is kept."""
    kind = answer_kind(ask.answer)
    return {"answer": kind, **({ask.answer.save_as: kind} if ask.answer.save_as else {})}


def one_answer(ask: model.Ask, case: model.Values) -> bool:
    """Whether all names that mean the answer of this question have one value in this case."""
    return len({case[name] for name in answer_names(ask) if name in case}) <= 1


def value_kind(value: model.Value) -> Kind:
    """Return what a name holds that is set to this."""
    if isinstance(value, bool):
        return TRUTH
    if isinstance(value, int | float):
        return Kind("number", (value,))
    if read_date(value) is not None or read_time(value) is not None:
        return Kind("time" if read_date(value) is None else "date", (value,))
    return Kind("text" if isinstance(value, str) else "any", (value,))


def results(
    form: shape.FlowShape, document: Document, broken: frozenset[str], facts: Mapping[str, Kind]
) -> dict[str, Kind]:
    """Return every name that a step of this flow keeps something under; `facts` are known without it."""
    found: dict[str, Kind] = {}

    def keep(name: str, kind: Kind) -> None:
        found[name] = found[name].merged(kind) if name in found else facts.get(name, kind)

    for step in form.steps.values():
        if isinstance(step, shape.AskShape):
            answer = answer_of(step.answer, ())
            if answer.save_as:
                keep(answer.save_as, answer_kind(answer))
        elif isinstance(step, shape.SetShape):
            for name, value in step.set.items():
                keep(name, value_kind(value))
        elif isinstance(step, shape.MeasureShape):
            for name, kind in measures.kept(measures.measure(step.measure)).items():
                keep(name, kind)
    for name in scores(form):
        keep(measures.last(name), NUMBER)
    for name in _names_in_broken(document, broken):
        keep(name, Kind("any"))
    return found


def _names_in_broken(document: Document, broken: frozenset[str]) -> Iterable[str]:
    """Return what steps that cannot be read seem to keep, so that its users are not blamed."""
    for step in broken:
        saved = document.get(("steps", step, "answer", "save_as"))
        fixed = document.get(("steps", step, "set"))
        yield from (saved,) if isinstance(saved, str) else ()
        yield from (key for key in fixed if isinstance(key, str)) if isinstance(fixed, dict) else ()


def answer_of(form: str | AnswerShape, languages: tuple[str, ...]) -> model.Answer:
    """Return the answer that a question of this form accepts."""
    if isinstance(form, str):
        kind: Any = form
        return model.Answer(kind)
    low, high = form.scale or form.number or (None, None)
    choices = {name: _words(words, languages) for name, words in (form.choice or {}).items()}
    kind = form.kind
    means = {value: _words(words, languages) for value, words in (form.means or {}).items()}
    return model.Answer(kind, form.save_as, low, high, choices, means=means)


def _words(form: Any, languages: tuple[str, ...]) -> Mapping[str, tuple[str, ...]]:
    if isinstance(form, dict):
        return {language: _tuple(words) for language, words in form.items()}
    return {language: _tuple(form) for language in languages}


def _tuple(words: str | list[str]) -> tuple[str, ...]:
    return (words,) if isinstance(words, str) else tuple(words)
