"""Silence is told apart from a text that failed, STOP, a pause, and a number that has changed hands."""

from __future__ import annotations

from datetime import timedelta

import pytest

from checkin.carrier.base import FailureKind
from checkin.service import delivery, due, unheard
from tests.service.kit import MONDAY, NUMBERS, Chat

FIVE = MONDAY.replace(hour=22)
"""Five in the afternoon in New York: the daily check-in, and three hours later its reminder."""

ALICE = NUMBERS["alice"]


def outcome(chat: Chat) -> str | None:
    """Return how the newest daily check-in ended; None while it waits."""
    return [run.outcome for run in chat.all_runs() if run.flow == "daily"][-1]


def token(chat: Chat, index: int = -1) -> str:
    """Return the id of a message to Alice; the newest, as long as no other is asked for."""
    return [row.id for row in chat.rows(chat.alice) if row.subject.startswith("run:")][index]


def asked(chat: Chat) -> Chat:
    """Let the daily question be asked and taken by the carrier; what it says later is for the test."""
    chat.joined("bob")
    chat.reports_are_lost = True
    chat.until(FIVE)
    chat.expect(alice="How are you feeling")
    return chat


def test_a_question_that_was_heard_and_not_answered_climbs(quick: Chat) -> None:
    asked(quick)
    quick.report(token(quick), "delivered")
    quick.later("3h")
    quick.expect(alice="we missed you today")
    quick.later("17h")
    assert outcome(quick) == "missed"


@pytest.mark.parametrize("how", ["at the send", "by callback"])
def test_a_question_that_failed_is_for_staff_and_nobody_is_missed(chat: Chat, how: str) -> None:
    if how == "at the send":
        chat.joined("bob")
        chat.carrier.refuse(ALICE, FailureKind.BAD_NUMBER, "30005")
        chat.until(FIVE)
    else:
        asked(chat)
        chat.report(token(chat), "failed", error_code="30005")
    assert outcome(chat) == "undelivered"
    [task] = chat.tasks()
    assert (task.kind, task.member_id) == ("undelivered", chat.situation(chat.alice).person.id)
    assert "may have changed" in task.note
    chat.later("22h")
    chat.expect()
    assert not any(subject.startswith(("run:", unheard.UNDELIVERED)) for subject in chat.timers())


def test_a_failure_that_says_nothing_of_the_number_does_not_claim_it(quick: Chat) -> None:
    asked(quick)
    quick.report(token(quick), "failed", error_code="30007")
    assert "may have changed" not in quick.tasks()[0].note
    assert outcome(quick) == "undelivered"


def test_a_reminder_that_failed_ends_the_ladder_and_a_late_answer_counts(quick: Chat) -> None:
    asked(quick)
    quick.later("3h")
    quick.forget()
    quick.report(token(quick), "failed", error_code="30003")
    assert quick.waiting(quick.alice) == [("daily", "mood")]
    assert not any(subject.startswith("run:") for subject in quick.timers())
    quick.later("12h")
    quick.alice("4")
    quick.expect(alice="Good to hear")
    quick.later("6h")
    assert outcome(quick) == "done"


def test_a_reminder_that_failed_and_no_answer_ends_undelivered_not_missed(quick: Chat) -> None:
    asked(quick)
    quick.later("3h")
    quick.report(token(quick), "failed", error_code="30003")
    quick.later("16h 59m")
    assert outcome(quick) is None
    quick.later("1m")
    assert outcome(quick) == "undelivered"


def test_a_question_that_fails_after_its_reminder_went_out_is_not_silence_either(quick: Chat) -> None:
    asked(quick)
    quick.later("3h")
    quick.report(token(quick, -2), "failed", error_code="30003")
    quick.later("17h")
    assert outcome(quick) == "undelivered"


def test_a_failure_told_after_the_answer_changes_nothing_but_the_list(quick: Chat) -> None:
    asked(quick)
    quick.alice("3")
    quick.report(token(quick, -1), "failed", error_code="30003")
    assert quick.waiting(quick.alice) == [("daily", "anything")]
    assert [task.kind for task in quick.tasks()] == ["undelivered"]


def test_a_failure_of_a_question_that_was_put_off_leaves_the_promise(quick: Chat) -> None:
    asked(quick)
    quick.alice("later")
    quick.forget()
    quick.report(token(quick), "failed", error_code="30003")
    quick.later("1h")
    quick.expect(alice="How are you feeling")


def test_a_number_that_fails_every_day_is_on_the_list_once(quick: Chat) -> None:
    quick.joined("bob")
    quick.carrier.refuse(ALICE, FailureKind.BAD_NUMBER, "30005", times=3)
    quick.until(FIVE + timedelta(days=2))
    assert [task.kind for task in quick.tasks()] == ["undelivered"]
    assert [run.outcome for run in quick.all_runs() if run.flow == "daily"] == ["undelivered"] * 3


@pytest.mark.parametrize(
    ("text", "ends", "tasks"),
    [
        ("STOP", "opted_out", []),
        ("PAUSE", "paused", []),
        ("wrong number", "opted_out", ["wrong_number"]),
    ],
)
def test_stop_a_pause_and_a_wrong_number_are_no_silence(
    quick: Chat, text: str, ends: str, tasks: list[str]
) -> None:
    asked(quick)
    quick.alice(text)
    quick.forget()
    assert outcome(quick) == ends
    assert [task.kind for task in quick.tasks()] == tasks
    quick.later("23h")
    quick.expect()


def test_a_phone_that_answers_by_itself_or_taps_is_silence(quick: Chat) -> None:
    asked(quick)
    quick.alice("I'm driving with Do Not Disturb on. I'll see your message later. (auto-reply)")
    quick.alice('Liked "Hi Alice"')
    quick.later("3h")
    quick.expect(alice="we missed you today")


def test_the_clock_of_silence_starts_when_the_carrier_took_the_question(quick: Chat) -> None:
    quick.joined("bob")
    quick.clock.move_to(FIVE)
    due.run_due(quick.app, "routine")
    quick.carrier.refuse(ALICE, FailureKind.RETRY, "20429", times=3, after=timedelta(minutes=10))
    for _ in range(4):
        delivery.deliver(quick.app, "routine")
        quick.clock.move_to(quick.clock.now() + timedelta(minutes=10))
    quick.until(FIVE + timedelta(hours=3, minutes=28))
    quick.expect(alice="How are you feeling")
    quick.later("2m")  # three hours after the fourth try, at which the carrier took it
    quick.expect(alice="we missed you today")
