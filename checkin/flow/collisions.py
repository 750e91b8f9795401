"""Answers that would be taken for one another, or for the words that are always understood.

Knows one question and the words of its answers. Must not know how a reply is read.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from checkin.flow.document import Document, Path
from checkin.flow.issue import Code, Issue
from checkin.flow.model import Ask, written_as
from checkin.flow.triggers import word_paths
from checkin.flow.words import ALWAYS, fold


def collisions(document: Document, step: Ask, languages: Collection[str]) -> Iterator[Issue]:
    """Find words of a question's answers that mean something else, or are missing in a language."""
    answer: Path = ("steps", written_as(step.name), "answer")
    seen: dict[str, str] = {}
    for path in ((*answer, "choice"), (*answer, "means")):
        yield from _words_that_collide(document, path, seen, languages)


def _words_that_collide(
    document: Document, path: Path, seen: dict[str, str], languages: Collection[str]
) -> Iterator[Issue]:
    choices = document.get(path)
    for choice, words in choices.items() if isinstance(choices, dict) else ():
        for at, word in word_paths(words, (*path, choice)):
            folded = fold(word) or word.strip()
            if folded in ALWAYS:
                message = f"“{word}” is always understood as something else, so it cannot be an answer."
                yield document.issue(Code.COLLISION, at, message, "Choose another word.")
            elif seen.setdefault(folded, choice) != choice:
                message = f"“{word}” already means `{seen[folded]}`."
                yield document.issue(Code.COLLISION, at, message, "Give each choice words of its own.")
        if path[-1] == "choice":
            yield from _unspoken(document, (*path, choice), words, languages)


def _unspoken(document: Document, path: Path, words: object, languages: Collection[str]) -> Iterator[Issue]:
    for language in languages if isinstance(words, dict) else ():
        if isinstance(words, dict) and language not in words:
            message = f"The words for this choice are missing in the language `{language}`."
            yield document.issue(Code.LANGUAGE, path, message, f"Add {language}: …", key=True)
