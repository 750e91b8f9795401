"""Alerts and notifications in the database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from checkin.alert.model import Alert, AlertState
from checkin.store.tables import alerts, journal, notifications, outbox
from checkin.store.unit import Unit

CLOSED = (AlertState.RESOLVED, AlertState.CANCELLED)
CANCELLABLE = (AlertState.WINDOW, AlertState.PUT_OFF, AlertState.NOTIFYING)


def add(unit: Unit, alert: Alert, at: datetime) -> None:
    """Store an alert that has just been raised."""
    unit.write(
        _insert,
        {
            **_row(unit, alert, at),
            "id": alert.id,
            "member_id": alert.member,
            "reason": alert.reason,
            "raised_at": at,
        },
    )


def save(unit: Unit, alert: Alert, at: datetime, *, was: int) -> None:
    """Store an alert that has moved from transition `was`; a Conflict if it has moved on since it was read.

    A closed alert takes no more answers.
    """
    new = {f"new_{k}": v for k, v in _row(unit, alert, at).items()}
    unit.write(_update, {"alert": alert.id, "was": was, **new}, expect=1)
    if alert.state in CLOSED:
        unit.write(_close_notifications, {"alert": alert.id})


def by_id(unit: Unit, alert_id: str) -> Alert | None:
    """Return one alert."""
    row = unit.first(_by_id, {"alert": alert_id})
    return None if row is None else _alert(unit, row)


def open_of_member(unit: Unit, member_id: str) -> Sequence[Alert]:
    """Return a member's open alerts, newest first."""
    return [_alert(unit, row) for row in unit.read(_open_of_member, {"member": member_id})]


def cancellable_since(unit: Unit, member_id: str) -> datetime | None:
    """Return when the member's newest request was raised that can still be taken back, if there is one."""
    row = unit.first(_cancellable, {"member": member_id})
    return None if row is None else row.raised_at


def open_for_person(unit: Unit, person_id: str) -> Sequence[Alert]:
    """Return the alerts that this person was told of and may answer, last told first."""
    return [_alert(unit, row) for row in unit.read(_open_for_person, {"person": person_id})]


def notify(unit: Unit, *, alert_id: str, person_id: str, role: str, at: datetime) -> None:
    """Note that a person is being told of an alert, for the first time or once more."""
    row = {"alert_id": alert_id, "person_id": person_id, "role": role, "told_at": at, "open": True}
    unit.write(_notify[unit.dialect], row)


def close_for(unit: Unit, alert_id: str, person_id: str) -> None:
    """Note that an answer of this person about this alert means nothing any more."""
    unit.write(_close_for, {"alert": alert_id, "person": person_id})


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing that happened to an alert; `person` is the id of who did it or whom it went to."""

    at: datetime
    what: str
    person: str | None


def all_open(unit: Unit) -> Sequence[tuple[Alert, datetime]]:
    """Return every alert that is not over with when it was raised, oldest first."""
    return [(_alert(unit, row), row.raised_at) for row in unit.read(_all_open)]


def with_moment(unit: Unit, alert_id: str) -> tuple[Alert, datetime] | None:
    """Return one alert with when it was raised."""
    row = unit.first(_with_moment, {"alert": alert_id})
    return None if row is None else (_alert(unit, row), row.raised_at)


def events_of(unit: Unit, alert: Alert) -> Sequence[Moment]:
    """Return every event that moved this alert, in order."""
    found = []
    for row in unit.read(_events_of, {"member": alert.member, "about": f"alert:{alert.id}"}):
        event = unit.vault.open_json("journal.event", row.event)
        found.append(Moment(row.at, event["kind"], event.get("person")))
    return found


def messages_of(unit: Unit, alert_id: str) -> Sequence[Moment]:
    """Return every message about this alert that went through the outbox, and what came of it."""
    rows = unit.read(_messages_of, {"about": f"alert:{alert_id}"})
    return [Moment(row.created_at, f"{row.channel} {row.kind}, {row.state}", row.person_id) for row in rows]


def _row(unit: Unit, alert: Alert, at: datetime) -> dict[str, Any]:
    return {
        "state": alert.state.value,
        "transition": alert.transition,
        "data": unit.vault.seal_json("alerts.data", alert.to_json()),
        "closed_at": at if alert.state in CLOSED else None,
    }


def _alert(unit: Unit, row: Any) -> Alert:
    return Alert.from_json(unit.vault.open_json("alerts.data", row.data))


_p = sa.bindparam
_insert = sa.insert(alerts)
_update = (
    sa.update(alerts)
    .where(alerts.c.id == _p("alert"), alerts.c.transition == _p("was"))
    .values(
        state=_p("new_state"),
        transition=_p("new_transition"),
        data=_p("new_data"),
        closed_at=_p("new_closed_at"),
    )
)
_by_id = sa.select(alerts.c.data).where(alerts.c.id == _p("alert"))
_open_of_member = (
    sa.select(alerts.c.data)
    .where(alerts.c.member_id == _p("member"), alerts.c.closed_at.is_(None))
    .order_by(alerts.c.raised_at.desc())
)
_all_open = (
    sa.select(alerts.c.data, alerts.c.raised_at)
    .where(alerts.c.closed_at.is_(None))
    .order_by(alerts.c.raised_at, alerts.c.id)
)
_with_moment = sa.select(alerts.c.data, alerts.c.raised_at).where(alerts.c.id == _p("alert"))
_events_of = (
    sa.select(journal.c.at, journal.c.event)
    .where(journal.c.member_id == _p("member"), journal.c.subject == _p("about"))
    .order_by(journal.c.seq)
)
_messages_of = (
    sa.select(outbox.c.created_at, outbox.c.channel, outbox.c.kind, outbox.c.state, outbox.c.person_id)
    .where(outbox.c.subject == _p("about"))
    .order_by(outbox.c.created_at, outbox.c.id)
)
_cancellable = (
    sa.select(alerts.c.raised_at)
    .where(
        alerts.c.member_id == _p("member"),
        alerts.c.closed_at.is_(None),
        sa.or_(*(alerts.c.state == state.value for state in CANCELLABLE)),
        alerts.c.reason != "crisis",
    )
    .order_by(alerts.c.raised_at.desc())
    .limit(1)
)
_open_for_person = (
    sa.select(alerts.c.data)
    .join(notifications, notifications.c.alert_id == alerts.c.id)
    .where(notifications.c.person_id == _p("person"), notifications.c.open)
    .order_by(notifications.c.told_at.desc())
)
_close_notifications = (
    sa.update(notifications).where(notifications.c.alert_id == _p("alert")).values(open=sa.false())
)
_close_for = (
    sa.update(notifications)
    .where(notifications.c.alert_id == _p("alert"), notifications.c.person_id == _p("person"))
    .values(open=sa.false())
)


def _upsert(insert: Any) -> Any:
    return insert.on_conflict_do_update(
        index_elements=["alert_id", "person_id"],
        set_={"told_at": insert.excluded.told_at, "open": sa.true()},
    )


_notify = {
    "sqlite": _upsert(sqlite.insert(notifications)),
    "postgresql": _upsert(postgresql.insert(notifications)),
}
