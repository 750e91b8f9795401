"""The two writers: one thread with group commit for SQLite, a few pipelined connections for PostgreSQL."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Any

import psycopg
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from checkin.store.unit import Conflict, Unit
from checkin.store.vault import Vault

Work = Callable[[Unit], Any]
Done = Callable[[Any, BaseException | None], None]
_Job = tuple[Work, Done]

BATCH = 64
"""How many use cases may share one commit. More would make the first wait for the last."""

ATTEMPTS = 12
"""How often a use case is run again after somebody else was faster, before its caller is told."""


class SqliteWriter:
    """The one writing connection of a SQLite database, in a thread of its own."""

    def __init__(self, engine: sa.Engine, vault: Callable[[], Vault]) -> None:
        self._engine = engine
        self._vault = vault
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._serve, name="store-writer", daemon=True)
        self._thread.start()

    def submit(self, work: Work, done: Done) -> None:
        """Run `work` in the next shared transaction."""
        self._jobs.put((work, done))

    def close(self) -> None:
        """Finish what was submitted, then stop."""
        self._jobs.put(None)
        self._thread.join()

    def _serve(self) -> None:
        with self._engine.connect() as connection:
            while (batch := self._next_batch()) is not None:
                self._commit_together(connection, batch)

    def _next_batch(self) -> list[_Job] | None:
        job = self._jobs.get()
        batch: list[_Job] = []
        while job is not None:
            batch.append(job)
            if len(batch) == BATCH:
                return batch
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                return batch
        if batch:
            self._jobs.put(None)  # the end was seen behind a batch: do the batch first, then stop
            return batch
        return None

    def _commit_together(self, connection: sa.Connection, batch: list[_Job]) -> None:
        execute = connection.connection.cursor().execute
        finished: list[tuple[Done, Unit | None, Any, BaseException | None]] = []
        try:
            execute("BEGIN IMMEDIATE")
            for work, done in batch:
                execute("SAVEPOINT one")
                unit = Unit(connection, self._vault())
                try:
                    result = work(unit)
                    unit.flush()
                except Exception as error:  # noqa: BLE001  told to the caller whose use case it was
                    execute("ROLLBACK TO one")
                    finished.append((done, None, None, error))
                else:
                    finished.append((done, unit, result, None))
                execute("RELEASE one")
            execute("COMMIT")
        except Exception as error:  # noqa: BLE001  nothing was committed: every caller is told
            if connection.connection.driver_connection.in_transaction:  # type: ignore[union-attr]
                execute("ROLLBACK")
            finished = [(done, None, None, error) for _, done in batch]
        for done, finished_unit, result, problem in finished:
            done(result, problem)
            if finished_unit is not None:
                finished_unit.committed()


class PostgresWriter:
    """A few connections, each in a thread of its own; writes leave as one pipeline."""

    def __init__(self, engine: sa.Engine, vault: Callable[[], Vault], threads: int) -> None:
        self._engine = engine
        self._vault = vault
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._threads = [threading.Thread(target=self._serve, daemon=True) for _ in range(threads)]
        for thread in self._threads:
            thread.start()

    def submit(self, work: Work, done: Done) -> None:
        """Run `work` on the next free connection."""
        self._jobs.put((work, done))

    def close(self) -> None:
        """Finish what was submitted, then stop."""
        for _ in self._threads:
            self._jobs.put(None)
        for thread in self._threads:
            thread.join()

    def _serve(self) -> None:
        connection: sa.Connection | None = None
        while (job := self._jobs.get()) is not None:
            work, done = job
            try:
                connection = connection or self._engine.connect()
                unit, result = _until_unconflicted(connection, self._vault(), work)
            except Exception as error:  # noqa: BLE001  told to the caller whose use case it was
                if connection is not None and _is_lost(connection, error):
                    connection.invalidate()
                    connection.close()
                    connection = None
                done(None, error)
            else:
                done(result, None)
                unit.committed()
        if connection is not None:
            connection.close()


def _until_unconflicted(connection: sa.Connection, vault: Vault, work: Work) -> tuple[Unit, Any]:
    for attempt in range(1, ATTEMPTS + 1):
        unit = Unit(connection, vault)
        try:
            result = work(unit)
            _commit(connection, unit)
        except (Conflict, DBAPIError, psycopg.Error) as error:
            if attempt == ATTEMPTS or not _is_conflict(error):
                raise
        else:
            return unit, result
    raise AssertionError("unreachable")


def _commit(connection: sa.Connection, unit: Unit) -> None:
    if not unit.writes:
        return
    raw: psycopg.Connection[Any] = connection.connection.driver_connection  # type: ignore[assignment]
    if unit.guarded():
        with raw.transaction():
            unit.flush()
    else:
        with raw.pipeline(), raw.transaction():
            unit.flush()


def _is_conflict(error: Exception) -> bool:
    cause = error.orig if isinstance(error, DBAPIError) else error
    return isinstance(
        cause,
        Conflict
        | psycopg.errors.UniqueViolation
        | psycopg.errors.SerializationFailure
        | psycopg.errors.DeadlockDetected,
    )


def _is_lost(connection: sa.Connection, error: Exception) -> bool:
    cause = error.orig if isinstance(error, DBAPIError) else error
    return connection.invalidated or isinstance(cause, psycopg.OperationalError | psycopg.InterfaceError)
