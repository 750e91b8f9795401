"""The unit of work: read what a decision needs, collect what it decided, write it in one transaction.

A use case is a function `fn(unit) -> T`. Its reads are answered at once; its writes are collected and go to
the database together, when the function has returned. So the same function serves both databases:

* SQLite has one writer. A thread of its own takes every waiting use case, gives each a savepoint inside one
  `BEGIN IMMEDIATE`, and commits them together: one fsync for all (group commit). Nobody sees a result
  before that commit.
* PostgreSQL has as many as there are connections. Reads are statements of their own; the writes leave as
  one pipeline from BEGIN to COMMIT, in one round trip. What was read may have moved meanwhile: every
  decision about a member therefore inserts the member's next journal number, every claim inserts its key,
  and whoever comes second is refused by the database and runs the function again on fresh state.

A function may thus run more than once, and must have no effect but through its unit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import sqlalchemy as sa

from checkin.store.vault import Vault

Params = Mapping[str, Any]


class Conflict(Exception):
    """Somebody else changed the state that this decision was made on."""


class Unit:
    """One use case's view of the database."""

    __slots__ = ("_after_commit", "_connection", "vault", "writes")

    def __init__(self, connection: sa.Connection, vault: Vault) -> None:
        self._connection = connection
        self.vault = vault
        self.writes: list[tuple[sa.Executable, Params | Sequence[Params], int | None]] = []
        self._after_commit: list[Callable[[], None]] = []

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`, for the few statements that the two spell differently."""
        return self._connection.dialect.name

    def read(self, statement: sa.Executable, params: Params | None = None) -> Sequence[sa.Row[Any]]:
        """Return all rows of a SELECT, as the database stands before this unit's own writes."""
        return self._connection.execute(statement, params or {}).all()

    def first(self, statement: sa.Executable, params: Params | None = None) -> sa.Row[Any] | None:
        """Return the first row of a SELECT, or None."""
        return self._connection.execute(statement, params or {}).first()

    def execute(self, statement: sa.Executable, params: Params | None = None) -> Sequence[sa.Row[Any]]:
        """Run one statement that changes and returns rows (a claim), at once.

        On PostgreSQL it commits by itself: a unit that claims must do nothing else.
        """
        return self._connection.execute(statement, params or {}).all()

    def write(
        self, statement: sa.Executable, params: Params | Sequence[Params] = (), *, expect: int | None = None
    ) -> None:
        """Collect a write. With `expect`, the unit is a Conflict unless exactly so many rows changed."""
        self.writes.append((statement, params or {}, expect))

    def after_commit(self, action: Callable[[], None]) -> None:
        """Do this once the writes are durable; nothing may depend on it (a wake-up, a counter)."""
        self._after_commit.append(action)

    def flush(self) -> None:
        """Send the collected writes, checking what was expected of them."""
        for statement, params, expect in self.writes:
            result = self._connection.execute(statement, params)
            if expect is not None and result.rowcount != expect:
                raise Conflict
        self.writes.clear()

    def guarded(self) -> bool:
        """Whether any write expects a number of changed rows, so that its count must be awaited."""
        return any(expect is not None for _, _, expect in self.writes)

    def committed(self) -> None:
        """Run what was asked for after the commit."""
        for action in self._after_commit:
            action()


class Writer(Protocol):
    """Runs use cases, each in a transaction of its own making, durable before its result is told."""

    def submit(self, work: Callable[[Unit], Any], done: Callable[[Any, BaseException | None], None]) -> None:
        """Run `work` soon, in another thread; tell `done` its result or its error."""
        ...

    def close(self) -> None:
        """Finish what was submitted, then stop."""
        ...
