"""Bringing what SQLite has logged into its file, beside the writer instead of in the middle of a commit.

SQLite writes to a log first (WAL) and by itself carries it over within the commit that makes the log long:
whoever shares that commit waits 15 to 40 ms for the whole of it. Here a thread of its own does it, on a
connection of its own, while commits go on. They add to the log meanwhile; the little that they added is
carried over in a pass for which the writer stands still, so that the log begins again at its start and stays
short (https://sqlite.org/wal.html, "Avoiding Excessively Large WAL Files").
"""

from __future__ import annotations

import threading
from collections.abc import Callable

import sqlalchemy as sa
import structlog

from checkin.store.unit import StoreClosed

log = structlog.get_logger()

ROWS = 2_000
"""After how many changed rows the log is carried over: a few megabytes, which keep the disk busy for 3 ms."""


PASSES = 8
"""How often it is carried over beside the writer before that stands still once."""


class Checkpoints:
    """Carries the log over, now and then. `still` runs something while the writer writes nothing."""

    def __init__(self, readers: sa.Engine, still: Callable[[Callable[[], None]], None]) -> None:
        self._readers = readers
        self._still = still
        self._carried = 0
        self._passes = 0
        self._thread: threading.Thread | None = None

    def after(self, changes: int) -> None:
        """Take note of how many rows the writer's connection has changed so far."""
        if changes < self._carried:
            self._carried = 0  # another connection, which counts anew
        if changes - self._carried >= ROWS and (self._thread is None or not self._thread.is_alive()):
            self._carried = changes
            self._thread = threading.Thread(target=self._carry_over, name="checkpoint", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Finish what is under way. The log that is left is carried over by the last connection to close."""
        if self._thread is not None:
            self._thread.join()

    def _carry_over(self) -> None:
        try:
            self._once()
            self._passes += 1
            if self._passes % PASSES == 0:
                self._still(self._once)
        except StoreClosed:
            return
        except Exception:
            # Nothing is lost, and the writer does it by itself where the log grows on.
            log.exception("the database's log could not be carried over")

    def _once(self) -> None:
        connection = self._readers.raw_connection()
        try:
            connection.cursor().execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        finally:
            connection.close()
