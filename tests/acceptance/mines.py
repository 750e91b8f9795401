"""The places at which a process can be told to die: one named function each, right before or right after it.

A mine is laid by wrapping the function in the process itself, and armed by a file of its name; whoever comes
by removes the file and is killed in the same moment. The production code knows nothing of it.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Mine:
    """Where a process dies: `function` is `module:name`, as the code that calls it looks it up."""

    when: Literal["before", "after"]
    function: str


MINES = {
    "decided": Mine("after", "checkin.store.inbox:claim"),
    "written, not committed": Mine("before", "checkin.store.writers:_end"),
    "committed, not told": Mine("before", "checkin.store.writers:_tell"),
    "sent to be committed, not known": Mine("after", "checkin.store.in_loop:LoopWriter._commit"),
    "written, not told": Mine("before", "checkin.store.in_loop:LoopWriter._tell"),
    "told, nobody woken": Mine("before", "workers.wake:Waker.wake"),
    "text not answered": Mine("after", "webhooks.twilio:Webhooks.sms"),
    "callback not taken": Mine("before", "checkin.service.delivery:reported"),
    "callback not answered": Mine("after", "webhooks.twilio:Webhooks.status"),
    "claimed, not sent": Mine("before", "checkin.service.delivery:deliver_safely"),
    "sent, not recorded": Mine("after", "checkin.carrier.twilio:TwilioCarrier.send"),
    "timer claimed, not fired": Mine("before", "checkin.service.due:fire"),
    "timer fired, not committed": Mine("after", "checkin.service.requests:feed"),
}


def file_of(folder: Path, name: str) -> Path:
    """Return the file whose presence arms this mine."""
    return folder / name.replace(" ", "_").replace(",", "")


def lay(folder: Path) -> None:
    """Lay every mine in this process. One whose function is gone is an error: it would prove nothing."""
    for name, mine in MINES.items():
        module, _, path = mine.function.partition(":")
        owner: Any = importlib.import_module(module)
        *outer, last = path.split(".")
        for part in outer:
            owner = getattr(owner, part)
        setattr(owner, last, _mined(getattr(owner, last), mine.when, file_of(folder, name)))


def _mined(function: Callable[..., Any], when: str, armed: Path) -> Callable[..., Any]:
    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def answer(*args: Any, **kwargs: Any) -> Any:
            if when == "before":
                _step_on(armed)
            result = await function(*args, **kwargs)
            if when == "after":
                _step_on(armed)
            return result

        return answer

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        if when == "before":
            _step_on(armed)
        result = function(*args, **kwargs)
        if when == "after":
            _step_on(armed)
        return result

    return call


def _step_on(armed: Path) -> None:
    try:
        armed.unlink()
    except FileNotFoundError:
        return
    os.kill(os.getpid(), signal.SIGKILL)
