"""Two robots answer each other: it ends, and nobody who needs a person is cut off by that."""

from __future__ import annotations

import pytest

from tests.service.kit import Chat, Phone

LINES = (
    "Welcome to Main Street Laundry, today we have {n} dryers free",
    "Did you know that dryer {n} is on offer",
    "Main Street Laundry thanks you, your points are {n}",
    "Rate your visit number {n}",
)


def robot(chat: Chat, phone: Phone, every: str, most: int = 200) -> int:
    """Let a robot answer each of our answers, in other words each time; return how many of them it got."""
    for count in range(most):
        answers = phone(LINES[count % len(LINES)].format(n=count))
        chat.later(every)
        if not answers:
            return count
    return most


@pytest.mark.parametrize(
    ("name", "every"), [("charlie", "2s"), ("alice", "2s"), ("bob", "15s"), ("alice", "4m")]
)
def test_two_robots_fall_silent(quick: Chat, name: str, every: str) -> None:
    quick.joined("bob")
    got = robot(quick, quick.phones[name], every)
    assert got <= 81
    [task] = [task for task in quick.tasks() if task.kind == "loop"]
    assert "perhaps a machine" in task.note
    assert sum("quiet for a while" in text for text in quick.phones[name].new()) == 1


def test_a_silent_robot_stays_silent_and_is_on_the_list_once(chat: Chat) -> None:
    chat.joined("bob")
    for count in range(60):
        chat.charlie(LINES[count % 4].format(n=count))
    assert len(chat.charlie.new()) == 31
    assert [task.kind for task in chat.tasks()].count("loop") == 1


def test_when_it_is_quieter_answers_come_again(quick: Chat) -> None:
    quick.joined("bob")
    robot(quick, quick.charlie, "2s")
    quick.charlie.new()
    quick.later("11m")
    quick.charlie("hello?")
    assert "This is Harbor Circle" in quick.charlie.new()[0]


@pytest.fixture
def wild(quick: Chat) -> Chat:
    """Alice has written so much that she gets no more answers."""
    quick.joined("bob")
    robot(quick, quick.alice, "1s")
    quick.forget()
    assert quick.alice("and another thing") == ()
    return quick


@pytest.mark.parametrize("text", ["SUPPORT", "please call me", "I need someone to talk to"])
def test_support_always_works(wild: Chat, text: str) -> None:
    assert "I will ask Bob" in wild.alice(text)[0]
    wild.later("5m")
    assert "would like to hear from you" in wild.bob.new()[0]


def test_words_of_crisis_always_work(wild: Chat) -> None:
    assert "call or text 988" in wild.alice("I want to kill myself")[0]
    assert "Please call" in wild.dana.new()[0]


def test_stop_and_start_always_work(wild: Chat) -> None:
    assert "no more texts from us" in wild.alice("STOP")[0]
    assert "welcome back" in wild.alice("START")[0]


def test_support_beside_an_answer_always_works(wild: Chat) -> None:
    wild.later("13h")
    wild.alice("CHECKIN")
    robot(wild, wild.alice, "1s")
    wild.forget()
    wild.alice("2, can someone call me?")
    assert wild.situation(wild.alice).has_alert


def test_a_request_can_be_taken_back_and_taken_by_others(wild: Chat) -> None:
    wild.alice("SUPPORT")
    assert "I told nobody" in wild.alice("NO")[0]
    wild.alice("SUPPORT")
    wild.later("5m")
    robot(wild, wild.bob, "1s", most=40)
    wild.forget()
    wild.bob("1")
    assert "Bob answered" in wild.alice.new()[0]


def test_the_conversation_of_a_person_is_far_from_the_limit(quick: Chat) -> None:
    for text in ("JOIN", "YES", "Alice", "YES", "Bob", "+12025550102", "CHECKIN", "3", "I had a hard day"):
        assert quick.alice(text)
        quick.later("20s")
    assert [task.kind for task in quick.tasks() if task.kind == "loop"] == []
