"""What the broker is for, and what becomes of the work without it.

Promised: losing every message of the broker delays work by at most the clock's sweep. Without a broker at
all, texts are answered as ever, and workers look by themselves every few seconds.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

import pytest
import redis

from tests.acceptance.broker import Broker
from tests.acceptance.conftest import fresh
from tests.acceptance.deployment import Deployment
from tests.acceptance.people import Circle
from tests.standin.waiting import poll
from workers.clock import SWEEP_SECONDS
from workers.worker import OWN_LOOK_SECONDS

pytestmark = [pytest.mark.acceptance, pytest.mark.redis]

SLACK = 3.0
"""Seconds on top of what is promised: two cores carry the whole deployment and the tests."""


@pytest.fixture
def deployment(redis_forks: Deployment) -> Iterator[Deployment]:
    """A whole deployment with nobody in it; what complains without a broker has a reason to."""
    yield from fresh(redis_forks, complaints=True)


@contextmanager
def took_at_most(seconds: float) -> Iterator[None]:
    began = monotonic()
    yield
    took = monotonic() - began
    assert took < seconds + SLACK, f"{took:.1f} s instead of at most {seconds} s"


def ask_for_support(circle: Circle) -> None:
    """Let Alice ask, and let the time pass in which she may change her mind."""
    circle.alice.writes("SUPPORT")
    circle.alice.reads("In 5 minutes I will ask Bob to get in touch. …")
    circle.deployment.pass_time(minutes=5)


def test_a_flushed_broker_delays_work_by_a_sweep(deployment: Deployment, redis_broker: Broker) -> None:
    circle = Circle.of(deployment)
    circle.join()
    deployment.processes["alerts"].signal(signal.SIGSTOP)
    try:
        ask_for_support(circle)
        with redis.Redis.from_url(redis_broker.url) as client:
            poll(lambda: client.keys("checkin:alerts*"), what="a wake-up that nobody takes")
            client.flushall()
    finally:
        deployment.processes["alerts"].signal(signal.SIGCONT)
    with took_at_most(SWEEP_SECONDS):
        circle.bob.reads("Harbor Circle: Alice would like to hear from you today. …")
    circle.bob.writes("1")
    circle.alice.reads("I texted Bob at …")
    circle.alice.reads("Bob answered at …")


def test_without_a_broker_texts_are_answered_and_requests_go_out(
    deployment: Deployment, redis_broker: Broker
) -> None:
    circle = Circle.of(deployment)
    circle.join()
    redis_broker.go()
    ask_for_support(circle)
    with took_at_most(SWEEP_SECONDS + OWN_LOOK_SECONDS):
        circle.bob.reads("Harbor Circle: Alice would like to hear from you today. …")
    circle.alice.reads("I texted Bob at …")

    # It comes back, and is used again as if nothing had been.
    redis_broker.begin()
    circle.bob.writes("1")
    circle.bob.reads("Thank you. …")
    circle.alice.reads("Bob answered at …")
    with redis.Redis.from_url(redis_broker.url) as client:
        poll(lambda: client.keys("checkin:*"), what="the workers at the broker again")

    # It goes again, and this time everybody is told to stop.
    redis_broker.go()
    try:
        for name, process in deployment.processes.items():
            assert process.end() == 0, name
    finally:
        redis_broker.begin()
