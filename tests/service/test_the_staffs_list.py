"""The staff's list: by text, with reminders of what nobody takes, settled with the request it is about."""

from __future__ import annotations

import pytest

from checkin.flow.program import Staff
from checkin.service import desk, list_by_text, todo
from checkin.service.list_by_text import Command
from checkin.service.publishing import know_staff
from checkin.store import tasks
from tests.service.kit import NUMBERS, Chat


@pytest.fixture
def asked(quick: Chat) -> Chat:
    """Alice has written something that a person should read."""
    quick.joined()
    quick.alice("my landlord called again")
    quick.forget()
    return quick


def states(chat: Chat) -> list[tuple[int, str]]:
    rows = chat.app.store.read(lambda unit: unit.read(tasks.tasks.select().order_by(tasks.tasks.c.number)))
    return [(row.number, row.state) for row in rows]


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("TASKS", Command("list")),
        ("tareas.", Command("list")),
        ("take 12", Command("take", "12")),
        ("Tomo #12!", Command("take", "12")),
        ("done12", Command("done", "12")),
        ("Hecho 12", Command("done", "12")),
        ("NOTE 12: called, no answer\nagain at 5", Command("note", "12", "called, no answer\nagain at 5")),
        ("nota 3 llamé", Command("note", "3", "llamé")),
        ("note 12", Command("note", "12")),
        ("take 12 pills", None),
        ("I am done", None),
        ("done", None),
        ("1", None),
        ("stop", None),
        ("note 12345678901234", None),
    ],
)
def test_what_staff_write_to_their_list(text: str, command: Command | None) -> None:
    assert list_by_text.command_in(text) == command


def test_staff_take_note_and_finish_by_text(asked: Chat) -> None:
    asked.dana("TASKS")
    asked.expect(dana="1 on the list. 1: Alice wrote: my landlord called again. Reply TAKE, NOTE or DONE")
    asked.dana("TAKE 1")
    asked.expect(dana="1 is yours: Alice wrote")
    asked.dana("NOTE 1 Called her. She will see a lawyer on Monday; I want to die of this heat")
    asked.expect(dana="Written down for 1")
    asked.dana("DONE 1")
    asked.expect(dana="1 is off the list")
    asked.dana("TASKS")
    asked.expect(dana="nothing waits on the staff's list")
    one = todo.shown(asked.app, "1")
    assert [(who, what.split(":")[0]) for _, who, what in one.entries] == [
        ("Dana", "took it"),
        ("Dana", "wrote"),
        ("Dana", "finished it"),
    ]
    assert asked.all_alerts() == [], "what staff note about somebody is no cry of their own"


def test_however_much_members_write_the_list_is_a_text_that_carriers_take(quick: Chat) -> None:
    quick.joined()
    for number in range(list_by_text.MOST_LISTED):
        quick.alice(f"my landlord {number} " + "and then he called again " * 50)
    quick.forget()
    quick.dana("TASKS")
    (listed,) = quick.dana.new()
    assert len(listed) < 1600
    assert listed.count("Alice wrote: my landlord") == listed.count("…") == list_by_text.MOST_LISTED
    quick.dana("TAKE 1")
    (taken,) = quick.dana.new()
    assert todo.LONGEST_LISTED < len(taken) < 1600


def test_words_for_the_list_from_somebody_else_are_only_words(asked: Chat) -> None:
    asked.alice("DONE 1")
    assert states(asked)[0] == (1, "open")


@pytest.mark.parametrize("text", ["TAKE 9", "DONE 1", "TAKE 1", "NOTE 9 hello"])
def test_what_cannot_be_done_is_said(asked: Chat, text: str) -> None:
    asked.dana("DONE 1")
    asked.forget()
    asked.dana(text)
    asked.expect(dana="Reply TASKS for what is open")


def test_a_task_that_nobody_takes_is_told_to_staff_less_and_less_often(asked: Chat) -> None:
    asked.later("23h")
    assert asked.dana.new() == []
    asked.later("1h")
    (heard,) = asked.dana.new()
    assert heard == (
        "Harbor Circle: nobody has taken task 1 yet. Alice wrote: my landlord called again. "
        "Reply TAKE 1 if you will."
    )
    asked.later("60d")
    assert sum("nobody has taken task 1" in text for text in asked.dana.new()) == todo.MOST_REMINDERS - 1


def test_a_task_that_was_taken_is_asked_about_at_whoever_has_it(asked: Chat) -> None:
    program = asked.app.program
    asked.as_program(staff=(*program.staff, Staff("Charlie", NUMBERS["charlie"], "en", on_call=True)))
    know_staff(asked.app)
    asked.charlie("TAKE 1")
    asked.later("47h")
    asked.forget()
    asked.later("1h")
    assert any("task 1 is yours and still open" in text for text in asked.charlie.new())
    assert not any("task 1" in text for text in asked.dana.new())
    asked.dana("TAKE 1")
    assert any("somebody else has it" in text for text in asked.dana.new())
    asked.charlie("DONE 1")
    asked.forget()
    asked.later("60d")
    assert not any("task 1" in text for text in asked.charlie.new())


def test_staff_are_not_asked_twice_about_one_request(quick: Chat) -> None:
    quick.joined("bob")
    quick.alice("SUPPORT")
    quick.later("5m")
    quick.bob("2")
    quick.later("15m")
    assert [state for _, state in states(quick)] == ["open"]
    quick.forget()
    quick.later("5h")
    assert not any("task" in text for text in quick.dana.new()), "the request itself reminds them"
    quick.dana("1")
    assert [state for _, state in states(quick)] == ["claimed"]
    assert quick.tasks()[0].claimed_by in quick.app.staff_ids


def test_taking_and_finishing_what_is_about_a_request_takes_and_closes_the_request(quick: Chat) -> None:
    quick.joined("bob")
    quick.alice("SUPPORT")
    quick.later("36m")
    quick.later("15m")
    quick.forget()
    quick.dana("TAKE 1")
    quick.expect(
        dana=["I told Alice that you will be in touch", "1 is yours"],
        alice="Dana answered",
        bob="Dana is getting in touch with Alice",
    )
    assert [state for _, state in states(quick)] == ["claimed"]
    quick.dana("DONE 1")
    quick.expect(dana="1 is off the list", alice="I have closed your request")
    assert [state for _, state in states(quick)] == ["done"]
    assert [alert.state.value for alert in quick.all_alerts()] == ["resolved"]


def test_a_request_that_is_over_is_off_the_list(quick: Chat) -> None:
    quick.joined()
    quick.alice("SUPPORT")
    quick.later("20m")
    assert [state for _, state in states(quick)] == ["open"]
    desk.done(quick.app, quick.all_alerts()[0].id, "Dana")
    assert [state for _, state in states(quick)] == ["done"]


def test_two_tasks_of_one_moment_have_numbers_of_their_own(quick: Chat) -> None:
    quick.joined()
    for words in ("one", "two", "three"):
        quick.alice(f"some words: {words}")
    numbers = [number for number, _ in states(quick)]
    assert numbers == sorted(set(numbers))
