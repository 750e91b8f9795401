"""Waiting with a deadline, for things that happen in another thread or process."""

from __future__ import annotations

from collections.abc import Callable
from threading import Condition, Event
from typing import TypeVar

_Value = TypeVar("_Value")

PATIENCE = 10.0
"""Seconds that a test waits by default. Only a failing test ever waits that long."""


def wait_on(
    condition: Condition, ready: Callable[[], _Value], timeout: float = PATIENCE, what: str = ""
) -> _Value:
    """Return the first true value of `ready`, asked again whenever the condition is notified."""
    with condition:
        value = condition.wait_for(ready, timeout)
    if not value:
        raise AssertionError(f"waited {timeout} s in vain for {what or ready}")
    return value


def poll(
    ready: Callable[[], _Value], timeout: float = PATIENCE, what: str = "", every: float = 0.02
) -> _Value:
    """Return the first true value of `ready`, asked again and again: for what another process does."""
    pause = Event()
    for _ in range(max(1, int(timeout / every))):
        value = ready()
        if value:
            return value
        pause.wait(every)
    raise AssertionError(f"waited {timeout} s in vain for {what or ready}")
