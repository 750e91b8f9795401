"""Labelled replies: reads them from their files, and counts how the reader does on them.

`replies/README.md` explains the files. Used by the tests and by `python -m benchmarks.understanding`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from checkin.conversation.explain import Explanation, explain
from checkin.conversation.pack import expand
from checkin.conversation.read import Reader
from checkin.conversation.understanding import Context, Question
from checkin.flow.answer_forms import read_answer
from checkin.flow.model import Answer

HERE = Path(__file__).parent
HALVES = ("development", "held_out")
NEVER_SEEN = "never_seen"
OLDER = ("labelled_replies.yaml", "labelled_replies_second.yaml", "labelled_replies_safety.yaml")
ANSWERS = ("ok", "low", "yes", "no", "number", "choice", "text")
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


def half(name: str) -> list[Case]:
    """Return the labelled replies of one half, or those never seen."""
    cases = [case for path in sorted((HERE / "replies").glob(f"{name}*.txt")) for case in read_cases(path)]
    return [*_older(), *cases] if name == "development" else cases


def read_cases(path: Path) -> Iterator[Case]:
    """Yield the replies of one file in their order."""
    fills = path.stem.endswith("_ordinary")
    language = asked = label = ""
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.strip() or line.startswith("# "):
            continue
        if line.startswith("@ "):
            language, _, asked = (part.strip() for part in line[2:].partition("|"))
        elif line.startswith("= "):
            label = line[2:]
        else:
            for text in expand(line) if fills else (line,):
                yield _case(text, language, asked, label)


def _older() -> Iterator[Case]:
    for name in OLDER:
        for block in yaml.load((HERE / name).read_text(encoding="utf-8"), Loader=yaml.CBaseLoader):
            for text, label in block["replies"].items():
                yield _case(text, block["language"], block["asked"], label.replace("pause", "snooze"))


def _case(text: str, language: str, asked: str, label: str) -> Case:
    category, *rest = label.split(" ", 1)
    words = rest[0].split() if rest else []
    also = tuple(word[1:] for word in words if word[0] == "+" and word[1].isalpha())
    value = " ".join(word for word in words if word[0] != "+" or not word[1].isalpha())
    return Case(text, language, asked, category, value or None, also)


@dataclass(frozen=True, slots=True)
class Score:
    """How the reader does on labelled replies: each with what it was taken for."""

    read: tuple[tuple[Case, Explanation], ...]

    @property
    def wrong(self) -> list[tuple[Case, Explanation]]:
        """Those that were not understood as labelled."""
        return [(case, found) for case, found in self.read if not case.agrees(found)]

    def recall(self, *categories: str) -> tuple[int, int]:
        """Return how many of those labelled so were understood so, and how many there are.

        A safety category counts as understood where it is acted on, be it beside another one. An answer needs
        its value too.
        """
        labelled = [(case, found) for case, found in self.read if case.category in categories]
        return sum(_heard(case, found) for case, found in labelled), len(labelled)

    def precision(self, *categories: str) -> tuple[int, int]:
        """Return how many of those taken for these were labelled so, and how many were taken for them."""
        taken = [
            case for case, found in self.read if found.category in categories and case.category != "harmless"
        ]
        return sum(case.category in categories for case in taken), len(taken)

    def false_alarms(self, category: str) -> tuple[int, int]:
        """Return how many ordinary texts were taken for this, and how many ordinary texts there are."""
        ordinary = [
            found
            for case, found in self.read
            if case.category not in SAFETY and not set(case.also) & set(SAFETY)
        ]
        return sum(category in (found.category, *found.also) for found in ordinary), len(ordinary)

    def confusion(self) -> Counter[tuple[str, str]]:
        """Return how often what is labelled the first was taken for the second."""
        return Counter((case.category, found.category) for case, found in self.read)


def _heard(case: Case, found: Explanation) -> bool:
    if case.category in SAFETY:
        return case.category in (found.category, *found.also)
    return case.agrees(found)


def score(reader: Reader, cases: Iterable[Case]) -> Score:
    """Return how this reader understands these replies."""
    return Score(tuple((case, explain(reader, case.text, case.language, case.question)) for case in cases))
