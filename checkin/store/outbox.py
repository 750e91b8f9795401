"""Texts and calls still to hand to the carrier, and how each of them went.

=========  =====================================================  ==========================================
state      meaning                                                goes to
=========  =====================================================  ==========================================
queued     to be sent at `due_at`                                 sending, delivered, cancelled
sending    claimed under a lease that ends at `due_at`; the       queued, in_doubt, sent, delivered, failed,
           request may be out                                     cancelled, lapsed
in_doubt   nobody knows whether the carrier has it; asked again   in_doubt, queued, sent, delivered, failed,
           at `due_at`                                            cancelled, lapsed, lost
sent       the carrier has it                                     delivered, failed
delivered  it is on the phone, or was read out in another call    -
failed     the carrier said that it never will be                 -
cancelled  it was no longer wanted, or may no longer be sent      -
           (STOP)
lapsed     its time had passed before it could be sent            -
lost       in doubt for good, and not to be sent twice (a         -
           check-in)
=========  =====================================================  ==========================================

A process that dies leaves its rows `sending`; when the lease has ended they are claimed as `in_doubt`.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa

from checkin.store.listed import for_each, list_of
from checkin.store.tables import Instant, outbox
from checkin.store.unit import Unit

OPEN = ("queued", "sending", "in_doubt")
"""States in which a row still wants something of us. Spelled the same in the partial index."""


GOES_TO: Mapping[str, frozenset[str]] = {
    state: frozenset(others.split())
    for state, others in {
        "queued": "sending delivered cancelled",
        "sending": "queued in_doubt sent delivered failed cancelled lapsed",
        "in_doubt": "in_doubt queued sent delivered failed cancelled lapsed lost",
        "sent": "delivered failed",
        "delivered": "",
        "failed": "",
        "cancelled": "",
        "lapsed": "",
        "lost": "",
    }.items()
}
"""The table above. No row moves otherwise."""

MAY_HAVE_ARRIVED = ("sending", "in_doubt", "sent", "delivered", "lost")
"""States in which somebody may have read a message."""


class Message(NamedTuple):
    """One outbox row. `subject` says what it is about (`run:…`, `alert:…`); `kind` how careful to be.

    kind: check_in (at most once), notification (at least once), notice (at least once).
    """

    id: str
    lane: str
    kind: str
    channel: str
    person_id: str
    subject: str
    body: str
    state: str
    created_at: datetime
    due_at: datetime
    expires_at: datetime | None = None
    tries: int = 0
    lease: str | None = None
    first_try_at: datetime | None = None
    sent_at: datetime | None = None
    carrier_id: str | None = None
    error_code: str | None = None


def add(unit: Unit, message: Message) -> None:
    """Queue a message. Its id is the effect that caused it, so a repeated decision is refused."""
    unit.write(
        _insert,
        {
            "id": message.id,
            "lane": message.lane,
            "kind": message.kind,
            "channel": message.channel,
            "person_id": message.person_id,
            "subject": message.subject,
            "body": unit.vault.seal("outbox.body", message.body),
            "state": message.state,
            "created_at": message.created_at,
            "due_at": message.due_at,
            "expires_at": message.expires_at,
            "tries": 0,
        },
    )


def claim(
    unit: Unit, *, lane: str, now: datetime, lease: str, lasts: timedelta, limit: int, calls: bool = True
) -> Sequence[Message]:
    """Claim what is due in this lane, in the order of its due times; with or without the calls.

    Rows come back `sending` (never tried, send now) or `in_doubt` (ask the carrier first).
    """
    values = {"of_lane": lane, "now": now, "new_lease": lease, "until": now + lasts, "most": limit}
    rows = unit.execute(_claim if calls else _claim_texts, values)
    return sorted((_message(unit, row) for row in rows), key=lambda message: (message.created_at, message.id))


def by_id(unit: Unit, id: str) -> Message | None:
    """Return one message."""
    row = unit.first(_by_id, {"outbox": id})
    return None if row is None else _message(unit, row)


def lease_of(unit: Unit, id: str) -> str | None:
    """Return the lease that a message is claimed under, if it is."""
    row = unit.first(_lease_of, {"outbox": id})
    return None if row is None else row.lease


def foresee_leases(unit: Unit, ids: Sequence[str]) -> None:
    """Ask for many messages at once what `lease_of` asks for one."""
    rows = {row.id: row for row in unit.execute(_leases_of[unit.dialect], {"ids": list_of(ids)})}
    for id in ids:
        unit.foresee(_lease_of, {"outbox": id}, [rows[id]] if id in rows else [])


def settle(unit: Unit, message: Message, state: str, **changes: Any) -> None:
    """Move a claimed message on, under its lease; a Conflict if the lease has passed to another.

    Raises ValueError where no message goes from its state to this one.
    """
    _check(message, state)
    _move(unit, "lease", message.id, message.lease, {"state": state, "lease": None, **changes})


def advance(unit: Unit, message: Message, state: str, **changes: Any) -> None:
    """Move a message on because the carrier said so; the state it was read in must still hold.

    Raises ValueError where no message goes from its state to this one.
    """
    _check(message, state)
    _move(unit, "state", message.id, message.state, {"state": state, **changes})


def _check(message: Message, state: str) -> None:
    if state not in GOES_TO[message.state]:
        raise ValueError(f"No message goes from {message.state} to {state}.")


def _move(unit: Unit, guard: str, id: str, held: str | None, changes: Mapping[str, Any]) -> None:
    """Change a row of which one column still holds what it held; else the unit is a Conflict."""
    named = {f"new_{name}": value for name, value in changes.items()}
    unit.write(_moving(guard, *changes), {"moved": id, "held": held, **named}, expect=1)


@functools.lru_cache(maxsize=64)
def _moving(guard: str, *changed: str) -> Any:
    """Return the statement that changes these columns: there are few, and compiling one costs a send."""
    return (
        sa.update(outbox)
        .where(outbox.c.id == sa.bindparam("moved"), outbox.c[guard] == sa.bindparam("held"))
        .values({name: sa.bindparam(f"new_{name}", type_=outbox.c[name].type) for name in changed})
    )


def cancel_for_person(unit: Unit, person_id: str) -> None:
    """Cancel everything queued to a person who said STOP."""
    unit.write(_cancel_person, {"person": person_id})


def cancel_notifications(unit: Unit, subject: str) -> None:
    """Cancel the notifications still queued about an alert that somebody has, or that is over."""
    unit.write(_cancel_notifications, {"about": subject})


def cancel(unit: Unit, message_id: str) -> None:
    """Cancel one message if it is still queued: it is not true any more."""
    unit.write(_cancel, {"message": message_id})


def cancel_about(unit: Unit, person_id: str, subject: str) -> None:
    """Cancel what is queued to a person about something that is no business of theirs any more."""
    unit.write(_cancel_about, {"person": person_id, "about": subject})


def about(unit: Unit, subject: str) -> Sequence[Message]:
    """Return every message about one thing, oldest first."""
    return [_message(unit, row) for row in unit.read(_about, {"about": subject})]


def has_due(unit: Unit, lane: str, now: datetime) -> bool:
    """Whether anything in this lane is due."""
    return unit.first(_has_due, {"of_lane": lane, "now": now}) is not None


def next_due(unit: Unit) -> datetime | None:
    """Return when the next open message is due."""
    row = unit.first(_next_due)
    return None if row is None else row.due_at


def to_person(unit: Unit, person_id: str, limit: int = 200) -> Sequence[Message]:
    """Return the last messages to a person, newest first."""
    return [_message(unit, row) for row in unit.read(_to_person, {"person": person_id, "most": limit})]


def calls_under_way(unit: Unit, since: datetime) -> Sequence[Message]:
    """Return the calls that are being made, or were begun since then and are not over; oldest first."""
    return [_message(unit, row) for row in unit.read(_calls_under_way, {"since": since})]


def calls_to(unit: Unit, person_id: str) -> Sequence[Message]:
    """Return the calls to a person that are not over, oldest first."""
    return [_message(unit, row) for row in unit.read(_calls_to, {"person": person_id})]


def check_ins_since(unit: Unit, person_id: str, since: datetime) -> Sequence[datetime]:
    """Return when each check-in was begun for a person since then that was sent, or still is to be sent.

    A run's first message is of its first transition; one that a member began by a keyword has none here,
    because its question went back as the answer.
    """
    rows = unit.read(_check_ins_since, {"person": person_id, "since": since, "first": _FIRST})
    return list({row.subject: row.created_at for row in rows}.values()) if rows else ()


def foresee_check_ins(unit: Unit, since: Mapping[str, datetime]) -> None:
    """Ask for many people at once which check-ins were begun for them, for each since a moment of theirs."""
    if not since:
        return
    begun: dict[str, list[Any]] = {}
    asked = {"ids": list_of(since), "since": min(since.values()), "first": _FIRST}
    for row in unit.execute(_check_ins_of_many[unit.dialect], asked):
        if row.created_at >= since[row.person_id]:
            begun.setdefault(row.person_id, []).append(row)
    for person_id, moment in since.items():
        params = {"person": person_id, "since": moment, "first": _FIRST}
        unit.foresee(_check_ins_since, params, begun.get(person_id, []))


def _message(unit: Unit, row: Any) -> Message:
    return Message(
        id=row.id,
        lane=row.lane,
        kind=row.kind,
        channel=row.channel,
        person_id=row.person_id,
        subject=row.subject,
        body=unit.vault.open("outbox.body", row.body),
        state=row.state,
        created_at=row.created_at,
        due_at=row.due_at,
        expires_at=row.expires_at,
        tries=row.tries,
        lease=row.lease,
        first_try_at=row.first_try_at,
        sent_at=row.sent_at,
        carrier_id=row.carrier_id,
        error_code=row.error_code,
    )


_p = sa.bindparam
_is_open = outbox.c.state.in_([sa.literal_column(f"'{state}'") for state in OPEN])
_insert = sa.insert(outbox)
_due = (
    sa.select(outbox.c.id)
    .where(_is_open, outbox.c.lane == _p("of_lane"), outbox.c.due_at <= _p("now"))
    .order_by(outbox.c.due_at)
    .limit(_p("most"))
    .with_for_update(skip_locked=True)
)


def _claiming(due: Any) -> Any:
    return (
        sa.update(outbox)
        .where(outbox.c.id.in_(due))
        .values(
            state=sa.case((outbox.c.state == "queued", "sending"), else_="in_doubt"),
            lease=_p("new_lease"),
            due_at=_p("until"),
            tries=outbox.c.tries + 1,
            first_try_at=sa.func.coalesce(outbox.c.first_try_at, _p("now", type_=Instant)),
        )
        .returning(outbox)
    )


_claim = _claiming(_due)
_claim_texts = _claiming(_due.where(outbox.c.channel == sa.literal_column("'sms'")))
_by_id = sa.select(outbox).where(outbox.c.id == _p("outbox"))
_lease_of = sa.select(outbox.c.id, outbox.c.lease).where(outbox.c.id == _p("outbox"))
_leases_of = for_each(sa.select(outbox.c.id, outbox.c.lease), outbox.c.id)
_cancel_person = (
    sa.update(outbox)
    .where(outbox.c.person_id == _p("person"), outbox.c.state == "queued")
    .values(state="cancelled")
)
_cancel_notifications = (
    sa.update(outbox)
    .where(outbox.c.subject == _p("about"), outbox.c.kind == "notification", outbox.c.state == "queued")
    .values(state="cancelled")
)
_cancel = (
    sa.update(outbox)
    .where(outbox.c.id == _p("message"), outbox.c.state == "queued")
    .values(state="cancelled")
)
_cancel_about = (
    sa.update(outbox)
    .where(outbox.c.person_id == _p("person"), outbox.c.subject == _p("about"), outbox.c.state == "queued")
    .values(state="cancelled")
)
_about = sa.select(outbox).where(outbox.c.subject == _p("about")).order_by(outbox.c.created_at, outbox.c.id)
_has_due = (
    sa.select(outbox.c.id)
    .where(_is_open, outbox.c.lane == _p("of_lane"), outbox.c.due_at <= _p("now"))
    .limit(1)
)
_next_due = sa.select(outbox.c.due_at).where(_is_open).order_by(outbox.c.due_at).limit(1)
_to_person = (
    sa.select(outbox)
    .where(outbox.c.person_id == _p("person"))
    .order_by(outbox.c.created_at.desc(), outbox.c.id.desc())
    .limit(_p("most"))
)
_calls_under_way = (
    sa.select(outbox)
    .where(
        outbox.c.channel == sa.literal_column("'voice'"),
        sa.or_(
            outbox.c.state.in_([sa.literal_column("'sending'"), sa.literal_column("'in_doubt'")]),
            sa.and_(outbox.c.state == sa.literal_column("'sent'"), outbox.c.sent_at > _p("since")),
        ),
    )
    .order_by(outbox.c.created_at, outbox.c.id)
)
_calls_to = (
    sa.select(outbox)
    .where(
        outbox.c.person_id == _p("person"),
        outbox.c.channel == sa.literal_column("'voice'"),
        outbox.c.state.in_([sa.literal_column(f"'{state}'") for state in ("queued", "sending", "sent")]),
    )
    .order_by(outbox.c.created_at, outbox.c.id)
)
_begun = sa.and_(
    outbox.c.kind == "check_in",
    outbox.c.created_at >= _p("since"),
    outbox.c.state.not_in([sa.literal_column(f"'{state}'") for state in ("cancelled", "lapsed")]),
    outbox.c.id.like(sa.func.substr(outbox.c.subject, 5).op("||")(_p("first", type_=sa.Text))),
)
_FIRST = ".1.%"
_check_ins_since = sa.select(outbox.c.subject, outbox.c.created_at).where(
    outbox.c.person_id == _p("person"), _begun
)
_check_ins_of_many = for_each(
    sa.select(outbox.c.person_id, outbox.c.subject, outbox.c.created_at).where(_begun), outbox.c.person_id
)
