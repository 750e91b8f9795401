"""Proves that whoever asked for support in a flow reaches a person.

A member's answers ask for support where one of the ways on raises an alert before the next wait. Then every
way that the same answers can take has to raise one, or to put something on the staff's list: what is not the
member's own doing (whether there is a contact, say) may decide who comes, but never whether. Otherwise a
person was offered, wanted, and silently forgotten.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from checkin.flow.cases import Case, cases
from checkin.flow.graph import branches, waits, ways
from checkin.flow.kept import answer_names, one_answer
from checkin.flow.kinds import Kind
from checkin.flow.model import AddTask, Ask, Flow, RaiseAlert, Repeat, Set, Step, Value, Values

MAX_WALKS = 10_000
"""The most cases that are gone through for one flow, which takes about a second."""

SKIPPED = -1
"""Stands for the branch where a question was left out: it is not one of its `then`."""


@dataclass(frozen=True, slots=True)
class Forgotten:
    """Answers that raise an alert in some cases; in others the run goes by `branch` and raises none.

    `ends_in` is the step in which it then waits or ends; None where there are too many cases to go through.
    """

    ask: str
    value: Value
    branch: int
    ends_in: str | None


@dataclass(frozen=True, slots=True)
class _Walk:
    branch: int
    alert: bool
    person: bool
    ends_in: str
    fixed: tuple[tuple[str, Value], ...] = ()
    """What steps on the way have set, whatever it was before."""


def forgotten(flow: Flow, names: Mapping[str, Kind], facts: Mapping[str, Kind]) -> Iterator[Forgotten]:
    """Go through the questions whose answers raise an alert in some cases and tell nobody in others.

    `facts` are the names that are not the member's own doing.
    """
    left = MAX_WALKS
    for step in flow.steps.values():
        if isinstance(step, Ask):
            for look in (_forgotten_at, _forgotten_after_skip):
                found, walked = look(flow, names, facts, step, left)
                left -= walked
                if found is not None:
                    yield found
                    break


def _forgotten_at(
    flow: Flow, names: Mapping[str, Kind], facts: Mapping[str, Kind], ask: Ask, left: int
) -> tuple[Forgotten | None, int]:
    """Return what is forgotten after this question, and how many cases were gone through to find out."""
    near = _until_next_wait(flow, [branch.go for branch in ask.then])
    if not any(isinstance(step, RaiseAlert) for step in near):
        return None, 0
    conditions = [b.condition for step in (ask, *near) for b in branches(step) if b.condition]
    found = cases(conditions, {**names, **answer_names(ask)})
    if found is None or len(found) > left:
        return Forgotten(ask.name, None, 0, None), 0
    by_answers: dict[tuple[tuple[str, Value], ...], list[Case]] = {}
    for case in found:
        if one_answer(ask, case):
            own = tuple((name, value) for name, value in case.items() if name not in facts)
            by_answers.setdefault(own, []).append(case)
    for own, same_answers in by_answers.items():
        walks = [walk for case in same_answers for walk in _follow(flow, ask, case)]
        quiet = [walk for walk in walks if not walk.person]
        if quiet and any(walk.alert for walk in walks):
            said = dict(own)
            value = said.get("answer", said.get(ask.answer.save_as or ""))
            return Forgotten(ask.name, value, quiet[0].branch, quiet[0].ends_in), len(found)
    return None, len(found)


def _forgotten_after_skip(
    flow: Flow, names: Mapping[str, Kind], facts: Mapping[str, Kind], ask: Ask, left: int
) -> tuple[Forgotten | None, int]:
    """Return what is forgotten where this question is left out, and how many cases were gone through."""
    if ask.skip is None:
        return None, 0
    near = _until_next_wait(flow, [ask.skip])
    if not any(isinstance(step, RaiseAlert) for step in near):
        return None, 0
    found = cases([b.condition for step in near for b in branches(step) if b.condition], names)
    if found is None or len(found) > left:
        return Forgotten(ask.name, None, SKIPPED, None), 0
    by_answers: dict[tuple[tuple[str, Value], ...], list[_Walk]] = {}
    for case in found:
        own = tuple((name, value) for name, value in case.items() if name not in facts)
        begun = _Walk(SKIPPED, alert=False, person=False, ends_in=ask.skip)
        by_answers.setdefault(own, []).extend(_on(flow, case, begun))
    for walks in by_answers.values():
        quiet = [walk for walk in walks if not walk.person]
        if quiet and any(walk.alert for walk in walks):
            return Forgotten(ask.name, "SKIP", SKIPPED, quiet[0].ends_in), len(found)
    return None, len(found)


def _until_next_wait(flow: Flow, begins: Iterable[str]) -> tuple[Step, ...]:
    """Return the steps that a reply can run through before the run stands still again."""
    seen: dict[str, Step] = {}
    todo = list(begins)
    while todo:
        name = todo.pop()
        step = flow.steps.get(name)
        if step is not None and name not in seen and not waits(step):
            seen[name] = step
            todo.extend(way.target for way in ways(step))
    return tuple(seen.values())


def _taken(step: Step, case: Values) -> tuple[int, str] | None:
    """Return the branch that is taken in this case, and where it goes."""
    for index, branch in enumerate(branches(step)):
        if branch.condition is None or branch.condition.test(case):
            return index, branch.go
    return None


def _follow(flow: Flow, ask: Ask, case: Values) -> tuple[_Walk, ...]:
    """Follow the reply until the run waits or ends, on every way; none where it cannot be followed.

    There are several ways where the run can go back or on, by how often it was there before.
    """
    way = _taken(ask, case)
    if way is None:
        return ()
    return tuple(_on(flow, case, _Walk(way[0], alert=False, person=False, ends_in=way[1])))


def _on(flow: Flow, case: Values, begun: _Walk) -> Iterator[_Walk]:
    """Go through the ends of all ways from the step that this walk has come to."""
    seen, todo = {begun}, [begun]
    while todo:
        walk = todo.pop()
        step = flow.steps.get(walk.ends_in)
        if step is None:
            continue
        alert = walk.alert or isinstance(step, RaiseAlert)
        person = walk.person or alert or isinstance(step, AddTask)
        fixed = {**dict(walk.fixed), **(step.values if isinstance(step, Set) else {})}
        here = replace(walk, alert=alert, person=person, fixed=tuple(sorted(fixed.items())))
        if waits(step) or not branches(step):
            yield here
            continue
        way = _taken(step, {**case, **fixed})
        targets = [] if way is None else [way[1]]
        targets += [step.back_to] if isinstance(step, Repeat) else []
        further = {replace(here, ends_in=target) for target in targets} - seen
        seen |= further
        todo.extend(further)
