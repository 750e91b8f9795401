"""Who of the staff is on duty, as people whom the outbox can address.

Knows the program's staff and its rota. Must not know what they are told.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from checkin.flow.program import Staff
from checkin.service.app import App


def on_duty(app: App, at: datetime) -> tuple[str, ...]:
    """Return the ids of those whose turn it is at this moment; nobody where the rota has a hole."""
    return _ids(app, app.program.on_duty(at))


def last_resort(app: App) -> tuple[str, ...]:
    """Return the ids of those who are asked where nobody on duty answers; nobody without a rota."""
    return _ids(app, app.program.behind)


def to_tell(app: App, at: datetime) -> tuple[str, ...]:
    """Return the ids of the staff who hear at this moment of what can't wait: on duty, else last resort."""
    return on_duty(app, at) or last_resort(app)


def _ids(app: App, people: Iterable[Staff]) -> tuple[str, ...]:
    by_number = {staff.number: id for staff, id in zip(app.program.staff, app.staff_ids, strict=True)}
    return tuple(by_number[staff.number] for staff in people)
