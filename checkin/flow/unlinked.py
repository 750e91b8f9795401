"""Conversations whose answers are kept without a name: what may stand in them.

An answer of such a flow is counted at the moment in which it comes, and then it is gone: no run, no journal
and no list of texts has it (`checkin.conversation.unlinked`). That can only be promised where nothing else
that the conversation does depends on it: where it goes on, what it says, whom it tells.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from checkin.flow.document import Document, Path
from checkin.flow.issue import Code, Issue
from checkin.flow.kinds import Kind
from checkin.flow.model import Ask, End, Flow, Repeat, Say, Wait, written_as
from checkin.flow.uses import uses

COUNTED = ("scale", "yes_no", "choice")
"""The kinds of answers that can be counted. In words of their own people would give themselves away."""


def linked(
    document: Document, flow: Flow, names: Mapping[str, Kind], inlined: Collection[str]
) -> Iterator[Issue]:
    """Find what would tell who gave which answer, in a flow that says `unlinked: true`."""
    if not flow.unlinked:
        return
    asks = [step for step in flow.steps.values() if isinstance(step, Ask)]
    kept = frozenset(step.answer.save_as for step in asks if step.answer.save_as) | {"answer"}
    told: set[str] = set()
    for step in flow.steps.values():
        written = written_as(step.name)
        if step.name in inlined or not isinstance(step, Ask | Say | Wait | Repeat | End):
            if written not in told:
                yield _of_step(document, written, _key_of(document, written))
            told.add(written)
            continue
        for path, used in uses(document, names, step):
            for name in sorted(used & kept):
                message = f"`{name}` is an answer without a name, so nothing else can depend on it."
                yield document.issue(
                    Code.UNLINKED, path, message, "Go on in the same way after every answer."
                )
        if isinstance(step, Ask):
            yield from _of_question(document, step)


def _of_step(document: Document, written: str, key: str) -> Issue:
    message = f"`{key}` can't stand in a conversation whose answers are `unlinked`: it is about one person."
    mend = "Say, ask, wait and end are possible here. Put this into a conversation of its own."
    return document.issue(Code.UNLINKED, ("steps", written, key), message, mend, key=True)


def _key_of(document: Document, written: str) -> str:
    step = document.get(("steps", written))
    return next((key for key in step if key not in ("go", "then")), "go") if isinstance(step, dict) else "go"


def _of_question(document: Document, step: Ask) -> Iterator[Issue]:
    path: Path = ("steps", written_as(step.name))
    if step.answer.kind not in COUNTED:
        message = f"An answer of the kind `{step.answer.kind}` can give away who gave it."
        mend = "Ask for a scale, yes_no or a choice, or take out `unlinked: true`."
        yield document.issue(Code.UNLINKED, (*path, "answer"), message, mend, key=True)
    elif step.answer.save_as is None:
        message = "This answer has no name under which it is counted."
        yield document.issue(
            Code.UNLINKED, (*path, "answer"), message, "Add one: save_as: work_week", key=True
        )
    for index, rung in enumerate(step.no_reply):
        for key in ("task", "tell") if rung.task is not None or rung.tell_contacts else ():
            if document.get((*path, "no_reply", index, key)) is not None:
                message = "Nobody is told who did not answer where answers are `unlinked`."
                yield document.issue(
                    Code.UNLINKED, (*path, "no_reply", index, key), message, "Delete this line.", key=True
                )
