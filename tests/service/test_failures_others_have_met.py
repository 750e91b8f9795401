"""What went wrong with requests in systems that do parts of this job; each test is named after the failure.

`docs/failures.md` lists these, and where other failures of the field have their tests.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from checkin.alert.model import AlertState
from checkin.carrier.base import FailureKind
from tests.service.kit import NUMBERS, Chat


def asked(chat: Chat, *contacts: str) -> Chat:
    """Let Alice have these contacts and ask, and her change-of-mind time pass."""
    chat.joined(*contacts)
    chat.alice("SUPPORT")
    chat.later("5m")
    chat.forget()
    return chat


def state(chat: Chat) -> AlertState:
    return chat.all_alerts()[0].state


def with_calls(chat: Chat) -> Chat:
    """Let whoever has not answered a text be called after ten minutes."""
    support = replace(chat.app.program.support, call_after=timedelta(minutes=10))
    chat.as_program(support=support)
    return chat


@pytest.mark.parametrize("minutes", [1, 29, 30, 45])
def test_an_escalation_that_waited_while_the_process_restarted_never_resumed(
    quick: Chat, minutes: int
) -> None:
    asked(quick, "bob", "carmen")
    quick.stand_still(f"{minutes}m")
    quick.restart()
    quick.settle()
    quick.later("30m")
    assert any("Alice would like to hear from you" in text for text in quick.carmen.new())
    quick.restart()
    quick.later("1h")
    assert state(quick) is AlertState.WITH_STAFF
    assert quick.dana.new() != []


def test_an_acknowledgement_did_not_stop_the_texts_and_calls_to_everybody_else(quick: Chat) -> None:
    with_calls(quick).joined("bob", "carmen")
    for text in ("SUPPORT", "ALL", "now"):
        quick.alice(text)
    quick.forget()
    quick.bob("1")
    quick.forget()
    quick.later("6h")
    assert quick.carmen.new() == quick.dana.new() == []
    assert [row for row in quick.rows(quick.carmen) if row.channel == "voice"] == []


def test_those_who_were_told_never_heard_that_somebody_had_it(quick: Chat) -> None:
    asked(quick, "bob", "carmen")
    quick.later("1h 10m")
    quick.forget()
    quick.bob("1")
    quick.expect(
        alice="Bob answered",
        bob="I told Alice",
        carmen="somebody else is getting in touch with Alice",
        dana="Bob is getting in touch with Alice",
    )


def test_one_bad_number_kept_everybody_behind_it_waiting(quick: Chat) -> None:
    quick.joined("bob", "carmen")
    quick.carrier.refuse(NUMBERS["bob"], FailureKind.PERMANENT, "21211")
    quick.alice("SUPPORT")
    quick.later("5m")
    assert "Alice would like to hear from you" in quick.carmen.new()[0]


def test_when_nobody_has_a_usable_number_the_request_ended_in_silence(quick: Chat) -> None:
    quick.joined("bob", "carmen")
    for name in ("bob", "carmen", "dana"):
        quick.carrier.refuse(NUMBERS[name], FailureKind.PERMANENT, "21211", times=50)
    quick.alice("SUPPORT")
    quick.later("1h")
    assert state(quick) is AlertState.WITH_STAFF
    assert "alert_unanswered" in [task.kind for task in quick.tasks()]
    assert any("Nobody has answered yet" in text for text in quick.alice.new())


@pytest.mark.parametrize("report", ["delivered", "failed"])
def test_a_call_that_completed_without_a_word_counted_as_an_answer(quick: Chat, report: str) -> None:
    """Twilio says `completed` of a machine, of a pocket, and of somebody who put the phone down."""
    asked(with_calls(quick), "bob", "carmen")
    quick.calls_are_left = True
    quick.later("10m")
    (call,) = [row for row in quick.rows(quick.bob) if row.channel == "voice"]
    quick.report(call.id, report, carrier_id=call.carrier_id or "")
    quick.settle()
    quick.expect(alice="I have now asked Carmen", bob=call.body, carmen="Alice would like to hear from you")
    assert quick.all_alerts()[0].taken_by is None


def test_a_request_that_was_taken_and_not_followed_up_stayed_open_for_days(quick: Chat) -> None:
    asked(quick, "bob")
    quick.bob("1")
    quick.forget()
    quick.later("2d 18h")
    assert any("did you get to talk with Alice?" in text for text in quick.bob.new())
    assert state(quick) is AlertState.WITH_STAFF
    assert "check_taken" in [task.kind for task in quick.tasks()]
    assert any("Alice" in text for text in quick.dana.new())


def test_quiet_hours_held_an_urgent_message_in_silence(chat_at: Callable[[datetime], Chat]) -> None:
    chat = chat_at(datetime(2026, 11, 24, 7, 0, tzinfo=UTC)).joined("bob")  # two at night in New York
    chat.bob("quiet 10pm to 7am")
    chat.forget()
    chat.alice("SUPPORT")
    assert any("Bob has quiet hours until" in text for text in chat.alice.new())
    chat.later("5m")
    chat.expect(alice="I told Dana from our staff", dana="Alice asks for a person")


def test_the_programs_hours_held_an_urgent_message(chat_at: Callable[[datetime], Chat]) -> None:
    chat = asked(chat_at(datetime(2026, 11, 24, 7, 0, tzinfo=UTC)), "bob")
    assert [row.state for row in chat.rows(chat.bob)][-1] == "delivered"


def test_invitations_were_pumped_for_money(quick: Chat) -> None:
    """Whatever one member tries in an hour, only a few texts go to numbers that have not agreed."""
    quick.joined()
    for index in range(40):
        quick.alice(f"add Kim 2025551{index:03}")
    invited = {out.to for out in quick.carrier.sent} - set(NUMBERS.values())
    assert 0 < len(invited) <= quick.app.program.invitations.member_a_day
    quick.alice("add Kim +44 20 7946 0958")
    assert not any(out.to.startswith("+44") for out in quick.carrier.sent)
