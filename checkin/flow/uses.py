"""Where a step uses names: in its texts and its conditions."""

from __future__ import annotations

from collections.abc import Container, Iterator

from checkin.flow import graph
from checkin.flow.document import Document, Path
from checkin.flow.model import Ask, Invite, Say, Step, Text, Until, Wait, written_as


def uses(document: Document, names: Container[str], step: Step) -> Iterator[tuple[Path, frozenset[str]]]:
    """Go through every place of a step that uses names, with these names."""
    path: Path = ("steps", written_as(step.name))
    match step:
        case Say():
            yield from _text_uses(document, (*path, "say"), step.text)
        case Ask():
            yield from _text_uses(document, (*path, "ask"), step.text)
            if step.unclear is not None:
                yield from _text_uses(document, (*path, "unclear"), step.unclear)
            for index, rung in enumerate(step.no_reply):
                if rung.say is not None:
                    yield from _text_uses(document, (*path, "no_reply", index, "say"), rung.say)
                if rung.condition is not None:
                    yield (*path, "no_reply", index, "if"), rung.condition.names
        case Invite():
            yield (*path, "invite", "name"), frozenset((step.contact_name,))
            yield (*path, "invite", "number"), frozenset((step.contact_number,))
        case Wait(length=Until(at=at, day=day)):
            yield (*path, "wait", "until"), frozenset((day,) if day and day in names else ())
            yield (*path, "wait", "at"), frozenset((at,) if at in names else ())
        case _:
            pass
    for index, branch in enumerate(graph.branches(step)):
        if branch.condition is not None:
            yield (*path, "then", index, "if"), branch.condition.names


def _text_uses(document: Document, path: Path, text: Text) -> Iterator[tuple[Path, frozenset[str]]]:
    for language in text.by_language:
        at = path if document.get((*path, language)) is None else (*path, language)
        for index, template in enumerate(text.every(language)):
            where = (*at, index) if isinstance(document.get(at), list) else at
            yield where, template.names()
