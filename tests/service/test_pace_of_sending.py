"""Routine texts keep below the sender's rate, so that an alert finds the carrier's own queue empty."""

from __future__ import annotations

from datetime import timedelta

import pytest

from checkin.carrier.base import FailureKind, Outgoing
from checkin.flow.segments import segments
from checkin.service import delivery
from checkin.store import outbox, pacing
from checkin.store.outbox import Message
from checkin.store.unit import Unit
from checkin.timing.pacing import Pace, read_rate
from tests.service.kit import Chat


class Sender:
    """The carrier's side of one sender: a queue that moves `rate` segments a second."""

    def __init__(self, chat: Chat, rate: float) -> None:
        self._chat = chat
        self._rate = rate
        self._free = chat.clock.now()
        self.waited: list[tuple[str, float]] = []
        """For each message what it is, and how many seconds of the sender's work stood before it."""

    def take(self, outgoing: Outgoing) -> None:
        """Put a message at the end of the queue."""
        now = self._chat.clock.now()
        self._free = max(self._free, now)
        self.waited.append((outgoing.body[:5], (self._free - now).total_seconds()))
        self._free += timedelta(seconds=segments(outgoing.body).count / self._rate)


def paced(chat: Chat, rate: float) -> Sender:
    chat.joined()
    sender = Sender(chat, rate)
    chat.carrier.before = sender.take
    chat.app.pace = Pace(rate)
    chat.app.rest = lambda seconds: chat.clock.move_to(chat.clock.now() + timedelta(seconds=seconds))
    return sender


def queue(chat: Chat, texts: list[str], lane: str = "routine", batch: str = "") -> None:
    person, now = chat.person(chat.alice), chat.clock.now()
    assert person is not None

    def work(unit: Unit) -> None:
        for index, text in enumerate(texts):
            id = f"{lane}{batch}.{index:05}"
            about = f"person:{person.id}"
            outbox.add(unit, Message(id, lane, "notice", "sms", person.id, about, text, "queued", now, now))

    chat.app.store.run(work)


@pytest.mark.parametrize("rate", [1, 3, 10, 100])
def test_the_carriers_queue_holds_at_most_a_second(quick: Chat, rate: float) -> None:
    sender = paced(quick, rate)
    queue(quick, ["How are you today?"] * 150)
    began = quick.clock.now()
    assert delivery.deliver(quick.app, "routine") == 150
    assert max(wait for _, wait in sender.waited) <= 1
    took = (quick.clock.now() - began).total_seconds()
    assert took <= 150 / rate / 0.8 + 1


def test_an_alert_in_the_middle_waits_less_than_a_second_and_is_made_up_for(quick: Chat) -> None:
    sender = paced(quick, 10)
    queue(quick, ["How are you today?"] * 100)
    rest = quick.app.rest

    def rest_and_alert(seconds: float) -> None:
        rest(seconds)
        if len(sender.waited) == 50:
            queue(quick, ["Alert: somebody would like to hear from you."] * 8, "alerts")
            delivery.deliver(quick.app, "alerts")

    quick.app.rest = rest_and_alert
    delivery.deliver(quick.app, "routine")
    alerts = [wait for what, wait in sender.waited if what == "Alert"]
    assert len(alerts) == 8
    assert max(alerts) < 1
    assert max(wait for _, wait in sender.waited) <= 1


def test_long_texts_take_their_segments(quick: Chat) -> None:
    sender = paced(quick, 10)
    queue(quick, ["ñandú á " * 30] * 40)  # four parts each
    began = quick.clock.now()
    delivery.deliver(quick.app, "routine")
    took = (quick.clock.now() - began).total_seconds()
    assert took == pytest.approx(40 * 4 / 8, abs=3)
    assert max(wait for _, wait in sender.waited) <= 1


@pytest.mark.parametrize("rate", [10, 30, 100])
def test_the_longest_texts_leave_no_more_than_a_second_at_the_carrier(quick: Chat, rate: float) -> None:
    sender = paced(quick, rate)
    text = "Hello " * 250  # ten parts
    queue(quick, [text] * 60)
    began = quick.clock.now()
    assert delivery.deliver(quick.app, "routine") == 60
    assert max(wait for _, wait in sender.waited) <= 1
    took = (quick.clock.now() - began).total_seconds()
    number = 60 * segments(text).count
    assert number / rate - 1 <= took <= number / rate / 0.8 + 1


def test_only_one_worker_gets_a_booking(chat: Chat) -> None:
    def book(now: float) -> bool:
        return chat.app.store.run(lambda unit: pacing.book(unit, now=now, slack=0.25, seconds=2.0))

    assert book(1000.0)
    assert not book(1000.0)
    assert not book(1001.9)
    assert book(1002.1)
    assert chat.app.store.read(pacing.free_at) == pytest.approx(1004.0)
    chat.app.store.run(lambda unit: pacing.hold(unit, 1010.0))
    chat.app.store.run(lambda unit: pacing.hold(unit, 1005.0))
    assert not book(1009.0)
    chat.app.store.run(lambda unit: pacing.spend(unit, -2.5))
    assert book(1008.0)


def test_too_many_requests_hold_everything_routine_back_and_no_alert(quick: Chat) -> None:
    paced(quick, 10)
    quick.carrier.refuse(quick.alice.number, FailureKind.RETRY, "20429", after=timedelta(seconds=30))
    queue(quick, ["How are you today?"] * 20)
    began, rest = quick.clock.now(), quick.app.rest
    sent_at: list[float] = []
    quick.carrier.before = lambda _: sent_at.append((quick.clock.now() - began).total_seconds())
    delivery.deliver(quick.app, "routine")
    # The five of the batch that was under way go out; whatever is booked afterwards waits.
    assert sorted(sent_at)[5] >= 30
    quick.app.rest = rest
    queue(quick, ["Alert"], "alerts")
    assert delivery.deliver(quick.app, "alerts") == 1


def test_a_standing_clock_ends_the_look(quick: Chat) -> None:
    paced(quick, 1)
    quick.app.rest = lambda _seconds: None
    queue(quick, ["How are you today?"] * 3)
    assert delivery.deliver(quick.app, "routine") == 1


@pytest.mark.parametrize(("text", "rate"), [("toll-free", 3), ("Short-Code", 100), ("4.5", 4.5)])
def test_kinds_of_senders(text: str, rate: float) -> None:
    assert read_rate(text) == rate


@pytest.mark.parametrize("text", ["0", "-1", "nan", "inf", "fast", ""])
def test_rates_that_are_none(text: str) -> None:
    with pytest.raises(ValueError, match=r"rate|could not"):
        read_rate(text)
