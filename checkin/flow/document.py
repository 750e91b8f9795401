"""A file's plain values, and where in the file each of them stands.

Knows lines and columns. Must not know YAML, nor what the values mean.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from checkin.flow.issue import Code, Issue, Severity

_LONGEST_WORDS = 80
_QUOTES = ("'", '"')
_WORDS = re.compile(r"\{[^{}\s]*\}|[\w.+-]+|\S")

Path = tuple[str | int, ...]
"""The keys and list positions that lead to a value: `("steps", "mood", "then", 0, "go")`."""


class Place(NamedTuple):
    """A position in a file; both count from 1."""

    line: int
    column: int


class Mark(Protocol):
    """A position as YAML's reader gives it; both count from 0."""

    @property
    def line(self) -> int:
        """The line."""

    @property
    def column(self) -> int:
        """The character in the line."""


Marks = tuple[Mark, Mark, str | None]
"""Where a key and its value begin, and the quotation mark around the value. Few are ever asked for."""


def at_mark(mark: Mark | None) -> Place:
    """Return the place at this mark; where YAML's reader gives none, the beginning."""
    return Place(1, 1) if mark is None else Place(mark.line + 1, mark.column + 1)


class Spot(NamedTuple):
    """Where a value and its key stand, and whether the value is in quotation marks."""

    key: Place
    value: Place
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Document:
    """The plain values of one file, and where each stands."""

    file: str
    lines: tuple[str, ...]
    data: Any
    marks: Mapping[Path, Marks]
    """Where each value stands, from the first to the last; `spot` reads one."""
    empty: tuple[Path, ...]
    """The places where a key is followed by nothing at all."""

    def spot(self, path: Path) -> Spot | None:
        """Return where the value at `path` and its key stand; None where there is none."""
        found = self.marks.get(path)
        return None if found is None else Spot(at_mark(found[0]), at_mark(found[1]), found[2] in _QUOTES)

    def place(self, path: Path, *, key: bool = False) -> Place:
        """Return where the value at `path` stands (or its key); of a missing value, where its parent does."""
        known = path
        while known and known not in self.marks:
            known = known[:-1]
        spot = self.spot(known)
        if spot is None:
            return Place(1, 1)
        return spot.key if key or known != path else spot.value

    def inside(self, path: Path, offset: int) -> Place:
        """Return where character `offset` of the text at `path` stands.

        A text that runs over several lines, or that is written with escapes, gives its beginning.
        """
        spot, value = self.spot(path), self.get(path)
        if spot is None or not isinstance(value, str):
            return self.place(path)
        start = spot.value.column - 1 + spot.quoted
        if self.line(spot.value.line)[start : start + len(value)] != value:
            return spot.value
        return Place(spot.value.line, start + 1 + offset)

    def line(self, number: int) -> str:
        """Return this line's text, or nothing for a line beyond the end."""
        return self.lines[number - 1] if 0 < number <= len(self.lines) else ""

    def sign(self, place: Place) -> str:
        """Return the character at this place, or nothing."""
        return self.line(place.line)[place.column - 1 : place.column]

    def get(self, path: Path) -> Any:
        """Return the value at `path`, or None."""
        value = self.data
        for part in path:
            try:
                value = value[part]
            except (KeyError, IndexError, TypeError):
                return None
        return value

    def corrected(self, place: Place, old: str, new: str) -> str | None:
        """Return the line at `place` with `old`, which stands there, replaced by `new`."""
        line, at = self.line(place.line), place.column - 1
        if not line.startswith(old, at):
            return None
        return (line[:at] + new + line[at + len(old) :]).strip()

    def issue(
        self,
        code: Code,
        path: Path,
        message: str,
        mend: str,
        *,
        at: Place | None = None,
        key: bool = False,
        severity: Severity = Severity.ERROR,
        words: str | None = None,
    ) -> Issue:
        """Return an issue at the value at `path`, at its key, or at `at`; the path also tells the step.

        `words` are those that the issue is about; where they are not given, they are read at its place.
        """
        place = at or self.place(path, key=key)
        step = str(path[1]) if len(path) > 1 and path[0] == "steps" else None
        if words is None:
            value = None if at or key else self.get(path)
            words = value if isinstance(value, str) else self._words_at(place)
        words = words[:_LONGEST_WORDS]
        return Issue(severity, code, self.file, place.line, place.column, message, mend, step, words)

    def _words_at(self, place: Place) -> str:
        found = _WORDS.match(self.line(place.line), place.column - 1)
        return found[0] if found else ""
