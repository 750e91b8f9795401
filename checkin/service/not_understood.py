"""Replies to a question that nobody understood: which step asked, when, and the words.

Read from the journal by taking each run through its events again, so nothing is stored twice and no text lies
anywhere in the clear. Only staff at the terminal see these texts; they are never logged.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from checkin.conversation.engine import step
from checkin.conversation.replay import event_from_json
from checkin.conversation.run import Replied, Run
from checkin.conversation.understanding import Category
from checkin.service.app import App
from checkin.store import runs
from checkin.store.unit import Unit


@dataclass(frozen=True, slots=True)
class NotUnderstood:
    """One reply that was `unclear`: the flow and the step that asked, when it came, and what it says."""

    flow: str
    step: str
    at: datetime
    text: str


def not_understood(
    app: App, unit: Unit, flow: str | None = None, asked: str | None = None
) -> tuple[NotUnderstood, ...]:
    """Return the replies that were not understood, newest first, of one flow or step where these are named.

    Raises `FlowMissing` where the version of a flow is gone.
    """
    found = (one for run in runs.started(unit, flow) for one in _of_run(app, unit, run))
    wanted = (one for one in found if asked is None or one.step == asked)
    return tuple(sorted(wanted, key=lambda one: one.at, reverse=True))


def _of_run(app: App, unit: Unit, run: Run) -> Iterator[NotUnderstood]:
    flow = app.flow(unit, run.flow, run.version)
    for at, stored in runs.journal_with_times(unit, run.member, f"run:{run.id}"):
        event = event_from_json(stored)
        if isinstance(event, Replied) and event.understanding.category is Category.UNCLEAR:
            yield NotUnderstood(run.flow, run.step or "", at, event.text)
        run, _ = step(flow, run, event)
