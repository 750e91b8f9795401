"""Which steps and ways of a flow the plays have met."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from checkin.conversation.engine import step
from checkin.conversation.run import Event, Replied, Run, TimerFired
from checkin.conversation.understanding import SKIPPED, Understanding
from checkin.flow.inline import outside
from checkin.flow.model import Ask, Flow
from checkin.service.rehearsal.trace import Way, traced, ways_of


@dataclass(slots=True)
class Coverage:
    """The steps and ways that a flow has, and those that were met.

    The steps of a flow that it runs count in that flow's own conversations; here count the ways on from it.
    """

    flow: Flow
    steps: set[str] = field(default_factory=set)
    ways: set[Way] = field(default_factory=set)

    @property
    def all_ways(self) -> tuple[Way, ...]:
        """Return every way on of every step."""
        return tuple(way for name in self.own_steps for way in ways_of(self.flow, self.flow.steps[name]))

    @property
    def own_steps(self) -> tuple[str, ...]:
        """Return the steps that are written in the flow itself."""
        return tuple(name for name in self.flow.steps if outside(self.flow, name) == name)

    @property
    def steps_left(self) -> tuple[str, ...]:
        """Return the steps that no play came to."""
        return tuple(name for name in self.own_steps if name not in self.steps)

    @property
    def ways_left(self) -> tuple[Way, ...]:
        """Return the ways that no play took, of steps that were met."""
        return tuple(way for way in self.all_ways if way not in self.ways and way.step in self.steps)

    @property
    def whole(self) -> bool:
        """Whether every step and every way was met."""
        return not self.steps_left and not self.ways_left

    def add(self, run: Run, events: Iterable[Event]) -> None:
        """Count what one run of the flow has met. `run` is as it was before its first event."""
        flow = traced(self.flow, self._took)
        for event in events:
            before = run
            run, _ = step(flow, run, event)
            self._count_wait(before, event)
            if run.step is not None and run.step in self.flow.steps:
                self.steps.add(run.step)

    def _took(self, way: Way) -> None:
        self.steps.add(way.step)
        self.ways.add(way)

    def _count_wait(self, before: Run, event: Event) -> None:
        """Count how a question was left that no condition decides about: in silence, or by SKIP."""
        here = self.flow.steps.get(before.step or "")
        if not isinstance(here, Ask):
            return
        if isinstance(event, TimerFired) and not before.snoozed:
            self.ways.add(Way(here.name, "no_reply", before.rung))
        if isinstance(event, Replied) and here.skip is not None and _is_skip(event.understanding):
            self.ways.add(Way(here.name, "skip", 0))


def _is_skip(understanding: Understanding) -> bool:
    return (understanding.category, understanding.value) == (SKIPPED.category, SKIPPED.value)
