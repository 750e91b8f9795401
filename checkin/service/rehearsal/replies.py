"""Single replies in a file of test conversations: what each should be understood as, and what it is."""

from __future__ import annotations

from dataclasses import dataclass

from checkin.conversation.engine import answer_value
from checkin.conversation.understanding import Category, Understanding
from checkin.flow.chats import ChatFile, Reply
from checkin.flow.model import Ask, Flow
from checkin.service.explaining import asked_by
from checkin.service.rehearsal.stage import Theatre

LATER = "later"
_NO_QUESTION = "nothing, because the flow has no such question"


@dataclass(frozen=True, slots=True)
class Heard:
    """One reply in one language, and what it was understood as."""

    reply: Reply
    language: str
    means: str

    @property
    def good(self) -> bool:
        """Whether it was understood as it should be."""
        return self.means == self.reply.means


def hear(theatre: Theatre, file: ChatFile) -> list[Heard]:
    """Have every reply of a file understood in each of its languages."""
    flow = theatre.flows[file.flow]
    return [
        Heard(reply, language, _means(theatre, flow, reply.step, text, language))
        for reply in file.replies
        for language, text in reply.says.items()
    ]


def _means(theatre: Theatre, flow: Flow, named: str, text: str, language: str) -> str:
    step = flow.steps.get(named)
    if not isinstance(step, Ask):
        return _NO_QUESTION
    return meaning(step, theatre.reader.understand(text, language, asked_by(flow, step)))


def meaning(step: Ask, found: Understanding) -> str:
    """Return what a reply means to this question: the answer it gives, else what it was heard as."""
    value = answer_value(step.answer, found)
    if value is not None:
        return str(value)
    return LATER if found.category in (Category.SNOOZE, Category.PAUSE) else found.category.value
