"""Everything in one process: queues in memory, workers and clock in threads.

Nothing is lost when the process dies: rows are the truth, and the first sweep after the next start finds
them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from checkin.service.app import LANES, App
from workers.broker import open_queues
from workers.clock import ClockThreads
from workers.wake import Waker
from workers.worker import LaneWorker, look


class Embedded:
    """The background half of a one-process service."""

    def __init__(self, app: App, *, after_sweep: Callable[[], object] = lambda: None) -> None:
        self._stopping = threading.Event()
        queues = open_queues("embedded", lambda lane: look(app, lane, self._stopping.is_set))
        self._waker = Waker(queues)
        self._workers = [LaneWorker(queues[lane], lane) for lane in LANES]
        self._clock = ClockThreads(app, after_sweep)
        app.wake = self._waker.wake

    def start(self) -> None:
        """Start workers and clock."""
        for worker in self._workers:
            worker.start()
        self._clock.start()

    def stop(self) -> None:
        """Stop the clock, then the wake-ups, then the workers; what has begun is finished."""
        self._stopping.set()
        self._clock.stop()
        self._waker.close()
        for worker in self._workers:
            worker.stop()
