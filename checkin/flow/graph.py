"""A flow as a graph: what can follow what, what can be reached, what has happened on every path.

Knows steps and ways. Must not know files, positions or wordings.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, TypeVar

from checkin.flow.model import Ask, Branch, End, Flow, RaiseAlert, Repeat, Score, Set, Step, Wait

MAX_AT_ONCE = 100
"""The most steps that one event may take a run through; one more, and the engine breaks the run off."""

N = TypeVar("N", bound=Hashable)

How = Literal["then", "no_reply", "skip", "repeat"]


@dataclass(frozen=True, slots=True)
class Way:
    """One way from a step: by its `index`-th branch, or by the `index`-th rung of its ladder."""

    source: str
    how: How
    index: int
    target: str


def ways(step: Step) -> Iterator[Way]:
    """Go through every way on from this step."""
    for index, branch in enumerate(branches(step)):
        yield Way(step.name, "then", index, branch.go)
    if isinstance(step, Ask):
        for index, rung in enumerate(step.no_reply):
            if rung.go is not None:
                yield Way(step.name, "no_reply", index, rung.go)
        if step.skip is not None:
            yield Way(step.name, "skip", 0, step.skip)
    elif isinstance(step, Repeat):
        yield Way(step.name, "repeat", 0, step.back_to)


def branches(step: Step) -> tuple[Branch, ...]:
    """Return a step's branches; an end has none."""
    return () if isinstance(step, End) else step.then


def waits(step: Step) -> bool:
    """Whether the run stands still in this step."""
    return isinstance(step, Ask | Wait)


def reachable(flow: Flow) -> frozenset[str]:
    """Return every step (and unknown name) that a run can come to."""
    seen, todo = {flow.first}, [flow.first]
    while todo:
        step = flow.steps.get(todo.pop())
        for way in ways(step) if step is not None else ():
            if way.target not in seen:
                seen.add(way.target)
                todo.append(way.target)
    return frozenset(seen)


def loose_ends(flow: Flow) -> frozenset[str]:
    """Return the steps that do not say where they go on, or name a step that is not there."""
    return frozenset(
        step.name
        for step in flow.steps.values()
        if not isinstance(step, End)
        and (not step.then or any(way.target not in flow.steps for way in ways(step)))
    )


def ending(flow: Flow) -> frozenset[str]:
    """Return every step from which a run can end; where that cannot be told, it counts as if it could."""
    before: dict[str, set[str]] = {}
    todo: list[str] = list(loose_ends(flow))
    for step in flow.steps.values():
        if isinstance(step, End):
            todo.append(step.name)
        for way in ways(step):
            before.setdefault(way.target, set()).add(step.name)
    return backwards(before, todo)


def backwards(before: Mapping[N, set[N]], ends: Iterable[N]) -> frozenset[N]:
    """Return these ends and all from which a way leads to one of them; `before` is who leads to whom."""
    todo = [*ends]
    seen = set(todo)
    while todo:
        for name in before.get(todo.pop(), ()):
            if name not in seen:
                seen.add(name)
                todo.append(name)
    return frozenset(seen)


def ending_in_silence(flow: Flow) -> frozenset[str]:
    """Return every step from which a run ends when nobody ever answers again."""
    before: dict[str, set[str]] = {}
    todo: list[str] = []
    for step in flow.steps.values():
        onward = [way.target for way in ways(step) if way.how == "no_reply" or not isinstance(step, Ask)]
        if not onward or any(target not in flow.steps for target in onward):
            todo.append(step.name)  # An end; or it is told otherwise that this cannot go on.
        for target in onward:
            before.setdefault(target, set()).add(step.name)
    return backwards(before, todo)


def after_silence(flow: Flow, step: Step) -> frozenset[str]:
    """Return every step to which a run can come from this one while nobody answers."""
    seen: set[str] = set()
    todo: list[Step | None] = [step]
    while todo:
        here = todo.pop()
        for way in ways(here) if here is not None else ():
            if (way.how == "no_reply" or not isinstance(here, Ask)) and way.target not in seen:
                seen.add(way.target)
                todo.append(flow.steps.get(way.target))
    return frozenset(seen)


def longest_at_once(flow: Flow) -> tuple[str, ...]:
    """Return the longest way of steps that can follow one another without a wait.

    The flow may have no circle without one. The way ends with the step that waits or ends, which the engine
    counts, too.
    """
    best: dict[str, tuple[int, str | None]] = {}
    for start in flow.steps:
        stack = [start]
        while stack:
            name = stack[-1]
            step = flow.steps.get(name)
            onward = [] if step is None or waits(step) else [way.target for way in ways(step)]
            missing = [go for go in onward if go not in best and go in flow.steps]
            if missing:
                stack.append(missing[0])
                continue
            stack.pop()
            longest = max(((best[go][0], go) for go in onward if go in best), default=(0, None))
            best[name] = (longest[0] + 1, longest[1])
    here: str | None = max(best, key=lambda one: best[one][0], default=None)
    way: list[str] = []
    while here is not None:
        way.append(here)
        here = best[here][1]
    return tuple(way)


def circles(flow: Flow) -> Iterator[tuple[str, ...]]:
    """Go through the circles that never wait, each once, in the order in which the run goes round."""
    quiet = {
        name: [way.target for way in ways(step) if _is_quiet(flow, way.target)]
        for name, step in flow.steps.items()
        if _is_quiet(flow, name)
    }
    done: set[str] = set()
    for start in quiet:
        path: list[str] = []
        on_path: dict[str, int] = {}
        stack: list[tuple[str, Iterator[str]]] = []
        if start not in done:
            _enter(start, quiet, path, on_path, stack)
        while stack:
            name, targets = stack[-1]
            target = next(targets, None)
            if target is None:
                stack.pop()
                path.pop()
                del on_path[name]
                done.add(name)
            elif target in on_path:
                yield tuple(path[on_path[target] :])
            elif target not in done:
                _enter(target, quiet, path, on_path, stack)


def _is_quiet(flow: Flow, name: str) -> bool:
    return name in flow.steps and not waits(flow.steps[name])


def _enter(
    name: str,
    quiet: Mapping[str, list[str]],
    path: list[str],
    on_path: dict[str, int],
    stack: list[tuple[str, Iterator[str]]],
) -> None:
    on_path[name] = len(path)
    path.append(name)
    stack.append((name, iter(quiet[name])))


def reply_mark(step: str) -> str:
    """Return the name under which `settled` keeps that the question in `step` was answered."""
    return f"{step} answered"


def settled(flow: Flow) -> Mapping[str, frozenset[str]]:
    """Return, for each reachable step, the names that every path has set before it begins.

    An answer is kept on the ways that a reply takes, not where the ladder goes on without one.
    """
    before: dict[str, frozenset[str]] = {flow.first: frozenset()}
    todo = [flow.first]
    while todo:
        step = flow.steps.get(todo.pop())
        if step is None:
            continue
        for way in ways(step):
            after = before[step.name] | (_sets(step) if way.how == "then" else frozenset())
            old = before.get(way.target)
            new = after if old is None else old & after
            if new != old:
                before[way.target] = new
                todo.append(way.target)
    return before


def _sets(step: Step) -> frozenset[str]:
    match step:
        case Ask():
            saved = {step.answer.save_as} if step.answer.save_as else set()
            return frozenset((reply_mark(step.name), *saved))
        case Set():
            return frozenset((*step.values, *step.today))
        case Score():
            whole = step.sums[0].name
            return frozenset((f"{step.measure}_change", whole, *(total.name for total in step.sums)))
        case _:
            return frozenset()


def after_reply(step: Step) -> frozenset[str]:
    """Return the names that this step itself has set when it chooses its branch."""
    return _sets(step)


def next_alert(flow: Flow, alert: RaiseAlert) -> str | None:
    """Return an alert that can follow this one without any wait between them, or None."""
    seen: set[str] = set()
    todo = [branch.go for branch in alert.then]
    while todo:
        name = todo.pop()
        step = flow.steps.get(name)
        if step is None or name in seen or waits(step):
            continue
        if isinstance(step, RaiseAlert):
            return name
        seen.add(name)
        todo.extend(way.target for way in ways(step))
    return None
