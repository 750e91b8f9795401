"""The store: opens a database, brings it up to date, and runs use cases in it."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import Future
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import IsolationLevel

from checkin.store import tables
from checkin.store.checkpoints import Checkpoints
from checkin.store.elsewhere import ANSWERS, WAITS
from checkin.store.prepared import Preparer
from checkin.store.unit import Cursor, Job, Lookup, Unit, Writer
from checkin.store.vault import Vault, new_key
from checkin.store.writers import PostgresWriter, SqliteWriter

if TYPE_CHECKING:
    from checkin.store.in_loop import LoopWriter

T = TypeVar("T")

_Finished = tuple[asyncio.Future[Any], Any, BaseException | None]

_BUSY_MILLISECONDS = 15_000
_LOOK_MILLISECONDS = 20
_PG_READERS = 4
_PG_PATIENCE = {
    "connect_timeout": "10",
    "keepalives_idle": "15",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "30000",
}
"""How soon a server that went away without a word is given up: in half a minute. The system would wait a
quarter of an hour, or two hours while nothing is written, and a request for support with it. Seconds, but the
last is milliseconds (https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS)."""

_WRITER_KILOBYTES, _READER_KILOBYTES = 32_768, 8_192
"""What a connection to SQLite keeps of the file; the system keeps as much of it as it has room for."""

_ASIDE_SECONDS = 0.005
_LONGEST_LOG = 64_000
"""Pages of SQLite's log at which a commit carries it over, where `Checkpoints` has not: 256 MB."""


class Store:
    """One open database. Thread-safe; `close` it when done."""

    def __init__(self, engine: sa.Engine, readers: sa.Engine, vault: Vault) -> None:
        self.engine = engine
        self.vault = vault
        self._readers = readers
        self._reading = Preparer(readers.dialect)
        self._finishing = threading.Lock()
        self._finished: dict[asyncio.AbstractEventLoop, list[_Finished]] = {}
        """What is finished and not told yet, by the loop that awaits it: one may end with results untold."""
        self._in_loop: LoopWriter | None = None
        self._writer: Writer = (
            SqliteWriter(engine, lambda: self.vault, Checkpoints(readers, self._stand_still))
            if engine.dialect.name == "sqlite"
            else PostgresWriter(engine, lambda: self.vault)
        )

    def run(self, work: Callable[[Unit], T], *, patient: bool = False) -> T:
        """Run a use case in a transaction and wait until it is durable.

        One that is `patient` lets all that are not go before it (`checkin.store.jobs`).

        Raises what the use case raised; nothing of it is stored then. Not to be called from an event loop.
        """
        finished = threading.Event()
        outcome: list[Any] = [None, None]

        def done(result: Any, error: BaseException | None) -> None:
            outcome[:] = result, error
            finished.set()

        self._writer.submit(Job(work, done, patient))
        finished.wait()
        if outcome[1] is not None:
            raise outcome[1]
        return outcome[0]  # type: ignore[no-any-return]

    def begin(self, work: Callable[[Unit], T], *, patient: bool = False) -> Future[T]:
        """Begin a use case as `run` does, and go on; the future tells when it is durable, or why not."""
        future: Future[T] = Future()

        def done(result: Any, error: BaseException | None) -> None:
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)

        self._writer.submit(Job(work, done, patient))
        return future

    def run_async(
        self, work: Callable[[Unit], T], lookup: Callable[[], Lookup] | None = None
    ) -> asyncio.Future[T]:
        """Run a use case as `run` does, and return a future of the running event loop.

        `lookup` gives what it will want to know first. A loop that decides for this store (`in_loop`) takes
        such a use case itself; any other goes to the writer's thread.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        if lookup is not None and self._in_loop is not None and self._in_loop.loop is loop:
            self._in_loop.submit(work, lookup(), future)
        else:
            self._in_thread(work, future)
        return future

    def _in_thread(self, work: Callable[[Unit], Any], future: asyncio.Future[Any]) -> None:
        """Run a use case in the writer's thread, and tell the future in its own loop."""
        loop = future.get_loop()

        def done(result: Any, error: BaseException | None) -> None:
            # Several finish before the loop looks: the first, and only it, wakes the loop.
            with self._finishing:
                waiting = self._finished.get(loop)
                if waiting is not None:
                    waiting.append((future, result, error))
                    return
                self._finished[loop] = [(future, result, error)]
            try:
                loop.call_soon_threadsafe(self._settle, loop)
            except RuntimeError:
                self._take_finished(loop)  # the loop is closed, and nobody awaits anything any more

        self._writer.submit(Job(work, done))

    @asynccontextmanager
    async def in_loop(self) -> AsyncIterator[None]:
        """Decide in this event loop, as long as this lasts, what it runs with a lookup.

        On SQLite everything stays with the one writer: its reads cost no round trip, and its commit waits for
        the disk, which an event loop must not.
        """
        if self.engine.dialect.name == "sqlite":
            yield
            return
        from checkin.store.in_loop import LoopWriter

        writer = LoopWriter(self.engine, lambda: self.vault, self._in_thread)
        await writer.open()
        self._in_loop = writer
        try:
            yield
        finally:
            self._in_loop = None
            await writer.close()

    def _settle(self, loop: asyncio.AbstractEventLoop) -> None:
        """Give every finished use case's result to whoever awaits it in this loop."""
        for future, result, error in self._take_finished(loop):
            if future.done():
                continue
            if error is not None:
                future.set_exception(error)
            else:
                future.set_result(result)

    def _take_finished(self, loop: asyncio.AbstractEventLoop) -> list[_Finished]:
        with self._finishing:
            return self._finished.pop(loop, [])

    def read(self, work: Callable[[Unit], T]) -> T:
        """Run a function that only reads, on one consistent view, beside the writers."""
        with self._readers.connect() as connection, connection.begin():
            unit = Unit(_cursor(connection), self._reading, self.vault)
            result = work(unit)
            assert not unit.writes, "a reading use case must not write"
            return result

    def stand_aside(self) -> None:
        """Wait, for a moment at most, until the writer of this process needs the interpreter no more.

        For whoever decides much and is in no hurry: each of a writer's statements gives the interpreter away,
        and it would wait half a millisecond each time to have it back.
        """
        at_rest = self._writer.at_rest
        if not at_rest.is_set():
            at_rest.wait(_ASIDE_SECONDS)

    def _stand_still(self, work: Callable[[], None]) -> None:
        self.run(lambda _unit: work(), patient=True)

    def close(self) -> None:
        """Finish what was submitted and close every connection."""
        self._writer.close()
        self._readers.dispose()
        self.engine.dispose()


def _cursor(connection: sa.Connection) -> Cursor:
    """Return a cursor of the driver's that takes statements as `Prepared` spells them."""
    if connection.dialect.name == "sqlite":
        cursor: Cursor = connection.connection.cursor()
        return cursor
    from psycopg import RawCursor

    raw: Any = connection.connection.driver_connection
    return RawCursor(raw)


def open_engine(url: str, name: str = WAITS) -> sa.Engine:
    """Return an engine for this URL whose connections are in autocommit, as writers need them.

    `name` is what PostgreSQL is to show of them (`checkin.store.elsewhere`).
    """
    if url.startswith("sqlite"):
        return _sqlite_engine(url)
    return _postgres_engine(url, isolation_level="AUTOCOMMIT", pool_size=1, name=name)


def _postgres_engine(
    url: str, *, isolation_level: IsolationLevel, pool_size: int, name: str = WAITS
) -> sa.Engine:
    """Return an engine for PostgreSQL on which a statement is planned once, not each time it is run.

    Every statement here finds its rows by a key, so that a plan for any value is the plan for all values;
    planning would cost more than running. What the URL says of patience goes before ours.
    """
    said = sa.make_url(url).query
    engine = sa.create_engine(
        url,
        connect_args={
            **{key: value for key, value in _PG_PATIENCE.items() if key not in said},
            "application_name": name,
        },
        isolation_level=isolation_level,
        hide_parameters=True,
        pool_size=pool_size,
        max_overflow=4,
        pool_pre_ping=True,
    )

    @sa.event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET plan_cache_mode = force_generic_plan")
        connection.commit()

    return engine


def open_store(url: str, keys: Sequence[bytes], *, answers: bool = False) -> Store:
    """Open a migrated database. `url` is a SQLAlchemy URL, `keys` the key ring (the first one seals).

    With `answers` other processes see when people are answered through this one (`checkin.store.elsewhere`).
    Raises VaultError when the ring does not open what the database holds.
    """
    engine = open_engine(url, ANSWERS if answers else WAITS)
    if engine.dialect.name == "sqlite":
        readers = _sqlite_engine(url, read_only=True)
    else:
        readers = _postgres_engine(url, isolation_level="REPEATABLE READ", pool_size=_PG_READERS)
    store = Store(engine, readers, Vault(keys))
    try:
        store.vault = store.vault.with_index_key(store.run(_index_key(store.vault)))
    except BaseException:
        store.close()
        raise
    return store


def _index_key(vault: Vault) -> Callable[[Unit], bytes]:
    """Return the use case that reads the index key, making it in a new database."""

    def work(unit: Unit) -> bytes:
        row = unit.first(sa.select(tables.meta.c.value).where(tables.meta.c.key == "index_key"))
        if row is not None:
            return bytes.fromhex(vault.open("meta.index_key", row.value))
        key = new_key()
        unit.write(
            sa.insert(tables.meta), {"key": "index_key", "value": vault.seal("meta.index_key", key.hex())}
        )
        return key

    return work


def _sqlite_engine(url: str, *, read_only: bool = False) -> sa.Engine:
    """Return an engine for SQLite: WAL, and `synchronous=FULL`.

    NORMAL may lose the last commits when power fails, and one of them may be a request for support.
    """
    parsed = sa.make_url(url)
    if parsed.database and parsed.database != ":memory:":
        path = Path(parsed.database)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)  # nobody else on this machine may copy it
    engine = sa.create_engine(
        parsed,
        hide_parameters=True,
        connect_args={"isolation_level": None, "check_same_thread": False, "timeout": 15},
        pool_size=4 if read_only else 1,
        max_overflow=4 if read_only else 0,
        poolclass=sa.QueuePool,
    )

    @sa.event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: Any) -> None:
        _turn_to_wal(connection)
        for pragma in (
            f"busy_timeout = {_BUSY_MILLISECONDS}",
            "synchronous = FULL",
            "foreign_keys = ON",
            f"cache_size = -{_READER_KILOBYTES if read_only else _WRITER_KILOBYTES}",
            f"wal_autocheckpoint = {_LONGEST_LOG}",
            *(("query_only = ON",) if read_only else ()),
        ):
            connection.execute(f"PRAGMA {pragma}")

    if read_only:

        @sa.event.listens_for(engine, "begin")
        def _begin(connection: sa.Connection) -> None:
            connection.exec_driver_sql("BEGIN")

    return engine


def _turn_to_wal(connection: sqlite3.Connection, sleep: Callable[[float], None] = time.sleep) -> None:
    """Let a file have a log of what is written (WAL), for good. Raises OperationalError as SQLite does.

    While another process writes to a new file, as two do that start together, SQLite refuses this at once,
    whatever `busy_timeout` says; it is the only statement to which it does so.
    """
    for left in reversed(range(_BUSY_MILLISECONDS // _LOOK_MILLISECONDS)):
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or not left:
                raise
            sleep(_LOOK_MILLISECONDS / 1000)
