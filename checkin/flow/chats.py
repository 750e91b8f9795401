"""Test conversations as they are played: what people write, when, and what the program should do.

`load_chats` reads the files `*.test.yaml` of a folder. Knows how a chat is written and where each line
stands. Must not know how one is played.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Literal

from checkin.flow.chat_shape import SHAPES, ChatFileShape, ChatShape, LineShape
from checkin.flow.document import Document
from checkin.flow.guess import did_you_mean
from checkin.flow.issue import Code, Issue, in_order
from checkin.flow.model import Value
from checkin.flow.source import is_hidden, parse, read_source
from checkin.flow.validate import Differences, forgotten, validate

ENDING = (".test.yaml", ".test.yml")

Kind = Literal[
    "time", "start", "says", "program", "calls", "alert", "task", "result", "consent", "ends"
]  # fmt: skip

DOES: frozenset[Kind] = frozenset({"time", "start", "says"})
"""The lines that make something happen; all others tell what should come of it."""

Texts = str | Mapping[str, str]
"""A text, or one in each language."""

Kept = Value | Mapping[str, Value]
"""A result, or one in each language: what a member wrote is kept in their own words."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a chat.

    `who` is the speaker, or the one who is spoken to (`member`, `contact 2`, `staff`). `text` is what is
    said, an alert's reason, a task's kind or the word at an end. `at` and `later` say when.
    """

    kind: Kind
    who: str = ""
    text: Texts = ""
    note: Texts = ""
    result: tuple[tuple[str, Kept], ...] = ()
    at: str | None = None
    later: timedelta | None = None

    @property
    def key(self) -> str:
        """Return the key under which this line is written."""
        match self.kind:
            case "time":
                return "at" if self.later is None else "later"
            case "says":
                return self.who
            case "program":
                return "program" if self.who == "member" else f"program to {self.who}"
            case "calls":
                return "program calls"
            case _:
                return self.kind

    def said(self, language: str) -> str:
        """Return the text in this language."""
        return self.text if isinstance(self.text, str) else self.text[language]

    def spoken_in(self, language: str) -> Line:
        """Return the line as it is in one language alone."""
        note = self.note if isinstance(self.note, str) else self.note[language]
        kept = tuple(
            (name, value[language] if isinstance(value, Mapping) else value) for name, value in self.result
        )
        return replace(self, text=self.said(language), note=note, result=kept)


@dataclass(frozen=True, slots=True)
class Chat:
    """One test conversation. `place` is its line in the file."""

    title: str
    languages: tuple[str, ...]
    joined: bool
    contacts: int
    begins: str
    voice: bool
    beside: tuple[str, ...]
    lines: tuple[Line, ...]
    place: int = 0


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply to the question of `step`, by language, and what it should mean. `place` is its line."""

    step: str
    says: Mapping[str, str]
    means: str
    place: int


@dataclass(frozen=True, slots=True)
class ChatFile:
    """The test conversations of one file, with one flow. `document` knows where each line stands."""

    file: str
    flow: str
    chats: tuple[Chat, ...]
    document: Document
    replies: tuple[Reply, ...] = ()


def chat_files(folder: Path) -> tuple[Path, ...]:
    """Return the files of a folder that hold test conversations, by name."""
    return tuple(
        path for path in sorted(folder.iterdir()) if path.name.endswith(ENDING) and not is_hidden(path)
    )


def load_chats(
    folder: Path, languages: tuple[str, ...], flows: Iterable[str]
) -> tuple[tuple[ChatFile, ...], tuple[Issue, ...]]:
    """Read every file of test conversations; a file with an error is left out, and told.

    `languages` are the program's; `flows` are the names of every flow there is.
    """
    known = tuple(flows)
    files: list[ChatFile] = []
    issues: list[Issue] = []
    for path in chat_files(folder):
        text = read_source(path)
        if isinstance(text, Issue):
            issues.append(text)
            continue
        read, found = read_chats(text, path.name, languages, known)
        issues.extend(found)
        files.extend([read] if read is not None else [])
    return tuple(files), in_order(issues)


def read_chats(
    source: str, file: str, languages: tuple[str, ...], flows: tuple[str, ...]
) -> tuple[ChatFile | None, tuple[Issue, ...]]:
    """Read one file of test conversations; None where it has an error."""
    document, issues = parse(source, file)
    if document is None:
        return None, issues
    form = validate(ChatFileShape, document, SHAPES)
    if isinstance(form, Differences):
        issues = (*issues, *form.issues)
        return None, (*issues, *forgotten(document, issues))
    issues = (*issues, *forgotten(document, issues), *_names(form, document, flows))
    issues = (*issues, *_languages(form, document, languages))
    if issues:
        return None, issues
    chats = tuple(
        _chat(chat, languages, document.place(("conversations", index)).line)
        for index, chat in enumerate(form.conversations)
    )
    replies = tuple(
        Reply(one.step, _said(one.says, languages), one.means, document.place(("replies", index)).line)
        for index, one in enumerate(form.replies)
    )
    return ChatFile(file, form.flow, chats, document, replies), ()


def _chat(form: ChatShape, languages: tuple[str, ...], place: int) -> Chat:
    spoken = languages if form.language is None else (form.language,)
    lines = tuple(_line(line) for line in form.chat)
    return Chat(
        form.title,
        spoken,
        form.joined,
        form.contacts,
        form.begins,
        form.voice,
        tuple(form.beside),
        lines,
        place,
    )


def _said(says: str | Mapping[str, str], languages: tuple[str, ...]) -> Mapping[str, str]:
    return dict.fromkeys(languages, says) if isinstance(says, str) else says


def _line(form: LineShape) -> Line:
    written = form.model_dump(by_alias=True, exclude_none=True)
    at, note = written.pop("at", None), written.pop("note", "")
    if "later" in written:
        return Line("time", later=form.later)
    if not written:
        return Line("time", at=at)
    key, value = next(iter(written.items()))
    match key:
        case "result":
            return Line("result", result=tuple(sorted(value.items())), at=at)
        case "program calls":
            return Line("calls", "member", value, at=at)
        case "start" | "alert" | "task" | "consent" | "ends":
            return Line(key, text=value, note=note, at=at)
        case "program":
            return Line("program", "member", value, at=at)
        case _ if key.startswith("program to "):
            return Line("program", key.removeprefix("program to "), value, at=at)
        case _:
            return Line("says", key, value, at=at)


def _names(form: ChatFileShape, document: Document, flows: tuple[str, ...]) -> list[Issue]:
    """Find the flows that are named and that there are not."""
    named: list[tuple[tuple[str | int, ...], str]] = [(("flow",), form.flow)]
    for index, chat in enumerate(form.conversations):
        here = ("conversations", index)
        named.extend(((*here, "with", number), name) for number, name in enumerate(chat.beside))
        starts = ((number, line.start) for number, line in enumerate(chat.chat))
        named.extend(((*here, "chat", number, "start"), name) for number, name in starts if name)
    found = []
    for path, name in named:
        if name not in flows:
            near = did_you_mean(name, flows)
            message = f"There is no flow `{name}`." + (f" Did you mean `{near}`?" if near else "")
            mend = f"Write `{near}`." if near else f"Use one of: {', '.join(flows)}."
            found.append(document.issue(Code.UNKNOWN_FLOW, path, message, mend))
    return found


def _languages(form: ChatFileShape, document: Document, languages: tuple[str, ...]) -> list[Issue]:
    """Find languages that the program does not speak, and texts that one of its languages lacks."""
    found: list[Issue] = []
    for index, reply in enumerate(form.replies):
        found.extend(_texts(document, ("replies", index, "says"), reply.says, (), languages))
    for index, chat in enumerate(form.conversations):
        here = ("conversations", index)
        if chat.language is not None and chat.language not in languages:
            message = f"The program does not speak `{chat.language}`."
            mend = f"Use one of: {', '.join(languages)}."
            found.append(document.issue(Code.LANGUAGE, (*here, "language"), message, mend))
            continue
        wanted = languages if chat.language is None else (chat.language,)
        for number, line in enumerate(chat.chat):
            for key, value in line.model_dump(by_alias=True, exclude_none=True).items():
                path = (*here, "chat", number, key)
                if key == "result":
                    for name, kept in value.items():
                        found.extend(_texts(document, (*path, name), kept, wanted, languages))
                else:
                    found.extend(_texts(document, path, value, wanted, languages))
    return found


def _texts(
    document: Document,
    path: tuple[str | int, ...],
    texts: object,
    wanted: tuple[str, ...],
    languages: tuple[str, ...],
) -> list[Issue]:
    """Find what is wrong with a text that may be one for each language."""
    found: list[Issue] = []
    if not isinstance(texts, Mapping):
        return found
    for language in wanted:
        if language not in texts:
            message = f"The text in `{language}` is missing."
            found.append(
                document.issue(Code.LANGUAGE, path, message, f'Add a line {language}: "…".', key=True)
            )
    for language in texts:
        if language not in languages:
            message = f"The program does not speak `{language}`."
            mend = f"Use one of: {', '.join(languages)}."
            found.append(document.issue(Code.LANGUAGE, (*path, language), message, mend, key=True))
    return found
