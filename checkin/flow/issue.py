"""What is wrong with a flow, said to the person who wrote it.

Knows how a problem is worded, placed and printed. Must not know how problems are found.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Severity(StrEnum):
    """How bad it is: an error refuses the flow, a warning should be mended, a note is for information."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Code(StrEnum):
    """Every kind of problem; `docs/flows.md` explains each one."""

    # how the file is written
    NOT_READABLE = "not-readable"
    TAB = "tab"
    NOT_YAML = "not-yaml"
    TOO_LARGE = "too-large"
    TWICE = "twice"
    EMPTY = "empty"
    ODD_CHARACTER = "odd-character"
    QUOTES = "quotes"
    CUT_OFF = "cut-off"
    GARBLED = "garbled"
    # what stands in it
    UNKNOWN_KEY = "unknown-key"
    MISSING = "missing"
    WRONG_VALUE = "wrong-value"
    NO_KIND = "no-kind"
    # names
    UNKNOWN_STEP = "unknown-step"
    UNKNOWN_NAME = "unknown-name"
    NAME_TAKEN = "name-taken"
    NOT_SET = "not-set"
    SAME_FLOW = "same-flow"
    UNKNOWN_FLOW = "unknown-flow"
    # where a flow goes
    NO_NEXT = "no-next"
    NOT_EXHAUSTIVE = "not-exhaustive"
    NEVER = "never"
    UNREACHABLE = "unreachable"
    NO_END = "no-end"
    CIRCLE = "circle"
    NO_TIMEOUT = "no-timeout"
    LADDER = "ladder"
    NO_ALERT = "no-alert"
    ALERT_TWICE = "alert-twice"
    AT_ONCE = "at-once"
    CONSENT = "consent"
    UNLINKED = "unlinked"
    # conditions, answers and texts
    CONDITION = "condition"
    COLLISION = "collision"
    LANGUAGE = "language"
    PLACEHOLDER = "placeholder"
    PLURAL = "plural"
    SEGMENTS = "segments"
    SPOKEN = "spoken"
    # how texts sound to the person who reads them
    TONE = "tone"
    SAFE_WORDS = "safe-words"
    TWO_QUESTIONS = "two-questions"
    READING = "reading"
    DISCREET = "discreet"
    VERDICT = "verdict"
    NOT_OFFERED = "not-offered"
    # the program
    PROGRAM = "program"
    CRISIS = "crisis"


@dataclass(frozen=True, slots=True)
class Issue:
    """One problem and how to mend it.

    `line` and `column` count from 1. `step` is the step in which it stands, where there is one. `mend` is
    the corrected line, or advice. `words` are those in the file that it is about, where it is about some.
    """

    severity: Severity
    code: Code
    file: str
    line: int
    column: int
    message: str
    mend: str
    step: str | None = None
    words: str = ""

    @property
    def is_error(self) -> bool:
        """Whether this refuses the flow."""
        return self.severity is Severity.ERROR

    def __str__(self) -> str:
        """Return `file:line:column: error code: message` and, on a second line, the mend."""
        head = f"{self.file}:{self.line}:{self.column}: {self.severity} {self.code}: {self.message}"
        return f"{head}\n    mend: {self.mend}" if self.mend else head

    def to_json(self) -> dict[str, Any]:
        """Return the issue as plain JSON values."""
        return asdict(self)


def in_order(issues: Iterable[Issue]) -> tuple[Issue, ...]:
    """Return the issues by file and position, each one once."""
    return tuple(sorted(dict.fromkeys(issues), key=lambda i: (i.file, i.line, i.column, i.code, i.message)))


def errors(issues: Iterable[Issue]) -> tuple[Issue, ...]:
    """Return those that refuse the flow."""
    return tuple(issue for issue in issues if issue.is_error)
