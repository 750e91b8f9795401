"""Waking workers without making anybody wait: a commit never waits for a broker."""

from __future__ import annotations

import threading
from collections.abc import Mapping

import structlog

from checkin.service.app import Lane
from workers.broker import Queue

log = structlog.get_logger()

CLOSE_SECONDS = 5.0
"""How long the last wake-ups may take. They may be lost, and a stopping process waits for no broker."""


class Waker:
    """Passes wake-ups to the broker from a thread of its own, many as one.

    A broker that can't be reached is reported once per trouble and otherwise ignored: the clock looks at
    every lane each second, and workers look by themselves.
    """

    def __init__(self, queues: Mapping[Lane, Queue]) -> None:
        self._queues = queues
        self._wanted: set[Lane] = set()
        self._change = threading.Condition()
        self._closing = False
        self._troubled = False
        self._thread = threading.Thread(target=self._serve, name="waker", daemon=True)
        self._thread.start()

    def wake(self, lane: Lane) -> None:
        """Ask for a look at this lane soon. Returns at once."""
        with self._change:
            self._wanted.add(lane)
            self._change.notify()

    def close(self) -> None:
        """Pass on what was asked for, if the broker takes it soon, then stop."""
        with self._change:
            self._closing = True
            self._change.notify()
        self._thread.join(CLOSE_SECONDS)

    def _serve(self) -> None:
        while True:
            with self._change:
                self._change.wait_for(lambda: self._wanted or self._closing)
                wanted, self._wanted = sorted(self._wanted), set()
                if not wanted and self._closing:
                    return
            for lane in wanted:  # "alerts" sorts first
                self._send(lane)

    def _send(self, lane: Lane) -> None:
        try:
            self._queues[lane].send()
        except Exception:
            if not self._troubled:
                log.exception("broker can't be reached; the clock's sweep goes on", lane=lane)
            self._troubled = True
        else:
            self._troubled = False
