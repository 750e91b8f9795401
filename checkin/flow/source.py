"""YAML with positions: reads a file's text into plain values, and knows where each of them stands.

Knows YAML and nothing about flows. Only what program staff need is read: maps, lists and scalars. Anchors,
aliases, tags and several documents in one file are refused, which also leaves nothing for an alias bomb to
multiply. Scalars follow the YAML 1.2 core schema without its odder numbers, so that `yes`, `no`, `on`,
`09:00` and `010` stay text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from checkin.flow import traps
from checkin.flow.document import Document, Path, Place, Spot
from checkin.flow.issue import Code, Issue, Severity

MAX_CHARACTERS = 400_000
MAX_NODES = 30_000
MAX_DEPTH = 16

_BREAK = re.compile(r"\r\n|[\r\n\x85\u2028\u2029]")
_INT = re.compile(r"-?(?:0|[1-9][0-9]{0,14})")
_FLOAT = re.compile(r"-?(?:0|[1-9][0-9]{0,14})\.[0-9]{1,15}")
_WORDS: Mapping[str, bool | None] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip


def decode(data: bytes, file: str) -> str | Issue:
    """Return a file's bytes as text, or why they cannot be read; only UTF-8 is."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        message = "This file is saved as UTF-16, which cannot be read here."
        return Issue(Severity.ERROR, Code.NOT_READABLE, file, 1, 1, message, _SAVE)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8")
        place = _at_end(before)
        message = "This file is not saved as UTF-8; the letter here cannot be read."
        return Issue(Severity.ERROR, Code.NOT_READABLE, file, place.line, place.column, message, _SAVE)


def parse(source: str, file: str) -> tuple[Document | None, tuple[Issue, ...]]:
    """Read `source`; the document is None where it could not be read to the end."""
    early = _before_reading(source, file)
    if early:
        return None, early
    reader = _Reader(file, source)
    try:
        reader.read()
    except yaml.MarkedYAMLError as error:
        return None, reader.refuse_yaml(error)
    except yaml.reader.ReaderError as error:
        place = _at_end(source[: error.position])
        message = "There is a character here that no text can hold; it does not show on the screen."
        return None, (reader.issue(Code.NOT_READABLE, place, message, "Delete it and write the word again."),)
    except _Refused as refused:
        return None, (*reader.issues, refused.issue)
    if reader.data is None:
        message = "This file is empty."
        return None, (reader.issue(Code.EMPTY, Place(1, 1), message, "Write something, or delete the file."),)
    document = Document(file, reader.lines, reader.data, reader.spots, tuple(reader.empty))
    return document, tuple(reader.issues)


_SAVE = 'Save it again with the encoding "UTF-8" (without BOM).'


def _place(mark: Any) -> Place:
    return Place(mark.line + 1, mark.column + 1) if mark is not None else Place(1, 1)


def _at_end(text: str) -> Place:
    lines = _BREAK.split(text)
    return Place(len(lines), len(lines[-1]) + 1)


def _before_reading(source: str, file: str) -> tuple[Issue, ...]:
    """Find what the YAML reader would only describe in its own words."""

    def issue(code: Code, place: Place, message: str, mend: str) -> Issue:
        return Issue(Severity.ERROR, code, file, place.line, place.column, message, mend)

    if len(source) > MAX_CHARACTERS:
        message = f"This file is larger than {MAX_CHARACTERS:,} characters."
        return (issue(Code.TOO_LARGE, Place(1, 1), message, "Divide it into several flows."),)
    if source.startswith("\ufeff"):
        message = "This file begins with an invisible mark (a BOM)."
        return (issue(Code.NOT_READABLE, Place(1, 1), message, _SAVE),)
    try:
        source.encode()
    except UnicodeEncodeError as error:
        message = "There is half a character here; it cannot be read."
        return (issue(Code.NOT_READABLE, _at_end(source[: error.start]), message, _SAVE),)
    if (at := traps.line_end(source)) is not None:
        message = "A line ends here without showing it; this was probably pasted along."
        mend = "Delete it, with the letters beside it, and write them again."
        return (issue(Code.ODD_CHARACTER, _at_end(source[:at]), message, mend),)
    return tuple(
        issue(
            Code.TAB,
            Place(number, line.index("\t") + 1),
            "This line is moved in with a tab; only spaces are understood.",
            line.expandtabs(2).rstrip(),
        )
        for number, line in enumerate(_BREAK.split(source) if "\t" in source else (), 1)
        if re.match(r" *\t\s*\S", line)
    )


class _Refused(Exception):
    def __init__(self, issue: Issue) -> None:
        super().__init__(issue.code)
        self.issue = issue


@dataclass(slots=True)
class _Open:
    """A map or list that has begun and not yet ended. `key` is the map's key that waits for its value."""

    path: Path
    value: dict[str, Any] | list[Any]
    in_map: bool
    key: str | None = None
    key_place: Place = field(default=Place(1, 1))
    skip: bool = False


@dataclass(slots=True)
class _Reader:
    """Builds values from the parser's events, with a stack of its own, so that depth cannot overflow."""

    file: str
    source: str
    lines: tuple[str, ...] = ()
    data: Any = None
    spots: dict[Path, Spot] = field(default_factory=dict)
    empty: list[Path] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)
    stack: list[_Open] = field(default_factory=list)
    nodes: int = 0
    documents: int = 0

    def read(self) -> None:
        self.lines = tuple(_BREAK.split(self.source))
        for event in yaml.parse(self.source, Loader=yaml.CSafeLoader):
            kind = type(event)
            if kind is yaml.ScalarEvent or kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
                self._node(event)
            elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
                self.stack.pop()
            elif kind is yaml.AliasEvent:
                self._refuse_mark(_place(event.start_mark), "*")
            elif kind is yaml.DocumentStartEvent:
                self._count_document(_place(event.start_mark))

    def tell(self, trap: traps.Trap) -> Issue:
        """Return a trap as an issue."""
        return self.issue(trap.code, trap.place, trap.message, trap.mend)

    def issue(self, code: Code, place: Place, message: str, mend: str) -> Issue:
        return Issue(Severity.ERROR, code, self.file, place.line, place.column, message, mend)

    def _count_document(self, place: Place) -> None:
        self.documents += 1
        if self.documents > 1:
            message = "A second document begins here."
            raise _Refused(
                self.issue(Code.NOT_YAML, place, message, "Delete the line `---`, or use two files.")
            )

    def _refuse_mark(self, place: Place, mark: str) -> None:
        top, line, start = (self.stack[-1] if self.stack else None), self._line(place), place.column - 1
        if mark == "!" and top is not None and top.key == "if":
            corrected = (line[:start] + "not " + line[start:].lstrip("! ")).strip()
            raise _Refused(self.issue(Code.CONDITION, place, "`!` is not understood here.", corrected))
        message = f"A text that begins with {mark} has to stand in quotation marks."
        is_text = " " in line[start:].strip() and not re.search(r"[\[{]", line[start:])
        mend = traps.quoted(line, start) if is_text else None
        raise _Refused(self.issue(Code.NOT_YAML, place, message, mend or 'Put it in quotation marks: "…".'))

    def _node(self, event: Any) -> None:
        mark = event.start_mark
        place = Place(mark.line + 1, mark.column + 1)
        self.nodes += 1
        if self.nodes > MAX_NODES or len(self.stack) > MAX_DEPTH:
            message = "This file holds too much, or things are nested too deeply."
            raise _Refused(self.issue(Code.TOO_LARGE, place, message, "Divide it into several flows."))
        if event.anchor is not None:
            self._refuse_mark(place, "&")
        if event.tag is not None:
            self._refuse_mark(place, "!")
        top = self.stack[-1] if self.stack else None
        if top is not None and top.in_map and top.key is None:
            self._key(top, event, place)
        else:
            self._value(top, event, place)

    def _key(self, top: _Open, event: Any, place: Place) -> None:
        if not isinstance(event, yaml.ScalarEvent):
            message = "A word is expected here, before the colon."
            raise _Refused(self.issue(Code.NOT_YAML, place, message, "Write a word and a colon."))
        word = event.value
        if not word.isascii() or word[:1] == "-":
            word = self._odd_key(word, place)
        top.key, top.key_place = word, place
        top.skip = word in top.value
        if top.skip:
            first = self.spots[(*top.path, word)].key.line
            message = f"`{word}` stands here a second time; the first is on line {first}."
            self.issues.append(self.issue(Code.TWICE, place, message, "Delete one of them, or rename it."))

    def _value(self, top: _Open | None, event: Any, place: Place) -> None:
        path: Path
        if top is None:
            path, key_place = (), place
        elif top.in_map:
            # What a key holds that stands twice is read (it has to be) and kept where nobody looks.
            path = (*top.path, f"{top.key} (again)" if top.skip else str(top.key))
            key_place = top.key_place
        else:
            path, key_place = (*top.path, len(top.value)), place
        if type(event) is yaml.ScalarEvent:
            plain, text = event.implicit[0], event.value
            if plain and not text:
                if top is not None and self._cut_off(top, key_place):
                    return
                self.empty.append(path)
                place = key_place
            elif plain and not text.isascii():
                text = self._odd_text(text, place)
            self._keep(top, _scalar(text) if plain else text)
            self.spots[path] = Spot(key_place, place, event.style in ("'", '"'))
            return
        in_map = type(event) is yaml.MappingStartEvent
        value: dict[str, Any] | list[Any] = {} if in_map else []
        self._keep(top, value)
        self.spots[path] = Spot(key_place, place)
        self.stack.append(_Open(path, value, in_map))

    def _line(self, place: Place) -> str:
        return self.lines[place.line - 1] if place.line <= len(self.lines) else ""

    def _odd_key(self, word: str, place: Place) -> str:
        """Tell of a key with something about it that cannot be seen, and return the key that was meant."""
        line = self._line(place)
        if word[0] == "-":
            mend = "- " + line[place.column :].strip()
            raise _Refused(self.issue(Code.NOT_YAML, place, "After the dash a space is missing.", mend))
        if word[0] in traps.CURLY:
            self.issues.append(self.tell(traps.curly(line, place)))
            return word.strip(traps.CURLY)
        found = traps.ODD.search(word)
        if found is None or not line.startswith(word, place.column - 1):
            return word
        at = Place(place.line, place.column + found.start())
        trap = self.tell(traps.odd(line, at))
        if found.start() == 0:
            raise _Refused(trap)  # Nobody knows how far the line was meant to be moved in.
        self.issues.append(trap)
        return traps.ODD.sub("", word)

    def _odd_text(self, text: str, place: Place) -> str:
        """Tell of a text without quotation marks that is not what it seems, and return what was meant."""
        line = self._line(place)
        if text[0] in traps.CURLY:
            self.issues.append(self.tell(traps.curly(line, place)))
            return text.strip(traps.CURLY)
        found = traps.UNSEEN.search(text) or re.match(r"[\w.-]+:(?=\s)", text)
        if found is None or not line.startswith(text, place.column - 1):
            return text
        at = found.start() if traps.UNSEEN.match(found[0]) else found.end()
        self.issues.append(self.tell(traps.odd(line, Place(place.line, place.column + at))))
        return traps.UNSEEN.sub("", text)

    def _cut_off(self, top: _Open, key: Place) -> bool:
        """Tell of a word between braces without a colon: a comma cut a text off, or a text begins with {."""
        word = str(top.key)
        if not top.in_map or not word or not traps.without_colon(self.lines, key, word):
            return False
        here = self.spots[top.path].value
        line = self._line(here)
        if top.value or not line.startswith("{", here.column - 1):
            message = f"A comma cuts the text off before “{word}”."
            mend = 'Put the whole text in quotation marks: "…".'
            self.issues.append(self.issue(Code.CUT_OFF, key, message, mend))
        elif top.path[-1:] == ("if",):
            message = "In a condition, names stand without braces."
            mend = (
                line[: here.column - 1] + line[here.column - 1 :].replace("{", "").replace("}", "")
            ).strip()
            self.issues.append(self.issue(Code.CONDITION, here, message, mend))
        else:
            message = "A text that begins with { has to stand in quotation marks."
            mend = traps.quoted(line, here.column - 1) or 'Put it in quotation marks: "…".'
            self.issues.append(self.issue(Code.NOT_YAML, here, message, mend))
        top.key = None
        return True

    def _keep(self, top: _Open | None, value: Any) -> None:
        if top is None:
            self.data = value
        elif isinstance(top.value, list):
            top.value.append(value)
        else:
            if not top.skip:
                top.value[str(top.key)] = value
            top.key = None

    def refuse_yaml(self, error: yaml.MarkedYAMLError) -> tuple[Issue, ...]:
        """Say in plain words what the parser found, and what was told before that is another matter."""
        found = self._refusal(error)
        return (*(issue for issue in self.issues if issue.line != found.line), found)

    def _refusal(self, error: yaml.MarkedYAMLError) -> Issue:
        place = _place(error.problem_mark or error.context_mark)
        problem, context = error.problem or "", error.context or ""
        unclosed = "end of stream" in problem if "quoted" in context else "',' or" in problem
        if unclosed and error.context_mark:
            # Where the reader gave up says little; where the quotation or the bracket began does.
            place = _place(error.context_mark)
        elif "quoted scalar" not in context and (trap := traps.explain(self.lines, place)) is not None:
            return self.tell(trap)
        for where, needle, message, mend in _PLAIN:
            if needle in (problem if where == "problem" else context):
                return self.issue(Code.NOT_YAML, place, message, mend)
        message = "This line, or the one before it, cannot be read."
        mend = "Compare how far it is moved in, its colon and its quotation marks with a line that works."
        return self.issue(Code.NOT_YAML, place, message, mend)


_PLAIN = (
    ("problem", "unknown escape", "A backslash \\ inside these quotation marks has a meaning of its own.",
     "Write two of them, \\\\, or none."),
    ("context", "quoted scalar", "The quotation marks of this text do not fit together.",
     'Begin and end the text with " and write \\" for a quotation mark inside it.'),
    ("problem", "mapping values are not allowed", "There is a colon here that is not expected.",
     'Put a text with a colon in quotation marks: "…"; or add a colon at the end of the line before.'),
    ("problem", "cannot start any token", "A text cannot begin with this character.",
     'Put the text in quotation marks: "…".'),
    ("problem", "expected ':'", "The line before this one has no colon.",
     "Write a colon after the word, or put a text of several lines in quotation marks."),
    ("problem", "expected key", "This line is moved in differently from its neighbours, or lacks a colon.",
     "Move it in exactly as far as the lines that belong with it."),
    ("problem", "expected '-'", "A line of this list does not begin with a dash.",
     "Begin each line of a list with a dash and a space, each moved in as far as the others."),
    ("problem", "',' or '}'", "The brace { is not closed, or a comma is missing.",
     "Close it with }, and put a comma between its parts."),
    ("problem", "',' or ']'", "The bracket [ is not closed, or a comma is missing.",
     "Close it with ], and put a comma between its parts."),
)  # fmt: skip


def _scalar(text: str) -> str | int | float | bool | None:
    """Return what a plain scalar means in the YAML 1.2 core schema, with decimal numbers only."""
    if text[:1].isalpha() and text not in _WORDS:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INT.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    return text
