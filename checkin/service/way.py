"""Right of way: while an alert or a text is on its way through this process, routine work stands aside.

Threads of one process share one interpreter and one writing connection. A routine thread that is busy gives
neither away by itself, so whoever is waited for would wait for each of them at every step. Routine work asks
before each step of its own whether the way is free.

An alert: whoever decides that the alerts' workers are to be woken claims the way, before that is committed;
it is free again when they have looked, or, where they are another process, when they have been woken.
Routine work waits `LONGEST` at most: a carrier that is slow for an alert holds up no check-in.

A text that comes in: the way is its own until its answer is durable. Routine work waits `FOR_A_TEXT` at most
and has `OWN_TIME` for itself before it waits again: where texts never end, a fifth of the time.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from time import monotonic

LONGEST = 0.05
"""Seconds that routine work stands aside for one alert: several times what it takes to be on its way."""

FOR_A_TEXT = 0.02
"""Seconds that it stands aside for texts: several times what one takes."""

A_WHILE = timedelta(seconds=1)
"""How long no text has come when routine work may take larger steps, and need not rest."""

OWN_TIME = 0.005
"""Seconds that it goes on before it stands aside again, where texts never end."""


class RightOfWay:
    """The way through one process. `now` gives seconds that only grow; `for_a_text` is in seconds."""

    def __init__(self, now: Callable[[], float] = monotonic, for_a_text: float = FOR_A_TEXT) -> None:
        self.now = now
        self._for_a_text = for_a_text
        self._free = threading.Event()
        self._free.set()
        self._until = 0.0
        self._texts = 0
        self._all_answered = threading.Condition()
        self._own_time_until = 0.0
        self._last_text: float | None = None

    def claim(self) -> None:
        """Let routine work stand aside for an alert from now on."""
        self._until = self.now() + LONGEST
        self._free.clear()

    def free(self) -> None:
        """Let routine work go on."""
        self._free.set()

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Let routine work stand aside for a text meanwhile."""
        with self._all_answered:
            self._texts += 1
            self._last_text = self.now()
        try:
            yield
        finally:
            with self._all_answered:
                self._texts -= 1
                if not self._texts:
                    self._all_answered.notify_all()

    @property
    def is_free(self) -> bool:
        """Whether no alert is on its way."""
        return self._free.is_set()

    @property
    def is_quiet(self) -> bool:
        """Whether no text has come for a while, so that none is likely to wait for what is done now."""
        return self._last_text is None or self.now() - self._last_text >= A_WHILE.total_seconds()

    def give(self) -> None:
        """Wait while an alert or a text is on its way."""
        if not self.is_free:
            self._free.wait(max(0.0, self._until - self.now()))
        if self._texts and self.now() >= self._own_time_until:
            self._give_to_texts()

    def _give_to_texts(self) -> None:
        with self._all_answered:
            if not self._all_answered.wait_for(lambda: not self._texts, self._for_a_text):
                self._own_time_until = self.now() + OWN_TIME
