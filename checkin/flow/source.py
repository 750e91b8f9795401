"""YAML with positions: reads a file's text into plain values, and knows where each of them stands.

Knows files and what goes wrong in them, in plain words. What the values are made of is `checkin.flow.events`.
"""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from checkin.flow import traps
from checkin.flow.document import Document, Place, at_mark
from checkin.flow.events import Reader, Refused
from checkin.flow.issue import Code, Issue, Severity

MAX_CHARACTERS = 400_000

_BREAK = re.compile(r"\r\n|[\r\n\x85\u2028\u2029]")


def read_source(path: Path) -> str | Issue:
    """Return what a file says, or why it cannot be read; a folder's other files are not worse for that."""
    try:
        data = path.read_bytes()
    except OSError as error:
        message = f"This file can't be opened ({error.strerror})."
        mend = "Let the user of the service read it, or take it out of this folder."
        return Issue(Severity.ERROR, Code.NOT_READABLE, path.name, 1, 1, message, mend)
    return decode(data, path.name)


def is_hidden(path: Path) -> bool:
    """Whether a file is no conversation but an editor's or a system's own, such as `.#daily.yaml`."""
    return path.name.startswith(".")


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
    reader = Reader(file, source, tuple(_BREAK.split(source)))
    try:
        reader.read()
    except yaml.MarkedYAMLError as error:
        return None, _in_plain_words(reader, error)
    except yaml.reader.ReaderError as error:
        place = _at_end(source[: error.position])
        message = "There is a character here that no text can hold; it does not show on the screen."
        return None, (reader.issue(Code.NOT_READABLE, place, message, "Delete it and write the word again."),)
    except Refused as refused:
        return None, (*reader.issues, refused.issue)
    if reader.data is None:
        message = "This file is empty."
        return None, (reader.issue(Code.EMPTY, Place(1, 1), message, "Write something, or delete the file."),)
    document = Document(file, reader.lines, reader.data, reader.marks, tuple(reader.empty))
    return document, tuple(reader.issues)


_SAVE = 'Save it again with the encoding "UTF-8" (without BOM).'


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


def _in_plain_words(reader: Reader, error: yaml.MarkedYAMLError) -> tuple[Issue, ...]:
    """Say in plain words what the parser found, and what was told before that is another matter."""
    found = _refusal(reader, error)
    return (*(issue for issue in reader.issues if issue.line != found.line), found)


def _refusal(reader: Reader, error: yaml.MarkedYAMLError) -> Issue:
    place = at_mark(error.problem_mark or error.context_mark)
    problem, context = error.problem or "", error.context or ""
    unclosed = "end of stream" in problem if "quoted" in context else "',' or" in problem
    if unclosed and error.context_mark:
        # Where the reader gave up says little; where the quotation or the bracket began does.
        place = at_mark(error.context_mark)
    elif "quoted scalar" not in context and (trap := traps.explain(reader.lines, place)) is not None:
        return reader.tell(trap)
    for where, needle, message, mend in _PLAIN:
        if needle in (problem if where == "problem" else context):
            return reader.issue(Code.NOT_YAML, place, message, mend)
    message = "This line, or the one before it, cannot be read."
    mend = "Compare how far it is moved in, its colon and its quotation marks with a line that works."
    return reader.issue(Code.NOT_YAML, place, message, mend)


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
