"""Proves that whoever asked for support in a flow reaches a person.

A reply asks for support where one of the ways it can take raises an alert before the next wait. Then every
way that this reply can take has to raise one, or to put something on the staff's list: otherwise a person was
offered, wanted, and depending on something else silently forgotten. Conditions are decided by going through
every combination of the values that can be counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from checkin.flow.condition import Kind, combinations, countable
from checkin.flow.graph import branches, waits
from checkin.flow.model import AddTask, Ask, Flow, RaiseAlert, Step, Value, Values


@dataclass(frozen=True, slots=True)
class Forgotten:
    """A reply that raises an alert in some cases; in others the run goes by `branch` and raises none."""

    ask: str
    value: Value
    branch: int
    ends_in: str


@dataclass(frozen=True, slots=True)
class _Walk:
    branch: int
    alert: bool
    person: bool
    ends_in: str


def forgotten(flow: Flow, names: Mapping[str, Kind], answers: Mapping[str, Kind]) -> Iterator[Forgotten]:
    """Go through the questions where a reply that can raise an alert can also raise none, each once.

    `answers` says what the answer of each question can be.
    """
    for step in flow.steps.values():
        if isinstance(step, Ask):
            found = _forgotten_at(flow, names, step, answers[step.name])
            if found is not None:
                yield found


def _forgotten_at(flow: Flow, names: Mapping[str, Kind], ask: Ask, kind: Kind) -> Forgotten | None:
    for value in kind.values or (None,):
        known: dict[str, Value] = {}
        if kind.values is not None:
            known = {"answer": value, **({ask.answer.save_as: value} if ask.answer.save_as else {})}
        walks = list(_walks(flow, names, ask, known))
        if any(walk.alert for walk in walks):
            for walk in walks:
                if not walk.person:
                    return Forgotten(ask.name, value, walk.branch, walk.ends_in)
    return None


def _walks(flow: Flow, names: Mapping[str, Kind], ask: Ask, known: Values) -> Iterator[_Walk]:
    """Go through the ways that this reply can take until the next wait, for every combination of values."""
    used = {
        name
        for step in flow.steps.values()
        for b in branches(step)
        if b.condition
        for name in b.condition.names
    }
    free = sorted(name for name in used - known.keys() if name in names and names[name].values is not None)
    if countable(free, names) is None:
        free = []
    for values in combinations(free, names):
        facts = {**known, **values}
        for index, target in _taken(ask, facts):
            yield from _follow(flow, facts, index, target)


def _taken(step: Step, facts: Values) -> Iterator[tuple[int, str]]:
    """Go through the branches that can be taken where these names have these values, and others any."""
    for index, branch in enumerate(branches(step)):
        if branch.condition is None:
            yield index, branch.go
            return
        if branch.condition.names <= facts.keys():
            if branch.condition.test(facts):
                yield index, branch.go
                return
        else:
            yield index, branch.go


def _follow(flow: Flow, facts: Values, index: int, target: str) -> Iterator[_Walk]:
    todo: list[tuple[str, bool, bool]] = [(target, False, False)]
    seen: set[tuple[str, bool, bool]] = set()
    while todo:
        state = todo.pop()
        name, alert, person = state
        step = flow.steps.get(name)
        if state in seen or step is None:
            continue
        seen.add(state)
        alert = alert or isinstance(step, RaiseAlert)
        person = person or alert or isinstance(step, AddTask)
        following = [] if waits(step) else [go for _, go in _taken(step, facts)]
        if not following:
            yield _Walk(index, alert, person, name)
        todo.extend((go, alert, person) for go in following)
