"""Builds plain values from the events of PyYAML's parser, and keeps where each of them stands.

Knows YAML and nothing about flows. Only what program staff need is read: maps, lists and scalars. Anchors,
aliases, tags and several documents in one file are refused, which also leaves nothing for an alias bomb to
multiply. Scalars follow the YAML 1.2 core schema without its odder numbers, so that `yes`, `no`, `on`,
`09:00` and `010` stay text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from checkin.flow import traps
from checkin.flow.document import Marks, Path, Place, at_mark
from checkin.flow.issue import Code, Issue, Severity

MAX_NODES = 30_000
MAX_DEPTH = 16

_INT = re.compile(r"-?(?:0|[1-9][0-9]{0,14})")
_FLOAT = re.compile(r"-?(?:0|[1-9][0-9]{0,14})\.[0-9]{1,15}")
_WORDS: Mapping[str, bool | None] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip


class Refused(Exception):
    """The file cannot be read further; `issue` says why."""

    def __init__(self, issue: Issue) -> None:
        super().__init__(issue.code)
        self.issue = issue


@dataclass(slots=True)
class _Open:
    """A map or list that has begun and not yet ended. `key` is the map's key that waits for its value."""

    path: Path
    value: Any
    in_map: bool
    key: str | None = None
    key_mark: Any = None
    again: bool = False
    """Whether the key stands here a second time: what it holds is read (it has to be), and not kept."""


@dataclass(slots=True)
class Reader:
    """Builds values with a stack of its own, so that depth cannot overflow. `lines` are those of `source`."""

    file: str
    source: str
    lines: tuple[str, ...]
    data: Any = None
    marks: dict[Path, Marks] = field(default_factory=dict)
    empty: list[Path] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)
    stack: list[_Open] = field(default_factory=list)
    documents: int = 0

    def read(self) -> None:
        """Read the whole file. Raises `Refused`, and PyYAML's errors.

        Half of what reading costs goes by in this loop: what most lines are like is done without a call.
        """
        next_event: Callable[[], Any] = yaml.CSafeLoader(self.source).get_event
        stack, marks, nodes = self.stack, self.marks, 0
        root = top = _Open((), [], in_map=False)
        while (event := next_event()) is not None:
            kind = type(event)
            if kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
                top = stack.pop()
                continue
            scalar = kind is yaml.ScalarEvent
            if not scalar and kind is not yaml.MappingStartEvent and kind is not yaml.SequenceStartEvent:
                self._between(event, top)
                continue
            nodes += 1
            marked = event.anchor is not None or event.tag is not None
            if marked or nodes > MAX_NODES or len(stack) > MAX_DEPTH:
                self._refuse_node(event, top, too_much=nodes > MAX_NODES or len(stack) > MAX_DEPTH)
            mark = key_mark = event.start_mark
            if not top.in_map:
                path: Path = (*top.path, len(top.value)) if stack else ()
            elif top.key is None:
                self._key(top, event)
                continue
            else:
                path = (*top.path, f"{top.key} (again)" if top.again else top.key)
                key_mark = top.key_mark
            value: Any = event.value if scalar else {} if kind is yaml.MappingStartEvent else []
            if not scalar:
                stack.append(top)
                marks[path] = (key_mark, mark, None)
            elif not event.implicit[0]:
                marks[path] = (key_mark, mark, event.style)
            elif value:
                value = _scalar(value if value.isascii() else self._odd_text(value, at_mark(mark)))
                marks[path] = (key_mark, mark, None)
            elif top.in_map and self._cut_off(top, at_mark(key_mark)):
                continue
            else:
                value = None
                self.empty.append(path)
                marks[path] = (key_mark, key_mark, None)
            if not top.in_map:
                top.value.append(value)
            else:
                if not top.again:
                    top.value[top.key] = value
                top.key = None
            if not scalar:
                top = _Open(path, value, kind is yaml.MappingStartEvent)
        self.data = root.value[0] if root.value else None

    def issue(self, code: Code, place: Place, message: str, mend: str) -> Issue:
        """Return an error at a place of this file."""
        return Issue(Severity.ERROR, code, self.file, place.line, place.column, message, mend)

    def tell(self, trap: traps.Trap) -> Issue:
        """Return a trap as an issue."""
        return self.issue(trap.code, trap.place, trap.message, trap.mend)

    def _between(self, event: Any, top: _Open) -> None:
        """Look at what is no value: where a document begins, and an alias, which is refused."""
        if type(event) is yaml.AliasEvent:
            self._refuse_mark(top, at_mark(event.start_mark), "*")
        elif type(event) is yaml.DocumentStartEvent:
            self.documents += 1
            if self.documents > 1:
                message = "A second document begins here."
                mend = "Delete the line `---`, or use two files."
                raise Refused(self.issue(Code.NOT_YAML, at_mark(event.start_mark), message, mend))

    def _refuse_node(self, event: Any, top: _Open, *, too_much: bool) -> None:
        place = at_mark(event.start_mark)
        if too_much:
            message = "This file holds too much, or things are nested too deeply."
            raise Refused(self.issue(Code.TOO_LARGE, place, message, "Divide it into several flows."))
        self._refuse_mark(top, place, "!" if event.anchor is None else "&")

    def _refuse_mark(self, top: _Open, place: Place, mark: str) -> None:
        line, start = self._line(place), place.column - 1
        if mark == "!" and top.key == "if":
            corrected = (line[:start] + "not " + line[start:].lstrip("! ")).strip()
            raise Refused(self.issue(Code.CONDITION, place, "`!` is not understood here.", corrected))
        message = f"A text that begins with {mark} has to stand in quotation marks."
        is_text = " " in line[start:].strip() and not re.search(r"[\[{]", line[start:])
        mend = traps.quoted(line, start) if is_text else None
        raise Refused(self.issue(Code.NOT_YAML, place, message, mend or 'Put it in quotation marks: "…".'))

    def _key(self, top: _Open, event: Any) -> None:
        if type(event) is not yaml.ScalarEvent:
            message = "A word is expected here, before the colon."
            place = at_mark(event.start_mark)
            raise Refused(self.issue(Code.NOT_YAML, place, message, "Write a word and a colon."))
        word = event.value
        if not word.isascii() or word[:1] == "-":
            word = self._odd_key(word, at_mark(event.start_mark))
        top.key, top.key_mark, top.again = word, event.start_mark, word in top.value
        if top.again:
            first = at_mark(self.marks[(*top.path, word)][0]).line
            message = f"`{word}` stands here a second time; the first is on line {first}."
            mend = "Delete one of them, or rename it."
            self.issues.append(self.issue(Code.TWICE, at_mark(event.start_mark), message, mend))

    def _line(self, place: Place) -> str:
        return self.lines[place.line - 1] if place.line <= len(self.lines) else ""

    def _odd_key(self, word: str, place: Place) -> str:
        """Tell of a key with something about it that cannot be seen, and return the key that was meant."""
        line = self._line(place)
        if word[0] == "-":
            mend = "- " + line[place.column :].strip()
            raise Refused(self.issue(Code.NOT_YAML, place, "After the dash a space is missing.", mend))
        if word[0] in traps.CURLY:
            self.issues.append(self.tell(traps.curly(line, place)))
            return word.strip(traps.CURLY)
        found = traps.ODD.search(word)
        if found is None or not line.startswith(word, place.column - 1):
            return word
        at = Place(place.line, place.column + found.start())
        trap = self.tell(traps.odd(line, at))
        if found.start() == 0:
            raise Refused(trap)  # Nobody knows how far the line was meant to be moved in.
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
        if not word or not traps.without_colon(self.lines, key, word):
            return False
        here = at_mark(self.marks[top.path][1])
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
