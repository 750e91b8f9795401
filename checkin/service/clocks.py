"""The clocks that a process can be given."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from checkin.store.store import Store
from checkin.store.tables import meta
from checkin.store.unit import Unit

_KEY = "clock_ahead"


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """Return the present moment, in UTC."""
        return datetime.now(UTC)


class PretendClock:
    """The machine's clock and a lead that may grow: for deployments that reach no real phone.

    The lead stands in the database, so that every process of the deployment, and the next start of it,
    agrees on the time. It never shrinks.
    """

    REFRESH = timedelta(milliseconds=200)

    def __init__(self, store: Store, system: SystemClock) -> None:
        self._store = store
        self._system = system
        self._lock = threading.Lock()
        self._read_at = system.now()
        self._ahead = self._read()

    def now(self) -> datetime:
        """Return the deployment's moment, in UTC."""
        real = self._system.now()
        with self._lock:
            if real - self._read_at > self.REFRESH:
                self._read_at = real
                self._ahead = max(self._ahead, self._read())
            return real + self._ahead

    def ahead(self) -> timedelta:
        """Return by how much this clock is ahead of the machine's."""
        return self.now() - self._system.now()

    def move_to(self, moment: datetime) -> None:
        """Move the clock forward to a moment; one that has passed changes nothing."""
        with self._lock:
            lead = max(self._ahead, moment - self._system.now())

            def work(unit: Unit) -> None:
                value = str(lead.total_seconds()).encode()
                known = unit.first(sa.select(meta.c.key).where(meta.c.key == _KEY))
                if known is None:
                    unit.write(sa.insert(meta), {"key": _KEY, "value": value})
                else:
                    unit.write(sa.update(meta).where(meta.c.key == _KEY).values(value=value))

            self._store.run(work)
            self._ahead = lead

    def _read(self) -> timedelta:
        row = self._store.read(lambda unit: unit.first(sa.select(meta.c.value).where(meta.c.key == _KEY)))
        return timedelta(seconds=float(row.value)) if row is not None else timedelta(0)
