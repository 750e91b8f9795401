"""Words of flows that members would write in vain, because they are understood as something else.

The check of a flow knows the words that are always understood; what else asks for a person, opts out or means
another answer only the reader of replies knows. So every keyword, and every word of a choice, is read as if a
member had sent it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from checkin.conversation.read import Reader
from checkin.conversation.settings_words import read_wish
from checkin.conversation.understanding import Category, Question, Understanding
from checkin.flow.document import Document
from checkin.flow.issue import Code, Issue, Severity
from checkin.flow.load import FlowSet, flow_files
from checkin.flow.model import Ask, Flow
from checkin.flow.source import parse, read_source
from checkin.flow.triggers import word_paths
from checkin.flow.words import fold
from checkin.service.words import ReaderOnDemand

AS: Mapping[Category, str] = {
    Category.CRISIS: "words of a crisis",
    Category.OPT_OUT: "STOP",
    Category.SUPPORT: "a request for support",
    Category.RESUME: "START",
    Category.HELP: "HELP",
    Category.PAUSE: "PAUSE",
    Category.SNOOZE: "LATER",
    Category.YES: "yes",
    Category.NO: "no",
    Category.OK: "that somebody is well",
    Category.LOW: "that somebody is not well",
    Category.NUMBER: "a number",
}
"""What a word is understood as, as staff call it."""

BEFORE_KEYWORDS = frozenset({Category.CRISIS, Category.OPT_OUT, Category.SUPPORT, Category.RESUME} | {
    Category.HELP, Category.PAUSE,
})  # fmt: skip
"""What goes before a keyword, whoever writes it."""


def misheard(folder: Path, flow_set: FlowSet, reader: Reader | ReaderOnDemand) -> tuple[Issue, ...]:
    """Return every keyword and every word of a choice that the reader takes for something else."""
    found = list(_languages(folder, reader))
    for path in flow_files(folder):
        source = read_source(path)
        document = None if isinstance(source, Issue) else parse(source, path.name)[0]
        flow = None if document is None else flow_set.flows.get(str(document.get(("flow",))))
        if document is not None and flow is not None:
            found.extend(_keywords(document, flow_set.program.languages, reader))
            found.extend(_choices(document, flow, flow_set.program.languages, reader))
    return tuple(found)


def _languages(folder: Path, reader: Reader | ReaderOnDemand) -> Iterator[Issue]:
    """Find languages of the program in which no reply is understood, not even STOP."""
    document, _ = parse((folder / "program.yaml").read_text("utf-8"), "program.yaml")
    known = (reader.ready() if isinstance(reader, ReaderOnDemand) else reader).lexicon.languages
    for index, language in enumerate((document.get(("languages",)) or ()) if document else ()):
        if document is not None and language not in known:
            message = f"What members write in `{language}` is not understood yet, not even STOP or yes."
            mend = "Let a programmer add its words in checkin/conversation/packs, or leave the language out."
            issue = document.issue(Code.LANGUAGE, ("languages", index), message, mend)
            yield replace(issue, severity=Severity.WARNING)


def _keywords(
    document: Document, languages: tuple[str, ...], reader: Reader | ReaderOnDemand
) -> Iterator[Issue]:
    for index, trigger in enumerate(document.get(("start",)) or ()):
        for path, word in word_paths(trigger.get("keyword"), ("start", index, "keyword")):
            so = "so it cannot start a flow"
            read = [reader.understand(word, language, Question()) for language in _of(path, languages)]
            taken = next((one for one in read if one.category in BEFORE_KEYWORDS), None)
            wish = read_wish(word)
            if taken is not None:
                yield _issue(document, path, word, taken, so)
            elif wish is not None and wish.explicit:
                message = f"“{word}” is understood as one of the member's own SETTINGS, {so}."
                yield document.issue(Code.COLLISION, path, message, "Choose another word.")


def _choices(
    document: Document, flow: Flow, languages: tuple[str, ...], reader: Reader | ReaderOnDemand
) -> Iterator[Issue]:
    for step in flow.steps.values():
        if not isinstance(step, Ask) or step.answer.kind != "choice":
            continue
        base = ("steps", step.name, "answer", "choice")
        for choice, words in (document.get(base) or {}).items():
            for path, word in word_paths(words, (*base, choice)):
                for language in _of(path, languages):
                    read = reader.understand(word, language, Question(step.answer, asked=step.text))
                    if fold(word) and (read.category, read.value) != (Category.CHOICE, choice):
                        yield _issue(document, path, word, read, "so it cannot be an answer")
                        break


def _of(path: tuple[str | int, ...], languages: tuple[str, ...]) -> tuple[str, ...]:
    """Return the language in which a word stands, or all where it is not said."""
    named = tuple(language for language in languages if language in path)
    return named or languages


def _issue(document: Document, path: tuple[str | int, ...], word: str, read: Understanding, so: str) -> Issue:
    meant = AS.get(read.category)
    if meant is None:
        message = f"“{word}” would not be understood as this, {so}."
    else:
        message = f"“{word}” is understood as {meant}, {so}."
    return document.issue(Code.COLLISION, path, message, "Choose another word.")
