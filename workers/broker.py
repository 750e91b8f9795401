"""Brokers and actors: one queue a lane, and nothing in a message but "look".

An actor's message carries no payload at all, so no text or number ever reaches a broker, and losing or
repeating a message changes nothing. Retries are the outbox's business (rows with due times), so actors have
none: a failure is logged and the clock's next sweep looks again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import dramatiq
import structlog
from dramatiq.brokers.stub import StubBroker
from dramatiq.middleware import AgeLimit, Middleware, Retries, ShutdownNotifications, TimeLimit

from checkin.service.app import LANES, Lane

log = structlog.get_logger()

STALE_AFTER = 60_000
"""A wake-up older than this many milliseconds is dropped: the clock has swept many times since."""

LONGEST = 15 * 60_000
"""Milliseconds that one look at a lane may take before it is stopped; the next one goes on."""

NAMESPACE = "checkin"

BROKER_SECONDS = 5.0
"""How long Redis may take to answer. One that never does would keep a process from stopping."""


@dataclass(frozen=True, slots=True)
class Queue:
    """A lane's broker, and the actor that looks at the lane."""

    broker: dramatiq.Broker
    actor: dramatiq.Actor[[], None]

    def send(self) -> None:
        """Wake a worker of this lane. Raises what the broker raises when it can't be reached."""
        self.actor.send()

    def hearing(self, heard: Callable[[], None]) -> AbstractContextManager[None]:
        """Call `heard` meanwhile whenever a worker of this lane is woken, where the broker can tell."""
        hearing = getattr(self.broker, "hearing", None)
        return nullcontext() if hearing is None else hearing(self.actor.queue_name, heard)

    def close(self) -> None:
        """Let go of the broker. Nothing may use this queue any more."""
        self.broker.close()
        client = getattr(self.broker, "client", None)  # of Redis, which dramatiq leaves open
        if client is not None:
            client.close()


def open_queues(url: str, look: Callable[[Lane], None]) -> Mapping[Lane, Queue]:
    """Return a queue for each lane. `look` does whatever is due in a lane.

    `url` is `embedded`, or names Redis or RabbitMQ. Embedded lanes have a broker each, so that neither can
    hold up the other; lanes on one server are two queues of it.
    """
    return {lane: _queue(_broker(url), lane, look) for lane in LANES}


def close_queues(queues: Mapping[Lane, Queue]) -> None:
    """Let go of every lane's broker, one that can't be reached too."""
    for queue in queues.values():
        try:
            queue.close()
        except Exception:
            log.exception("broker can't be reached while closing")


def _queue(broker: dramatiq.Broker, lane: Lane, look: Callable[[Lane], None]) -> Queue:
    def look_at_lane() -> None:
        look(lane)

    declare = dramatiq.actor(broker=broker, queue_name=lane, actor_name=f"look_at_{lane}", max_retries=0)
    actor: dramatiq.Actor[[], None] = declare(look_at_lane)
    return Queue(broker, actor)


def _middleware() -> list[Middleware]:
    return [
        AgeLimit(max_age=STALE_AFTER),
        TimeLimit(time_limit=LONGEST),
        ShutdownNotifications(),
        Retries(max_retries=0),
    ]


def _broker(url: str) -> dramatiq.Broker:
    if url.startswith(("redis://", "rediss://")):
        from redis import Redis

        from workers.bell import BellBroker

        client = Redis.from_url(url, socket_timeout=BROKER_SECONDS, socket_connect_timeout=BROKER_SECONDS)
        # A wake-up that a killed worker held is given out again soon, although the clock's sweep is sooner.
        return BellBroker(  # type: ignore[no-untyped-call]
            client=client, middleware=_middleware(), namespace=NAMESPACE
        )
    if url.startswith(("amqp://", "amqps://")):
        from dramatiq.brokers.rabbitmq import RabbitmqBroker

        return RabbitmqBroker(url=url, middleware=_middleware())
    return StubBroker(middleware=_middleware(), fail_fast_default=False)
