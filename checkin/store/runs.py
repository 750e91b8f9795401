"""Runs, results, the journal and published flows in the database."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from checkin.conversation.run import Run, RunState
from checkin.flow.model import Value
from checkin.store.tables import flow_versions, journal, results, runs
from checkin.store.unit import Unit


def add(unit: Unit, run: Run, at: datetime, asked_at: datetime | None) -> None:
    """Store a run that has just begun."""
    unit.write(
        _insert,
        {
            **_row(unit, run, at),
            "id": run.id,
            "member_id": run.member,
            "flow": run.flow,
            "version": run.version,
            "started_at": at,
            "asked_at": asked_at,
        },
    )


def save(unit: Unit, run: Run, at: datetime, asked_at: datetime | None) -> None:
    """Store a run that has moved; `asked_at` is when it asked what it waits for an answer to."""
    unit.write(
        _update,
        {"run": run.id, **{f"new_{k}": v for k, v in _row(unit, run, at).items()}, "new_asked_at": asked_at},
    )


def by_id(unit: Unit, run_id: str) -> Run | None:
    """Return one run."""
    row = unit.first(_by_id, {"run": run_id})
    return None if row is None else Run.from_json(unit.vault.open_json("runs.data", row.data))


def ended_at(unit: Unit, run_id: str) -> datetime | None:
    """Return when a run ended; None where it has not, or is not there."""
    row = unit.first(_by_id, {"run": run_id})
    return None if row is None else row.ended_at


def record(unit: Unit, run: Run, name: str, value: Value, at: datetime) -> None:
    """Keep an answer under its name."""
    unit.write(
        _insert_result,
        {
            "run_id": run.id,
            "transition": run.transition,
            "name": name,
            "at": at,
            "value": unit.vault.seal_json("results.value", value),
        },
    )


def last_results(unit: Unit, member_id: str, names: Collection[str]) -> Mapping[str, Value]:
    """Return the newest value that a member's runs have kept under each of these names, if any."""
    found = {name: unit.first(_last_result, {"member": member_id, "result": name}) for name in sorted(names)}
    return {
        name: unit.vault.open_json("results.value", row.value)
        for name, row in found.items()
        if row is not None
    }


def recorded_since(unit: Unit, member_id: str, flow: str, name: str, since: datetime) -> bool:
    """Whether a member's runs of a flow have kept anything under this name since then."""
    asked = {"member": member_id, "flow": flow, "result": name, "since": since}
    return unit.first(_recorded_since, asked) is not None


def write_journal(
    unit: Unit,
    *,
    member_id: str,
    seq: int,
    at: datetime,
    subject: str,
    transition: int,
    event: Mapping[str, Any],
) -> None:
    """Append an event to a member's journal. A second writer of the same number is refused."""
    unit.write(
        _insert_journal,
        {
            "member_id": member_id,
            "seq": seq,
            "at": at,
            "subject": subject,
            "transition": transition,
            "event": unit.vault.seal_json("journal.event", event),
        },
    )


def journal_of(unit: Unit, member_id: str, subject: str) -> Sequence[Mapping[str, Any]]:
    """Return the events of one run or alert, in order."""
    return [
        unit.vault.open_json("journal.event", row.event)
        for row in unit.read(_journal_of, {"member": member_id, "about": subject})
    ]


def journal_with_times(
    unit: Unit, member_id: str, subject: str
) -> Sequence[tuple[datetime, Mapping[str, Any]]]:
    """Return the events of one run or alert with when each was taken, in order."""
    return [
        (row.at, unit.vault.open_json("journal.event", row.event))
        for row in unit.read(_journal_of, {"member": member_id, "about": subject})
    ]


def started(unit: Unit, flow: str | None = None) -> Sequence[Run]:
    """Return every run as it was when it began, of one flow or of all, oldest first."""
    return [
        Run(row.id, row.member_id, row.flow, row.version)
        for row in unit.read(_started)
        if flow is None or row.flow == flow
    ]


def last_seq(unit: Unit, member_id: str) -> int:
    """Return the last number of a member's journal."""
    row = unit.first(_last_seq, {"member": member_id})
    return (row.seq or 0) if row is not None else 0


@dataclass(frozen=True, slots=True)
class FlowVersion:
    """One published version of a flow."""

    flow: str
    version: int
    source: str
    digest: str
    at: datetime | None = None
    author: str = ""
    note: str = ""


def latest_flows(unit: Unit) -> Mapping[str, FlowVersion]:
    """Return the newest version of every flow, by its name."""
    return {row.flow: _version(row) for row in unit.read(_latest_versions)}


def latest_numbers(unit: Unit) -> Mapping[str, int]:
    """Return the number of the newest version of every flow, by its name; the sources are not read."""
    return {row.flow: row.version for row in unit.read(_latest_numbers)}


def versions_of(unit: Unit, flow: str) -> Sequence[FlowVersion]:
    """Return every version of a flow, newest first."""
    return [_version(row) for row in unit.read(_versions_of, {"flow": flow})]


def waiting_in(unit: Unit, flow: str) -> Sequence[Run]:
    """Return every run of a flow that has not come to an end."""
    rows = unit.read(_waiting_in, {"flow": flow})
    return [Run.from_json(unit.vault.open_json("runs.data", row.data)) for row in rows]


def _version(row: Any) -> FlowVersion:
    return FlowVersion(row.flow, row.version, row.source, row.digest, row.published_at, row.author, row.note)


def flow_version(unit: Unit, flow: str, version: int) -> FlowVersion | None:
    """Return one version of a flow."""
    row = unit.first(_one_version, {"flow": flow, "version": version})
    return None if row is None else _version(row)


def publish(unit: Unit, version: FlowVersion, *, at: datetime, author: str, note: str) -> None:
    """Store a new version. Somebody who published the same number first makes the unit a conflict."""
    unit.write(
        _insert_version,
        {
            "flow": version.flow,
            "version": version.version,
            "source": version.source,
            "digest": version.digest,
            "published_at": at,
            "author": author,
            "note": note,
        },
    )


def _row(unit: Unit, run: Run, at: datetime) -> dict[str, Any]:
    return {
        "state": run.state.value,
        "transition": run.transition,
        "data": unit.vault.seal_json("runs.data", run.to_json()),
        "ended_at": None if run.state in (RunState.WAITING, RunState.NEW) else at,
    }


_p = sa.bindparam
_insert = sa.insert(runs)
_update = (
    sa.update(runs)
    .where(runs.c.id == _p("run"))
    .values(
        state=_p("new_state"),
        transition=_p("new_transition"),
        data=_p("new_data"),
        ended_at=_p("new_ended_at"),
        asked_at=_p("new_asked_at"),
    )
)
_by_id = sa.select(runs.c.data, runs.c.ended_at).where(runs.c.id == _p("run"))
_insert_result = sa.insert(results)
_last_result = (
    sa.select(results.c.value)
    .join(runs, runs.c.id == results.c.run_id)
    .where(runs.c.member_id == _p("member"), results.c.name == _p("result"))
    .order_by(results.c.at.desc(), results.c.transition.desc())
    .limit(1)
)
_recorded_since = (
    sa.select(results.c.at)
    .join(runs, runs.c.id == results.c.run_id)
    .where(
        runs.c.member_id == _p("member"),
        runs.c.flow == _p("flow"),
        results.c.name == _p("result"),
        results.c.at >= _p("since"),
    )
    .limit(1)
)
_insert_journal = sa.insert(journal)
_journal_of = (
    sa.select(journal.c.event, journal.c.at)
    .where(journal.c.member_id == _p("member"), journal.c.subject == _p("about"))
    .order_by(journal.c.seq)
)
_started = sa.select(runs.c.id, runs.c.member_id, runs.c.flow, runs.c.version).order_by(
    runs.c.started_at, runs.c.id
)
_last_seq = sa.select(sa.func.max(journal.c.seq).label("seq")).where(journal.c.member_id == _p("member"))
_newest = (
    sa.select(flow_versions.c.flow, sa.func.max(flow_versions.c.version).label("version"))
    .group_by(flow_versions.c.flow)
    .subquery()
)
_latest_numbers = sa.select(_newest.c.flow, _newest.c.version).order_by(_newest.c.flow)
_latest_versions = (
    sa.select(flow_versions)
    .join(
        _newest,
        sa.and_(flow_versions.c.flow == _newest.c.flow, flow_versions.c.version == _newest.c.version),
    )
    .order_by(flow_versions.c.flow)
)
_versions_of = (
    sa.select(flow_versions)
    .where(flow_versions.c.flow == _p("flow"))
    .order_by(flow_versions.c.version.desc())
)
_waiting_in = sa.select(runs.c.data).where(runs.c.flow == _p("flow"), runs.c.state == "waiting")
_one_version = sa.select(flow_versions).where(
    flow_versions.c.flow == _p("flow"), flow_versions.c.version == _p("version")
)
_insert_version = sa.insert(flow_versions)
