"""After long silence: whether it is still useful, whether it is still the right number, and ways back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from checkin.service import standing
from checkin.store import people
from tests.service.kit import MONDAY, NUMBERS, Chat

ALICE = NUMBERS["alice"]


def heard(chat: Chat, words: str) -> list[str]:
    """Return what Alice heard since the last look that has these words in it."""
    found = [text for text in chat.alice.new() if words in text]
    chat.forget()
    return found


def consents(chat: Chat) -> list[tuple[str, bool, str, str]]:
    """Return what Alice has agreed to and not, oldest first: about, given, words, channel."""
    alice = chat.situation(chat.alice).person.id
    found = chat.app.store.read(lambda unit: people.consents_of(unit, alice))
    return [(one.about, one.given, one.asked.wording, one.channel) for one in found]


@pytest.fixture
def silent(quick: Chat) -> Chat:
    """Alice has not answered six check-ins: four at the end of each day, then one a week."""
    quick.joined("bob")
    quick.later("19d")
    assert quick.situation(quick.alice).person.rhythm.unanswered == 5
    quick.forget()
    quick.later("7d")
    return quick


def test_after_six_unanswered_they_are_asked_whether_it_is_still_useful(silent: Chat) -> None:
    assert len(heard(silent, "still useful to you?")) == 1
    silent.later("30d")
    assert heard(silent, "still useful to you?") == [], "once is enough"


def test_yes_keeps_them_and_they_come_as_before(silent: Chat) -> None:
    silent.forget()
    silent.alice("YES")
    assert heard(silent, "Good to know")
    silent.later("2d")
    assert len(heard(silent, "How are you feeling")) == 2


def test_no_ends_them_and_support_still_works(silent: Chat) -> None:
    silent.forget()
    silent.alice("NO")
    assert heard(silent, "no more check-ins")
    assert silent.situation(silent.alice).member_state == "left"
    silent.later("9d")
    assert heard(silent, "") == []
    assert "I will ask Bob" in silent.alice("SUPPORT")[0]


def test_less_makes_them_fewer(silent: Chat) -> None:
    silent.forget()
    assert "every two weeks" in silent.alice("LESS")[0], "less than the once a week that it has come to"
    assert silent.situation(silent.alice).person.rhythm.unanswered == 0


def test_who_writes_before_it_is_asked_is_not_asked(quick: Chat) -> None:
    quick.joined("bob")
    quick.later("19d")
    quick.alice("hello")
    quick.forget()
    quick.later("7d")
    assert heard(quick, "still useful") == []


# ---------------------------------------------------------------- is it still the right number?


@pytest.fixture
def half_a_year(quick: Chat) -> Chat:
    """Nothing has come from Alice's number for 180 days; her check-ins pause meanwhile."""
    quick.joined("bob")
    quick.app.go_live({"number_check": quick.app.flows["number_check"]})
    quick.until(MONDAY + timedelta(days=179, hours=23))
    assert heard(quick, "still your number") == []
    quick.later("1h 1m")
    return quick


def test_after_half_a_year_of_silence_the_number_is_asked_for(half_a_year: Chat) -> None:
    assert heard(half_a_year, "") == [
        "Hello from Harbor Circle. Is this still your number, Alice? Reply YES or NO."
    ]
    half_a_year.alice("YES")
    assert heard(half_a_year, "Thank you")
    half_a_year.later("179d")
    assert heard(half_a_year, "") == []
    half_a_year.later("2d")
    assert heard(half_a_year, "still your number")


def test_somebody_else_is_left_alone_and_staff_look_for_the_member(half_a_year: Chat) -> None:
    half_a_year.forget()
    half_a_year.alice("no")
    assert heard(half_a_year, "") == ["Sorry to have bothered you. We will not text this number again."]
    assert half_a_year.situation(half_a_year.alice).member_state == "left"
    assert [task.kind for task in half_a_year.tasks()] == ["wrong_number"]
    half_a_year.later("400d")
    assert heard(half_a_year, "") == []


def test_no_answer_is_for_staff(half_a_year: Chat) -> None:
    half_a_year.forget()
    half_a_year.later("11d")
    assert heard(half_a_year, "") == [
        "Harbor Circle again: is this still your number, Alice? YES or NO. We will not ask again."
    ]
    assert [task.kind for task in half_a_year.tasks()] == ["number_unconfirmed"]


def test_every_word_puts_it_off(quick: Chat) -> None:
    quick.joined("bob")
    quick.app.go_live({"number_check": quick.app.flows["number_check"]})
    quick.later("100d")
    quick.alice("hello there")
    quick.forget()
    quick.later("179d")
    assert heard(quick, "still your number") == []
    quick.later("2d")
    assert heard(quick, "still your number")


# ---------------------------------------------------------------- ways back after STOP


def test_start_is_kept_as_what_was_written(quick: Chat) -> None:
    quick.joined("bob")
    quick.alice("STOP")
    quick.alice("Start please")
    assert consents(quick)[-2:] == [
        ("everything", False, "STOP", "sms"),
        ("everything", True, "Start please", "sms"),
    ]


def test_staff_take_back_a_stop_and_it_is_kept_who_and_why(chat: Chat) -> None:
    chat.joined("bob")
    chat.alice("STOP")
    chat.forget()
    assert standing.undo_stop(chat.app, ALICE, staff="Dana", why="asked on the phone")
    chat.settle()
    chat.expect(alice="welcome back")
    assert consents(chat)[-1] == ("everything", True, "Dana: asked on the phone", "staff")
    chat.later("1d")
    assert heard(chat, "How are you feeling"), "whoever had agreed to check-ins gets them again"


@pytest.mark.parametrize("number", [ALICE, NUMBERS["charlie"]])
def test_there_is_nothing_to_take_back(quick: Chat, number: str) -> None:
    quick.joined("bob")
    assert not standing.undo_stop(quick.app, number, staff="Dana", why="nothing")
    quick.expect()
    assert consents(quick)[-1][0] == "check_ins"
