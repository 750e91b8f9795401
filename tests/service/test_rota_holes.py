"""Staff hear of a hole in the rota before it comes, once, and no more once it is filled."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from checkin.service import rota_holes
from checkin.service.health import audit_when_due
from checkin.timing.rota import Override, Rota, Shift
from tests.service.kit import MONDAY, Chat, length

ZONE = ZoneInfo("America/New_York")


def on(day: int) -> datetime:
    """Return the midnight at which a day of November begins, on the wall clock."""
    return datetime.fromisoformat(f"2026-11-{day:02}")


DAILY = Shift(("Dana",), on(1), on(2), ZONE, ("FREQ=DAILY",))
"""Dana is on duty all day, every day."""


def free(*days: int) -> Shift:
    """Return Dana's shift, without these days of November."""
    left_out = frozenset(on(day) for day in days)
    return Shift(DAILY.who, DAILY.start, DAILY.end, ZONE, DAILY.rules, left_out=left_out)


def works(chat: Chat, *shifts: Shift, overrides: tuple[Override, ...] = ()) -> None:
    """Let the program have this rota, with Dana behind it."""
    chat.as_program(rota=Rota(shifts, overrides), last_resort=("Dana",))


def look(chat: Chat) -> int:
    """Let the clock look, and deliver what it says."""
    found = rota_holes.look(chat.app)
    chat.settle()
    return found


def test_a_hole_is_told_days_before_it_begins_and_once(chat: Chat) -> None:
    works(chat, free(28))
    assert [look(chat) for _ in range(3)] == [1, 1, 1]
    chat.expect(dana="nobody is on duty from Saturday at 12:00 AM to Sunday at 12:00 AM")
    (task,) = chat.tasks()
    assert task.kind == "rota_hole"
    assert task.note.startswith("Nobody is on duty on Sat 28 Nov from 00:00 to Sun 29 Nov 00:00")
    chat.clock.move_to(MONDAY + timedelta(days=5))
    assert look(chat) == 1
    assert [task.id for task in chat.tasks()] == [task.id], "while it lasts it is the same one"


def test_the_clock_tells_it_when_it_audits(chat: Chat) -> None:
    works(chat, free(28))
    audit_when_due(chat.app)
    chat.settle()
    chat.expect(dana="nobody is on duty from Saturday")
    chat.clock.move_to(MONDAY + length("2m"))
    audit_when_due(chat.app)
    chat.settle()
    chat.expect()


def test_a_hole_that_is_weeks_away_is_not_told_yet(chat: Chat) -> None:
    works(chat, DAILY, overrides=())
    assert look(chat) == 0
    works(chat, free(30))
    assert look(chat) == 1, "midnight of Monday in a week is within seven days"
    works(chat, Shift(DAILY.who, DAILY.start, DAILY.end, ZONE, ("FREQ=DAILY;UNTIL=20261209T000000",)))
    assert look(chat) == 0


def test_a_hole_that_is_filled_leaves_the_list(chat: Chat) -> None:
    works(chat, free(28))
    look(chat)
    start = datetime(2026, 11, 28, tzinfo=ZONE)
    works(chat, free(28), overrides=(Override(("Dana",), start, start + timedelta(days=1)),))
    assert look(chat) == 0
    assert chat.tasks() == []
    assert not [subject for subject in chat.timers() if subject.startswith("task:")]


def test_each_hole_is_told_and_one_filled_in_part_is_told_anew(chat: Chat) -> None:
    works(chat, free(26, 28))
    assert look(chat) == 2
    chat.expect(dana=["from Thursday", "from Saturday"])
    noon = datetime(2026, 11, 28, 12, tzinfo=ZONE)
    works(chat, free(26, 28), overrides=(Override(("Dana",), noon, noon + timedelta(hours=12)),))
    look(chat)
    chat.expect(dana="from Saturday at 12:00 AM to Saturday at 12:00 PM")
    assert len(chat.tasks()) == 2


def test_nobody_is_woken_for_a_hole_that_is_days_away(chat_at: Callable[[datetime], Chat]) -> None:
    chat = chat_at(datetime(2026, 11, 24, 3, 0, tzinfo=ZONE))
    works(chat, free(28))
    look(chat)
    assert chat.tasks() == []
    chat.clock.move_to(datetime(2026, 11, 24, 9, 30, tzinfo=ZONE))
    look(chat)
    chat.expect(dana="nobody is on duty from Saturday")


def test_a_hole_that_begins_tonight_is_told_at_once(chat_at: Callable[[datetime], Chat]) -> None:
    chat = chat_at(datetime(2026, 11, 24, 22, 0, tzinfo=ZONE))
    works(chat, free(25))
    look(chat)
    chat.expect(dana="nobody is on duty from tomorrow at 12:00 AM")


@pytest.mark.parametrize("shifts", [(), (Shift(("Dana",), on(1), on(24), ZONE),)])
def test_a_rota_that_nobody_has_continued_is_one_hole(chat: Chat, shifts: tuple[Shift, ...]) -> None:
    works(chat, *shifts)
    assert look(chat) == 1
    for days in range(1, 4):
        chat.clock.move_to(MONDAY + timedelta(days=days))
        assert look(chat) == 1
    assert len(chat.tasks()) == 1


def test_a_program_without_a_rota_has_no_holes(chat: Chat) -> None:
    assert look(chat) == 0
    chat.expect()
