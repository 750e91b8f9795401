"""The staff's list: taking, noting, finishing, and what happens to what nobody takes.

1. A task comes with the time by which somebody should have taken it: what can't wait soon, the rest in a day.
2. Where nobody has, the staff on duty are texted, then again with the last resort, less and less often.
3. Whoever has taken one and not finished it in time is reminded in the same way.

A task about a request that staff are being asked about anyway is not asked about twice.
Everything here names people: it is for staff, and never for a log.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from checkin.alert.model import Alert, StaffResolved, Took
from checkin.service import duty, requests
from checkin.service.app import App
from checkin.service.deadlines import TOLD_BY_OTHERS, take_within
from checkin.service.turn import Turn
from checkin.store import alerts, people, tasks, timers
from checkin.store.tasks import Entry, Task
from checkin.store.unit import Unit

MOST_REMINDERS = 5
"""After so many, only the list and its figures speak of a task: the texts were not what helps."""

LONGEST_SAID, LONGEST_LISTED = 1000, 160
"""Characters of a task that a text tells, alone and among others: carriers refuse more than 1,600."""


class TaskRefused(Exception):
    """The list has no such task, or it can't be moved like this. The message says so in plain words."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One task with names, and what staff did about it."""

    task: Task
    claimed_by: str | None
    overdue: bool
    entries: Sequence[tuple[datetime, str, str]]

    def to_json(self) -> dict[str, Any]:
        """Return the task as plain JSON values."""
        task = self.task
        return {
            "id": task.id,
            "number": task.number,
            "kind": task.kind,
            "since": task.created_at.isoformat(),
            "due": None if task.due_at is None else task.due_at.isoformat(),
            "overdue": self.overdue,
            "state": task.state,
            "claimed_by": self.claimed_by,
            "note": task.note,
            "history": [{"at": at.isoformat(), "who": who, "what": what} for at, who, what in self.entries],
        }


def listed(app: App, person_id: str | None = None) -> Sequence[Shown]:
    """Return what is not done yet, oldest first; for one of the staff, what is about those they serve."""

    def work(unit: Unit) -> Sequence[Shown]:
        turn = Turn(app, unit, app.clock.now())
        return [_shown(unit, task, turn.now) for task in on_the_list(turn, person_id)]

    return app.store.read(work)


def shown(app: App, name: str, person_id: str | None = None) -> Shown:
    """Return one task by its number or id, with all that staff did about it. Raises `TaskRefused`."""

    def work(unit: Unit) -> Shown:
        turn = Turn(app, unit, app.clock.now())
        return _shown(unit, _named(turn, name, person_id), turn.now)

    return app.store.read(work)


def on_the_list(turn: Turn, person_id: str | None) -> Sequence[Task]:
    """Return what is not done yet and this person on staff may see, oldest first; None sees everything."""
    return [task for task in tasks.on_the_list(turn.unit) if _may_see(turn, task, person_id)]


def _may_see(turn: Turn, task: Task, person_id: str | None) -> bool:
    return person_id in (None, task.claimed_by) or duty.serves(turn, person_id, task.member_id)


def take(turn: Turn, name: str, person_id: str) -> Task:
    """Give a task to one of the staff. Raises `TaskRefused` where another has it or it is done.

    Whoever takes a task about an open request that they were asked about takes the request.
    """
    task = _open(turn, name, person_id)
    if task.claimed_by is not None and task.claimed_by != person_id:
        raise TaskRefused(f"{_name(turn.unit, task.claimed_by)} has this task already.")
    alert = _open_request(turn, task)
    took = alert is not None and alert.taken_by is None and requests.feed(turn, alert, Took(person_id))
    if task.claimed_by is None and not took:  # with the request goes what is on the list about it
        turn.claim_task(task, person_id)
    return task


def note(turn: Turn, name: str, person_id: str, words: str) -> Task:
    """Write something down about a task. Raises `TaskRefused` where there is none, or nothing was written."""
    task = _named(turn, name, person_id)
    if not words.strip():
        raise TaskRefused("There is nothing to write down: put your words behind the number.")
    _entry(turn, task, person_id, "wrote", words.strip())
    return task


def done(turn: Turn, name: str, person_id: str | None) -> Task:
    """Take a task off the list, because a person has dealt with it. Raises `TaskRefused`.

    A task about an open request is finished by closing the request: nothing else would end its reminders.
    """
    task = _open(turn, name, person_id)
    alert = _open_request(turn, task)
    if alert is not None:
        if person_id is None:
            raise TaskRefused("It is about an open request: say who you are, and it is closed with it.")
        requests.feed(turn, alert, StaffResolved(person_id))
    else:
        tasks.finish(turn.unit, task, turn.now)
    _entry(turn, task, person_id, "finished it")
    timers.drop(turn.unit, f"task:{task.id}")
    return task


def overdue(turn: Turn, task_id: str, reminded: int) -> bool:
    """Remind staff of a task whose time is over; return whether it still stands on the list."""
    task = tasks.by_id(turn.unit, task_id)
    if task is None or task.state == "done":
        return False
    if reminded >= MOST_REMINDERS:
        return False
    if task.kind not in TOLD_BY_OTHERS and _open_request(turn, task) is None:
        _remind(turn, task, reminded)
    wait = take_within(task.kind) * 2**reminded
    owner = task.member_id or next(iter(turn.app.staff_ids))
    subject = f"task:{task.id}"
    timers.put(turn.unit, timers.Timer(subject, "routine", owner, reminded + 1, turn.until(wait)))
    return True


def _remind(turn: Turn, task: Task, reminded: int) -> None:
    """Text whoever has it; where nobody has, those on duty, from the second time on the last resort too."""
    here = duty.to_tell(turn, task.member_id) + (duty.last_resort(turn, task.member_id) if reminded else ())
    text = "staff_task_overdue" if task.claimed_by is None else "staff_task_unfinished"
    for person_id in dict.fromkeys((task.claimed_by,) if task.claimed_by else here):
        person = turn.person(person_id)
        id = f"{task.id}.overdue.{reminded}.{task.state}.{person_id}"
        turn.say(person, text, id=id, subject=f"task:{task.id}", number=task.number, task=sentence(task))


def sentence(task: Task, longest: int = LONGEST_SAID) -> str:
    """Return what a task says in a text, such that another sentence may follow.

    It may have a member's own words in it, who end theirs as they like, and write as much as they like.
    """
    note = textwrap.shorten(task.note, longest, placeholder="…")
    return note if note.endswith((".", "!", "?", "…")) else f"{note}."


def _open_request(turn: Turn, task: Task) -> Alert | None:
    """Return the request that a task is about, if it is not over: somebody has it, or staff are reminded."""
    kind, _, alert_id = task.subject.partition(":")
    alert = alerts.by_id(turn.unit, alert_id) if kind == "alert" else None
    if alert is None or alert.timer is None:
        return None
    turn.situation(alert.member)  # its journal number is the lock
    return alert


def _open(turn: Turn, name: str, person_id: str | None) -> Task:
    task = _named(turn, name, person_id)
    if task.state == "done":
        raise TaskRefused(f"Task {task.number} is done already.")
    return task


def _named(turn: Turn, name: str, person_id: str | None) -> Task:
    """Return the task of this number or id, where this person may see it. Raises `TaskRefused`."""
    plain = name.strip().removeprefix("#")
    task = tasks.by_number(turn.unit, int(plain)) if plain.isdecimal() and len(plain) < 10 else None
    task = task or tasks.by_id(turn.unit, name.strip())
    if task is None or not _may_see(turn, task, person_id):
        raise TaskRefused(f"The list has no task {plain}.")
    return task


def _entry(turn: Turn, task: Task, person_id: str | None, what: str, words: str = "") -> None:
    entry = Entry(turn.now, person_id, what, words)
    tasks.write_entry(turn.unit, id=turn.app.new_id(), subject=f"task:{task.id}", entry=entry)


def _shown(unit: Unit, task: Task, now: datetime) -> Shown:
    entries = [
        (one.at, _name(unit, one.person_id) if one.person_id else "somebody", _said(one))
        for one in tasks.entries_about(unit, f"task:{task.id}")
    ]
    late = task.state != "done" and task.due_at is not None and task.due_at <= now
    return Shown(task, _name(unit, task.claimed_by) if task.claimed_by else None, late, entries)


def _said(entry: Entry) -> str:
    return f"{entry.what}: {entry.words}" if entry.words else entry.what


def _name(unit: Unit, person_id: str) -> str:
    person = people.by_id(unit, person_id)
    return person.name or person.number
