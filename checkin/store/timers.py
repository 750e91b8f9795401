"""Due times in the database: one row a subject, naming the transition that set it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from checkin.store.listed import for_each, list_of
from checkin.store.tables import Instant, timers
from checkin.store.unit import Unit


class Timer(NamedTuple):
    """Wake `subject` (`run:…`, `alert:…`, `schedule:…`, …) at `due_at`, if it is still at `transition`."""

    subject: str
    lane: str
    member_id: str
    transition: int
    due_at: datetime
    after_seconds: int | None = None
    counts_from: str | None = None


def put(unit: Unit, timer: Timer) -> None:
    """Set a subject's timer, replacing the one it had."""
    unit.write(
        _put[unit.dialect],
        {
            "subject": timer.subject,
            "lane": timer.lane,
            "member_id": timer.member_id,
            "transition": timer.transition,
            "due_at": timer.due_at,
            "after_seconds": timer.after_seconds,
            "counts_from": timer.counts_from,
        },
    )


def drop(unit: Unit, subject: str) -> None:
    """Forget a subject's timer."""
    unit.write(_drop, {"timer": subject})


def drop_this(unit: Unit, timer: Timer) -> None:
    """Forget this very timer; one that its subject has been given since stays."""
    unit.write(_drop_this, _this(timer))


def put_off(unit: Unit, timer: Timer, until: datetime) -> None:
    """Let this very timer be due later; one that its subject has been given since stays as it is."""
    unit.write(_put_off, {**_this(timer), "new_due_at": until})


def hold(unit: Unit, timer: Timer, until: datetime) -> None:
    """Give this very timer to nobody before then, and leave it due when it was: it shows as late."""
    unit.write(_hold, {**_this(timer), "until": until})


def drop_all(unit: Unit, prefix: str) -> None:
    """Forget every timer whose subject begins so. A prefix ends in a colon."""
    assert prefix.endswith(":")
    unit.write(_drop_all, {"low": prefix, "high": prefix[:-1] + ";"})  # the byte after the colon


def bring_forward(unit: Unit, prefix: str, now: datetime) -> None:
    """Let every timer whose subject begins so be due now, if it was to be later. A prefix ends in a colon."""
    assert prefix.endswith(":")
    unit.write(_bring_forward, {"low": prefix, "high": prefix[:-1] + ";", "new_due_at": now})


def claim(unit: Unit, *, lane: str, now: datetime, limit: int, lease: timedelta) -> Sequence[Timer]:
    """Claim what is due in this lane, oldest first, for the length of the lease.

    A claim that nobody finishes (a process died) is given to the next one after the lease.
    """
    rows = unit.execute(_claim, {"of_lane": lane, "now": now, "most": limit, "until": now + lease})
    return sorted((_timer(row) for row in rows), key=lambda timer: (timer.due_at, timer.subject))


def still_set(unit: Unit, timer: Timer) -> bool:
    """Whether this very timer is still there, and due when it was.

    Its transition alone would not tell: a schedule's timers all have the same, and one that was done and set
    anew must not be done again by whoever claimed it before.
    """
    return unit.first(_still_set, _this(timer)) is not None


def foresee_still_set(unit: Unit, claimed: Sequence[Timer]) -> None:
    """Ask for many timers at once whether they are still set."""
    rows = unit.execute(_set_now[unit.dialect], {"ids": list_of(timer.subject for timer in claimed)})
    now = {(row.subject, row.transition, row.due_at) for row in rows}
    for timer in claimed:
        found = [timer] if (timer.subject, timer.transition, timer.due_at) in now else []
        unit.foresee(_still_set, _this(timer), found)


def count_from_sending(unit: Unit, subject: str, outbox_id: str, sent_at: datetime) -> None:
    """Let the timer of this subject, if it counts from this outbox row, count from its sending."""
    row = unit.first(_counting_from, {"timer": subject, "outbox": outbox_id})
    if row is not None and row.after_seconds is not None:
        due_at = sent_at + timedelta(seconds=row.after_seconds)
        unit.write(_set_due, {"timer": subject, "outbox": outbox_id, "new_due_at": due_at})


def count_from_another(unit: Unit, subject: str, outbox_id: str, other: str) -> None:
    """Let the timer of this subject, if it counts from one outbox row, count from another."""
    unit.write(_count_from_another, {"timer": subject, "outbox": outbox_id, "other": other})


def foresee_counting(unit: Unit, sent: Mapping[str, str]) -> None:
    """Ask for many messages at once which timers count from them. `sent` has subjects by outbox id."""
    found: dict[tuple[str, str], Any] = {}
    for row in unit.execute(_counting_of[unit.dialect], {"ids": list_of(set(sent.values()))}):
        found[row.subject, row.counts_from] = row
    for outbox_id, subject in sent.items():
        row = found.get((subject, outbox_id))
        unit.foresee(_counting_from, {"timer": subject, "outbox": outbox_id}, [] if row is None else [row])


def next_due(unit: Unit) -> Timer | None:
    """Return the timer that is due next."""
    row = unit.first(_next_due)
    return None if row is None else _timer(row)


def _this(timer: Timer) -> dict[str, Any]:
    return {"timer": timer.subject, "its_transition": timer.transition, "its_due_at": timer.due_at}


def _timer(row: Any) -> Timer:
    return Timer(
        row.subject, row.lane, row.member_id, row.transition, row.due_at, row.after_seconds, row.counts_from
    )


_p = sa.bindparam
_columns = ("lane", "member_id", "transition", "due_at", "after_seconds", "counts_from")


def _upsert(insert: Any) -> Any:
    return insert.on_conflict_do_update(
        index_elements=["subject"],
        set_={**{name: insert.excluded[name] for name in _columns}, "claimed_until": sa.null()},
    )


_put = {"sqlite": _upsert(sqlite.insert(timers)), "postgresql": _upsert(postgresql.insert(timers))}
_is_this = sa.and_(
    timers.c.subject == _p("timer"),
    timers.c.transition == _p("its_transition"),
    timers.c.due_at == _p("its_due_at"),
)
_drop = sa.delete(timers).where(timers.c.subject == _p("timer"))
_begins_so = (timers.c.subject >= _p("low"), timers.c.subject < _p("high"))
_drop_all = sa.delete(timers).where(*_begins_so)
_bring_forward = (
    sa.update(timers)
    .where(*_begins_so, timers.c.due_at > _p("new_due_at", type_=Instant))
    .values(due_at=_p("new_due_at", type_=Instant), claimed_until=None)
)
_due = (
    sa.select(timers.c.subject)
    .where(
        timers.c.lane == _p("of_lane"),
        timers.c.due_at <= _p("now"),
        sa.or_(timers.c.claimed_until.is_(None), timers.c.claimed_until < _p("now")),
    )
    .order_by(timers.c.due_at)
    .limit(_p("most"))
    .with_for_update(skip_locked=True)
)
_claim = (
    sa.update(timers).where(timers.c.subject.in_(_due)).values(claimed_until=_p("until")).returning(timers)
)
_still_set = sa.select(timers.c.subject).where(_is_this)
_set_now = for_each(sa.select(timers.c.subject, timers.c.transition, timers.c.due_at), timers.c.subject)
_drop_this = sa.delete(timers).where(_is_this)
_put_off = sa.update(timers).where(_is_this).values(due_at=_p("new_due_at"), claimed_until=None)
_hold = sa.update(timers).where(_is_this).values(claimed_until=_p("until"))
_counting = (timers.c.subject == _p("timer"), timers.c.counts_from == _p("outbox"))
_counting_from = sa.select(timers.c.after_seconds).where(*_counting)
_counting_of = for_each(
    sa.select(timers.c.subject, timers.c.counts_from, timers.c.after_seconds), timers.c.subject
)
_count_from_another = sa.update(timers).where(*_counting).values(counts_from=_p("other"))
_set_due = sa.update(timers).where(*_counting).values(due_at=_p("new_due_at"))
_next_due = sa.select(timers).order_by(timers.c.due_at).limit(1)
