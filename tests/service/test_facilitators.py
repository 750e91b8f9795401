"""Facilitators: staff of some groups, who are asked about their members and see nobody else."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from checkin.flow.model import StaffTrigger
from checkin.flow.program import Staff
from checkin.service import desk, todo
from checkin.service.desk import NoSuchAlert
from checkin.service.publishing import know_staff
from checkin.service.starting import NotStarted, start
from checkin.service.todo import TaskRefused
from checkin.store import people
from checkin.timing.rota import Override, Rota
from tests.service.kit import MONDAY, NUMBERS, Chat


@pytest.fixture
def chat(quick: Chat) -> Chat:
    """Alice is in the circle, whose facilitator is Charlie; Bob is in none. Dana is there for all."""
    program = quick.app.program
    charlie = Staff("Charlie", NUMBERS["charlie"], "en", on_call=True, groups=("circle",))
    quick.as_program(staff=(*program.staff, charlie), support=replace(program.support, window=timedelta(0)))
    know_staff(quick.app)
    quick.joined().joined(member="bob")
    puts(quick, "alice", "circle")
    quick.forget()
    return quick


def puts(chat: Chat, name: str, group: str | None) -> None:
    person = chat.person(chat.phones[name])
    assert person is not None
    chat.app.store.run(lambda unit: people.set_fields(unit, person.id, {"group": group}))


def request_of(chat: Chat, name: str) -> str:
    person = chat.person(chat.phones[name])
    assert person is not None
    return next(alert.id for alert in chat.all_alerts() if alert.member == person.id)


def test_a_facilitator_is_asked_about_members_of_their_group(chat: Chat) -> None:
    chat.alice("SUPPORT")
    assert any("Alice" in text for text in chat.charlie.new())
    assert any("Alice" in text for text in chat.dana.new())
    chat.charlie("1")
    assert any("Charlie answered" in text for text in chat.alice.new())


@pytest.mark.parametrize("words", ["SUPPORT", "I want to kill myself"])
def test_a_facilitator_hears_nothing_of_anybody_elses_request(chat: Chat, words: str) -> None:
    chat.bob(words)
    chat.later("3h")
    assert any("Bob" in text for text in chat.dana.new())
    assert chat.charlie.new() == []
    chat.charlie("1")
    assert [alert.taken_by for alert in chat.all_alerts()] == [None], "who was not asked takes nothing"


def test_a_strangers_cry_goes_to_those_who_are_there_for_everybody(chat: Chat) -> None:
    chat.carmen("I want to kill myself")
    assert any(NUMBERS["carmen"] in text for text in chat.dana.new())
    assert chat.charlie.new() == []


def test_the_list_by_text_has_only_what_is_about_their_group(chat: Chat) -> None:
    chat.alice("my landlord called again")
    chat.bob("my boss called again")
    chat.forget()
    chat.charlie("TASKS")
    chat.expect(charlie="1 on the list. 1: Alice wrote: my landlord called again")
    for text in ("TAKE 2", "NOTE 2 hello", "DONE 2", "TAKE 99"):
        chat.charlie(text)
    refused = chat.charlie.new()
    assert all("Reply TASKS for what is open" in text for text in refused)
    assert refused[0].replace("2", "99") == refused[3], "that there is a task 2 is not told either"
    assert [task.state for task in chat.tasks()] == ["open", "open"]
    chat.dana("TASKS")
    chat.expect(dana="2 on the list.")
    chat.later("1d 1h")
    heard = chat.charlie.new()
    assert any("task 1" in text for text in heard)
    assert not any("task 2" in text for text in heard)


def test_at_a_computer_they_see_and_move_only_what_is_theirs(chat: Chat) -> None:
    app = chat.app
    chat.alice("SUPPORT")
    chat.bob("SUPPORT")
    assert [one.member for one in desk.open_requests(app)] == ["Alice", "Bob"]
    assert [one.member for one in desk.open_requests(app, "Dana")] == ["Alice", "Bob"]
    assert [one.member for one in desk.open_requests(app, "Charlie")] == ["Alice"]
    theirs, other = request_of(chat, "alice"), request_of(chat, "bob")
    assert desk.history(app, theirs, "Charlie")[0].member == "Alice"
    for refused in (
        lambda: desk.history(app, other, "Charlie"),
        lambda: desk.take(app, other, "Charlie"),
        lambda: desk.note(app, other, "Charlie", "hello"),
        lambda: desk.done(app, other, "Charlie"),
    ):
        with pytest.raises(NoSuchAlert):
            refused()
    desk.done(app, theirs, "Charlie")
    chat.bob("my boss called again")
    number = str(next(task.number for task in chat.tasks() if task.kind == "unread"))
    charlie = desk.who(app, "Charlie")
    assert todo.listed(app, charlie) == []
    with pytest.raises(TaskRefused, match="has no task"):
        todo.shown(app, number, charlie)
    assert todo.shown(app, number, desk.who(app, "Dana")).task.kind == "unread"


def test_they_begin_conversations_with_their_members_only(chat: Chat) -> None:
    daily = chat.app.flows["daily"]
    chat.app.flows["daily"] = replace(daily, start=(*daily.start, StaffTrigger()))
    for wanted in ("Bob", NUMBERS["bob"]):
        with pytest.raises(NotStarted, match="in your groups has this"):
            start(chat.app, "daily", wanted, "Charlie")
    assert start(chat.app, "daily", "Alice", "Charlie").member == "Alice"


def test_who_leaves_the_group_is_no_longer_theirs_to_see(chat: Chat) -> None:
    chat.alice("SUPPORT")
    puts(chat, "alice", None)
    assert [one.member for one in desk.open_requests(chat.app, "Charlie")] == ["Alice"], "they were asked"
    chat.dana("1")
    chat.alice("I'm OK now")
    chat.forget()
    chat.alice("SUPPORT")
    assert any("Alice" in text for text in chat.dana.new())
    assert chat.charlie.new() == []


def test_with_only_another_groups_facilitator_on_duty_the_last_resort_is_asked_at_once(chat: Chat) -> None:
    always = Override(("Charlie",), MONDAY - timedelta(days=1), MONDAY + timedelta(days=9))
    chat.as_program(rota=Rota((), (always,)), last_resort=("Dana",))
    chat.bob("SUPPORT")
    assert any("Bob" in text for text in chat.dana.new())
    assert chat.charlie.new() == []
    assert any("Nobody on duty was there for this member" in task.note for task in chat.tasks())
    chat.alice("SUPPORT")
    assert any("Alice" in text for text in chat.charlie.new())
    assert chat.dana.new() == [], "the last resort waits for who is on duty"
