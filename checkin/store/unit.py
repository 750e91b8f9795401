"""The unit of work: read what a decision needs, collect what it decided, write it in one transaction.

A use case is a function `fn(unit) -> T`. Its reads are answered at once; its writes are collected and go to
the database together, when the function has returned. So the same function serves both databases:

* SQLite has one writer. A thread of its own takes every waiting use case, runs them inside one `BEGIN
  IMMEDIATE`, and commits them together: one fsync for all (group commit). Nobody sees a result before that
  commit. Where one of them fails, all are undone and run again, each under a savepoint of its own.
* PostgreSQL has one writer a process, and texts that come in have a second one, in the event loop that
  answers them (`checkin.store.in_loop`). What many use cases decided leaves together, as one transaction,
  while the next ones decide. What was read may have moved meanwhile: every decision about a member therefore
  inserts the member's next journal number, every claim inserts its key, and whoever comes second is refused
  by the database and runs again on fresh state.

A function may thus run more than once, and must have no effect but through its unit.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import sqlalchemy as sa
import structlog

from checkin.store.many import many_of
from checkin.store.prepared import Params, Preparer, Write
from checkin.store.vault import Vault

log = structlog.get_logger()


class Conflict(Exception):
    """Somebody else changed the state that this decision was made on."""


class StoreClosed(Exception):
    """The store was closed: it takes no use case any more."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


class Cursor(Protocol):
    """The part of a driver's cursor that is used here."""

    @property
    def rowcount(self) -> int:
        """How many rows the last statement changed."""
        ...

    def execute(self, sql: Any, params: Any = ..., /) -> Any:
        """Run a statement."""
        ...

    def fetchall(self) -> Sequence[tuple[Any, ...]]:
        """Return all rows of the last statement."""
        ...


@dataclass(frozen=True, slots=True)
class Lookup:
    """A SELECT that a use case will want first, told beforehand so that many can be asked together.

    Two use cases with the same `key` (a person) are not decided at the same time: the second has to see what
    the first one did.
    """

    key: Any
    statement: sa.Executable
    params: Params


Known = dict[tuple[Any, ...], list[Any]]
"""What SELECTs gave, each under its statement and the values of its parameters."""


class Unit:
    """One use case's view of the database."""

    __slots__ = ("_after_commit", "_cursor", "_foreseen", "_preparer", "vault", "writes")

    def __init__(self, cursor: Cursor, preparer: Preparer, vault: Vault) -> None:
        self._cursor = cursor
        self._preparer = preparer
        self.vault = vault
        self.writes: list[Write] = []
        self._after_commit: list[Callable[[], None]] = []
        self._foreseen: Known = {}

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`, for the few statements that the two spell differently."""
        return self._preparer.dialect.name

    def foresee(self, statement: sa.Executable, params: Params, rows: list[Any]) -> None:
        """Keep the answer to a SELECT that will be asked for one of many, and was asked for all at once."""
        self._foreseen[statement, *params.values()] = rows

    def beside(self) -> Deciding:
        """Return a unit for one decision of many, which reads what this one reads and foresees."""
        return Deciding(self)

    def read(self, statement: sa.Executable, params: Params | None = None) -> Sequence[Any]:
        """Return all rows of a SELECT, as the database stands before this unit's own writes."""
        params = params or {}
        if self._foreseen:
            rows = self._foreseen.get((statement, *params.values()))
            if rows is not None:
                return rows
        return self.execute(statement, params)

    def first(self, statement: sa.Executable, params: Params | None = None) -> Any | None:
        """Return the first row of a SELECT, or None."""
        rows = self.read(statement, params)
        return rows[0] if rows else None

    def execute(self, statement: sa.Executable, params: Params | None = None) -> Sequence[Any]:
        """Run one statement that returns rows, at once: a SELECT, or a claim that changes them as well.

        On PostgreSQL a claim commits by itself: a unit that claims must do nothing else.
        """
        params = params or {}
        prepared = self._preparer.prepare(statement, params)
        self._cursor.execute(prepared.sql, prepared.values(params))
        return prepared.rows(self._cursor.fetchall())

    def write(
        self, statement: sa.Executable, params: Params | None = None, *, expect: int | None = None
    ) -> None:
        """Collect a write. With `expect`, the unit is a Conflict unless exactly so many rows changed."""
        params = params or {}
        prepared = self._preparer.prepare(statement, params)
        self.writes.append((prepared, prepared.values(params), expect))

    def after_commit(self, action: Callable[[], None]) -> None:
        """Do this once the writes are durable; nothing may depend on it (a wake-up, a counter)."""
        self._after_commit.append(action)

    def flush(self) -> None:
        """Send the collected writes, checking what was expected of them."""
        cursor = self._cursor
        for prepared, values, expect in self.writes:
            prepared.run(cursor, values)
            if expect is not None and cursor.rowcount != expect:
                raise Conflict
        self.writes.clear()

    def write_many(
        self, statement: sa.Executable, rows: Sequence[Params], *, expect: int | None = None
    ) -> None:
        """Collect one write for each of these rows, which have the same names; as one where that can be."""
        prepared = self._preparer.prepare(statement, rows[0])
        if len(rows) > 1 and expect is None and (many := many_of(prepared, self.dialect)) is not None:
            self.writes.append((many, many.values_of(rows), None))
        else:
            self.writes.extend((prepared, prepared.values(row), expect) for row in rows)

    def committed(self) -> None:
        """Run what was asked for after the commit. A failure there must not stop a writer."""
        for action in self._after_commit:
            try:
                action()
            except Exception:
                log.exception("what follows a commit failed")


class Deciding(Unit):
    """One decision of many: what it collects goes nowhere by itself (`checkin.store.together`)."""

    __slots__ = ("decided", "statements")

    def __init__(self, reader: Unit) -> None:
        super().__init__(reader._cursor, reader._preparer, reader.vault)
        self._foreseen = reader._foreseen
        self.statements: list[tuple[sa.Executable, int | None]] = []
        """What it writes by, each with the number of rows that is expected to change, if any is."""
        self.decided: list[Params] = []
        """The values of each of these."""

    def write(
        self, statement: sa.Executable, params: Params | None = None, *, expect: int | None = None
    ) -> None:
        """Collect a write, as it was asked for."""
        self.statements.append((statement, expect))
        self.decided.append(params or {})

    @property
    def waits_for_a_count(self) -> bool:
        """Whether any of it is to be kept only where so many rows changed."""
        return any(expect is not None for _, expect in self.statements)

    @property
    def follows(self) -> Sequence[Callable[[], None]]:
        """What was asked for after the commit."""
        return self._after_commit


Work = Callable[[Unit], Any]
Done = Callable[[Any, BaseException | None], None]


@dataclass(frozen=True, slots=True)
class Job:
    """A use case on its way through a writer, and who is told its result.

    For one that is `patient` nobody waits: it is one of many, and lets all others go before it.
    """

    work: Work
    done: Done
    patient: bool = False


class Writer(Protocol):
    """Runs use cases, each in a transaction of its own making, durable before its result is told."""

    @property
    def at_rest(self) -> threading.Event:
        """Set while the writer's thread has nothing to decide and nothing to say, or waits for the disk."""
        ...

    def submit(self, job: Job) -> None:
        """Run a job soon, in another thread. Raises StoreClosed after `close`."""
        ...

    def close(self) -> None:
        """Finish what was submitted, then stop."""
        ...
