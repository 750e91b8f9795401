"""Right of way: while an alert is on its way through this process, routine work stands aside.

Threads of one process share one interpreter and one writing connection. A routine thread that is busy gives
neither away by itself, so an alert would wait for each of them at every step. Here whoever decides that the
alerts' workers are to be woken claims the way, before that is committed; the way is free again when they have
looked, or, where they are another process, when they have been woken. Routine work asks before each step of
its own. It waits `LONGEST` at most: a carrier that is slow for an alert holds up no check-in.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from time import monotonic

LONGEST = 0.05
"""Seconds that routine work stands aside for one alert: several times what it takes to be on its way."""


class RightOfWay:
    """The way through one process. `now` gives seconds that only grow."""

    def __init__(self, now: Callable[[], float] = monotonic) -> None:
        self._now = now
        self._free = threading.Event()
        self._free.set()
        self._until = 0.0

    def claim(self) -> None:
        """Let routine work stand aside from now on."""
        self._until = self._now() + LONGEST
        self._free.clear()

    def free(self) -> None:
        """Let routine work go on."""
        self._free.set()

    @property
    def is_free(self) -> bool:
        """Whether no alert is on its way."""
        return self._free.is_set()

    def give(self) -> None:
        """Wait while an alert is on its way."""
        if not self.is_free:
            self._free.wait(max(0.0, self._until - self._now()))
