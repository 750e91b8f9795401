"""What follows what: flows that begin after the end of another one.

Knows all flows of a program at once. Proves that every name and every ending refers to something, and that
no conversation brings itself about again for ever. Must not know how one flow works inside.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from checkin.flow.document import Document, Path
from checkin.flow.guess import did_you_mean
from checkin.flow.issue import Code, Issue
from checkin.flow.model import AfterFlowTrigger, End, Flow


def broken_chains(
    flow: Flow, flows: Mapping[str, Flow], document: Document, *, whole: bool
) -> Iterator[Issue]:
    """Go through what is wrong with how this flow follows others.

    `whole` is whether `flows` are all that there are; where one was refused, an unknown name may be its.
    """
    for index, trigger in enumerate(flow.start):
        if isinstance(trigger, AfterFlowTrigger):
            path: Path = ("start", index)
            yield from _unknown(trigger, path, flows, document, whole=whole)
            yield from _circle(flow, trigger, path, flows, document)


def _unknown(
    trigger: AfterFlowTrigger,
    path: Path,
    flows: Mapping[str, Flow],
    document: Document,
    *,
    whole: bool,
) -> Iterator[Issue]:
    other = flows.get(trigger.flow)
    if other is not None:
        endings = {step.outcome for step in other.steps.values() if isinstance(step, End)}
        for at, word in _endings(document, (*path, "ended")):
            if word not in endings:
                what = f"The flow `{other.name}` never ends with `{word}`."
                yield _missing(document, at, what, word, endings, Code.UNKNOWN_NAME)
    elif whole:
        what = f"There is no flow `{trigger.flow}`."
        yield _missing(document, (*path, "after_flow"), what, trigger.flow, flows, Code.UNKNOWN_FLOW)


def _endings(document: Document, path: Path) -> Iterator[tuple[Path, str]]:
    written = document.get(path)
    if isinstance(written, str):
        yield path, written
    for index, word in enumerate(written if isinstance(written, list) else ()):
        yield (*path, index), word


def _missing(
    document: Document, path: Path, what: str, word: str, known: Collection[str], code: Code
) -> Issue:
    near = did_you_mean(word, known)
    corrected = document.corrected(document.place(path), word, near) if near else None
    mend = corrected or f"Use one of: {', '.join(sorted(known))}."
    return document.issue(code, path, what + (f" Did you mean `{near}`?" if near else ""), mend)


def _circle(
    flow: Flow, trigger: AfterFlowTrigger, path: Path, flows: Mapping[str, Flow], document: Document
) -> Iterator[Issue]:
    """Tell where the flow that comes before this one comes after it, too; the first by name tells it."""
    way = _way(flows, trigger.flow, flow.name)
    if way is not None and flow.name == min(way):
        shown = " → ".join((*way, way[0]))
        message = f"This conversation would bring itself about again and again: {shown}."
        mend = "Delete this start, or let a schedule begin one of them."
        yield document.issue(Code.CIRCLE, (*path, "after_flow"), message, mend)


def _way(flows: Mapping[str, Flow], start: str, goal: str) -> tuple[str, ...] | None:
    """Return flows in the order in which they follow one another, `goal` first, or None."""
    ways: dict[str, tuple[str, ...]] = {goal: (goal,)}
    todo = [goal]
    while todo:
        name = todo.pop(0)
        if name == start:
            return ways[name]
        for other in flows.values():
            follows = any(isinstance(t, AfterFlowTrigger) and t.flow == name for t in other.start)
            if follows and other.name not in ways:
                ways[other.name] = (*ways[name], other.name)
                todo.append(other.name)
    return None
