"""What happens in silence: each rung does something, later than the one before, and the last one goes on.

Knows one question and its no-reply ladder. That silence leads to an end in the whole flow is proved in
`checkin.flow.check`.
"""

from __future__ import annotations

from collections.abc import Iterator

from checkin.flow.document import Document, Path
from checkin.flow.issue import Code, Issue
from checkin.flow.model import Ask, written_as


def ladder(document: Document, step: Ask) -> Iterator[Issue]:
    """Find what is wrong with the no-reply ladder of a question."""
    path: Path = ("steps", written_as(step.name), "no_reply")
    if not step.no_reply:
        message = "It is not said what happens when nobody answers."
        mend = "Add: no_reply: [{ after: 24h, go: … }]"
        yield document.issue(Code.NO_TIMEOUT, path[:2], message, mend, key=True)
        return
    last = len(step.no_reply) - 1
    if step.no_reply[last].go is None:
        message = "After the last reminder the conversation would wait for ever."
        yield document.issue(Code.NO_TIMEOUT, (*path, last), message, "Add: - after: 24h and below it go: …")
    for index, rung in enumerate(step.no_reply):
        if not (rung.say or rung.call or rung.go or rung.task or rung.tell_contacts):
            message, mend = (
                "Nothing happens here.",
                "Add say, call: this_step, task, tell: contacts, or go.",
            )
            yield document.issue(Code.LADDER, (*path, index), message, mend)
        if rung.go is not None and rung.condition is not None:
            message = "Where this does not hold the conversation would wait for ever."
            mend = "Delete the `if`: let the step that comes next decide by its own `then`."
            yield document.issue(Code.LADDER, (*path, index, "if"), message, mend)
        if rung.go is not None and index < last:
            message = "What comes after this is never reached, because `go` stops waiting."
            yield document.issue(
                Code.LADDER, (*path, index, "go"), message, "Let only the last one have `go`."
            )
        if index and rung.after <= step.no_reply[index - 1].after:
            message = "This comes no later than the one before it; each time counts from the question."
            yield document.issue(Code.LADDER, (*path, index, "after"), message, "Write a longer time.")
