"""Which steps and ways of a flow the plays have met.

A run is replayed from its journal, through the engine itself, with a flow whose conditions remember that they
were asked and whether they held. Nothing in the engine needs to know of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from checkin.conversation.engine import step
from checkin.conversation.run import Event, Run, TimerFired
from checkin.flow.graph import branches
from checkin.flow.model import Ask, Branch, Condition, End, Flow, Rung, Step, Values


@dataclass(frozen=True, slots=True)
class Way:
    """One way on: the `index`-th branch of a step, or the `index`-th rung of its no-reply ladder."""

    step: str
    how: str
    index: int


@dataclass(slots=True)
class Coverage:
    """The steps and ways that a flow has, and those that were met."""

    flow: Flow
    steps: set[str] = field(default_factory=set)
    ways: set[Way] = field(default_factory=set)

    @property
    def all_ways(self) -> tuple[Way, ...]:
        """Return every way on of every step."""
        return tuple(way for one in self.flow.steps.values() for way in _ways(one))

    @property
    def steps_left(self) -> tuple[str, ...]:
        """Return the steps that no play came to."""
        return tuple(name for name in self.flow.steps if name not in self.steps)

    @property
    def ways_left(self) -> tuple[Way, ...]:
        """Return the ways that no play took, of steps that were met."""
        return tuple(way for way in self.all_ways if way not in self.ways and way.step in self.steps)

    @property
    def whole(self) -> bool:
        """Whether every step and every way was met."""
        return not self.steps_left and not self.ways_left

    def describe(self, way: Way) -> str:
        """Return a way in words, as staff would find it in the file."""
        here = self.flow.steps[way.step]
        if way.how == "no_reply" and isinstance(here, Ask):
            return f"{way.step}: no reply, {_rung(here.no_reply[way.index])}"
        branch = branches(here)[way.index]
        if branch.condition is None:
            alone = len(branches(here)) == 1
            return f"{way.step}: " + (f"go: {branch.go}" if alone else f"otherwise, go: {branch.go}")
        return f"{way.step}: if {branch.condition.source}, go: {branch.go}"

    def add(self, run: Run, events: Iterable[Event]) -> None:
        """Count what one run of the flow has met. `run` is as it was before its first event."""
        traced = replace(self.flow, steps=self._traced())
        for event in events:
            before = run
            run, _ = step(traced, run, event)
            self._count_rung(before, event)
            if run.step is not None and run.step in self.flow.steps:
                self.steps.add(run.step)

    def _count_rung(self, before: Run, event: Event) -> None:
        here = self.flow.steps.get(before.step or "")
        if isinstance(event, TimerFired) and isinstance(here, Ask) and not before.snoozed:
            self.ways.add(Way(here.name, "no_reply", before.rung))

    def _traced(self) -> Mapping[str, Step]:
        return {name: self._trace(one) for name, one in self.flow.steps.items()}

    def _trace(self, one: Step) -> Step:
        if isinstance(one, End):
            return one
        then = tuple(
            Branch(self._remembering(one.name, index, branch.condition), branch.go)
            for index, branch in enumerate(one.then)
        )
        return replace(one, then=then)

    def _remembering(self, name: str, index: int, condition: Condition | None) -> Condition:
        """Return a condition that remembers that it held; one that is not there always does."""
        test: Callable[[Values], bool] = (lambda _: True) if condition is None else condition.test

        def held(values: Values) -> bool:
            holds = test(values)
            if holds:
                self.steps.add(name)
                self.ways.add(Way(name, "then", index))
            return holds

        return Condition("" if condition is None else condition.source, held, frozenset())


def _ways(one: Step) -> Iterable[Way]:
    for index, _ in enumerate(branches(one)):
        yield Way(one.name, "then", index)
    if isinstance(one, Ask):
        for index, _ in enumerate(one.no_reply):
            yield Way(one.name, "no_reply", index)


def _rung(rung: Rung) -> str:
    hours = rung.after.total_seconds() / 3600
    return f"after {hours:g}h" + (f", go: {rung.go}" if rung.go is not None else "")
