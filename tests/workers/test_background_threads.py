"""The background half of the service: what wakes it, what it does when woken, and what can't stop it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import cast

import pytest
import structlog

from checkin.carrier.base import Accepted, Outgoing
from checkin.service import due, health
from checkin.service.app import LANES, App, Lane
from checkin.service.health import look as look_at_health
from checkin.store import outbox
from checkin.store.timers import Timer
from tests.service.kit import MONDAY, NUMBERS, Chat, length
from workers import clock
from workers.broker import Queue, close_queues, open_queues
from workers.clock import ClockThreads, sweep
from workers.embedded import Embedded
from workers.wake import Waker
from workers.worker import LaneWorker, leave

PATIENCE = 20
"""Seconds until a thread that should have done something is given up."""


class Bell:
    """Counts, and lets a test wait for a count."""

    def __init__(self) -> None:
        self._change = threading.Condition()
        self.rung: list[str] = []

    def ring(self, what: str = "") -> None:
        """Count one more."""
        with self._change:
            self.rung.append(what)
            self._change.notify_all()

    def wait(self, holds: Callable[[list[str]], bool]) -> None:
        """Wait until this holds of what was rung."""
        with self._change:
            assert self._change.wait_for(lambda: holds(self.rung), PATIENCE), self.rung


class PretendQueue:
    """A queue that counts, or whose broker is gone."""

    def __init__(self, bell: Bell, lane: Lane) -> None:
        self._bell = bell
        self._lane = lane
        self.gone = False
        self.held = threading.Event()
        self.held.set()
        self.busy = threading.Event()

    def send(self) -> None:
        """Count a wake-up."""
        self.busy.set()
        self.held.wait(PATIENCE)
        self._bell.ring(self._lane)
        if self.gone:
            raise ConnectionError


def pretend(bell: Bell) -> tuple[dict[Lane, PretendQueue], Mapping[Lane, Queue]]:
    """Return pretend queues, also as the waker wants them."""
    queues = {lane: PretendQueue(bell, lane) for lane in LANES}
    return queues, cast("Mapping[Lane, Queue]", queues)


# ---------------------------------------------------------------- the waker


def test_many_wake_ups_while_the_broker_is_busy_become_one() -> None:
    bell = Bell()
    mine, queues = pretend(bell)
    mine["routine"].held.clear()
    waker = Waker(queues)
    waker.wake("routine")
    assert mine["routine"].busy.wait(PATIENCE)
    for _ in range(1000):
        waker.wake("routine")
        waker.wake("alerts")
    mine["routine"].held.set()
    waker.close()
    assert bell.rung == ["routine", "alerts", "routine"]


def test_alerts_are_woken_first() -> None:
    bell = Bell()
    mine, queues = pretend(bell)
    mine["alerts"].held.clear()
    waker = Waker(queues)
    waker.wake("alerts")
    assert mine["alerts"].busy.wait(PATIENCE)
    waker.wake("routine")
    waker.wake("alerts")
    mine["alerts"].held.set()
    waker.close()
    assert bell.rung == ["alerts", "alerts", "routine"]


def test_a_broker_that_is_gone_is_reported_once_a_trouble() -> None:
    bell = Bell()
    mine, queues = pretend(bell)
    with structlog.testing.capture_logs() as logs:
        waker = Waker(queues)
        for gone in (True, True, True, False, True):
            mine["alerts"].gone = gone
            count = len(bell.rung)
            waker.wake("alerts")
            bell.wait(lambda rung, count=count: len(rung) > count)  # type: ignore[misc]
        waker.close()
    assert len(logs) in (1, 2), "the second trouble may still be under way"
    assert len(bell.rung) == 5


def test_what_was_asked_for_is_passed_on_before_the_end() -> None:
    bell = Bell()
    _, queues = pretend(bell)
    waker = Waker(queues)
    waker.wake("routine")
    waker.close()
    assert bell.rung == ["routine"]


# ---------------------------------------------------------------- what a wake-up is


def test_a_wake_up_carries_nothing() -> None:
    queues = open_queues("embedded", lambda lane: None)
    for lane in LANES:
        message = queues[lane].actor.message()
        assert (message.args, message.kwargs, message.queue_name) == ((), {}, lane)


def test_a_wake_up_through_redis(redis_url: str) -> None:
    bell = Bell()
    queues = open_queues(redis_url, lambda lane: bell.ring(lane))
    workers = [LaneWorker(queues[lane], lane) for lane in LANES]
    for worker in workers:
        worker.start()
    for lane in LANES:
        queues[lane].send()
    bell.wait(lambda rung: sorted(rung) == ["alerts", "routine"])
    for worker in workers:
        worker.stop()
    close_queues(queues)


def test_a_look_that_fails_does_not_stop_the_worker() -> None:
    bell = Bell()

    def look(lane: Lane) -> None:
        bell.ring(lane)
        if len(bell.rung) == 1:
            raise ZeroDivisionError

    queues = open_queues("embedded", look)
    worker = LaneWorker(queues["alerts"], "alerts")
    worker.start()
    queues["alerts"].send()
    bell.wait(lambda rung: len(rung) == 1)
    queues["alerts"].send()
    bell.wait(lambda rung: len(rung) == 2)
    worker.stop()


def test_a_stopped_worker_leaves_its_broker_as_it_was() -> None:
    queues = open_queues("embedded", lambda lane: None)
    broker = queues["alerts"].broker
    before = [type(one) for one in broker.middleware]
    worker = LaneWorker(queues["alerts"], "alerts")
    worker.start()
    worker.stop()
    leave(broker)
    assert [type(one) for one in broker.middleware] == before


# ---------------------------------------------------------------- the clock


def test_a_sweep_does_what_is_due_and_wakes_who_sends(chat: Chat) -> None:
    woken: list[Lane] = []
    chat.app.wake = woken.append
    chat.alice("SUPPORT")
    chat.clock.move_to(MONDAY + length("5m"))
    sweep(chat.app, "alerts")
    assert set(woken) == {"alerts"}
    assert chat.app.store.read(lambda unit: outbox.has_due(unit, "alerts", chat.clock.now()))


def test_a_sweep_wakes_for_what_an_earlier_wake_up_lost(chat: Chat) -> None:
    chat.alice("SUPPORT")
    chat.clock.move_to(MONDAY + length("5m"))
    due.run_due(chat.app, "alerts")  # and the wake-up is lost
    woken: list[Lane] = []
    chat.app.wake = woken.append
    sweep(chat.app, "alerts")
    assert woken == ["alerts"]
    chat.settle()
    sweep(chat.app, "alerts")
    assert woken == ["alerts"]


def test_a_sweep_leaves_a_heartbeat(chat: Chat) -> None:
    assert not look_at_health(chat.app).clock_runs
    sweep(chat.app, "alerts")
    assert not look_at_health(chat.app).clock_runs
    sweep(chat.app, "routine")
    assert look_at_health(chat.app).clock_runs
    chat.stand_still("31s")
    assert not look_at_health(chat.app).ready


def test_a_sweep_that_takes_minutes_leaves_heartbeats_meanwhile(
    chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[bool] = []

    def one_by_one(_app: App, _lane: Lane) -> Sequence[Timer]:
        """Claim timers that nobody has set, while the time goes by."""
        seen.append(look_at_health(chat.app).clock_runs)
        chat.stand_still("20s")
        return [Timer("run:gone", "routine", "nobody", 1, chat.clock.now())] if len(seen) < 6 else []

    health.beat(chat.app)
    monkeypatch.setattr(due, "claim", one_by_one)
    monkeypatch.setattr(due, "fire_safely", lambda _app, _timer: None)
    sweep(chat.app, "routine")
    assert seen == [True] * 6


def test_the_clock_goes_on_after_a_sweep_that_failed(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "SWEEP_SECONDS", 0.01)
    bell = Bell()

    def after_sweep() -> None:
        bell.ring()
        if len(bell.rung) < 3:
            raise ZeroDivisionError

    with structlog.testing.capture_logs() as logs:
        threads = ClockThreads(chat.app, after_sweep)
        threads.start()
        bell.wait(lambda rung: len(rung) > 5)
        threads.stop()
    assert {line["event"] for line in logs} == {"sweep failed"}


# ---------------------------------------------------------------- all of it in one process


@pytest.fixture
def embedded(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> Iterator[Embedded]:
    """The background half of a one-process service, sweeping quickly."""
    monkeypatch.setattr(clock, "SWEEP_SECONDS", 0.02)
    background = Embedded(chat.app, after_sweep=chat.pump)
    background.start()
    yield background
    background.stop()


def listen(chat: Chat) -> Bell:
    """Return a bell that rings for every text that the carrier takes."""
    bell = Bell()

    def during(outgoing: Outgoing, _accepted: Accepted) -> None:
        bell.ring(f"{outgoing.to} {outgoing.body}")

    chat.carrier.during = during
    return bell


def heard(bell: Bell, name: str, piece: str) -> None:
    """Wait until somebody has got a text with this in it."""
    bell.wait(lambda rung: any(text.startswith(NUMBERS[name]) and piece in text for text in rung))


def test_a_request_goes_its_way_without_anybody_asking(chat: Chat, embedded: Embedded) -> None:
    bell = listen(chat)
    chat.receive(chat.alice, "SUPPORT", "SM-1")
    chat.clock.move_to(MONDAY + length("5m"))
    heard(bell, "bob", "would like to hear from you")
    heard(bell, "alice", "I texted Bob")
    chat.receive(chat.bob, "1", "SM-2")
    heard(bell, "alice", "Bob answered")


def test_alerts_do_not_wait_behind_check_ins(chat: Chat, embedded: Embedded) -> None:
    """The carrier takes its time over check-ins; every routine thread is busy with one."""
    slow = threading.Event()

    def before(outgoing: Outgoing) -> None:
        if "How are you feeling" in outgoing.body:
            slow.wait(PATIENCE)

    chat.carrier.before = before
    bell = listen(chat)
    try:
        chat.clock.move_to(MONDAY.replace(hour=22))
        chat.receive(chat.alice, "SUPPORT", "SM-1")
        chat.clock.move_to(MONDAY.replace(hour=22) + length("5m"))
        heard(bell, "bob", "would like to hear from you")
        assert not any("How are you feeling" in text for text in bell.rung)
    finally:
        slow.set()
    heard(bell, "alice", "How are you feeling")


def test_stopping_finishes_what_has_begun(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "SWEEP_SECONDS", 0.02)
    begun, go_on = threading.Event(), threading.Event()

    def before(_outgoing: Outgoing) -> None:
        begun.set()
        go_on.wait(PATIENCE)

    chat.carrier.before = before
    embedded = Embedded(chat.app)
    embedded.start()
    chat.receive(chat.alice, "SUPPORT", "SM-1")
    chat.clock.move_to(MONDAY + length("5m"))
    assert begun.wait(PATIENCE)
    stopper = threading.Thread(target=embedded.stop)
    stopper.start()
    go_on.set()
    stopper.join(PATIENCE)
    assert not stopper.is_alive()
    states = {row.state for row in chat.rows(chat.alice) + chat.rows(chat.bob) if row.lane == "alerts"}
    assert states <= {"sent", "delivered", "queued"}, "nothing was left half done"
