"""The two writers: one thread each, many use cases a commit.

SQLite: one `BEGIN IMMEDIATE` for all; where one of them fails they run again, each under a savepoint.
PostgreSQL: two pipelines, one that asks and one that writes; where anybody was faster, the use cases of that
commit run again one by one.
"""

from __future__ import annotations

import queue
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
import structlog

from checkin.store.prepared import Merger, Preparer
from checkin.store.unit import Conflict, Job, StoreClosed, Unit
from checkin.store.vault import Vault

if TYPE_CHECKING:
    import psycopg

    from checkin.store.pipeline import Pipeline, Statement

log = structlog.get_logger()

BATCH = 64
"""How many use cases may share one commit. More would make the first wait for the last."""

ATTEMPTS = 12
"""How often a use case is run again after somebody else was faster, before its caller is told."""

RECONNECT_WAITS = (0.0, 0.2, 0.5, 1.0, 2.0, 4.0)
"""Seconds between the tries to reach a database that is gone. In all less than a carrier waits (15 s)."""

_Outcome = tuple[Job, Unit | None, Any, BaseException | None]


class _Thread(ABC):
    """A thread that is handed batches of jobs, and tells what came of each."""

    def __init__(self, engine: sa.Engine, vault: Callable[[], Vault]) -> None:
        self._engine = engine
        self._preparer = Preparer(engine.dialect)
        self._vault = vault
        self._connection: sa.Connection | None = None
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._closing = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._serve, name="store-writer", daemon=True)
        self._thread.start()

    def submit(self, job: Job) -> None:
        """Run a job in the next shared transaction. Raises StoreClosed where there is none any more."""
        with self._closing:
            if self._closed:
                raise StoreClosed
            self._jobs.put(job)

    def close(self) -> None:
        """Finish what was submitted, then stop."""
        with self._closing:
            self._closed = True
            self._jobs.put(None)
        self._thread.join()

    def _serve(self) -> None:
        """Commit batch after batch. Whatever happens, every caller is told: nobody waits for ever."""
        while (batch := self._choose()) is not None:
            for outcome in self._insist(batch):
                _tell(*outcome)
        self._drop_connection()

    def _insist(self, batch: list[Job]) -> list[_Outcome]:
        """Commit these jobs, on a new connection where the one there was is gone.

        A carrier does not bring a text again that was answered with an error. Nobody has been told anything
        yet, so trying again is safe even where the commit went through and only the word of it was lost: a
        use case recognises what it has claimed.
        """
        waits = iter(RECONNECT_WAITS)
        while True:
            try:
                return self._commit(batch)
            except Exception as error:  # noqa: BLE001  after the last try every caller is told
                self._drop_connection()
                wait = next(waits, None)
                if wait is None:
                    return [(job, None, None, error) for job in batch]
                log.warning("database connection lost, trying again")
                time.sleep(wait)

    def _choose(self) -> list[Job] | None:
        """Return the jobs for the next commit, or None once it is time to stop."""
        return self._next_batch()

    @abstractmethod
    def _commit(self, batch: list[Job]) -> list[_Outcome]:
        """Run and commit these jobs. Raises only when the connection can't be used any more."""

    def _raw(self) -> Any:
        """Return the driver's connection, opening it where there is none."""
        if self._connection is None:
            self._connection = self._engine.connect()
        return self._connection.connection.driver_connection

    def _drop_connection(self) -> None:
        """Close the connection; the next batch opens another."""
        if self._connection is not None:
            self._connection.invalidate()
            self._connection.close()
            self._connection = None

    def _next_batch(self) -> list[Job] | None:
        """Wait for a job, and take whatever else is there; None once it is time to stop."""
        job = self._jobs.get()
        batch: list[Job] = []
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


def _tell(job: Job, unit: Unit | None, result: Any, error: BaseException | None) -> None:
    """Tell a caller, then do what was asked for after the commit. A failure here must not stop the writer."""
    try:
        job.done(result, error)
        if unit is not None:
            unit.committed()
    except Exception:
        log.exception("what follows a commit failed")


class SqliteWriter(_Thread):
    """The one writing connection of a SQLite database. Its reads cost no round trip: none is asked early."""

    looks_up = False

    def _commit(self, batch: list[Job]) -> list[_Outcome]:
        """Run all in one transaction; where one of them fails, all again, each under a savepoint of its own.

        Failures are rare, and two statements for each use case would be a fifth of all that SQLite is asked.
        """
        raw = self._raw()
        cursor = raw.cursor()
        try:
            cursor.execute("BEGIN IMMEDIATE")
            outcomes = self._up_to_a_failure(cursor, batch)
            if outcomes[-1][3] is not None:
                cursor.execute("ROLLBACK")
                if len(batch) == 1:
                    return outcomes
                cursor.execute("BEGIN IMMEDIATE")
                outcomes = [self._under_savepoint(cursor, job) for job in batch]
            cursor.execute("COMMIT")
        except Exception as error:  # noqa: BLE001  nothing was committed: every caller is told
            if raw.in_transaction:
                cursor.execute("ROLLBACK")
            return [(job, None, None, error) for job in batch]
        return outcomes

    def _up_to_a_failure(self, cursor: Any, batch: list[Job]) -> list[_Outcome]:
        """Run use case after use case; the last of what is returned may have failed."""
        outcomes: list[_Outcome] = []
        for job in batch:
            outcomes.append(self._run(cursor, job))
            if outcomes[-1][3] is not None:
                break
        return outcomes

    def _under_savepoint(self, cursor: Any, job: Job) -> _Outcome:
        """Run a use case of which nothing stays where it fails."""
        cursor.execute("SAVEPOINT one")
        outcome = self._run(cursor, job)
        if outcome[3] is not None:
            cursor.execute("ROLLBACK TO one")
        cursor.execute("RELEASE one")
        return outcome

    def _run(self, cursor: Any, job: Job) -> _Outcome:
        unit = Unit(cursor, self._preparer, self._vault())
        try:
            result = job.work(unit)
            unit.flush()
        except Exception as error:  # noqa: BLE001  told to the caller whose use case it was
            return job, None, None, error
        return job, unit, result, None


class PostgresWriter(_Thread):
    """One writing connection to PostgreSQL; other processes have theirs.

    A second one in this process would only take turns with the first: they share one interpreter.
    """

    looks_up = True

    def __init__(self, engine: sa.Engine, vault: Callable[[], Vault]) -> None:
        self._late: list[Job] = []
        self._merger = Merger()
        self._pipeline: Pipeline | None = None
        super().__init__(engine, vault)

    def _choose(self) -> list[Job] | None:
        """Return the next batch with at most one job for each key; the others wait for the next."""
        batch, self._late = (self._late, []) if self._late else (self._next_batch(), [])
        if batch is None:
            return None
        keys: set[Any] = set()
        chosen: list[Job] = []
        for job in batch:
            if job.lookup is not None and job.lookup.key in keys:
                self._late.append(job)
                continue
            if job.lookup is not None:
                keys.add(job.lookup.key)
            chosen.append(job)
        return chosen

    def _commit(self, batch: list[Job]) -> list[_Outcome]:
        """Run all in one transaction; where anything went wrong, each again in its own."""
        from psycopg import DatabaseError, OperationalError

        pipeline = self._opened()
        if len(batch) > 1:
            try:
                return self._attempt(pipeline, batch)
            except OperationalError:
                if pipeline.connection.broken:
                    raise
            except (Conflict, DatabaseError):
                pass  # somebody was faster, or one of them is at fault: which one shows below
        outcomes: list[_Outcome] = []
        for job in batch:
            outcomes.extend(self._alone(pipeline, job))
        return outcomes

    def _opened(self) -> Pipeline:
        """Return the pipeline of the connection, opening both where there is none."""
        from checkin.store.pipeline import Pipeline

        raw: psycopg.Connection[Any] = self._raw()
        if self._pipeline is None or self._pipeline.connection is not raw:
            self._pipeline = Pipeline(raw)
        return self._pipeline

    def _alone(self, pipeline: Pipeline, job: Job) -> list[_Outcome]:
        from psycopg import errors

        fresh = (Conflict, errors.UniqueViolation, errors.SerializationFailure, errors.DeadlockDetected)
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return self._attempt(pipeline, [job])
            except fresh as error:
                if attempt == ATTEMPTS:
                    return [(job, None, None, error)]
            except Exception as error:
                if pipeline.connection.broken:
                    raise
                return [(job, None, None, error)]
        raise AssertionError("unreachable")

    def _attempt(self, pipeline: Pipeline, batch: list[Job]) -> list[_Outcome]:
        """Look up for all, decide for all, write for all. Raises, with nothing written, if any of it fails.

        A use case that fails by itself is told so; it has written nothing and harms no other.
        """
        from checkin.store.pipeline import PipelineCursor

        asked = self._ask(pipeline, batch)
        outcomes: list[_Outcome] = []
        for job in batch:
            unit = Unit(PipelineCursor(pipeline), self._preparer, self._vault())
            if job.lookup is not None:
                unit.know(job.lookup, asked[job.lookup.key])
            try:
                outcomes.append((job, unit, job.work(unit), None))
            except Conflict:
                raise
            except Exception as error:
                if pipeline.connection.broken:
                    raise
                outcomes.append((job, None, None, error))
        self._write(pipeline, [unit for _, unit, _, _ in outcomes if unit is not None and unit.writes])
        return outcomes

    def _ask(self, pipeline: Pipeline, batch: list[Job]) -> dict[Any, list[Any]]:
        """Look up everything that is wanted beforehand, in one round trip."""
        asks = [job.lookup for job in batch if job.lookup is not None]
        if not asks:
            return {}
        prepared = [self._preparer.prepare(ask.statement, ask.params) for ask in asks]
        results = pipeline.run(
            [(one.encoded, one.values(ask.params)) for one, ask in zip(prepared, asks, strict=True)]
        )
        return {
            ask.key: one.rows(result.fetchall())
            for ask, one, result in zip(asks, prepared, results, strict=True)
        }

    def _write(self, pipeline: Pipeline, units: list[Unit]) -> None:
        """Write everything in one round trip; one more where a count must be awaited.

        A unit's writes leave as one statement where they can; a single statement is its own transaction.
        """
        if not units:
            return
        if any(expect is not None for unit in units for _, _, expect in unit.writes):
            self._write_guarded(pipeline, units)
            return
        statements: list[Statement] = []
        for unit in units:
            whole = self._merger.merge(unit.writes)
            parts = [(prepared.encoded, values) for prepared, values, _ in unit.writes]
            statements.extend(parts if whole is None else [whole])
        pipeline.run(statements)

    def _write_guarded(self, pipeline: Pipeline, units: list[Unit]) -> None:
        """Write everything, and commit only when every count is what was expected."""
        writes = [write for unit in units for write in unit.writes]
        statements = [(prepared.encoded, values) for prepared, values, _ in writes]
        try:
            _, *results = pipeline.run([(b"BEGIN", ()), *statements])
        except Exception:
            if not pipeline.connection.broken:
                _end(pipeline, b"ROLLBACK")
            raise
        counts = zip(results, (expect for _, _, expect in writes), strict=True)
        kept = all(expect is None or result.rowcount == expect for result, expect in counts)
        _end(pipeline, b"COMMIT" if kept else b"ROLLBACK")
        if not kept:
            raise Conflict


def _end(pipeline: Pipeline, how: bytes) -> None:
    """End a transaction that waited for its counts."""
    pipeline.run([(how, ())])
