"""Whether the service is well: the clock's heartbeat, and what waits too long."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from checkin.service.app import App
from checkin.store.tables import alerts, meta, outbox, timers
from checkin.store.unit import Unit

BEAT_EVERY = timedelta(seconds=5)
LATE = timedelta(seconds=30)
"""A clock whose last heartbeat is older than this has stopped."""

_HEARTBEAT = "clock_heartbeat"


def beat(app: App) -> None:
    """Leave the clock's heartbeat, at most every few seconds."""
    now = app.clock.now()

    def work(unit: Unit) -> None:
        last = _read(unit)
        value = now.isoformat().encode()
        if last is None:
            unit.write(sa.insert(meta), {"key": _HEARTBEAT, "value": value})
        elif now - last >= BEAT_EVERY:
            unit.write(sa.update(meta).where(meta.c.key == _HEARTBEAT).values(value=value))

    if (last := app.store.read(_read)) is None or now - last >= BEAT_EVERY:
        app.store.run(work)


def _read(unit: Unit) -> datetime | None:
    row = unit.first(sa.select(meta.c.value).where(meta.c.key == _HEARTBEAT))
    return None if row is None else datetime.fromisoformat(row.value.decode()).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Health:
    """How the service stands. `heartbeat_age` is None where no clock has ever run.

    `overdue_alert_timers` counts timers of alerts that are later than `LATE`; `waiting` counts outbox rows
    that are due, by lane.
    """

    heartbeat_age: timedelta | None
    overdue_alert_timers: int
    open_alerts: int
    waiting: dict[str, int]

    @property
    def clock_runs(self) -> bool:
        """Whether a clock has left a heartbeat lately."""
        return self.heartbeat_age is not None and self.heartbeat_age < LATE

    @property
    def ready(self) -> bool:
        """Whether requests for support are in good hands."""
        return self.clock_runs and self.overdue_alert_timers == 0


def look(app: App) -> Health:
    """Return how the service stands now."""
    now = app.clock.now()

    def work(unit: Unit) -> Health:
        last = _read(unit)
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
        )

    return app.store.read(work)


def _count(unit: Unit, statement: sa.Select[int]) -> int:
    row = unit.first(statement)
    return row[0] if row is not None else 0
