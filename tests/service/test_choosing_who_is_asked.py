"""At SUPPORT: choosing who is asked, quiet hours that are said and not silent, and the all clear."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from checkin.alert.model import AlertState
from checkin.carrier.base import FailureKind
from tests.service.kit import NUMBERS, Chat

LATE = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
"""Eleven at night in New York."""


def test_support_says_whom_what_and_who_else(quick: Chat) -> None:
    quick.joined("bob", "carmen")
    quick.alice("SUPPORT")
    quick.expect(
        alice="In 5 minutes I will ask Bob to get in touch. I only say you'd like to hear from them. "
        "Or reply CARMEN, ALL, STAFF; NO to stop. Can't wait: call or text 988."
    )


@pytest.mark.parametrize("text", ["Carmen", "carmen please", "ask Carmen instead"])
def test_somebody_else_is_asked_and_nobody_else_hears_of_it(quick: Chat, text: str) -> None:
    quick.joined("bob", "carmen")
    quick.alice("SUPPORT")
    quick.later("4m")
    quick.forget()
    quick.alice(text)
    quick.expect(alice="In 5 minutes I will ask Carmen")
    quick.later("4m")
    quick.expect()
    quick.later("1m")
    quick.expect(alice="I texted Carmen", carmen="would like to hear from you")
    quick.later("30m")
    quick.expect(alice="I told Dana from our staff", dana=NUMBERS["alice"])


def test_all_are_asked_at_once(quick: Chat) -> None:
    quick.joined("bob", "carmen")
    quick.alice("SUPPORT")
    quick.alice("ALL")
    quick.later("5m")
    quick.forget()
    assert len(quick.rows(quick.bob)) == len(quick.rows(quick.carmen))
    quick.carmen("1")
    quick.expect(carmen="I told Alice", bob="somebody else is getting in touch", alice="Carmen answered")


def test_staff_alone_are_asked(chat: Chat) -> None:
    chat.joined("bob")
    chat.alice("SUPPORT")
    chat.alice("staff")
    chat.expect(alice=["I will ask Bob", "In 5 minutes I will ask our staff"])
    chat.later("5m")
    chat.expect(alice="I told Dana", dana=NUMBERS["alice"])


def test_now_is_now(quick: Chat) -> None:
    quick.joined("bob")
    quick.alice("SUPPORT")
    quick.alice("now")
    quick.expect(alice=["In 5 minutes", "I texted Bob"], bob="would like to hear from you")


@pytest.mark.parametrize("text", ["SUPPORT", "how long?", "please hurry"])
def test_until_somebody_is_asked_the_member_hears_that_it_can_go_out_at_once(quick: Chat, text: str) -> None:
    quick.joined("bob")
    quick.alice("SUPPORT")
    quick.forget()
    quick.alice(text)
    quick.expect(alice="It goes out in a few minutes. Reply NOW and it goes at once")
    quick.alice("NOW")
    quick.expect(alice="I texted Bob", bob="would like to hear from you")
    quick.alice(text)
    quick.expect(alice="I have your request and keep asking")


def test_a_choice_can_still_be_taken_back(quick: Chat) -> None:
    quick.joined("bob", "carmen")
    quick.alice("SUPPORT")
    quick.alice("Carmen")
    quick.alice("NO")
    quick.later("1h")
    assert quick.all_alerts()[0].state is AlertState.CANCELLED
    assert quick.carmen.new() == []


def test_a_name_that_was_asked_for_is_an_answer_and_no_choice(quick: Chat) -> None:
    quick.joined("bob", "carmen")
    quick.alice("SUPPORT")
    quick.alice("ADD")
    quick.forget()
    quick.alice("Carmen")
    quick.expect(alice="And what is Carmen's mobile number?")


def test_the_preview_tells_what_this_contact_will_read(quick: Chat) -> None:
    quick.joined("bob")
    quick.alice("bob say more")
    quick.forget()
    quick.alice("SUPPORT")
    quick.expect(alice="I say that you have asked for support. Changed your mind?")


def test_in_spanish(quick: Chat) -> None:
    for text in ("UNIRME", "SÍ", "Alicia", "sí", "Bob", NUMBERS["bob"]):
        quick.alice(text)
    quick.bob("sí")
    quick.forget()
    quick.alice("APOYO")
    quick.alice("equipo")
    quick.expect(
        alice=["le pido a Bob que te busque. Solo digo que quieres hablar.", "le pido a nuestro equipo"]
    )


# ---------------------------------------------------------------- quiet hours


def test_quiet_hours_never_hold_a_request_and_are_said(chat_at: Callable[[datetime], Chat]) -> None:
    chat = chat_at(LATE).joined("bob", "carmen")
    chat.bob("quiet 10pm to 7am")
    chat.forget()
    chat.alice("SUPPORT")
    chat.expect(alice=["In 5 minutes I will ask Carmen", "Bob has quiet hours until tomorrow at 7:00 AM"])
    chat.later("5m")
    chat.expect(alice="I texted Carmen", carmen="would like to hear from you")
    chat.later("3h")
    assert chat.bob.new() == []


def test_who_has_quiet_hours_when_their_turn_comes_is_passed_over_at_once(
    chat_at: Callable[[datetime], Chat],
) -> None:
    chat = chat_at(LATE.replace(hour=2, minute=40)).joined("bob", "carmen")  # 9:40 at night
    chat.carmen("quiet 10pm to 7am")
    chat.alice("SUPPORT")
    chat.later("5m")
    chat.forget()
    chat.later("30m")
    chat.expect(alice="Carmen has quiet hours now, so I asked Dana", dana=NUMBERS["alice"])


def test_when_everybody_sleeps_staff_are_asked(chat_at: Callable[[datetime], Chat]) -> None:
    chat = chat_at(LATE).joined("bob")
    chat.bob("quiet 10pm to 7am")
    chat.forget()
    chat.alice("SUPPORT")
    chat.expect(alice=["In 5 minutes I will ask our staff", "Bob has quiet hours until"])
    chat.later("5m")
    chat.expect(alice="I told Dana", dana=NUMBERS["alice"])


def test_a_contact_who_sleeps_is_not_woken_by_a_choice(chat_at: Callable[[datetime], Chat]) -> None:
    chat = chat_at(LATE).joined("bob", "carmen")
    chat.bob("quiet 10pm to 7am")
    chat.alice("SUPPORT")
    chat.forget()
    chat.alice("Bob")
    chat.expect(alice="Bob has quiet hours until tomorrow at 7:00 AM")
    chat.later("5m")
    chat.expect(alice="I texted Carmen", carmen="would like to hear from you")


def test_the_morning_can_be_waited_for(chat_at: Callable[[datetime], Chat]) -> None:
    chat = chat_at(LATE).joined("bob", "carmen")
    chat.bob("quiet 10pm to 7am")
    chat.alice("SUPPORT")
    chat.forget()
    chat.alice("THEN")
    chat.expect(alice="I ask Bob tomorrow at 7:00 AM")
    assert [alert.state for alert in chat.all_alerts()] == [AlertState.PUT_OFF]
    chat.restart()
    chat.later("7h 59m")
    chat.expect()
    chat.later("1m")
    chat.expect(alice="In 5 minutes I will ask Bob")
    chat.later("5m")
    chat.expect(alice="I texted Bob", bob="would like to hear from you")


@pytest.fixture
def until_morning(chat_at: Callable[[datetime], Chat]) -> Chat:
    """It is late, Bob sleeps, and Alice would rather wait for him than have Carmen asked."""
    chat = chat_at(LATE).joined("bob", "carmen")
    chat.bob("quiet 10pm to 7am")
    for text in ("SUPPORT", "MORNING"):
        chat.alice(text)
    chat.forget()
    return chat


@pytest.mark.parametrize("text", ["STOP", "leave me alone", "stop texting me please"])
def test_stop_while_a_request_waits_for_the_morning_leaves_staff_a_task(
    until_morning: Chat, text: str
) -> None:
    until_morning.alice(text)
    until_morning.forget()
    assert [task.kind for task in until_morning.tasks()] == ["stopped_in_request"]
    until_morning.later("9h")
    assert until_morning.bob.new() == until_morning.alice.new() == []
    assert "Alice asked for support, then wrote STOP" in until_morning.dana.new()[0]


def test_asking_again_while_it_waits_for_the_morning_is_asking_now(until_morning: Chat) -> None:
    until_morning.alice("SUPPORT")
    until_morning.expect(alice=["In 5 minutes I will ask Carmen", "Bob has quiet hours until"])
    until_morning.later("5m")
    until_morning.expect(alice="I texted Carmen", carmen="would like to hear from you")
    assert len(until_morning.all_alerts()) == 1


@pytest.mark.parametrize(
    ("text", "heard"), [("now", "Bob has quiet hours now, so I asked Dana"), ("NO", "I told nobody")]
)
def test_what_waits_for_the_morning_can_be_hurried_up_or_taken_back(
    until_morning: Chat, text: str, heard: str
) -> None:
    until_morning.alice(text)
    assert heard in until_morning.alice.new()[-1]
    until_morning.later("9h")
    assert until_morning.bob.new() == []


@pytest.mark.parametrize("text", ["STOP", "leave"])
def test_whoever_was_waited_for_may_be_gone_by_the_morning(until_morning: Chat, text: str) -> None:
    until_morning.bob(text)
    until_morning.forget()
    until_morning.later("8h")
    until_morning.expect(alice="In 5 minutes I will ask Carmen")
    until_morning.later("5m")
    until_morning.expect(alice="I texted Carmen", carmen="would like to hear from you")


def test_the_carriers_word_that_the_member_opted_out_does_not_drop_it(until_morning: Chat) -> None:
    chat = until_morning
    chat.carrier.refuse(NUMBERS["alice"], FailureKind.OPTED_OUT, "21610")
    chat.alice("SUPPORT")
    chat.alice("THEN")
    chat.bob("1")
    chat.later("9h")
    assert any("would like to hear from you" in text for text in chat.bob.new())


# ---------------------------------------------------------------- all clear


@pytest.mark.parametrize("text", ["I'm OK now", "all clear", "ya estoy bien"])
def test_the_all_clear_reaches_everyone_who_was_told(quick: Chat, text: str) -> None:
    quick.joined("bob", "carmen")
    quick.alice("SUPPORT")
    quick.later("5m")
    quick.later("30m")
    quick.forget()
    quick.alice(text)
    quick.expect(
        alice="I have closed your request",
        bob="Alice says thank you and is OK now",
        carmen="Alice says thank you and is OK now",
    )
    assert quick.all_alerts()[0].state is AlertState.RESOLVED


def test_the_all_clear_reaches_whoever_has_it(quick: Chat) -> None:
    quick.joined("bob")
    quick.alice("SUPPORT")
    quick.later("5m")
    quick.bob("1")
    quick.forget()
    quick.alice("I'm fine now")
    quick.expect(alice="I have closed your request", bob="Alice says thank you and is OK now")


def test_an_all_clear_before_anybody_was_told_is_a_change_of_mind(quick: Chat) -> None:
    quick.joined("bob")
    quick.alice("SUPPORT")
    quick.alice("I'm ok now")
    quick.later("1h")
    quick.expect(alice=["In 5 minutes", "OK, I told nobody"])


def test_words_of_crisis_are_not_taken_back_by_a_text(quick: Chat) -> None:
    quick.joined("bob")
    quick.alice("I want to kill myself")
    quick.forget()
    quick.alice("I'm ok now")
    assert quick.all_alerts()[0].state not in (AlertState.RESOLVED, AlertState.CANCELLED)
