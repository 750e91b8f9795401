"""Holds a document against a shape, and says in plain words where and how it differs.

Knows pydantic's errors and their locations. Must not know what a flow means.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from checkin.flow import traps
from checkin.flow.document import Document, Path, Place
from checkin.flow.guess import did_you_mean
from checkin.flow.issue import Code, Issue
from checkin.flow.parts import Shape
from checkin.flow.shape import KINDS
from checkin.flow.trigger_shape import TRIGGERS

S = TypeVar("S", bound=Shape)

_TAG = re.compile(r"<[a-z_]+>|\[key\]")

_EXPECTED: Mapping[str, tuple[str, str]] = {
    "string_type": ("A text is expected here.", 'Put it in quotation marks: "…".'),
    "int_type": ("A whole number is expected here.", "Write a number without quotation marks: 5."),
    "bool_type": ("`true` or `false` is expected here.", "Write true or false, without quotation marks."),
    "dict_type": ("Lines with a word and a colon are expected here.", "Write each on a line: `word: value`."),
    "list_type": ("A list is expected here.", "Write [first, second], or begin each line with a dash."),
    "too_short": ("There is too little in here.", "Write what is missing, or one value without brackets."),
    "too_long": ("There is too much in here.", "Delete what does not belong here."),
}
_LIKE: Mapping[str, str] = {
    "scale": "scale: [1, 5]", "number": "number: [0, 24]", "answer": "answer: { scale: [1, 5] }",
    "choice": "choice: { walk: [walk, stroll], rest: rest }", "set": "set: { plan: walk }",
    "task": 'task: { kind: call, note: "Please call {first_name}." }',
    "consent": "consent: { given: true, asked_in: ask }", "invite": "invite: { name: friend, number: phone }",
    "no_reply": "no_reply: [{ after: 24h, go: done }]", "means": "means: { 2: [so so] }",
}  # fmt: skip
"""How what stands after a key is written."""
_SAME: Mapping[str, str] = {
    "model_type": "dict_type", "model_attributes_type": "dict_type", "tuple_type": "list_type",
    "int_from_float": "int_type",
}  # fmt: skip


_SAME_WORD: Mapping[str, tuple[str, ...]] = {
    "else": ("go",), "otherwise": ("go",), "next": ("go",), "to": ("go",), "when": ("if",),
    "condition": ("if",), "message": ("say",), "text": ("say", "ask"), "question": ("ask",),
    "reply": ("answer",), "answers": ("answer",), "type": ("answer",), "timeout": ("no_reply",),
    "silence": ("no_reply",), "reminder": ("no_reply", "say"), "name": ("save_as", "flow", "title"),
    "save": ("save_as",), "time": ("at",), "days": ("every",), "day": ("every",), "trigger": ("start",),
    "trigger_on": ("start",), "stop": ("end",), "finish": ("end",), "times": ("at_most",),
}  # fmt: skip
"""What people write who have seen other systems, and what it is called here."""


@dataclass(frozen=True, slots=True)
class Differences:
    """Everything in which a document differs from a shape, and the paths at which it does."""

    issues: tuple[Issue, ...]
    paths: tuple[Path, ...]


def validate(shape: type[S], document: Document, shapes: Mapping[str, type[Shape]]) -> S | Differences:
    """Return the document as `shape`, or everything in it that differs from that shape.

    `shapes` says which model stands at which key or tag of a location.
    """
    try:
        return shape.model_validate(document.data)
    except ValidationError as error:
        teller = _Teller(document, shape, shapes)
        found = error.errors(include_url=False)
        meant = {teller.meant(details) for details in found}
        told = [d for d in found if d["type"] != "missing" or plain_path(d["loc"]) not in meant]
        issues = tuple(teller.tell(details) for details in told)
        return Differences(issues, tuple(plain_path(details["loc"]) for details in found))


def forgotten(document: Document, told: Iterable[Issue]) -> tuple[Issue, ...]:
    """Return an issue for every key with nothing after it that no other issue has told of."""
    places = {(issue.line, issue.column) for issue in told}
    return tuple(
        _nothing(document, path)
        for path in document.empty
        if (place := document.place(path)) and (place.line, place.column) not in places
    )


def _nothing(document: Document, path: Path) -> Issue:
    place = document.place(path)
    rest = document.line(place.line)[place.column - 1 :]
    if path and (cut := re.match(rf"{re.escape(str(path[-1]))}: +(?=#[^ #])", rest)):
        start = place.column - 1 + cut.end()
        message = "What begins with # without quotation marks is not read."
        mend = traps.quoted(document.line(place.line), start) or 'Put it in quotation marks: "…".'
        at = Place(place.line, start + 1)
        return document.issue(Code.CUT_OFF, path, message, mend, at=at)
    message = f"Nothing stands after `{path[-1]}:`." if path else "Nothing stands here."
    return document.issue(Code.EMPTY, path, message, "Write what belongs here, or delete the line.")


def plain_path(loc: Iterable[str | int]) -> Path:
    """Return an error's location without pydantic's own tags."""
    return tuple(part for part in loc if not (isinstance(part, str) and _TAG.fullmatch(part)))


def _list_of(words: Iterable[object]) -> str:
    return ", ".join(str(word) for word in words)


@dataclass(frozen=True, slots=True)
class _Teller:
    document: Document
    shape: type[Shape]
    shapes: Mapping[str, type[Shape]]

    def tell(self, error: ErrorDetails) -> Issue:
        """Turn one of pydantic's errors into an issue."""
        path, kind = plain_path(error["loc"]), _SAME.get(error["type"], error["type"])
        context: Mapping[str, Any] = error.get("ctx", {})
        if path in self.document.empty and kind != "missing":
            return _nothing(self.document, path)
        match kind:
            case "extra_forbidden":
                return self._unknown_key(error, path)
            case "missing":
                return self._missing(path)
            case "no_kind" | "no_trigger":
                return self._no_kind(path, KINDS if kind == "no_kind" else TRIGGERS)
            case "literal_error":
                return self._literal(path, str(context.get("expected", "")))
            case "plain":
                key = error["loc"][-1:] == ("[key]",)
                message, mend = str(context["message"]), str(context["mend"])
                return self.document.issue(Code.WRONG_VALUE, path, message, mend, key=key)
            case "list_type" if isinstance(self.document.get(path), dict):
                place = self.document.place(path)
                line = self.document.line(place.line)[place.column - 1 :]
                message = "Each line here has to begin with a dash."
                return self.document.issue(Code.WRONG_VALUE, path, message, f"- {line}")
            case "list_type" if path[-1:] == ("then",) and isinstance(self.document.get(path), str):
                message = "`then` has several ways below it; where there is one, it is `go`."
                corrected = self.document.corrected(self.document.place(path, key=True), "then", "go")
                return self.document.issue(Code.WRONG_VALUE, path, message, corrected or "Write go: …")
            case _:
                message, mend = _EXPECTED.get(kind, ("This cannot be understood here.", "See docs/flows.md."))
                if kind in ("dict_type", "list_type", "too_short", "too_long"):
                    mend = self._like(path) or mend
                return self.document.issue(Code.WRONG_VALUE, path, message, mend)

    def _like(self, path: Path) -> str | None:
        """Return how what stands at `path` is written, with the numbers that are there."""
        key, numbers = str(path[-1]) if path else "", re.findall(r"\d+", str(self.document.get(path)))
        if key in ("scale", "number") and len(numbers) > 1:
            return f"Write: {key}: [{numbers[0]}, {numbers[-1]}]"
        return f"Write for example: {_LIKE[key]}" if key in _LIKE else None

    def meant(self, error: ErrorDetails) -> Path | None:
        """Return the path of the key that an unknown key was probably meant to be."""
        path = plain_path(error["loc"])
        near = self._near(error["loc"], path) if error["type"] == "extra_forbidden" else None
        return (*path[:-1], near) if near else None

    def _meant_for(self, word: str, known: list[str]) -> str | None:
        """Return the key that was probably meant: one spelt like this, or one that says the same."""
        return did_you_mean(word, known) or next(
            (key for key in _SAME_WORD.get(word, ()) if key in known), None
        )

    def _near(self, loc: tuple[str | int, ...], path: Path) -> str | None:
        present = self.document.get(path[:-1])
        taken = present if isinstance(present, dict) else {}
        known = [key for key in self._known_keys(loc[:-1]) if key not in taken]
        return self._meant_for(str(path[-1]), known)

    def _known_keys(self, loc: tuple[str | int, ...]) -> tuple[str, ...]:
        model = next((self.shapes[p] for p in reversed(loc) if p in self.shapes), self.shape)  # type: ignore[index]
        return tuple(field.alias or name for name, field in model.model_fields.items())

    def _unknown_key(self, error: ErrorDetails, path: Path) -> Issue:
        word, known = str(path[-1]), self._known_keys(error["loc"][:-1])
        near = self._near(error["loc"], path)
        place = self.document.place(path, key=True)
        if word in KINDS and "steps" in path:
            message = f"A step does one thing; `{word}` needs a step of its own."
            return self.document.issue(
                Code.UNKNOWN_KEY, path, message, f"Make another step for `{word}`.", key=True
            )
        value = self.document.get(path)
        if len(path) == 1 and isinstance(value, dict) and any(kind in value for kind in KINDS):
            message = f"The step `{word}` does not stand under `steps:`."
            mend = "Move it in by two spaces, as far as the other steps."
            return self.document.issue(Code.UNKNOWN_KEY, path, message, mend, key=True)
        if known == ("end",):
            message = "An `end` is the last thing that happens; nothing comes after it."
            return self.document.issue(
                Code.UNKNOWN_KEY, path, message, f"Delete `{word}`, or `end`.", key=True
            )
        message = f"`{word}` is not known here." + (f" Did you mean `{near}`?" if near else "")
        corrected = self.document.corrected(place, word, near) if near else None
        mend = corrected or f"Use one of: {_list_of(known)}."
        return self.document.issue(Code.UNKNOWN_KEY, path, message, mend, key=True)

    def _missing(self, path: Path) -> Issue:
        message = f"`{path[-1]}:` is missing here."
        return self.document.issue(Code.MISSING, path, message, f"Add a line `{path[-1]}: …`.")

    def _no_kind(self, path: Path, kinds: tuple[str, ...]) -> Issue:
        value = self.document.get(path)
        for word in value if isinstance(value, dict) else ():
            if near := did_you_mean(word, kinds):
                place = self.document.place((*path, word), key=True)
                message = f"`{word}` is not known here. Did you mean `{near}`?"
                mend = self.document.corrected(place, word, near) or f"Write `{near}:`."
                return self.document.issue(Code.UNKNOWN_KEY, (*path, word), message, mend, key=True)
        what = (
            "This step does not say what it does."
            if kinds is KINDS
            else "This does not say what starts the flow."
        )
        return self.document.issue(Code.NO_KIND, path, what, f"Write one of: {_list_of(kinds)}.", key=True)

    def _literal(self, path: Path, expected: str) -> Issue:
        value = self.document.get(path)
        if (
            path[-1:] == ("answer",)
            and isinstance(value, str)
            and value.split()[:1] in (["scale"], ["number"])
        ):
            kind, numbers = value.split()[0], re.findall(r"\d+", value)
            ends = f"{numbers[0]}, {numbers[-1]}" if len(numbers) > 1 else "1, 5"
            message = "It has to be said from which number to which."
            mend = f"answer: {{ {kind}: [{ends}] }}"
            return self.document.issue(Code.WRONG_VALUE, path, message, mend)
        words = [word.strip("'") for word in expected.replace(" or ", ", ").split(", ")]
        near = did_you_mean(value, words) if isinstance(value, str) else None
        message = f"`{value}` is not known here." if isinstance(value, str) else "This is not known here."
        place = self.document.place(path)
        corrected = self.document.corrected(place, str(value), near) if near else None
        expected_words = _list_of("true" if word == "True" else word for word in words)
        mend = corrected or (f"Write one of: {expected_words}." if words[1:] else f"Write {expected_words}.")
        return self.document.issue(Code.WRONG_VALUE, path, message, mend)
