"""The two writers: one thread each, many use cases a commit.

SQLite: one `BEGIN IMMEDIATE` for all; where one of them fails they run again, each under a savepoint.
PostgreSQL: one pipeline, in which some use cases write while the next ones decide; where anybody was faster,
the use cases of that commit run again one by one.
"""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
import structlog

from checkin.store.checkpoints import Checkpoints
from checkin.store.jobs import Jobs
from checkin.store.prepared import Merger, Preparer
from checkin.store.unit import Conflict, Job, Unit
from checkin.store.vault import Vault

if TYPE_CHECKING:
    import psycopg

    from checkin.store.pipeline import Pipeline, Sent, Statement

log = structlog.get_logger()

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
        self._jobs = Jobs()
        self.at_rest = threading.Event()
        self.at_rest.set()
        self._thread = threading.Thread(target=self._serve, name="store-writer", daemon=True)
        self._thread.start()

    def submit(self, job: Job) -> None:
        """Run a job in the next shared transaction. Raises StoreClosed where there is none any more."""
        self._jobs.put(job)

    def close(self) -> None:
        """Finish what was submitted, then stop."""
        self._jobs.close()
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
                    return self._give_up(batch, error)
                log.warning("database connection lost, trying again")
                time.sleep(wait)

    def _give_up(self, batch: list[Job], error: Exception) -> list[_Outcome]:
        """Return what to tell the callers of use cases that found no database."""
        return [(job, None, None, error) for job in batch]

    def _choose(self) -> list[Job] | None:
        """Return the jobs for the next commit, or None once it is time to stop."""
        return self._jobs.take()

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


def _tell(job: Job, unit: Unit | None, result: Any, error: BaseException | None) -> None:
    """Tell a caller, then do what was asked for after the commit. A failure here must not stop the writer."""
    try:
        job.done(result, error)
    except Exception:
        log.exception("a caller could not be told")
    if unit is not None:
        unit.committed()


class SqliteWriter(_Thread):
    """The one writing connection of a SQLite database."""

    def __init__(self, engine: sa.Engine, vault: Callable[[], Vault], checkpoints: Checkpoints) -> None:
        self._checkpoints = checkpoints
        super().__init__(engine, vault)

    def close(self) -> None:
        """Finish what was submitted, then stop."""
        super().close()
        self._checkpoints.close()

    def _commit(self, batch: list[Job]) -> list[_Outcome]:
        """Run all in one transaction; where one of them fails, all again, each under a savepoint of its own.

        Failures are rare, and two statements for each use case would be a fifth of all that SQLite is asked.
        What patient ones have written is committed as soon as somebody waits; the rest of them goes on later.
        """
        raw = self._raw()
        cursor = raw.cursor()
        self.at_rest.clear()
        try:
            cursor.execute("BEGIN IMMEDIATE")
            outcomes = self._up_to_a_failure(cursor, batch)
            if outcomes[-1][3] is not None:
                cursor.execute("ROLLBACK")
                if len(batch) == 1:
                    return outcomes
                cursor.execute("BEGIN IMMEDIATE")
                outcomes = [self._under_savepoint(cursor, job) for job in batch]
            self.at_rest.set()
            cursor.execute("COMMIT")
        except Exception as error:  # noqa: BLE001  nothing was committed: every caller is told
            if raw.in_transaction:
                cursor.execute("ROLLBACK")
            return [(job, None, None, error) for job in batch]
        finally:
            self.at_rest.set()
        self._jobs.put_back(batch[len(outcomes) :])
        self._checkpoints.after(raw.total_changes)
        return outcomes

    def _up_to_a_failure(self, cursor: Any, batch: list[Job]) -> list[_Outcome]:
        """Run use case after use case; the last of what is returned may have failed."""
        outcomes: list[_Outcome] = []
        for job in batch:
            outcomes.append(self._run(cursor, job))
            if outcomes[-1][3] is not None or (job.patient and self._jobs.somebody_waits):
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

    A second one in this process would only take turns with the first: they share one interpreter. Instead,
    while PostgreSQL writes what one batch has decided, the next one decides. Texts have a way of their own,
    where there is an event loop (`checkin.store.in_loop`).
    """

    def __init__(self, engine: sa.Engine, vault: Callable[[], Vault]) -> None:
        self._merger = Merger()
        self._pipeline: Pipeline | None = None
        self._ahead: list[Job] = []
        """The next batch, chosen while another is being written."""
        self._written: _Written | None = None
        super().__init__(engine, vault)

    def _choose(self) -> list[Job] | None:
        """Return the next batch: the one that was chosen already, or one that waits to be begun."""
        batch, self._ahead = self._ahead, []
        return batch or self._jobs.take()

    def _give_up(self, batch: list[Job], error: Exception) -> list[_Outcome]:
        """Return what to tell the callers of use cases that found no database, written ones included."""
        written, self._written = self._written, None
        if written is not None and written.batch is not batch:
            batch = written.batch + batch
        return super()._give_up(batch, error)

    def _opened(self) -> Pipeline:
        """Return the pipeline of the connection, opening both where there is none."""
        from checkin.store.pipeline import Pipeline

        raw: psycopg.Connection[Any] = self._raw()
        if self._pipeline is None or self._pipeline.connection is not raw:
            self._pipeline = Pipeline(raw)
        return self._pipeline

    def _commit(self, batch: list[Job]) -> list[_Outcome]:
        """Decide for all and write in one transaction; where anything goes wrong, each again in its own.

        Returns whom to tell now; what is still being written is told once that is known.
        """
        pipeline = self._opened()
        if self._written is not None and self._written.batch is batch:
            self._settle(pipeline)  # the connection broke when all of it had been sent
            return []
        try:
            outcomes = self._decide(pipeline, batch)
            self._settle(pipeline)
            statements = _statements(self._merger, outcomes)
            if statements is None:
                _write_guarded(pipeline, outcomes)
            if not statements:
                return outcomes
            self._written = _Written(batch, outcomes, pipeline.send(statements))
        except Exception:
            if pipeline.connection.broken:
                raise
            self._settle(pipeline)
            return self._each_alone(pipeline, batch)
        self._ahead = self._jobs.now()
        if not self._ahead:
            self._settle(pipeline)
        return []

    def _decide(self, pipeline: Pipeline, batch: list[Job]) -> list[_Outcome]:
        """Run use cases. One that fails by itself is told so; it has written nothing and harms no other.

        In between, callers are told what has been written meanwhile.
        """
        outcomes: list[_Outcome] = []
        for job in batch:
            outcomes.append(self._run(pipeline, job))
            if self._written is not None and self._written.sent.has_come():
                self._settle(pipeline)
        return outcomes

    def _run(self, pipeline: Pipeline, job: Job) -> _Outcome:
        from checkin.store.pipeline import PipelineCursor

        unit = Unit(PipelineCursor(pipeline), self._preparer, self._vault())
        try:
            return job, unit, job.work(unit), None
        except Conflict:
            raise
        except Exception as error:
            if pipeline.connection.broken:
                raise
            return job, None, None, error

    def _settle(self, pipeline: Pipeline) -> None:
        """Wait for what is being written, and tell. What was refused is run again, one by one."""
        from psycopg import DatabaseError

        if self._written is None:
            return
        outcomes = self._written.outcomes
        try:
            self._written.sent.results()
        except DatabaseError:
            if pipeline.connection.broken:
                raise
            outcomes = self._each_alone(pipeline, self._written.batch)
        self._written = None
        for outcome in outcomes:
            _tell(*outcome)

    def _each_alone(self, pipeline: Pipeline, batch: list[Job]) -> list[_Outcome]:
        """Run use cases one by one, each in a transaction of its own, on what is there at that moment."""
        return [self._alone(pipeline, job) for job in batch]

    def _alone(self, pipeline: Pipeline, job: Job) -> _Outcome:
        from psycopg import errors

        fresh = (Conflict, errors.UniqueViolation, errors.SerializationFailure, errors.DeadlockDetected)
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return self._at_once(pipeline, job)
            except fresh as error:
                if attempt == ATTEMPTS:
                    return job, None, None, error
            except Exception as error:
                if pipeline.connection.broken:
                    raise
                return job, None, None, error
        raise AssertionError("unreachable")

    def _at_once(self, pipeline: Pipeline, job: Job) -> _Outcome:
        """Look up, decide and write. Raises, with nothing written, if any of it fails."""
        outcome = self._run(pipeline, job)
        statements = _statements(self._merger, [outcome])
        if statements is None:
            _write_guarded(pipeline, [outcome])
        elif statements:
            pipeline.run(statements)
        return outcome


@dataclass(frozen=True, slots=True)
class _Written:
    """What was decided and is being written; nobody has been told."""

    batch: list[Job]
    outcomes: list[_Outcome]
    sent: Sent


def _statements(merger: Merger, outcomes: list[_Outcome]) -> list[Statement] | None:
    """Return what is to be written, or None where a count must be awaited before any of it may be kept."""
    statements: list[Statement] = []
    for _, unit, _, _ in outcomes:
        written = merger.statements(unit.writes) if unit is not None else []
        if written is None:
            return None
        statements += written
    return statements


def _write_guarded(pipeline: Pipeline, outcomes: list[_Outcome]) -> None:
    """Write everything, and commit only when every count is what was expected."""
    writes = [write for _, unit, _, _ in outcomes if unit is not None for write in unit.writes]
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
