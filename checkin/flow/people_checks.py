"""What a flow does with people: who is told when somebody asks, whose consent is recorded, who is invited.

Knows the whole flow and one step of it. Must not know how a request for support is handled.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from checkin.flow import graph
from checkin.flow.document import Document, Path
from checkin.flow.guess import did_you_mean
from checkin.flow.issue import Code, Issue
from checkin.flow.kinds import Kind
from checkin.flow.model import Ask, Flow, Invite, RaiseAlert, RecordConsent, written_as
from checkin.flow.support import SKIPPED, forgotten


def forgotten_requests(
    document: Document, flow: Flow, names: Mapping[str, Kind], facts: Mapping[str, Kind]
) -> Iterator[Issue]:
    """Find answers after which a person is told in some cases, and in others nobody is."""
    for found in forgotten(flow, names, facts):
        path: Path = ("steps", written_as(found.ask), "then", found.branch, "go")
        if found.branch == SKIPPED:
            path = ("steps", written_as(found.ask), "skip")
        elif document.get(path) is None:
            path = ("steps", written_as(found.ask), "go")
        if found.ends_in is None:
            message = "There are too many cases to make sure that whoever asks for a person reaches one."
            mend = "Use fewer conditions between this question and the `alert`."
        else:
            answer = "this answer" if found.value is None else f"the answer `{found.value}`"
            message = f"After {answer} a person is told in some cases, but in others nobody is: "
            message += f"the conversation comes to `{written_as(found.ends_in)}`."
            mend = "Let every way raise an `alert`, or put a `task` on the staff's list."
        yield document.issue(Code.NO_ALERT, path, message, mend)


def alert_twice(
    document: Document, flow: Flow, step: RaiseAlert, inlined: Collection[str]
) -> Iterator[Issue]:
    """Find an alert that can follow at once on another, and would raise nothing."""
    second, inside = graph.next_alert(flow, step), step.name in inlined
    if inside and second is not None and written_as(second) == written_as(step.name):
        return  # Both stand in the flow that is run here, and are told there.
    if second is not None:
        second = written_as(second)
        message = (
            f"`{second}` can follow at once, when this request is already open, and would raise nothing."
        )
        mend = "Delete one of the two, or put a question or a `wait` between them."
        yield document.issue(
            Code.ALERT_TWICE,
            ("steps", written_as(step.name), "run" if inside else "alert"),
            message,
            mend,
            key=True,
        )


def consent(
    document: Document,
    flow: Flow,
    step: RecordConsent,
    broken: Collection[str],
    before: frozenset[str] | None,
) -> Iterator[Issue]:
    """Find consent that is recorded where its question was not answered."""
    path: Path = ("steps", written_as(step.name), "consent", "asked_in")
    asked = flow.steps.get(step.asked_in)
    questions = [s.name for s in flow.steps.values() if isinstance(s, Ask)]
    if step.asked_in in broken:
        return
    if not isinstance(asked, Ask):
        near = did_you_mean(step.asked_in, questions)
        message = f"There is no question `{step.asked_in}`." + (f" Did you mean `{near}`?" if near else "")
        mend = f"asked_in: {near}" if near else f"Use one of: {', '.join(questions)}."
        yield document.issue(Code.UNKNOWN_STEP, path, message, mend)
        return
    if before is not None and graph.reply_mark(asked.name) not in before:
        message = f"A way leads here on which nobody answered the question `{asked.name}`."
        yield document.issue(
            Code.CONSENT, path, message, "Record consent only after the answer to its question."
        )


def invite(
    document: Document, flow: Flow, step: Invite, broken: Collection[str], names: Collection[str]
) -> Iterator[Issue]:
    """Find an invitation for a name or a number that no question asks for."""
    path: Path = ("steps", written_as(step.name), "invite")
    for key, used, wanted in (
        ("name", step.contact_name, "text"),
        ("number", step.contact_number, "phone"),
    ):
        saved = [
            s.answer.save_as for s in flow.steps.values() if isinstance(s, Ask) and s.answer.kind == wanted
        ]
        if used not in saved and not (broken and used in names):
            near = did_you_mean(used, [name for name in saved if name])
            message = f"No question keeps an answer of the kind `{wanted}` under `{used}`."
            place = document.place((*path, key))
            corrected = document.corrected(place, used, near) if near else None
            mend = corrected or f"Ask for it: answer: {{ {wanted}: true, save_as: {used} }}"
            yield document.issue(Code.UNKNOWN_NAME, (*path, key), message, mend)
