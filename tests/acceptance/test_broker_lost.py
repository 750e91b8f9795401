"""What the broker is for, and what becomes of the work without it.

Promised: losing every message of the broker delays work by at most the clock's sweep. Without a broker at
all, texts are answered as ever, and workers look by themselves every few seconds.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from time import monotonic

import pytest
import redis

from tests.acceptance.deployment import Deployment, deployed
from tests.acceptance.people import Circle
from tests.servers.postgres import Postgres
from tests.servers.process import free_port
from tests.servers.valkey import running_valkey
from tests.standin.waiting import poll
from workers.clock import SWEEP_SECONDS
from workers.worker import OWN_LOOK_SECONDS

pytestmark = [pytest.mark.acceptance, pytest.mark.redis]

SLACK = 3.0
"""Seconds on top of what is promised: two cores carry the whole deployment and the tests."""


class Broker:
    """A Valkey that comes and goes on one port."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._running = ExitStack()
        self.port = free_port()
        self.url = ""

    def begin(self) -> None:
        """Start it, empty."""
        self.url = self._running.enter_context(running_valkey(self.port))
        self._stack.callback(self._running.close)

    def go(self) -> None:
        """Stop it, with all that it holds."""
        self._running.close()


@pytest.fixture
def broker() -> Iterator[Broker]:
    with ExitStack() as stack:
        broker = Broker(stack)
        broker.begin()
        yield broker


@pytest.fixture
def deployment(postgres_server: Postgres, broker: Broker, tmp_path: Path) -> Iterator[Deployment]:
    """The Procfile's processes, with a broker that the test may stop."""
    with (
        postgres_server.fresh_database() as database_url,
        deployed(tmp_path, database_url=database_url, broker_url=broker.url) as deployment,
    ):
        deployment.start_over()
        yield deployment


@contextmanager
def took_at_most(seconds: float) -> Iterator[None]:
    began = monotonic()
    yield
    took = monotonic() - began
    assert took < seconds + SLACK, f"{took:.1f} s instead of at most {seconds} s"


def ask_for_support(circle: Circle) -> None:
    """Let Alice ask, and let the time pass in which she may change her mind."""
    circle.alice.writes("SUPPORT")
    circle.alice.reads("OK. In 5 minutes I will ask Bob to get in touch. …")
    circle.deployment.pass_time(minutes=5)


def test_a_flushed_broker_delays_work_by_a_sweep(on_redis: Deployment) -> None:
    circle = Circle.of(on_redis)
    circle.join()
    on_redis.processes["alerts"].signal(signal.SIGSTOP)
    try:
        ask_for_support(circle)
        with redis.Redis.from_url(on_redis.settings["CHECKIN_BROKER_URL"]) as client:
            poll(lambda: client.keys("checkin:alerts*"), what="a wake-up that nobody takes")
            client.flushall()
    finally:
        on_redis.processes["alerts"].signal(signal.SIGCONT)
    with took_at_most(SWEEP_SECONDS):
        circle.bob.reads("Harbor Circle: Alice would like to hear from you today. …")
    circle.bob.writes("1")
    circle.alice.reads("I texted Bob at …")
    circle.alice.reads("Bob answered at …")


def test_without_a_broker_texts_are_answered_and_requests_go_out(
    deployment: Deployment, broker: Broker
) -> None:
    circle = Circle.of(deployment)
    circle.join()
    broker.go()
    ask_for_support(circle)
    with took_at_most(SWEEP_SECONDS + OWN_LOOK_SECONDS):
        circle.bob.reads("Harbor Circle: Alice would like to hear from you today. …")
    circle.alice.reads("I texted Bob at …")

    # It comes back, and is used again as if nothing had been.
    broker.begin()
    circle.bob.writes("1")
    circle.bob.reads("Thank you. …")
    circle.alice.reads("Bob answered at …")
    with redis.Redis.from_url(broker.url) as client:
        poll(lambda: client.keys("checkin:*"), what="the workers at the broker again")

    # It goes again, and this time everybody is told to stop.
    broker.go()
    for name, process in deployment.processes.items():
        assert process.end() == 0, name
