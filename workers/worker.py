"""The threads that look at a lane when they are woken, and every few seconds without being told."""

from __future__ import annotations

import threading
from collections.abc import Callable

import dramatiq
import structlog
from dramatiq.worker import Worker

from checkin.service import delivery
from checkin.service.app import App, Lane
from workers.broker import Queue

log = structlog.get_logger()

THREADS = 2
"""Threads a lane. A send waits for the carrier most of its time; the sender's rate is the real limit."""

POLL_MILLISECONDS = 50
"""How long an idle thread rests before it looks whether it is to stop. `workers.bell` has Redis' rest."""

STOP_MILLISECONDS = 12_000
"""How long a stopping worker may finish what it has begun: longer than one request to the carrier."""


OWN_LOOK_SECONDS = 5.0
"""How often a worker looks without being told: so long may work wait where the broker can't be reached."""


class LaneWorker:
    """A dramatiq worker for one lane."""

    def __init__(self, queue: Queue, lane: Lane, threads: int = THREADS) -> None:
        self._broker = queue.broker
        self._worker = Worker(
            queue.broker, queues={lane}, worker_timeout=POLL_MILLISECONDS, worker_threads=threads
        )

    def start(self) -> None:
        """Start the threads. Each broker is given `process_boot` once, as dramatiq's own command does."""
        self._broker.emit_after("process_boot")
        self._worker.start()

    def stop(self) -> None:
        """Finish what has begun, then stop."""
        try:
            self._worker.stop(timeout=STOP_MILLISECONDS)
        except Exception:
            # It gives back what it had fetched, which a broker that is gone can't take. Nothing is lost: the
            # rows are in the database, and what had begun is finished by now.
            log.exception("broker can't be reached while stopping")
        leave(self._broker)


def leave(broker: dramatiq.Broker) -> None:
    """Take a stopped worker's middleware off its broker, which `Worker.stop` forgets."""
    broker.middleware[:] = [one for one in broker.middleware if type(one).__name__ != "_WorkerMiddleware"]


def look(app: App, lane: Lane, stopping: Callable[[], bool]) -> None:
    """Send whatever is due in this lane, or as much as there is time for once `stopping` is true."""
    delivery.deliver(app, lane, stopping)


def serve(app: App, queue: Queue, lane: Lane, stopping: threading.Event) -> None:
    """Work at one lane until asked to stop: when woken, and every few seconds without being told.

    The threads that wait for wake-ups may all be waiting for a broker that is gone, so the look that needs
    none is made here.
    """
    worker = LaneWorker(queue, lane)
    worker.start()
    while not stopping.wait(OWN_LOOK_SECONDS):
        try:
            look(app, lane, stopping.is_set)
        except Exception:
            log.exception("look failed", lane=lane)
    worker.stop()
