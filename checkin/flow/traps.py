"""YAML's traps: where it reads something else than the person who wrote it, or gives up in riddles.

Knows lines of text and what people write into them. Must not know what a flow is. Each trap gives the place,
a message in plain words and, where there is one, the line as it should be.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from checkin.flow.document import Place
from checkin.flow.issue import Code

CURLY = "“”„‟‘’‚«»"
"""Quotation marks that YAML takes for letters of the text."""

_SPACES = "\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"
_UNSEEN = "\u00ad\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff"
ODD = re.compile(f"[{_SPACES}{_UNSEEN}]")
"""Spaces that are none to YAML, and signs that do not show."""

UNSEEN = re.compile(f"[\x00-\x09\x0b-\x1f\x7f-\x9f{_UNSEEN}]")
"""Signs that do not show and have no business in a text; an end of line has."""

GARBLED = re.compile("Ã[\x80-\xbf]|Â[\xa0-\xbf]|â€|\ufffd")
"""What letters with accents and curly quotation marks become when a file is saved in the wrong encoding."""

LINE_ENDS = re.compile("[\x85\u2028\u2029]")
"""Ends of line that no editor shows as such."""

_KEY = r"^ *(?:- +)*[\w.-]+"
_ODD_INDENT = re.compile(rf"^ *(?:- +)*(?P<at>[{_SPACES}{_UNSEEN}])")
_ODD_AFTER = re.compile(rf"{_KEY}:(?P<at>[{_SPACES}{_UNSEEN}])")
_LIKE_A_COLON = re.compile(rf"{_KEY}(?P<at> *(?:[：；;=]|:(?=[^\s:/])) *)(?P<rest>\S.*)")
_CURLY = re.compile(rf"(?:^ *|[:\[,{{-] +)(?P<at>[{CURLY}])")
_SIGN = re.compile(rf"{_KEY}: +(?P<at>[*&!%@`].+)$")
_BRACKET = re.compile(
    rf"{_KEY}: +(?P<at>[{{\[][^{{}}\[\]]*[}}\]][^#\s].*|[{{\[][^{{}}\[\]]*[}}\]] +[^#\s].*)$"
)
_AFTER_QUOTES = re.compile(rf"{_KEY}: +(?P<at>(?P<q>[\"'])[^\"]*?(?P=q) *[^\s#,}}\]].*)$")
_COMMA = re.compile(rf"{_KEY}: +([\"'])[^\"]*\1(?P<at> *,) *$")
_TWO_COLONS = re.compile(rf"{_KEY}: +(?P<at>[^\s\"'{{\[|>&*!%@`].*: .*|[^\s\"'{{\[|>&*!%@`].*:)$")


class Trap(NamedTuple):
    """What went wrong, where, and how the line should be (or advice)."""

    code: Code
    place: Place
    message: str
    mend: str


def explain(lines: Sequence[str], place: Place) -> Trap | None:
    """Return what is wrong on the line at which YAML gave up, or on the one before it, where it is seen."""
    numbers = range(min(place.line, len(lines)), 0, -1)
    near = [number for number in numbers if lines[number - 1].strip()][:2]
    for number in near:
        trap = _on_line(lines[number - 1], number)
        if trap is not None:
            return trap
    return _too_far_in(lines, near)


def _on_line(line: str, number: int) -> Trap | None:
    if found := _ODD_INDENT.search(line) or _ODD_AFTER.search(line):
        return odd(line, Place(number, found.start("at") + 1))
    if found := _CURLY.search(line):
        return curly(line, Place(number, found.start("at") + 1))
    if found := _LIKE_A_COLON.search(line):
        word = line[: found.start("at")].split()[-1]
        mend = (line[: found.start("at")] + ": " + found["rest"]).strip()
        message = f"A colon and a space are expected after `{word}`."
        return Trap(Code.NOT_YAML, Place(number, found.start("at") + 1), message, mend)
    if found := _SIGN.search(line) or _BRACKET.search(line):
        sign = found["at"][0]
        message = f"A text that begins with {sign} has to stand in quotation marks."
        return _in_quotes(line, number, found.start("at"), message)
    if found := _COMMA.search(line):
        message = "A comma stands after the end of the quotation marks."
        mend = line[: found.start("at")].strip()
        return Trap(Code.NOT_YAML, Place(number, found.start("at") + 1), message, mend)
    if found := _AFTER_QUOTES.search(line):
        message = "Something stands after the end of the quotation marks."
        return _in_quotes(line, number, found.start("at"), message)
    if found := _TWO_COLONS.search(line):
        at = line.index(":", found.start("at"))
        message = "There is a colon in this text, so that it has to stand in quotation marks."
        return _in_quotes(line, number, found.start("at"), message, at)
    return None


def _in_quotes(line: str, number: int, start: int, message: str, at: int | None = None) -> Trap:
    mend = quoted(line, start) or 'Put the text in quotation marks: "…".'
    return Trap(Code.NOT_YAML, Place(number, (start if at is None else at) + 1), message, mend)


def quoted(line: str, start: int) -> str | None:
    """Return a line whose text from `start` on stands in quotation marks; None where it holds both kinds."""
    text = line[start:].rstrip()
    for mark in "\"'":
        if len(text) > 1 and text[0] == text[-1] == mark:
            text = text[1:-1]
    for mark in "\"'":
        if mark not in text and "\\" not in text:
            return line[:start].strip() + f" {mark}{text}{mark}"
    return None


def _too_far_in(lines: Sequence[str], near: Sequence[int]) -> Trap | None:
    """Tell of a line that is moved in further than the finished line before it."""
    if len(near) < 2:
        return None
    here, before = lines[near[0] - 1], lines[near[1] - 1]
    depth, wanted = (len(line) - len(line.lstrip(" ")) for line in (here, before))
    if depth > wanted and re.match(rf"{_KEY}: +[^\s|>]", before):
        wanted = len(before) - len(re.sub(r"^[ -]+", "", before))
        message = "This line is moved in further than the one before it, which is finished."
        mend = f"Move it in by {wanted} spaces, as far as the word that begins the line before it."
        return Trap(Code.NOT_YAML, Place(near[0], depth + 1), message, mend)
    return None


def odd(line: str, place: Place) -> Trap:
    """Tell of a space or sign that YAML does not take for what it looks like."""
    sign = line[place.column - 1]
    visible = f"U+{ord(sign):04X}"
    space = re.match(f"[{_SPACES}]", sign) is not None
    what = "A space that is none stands here" if space else "A sign that does not show stands here"
    message = f"{what} ({visible}); it was probably pasted along."
    corrected = ODD.sub(lambda found: " " if re.match(f"[{_SPACES}]", found[0]) else "", line).strip()
    return Trap(Code.ODD_CHARACTER, place, message, corrected)


def curly(line: str, place: Place) -> Trap:
    """Tell of a text that begins with a curly quotation mark."""
    message = "These curly quotation marks would be part of the text; straight ones are needed around it."
    corrected = line.translate({ord(mark): '"' for mark in "“”„‟«»"}).translate({ord(m): "'" for m in "‘’‚"})
    return Trap(Code.QUOTES, place, message, corrected.strip())


def line_end(source: str) -> int | None:
    """Return where a character stands that ends a line without showing it, or None."""
    found = LINE_ENDS.search(source)
    return found.start() if found else None


def comment_after(lines: Sequence[str], place: Place, value: str) -> Place | None:
    """Return where a `#` cuts off the plain text at `place` that reads as `value`; None where none does."""
    number, start = place.line, place.column - 1
    left = len(value.split())
    while number <= len(lines):
        rest = lines[number - 1][start:]
        cut = re.search(r"(?:^|\s)(#)", rest)
        left -= len((rest[: cut.start()] if cut else rest).split())
        if cut:
            return Place(number, start + cut.start(1) + 1)
        if left <= 0:
            return None
        number, start = number + 1, 0
    return None


def without_colon(lines: Sequence[str], key: Place, word: str) -> bool:
    """Whether the word at `key`, which YAML takes for a key, has no colon after it."""
    rest = lines[key.line - 1][key.column - 1 :] if key.line <= len(lines) else ""
    return rest.startswith(word) and not rest[len(word) :].lstrip().startswith(":")
