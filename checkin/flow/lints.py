"""What is not wrong, but unkind or unwise: a text in its place in the conversation.

A text that comes unasked shows nothing on a locked screen; a score is never told to a member as a verdict; a
question says which answers it takes. What one text shows alone is looked at in `checkin.flow.wording`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from checkin.flow.build import Built
from checkin.flow.document import Document, Path
from checkin.flow.graph import branches, waits
from checkin.flow.issue import Code, Issue, Severity
from checkin.flow.model import (
    Ask,
    Flow,
    JoinedTrigger,
    KeywordTrigger,
    Say,
    Score,
    Template,
    Text,
    Values,
    Wait,
    written_as,
)
from checkin.flow.tone import folded, revealing


def lints(built: Built, document: Document, samples: Mapping[str, Values]) -> Iterator[Issue]:
    """Go through what should be said otherwise; `samples` are values for the names in texts, by language."""
    flow = built.flow
    for at, text in _unasked(flow):
        if document.get(at) is None:
            continue  # An item of a measure: its words belong to its authors.
        yield from discreet(document, at, text, samples)
    told = frozenset(
        name for step in flow.steps.values() if isinstance(step, Score) for name in _scores(step)
    )
    for step in flow.steps.values():
        path: Path = ("steps", written_as(step.name))
        if isinstance(step, Say) and told:
            yield from _verdicts(document, (*path, "say"), step.text, told)
        elif isinstance(step, Ask) and document.get((*path, "ask")) is not None:
            if told:
                yield from _verdicts(document, (*path, "ask"), step.text, told)
            if step.answer.kind == "scale":
                yield from _ends(document, (*path, "ask"), step)
            elif step.answer.kind == "choice":
                yield from _choices(document, (*path, "ask"), step)


def discreet(document: Document, path: Path, text: Text, samples: Mapping[str, Values]) -> Iterator[Issue]:
    """Find words at the beginning of a text that tell too much to whoever sees the screen (R36)."""
    for at, language, template in each(document, path, text):
        word = revealing(template.render(samples.get(language, {})), language)
        if word is not None:
            place = document.inside(at, max(0, template.source.find(word)))
            message = f"“{word}” can be read on a locked screen: it stands in the first words of a text "
            message += "that comes unasked."
            mend = "Begin with something that anybody may read; say it further on."
            yield document.issue(
                Code.DISCREET, at, message, mend, at=place, severity=Severity.NOTE, words=word
            )


def each(document: Document, path: Path, text: Text) -> Iterator[tuple[Path, str, Template]]:
    """Go through every wording of the text at `path`: where it stands, its language, and itself."""
    for language in text.by_language:
        at = path if document.get((*path, language)) is None else (*path, language)
        listed = isinstance(document.get(at), list)
        for index, template in enumerate(text.every(language)):
            where = (*at, index) if listed else at
            if template.plural is None:
                yield where, language, template
            else:
                for category, one in template.plural.wordings.items():
                    yield (*where, category), language, one


def _unasked(flow: Flow) -> Iterator[tuple[Path, Text]]:
    """Go through the texts that come without the member having just written."""
    begins = [flow.first] if any(_by_itself(trigger) for trigger in flow.start) else []
    for step in flow.steps.values():
        if isinstance(step, Wait):
            begins += [branch.go for branch in step.then]
        elif isinstance(step, Ask) and step.name == written_as(step.name):
            path: Path = ("steps", step.name, "no_reply")
            begins += [rung.go for rung in step.no_reply if rung.go is not None]
            for index, rung in enumerate(step.no_reply):
                if rung.say is not None:
                    yield (*path, index, "say"), rung.say
    yield from _first_texts(flow, begins)


def _by_itself(trigger: object) -> bool:
    return not isinstance(trigger, KeywordTrigger | JoinedTrigger)


def _first_texts(flow: Flow, begins: Iterable[str]) -> Iterator[tuple[Path, Text]]:
    """Go through the texts that are said first from these steps on."""
    todo, seen = list(begins), set(begins)
    while todo:
        step = flow.steps.get(todo.pop())
        if isinstance(step, Say | Ask):
            if step.name == written_as(step.name):
                yield ("steps", step.name, "say" if isinstance(step, Say) else "ask"), step.text
        elif step is not None and not waits(step):
            new = {branch.go for branch in branches(step)} - seen
            seen |= new
            todo += new


def _scores(step: Score) -> Iterator[str]:
    yield f"{step.measure}_change"
    for total in step.sums:
        yield total.name
        yield f"last_{total.name}"


def _verdicts(document: Document, path: Path, text: Text, told: frozenset[str]) -> Iterator[Issue]:
    for at, _, template in each(document, path, text):
        for name in dict.fromkeys(name for _, name in template.parts if name in told):
            place = document.inside(at, max(0, template.source.find("{" + str(name) + "}")))
            message = f"`{{{name}}}` tells a member their score, which reads like a diagnosis."
            mend = "Say in words what you will do, for example that a person will get in touch."
            yield document.issue(Code.VERDICT, at, message, mend, at=place, severity=Severity.WARNING)


def _ends(document: Document, path: Path, ask: Ask) -> Iterator[Issue]:
    """Find a question whose text does not say between which numbers the answer is."""
    for at, _, template in each(document, path, ask.text):
        for end in (ask.answer.low, ask.answer.high):
            if not re.search(rf"(?<!\d){end}(?!\d)", template.source):
                message = (
                    f"The answer is a number from {ask.answer.low} to {ask.answer.high}, but the question "
                )
                message += f"does not say {end}."
                mend = "Say what the lowest and the highest number mean: from 1 (very low) to 5 (great)."
                yield document.issue(Code.NOT_OFFERED, at, message, mend, severity=Severity.WARNING)
                break


def _choices(document: Document, path: Path, ask: Ask) -> Iterator[Issue]:
    """Find a question whose text does not name one of its choices."""
    for at, language, template in each(document, path, ask.text):
        said = folded(template.source)
        for choice, words in ask.answer.choices.items():
            known = words.get(language, ())
            if known and not any(folded(word) in said for word in known):
                message = f"The question does not name the choice `{choice}`, so nobody can know of it."
                mend = f"Say one of its words in the question: {', '.join(known)}."
                yield document.issue(Code.NOT_OFFERED, at, message, mend, severity=Severity.WARNING)
