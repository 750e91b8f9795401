"""From the outbox to the carrier: every row of the state table, every failure, every crash."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import pytest

from checkin.alert.model import AlertState
from checkin.carrier.base import DeliveryStatus, FailureKind
from checkin.service import delivery, due
from checkin.store import inbox, people
from checkin.store.outbox import Message
from tests.service.kit import MONDAY, NUMBERS, Chat, FakeClock, Trouble

FIVE = MONDAY.replace(hour=22)
"""Five in the afternoon in New York: the daily check-in."""

ALICE, BOB = NUMBERS["alice"], NUMBERS["bob"]


def asked(chat: Chat) -> Chat:
    """Let the daily question be queued, and not sent yet."""
    chat.joined("bob", "carmen")
    chat.clock.move_to(FIVE)
    due.run_due(chat.app, "routine")
    return chat


def notified(chat: Chat) -> Chat:
    """Let Bob's notification be queued, and not sent yet."""
    chat.joined("bob", "carmen")
    chat.alice("SUPPORT")
    chat.clock.move_to(MONDAY + timedelta(minutes=5))
    due.run_due(chat.app, "alerts")
    chat.forget()
    return chat


def the_row(chat: Chat) -> Message:
    """Return the check-in or notification that the test is about."""
    rows = chat.rows(chat.alice) + chat.rows(chat.bob)
    found = [row for row in rows if row.kind in ("check_in", "notification")]
    return found[0]


def tries(chat: Chat) -> list[Message]:
    """Return the question, and what was sent in its place when it failed."""
    return sorted((row for row in chat.rows(chat.alice) if row.kind == "check_in"), key=lambda row: row.id)


def deliver(chat: Chat) -> None:
    """Send what is due in both lanes; take no reports."""
    delivery.deliver(chat.app, "alerts")
    delivery.deliver(chat.app, "routine")


def state(chat: Chat) -> str:
    """Return the state of the row that the test is about."""
    return the_row(chat).state


# ---------------------------------------------------------------- the state table


def test_queued_sending_sent_delivered(chat: Chat) -> None:
    asked(chat)
    assert state(chat) == "queued"
    (claimed,) = delivery.claim(chat.app, "routine")
    assert state(chat) == "sending"
    assert the_row(chat).due_at == FIVE + delivery.LEASE
    assert delivery.claim(chat.app, "routine") == []
    delivery.deliver_batch(chat.app, [claimed])
    assert state(chat) == "sent"
    assert the_row(chat).sent_at == FIVE
    chat.pump()
    assert state(chat) == "delivered"


def test_queued_cancelled_by_stop(chat: Chat) -> None:
    asked(chat)
    chat.receive(chat.alice, "STOP", "SM-stop")
    assert state(chat) == "cancelled"
    chat.forget()
    deliver(chat)
    chat.expect()


def test_claimed_and_then_stopped(chat: Chat) -> None:
    asked(chat)
    (claimed,) = delivery.claim(chat.app, "routine")
    chat.receive(chat.alice, "STOP", "SM-stop")
    delivery.deliver_batch(chat.app, [claimed])
    assert state(chat) == "cancelled"


def test_queued_lapsed_and_its_run_ended(chat: Chat) -> None:
    asked(chat)
    chat.stand_still("4h 1m")
    deliver(chat)
    assert state(chat) == "lapsed"
    assert chat.waiting(chat.alice) == []
    chat.later("12h")
    chat.expect()


def test_nothing_that_a_flow_says_by_itself_leaves_at_night(quick: Chat) -> None:
    quick.joined("bob")
    quick.clock.move_to(FIVE)
    quick.settle()
    quick.forget()
    quick.clock.move_to(FIVE + timedelta(hours=3, minutes=59))
    due.run_due(quick.app, "routine")  # the reminder is decided at 20:59
    quick.clock.move_to(FIVE + timedelta(hours=4, minutes=1))
    deliver(quick)
    quick.expect()
    quick.until(datetime(2026, 11, 24, 14, 0, tzinfo=UTC))
    quick.expect(alice="we missed you today")


def test_what_a_flow_says_by_itself_may_not_arrive_at_night(quick: Chat) -> None:
    quick.joined("bob")
    quick.clock.move_to(FIVE)
    due.run_due(quick.app, "routine")
    quick.clock.move_to(FIVE + timedelta(minutes=10))
    deliver(quick)
    assert quick.carrier.sent[-1].valid_for == timedelta(hours=3, minutes=50)  # as it expires
    quick.clock.move_to(FIVE + timedelta(hours=3, minutes=59))
    due.run_due(quick.app, "routine")
    deliver(quick)
    assert "we missed you" in quick.carrier.sent[-1].body
    assert quick.carrier.sent[-1].valid_for == timedelta(minutes=1)  # the hours end at nine


def test_a_request_for_support_may_arrive_at_night(chat: Chat) -> None:
    notified(chat)
    deliver(chat)
    assert chat.carrier.sent[-1].valid_for is None


def test_sending_failed_for_good(chat: Chat) -> None:
    asked(chat)
    chat.carrier.refuse(ALICE, FailureKind.PERMANENT, "30007")
    deliver(chat)
    assert (state(chat), the_row(chat).error_code) == ("failed", "30007")
    assert [task.kind for task in chat.tasks()] == ["undelivered"]


def test_sent_failed_by_callback(chat: Chat) -> None:
    asked(chat)
    deliver(chat)
    chat.report(the_row(chat).id, "failed", error_code="30003")
    assert (state(chat), the_row(chat).error_code) == ("failed", "30003")
    assert [task.kind for task in chat.tasks()] == ["undelivered"]


@pytest.mark.parametrize(("code", "minutes"), [("30001", 5), ("30022", 1), ("14107", 1)])
def test_a_question_without_room_at_the_carrier_is_sent_again_and_silence_counts_from_then(
    chat: Chat, code: str, minutes: int
) -> None:
    asked(chat)
    deliver(chat)
    chat.reports_are_lost = True
    first = the_row(chat)
    chat.report(first.id, "failed", error_code=code)
    _, second = tries(chat)
    assert (second.id, second.state, second.body) == (f"{first.id}~2", "queued", first.body)
    chat.later(f"{minutes}m")
    sent_at = chat.clock.now()
    assert [row.state for row in tries(chat)] == ["failed", "sent"]
    assert chat.timers()[first.subject].due_at == sent_at + timedelta(hours=3)
    assert chat.tasks() == []


def test_a_question_that_never_finds_room_is_undelivered_after_three_times(chat: Chat) -> None:
    asked(chat)
    deliver(chat)
    chat.reports_are_lost = True
    for _ in range(3):
        assert chat.tasks() == []
        chat.report(tries(chat)[-1].id, "failed", error_code="30022")
        chat.later("2m")
    assert [row.state for row in tries(chat)] == ["failed"] * 3
    assert [task.kind for task in chat.tasks()] == ["undelivered"]
    assert len([out for out in chat.carrier.sent if "How are you" in out.body]) == 3


def test_a_question_that_was_overtaken_is_not_sent_again(chat: Chat) -> None:
    asked(chat)
    deliver(chat)
    chat.reports_are_lost = True
    first = the_row(chat)
    chat.report(first.id, "failed", error_code="30001")
    chat.alice("4")
    chat.later("10m")
    assert [row.state for row in tries(chat)] == ["failed", "cancelled"]


def test_a_failure_that_may_have_arrived_is_not_sent_again(chat: Chat) -> None:
    asked(chat)
    deliver(chat)
    chat.report(the_row(chat).id, "failed", error_code="30008")
    assert [row.state for row in tries(chat)] == ["failed"]


# ---------------------------------------------------------------- again, and how much later


@pytest.mark.parametrize(
    ("kind", "after", "waits"),
    [
        (FailureKind.RETRY, None, [5, 10, 20, 40, 80, 160, 320]),
        (FailureKind.RETRY, timedelta(minutes=1), [60] * 7),
        (FailureKind.CONFIG, None, [300] * 7),
    ],
)
def test_waits_between_tries(
    quick: Chat,
    logs: list[dict[str, str]],
    kind: FailureKind,
    after: timedelta | None,
    waits: list[int],
) -> None:
    asked(quick)
    quick.carrier.refuse(ALICE, kind, "x", times=8, after=after)
    for seconds in waits:
        deliver(quick)
        assert state(quick) == "queued"
        waited = (the_row(quick).due_at - quick.clock.now()).total_seconds()
        spread = 0.25 if kind is FailureKind.RETRY and after is None else 0
        assert seconds <= waited <= seconds * (1 + spread)
        quick.clock.move_to(the_row(quick).due_at)
    deliver(quick)
    assert state(quick) == "failed"
    assert sum(out.token == the_row(quick).id for out in quick.carrier.sent) == delivery.MOST_TRIES
    logs.clear()  # an operator is told of a wrong configuration


def test_what_failed_together_comes_back_apart(quick: Chat) -> None:
    asked(quick)
    row = the_row(quick)
    waits = {delivery._backoff(row._replace(id=f"run.{index}", tries=3)) for index in range(100)}
    assert len(waits) > 90
    assert all(timedelta(seconds=20) <= wait <= timedelta(seconds=25) for wait in waits)


def test_a_retry_after_the_end_is_not_tried(quick: Chat) -> None:
    asked(quick)
    quick.carrier.refuse(ALICE, FailureKind.RETRY, "x", after=timedelta(hours=5))
    deliver(quick)
    assert state(quick) == "failed"


@pytest.mark.parametrize("kind", [FailureKind.BAD_NUMBER, FailureKind.PERMANENT])
def test_a_failed_notification_moves_the_request_on_at_once(chat: Chat, kind: FailureKind) -> None:
    notified(chat)
    chat.carrier.refuse(BOB, kind, "21614")
    chat.settle()
    chat.expect(alice=["I texted Bob", "now asked Carmen"], carmen="would like to hear from you")


def test_a_notification_that_fails_later_moves_the_request_on_at_once(chat: Chat) -> None:
    notified(chat)
    deliver(chat)
    chat.forget()
    chat.report(the_row(chat).id, "failed", error_code="30005")
    chat.settle()
    chat.expect(alice="now asked Carmen", carmen="would like to hear from you")


def test_when_every_send_fails_the_request_is_on_the_list(chat: Chat) -> None:
    notified(chat)
    for name in ("bob", "carmen", "dana"):
        chat.carrier.refuse(NUMBERS[name], FailureKind.BAD_NUMBER, "30006", times=100)
    chat.settle()
    assert chat.all_alerts()[0].state is AlertState.WITH_STAFF
    assert "alert_unanswered" in [task.kind for task in chat.tasks()]


def test_a_failed_invitation_is_on_the_list(quick: Chat) -> None:
    quick.joined()
    quick.carrier.refuse(BOB, FailureKind.BAD_NUMBER, "21614")
    quick.alice("CONTACTS")
    quick.alice("Bob")
    quick.alice(BOB)
    assert [task.kind for task in quick.tasks()] == ["undelivered"]


# ---------------------------------------------------------------- the carrier knows of a STOP


def _stopped_by_carrier(chat: Chat, phone_consents: list[tuple[str, bool, str]]) -> None:
    assert chat.situation(chat.bob).person.stopped
    assert phone_consents[-1] == ("everything", False, "carrier 21610")
    chat.settle()
    assert "Bob is no longer your trusted contact" in " ".join(chat.alice.new())
    assert "would like to hear from you" in chat.carmen.new()[0]
    assert chat.bob.new() == []


def consents(chat: Chat) -> list[tuple[str, bool, str]]:
    """Return what Bob has agreed to, and not."""
    bob = chat.situation(chat.bob).person.id
    found = chat.app.store.read(lambda unit: people.consents_of(unit, bob))
    return [(one.about, one.given, one.asked.wording) for one in found]


def test_an_opt_out_told_at_the_send(chat: Chat) -> None:
    notified(chat)
    chat.carrier.refuse(BOB, FailureKind.OPTED_OUT, "21610")
    chat.settle()
    _stopped_by_carrier(chat, consents(chat))


def test_an_opt_out_told_by_callback(chat: Chat) -> None:
    notified(chat)
    deliver(chat)
    chat.forget()
    chat.report(the_row(chat).id, "failed", error_code="21610")
    _stopped_by_carrier(chat, consents(chat))


def test_an_opt_out_that_we_know_is_recorded_once(quick: Chat) -> None:
    notified(quick)
    deliver(quick)
    quick.receive(quick.bob, "STOP", "SM-stop")
    before = consents(quick)
    quick.report(the_row(quick).id, "failed", error_code="21610")
    assert consents(quick) == before


# ---------------------------------------------------------------- in doubt


def test_in_doubt_and_the_carrier_has_it(chat: Chat) -> None:
    asked(chat)
    chat.carrier.lose_answer(ALICE, taken=True)
    deliver(chat)
    assert state(chat) == "in_doubt"
    chat.later("1m")
    assert state(chat) == "delivered"
    chat.expect(alice="How are you feeling")


def test_in_doubt_and_the_carrier_does_not_have_it(chat: Chat) -> None:
    asked(chat)
    chat.carrier.lose_answer(ALICE, taken=False)
    deliver(chat)
    chat.later("1m")
    assert state(chat) == "delivered"
    chat.expect(alice="How are you feeling")


def test_in_doubt_and_the_carrier_says_that_it_failed(quick: Chat) -> None:
    notified(quick)
    quick.carrier.lose_answer(BOB, taken=True)
    deliver(quick)
    quick.report(the_row(quick).id, "failed", error_code="30005")
    quick.settle()
    assert state(quick) == "failed"
    assert "now asked Carmen" in quick.alice.new()[-1]


def test_a_check_in_in_doubt_for_good_is_lost_and_not_sent_twice(chat: Chat) -> None:
    asked(chat)
    chat.carrier.deaf = True
    chat.carrier.lose_answer(ALICE, taken=True)
    deliver(chat)
    chat.carrier.phones.pump()  # its report is lost as well
    chat.later("1h")
    assert state(chat) == "lost"
    chat.expect(alice="How are you feeling")


def test_a_notification_in_doubt_for_good_is_sent_again(chat: Chat) -> None:
    notified(chat)
    chat.carrier.deaf = True
    chat.carrier.lose_answer(BOB, taken=False)
    deliver(chat)
    chat.later("5m")
    assert state(chat) == "delivered"
    assert chat.bob.new() == [the_row(chat).body]


@pytest.mark.parametrize("deaf", [True, False])
def test_nothing_in_doubt_goes_to_a_number_that_has_stopped(quick: Chat, deaf: bool) -> None:
    notified(quick)
    quick.carrier.deaf = deaf
    quick.carrier.lose_answer(BOB, taken=False)
    deliver(quick)
    quick.receive(quick.bob, "STOP", "SM-stop")
    quick.later("1h")
    assert state(quick) == "cancelled"
    assert quick.bob.new() == []


@pytest.mark.parametrize("deaf", [True, False])
def test_nothing_in_doubt_asks_for_somebody_whom_another_has(quick: Chat, deaf: bool) -> None:
    quick.joined("bob", "carmen")
    quick.alice("SUPPORT")
    quick.later("5m")
    quick.carrier.deaf = deaf
    quick.carrier.lose_answer(NUMBERS["carmen"], taken=False)
    quick.later("30m")
    assert [row.state for row in quick.rows(quick.carmen) if row.kind == "notification"] == ["in_doubt"]
    quick.bob("1")
    quick.later("1h")
    assert [row.state for row in quick.rows(quick.carmen) if row.kind == "notification"] == ["cancelled"]
    assert not any("would like to hear from you" in text for text in quick.carmen.new())


def test_a_check_in_in_doubt_past_its_time_is_not_sent(quick: Chat) -> None:
    asked(quick)
    quick.carrier.lose_answer(ALICE, taken=False)
    deliver(quick)
    quick.stand_still("4h")
    deliver(quick)
    assert state(quick) == "lapsed"


# ---------------------------------------------------------------- crashes and slow processes


@pytest.mark.parametrize("taken", [True, False])
def test_killed_between_claim_and_record(chat: Chat, taken: bool) -> None:
    asked(chat)
    (claimed,) = delivery.claim(chat.app, "routine")
    if taken:
        person = chat.app.store.read(lambda unit: people.by_id(unit, claimed.person_id))
        chat.carrier.send(delivery._outgoing(chat.app, claimed, person, chat.clock.now()))
    chat.restart()
    deliver(chat)
    assert state(chat) == "sending"
    chat.stand_still("61s")
    deliver(chat)
    assert state(chat) == "sent"
    chat.expect(alice="How are you feeling")


def test_a_slow_process_gives_back_what_it_could_not_send_in_time(quick: Chat) -> None:
    asked(quick)
    (claimed,) = delivery.claim(quick.app, "routine")
    quick.stand_still("50s")  # the rows before this one took their time
    delivery.deliver_batch(quick.app, [claimed])
    assert state(quick) == "queued"
    deliver(quick)
    quick.expect(alice="How are you feeling")


def test_a_process_that_was_overtaken_records_nothing(quick: Chat) -> None:
    asked(quick)
    (claimed,) = delivery.claim(quick.app, "routine")
    quick.stand_still("61s")
    deliver(quick)
    delivery._settle(quick.app, claimed, "queued")
    assert state(quick) == "sent"


def test_one_row_that_breaks_does_not_hold_up_the_next(quick: Chat, logs: list[dict[str, str]]) -> None:
    notified(quick)
    quick.carrier.troubles[BOB] = [Trouble(ZeroDivisionError())]
    deliver(quick)
    assert "I texted Bob" in quick.alice.new()[0]
    assert [line["event"] for line in logs] == ["delivery failed"]
    logs.clear()
    quick.later("2m")
    assert "would like to hear from you" in quick.bob.new()[0]


def test_a_request_that_is_over_asks_nobody_who_was_about_to_be_asked(chat: Chat) -> None:
    notified(chat)
    (claimed,) = delivery.claim(chat.app, "alerts")
    assert claimed.kind == "notification"
    chat.receive(chat.alice, "no", "SM-no")
    delivery.deliver_batch(chat.app, [claimed])
    assert state(chat) == "cancelled"


# ---------------------------------------------------------------- callbacks

WORDS = ("accepted", "sent", "delivered")


@pytest.mark.parametrize("order", list(itertools.permutations(WORDS)))
def test_callbacks_in_any_order_and_twice(quick: Chat, order: tuple[str, ...]) -> None:
    asked(quick)
    deliver(quick)
    token = the_row(quick).id
    news = [quick.report(token, word) for word in (*order, *order)]
    assert news == [True] * 3 + [False] * 3
    assert state(quick) == "delivered"


@pytest.mark.parametrize("word", WORDS)
def test_a_callback_before_our_own_record(chat: Chat, word: str) -> None:
    asked(chat)
    chat.carrier.during = lambda outgoing, accepted: chat.report(
        outgoing.token, word, carrier_id=accepted.carrier_id
    )
    deliver(chat)
    assert state(chat) == ("delivered" if word == "delivered" else "sent")
    assert the_row(chat).sent_at == FIVE


def test_a_callback_before_any_row(chat: Chat) -> None:
    chat.joined("bob")
    assert chat.report("nobody.1.0", "delivered")
    assert not chat.report("nobody.1.0", "delivered")


def test_a_terminal_word_is_never_replaced(chat: Chat) -> None:
    asked(chat)
    deliver(chat)
    token = the_row(chat).id
    chat.report(token, "delivered")
    chat.report(token, "failed", error_code="30003")
    assert state(chat) == "delivered"
    assert chat.tasks() == []
    said = chat.app.store.read(lambda unit: [one.status for one in inbox.callbacks_of(unit, token)])
    assert sorted(said) == sorted([DeliveryStatus.DELIVERED, DeliveryStatus.FAILED])


def test_the_clock_of_these_tests_never_goes_back() -> None:
    clock = FakeClock()
    clock.move_to(MONDAY - timedelta(days=1))
    assert clock.now() == MONDAY
