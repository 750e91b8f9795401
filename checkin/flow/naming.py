"""Finds names in a flow that refer to nothing, hold something else, or mean something already.

Knows what the flow, the program and its members have names for, and what the nearest one is. Must not know
what a step does with a name, which is for `checkin.flow.build`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from checkin.flow.condition import ConditionError, UnknownName
from checkin.flow.days import WEEKDAYS
from checkin.flow.document import Document, Path
from checkin.flow.guess import did_you_mean
from checkin.flow.issue import Code, Issue
from checkin.flow.kinds import Kind, fits
from checkin.flow.program import Program
from checkin.flow.texts import FACTS, MEMBER_FIELDS

_LIKE_A_NUMBER = re.compile(
    r"[+-]?(?:0[\d_]+|0[xob][\da-f]+|\d[\d_,]*(?:\.\d*)?(?:e[+-]?\d+)?)", re.IGNORECASE
)
_RESERVED = (
    (frozenset(FACTS) - MEMBER_FIELDS) | WEEKDAYS.keys() | {"answer", "yes", "no", "true", "false", "none"}
)

_AN_END = ("end", "the end", "stop", "finish", "exit", "quit")
"""What people write after `go` when they mean the step that ends the conversation."""


@dataclass(slots=True)
class Names:
    """The names of one flow. What is wrong with one is kept in `issues`, and then it is not `complete`.

    `known` is everything that texts and conditions may use, `steps` are the flow's own, `fields` are what is
    kept with members.
    """

    document: Document
    known: Mapping[str, Kind]
    steps: frozenset[str]
    fields: Mapping[str, Kind]
    ends: tuple[str, ...] = ()
    """The steps that end the conversation."""
    issues: list[Issue] = field(default_factory=list)
    complete: bool = True

    def target(self, path: Path, name: str) -> None:
        """Refuse to go on at a step that is not there."""
        if name in self.steps:
            return
        near = self.ends[0] if self.ends and name.lower() in _AN_END else did_you_mean(name, self.steps)
        message = f"There is no step `{name}`." + (f" Did you mean `{near}`?" if near else "")
        corrected = self.document.corrected(self.document.place(path), name, near) if near else None
        mend = corrected or f"Use one of: {', '.join(sorted(self.steps))}."
        self.refuse(Code.UNKNOWN_STEP, path, message, mend)

    def following(self, name: str) -> str | None:
        """Return the step that stands behind this one in the file, if any."""
        names = list(self.document.get(("steps",)) or ())
        later = names[names.index(name) + 1 :] if name in names else []
        return str(later[0]) if later else None

    def is_date(self, name: str) -> bool:
        """Whether what is kept with members under this name is a day."""
        return name in self.fields and self.fields[name].type == "date"

    def holds(self, path: Path, name: str, wanted: str, known: Iterable[str]) -> None:
        """Refuse a name under which no answer of this kind is kept."""
        if name in self.known and self.known[name].type in (wanted, "any"):
            return
        what = {"date": "day", "time": "time of day"}[wanted]
        fits = [one for one in known if one not in self.known or self.known[one].type == wanted]
        near = did_you_mean(name, fits)
        message = f"No {what} is kept under `{name}`." + (f" Did you mean `{near}`?" if near else "")
        corrected = self.document.corrected(self.document.place(path), name, near) if near else None
        mend = corrected or f"Ask for it: answer: {{ {wanted}: true, save_as: {name} }}"
        self.refuse(Code.UNKNOWN_NAME, path, message, mend)

    def free(self, path: Path, name: str, kind: Kind) -> None:
        """Refuse a result's name that already means something else, or a field that cannot hold this."""
        if name in self.fields and not fits(kind, self.fields[name]):
            held = self.fields[name]
            message = f"`{name}` is kept with the member, and cannot hold this."
            known = ", ".join(str(value) for value in held.values or () if value is not None)
            mend = f"Use one of: {known}." if known else f"program.yaml says that it holds: {held.type}."
            self.refuse(Code.NAME_TAKEN, path, message, mend)
        if name in _RESERVED:
            message = f"`{name}` already means something; an answer cannot be kept under it."
            self.refuse(Code.NAME_TAKEN, path, message, f"Choose another name, for example my_{name}.")

    def check_group(self, group: str | None, program: Program) -> None:
        """Refuse a flow for a group that the program does not have."""
        if group is None or group in program.groups:
            return
        near = did_you_mean(group, program.groups)
        message = f"The program has no group `{group}`." + (f" Did you mean `{near}`?" if near else "")
        known = ", ".join(program.groups)
        mend = f"group: {near}" if near else "Add it to program.yaml: groups: { " + group + ": … }"
        self.refuse(
            Code.UNKNOWN_NAME, ("group",), message, mend if near or not known else f"Use one of: {known}."
        )

    def refuse_condition(self, path: Path, error: ConditionError) -> None:
        """Refuse a condition, at the very place in it."""
        place = self.document.inside(path, error.offset)
        code = Code.UNKNOWN_NAME if isinstance(error, UnknownName) else Code.CONDITION
        corrected = self.document.corrected(place, error.old, error.new) if error.new else None
        mend = corrected or error.mend
        self.issues.append(self.document.issue(code, path, error.message, mend, at=place))
        self.complete = False

    def plain_number(self, path: Path, value: object) -> None:
        """Refuse what looks like a number, but is read as a text: 010, 1e3, or one of many digits."""
        spot = self.document.spot(path)
        if not isinstance(value, str) or spot is None or spot.quoted or not _LIKE_A_NUMBER.fullmatch(value):
            return
        message = f"`{value}` looks like a number, but would be a text."
        plain = re.sub(r"^([+-]?)0+(?=\d)", r"\1", value)
        number = plain.isdecimal() and len(plain) <= 15  # A longer one stays a text.
        mend = f'Write "{value}" for a text' + (f", or {plain} for a number." if number else ".")
        self.refuse(Code.WRONG_VALUE, path, message, mend)

    def refuse(self, code: Code, path: Path, message: str, mend: str, *, key: bool = False) -> None:
        """Refuse what stands at a path, or its key."""
        self.issues.append(self.document.issue(code, path, message, mend, key=key))
        self.complete = False
