"""Puts the steps of a flow that is run by another in the place where it is run.

So the engine knows one flow, one run and one timer, and the proofs go through everything that can happen. A
step of the inner flow is called after the step that runs it: `offer came`, which no flow can write itself.
Knows steps and their ways. Must not know files.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from checkin.flow.model import Ask, Branch, End, Flow, RecordConsent, Repeat, Run, Set, Step, written_as


def ended(flow: str) -> str:
    """Return the name under which is kept how a flow that was run has ended."""
    return f"{flow}_ended"


def outcomes(flow: Flow) -> tuple[str, ...]:
    """Return the words with which a flow can end."""
    return tuple(dict.fromkeys(step.outcome for step in flow.steps.values() if isinstance(step, End)))


def outside(flow: Flow, name: str) -> str:
    """Return the step that runs the flow in which this step is written, or the step itself."""
    outer = written_as(name)
    return outer if isinstance(flow.steps.get(outer), Run) else name


def comes_back(flow: Flow, step: Step) -> str | None:
    """Return the step from which it goes on after this one, if this one ends the flow that was run there."""
    outer = flow.steps.get(written_as(step.name))
    ends = isinstance(outer, Run) and isinstance(step, Set) and ended(outer.flow) in step.values
    return outer.name if ends and outer is not None else None


def inlined(inner: Flow, at: str, then: tuple[Branch, ...]) -> Iterator[Step]:
    """Go through the steps that run `inner` in the step `at` and then take one of the ways `then`."""
    yield Run(at, inner.name, (Branch(None, _inside(at, inner.first)),))
    for step in inner.steps.values():
        name = _inside(at, step.name)
        if isinstance(step, End):
            yield Set(name, {ended(inner.name): step.outcome}, then)
        else:
            yield _moved(step, name, at)


def _moved(step: Step, name: str, at: str) -> Step:
    """Return a step under its name in the outer flow, with all its ways."""
    assert not isinstance(step, End)
    then = tuple(replace(branch, go=_inside(at, branch.go)) for branch in step.then)
    match step:
        case Ask():
            ladder = tuple(
                rung if rung.go is None else replace(rung, go=_inside(at, rung.go)) for rung in step.no_reply
            )
            skip = None if step.skip is None else _inside(at, step.skip)
            return replace(step, name=name, then=then, no_reply=ladder, skip=skip)
        case Repeat():
            return replace(step, name=name, then=then, back_to=_inside(at, step.back_to))
        case RecordConsent():
            return replace(step, name=name, then=then, asked_in=_inside(at, step.asked_in))
        case _:
            return replace(step, name=name, then=then)


def _inside(at: str, name: str) -> str:
    return f"{at} {name}"
