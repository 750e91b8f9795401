"""Changing one value in a file that staff wrote, and nothing else in it.

Knows where values stand (`document`) and how a value is written on one line. Comments, order and layout of
everything else stay as they are.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from checkin.flow.document import Document, Path, Place

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|-?\d+")
_READ_AS_SOMETHING_ELSE = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})
_CLOSING = {"{": "}", "[": "]"}


class NotEdited(Exception):
    """A value cannot be changed by a machine without touching more than it; the text says what to write."""


def written(value: object) -> str:
    """Return a value as it is written on one line: `{ scale: [1, 5], save_as: mood }`."""
    if isinstance(value, Mapping):
        inside = ", ".join(f"{_word(str(key), key=True)}: {written(one)}" for key, one in value.items())
        return f"{{ {inside} }}"
    if isinstance(value, str):
        return _word(value)
    if isinstance(value, Sequence):
        return f"[{', '.join(map(written, value))}]"
    return json.dumps(value)


def _word(text: str, *, key: bool = False) -> str:
    plain = _PLAIN.fullmatch(text) and (key or text.lower() not in _READ_AS_SOMETHING_ELSE)
    number = not key and text.lstrip("-").isdigit()
    return text if plain and not number else json.dumps(text, ensure_ascii=False)


def with_value(document: Document, path: Path, value: object) -> list[str]:
    """Return the file's lines with `value` in the place of the one at `path`. Raises `NotEdited`.

    A value that is written over several lines stays as it is: of a map, one key more is written below it.
    """
    lines = list(document.lines)
    place, key = document.place(path), document.place(path, key=True)
    line = lines[place.line - 1]
    end = _end(line, place.column - 1) if place.line == key.line else None
    if end is not None:
        lines[place.line - 1] = line[: place.column - 1] + written(value) + line[end:]
        return lines
    changed = _one_change(document.get(path), value)
    if changed is None:
        raise _by_hand(document, place, value)
    name, is_there, new = changed
    if is_there:
        return with_value(document, (*path, name), new)
    lines.insert(place.line - 1, f"{' ' * (place.column - 1)}{_word(name, key=True)}: {written(new)}")
    return lines


def _one_change(old: object, new: object) -> tuple[str, bool, object] | None:
    """Return the one key in which two maps differ, whether it was there, and its value; None for others."""
    if not isinstance(old, Mapping) or not isinstance(new, Mapping) or old.keys() - new.keys():
        return None
    changed = [key for key in new if key not in old or old[key] != new[key]]
    return (str(changed[0]), changed[0] in old, new[changed[0]]) if len(changed) == 1 else None


def _by_hand(document: Document, place: Place, value: object) -> NotEdited:
    return NotEdited(
        f"{document.file}:{place.line}: this is written over several lines, so it is better changed by hand. "
        f"Write it so that it says: {written(value)}"
    )


def _end(line: str, start: int) -> int | None:
    """Return where the value that begins at `start` of a line ends; None where it goes on below."""
    if line[start : start + 1] in _CLOSING:
        return _end_of_group(line, start)
    if line[start : start + 1] in "\"'":
        return _end_of_quoted(line, start)
    if line[start : start + 1] in ("|", ">", ""):
        return None
    stop = re.search(r"\s+#|[,}\]]|\s*$", line[start:])
    return start + stop.start() if stop else len(line)


def _end_of_group(line: str, start: int) -> int | None:
    waiting: list[str] = []
    at = start
    while at < len(line):
        sign = line[at]
        if sign in "\"'":
            closed = _end_of_quoted(line, at)
            if closed is None:
                return None
            at = closed
            continue
        if sign in _CLOSING:
            waiting.append(_CLOSING[sign])
        elif waiting and sign == waiting[-1]:
            waiting.pop()
            if not waiting:
                return at + 1
        at += 1
    return None


def _end_of_quoted(line: str, start: int) -> int | None:
    pattern = r'"(?:[^"\\]|\\.)*"' if line[start] == '"' else r"'(?:[^']|'')*'"
    found = re.compile(pattern).match(line, start)
    return found.end() if found else None
