"""The clock: wakes whatever is due, each second, in three threads that never wait for each other.

1. Do every timer that is due in the lane (`due.run_due`), alerts in a thread of their own.
2. Wake the lane's workers if the outbox has anything due: a retry, or a wake-up that the broker lost.
3. Leave a heartbeat, by which `checkin doctor` and `/readyz` see that a clock is running.
4. Once a minute, in the third thread, let the auditor look whether every open request has a future, and tell
   staff of coming holes in the rota.

Any number of clocks may run; timers are claimed, and none is done twice.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

import structlog

from checkin.service import due, publishing
from checkin.service.app import LANES, App, Lane
from checkin.service.health import BEAT_EVERY, audit_when_due, beat
from checkin.store import outbox

log = structlog.get_logger()

SWEEP_SECONDS = 1.0


def sweep(app: App, lane: Lane) -> None:
    """Look at one lane once."""
    due.run_due(app, lane, _Alive(app).tell if lane == "routine" else lambda: None)
    now = app.clock.now()
    if app.store.read(lambda unit: outbox.has_due(unit, lane, now)):
        app.wake(lane)
    if lane == "routine":
        beat(app)
        publishing.refresh(app)


class _Alive:
    """Leaves a heartbeat within one long sweep too: 100,000 check-ins of one minute take most of it."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._told_at = app.clock.now()

    def tell(self) -> None:
        """Leave a heartbeat, if the last was some seconds ago."""
        now = self._app.clock.now()
        if now - self._told_at >= BEAT_EVERY:
            self._told_at = now
            beat(self._app)


class ClockThreads:
    """The clock's threads, one a lane and one for the auditor."""

    def __init__(self, app: App, after_sweep: Callable[[], object] = lambda: None) -> None:
        self._app = app
        self._after_sweep = after_sweep
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._serve, args=(lane,), name=f"clock-{lane}", daemon=True)
            for lane in LANES
        ]
        self._threads.append(threading.Thread(target=self._audit, name="clock-auditor", daemon=True))

    def start(self) -> None:
        """Start sweeping."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Finish the sweep that is under way, then stop."""
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def _serve(self, lane: Lane) -> None:
        while not self._stopping.wait(SWEEP_SECONDS):
            try:
                sweep(self._app, lane)
                self._after_sweep()
            except Exception:
                # A clock that stops is the worst that can happen here: report, and look again in a second.
                log.exception("sweep failed", lane=lane)

    def _audit(self) -> None:
        while not self._stopping.wait(SWEEP_SECONDS):
            try:
                audit_when_due(self._app)
            except Exception:
                # The next look may find what this one could not; `/readyz` says how long ago the last was.
                log.exception("audit failed")
