"""A Redis broker whose consumers hear at once that something has come.

dramatiq's own consumer of Redis asks, finds nothing, rests (for up to 50 ms) and asks again: that rest was
most of the time that an alert took between two processes. Here whoever enqueues rings a bell, a list in Redis
with one entry, and a consumer that found nothing waits at the bell (BLPOP). A lost bell costs one wait; the
message is in its queue all the same. One that rings for nothing costs one look.

Whoever else wants to know hears it too (`Ear`, by PUBLISH): a worker of check-ins stands aside for an alert.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import structlog
from dramatiq.brokers.redis import RedisBroker
from dramatiq.errors import ConnectionClosed
from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError

log = structlog.get_logger()

REST_SECONDS = 0.5
"""How long a consumer waits at the bell before it asks by itself, and so long a worker may take to stop."""

AGAIN_SECONDS = 5.0
"""After how long an ear that lost Redis tries again."""


class BellBroker(RedisBroker):
    """dramatiq's broker for Redis, with a bell for each queue."""

    def enqueue(self, message: Any, *, delay: int | None = None) -> Any:
        """Enqueue a message, then ring."""
        enqueued = super().enqueue(message, delay=delay)
        bell = self.bell_of(message.queue_name)
        with self.client.pipeline(transaction=False) as pipeline:
            pipeline.lpush(bell, 1)
            pipeline.ltrim(bell, 0, 0)
            pipeline.publish(bell, 1)
            pipeline.execute()
        return enqueued

    def consume(self, queue_name: str, prefetch: int = 1, timeout: int = 5000) -> Any:  # noqa: ARG002  the bell has its own rest
        """Return a consumer that waits at the bell while there is nothing."""
        return _Listening(super().consume(queue_name, prefetch, 0), self.client, self.bell_of(queue_name))

    @contextmanager
    def hearing(self, queue_name: str, heard: Callable[[], None]) -> Iterator[None]:
        """Call `heard` meanwhile whenever somebody enqueues a message there."""
        ear = Ear(self.client, self.bell_of(queue_name), heard)
        ear.start()
        try:
            yield
        finally:
            ear.stop()

    def bell_of(self, queue_name: str) -> str:
        """Return the name of a queue's bell in Redis."""
        return f"{self.namespace}:{queue_name}.bell"


class _Listening:
    """A consumer of dramatiq's that rests at a bell."""

    def __init__(self, consumer: Any, client: Redis, bell: str) -> None:
        self._consumer = consumer
        self._client = client
        self._bell = bell

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        """Return a message, or None where none came while the bell was silent."""
        message = next(self._consumer)
        if message is None:
            try:
                self._client.blpop([self._bell], timeout=REST_SECONDS)
            except RedisConnectionError as error:
                raise ConnectionClosed(error) from None  # type: ignore[no-untyped-call]
        return message

    def __getattr__(self, name: str) -> Any:
        return getattr(self._consumer, name)


class Ear:
    """A thread that hears a bell ring. What rings while Redis can't be reached is not heard."""

    def __init__(self, client: Redis, bell: str, heard: Callable[[], None]) -> None:
        self._client = client
        self._bell = bell
        self._heard = heard
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="ear", daemon=True)

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def stop(self) -> None:
        """Listen no more."""
        self._stopping.set()
        self._thread.join()

    def _serve(self) -> None:
        while not self._stopping.is_set():
            try:
                self._listen()
            except RedisError:
                log.warning("nothing is heard while the broker can't be reached")
                self._stopping.wait(AGAIN_SECONDS)

    def _listen(self) -> None:
        with self._client.pubsub(ignore_subscribe_messages=True) as bells:  # type: ignore[no-untyped-call]
            bells.subscribe(self._bell)
            while not self._stopping.is_set():
                if bells.get_message(timeout=REST_SECONDS) is not None:
                    self._heard()
