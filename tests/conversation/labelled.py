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
from checkin.conversation.labelled import SAFETY, Case, case_of, read_cases
from checkin.conversation.pack import packs_folder
from checkin.conversation.read import Reader

HERE = Path(__file__).parent
HALVES = ("development", "held_out")
NEVER_SEEN = "never_seen"
OLDER = ("labelled_replies.yaml", "labelled_replies_second.yaml", "labelled_replies_safety.yaml")
ANSWERS = ("ok", "low", "yes", "no", "number", "choice", "text")


def half(name: str) -> list[Case]:
    """Return the labelled replies of one half, or those never seen."""
    cases = [case for path in sorted((HERE / "replies").glob(f"{name}*.txt")) for case in _in_file(path)]
    taught = (case for path in sorted(packs_folder().glob("*.replies.txt")) for case in _in_file(path))
    return [*_older(), *cases, *taught] if name == "development" else cases


def _in_file(path: Path) -> Iterator[Case]:
    return read_cases(path.read_text(encoding="utf-8").splitlines(), fills=path.stem.endswith("_ordinary"))


def _older() -> Iterator[Case]:
    for name in OLDER:
        for block in yaml.load((HERE / name).read_text(encoding="utf-8"), Loader=yaml.CBaseLoader):
            for text, label in block["replies"].items():
                yield case_of(text, block["language"], block["asked"], label.replace("pause", "snooze"))


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
