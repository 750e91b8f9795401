"""Why the last decision on a stage fell as it did: what a text was understood as, and where the flow went.

All of it is read from what the service keeps: the inbox for the rule, the journal for the event. The words
that decided are found by reading the text again, as an answer to the same question.
"""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from checkin.conversation.engine import step
from checkin.conversation.explain import explain
from checkin.conversation.replay import event_from_json
from checkin.conversation.run import Event, Replied, Run, Started, TimerFired
from checkin.conversation.understanding import Question
from checkin.flow.model import Ask, Flow
from checkin.service.rehearsal.stage import MEMBER_NUMBER, Stage
from checkin.service.rehearsal.trace import Way, describe, traced
from checkin.service.words import ReaderOnDemand
from checkin.store import inbox, runs, tables
from checkin.store.unit import Unit


def why(stage: Stage) -> list[str]:
    """Return in words how the last decision about the member fell, oldest reason first."""
    return stage.app.store.read(lambda unit: _why(stage, unit))


def _why(stage: Stage, unit: Unit) -> list[str]:
    row = unit.first(_LAST)
    texts = inbox.of_number(unit, MEMBER_NUMBER, 1)
    told: list[str] = []
    if texts and (row is None or texts[0].at >= row.at):
        text = texts[0]
        told.append(f"“{text.body}” was understood as {text.category}, by the rule {text.rule}.")
        told.append(f"It was taken as: {text.subject.replace('_', ' ')}.")
    if row is None:
        return told or ["Nothing has happened yet."]
    event = unit.vault.open_json("journal.event", row.event)
    kind, _, id = row.subject.partition(":")
    if kind == "run":
        told.extend(_of_run(stage, unit, row.member_id, id, row.transition))
    else:
        told.append(_moved(kind, str(event.get("kind", ""))))
    return told


def _moved(kind: str, event: str) -> str:
    """Return in words what moved last, where it was no flow."""
    if kind == "alert":
        return f"The request for support {_OF_ALERT.get(event, f'moved on ({event})')}."
    return f"Something else moved last: {kind.replace('_', ' ')} {event}".rstrip() + "."


_OF_ALERT: Mapping[str, str] = {
    "Raised": "was made",
    "TimerFired": "went on because the time was over that it had waited for",
    "Took": "was taken: somebody said that they have it",
    "Passed": "went on because somebody said that they can't",
    "ChangedMind": "was taken back by the member",
    "OutOfReach": "went on because a text could not be delivered",
    "SomebodyCame": "was closed because the member said that somebody came",
    "NobodyCame": "was opened again because the member said that nobody came",
}


def _of_run(stage: Stage, unit: Unit, member: str, id: str, transition: int) -> list[str]:
    now = runs.by_id(unit, id)
    if now is None:
        return []
    flow = stage.app.flow(unit, now.flow, now.version)
    events = [event_from_json(event) for event in runs.journal_of(unit, member, f"run:{id}")]
    run = Run(id, member, now.flow, now.version)
    for event in events[: transition - 1]:
        run, _ = step(flow, run, event)
    event = events[transition - 1]
    ways: list[Way] = []
    after, _ = step(traced(flow, ways.append), run, event)
    told = [_event_in_words(flow, run, event), *_words(stage, flow, run, event)]
    told.extend(f"  {describe(flow, way)}" for way in ways)
    told.append(f"Now: {'it has ended' if after.outcome else 'it waits'} at {after.step}.")
    return told


def _event_in_words(flow: Flow, run: Run, event: Event) -> str:
    name = f"{flow.name} (version {flow.version})"
    here = flow.steps.get(run.step or "")
    match event:
        case Started():
            return f"The flow {name} began."
        case Replied():
            return f"It was taken for an answer to the question {run.step} of the flow {name}:"
        case TimerFired() if isinstance(here, Ask) and not run.snoozed:
            return f"The flow {name} went on. {describe(flow, Way(here.name, 'no_reply', run.rung))}."
        case TimerFired():
            return f"The time was over for which the flow {name} waited at {run.step}."
        case _:
            return f"The flow {name} was ended from outside."


def _words(stage: Stage, flow: Flow, run: Run, event: Event) -> list[str]:
    """Return which words of a reply decided, and what it would have been without them."""
    here = flow.steps.get(run.step or "")
    if not isinstance(event, Replied) or not isinstance(here, Ask):
        return []
    reader = stage.app.reader
    ready = reader.ready() if isinstance(reader, ReaderOnDemand) else reader
    today = stage.clock.now().astimezone(stage.zone).date()
    language = str(event.facts.get("language") or stage.app.program.languages[0])
    found = explain(ready, event.text, language, Question(here.answer, asked=here.text, today=today))
    value = "" if found.value is None else f" ({found.value})"
    told = [
        f"  read as {found.category}{value}, by {found.rule}, from the words: {' '.join(found.words) or '-'}"
    ]
    if found.runner_up is not None:
        told.append(f"  without them: {found.runner_up.category.value}, by {found.runner_up.rule}")
    return told


_LAST = (
    sa.select(tables.journal)
    .where(tables.journal.c.subject.not_like("contact:%"))
    .order_by(tables.journal.c.at.desc(), tables.journal.c.seq.desc())
    .limit(1)
)
