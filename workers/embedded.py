"""Everything in one process: queues in memory, workers and clock in threads.

Nothing is lost when the process dies: rows are the truth, and the first sweep after the next start finds
them.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable

from checkin.service.app import LANES, App, Lane
from workers.broker import open_queues
from workers.clock import ClockThreads
from workers.wake import Waker
from workers.worker import LaneWorker, look

SWITCH_SECONDS = 0.0005
"""How long a thread that works may keep the interpreter when another one wants it. Python's own 5 ms, at each
of the steps that an alert takes from thread to thread, would be most of its way."""


class Embedded:
    """The background half of a one-process service."""

    def __init__(self, app: App, *, after_sweep: Callable[[], object] = lambda: None) -> None:
        self._stopping = threading.Event()
        self._app = app
        queues = open_queues("embedded", self._look)
        self._waker = Waker(queues)
        self._workers = [LaneWorker(queues[lane], lane) for lane in LANES]
        self._clock = ClockThreads(app, after_sweep)
        app.wake = self._waker.wake

    def _look(self, lane: Lane) -> None:
        try:
            look(self._app, lane, self._stopping.is_set)
        finally:
            if lane == "alerts":
                self._app.way.free()

    def start(self) -> None:
        """Start workers and clock."""
        sys.setswitchinterval(SWITCH_SECONDS)
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
