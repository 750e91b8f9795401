"""What came of an event on a stage: texts, calls, requests for support, tasks, results, ends.

Within one moment they are told in a fixed order: results, texts and calls in the order in which they were
sent, consent, requests, tasks, ends. So a play tells the same, however the service writes its rows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import sqlalchemy as sa

from checkin.conversation.run import Run, RunState
from checkin.flow.model import Value
from checkin.service.app import App
from checkin.store import tables
from checkin.store.unit import Unit

What = Literal["result", "text", "call", "consent", "alert", "task", "end"]


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that came of an event.

    `who` is the part that heard a text or call; of an end, the flow. `text` is what was said, a reason, a
    task's kind, or the word at the end.
    """

    what: What
    who: str = ""
    text: str = ""
    note: str = ""
    results: tuple[tuple[str, Value], ...] = ()


@dataclass(slots=True)
class Seen:
    """What was told already: how many messages, and the ids of all else."""

    sent: int = 0
    ids: set[object] = field(default_factory=set)


def since(app: App, seen: Seen, said: Sequence[tuple[str, str, str]]) -> list[Happening]:
    """Return what happened since the last look; `said` are who heard what on which channel."""

    def work(unit: Unit) -> list[Happening]:
        found: list[Happening] = []
        for look in (_results, lambda _unit, _seen: _said(said), _consents, _alerts, _tasks, _ends):
            found.extend(look(unit, seen))
        return found

    return app.store.read(work)


def _said(said: Sequence[tuple[str, str, str]]) -> list[Happening]:
    return [Happening("call" if channel == "voice" else "text", who, text) for who, channel, text in said]


def _new(unit: Unit, seen: Seen, query: sa.Select[Any], key: Callable[[Any], object]) -> list[Any]:
    """Return the rows of a query that were not told yet."""
    rows = [row for row in unit.read(query) if key(row) not in seen.ids]
    seen.ids.update(key(row) for row in rows)
    return rows


def _results(unit: Unit, seen: Seen) -> list[Happening]:
    rows = _new(unit, seen, _RESULTS, lambda row: (row.run_id, row.transition, row.name))
    kept = tuple((row.name, unit.vault.open_json("results.value", row.value)) for row in rows)
    return [Happening("result", results=tuple(sorted(dict(kept).items())))] if kept else []


def _consents(unit: Unit, seen: Seen) -> list[Happening]:
    rows = _new(unit, seen, _CONSENTS, lambda row: ("consent", row.id))
    return [
        Happening("consent", text="given" if row.given else "refused")
        for row in rows
        if row.about == "check_ins"
    ]


def _alerts(unit: Unit, seen: Seen) -> list[Happening]:
    rows = _new(unit, seen, _ALERTS, lambda row: ("alert", row.id))
    return [Happening("alert", text=row.reason) for row in rows]


def _tasks(unit: Unit, seen: Seen) -> list[Happening]:
    rows = _new(unit, seen, _TASKS, lambda row: ("task", row.id))
    return [Happening("task", text=row.kind, note=unit.vault.open("tasks.note", row.note)) for row in rows]


def _ends(unit: Unit, seen: Seen) -> list[Happening]:
    rows = _new(unit, seen, _ENDED, lambda row: ("run", row.id))
    runs = [Run.from_json(unit.vault.open_json("runs.data", row.data)) for row in rows]
    return [
        Happening("end", run.flow, run.outcome or run.state.value)
        for run in runs
        if run.state in (RunState.DONE, RunState.STOPPED, RunState.BROKEN)
    ]


_RESULTS = sa.select(tables.results).order_by(tables.results.c.at, tables.results.c.transition)
_CONSENTS = sa.select(tables.consents.c.id, tables.consents.c.about, tables.consents.c.given).order_by(
    tables.consents.c.at, tables.consents.c.id
)
_ALERTS = sa.select(tables.alerts.c.id, tables.alerts.c.reason).order_by(
    tables.alerts.c.raised_at, tables.alerts.c.id
)
_TASKS = sa.select(tables.tasks.c.id, tables.tasks.c.kind, tables.tasks.c.note).order_by(
    tables.tasks.c.created_at, tables.tasks.c.id
)
_ENDED = (
    sa.select(tables.runs.c.id, tables.runs.c.data)
    .where(tables.runs.c.ended_at.is_not(None))
    .order_by(tables.runs.c.started_at, tables.runs.c.id)
)
