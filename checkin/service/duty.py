"""Who of the staff is on duty, and for whom, as people whom the outbox can address.

Knows the program's staff, its rota and whose groups they serve. Must not know what they are told.

Who is there for some groups only is told of their members, and sees nobody else. What is about no member (a
stranger, a hole in the rota) is for those who are there for everybody.
"""

from __future__ import annotations

from collections.abc import Iterable

from checkin.flow.program import Staff
from checkin.service.app import App
from checkin.service.turn import Turn


def on_duty(turn: Turn, member_id: str | None) -> tuple[str, ...]:
    """Return the ids of those whose turn it is now and who are there for this member, None for no member.

    Nobody where the rota has a hole.
    """
    return _ids(turn, turn.app.program.on_duty(turn.now), member_id)


def last_resort(turn: Turn, member_id: str | None) -> tuple[str, ...]:
    """Return the ids of those who are asked where nobody on duty answers; nobody without a rota."""
    return _ids(turn, turn.app.program.behind, member_id)


def to_tell(turn: Turn, member_id: str | None) -> tuple[str, ...]:
    """Return the ids of the staff who hear now of what can't wait: on duty, else last resort."""
    return on_duty(turn, member_id) or last_resort(turn, member_id)


def serves(turn: Turn, staff_id: str, member_id: str | None) -> bool:
    """Whether this person on staff is there for this member, and may see what is about them."""
    staff = _by_id(turn.app).get(staff_id)
    return staff is not None and staff.serves(_group(turn, member_id) if staff.groups else None)


def serves_some(turn: Turn, staff_id: str) -> bool:
    """Whether this person on staff is there for some groups only."""
    return bool(_by_id(turn.app)[staff_id].groups)


def _ids(turn: Turn, people: Iterable[Staff], member_id: str | None) -> tuple[str, ...]:
    ids = {staff.number: id for id, staff in _by_id(turn.app).items()}
    group = _group(turn, member_id) if any(staff.groups for staff in people) else None
    return tuple(ids[staff.number] for staff in people if staff.serves(group))


def _by_id(app: App) -> dict[str, Staff]:
    return dict(zip(app.staff_ids, app.program.staff, strict=True))


def _group(turn: Turn, member_id: str | None) -> str | None:
    """Return the group of a member as it is now; None for nobody's, and for no member."""
    group = None if member_id is None else turn.situation(member_id).fields.get("group")
    return group if isinstance(group, str) else None
