"""The threads that look at a lane when they are woken."""

from __future__ import annotations

import threading

import dramatiq
from dramatiq.worker import Worker

from checkin.service import delivery
from checkin.service.app import App, Lane
from workers.broker import Queue

THREADS = 2
"""Threads a lane. A send waits for the carrier most of its time; the sender's rate is the real limit."""

POLL_MILLISECONDS = 50
"""How long an idle consumer of Redis rests at most: an alert waits no longer for its wake-up."""

STOP_MILLISECONDS = 12_000
"""How long a stopping worker may finish what it has begun: longer than one request to the carrier."""


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
        self._worker.stop(timeout=STOP_MILLISECONDS)
        leave(self._broker)


def leave(broker: dramatiq.Broker) -> None:
    """Take a stopped worker's middleware off its broker, which `Worker.stop` forgets."""
    broker.middleware[:] = [one for one in broker.middleware if type(one).__name__ != "_WorkerMiddleware"]


def look(app: App, lane: Lane) -> None:
    """Send whatever is due in this lane."""
    delivery.deliver(app, lane)


def serve(queue: Queue, lane: Lane, stopping: threading.Event) -> None:
    """Work at one lane until asked to stop."""
    worker = LaneWorker(queue, lane)
    worker.start()
    stopping.wait()
    worker.stop()
