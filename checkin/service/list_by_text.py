"""Staff work at their list by text: TASKS, TAKE 12, NOTE 12 …, DONE 12.

Knows the words and their answers. Must not know what a task is about.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from checkin.flow.model import Value
from checkin.service import todo
from checkin.service.todo import TaskRefused
from checkin.service.turn import Turn
from checkin.store.situations import Person

MOST_LISTED = 5
"""So many are told in one text; the whole list is `checkin tasks list`."""

_WORDS = {
    "tasks": "list", "tareas": "list", "take": "take", "tomo": "take",
    "note": "note", "nota": "note", "done": "done", "hecho": "done",
}  # fmt: skip
_COMMAND = re.compile(
    r"\s*(?:(?P<all>tasks|tareas)[\s.!?]*|(?P<word>take|tomo|note|nota|done|hecho)\s*#?(?P<number>\d{1,9})\b"
    r"[\s.:,!-]*(?P<words>.*))\s*",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Command:
    """What one of the staff wants of the list; `number` is empty for the whole of it."""

    what: Literal["list", "take", "note", "done"]
    number: str = ""
    words: str = ""


def command_in(text: str) -> Command | None:
    """Return the command that a text of the staff is, if it is one. Words behind a TAKE make it none."""
    found = _COMMAND.fullmatch(text)
    if found is None:
        return None
    if found["all"]:
        return Command("list")
    what = _WORDS[found["word"].lower()]
    words = found["words"].strip()
    match what:
        case "note":
            return Command("note", found["number"], words)
        case "take" if not words:
            return Command("take", found["number"])
        case "done" if not words:
            return Command("done", found["number"])
        case _:
            return None


def obey(turn: Turn, staff: Person, command: Command, *, key: str) -> None:
    """Do what one of the staff wants of the list, and answer."""

    def say(text: str, **values: Value) -> None:
        turn.say(staff, text, id=f"{key}.list", subject=f"person:{staff.id}", lane="routine", **values)

    try:
        match command.what:
            case "list":
                _say_list(turn, staff, key)
            case "take":
                task = todo.take(turn, command.number, staff.id)
                say("staff_task_taken", number=task.number, task=todo.sentence(task))
            case "note":
                task = todo.note(turn, command.number, staff.id, command.words)
                say("staff_task_noted", number=task.number)
            case "done":
                task = todo.done(turn, command.number, staff.id)
                say("staff_task_done", number=task.number)
    except TaskRefused:
        say("staff_task_refused", number=command.number)


def _say_list(turn: Turn, staff: Person, key: str) -> None:
    """Tell what nobody has yet, then what is theirs, the most pressing first."""
    mine = [one for one in todo.on_the_list(turn, staff.id) if one.claimed_by in (None, staff.id)]
    mine.sort(key=lambda one: (one.claimed_by is not None, one.due_at or one.created_at))
    text = "staff_tasks" if mine else "staff_tasks_none"
    lines = " ".join(f"{one.number}: {todo.sentence(one, todo.LONGEST_LISTED)}" for one in mine[:MOST_LISTED])
    subject = f"person:{staff.id}"
    turn.say(staff, text, id=f"{key}.list", subject=subject, count=len(mine), tasks=lines)
