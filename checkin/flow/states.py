"""Every state that a run can come to, as far as conditions can tell states apart.

A state is a step and what is kept of the names that later conditions still ask for; one value stands for all
that no condition tells apart (`checkin.flow.cases`). What is known of the member may be otherwise at every
event, and is the same within one. So it is proved, and not only guessed from the ways that are written, which
steps and branches a run can come to, and whether it can always end, with answers and in silence.

Knows steps and conditions. Must not know files. Flows with more states than it goes through are left to
`checkin.flow.graph`, which sees the ways alone.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from checkin.flow.cases import classes
from checkin.flow.graph import backwards, branches, ways
from checkin.flow.kept import answer_kind
from checkin.flow.kinds import DATE, Kind
from checkin.flow.measures import last
from checkin.flow.model import Ask, Branch, Condition, End, Flow, Repeat, Score, Set, Step, Value, Wait

MOST_STATES = 6_000
"""With more states than this, nothing is said."""

_SET = " set"
"""Behind the name of something known of the member: this run has set it, and it stays."""

Env = Mapping[str, Value]
State = tuple[str, frozenset[tuple[str, str, Value]]]
"""A step, and the names that matter with what they hold (and its type: 1 is not true)."""


@dataclass(frozen=True, slots=True)
class Met:
    """What runs come to: steps and branches; and the steps in which some run is caught for ever.

    `asked_for_ever` are those in which it is caught as long as nobody answers.
    """

    steps: frozenset[str]
    branches: frozenset[tuple[str, int]]
    caught: frozenset[str]
    asked_for_ever: frozenset[str]


def met(flow: Flow, names: Mapping[str, Kind], facts: Mapping[str, Kind]) -> Met | None:
    """Go into every state of a flow whose ways all lead somewhere; None where there are too many.

    `facts` are those of the names that are known without asking.
    """
    recalled = {last(name): names[last(name)] for name in flow.recalls if last(name) in names}
    walker = _Walker(flow, names, {**facts, **recalled})
    return walker.found() if walker.go() else None


@dataclass(slots=True)
class _Walker:
    flow: Flow
    names: Mapping[str, Kind]
    facts: Mapping[str, Kind]
    live: Mapping[str, frozenset[str]] = field(init=False)
    conditions: Mapping[str, tuple[Condition, ...]] = field(init=False)
    beside: Mapping[str, tuple[Value, ...]] = field(init=False)
    """What flows fix for the names that each is compared with: a day for `today`."""
    taken: set[tuple[str, int]] = field(default_factory=set)
    before: dict[State, set[State]] = field(default_factory=dict)
    before_silent: dict[State, set[State]] = field(default_factory=dict)
    states: dict[State, Env] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.live = _live(self.flow)
        asked: dict[str, list[Condition]] = {}
        for step in self.flow.steps.values():
            for branch in branches(step):
                for name in branch.condition.names if branch.condition is not None else ():
                    asked.setdefault(name, []).append(branch.condition)  # type: ignore[arg-type]
        self.conditions = {name: tuple(found) for name, found in asked.items()}
        self.beside = {name: self._fixed_beside(name) for name in asked}

    def _fixed_beside(self, name: str) -> tuple[Value, ...]:
        others = {other for condition in self.conditions[name] for other in condition.names} - {name}
        kinds = [self.names[other] for other in sorted(others) if other in self.names]
        return tuple(value for kind in kinds for value in kind.values or () if value is not None)

    def go(self) -> bool:
        """Go from state to state until there is no new one; False where there are too many."""
        first = self._state(self.flow.first, {})
        todo = [first]
        while todo:
            state = todo.pop()
            for target, silent in self._onward(self.flow.steps[state[0]], self.states[state]):
                new = target not in self.before and target != first
                self.before.setdefault(target, set()).add(state)
                if silent:
                    self.before_silent.setdefault(target, set()).add(state)
                if new:
                    todo.append(target)
            if len(self.states) > MOST_STATES:
                return False
        return True

    def found(self) -> Met:
        """Return what was met."""
        ends = [state for state in self.states if isinstance(self.flow.steps[state[0]], End)]
        never = self.states.keys() - backwards(self.before, ends)
        waits = [state for state in self.states if _waits_for_good(self.flow.steps[state[0]])]
        alone = self.states.keys() - backwards(self.before_silent, [*ends, *waits])
        return Met(
            frozenset(name for name, _ in self.states),
            frozenset(self.taken),
            frozenset(name for name, _ in never),
            frozenset(name for name, _ in alone - never),
        )

    def _state(self, step: str, env: Env) -> State:
        """Return the state in which a step begins: only what is asked for later is kept."""
        live = self.live[step]
        waits = isinstance(self.flow.steps[step], Ask | Wait)
        kept = {
            name: value
            for name, value in env.items()
            if name.removesuffix(_SET) in live and not (waits and self._may_change(name, env))
        }
        state = (step, frozenset((name, type(value).__name__, value) for name, value in kept.items()))
        self.states.setdefault(state, kept)
        return state

    def _may_change(self, name: str, env: Env) -> bool:
        """Whether this is known of the member, and may be otherwise when the run goes on."""
        return name in self.facts and name + _SET not in env

    def _kept(self, env: Env, new: Env) -> Env:
        """Return what is kept after a step has set these."""
        return {**env, **new, **{name + _SET: True for name in new if name in self.facts}}

    def _onward(self, step: Step, env: Env) -> Iterator[tuple[State, bool]]:
        """Go through the states that can follow, and whether they do so although nobody answers."""
        match step:
            case End():
                return
            case Ask():
                for go in [rung.go for rung in step.no_reply if rung.go is not None][:1]:
                    yield self._state(go, env), True
                if step.skip is not None:
                    yield self._state(step.skip, env), False
                for value in self._answers(step):
                    saved = {} if step.answer.save_as is None else {step.answer.save_as: value}
                    for target in self._branch(step, step.then, {**self._kept(env, saved), "answer": value}):
                        yield target, False
            case Repeat():
                counted = f"{step.name} again"
                times = env.get(counted, 0)
                if isinstance(times, int) and times < step.at_most:
                    yield self._state(step.back_to, {**env, counted: times + 1}), True
                else:
                    over: Env = {name: value for name, value in env.items() if name != counted}
                    for target in self._branch(step, step.then, over):
                        yield target, True
            case _:
                for kept in self._set(step, env):
                    for target in self._branch(step, step.then, kept):
                        yield target, True

    def _answers(self, ask: Ask) -> Iterable[Value]:
        """Go through the values of an answer that some condition tells apart."""
        kind = answer_kind(ask.answer)
        low, high = ask.answer.low, ask.answer.high
        if kind.values is None and low is not None and high is not None and high - low <= 1_000:
            kind = Kind("number", tuple(range(low, high + 1)))
        own = tuple(branch.condition for branch in ask.then if branch.condition is not None)
        kept = self.conditions.get(ask.answer.save_as, ()) if ask.answer.save_as is not None else ()
        return classes(kind, (*own, *kept), missing=False)

    def _set(self, step: Step, env: Env) -> Iterator[Env]:
        """Go through what is kept after a step that sets names, or leaves all as it is."""
        match step:
            case Set():
                fixed = self._kept(env, step.values)
                yield from self._each(fixed, dict.fromkeys(step.today, DATE))
            case Score():
                sums = (*(total.name for total in step.sums), f"{step.measure}_change")
                yield from self._each(env, {name: self.names[name] for name in sums if name in self.names})
            case _:
                yield env

    def _each(self, env: Env, free: Mapping[str, Kind]) -> Iterator[Env]:
        """Go through every value of names that can be anything of their kind."""
        asked = [name for name in free if name in self.conditions]
        domains = [classes(free[name], self.conditions[name], missing=True) for name in asked]
        bare = {name: value for name, value in env.items() if name not in free}
        for values in itertools.product(*domains):
            yield {**bare, **dict(zip(asked, values, strict=True))}

    def _branch(self, step: Step, then: tuple[Branch, ...], env: Env) -> Iterator[State]:
        """Go through the states to which a step's branches lead, for everything that is not known yet."""
        pending = [env]
        for index, branch in enumerate(then):
            if branch.condition is None:
                holding, pending = pending, []
            else:
                holding, rest = [], list[Env]()
                for one in (one for each in pending for one in self._known(branch.condition, each)):
                    (holding if branch.condition.test(one) else rest).append(one)
                pending = rest
            if holding:
                self.taken.add((step.name, index))
            for one in holding:
                yield self._state(branch.go, one)

    def _known(self, condition: Condition, env: Env) -> Iterator[Env]:
        """Go through what the facts that a condition asks for can be at this event."""
        open_ = [name for name in condition.names if name not in env and name in self.facts]
        if not open_:
            yield env
            return
        domains = [
            classes(self.names[name], self.conditions[name], missing=True, others=self.beside[name])
            for name in open_
        ]
        for values in itertools.product(*domains):
            yield {**env, **dict(zip(open_, values, strict=True))}


def _waits_for_good(step: Step) -> bool:
    """Whether a question waits for ever, which is told otherwise."""
    return isinstance(step, Ask) and not any(rung.go is not None for rung in step.no_reply)


def _live(flow: Flow) -> Mapping[str, frozenset[str]]:
    """Return, for each step, the names that conditions can ask for from there on, as they are then."""
    counters = frozenset(f"{step.name} again" for step in flow.steps.values() if isinstance(step, Repeat))
    live: dict[str, frozenset[str]] = dict.fromkeys(flow.steps, frozenset())
    before: dict[str, set[str]] = {}
    for step in flow.steps.values():
        for way in ways(step):
            before.setdefault(way.target, set()).add(step.name)
    todo: list[str] = [*reversed([*flow.steps])]
    waiting = set(todo)
    while todo:
        name = todo.pop(0)
        waiting.discard(name)
        new = _live_before(flow.steps[name], live) | counters
        if new != live[name]:
            live[name] = new
            again = before.get(name, set()) - waiting
            todo += again
            waiting |= again
    return live


def _live_before(step: Step, live: Mapping[str, frozenset[str]]) -> frozenset[str]:
    asked: set[str] = set()
    for branch in branches(step):
        asked |= live[branch.go]
        if branch.condition is not None:
            asked |= branch.condition.names
    asked -= {"answer"}
    match step:
        case Ask():
            asked -= {step.answer.save_as or ""}
            for way in ways(step):
                if way.how != "then":
                    asked |= live[way.target]
        case Set():
            asked -= {*step.values, *step.today}
        case Score():
            asked -= {*(total.name for total in step.sums), f"{step.measure}_change"}
        case Repeat():
            asked |= live[step.back_to]
        case _:
            pass
    return frozenset(asked)
