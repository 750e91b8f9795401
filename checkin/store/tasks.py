"""The staff's list in the database, and what staff wrote about what stands on it.

=======  ==========================================  ==============
state    meaning                                     goes to
=======  ==========================================  ==============
open     waits for somebody of the staff             claimed, done
claimed  somebody has it                             open, done
done     a person has dealt with it                  -
=======  ==========================================  ==============
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from checkin.store.tables import staff_notes, tasks
from checkin.store.unit import Unit


@dataclass(frozen=True, slots=True)
class Task:
    """One thing on the staff's list. `number` is how staff call it; `claimed_by` the person who has it.

    `due_at` is when somebody should have taken it, or, once taken, finished it.
    """

    id: str
    kind: str
    member_id: str | None
    subject: str
    note: str
    state: str
    created_at: datetime
    number: int
    due_at: datetime | None = None
    claimed_by: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that staff did about a task or a request: when, who (a person's id), what, in which words."""

    at: datetime
    person_id: str | None
    what: str
    words: str


def next_number(unit: Unit) -> int:
    """Return the number that comes after those of all tasks so far."""
    row = unit.first(_last_number)
    return 1 if row is None or row.number is None else int(row.number) + 1


def add(unit: Unit, task: Task) -> None:
    """Put something on the staff's list. Another with the same number makes the unit a conflict."""
    unit.write(
        _insert,
        {
            "id": task.id,
            "kind": task.kind,
            "member_id": task.member_id,
            "subject": task.subject,
            "note": unit.vault.seal("tasks.note", task.note),
            "state": task.state,
            "created_at": task.created_at,
            "number": task.number,
            "due_at": task.due_at,
        },
    )


def on_the_list(unit: Unit) -> Sequence[Task]:
    """Return what is not done yet, oldest first."""
    return [_task(unit, row) for row in unit.read(_on_the_list)]


def is_listed(unit: Unit, kind: str, member_id: str) -> bool:
    """Whether something of this kind is on the list about a member."""
    return unit.first(_listed_of, {"task_kind": kind, "member": member_id}) is not None


def is_listed_about(unit: Unit, kind: str, subject: str) -> bool:
    """Whether something of this kind is on the list about one thing."""
    return unit.first(_listed_about, {"task_kind": kind, "about": subject}) is not None


def by_id(unit: Unit, task_id: str) -> Task | None:
    """Return one task, done or not."""
    row = unit.first(_by_id, {"task": task_id})
    return None if row is None else _task(unit, row)


def by_number(unit: Unit, number: int) -> Task | None:
    """Return the task with this number, done or not."""
    row = unit.first(_by_number, {"of_number": number})
    return None if row is None else _task(unit, row)


def claim(unit: Unit, task: Task, person_id: str, due_at: datetime) -> None:
    """Give an open task to somebody; a Conflict where another was faster."""
    values = {"task": task.id, "was": task.state, "new_by": person_id, "new_due_at": due_at}
    unit.write(_claim, values, expect=1)


def finish(unit: Unit, task: Task, at: datetime) -> None:
    """Take something off the list; a Conflict where it has moved since it was read."""
    unit.write(_finish, {"task": task.id, "was": task.state, "new_done_at": at}, expect=1)


def finish_about(unit: Unit, subject: str, at: datetime) -> None:
    """Take everything about this subject off the list: it is settled."""
    unit.write(_finish_about, {"about": subject, "new_done_at": at})


def finish_kind(unit: Unit, kind: str, subject: str, at: datetime) -> None:
    """Take everything of this kind about one thing off the list, if there is any."""
    unit.write(_finish_kind, {"task_kind": kind, "about": subject, "new_done_at": at})


def write_entry(unit: Unit, *, id: str, subject: str, entry: Entry) -> None:
    """Keep what staff did about a task (`task:…`) or a request (`alert:…`)."""
    unit.write(
        _insert_entry,
        {
            "id": id,
            "subject": subject,
            "person_id": entry.person_id,
            "what": entry.what,
            "words": unit.vault.seal("staff_notes.words", entry.words),
            "at": entry.at,
        },
    )


def entries_about(unit: Unit, subject: str) -> Sequence[Entry]:
    """Return what staff did about this subject, oldest first."""
    return [
        Entry(row.at, row.person_id, row.what, unit.vault.open("staff_notes.words", row.words))
        for row in unit.read(_entries_about, {"about": subject})
    ]


def _task(unit: Unit, row: Any) -> Task:
    return Task(
        id=row.id,
        kind=row.kind,
        member_id=row.member_id,
        subject=row.subject,
        note=unit.vault.open("tasks.note", row.note),
        state=row.state,
        created_at=row.created_at,
        number=row.number,
        due_at=row.due_at,
        claimed_by=row.claimed_by,
    )


_p = sa.bindparam
_last_number = sa.select(sa.func.max(tasks.c.number).label("number"))
_insert = sa.insert(tasks)
_on_the_list = sa.select(tasks).where(tasks.c.state.in_(("open", "claimed"))).order_by(tasks.c.number)
_listed_of = (
    sa.select(tasks.c.id)
    .where(tasks.c.state != "done", tasks.c.kind == _p("task_kind"), tasks.c.member_id == _p("member"))
    .limit(1)
)
_listed_about = (
    sa.select(tasks.c.id)
    .where(tasks.c.state != "done", tasks.c.kind == _p("task_kind"), tasks.c.subject == _p("about"))
    .limit(1)
)
_by_id = sa.select(tasks).where(tasks.c.id == _p("task"))
_by_number = sa.select(tasks).where(tasks.c.number == _p("of_number"))
_moves = sa.update(tasks).where(tasks.c.id == _p("task"), tasks.c.state == _p("was"))
_claim = _moves.values(state="claimed", claimed_by=_p("new_by"), due_at=_p("new_due_at"))
_finish = _moves.values(state="done", done_at=_p("new_done_at"))
_finish_about = (
    sa.update(tasks)
    .where(tasks.c.subject == _p("about"), tasks.c.state != "done")
    .values(state="done", done_at=_p("new_done_at"))
)
_finish_kind = (
    sa.update(tasks)
    .where(tasks.c.state != "done", tasks.c.kind == _p("task_kind"), tasks.c.subject == _p("about"))
    .values(state="done", done_at=_p("new_done_at"))
)
_insert_entry = sa.insert(staff_notes)
_entries_about = (
    sa.select(staff_notes)
    .where(staff_notes.c.subject == _p("about"))
    .order_by(staff_notes.c.at, staff_notes.c.id)
)
