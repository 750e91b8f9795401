"""What differs between two versions of a flow's file, in words that staff would use.

Knows keys and values. Must not know what a flow means: a file with errors can be compared as well.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from checkin.flow.bundle import unbundle
from checkin.flow.source import parse

Kind = Literal["added", "removed", "changed"]

_MISSING = object()

_SHORT_WORDS = frozenset({"if", "go", "at", "on"})
"""Keys of two letters that are no languages."""


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is new, gone, or different.

    `step` is the step in which it stands, or nothing; `where` the keys that lead to it; `old` and `new` are
    the values as text, None where there is none. A step that is new or gone is one change, without a `where`.
    """

    kind: Kind
    step: str
    where: str
    old: str | None
    new: str | None

    def __str__(self) -> str:
        """Return the change in words, its values on lines of their own."""
        place = f"step {self.step}" + (f", {self.where}" if self.where else "") if self.step else self.where
        head = {"added": f"new: {place}", "removed": f"gone: {place}", "changed": f"{place}:"}[self.kind]
        rows = [f"    - {row}" for row in (self.old or "").splitlines()]
        rows.extend(f"    + {row}" for row in (self.new or "").splitlines())
        return "\n".join([head, *rows])

    def to_json(self) -> dict[str, Any]:
        """Return the change as plain JSON values."""
        return asdict(self)


def changes(old: str, new: str) -> tuple[Change, ...]:
    """Return what differs between two versions of a flow, and of the flows that they run."""
    (old_own, old_parts), (new_own, new_parts) = unbundle(old), unbundle(new)
    found = list(_of_files(old_own, new_own))
    for name in dict.fromkeys((*old_parts, *new_parts)):
        inside = _of_files(old_parts.get(name, ""), new_parts.get(name, ""))
        found.extend(replace(one, where=f"in the flow {name}: {one.where}".rstrip(": ")) for one in inside)
    return tuple(found)


def _of_files(old: str, new: str) -> Iterator[Change]:
    before, after = _data(old), _data(new)
    old_steps, new_steps = _steps(before), _steps(after)
    rest = {key: value for key, value in after.items() if key != "steps"}
    yield from _of_values("", {key: v for key, v in before.items() if key != "steps"}, rest)
    if old_steps and new_steps and next(iter(old_steps)) != next(iter(new_steps)):
        yield Change("changed", "", "it begins with the step", next(iter(old_steps)), next(iter(new_steps)))
    for name in dict.fromkeys((*old_steps, *new_steps)):
        if name not in new_steps:
            yield Change("removed", name, "", _as_rows(old_steps[name]), None)
        elif name not in old_steps:
            yield Change("added", name, "", None, _as_rows(new_steps[name]))
        else:
            yield from _of_values(name, old_steps[name], new_steps[name])


def _data(source: str) -> Mapping[str, Any]:
    document, _ = parse(source, "flow.yaml")
    data = None if document is None else document.data
    return data if isinstance(data, dict) else {}


def _steps(data: Mapping[str, Any]) -> Mapping[str, Any]:
    steps = data.get("steps")
    return steps if isinstance(steps, dict) else {}


def _of_values(step: str, old: Any, new: Any) -> Iterator[Change]:
    before, after = dict(_leaves(old)), dict(_leaves(new))
    for where in dict.fromkeys((*before, *after)):
        was, now = before.get(where, _MISSING), after.get(where, _MISSING)
        if was == now and type(was) is type(now):
            continue
        kind: Kind = "added" if was is _MISSING else "removed" if now is _MISSING else "changed"
        yield Change(kind, step, where, _text(was), _text(now))


def _leaves(value: Any, where: str = "") -> Iterator[tuple[str, Any]]:
    """Go through every single value with the keys that lead to it: `ask (en)`, `then, line 2, go`."""
    match value:
        case dict() if value or not where:
            for key, one in value.items():
                yield from _leaves(one, _below(where, str(key)))
        case list() if any(isinstance(one, dict | list) for one in value):
            for number, one in enumerate(value, 1):
                yield from _leaves(one, f"{where}, line {number}" if where else f"line {number}")
        case _:
            yield where, value


def _below(where: str, key: str) -> str:
    language = len(key.partition(".")[0]) == 2 and key not in _SHORT_WORDS
    if not where:
        return key
    return f"{where} ({key})" if language else f"{where}, {key}"


def _text(value: Any) -> str | None:
    if value is _MISSING:
        return None
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _as_rows(step: Any) -> str:
    rows = ((where, _text(value) or "") for where, value in _leaves(step))
    return "\n".join(f"{where}: {text}" if where else text for where, text in rows)
