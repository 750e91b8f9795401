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
        wanted = moment - self._system.now()

        def work(unit: Unit) -> timedelta:
            known = unit.first(_LEAD)
            lead = max(wanted, timedelta(0) if known is None else _length(known.value))
            value = str(lead.total_seconds()).encode()
            if known is None:
                unit.write(sa.insert(meta), {"key": _KEY, "value": value})
            else:
                unit.write(_SET_LEAD, {"known": known.value, "lead": value}, expect=1)
            return lead

        # Outside the lock: what runs in the store's thread at this moment may be asking for the time.
        lead = self._store.run(work)
        with self._lock:
            self._ahead = max(self._ahead, lead)

    def _read(self) -> timedelta:
        row = self._store.read(lambda unit: unit.first(_LEAD))
        return timedelta(0) if row is None else _length(row.value)


def _length(value: bytes) -> timedelta:
    return timedelta(seconds=float(value))


_LEAD = sa.select(meta.c.value).where(meta.c.key == _KEY)
_SET_LEAD = (
    sa.update(meta)
    .where(meta.c.key == _KEY, meta.c.value == sa.bindparam("known"))
    .values(value=sa.bindparam("lead"))
)
