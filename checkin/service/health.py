"""Whether the service is well: the clock's heartbeat, and what waits too long."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

import sqlalchemy as sa

from checkin.service import auditor, rota_holes
from checkin.service.app import App
from checkin.store.tables import alerts, meta, outbox, timers
from checkin.store.unit import Unit

BEAT_EVERY = timedelta(seconds=5)
LATE = timedelta(seconds=30)
"""A clock whose last heartbeat is older than this has stopped."""

AUDIT_EVERY = timedelta(seconds=60)
AUDIT_LATE = timedelta(minutes=5)
"""An auditor that has not looked for so long has stopped."""

_HEARTBEAT = "clock_heartbeat"
_AUDITED = "alerts_audited_at"


def beat(app: App) -> None:
    """Leave the clock's heartbeat, at most every few seconds."""
    _stamp(app, _HEARTBEAT, BEAT_EVERY)


def audit_when_due(app: App) -> None:
    """Let the auditor look, once a minute for all clocks together, and leave word that it has.

    Then staff hear of holes in the rota that are to come.
    """
    last = app.store.read(lambda unit: _read(unit, _AUDITED))
    if last is None or app.clock.now() - last >= AUDIT_EVERY:
        auditor.audit_alerts(app)
        _stamp(app, _AUDITED, AUDIT_EVERY)
        rota_holes.look(app)


def _stamp(app: App, key: str, every: timedelta) -> None:
    """Keep the present moment under a key, unless what is kept is younger than `every`."""
    now = app.clock.now()

    def work(unit: Unit) -> None:
        last = _read(unit, key)
        value = now.isoformat().encode()
        if last is None:
            unit.write(sa.insert(meta), {"key": key, "value": value})
        elif now - last >= every:
            unit.write(sa.update(meta).where(meta.c.key == key).values(value=value))

    if (last := app.store.read(lambda unit: _read(unit, key))) is None or now - last >= every:
        app.store.run(work)


def _read(unit: Unit, key: str) -> datetime | None:
    row = unit.first(sa.select(meta.c.value).where(meta.c.key == key))
    return None if row is None else datetime.fromisoformat(row.value.decode()).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Health:
    """How the service stands. `heartbeat_age` is None where no clock has ever run.

    `overdue_alert_timers` counts timers of alerts that are later than `LATE`; `waiting` counts outbox rows
    that are due, by lane. `audit_findings` counts open alerts without a future, as the auditor would find
    them at this moment; `audit_age` is how long ago it looked, None where it never has.
    """

    heartbeat_age: timedelta | None
    overdue_alert_timers: int
    open_alerts: int
    waiting: dict[str, int]
    audit_findings: int
    audit_age: timedelta | None

    @property
    def clock_runs(self) -> bool:
        """Whether a clock has left a heartbeat lately."""
        return self.heartbeat_age is not None and self.heartbeat_age < LATE

    @property
    def ready(self) -> bool:
        """Whether texts may come here. One late request is no reason to turn away the next one's."""
        return self.clock_runs

    @property
    def light(self) -> Literal["green", "amber", "red"]:
        """Green, or amber: it serves, but a person has to look at a request; or red: it is not ready."""
        if not self.ready:
            return "red"
        audited = self.audit_age is not None and self.audit_age < AUDIT_LATE
        waits = self.overdue_alert_timers or self.audit_findings
        return "green" if audited and not waits else "amber"


def look(app: App) -> Health:
    """Return how the service stands now."""
    now = app.clock.now()

    def work(unit: Unit) -> Health:
        last, audited = _read(unit, _HEARTBEAT), _read(unit, _AUDITED)
        overdue = sa.select(sa.func.count()).where(timers.c.lane == "alerts", timers.c.due_at < now - LATE)
        open_alerts = sa.select(sa.func.count()).where(alerts.c.closed_at.is_(None))
        waiting = (
            sa.select(outbox.c.lane, sa.func.count().label("rows"))
            .where(outbox.c.state.in_(("queued", "sending", "in_doubt")), outbox.c.due_at <= now)
            .group_by(outbox.c.lane)
        )
        return Health(
            None if last is None else max(timedelta(0), now - last),
            _count(unit, overdue),
            _count(unit, open_alerts),
            {row.lane: row.rows for row in unit.read(waiting)},
            len(auditor.findings(unit, now)),
            None if audited is None else max(timedelta(0), now - audited),
        )

    return app.store.read(work)


def _count(unit: Unit, statement: sa.Select[int]) -> int:
    row = unit.first(statement)
    return row[0] if row is not None else 0
