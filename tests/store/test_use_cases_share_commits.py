"""The unit of work and its writers: many use cases a commit, and each of them alone."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
import threading
from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa
import structlog
from sqlalchemy.exc import IntegrityError

from checkin.store.store import Store, open_store
from checkin.store.tables import members, meta
from checkin.store.unit import Conflict, Job, StoreClosed, Unit
from tests.servers.migrated import make_migrated
from tests.store.conftest import KEY

_insert = sa.insert(meta)
_value = sa.select(meta.c.value).where(meta.c.key == sa.bindparam("wanted"))
_update = (
    sa.update(meta)
    .where(meta.c.key == sa.bindparam("wanted"), meta.c.value == sa.bindparam("was"))
    .values(value=sa.bindparam("new"))
)


def put(key: str, value: bytes = b"") -> Callable[[Unit], str]:
    """Return a use case that stores a row."""

    def work(unit: Unit) -> str:
        unit.write(_insert, {"key": key, "value": value})
        return key

    return work


def value(store: Store, key: str) -> bytes | None:
    """Return a stored value."""
    row = store.read(lambda unit: unit.first(_value, {"wanted": key}))
    return None if row is None else row.value


class Gate:
    """Holds the writer of a store, so that everything submitted meanwhile shares one batch."""

    def __init__(self, store: Store) -> None:
        self._open = threading.Event()
        held = threading.Event()

        def work(_unit: Unit) -> None:
            held.set()
            self._open.wait()

        self._thread = threading.Thread(target=store.run, args=(work,))
        self._thread.start()
        held.wait()

    def open(self) -> None:
        """Let the writer go on."""
        self._open.set()
        self._thread.join()


def together(store: Store, works: list[Callable[[Unit], object]]) -> list[object]:
    """Run use cases that wait for the writer in this order; return each one's result or error."""
    gate = Gate(store)
    outcomes: dict[int, object] = {}
    finished = threading.Semaphore(0)
    for place, work in enumerate(works):

        def done(result: object, error: BaseException | None, place: int = place) -> None:
            outcomes[place] = result if error is None else error
            finished.release()

        store._writer.submit(Job(work, done))
    gate.open()
    for _ in works:
        assert finished.acquire(timeout=20)
    return [outcomes[place] for place in range(len(works))]


def fail(unit: Unit) -> None:
    """Write something, and then fail."""
    unit.write(_insert, {"key": "failed", "value": b""})
    raise ZeroDivisionError


def test_a_result_is_there_for_the_next(store: Store) -> None:
    assert store.run(put("a", b"1")) == "a"
    assert value(store, "a") == b"1"


def test_a_failing_use_case_stores_nothing_and_harms_no_other(store: Store) -> None:
    works: list[Callable[[Unit], object]] = [put(f"k{place}") for place in range(20)]
    works[7] = fail
    works[13] = put("k3")  # the same key: refused by the database
    outcomes = together(store, works)
    assert isinstance(outcomes[7], ZeroDivisionError)
    failed = [place for place, outcome in enumerate(outcomes) if isinstance(outcome, Exception)]
    assert failed == [7, 13]
    assert value(store, "failed") is None
    assert all(value(store, f"k{place}") is not None for place in range(20) if place not in failed)


def test_a_refused_write_tells_its_caller(store: Store) -> None:
    store.run(put("a"))
    with pytest.raises(Exception, match=r"(?i)unique"):
        store.run(put("a"))


def test_expecting_a_row_that_is_not_there_is_a_conflict(store: Store) -> None:
    def work(unit: Unit) -> None:
        unit.write(_insert, {"key": "beside", "value": b""})
        unit.write(_update, {"wanted": "nothing", "was": b"", "new": b"x"}, expect=1)

    with pytest.raises(Conflict):
        store.run(work)
    assert value(store, "beside") is None


def test_decisions_on_the_same_row_come_one_after_the_other(store: Store) -> None:
    """Nobody's increment is lost: SQLite has one writer, PostgreSQL decides again."""
    store.run(put("count", b"0"))

    def add(unit: Unit) -> None:
        row = unit.first(_value, {"wanted": "count"})
        assert row is not None
        new = str(int(row.value) + 1).encode()
        unit.write(_update, {"wanted": "count", "was": row.value, "new": new}, expect=1)

    outcomes = together(store, [add] * 12)
    assert outcomes == [None] * 12
    assert value(store, "count") == b"12"


def test_what_follows_a_commit_follows_it(store: Store) -> None:
    seen: list[bytes | None] = []
    done = threading.Event()

    def look() -> None:
        seen.append(value(store, "a"))
        done.set()

    def work(unit: Unit) -> None:
        unit.write(_insert, {"key": "a", "value": b"1"})
        unit.after_commit(look)

    store.run(work)
    assert done.wait(timeout=10)
    assert seen == [b"1"]


def test_what_follows_a_failure_is_not_done(store: Store) -> None:
    seen: list[str] = []

    def work(unit: Unit) -> None:
        unit.after_commit(lambda: seen.append("done"))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        store.run(work)
    store.run(lambda _unit: None)
    assert seen == []


def test_a_wake_up_that_fails_does_not_stop_the_writer(store: Store) -> None:
    def work(unit: Unit) -> None:
        unit.after_commit(lambda: 1 / 0)

    with structlog.testing.capture_logs() as logs:
        store.run(work)
        store.run(put("a"))
    assert [line["event"] for line in logs] == ["what follows a commit failed"]


def test_reading_must_not_write(store: Store) -> None:
    with pytest.raises(AssertionError, match="must not write"):
        store.read(put("a"))
    assert value(store, "a") is None


def test_closing_finishes_what_was_submitted(database_url: str) -> None:
    make_migrated(database_url)
    store = open_store(database_url, [KEY])
    results: list[str] = []
    for place in range(200):
        store._writer.submit(Job(put(f"k{place}"), lambda result, _error: results.append(result)))
    store.close()
    assert sorted(results) == sorted(f"k{place}" for place in range(200))


def test_a_closed_store_says_so_instead_of_waiting_for_ever(database_url: str) -> None:
    make_migrated(database_url)
    store = open_store(database_url, [KEY])
    store.close()
    with pytest.raises(StoreClosed, match="takes no use case any more"):
        store.run(put("a"))


def test_a_commit_that_fails_tells_every_caller(sqlite_url: str) -> None:
    """A foreign key that is checked at the commit refuses the whole of it."""
    make_migrated(sqlite_url)
    store = open_store(sqlite_url, [KEY])

    def defer(unit: Unit) -> None:
        unit._cursor.execute("PRAGMA defer_foreign_keys = ON")
        unit.write(sa.insert(members), {"person_id": "nobody", "state": "active"})

    outcomes = together(store, [put("a"), defer, put("b")])
    assert [type(outcome) for outcome in outcomes] == [sqlite3.IntegrityError] * 3
    assert value(store, "a") is None
    assert store.run(put("c")) == "c", "the writer goes on"
    store.close()


@pytest.fixture
def loop_runner() -> Iterator[asyncio.Runner]:
    """An event loop that tells nothing of the futures left in it."""
    with asyncio.Runner() as runner:
        yield runner


def test_an_event_loop_hears_of_every_result(store: Store, loop_runner: asyncio.Runner) -> None:
    async def many() -> list[object]:
        rounds: list[object] = []
        for start in range(0, 5000, 50):
            works = [store.run_async(lambda _unit, n=n: n) for n in range(start, start + 50)]
            rounds.extend(await asyncio.wait_for(asyncio.gather(*works), timeout=20))
        return rounds

    seconds = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)  # threads take turns at every chance: whatever can go wrong between two, does
    try:
        assert loop_runner.run(many()) == list(range(5000))
    finally:
        sys.setswitchinterval(seconds)


def test_an_event_loop_hears_of_errors_and_may_give_up(store: Store, loop_runner: asyncio.Runner) -> None:
    async def some() -> None:
        with pytest.raises(ZeroDivisionError):
            await store.run_async(fail)
        abandoned = store.run_async(put("a"))
        abandoned.cancel()
        assert await store.run_async(put("b")) == "b"

    loop_runner.run(some())
    assert value(store, "a") is not None


def test_a_loop_that_is_gone_does_not_stop_the_writer(store: Store) -> None:
    async def leave() -> None:
        store.run_async(put("a"))

    asyncio.run(leave())
    assert store.run(put("b")) == "b"
    assert asyncio.run(_await(store)) == "c"


def test_a_loop_that_ends_before_it_looks_takes_nobody_elses_results(store: Store) -> None:
    """A result can be there, and the loop told of it, when the loop ends without looking any more."""

    async def leave() -> None:
        store.run_async(put("a"))
        asyncio.get_running_loop().stop()
        assert store.run(put("b")) == "b"  # "a" is finished by then

    loop = asyncio.new_event_loop()
    task = loop.create_task(leave())
    loop.run_forever()
    assert task.done()
    assert asyncio.run(_await(store)) == "c"
    loop.close()


async def _await(store: Store) -> str:
    return await asyncio.wait_for(store.run_async(put("c")), timeout=10)


def test_postgres_starts_anew_after_it_lost_its_connections(postgres_url: str) -> None:
    make_migrated(postgres_url)
    store = open_store(postgres_url, [KEY])
    store.run(put("a"))
    other = sa.create_engine(postgres_url, isolation_level="AUTOCOMMIT")
    with other.connect() as connection:
        connection.execute(
            sa.text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
        )
    other.dispose()
    told = []
    for place in range(20):
        try:
            told.append(store.run(put(f"k{place}")))
        except Exception as error:  # noqa: BLE001  each writer may lose its connection once
            told.append(type(error).__name__)
    assert told[-5:] == [f"k{place}" for place in range(15, 20)]
    store.close()


def test_integrity_errors_of_the_driver_are_not_wrapped(store: Store) -> None:
    store.run(put("a"))
    with pytest.raises(Exception, match=r"(?i)unique") as refused:
        store.run(put("a"))
    assert not isinstance(refused.value, IntegrityError)


def test_a_refused_pipeline_leaves_every_statement_usable(store: Store) -> None:
    """A statement that was to be prepared in a pipeline which fails before it is not prepared."""
    store.run(put("a", b"0"))

    def touch(unit: Unit) -> str:
        unit.write(_update, {"wanted": "a", "was": b"0", "new": b"0"})
        return "touched"

    for _ in range(5):  # psycopg prepares a statement when it is run for the sixth time
        store.run(touch)
    refused, *touched = together(store, [put("a"), touch, touch])
    assert "unique" in str(refused).lower()
    assert touched == ["touched", "touched"]
    assert store.run(touch) == "touched"
