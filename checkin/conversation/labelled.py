"""Labelled replies: what somebody wrote, what was asked, and what a careful person takes it for.

Knows how they are written in a file: `@ en | scale 1 5` says in which language a member is written to and
what was asked, `= low` is the label of the lines that follow, and each of those is one reply. Must not know
where the files are, nor how many replies should be understood.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from checkin.conversation.explain import Explanation
from checkin.conversation.pack import expand
from checkin.conversation.understanding import Context, Question
from checkin.flow.answer_forms import read_answer
from checkin.flow.model import Answer

SAFETY = ("opt_out", "crisis", "support")


@dataclass(frozen=True, slots=True)
class Case:
    """One reply, what was asked, and what a careful person takes it for."""

    text: str
    language: str
    asked: str
    category: str
    value: str | None = None
    also: tuple[str, ...] = ()

    @property
    def question(self) -> Question:
        """What was asked, as the reader takes it."""
        return question(self.asked)

    def agrees(self, found: Explanation) -> bool:
        """Whether it was understood so: the category, its value where given, and what is acted on besides."""
        if self.category == "harmless":
            return not {found.category, *found.also} & set(SAFETY)
        same_value = self.value is None or str(found.value) == self.value
        same_also = set(self.also) == set(found.also) or self.category in SAFETY
        return found.category == self.category and same_value and same_also


def question(asked: str) -> Question:
    """Return the question that the words `scale 1 5`, `choice a=b,c|d=e` or `alert_window` stand for."""
    kind, *rest = asked.split()
    if kind == "nothing":
        return Question()
    if kind in set(Context):
        return Question(context=Context(kind))
    if kind == "choice":
        named = (choice.split("=") for choice in asked.removeprefix("choice ").split("|"))
        form: object = {"choice": {name: words.split(",") for name, words in named}}
    elif kind == "number" and not rest:
        return Question(Answer("number"))
    else:
        form = {kind: [int(end) for end in rest] if rest else True}
    return Question(read_answer(form, ("en", "es")))


def read_cases(lines: Iterable[str], *, fills: bool = False) -> Iterator[Case]:
    """Yield the replies of a file in order; with `fills` a line has `(a|b)` and `[a]` as in the packs."""
    language = asked = label = ""
    for line in lines:
        if not line.strip() or line.startswith("# "):
            continue
        if line.startswith("@ "):
            language, _, asked = (part.strip() for part in line[2:].partition("|"))
        elif line.startswith("= "):
            label = line[2:]
        else:
            for text in expand(line) if fills else (line,):
                yield case_of(text, language, asked, label)


def case_of(text: str, language: str, asked: str, label: str) -> Case:
    """Return the case of this label: `number 3 +support` is a category, a value, and what counts besides."""
    category, *rest = label.split(" ", 1)
    words = rest[0].split() if rest else []
    also = tuple(word[1:] for word in words if word[0] == "+" and word[1].isalpha())
    value = " ".join(word for word in words if word[0] != "+" or not word[1].isalpha())
    return Case(text, language, asked, category, value or None, also)
