"""The proofs: what a machine can know about a flow before a member meets it.

Every step can be reached and can end; no circle without a wait; every branch is exhaustive and can be taken;
every name is set on every path before it is used; answers collide neither with one another nor with the
words that are always understood; every wait has a timeout; whoever asked for support reaches a person. What
stands in one text or one step alone is checked where it is read (`checkin.flow.wording`, `.build`). Here is
where a flow goes and what it has set; silence is in `.ladder`, answers in `.collisions`, people in
`.people_checks`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from checkin.flow import graph, people_checks
from checkin.flow.build import Built
from checkin.flow.cases import cases
from checkin.flow.collisions import collisions
from checkin.flow.document import Document, Path
from checkin.flow.issue import Code, Issue
from checkin.flow.kept import answer_names, one_answer
from checkin.flow.kinds import Kind
from checkin.flow.ladder import ladder
from checkin.flow.measures import last
from checkin.flow.model import (
    Ask,
    Branch,
    Condition,
    Flow,
    Invite,
    RaiseAlert,
    RecordConsent,
    Step,
    written_as,
)
from checkin.flow.states import Met, met
from checkin.flow.unlinked import linked
from checkin.flow.uses import uses


def check(built: Built, document: Document) -> tuple[Issue, ...]:
    """Return everything that can be proved to be wrong with this flow."""
    before = graph.settled(built.flow)
    whole = built.complete and not graph.loose_ends(built.flow)
    states = met(built.flow, built.names, built.facts) if whole else None
    checker = _Checker(
        document,
        built.flow,
        built.names,
        built.broken,
        built.languages,
        built.facts,
        built.inlined,
        before,
        states,
    )
    return tuple(checker.all())


Untaken = tuple[tuple[Step, int, Branch], ...]
"""Branches with a condition that no run ever takes: their step and their place in it."""


@dataclass(frozen=True, slots=True)
class _Checker:
    document: Document
    flow: Flow
    names: Mapping[str, Kind]
    broken: frozenset[str]
    languages: tuple[str, ...]
    facts: Mapping[str, Kind]
    inlined: frozenset[str]
    before: Mapping[str, frozenset[str]]
    """What has been set on every way to a step, by the step's name."""
    states: Met | None
    """What runs come to; None where a way cannot be read, or where there are too many states."""

    def all(self) -> Iterator[Issue]:
        untaken = tuple(self._untaken())
        yield from self._unreachable(untaken)
        yield from self._never_taken(untaken)
        circles = tuple(self._circles())
        yield from circles
        yield from self._endless(in_circles=bool(circles))
        if not circles:
            yield from self._at_once()
            yield from self._never_left_alone()
        yield from self._not_set()
        yield from linked(self.document, self.flow, self.names, self.inlined)
        yield from people_checks.forgotten_requests(self.document, self.flow, self.names, self.facts)
        for step in self.flow.steps.values():
            if step.name in self.inlined:
                if isinstance(step, RaiseAlert):
                    yield from people_checks.alert_twice(self.document, self.flow, step, self.inlined)
                continue
            yield from self._exhaustive(step)
            match step:
                case Ask():
                    yield from ladder(self.document, step)
                    yield from collisions(self.document, step, self.languages)
                case RaiseAlert():
                    yield from people_checks.alert_twice(self.document, self.flow, step, self.inlined)
                case RecordConsent():
                    before = self.before.get(step.name)
                    yield from people_checks.consent(self.document, self.flow, step, self.broken, before)
                case Invite():
                    yield from people_checks.invite(self.document, self.flow, step, self.broken, self.names)
                case _:
                    pass

    # ------------------------------------------------------------ where the flow goes

    def _unreachable(self, untaken: Untaken) -> Iterator[Issue]:
        if self.broken or graph.loose_ends(self.flow):
            return  # A way that cannot be read may well lead there.
        linked = graph.reachable(self.flow)
        reached = linked if self.states is None else self.states.steps | self._behind(untaken)
        for name in self.flow.steps:
            if name not in reached and written_as(name) == name:
                message = f"No way leads to the step `{name}`."
                mend = f"Write `go: {name}` where it belongs, or delete the step."
                if name in linked:
                    message = f"No answers ever lead to the step `{name}`."
                    mend = "Look at the conditions on the ways to it, or delete the step."
                yield self._issue(Code.UNREACHABLE, ("steps", name), message, mend, key=True)

    def _behind(self, untaken: Untaken) -> frozenset[str]:
        """Return the steps behind branches that are never taken: these are told, and are the cause."""
        found: set[str] = set()
        todo = [branch.go for _, _, branch in untaken]
        while todo:
            step = self.flow.steps.get(todo.pop())
            if step is not None and step.name not in found:
                found.add(step.name)
                todo += [way.target for way in graph.ways(step)]
        return frozenset(found)

    def _untaken(self) -> Iterator[tuple[Step, int, Branch]]:
        """Go through the branches with a condition that no run ever takes, of steps that runs come to."""
        if self.states is None:
            return
        steps = [self.flow.steps[name] for name in self.states.steps]
        # The ends of a flow that is run in the middle all go on by the same lines.
        taken = {
            (written_as(step.name), graph.branches(step), index)
            for step in steps
            for index in range(len(graph.branches(step)))
            if (step.name, index) in self.states.branches
        }
        for step in steps:
            ways = graph.branches(step)
            for index, branch in enumerate(ways):
                if branch.condition is None:
                    break
                if (written_as(step.name), ways, index) not in taken:
                    yield step, index, branch

    def _endless(self, *, in_circles: bool) -> Iterator[Issue]:
        ending = graph.ending(self.flow)
        caught = self.states.caught if self.states is not None and not in_circles else frozenset()
        # Where ways to an end are written but never taken, one step stands for all.
        never = [name for name in self.flow.steps if name in caught and name in ending][:1]
        for name in self.flow.steps:
            if name not in ending or name in never:
                message = f"From the step `{written_as(name)}` the conversation can never end."
                yield self._issue(
                    Code.NO_END,
                    ("steps", written_as(name)),
                    message,
                    "Let one way lead to an `end`.",
                    key=True,
                )

    def _circles(self) -> Iterator[Issue]:
        for circle in graph.circles(self.flow):
            shown = " → ".join(map(written_as, (*circle, circle[0])))
            message = f"This goes round for ever without waiting for anybody: {shown}."
            mend = "Put a question or a `wait` into the circle, or let it lead to an `end`."
            yield self._issue(Code.CIRCLE, ("steps", written_as(circle[0])), message, mend, key=True)

    def _at_once(self) -> Iterator[Issue]:
        way = graph.longest_at_once(self.flow)
        if len(way) > graph.MAX_AT_ONCE:
            message = f"From here {len(way)} steps follow one another without a wait; "
            message += f"{graph.MAX_AT_ONCE} are the most."
            mend = "Put a question or a `wait` between them."
            yield self._issue(Code.AT_ONCE, ("steps", written_as(way[0])), message, mend, key=True)

    def _never_left_alone(self) -> Iterator[Issue]:
        """Find questions to which silence leads back for ever: who never answers would be asked for good."""
        ends = graph.ending_in_silence(self.flow)
        if self.states is not None:
            ends -= self.states.asked_for_ever
        told: set[str] = set()
        for step in self.flow.steps.values():
            if isinstance(step, Ask) and step.name not in ends:
                after = graph.after_silence(self.flow, step)
                if step.name in after and told.isdisjoint(after):
                    path: Path = ("steps", written_as(step.name), "no_reply", len(step.no_reply) - 1, "go")
                    message = "Somebody who never answers would be asked again and again, for ever."
                    mend = "Let silence lead to an `end`."
                    yield self._issue(Code.NO_TIMEOUT, path, message, mend)
                    told |= after

    def _exhaustive(self, step: Step) -> Iterator[Issue]:
        branches = graph.branches(step)
        path: Path = ("steps", written_as(step.name), "then")
        if not branches:
            return
        if all(branch.condition is not None for branch in branches):
            message = "It is not said where to go when none of these conditions holds."
            mend = "Add a last line without `if`: - go: …"
            yield self._issue(Code.NOT_EXHAUSTIVE, (*path, len(branches) - 1), message, mend)
        always = next((i for i, branch in enumerate(branches) if branch.condition is None), len(branches))
        for index in range(always + 1, len(branches)):
            message = "This is never reached, because the one before it has no `if`."
            yield self._issue(Code.NEVER, (*path, index), message, "Delete it, or put it further up.")
        yield from self._never(step, branches[:always], path)

    def _never(self, step: Step, branches: tuple[Branch, ...], path: Path) -> Iterator[Issue]:
        """Find branches that no value leads to."""
        if self.states is not None:
            return  # It is known more exactly, and told there.
        found = cases((b.condition for b in branches if b.condition), self._names_at(step))
        if not found:
            return
        if isinstance(step, Ask):
            found = [case for case in found if one_answer(step, case)]
        taken = {index for case in found for index in _first(branches, case)}
        for index, branch in enumerate(branches):
            if index not in taken and branch.condition and branch.condition.names:
                yield self._untaken_at((*path, index, "if"))

    def _never_taken(self, untaken: Untaken) -> Iterator[Issue]:
        for step, index, branch in untaken:
            inside = step.name in self.inlined
            if not inside and branch.condition and not self._unknown(step, branch.condition):
                yield self._untaken_at(("steps", written_as(step.name), "then", index, "if"))

    def _unknown(self, step: Step, condition: Condition) -> frozenset[str]:
        """Return the names of a condition that may not be known there: that is told, and is the cause."""
        known = self.before[step.name] | self.facts.keys() | {last(name) for name in self.flow.recalls}
        return condition.names - known - graph.after_reply(step) - {"answer"}

    def _untaken_at(self, path: Path) -> Issue:
        message = "No answer can ever lead here."
        mend = "Compare with a value that can occur, or delete it; earlier lines are tried first."
        return self._issue(Code.NEVER, path, message, mend)

    def _names_at(self, step: Step) -> Mapping[str, Kind]:
        return {**self.names, **answer_names(step)} if isinstance(step, Ask) else self.names

    # ------------------------------------------------------------ what has been set

    def _not_set(self) -> Iterator[Issue]:
        for name, before in self.before.items():
            step = self.flow.steps.get(name)
            if step is None or step.name in self.inlined:
                continue
            known = before | self.facts.keys() | {last(name) for name in self.flow.recalls}
            for path, used in uses(self.document, self.names, step):
                at_branch = path[2] == "then" if len(path) > 2 else False
                here = known | graph.after_reply(step) | {"answer"} if at_branch else known
                for missing in sorted(used - here):
                    if missing in self.names:
                        yield self._unset(path, missing)

    def _unset(self, path: Path, name: str) -> Issue:
        message = f"`{name}` may not be known yet when the conversation comes here."
        mend = f"Ask for it on every way that leads here, or set it before: set: {{ {name}: … }}"
        source = self.document.get(path)
        offset = -1
        if isinstance(source, str):
            braced = source.find("{" + name + "}")
            offset = braced if braced >= 0 else source.find(name)
        place = self.document.inside(path, offset) if offset >= 0 else None
        return self.document.issue(Code.NOT_SET, path, message, mend, at=place)

    def _issue(self, code: Code, path: Path, message: str, mend: str, *, key: bool = False) -> Issue:
        return self.document.issue(code, path, message, mend, key=key)


def _first(
    branches: Iterable[Branch], values: Mapping[str, str | int | float | bool | None]
) -> tuple[int, ...]:
    """Return the first branch that holds, as a tuple of one or none."""
    for index, branch in enumerate(branches):
        if branch.condition is None or branch.condition.test(values):
            return (index,)
    return ()
