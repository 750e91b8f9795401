"""Following a run through its flow: which branches held, in their order.

A run is stepped through the engine itself, with a flow whose conditions tell when they hold. Nothing in the
engine needs to know of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from checkin.flow.graph import branches
from checkin.flow.inline import comes_back
from checkin.flow.model import Ask, Branch, Condition, End, Flow, Repeat, Run, Rung, Step, Values


@dataclass(frozen=True, slots=True)
class Way:
    """One way on: the `index`-th branch of a step or rung of its no-reply ladder; or `skip`, or `repeat`."""

    step: str
    how: str
    index: int


def written(flow: Flow, one: Step) -> tuple[Branch, ...]:
    """Return the branches that are written in a step: of one that runs another flow, those taken after it."""
    if not isinstance(one, Run):
        return branches(one)
    returns = (step for step in flow.steps.values() if comes_back(flow, step) == one.name)
    return next((branches(step) for step in returns), ())


def ways_of(flow: Flow, one: Step) -> Iterable[Way]:
    """Go through every way on of a step."""
    for index, _ in enumerate(written(flow, one)):
        yield Way(one.name, "then", index)
    if isinstance(one, Ask):
        for index, _ in enumerate(one.no_reply):
            yield Way(one.name, "no_reply", index)
        if one.skip is not None:
            yield Way(one.name, "skip", 0)
    elif isinstance(one, Repeat):
        yield Way(one.name, "repeat", 0)


def traced(flow: Flow, took: Callable[[Way], None]) -> Flow:
    """Return a flow that goes the same ways and tells `took` of each branch that holds."""
    steps = {name: _traced(one, comes_back(flow, one) or name, took) for name, one in flow.steps.items()}
    return replace(flow, steps=_Steps(steps, took))


class _Steps(Mapping[str, Step]):
    """Steps that tell when a run goes back from a `repeat`, which no condition does."""

    def __init__(self, steps: Mapping[str, Step], took: Callable[[Way], None]) -> None:
        self._steps = steps
        self._took = took
        self._came_from: Step | None = None

    def __getitem__(self, name: str) -> Step:
        """Return a step; the engine looks one up when a run comes to it."""
        before, self._came_from = self._came_from, self._steps[name]
        if isinstance(before, Repeat) and before.back_to == name:
            self._took(Way(before.name, "repeat", 0))
        return self._came_from

    def __iter__(self) -> Iterator[str]:
        return iter(self._steps)

    def __len__(self) -> int:
        return len(self._steps)


def _traced(one: Step, name: str, took: Callable[[Way], None]) -> Step:
    """Return a step that tells of its branches as those of the step `name`, in which they are written."""
    if isinstance(one, End | Run):
        return one
    then = tuple(
        Branch(_telling(Way(name, "then", index), branch.condition, took), branch.go)
        for index, branch in enumerate(one.then)
    )
    return replace(one, then=then)


def _telling(way: Way, condition: Condition | None, took: Callable[[Way], None]) -> Condition:
    """Return a condition that tells when it holds; one that is not there always does."""
    test: Callable[[Values], bool] = (lambda _: True) if condition is None else condition.test

    def held(values: Values) -> bool:
        holds = test(values)
        if holds:
            took(way)
        return holds

    return Condition("" if condition is None else condition.source, held, frozenset())


def describe(flow: Flow, way: Way) -> str:
    """Return a way in words, as staff would find it in the file."""
    here = flow.steps[way.step]
    if way.how == "no_reply" and isinstance(here, Ask):
        return f"{way.step}: no reply, {_rung(here.no_reply[way.index])}"
    if way.how == "skip" and isinstance(here, Ask):
        return f"{way.step}: skip, go: {here.skip}"
    if way.how == "repeat" and isinstance(here, Repeat):
        return f"{way.step}: repeat: {here.back_to}"
    known = written(flow, here)
    branch = known[way.index]
    if branch.condition is not None:
        return f"{way.step}: if {branch.condition.source}, go: {branch.go}"
    alone = len(known) == 1
    return f"{way.step}: go: {branch.go}" if alone else f"{way.step}: otherwise, go: {branch.go}"


def _rung(rung: Rung) -> str:
    hours = rung.after.total_seconds() / 3600
    return f"after {hours:g}h" + (f", go: {rung.go}" if rung.go is not None else "")
