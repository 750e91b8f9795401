"""Over Redis a worker hears at once that it is woken, and so does whoever stands aside for it."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from workers import bell
from workers.broker import Queue, close_queues, open_queues

PATIENCE = 20


@pytest.fixture
def queue(redis_url: str) -> Iterator[Queue]:
    """The alerts' queue on Redis, empty."""
    queues = open_queues(redis_url, lambda _lane: None)
    queues["alerts"].broker.flush_all()
    yield queues["alerts"]
    close_queues(queues)


def test_a_consumer_that_rests_hears_the_bell(queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bell, "REST_SECONDS", 0)  # for ever: who hears nothing meets the time-out of Redis
    consumer = queue.broker.consume("alerts")
    thread = threading.Thread(target=queue.send)
    thread.start()
    while (message := next(consumer)) is None:
        pass
    thread.join(PATIENCE)
    assert message.actor_name == "look_at_alerts"
    consumer.ack(message)


def test_many_rings_leave_one_bell(queue: Queue) -> None:
    for _ in range(5):
        queue.send()
    broker = queue.broker
    assert isinstance(broker, bell.BellBroker)
    assert broker.client.llen(broker.bell_of("alerts")) == 1


def test_whoever_listens_hears_it_until_they_stop(queue: Queue) -> None:
    heard = threading.Semaphore(0)
    with queue.hearing(heard.release):
        while not heard.acquire(timeout=0.05):  # it takes a moment to begin to listen
            queue.send()
    while heard.acquire(blocking=False):
        pass
    queue.send()
    assert not heard.acquire(blocking=False)


def test_where_there_is_no_bell_nothing_is_heard() -> None:
    queues = open_queues("embedded", lambda _lane: None)
    with queues["alerts"].hearing(lambda: pytest.fail("nobody rang")):
        queues["alerts"].send()
    close_queues(queues)
