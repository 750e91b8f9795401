"""What the auditor reads of every alert that may be open: rows as they stand, not as the machine has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from checkin.store.tables import alerts, notifications, tasks, timers
from checkin.store.unit import Unit
from checkin.store.vault import VaultError


@dataclass(frozen=True, slots=True)
class Standing:
    """One alert that is not over, or whose row and state disagree about it.

    `data` is what the alert's row holds, None where it can't be opened. `timer_transition` and `timer_due_at`
    are None where no timer of the alerts' lane is set. `told` are the people whose answer still counts,
    `listed` says whether it is on the staff's list.
    """

    id: str
    member_id: str
    state: str
    transition: int
    closed: bool
    raised_at: datetime
    data: Mapping[str, Any] | None
    timer_transition: int | None
    timer_due_at: datetime | None
    told: frozenset[str]
    listed: bool


def standings(unit: Unit) -> Sequence[Standing]:
    """Return how every alert stands that its row or its state calls open, oldest first."""
    told: dict[str, set[str]] = {}
    for row in unit.read(_told):
        told.setdefault(row.alert_id, set()).add(row.person_id)
    listed = {row.subject for row in unit.read(_listed)}
    return [
        Standing(
            row.id,
            row.member_id,
            row.state,
            row.transition,
            row.closed_at is not None,
            row.raised_at,
            _opened(unit, row.data),
            row.timer_transition,
            row.due_at,
            frozenset(told.get(row.id, ())),
            f"alert:{row.id}" in listed,
        )
        for row in unit.read(_open)
    ]


def _opened(unit: Unit, sealed: bytes) -> Mapping[str, Any] | None:
    try:
        data: Mapping[str, Any] = unit.vault.open_json("alerts.data", sealed)
    except (VaultError, ValueError):
        return None
    return data


_over = alerts.c.state.in_(("resolved", "cancelled"))
_maybe_open = sa.or_(alerts.c.closed_at.is_(None), sa.not_(_over))
_open = (
    sa.select(
        alerts.c.id,
        alerts.c.member_id,
        alerts.c.state,
        alerts.c.transition,
        alerts.c.closed_at,
        alerts.c.raised_at,
        alerts.c.data,
        timers.c.transition.label("timer_transition"),
        timers.c.due_at,
    )
    .select_from(
        alerts.outerjoin(
            timers,
            sa.and_(timers.c.subject == sa.literal("alert:") + alerts.c.id, timers.c.lane == "alerts"),
        )
    )
    .where(_maybe_open)
    .order_by(alerts.c.raised_at, alerts.c.id)
)
_told = (
    sa.select(notifications.c.alert_id, notifications.c.person_id)
    .join(alerts, alerts.c.id == notifications.c.alert_id)
    .where(_maybe_open, notifications.c.open)
)
_subjects = sa.select(sa.literal("alert:") + alerts.c.id).where(_maybe_open)
_listed = sa.select(tasks.c.subject).where(tasks.c.subject.in_(_subjects))
