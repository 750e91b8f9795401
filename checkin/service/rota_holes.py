"""Holes in the rota, told to staff before they come.

1. `look` reads the rota a week ahead and compares it with what stands on the staff's list.
2. Each hole is told once: a task, and a text to whoever hears of what can't wait, by day.
3. A hole that has been filled since is taken off the list.

What a request does that meets a hole all the same is the requests' business: it goes to the last resort.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from checkin.flow.program import Program
from checkin.service import duty
from checkin.service.app import App
from checkin.service.turn import Turn
from checkin.store import tasks, timers
from checkin.store.unit import Unit
from checkin.timing.rota import Span
from checkin.timing.words import moment_words, span_words

AHEAD = timedelta(days=7)
"""How long before it begins a hole is told: time to ask around, and not so much that nobody knows yet."""

SOON = timedelta(hours=12)
"""A hole that begins so soon is told at any hour: by day it may be too late to fill it."""

MARGIN = timedelta(weeks=4)
"""How much farther is looked, so that a hole keeps its true beginning and end while time passes over it."""


_PREFIX = "rota.hole."


def look(app: App) -> int:
    """Tell staff of holes that they have not been told of. Returns how many stand in the coming week."""
    if app.program.rota is None:
        return 0

    def work(unit: Unit) -> int:
        turn = Turn(app, unit, app.clock.now())
        found = holes(app.program, turn.now)
        _forget_filled(turn, found)
        for id, hole in found.items():
            if _may_be_told(app.program, turn.now, hole) and tasks.by_id(unit, id) is None:
                _tell(turn, id, hole)
        return len(found)

    return app.store.run(work)


def holes(program: Program, now: datetime) -> Mapping[str, Span]:
    """Return the times of the coming week at which nobody is on duty, whole, also one that has begun.

    Each has a name that stays the same while time passes: its end, or else its beginning, whichever is in
    sight. A hole that is filled in part is another one.
    """
    assert program.rota is not None, "a program with a rota"
    first, last = now - MARGIN, now + AHEAD + MARGIN
    found = {}
    for start, end in program.rota.holes(first, last):
        if start <= now + AHEAD and end > now:
            named = f"until.{end:%Y%m%dT%H%M}" if end < last else f"from.{start:%Y%m%dT%H%M}"
            found[_PREFIX + ("always" if end >= last and start <= first else named)] = (start, end)
    return found


def _forget_filled(turn: Turn, found: Container[str]) -> None:
    """Take off the list what is no hole any more, or is over."""
    for task in tasks.on_the_list(turn.unit):
        if task.id.startswith(_PREFIX) and task.id not in found:
            tasks.finish(turn.unit, task, turn.now)
            timers.drop(turn.unit, f"task:{task.id}")


def _may_be_told(program: Program, now: datetime, hole: Span) -> bool:
    """Whether this is an hour at which staff are told of what is days away, on the program's clock."""
    local = now.astimezone(ZoneInfo(program.timezone))
    hours = program.allowed_hours.on(local.isoweekday())
    by_day = hours is not None and hours[0] <= local.time() < hours[1]
    return by_day or hole[0] < now + SOON


def _tell(turn: Turn, id: str, hole: Span) -> None:
    """Put a hole on the staff's list, and text those on duty now and the last resort."""
    app = turn.app
    zone = ZoneInfo(app.program.timezone)
    start, end = (moment.astimezone(zone) for moment in hole)
    note = f"Nobody is on duty {span_words(start, end)}. Fill the rota, or add an override."
    turn.add_task("rota_hole", id=id, member_id=None, subject="rota", note=note)
    told = dict.fromkeys(duty.to_tell(turn, None) + duty.last_resort(turn, None))
    for index, person in enumerate(turn.person(staff_id) for staff_id in told):
        language, now = person.language, turn.now.astimezone(zone)
        begins, ends = (moment_words(moment, now, language) for moment in (start, end))
        key = f"{id}.{index}"
        turn.say(person, "staff_rota_hole", id=key, subject="rota", start=begins, end=ends)
