"""Answers about a request that were once taken for something else, with what they mean now."""

from __future__ import annotations

import pytest

from checkin.alert.model import AlertState
from checkin.conversation.nobody_came import says_nobody_came
from tests.service.kit import Chat


def states(chat: Chat) -> list[AlertState]:
    return [alert.state for alert in chat.all_alerts()]


def taken(chat: Chat, *contacts: str) -> Chat:
    """Let Alice ask, and Bob take it."""
    chat.joined(*contacts)
    chat.alice("SUPPORT")
    chat.later("5m")
    chat.bob("1")
    chat.forget()
    return chat


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("nobody called me", True),
        ("No one has even texted me today", True),
        ("but Bob never called", True),
        ("he didn't get in touch", True),
        ("They still haven't called me", True),
        ("Nadie me llamó", True),
        ("Bob no me ha escrito", True),
        ("todavía no me llamaron", True),
        ("I didn't call", False),
        ("my mom never called", False),
        ("nobody", False),
        ("no", False),
        ("nobody called Alice lives here and she never came to this house, so please look elsewhere", False),
    ],
)
def test_what_says_that_nobody_came(text: str, says: bool) -> None:
    assert says_nobody_came(text, "Bob") is says


def test_nobody_called_me_was_taken_for_a_wrong_number_and_ended_all_texts(quick: Chat) -> None:
    taken(quick, "bob")
    quick.alice("nobody called me")
    quick.expect(alice="I have asked our staff to get in touch with you", dana="Alice asks for a person")
    assert states(quick) == [AlertState.WITH_STAFF]


def test_nobody_came_while_another_question_waits_opens_it_again(quick: Chat) -> None:
    taken(quick, "bob")
    quick.later("7h")
    quick.forget()
    quick.alice("Bob never called")
    quick.expect(alice="I have asked our staff to get in touch with you", dana="Alice asks for a person")
    assert [flow for flow, _ in quick.waiting(quick.alice)] == ["daily"]


def test_a_no_that_names_whom_one_has_taken_was_given_to_somebody_else(quick: Chat) -> None:
    quick.joined("bob").joined("bob", member="carmen")
    for member in (quick.alice, quick.carmen):
        member("SUPPORT")
    quick.later("5m")
    quick.bob("1 Alice")
    quick.forget()
    quick.bob("2 Alice")
    quick.expect(
        alice="I told Dana from our staff",
        bob=["We keep looking for somebody for Alice", "Carmen is still hoping"],
        dana="Alice asks for a person",
    )
    assert [alert.taken_by for alert in quick.all_alerts()] == [None, None]


def test_i_am_ok_now_was_taken_for_a_no_to_somebody_else(quick: Chat) -> None:
    """Alice and Bob ask at the same time, and each has taken the other's request."""
    quick.joined("bob").joined("alice", member="bob")
    for member in (quick.alice, quick.bob):
        member("SUPPORT")
    quick.later("5m")
    quick.alice("1")
    quick.bob("1")
    quick.forget()
    quick.alice("I'm OK now")
    quick.expect(alice="I have closed your request", bob="Alice says thank you and is OK now")
    assert states(quick) == [AlertState.RESOLVED, AlertState.ACKNOWLEDGED]


def test_who_was_taken_off_without_a_word_learnt_it_from_our_answers(quick: Chat) -> None:
    taken(quick, "bob", "carmen")
    quick.alice("remove bob")
    quick.forget()
    quick.bob("1")
    quick.expect(bob="no request is waiting for an answer from you")
    quick.bob("I will go and see her")
    quick.expect(bob="Our staff will read it")


def test_a_contact_in_a_crisis_was_told_that_support_texts_somebody(quick: Chat) -> None:
    quick.joined("bob")
    quick.bob("I want to kill myself")
    (said,) = quick.bob.new()
    assert "call or text 988" in said
    assert "SUPPORT" not in said
    assert any("wrote words that sound like a crisis" in text for text in quick.dana.new())


def test_what_staff_write_is_on_the_list_and_they_hear_what_is_understood(quick: Chat) -> None:
    quick.joined()
    quick.dana("she is at her sister's until Friday")
    quick.expect(dana="it is on the staff's list now. I understand 1 or 2 for a request, TASKS")
    assert [task.note for task in quick.tasks()] == ["Dana wrote: she is at her sister's until Friday"]


def test_all_who_are_asked_at_once_are_named(quick: Chat) -> None:
    quick.joined("bob", "carmen")
    quick.alice("SUPPORT")
    quick.forget()
    quick.alice("all")
    quick.expect(alice="In 5 minutes I will ask Bob and Carmen to get in touch.")
    quick.later("5m")
    assert any("I texted Bob and Carmen at" in text for text in quick.alice.new())


def test_hours_that_cannot_be_read_are_answered_with_how_they_are_written(quick: Chat) -> None:
    quick.joined("bob")
    for text in ("bob quiet", "bob quiet 25-3"):
        quick.alice(text)
        quick.expect(alice="QUIET 10pm-7am")
