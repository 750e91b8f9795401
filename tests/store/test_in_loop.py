"""Use cases that an event loop decides itself, and those that it leaves to the writer's thread."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from psycopg import DataError
from structlog.testing import capture_logs

from checkin.store.in_loop import MORE_READS
from checkin.store.jobs import BATCH
from checkin.store.store import Store, open_store
from checkin.store.tables import meta
from checkin.store.unit import Lookup, StoreClosed, Unit
from tests.servers.migrated import make_migrated
from tests.store.conftest import KEY, cut

PATIENCE = 20

_value = sa.select(meta.c.value).where(meta.c.key == sa.bindparam("wanted"))
_other = sa.select(meta.c.key).where(meta.c.key == sa.bindparam("wanted"))
_insert = sa.insert(meta)

MUCH = MORE_READS + 1

HERE, THERE = "loop_0", "store-writer"
"""The names of the two threads."""


@pytest.fixture
def database_url(postgres_url: str) -> str:
    """PostgreSQL: on SQLite no event loop decides."""
    return postgres_url


def put(key: str, *, more: int = 0, value: bytes = b"", after: Callable[[], None] | None = None) -> Work:
    """Return a use case that stores a row unless it is there; it returns the name of its thread.

    It wants to know so much `more` than the row, one after the other.
    """

    def work(unit: Unit) -> str:
        found = unit.first(_value, {"wanted": key})
        for number in range(more):
            assert unit.first(_other, {"wanted": f"{number}"}) is None
        if found is None:
            unit.write(_insert, {"key": key, "value": value})
        if after is not None:
            unit.after_commit(after)
        return threading.current_thread().name

    return work


Work = Callable[[Unit], str]


def run(store: Store, work: Work, key: str) -> asyncio.Future[str]:
    """Run a use case that wants to know a row first."""
    return store.run_async(work, lambda: Lookup(key, _value, {"wanted": key}))


def in_loop(store: Store, fn: Callable[[], Awaitable[None]], *, opened: bool = True) -> None:
    """Run a coroutine in an event loop of its own, where use cases are decided unless it is not `opened`."""

    async def serve() -> None:
        if opened:
            async with store.in_loop():
                await asyncio.wait_for(fn(), PATIENCE)
        else:
            await asyncio.wait_for(fn(), PATIENCE)

    with ThreadPoolExecutor(1, thread_name_prefix="loop") as pool:
        pool.submit(asyncio.run, serve()).result()


def keys(store: Store) -> set[str]:
    """Return what was stored."""
    every = sa.select(meta.c.key)
    return {row.key for row in store.read(lambda unit: unit.read(every))} - {"index_key"}


def test_what_goes_smoothly_waits_for_no_thread(store: Store) -> None:
    held, go_on = threading.Event(), threading.Event()

    def hold(_unit: Unit) -> None:
        held.set()
        assert go_on.wait(PATIENCE)

    thread = threading.Thread(target=store.run, args=(hold,))
    thread.start()
    assert held.wait(PATIENCE)

    async def texts() -> None:
        assert await run(store, put("a"), "a") == HERE
        assert await asyncio.gather(*(run(store, put(f"k{n}"), f"k{n}") for n in range(8))) == [HERE] * 8
        assert await run(store, put("a"), "a") == HERE, "one that writes nothing"

    in_loop(store, texts)
    go_on.set()
    thread.join()
    assert keys(store) == {"a", *(f"k{n}" for n in range(8))}


def test_it_is_durable_before_it_is_told(store: Store) -> None:
    async def texts() -> None:
        for number in range(20):
            await run(store, put(f"k{number}"), f"k{number}")
            assert f"k{number}" in await asyncio.to_thread(keys, store)

    in_loop(store, texts)


@pytest.mark.parametrize("more", range(1, MORE_READS + 1))
def test_what_wants_to_know_a_little_more_is_decided_anew(store: Store, more: int) -> None:
    async def texts() -> None:
        both = run(store, put("a", more=more), "a"), run(store, put("b"), "b")
        assert await asyncio.gather(*both) == [HERE, HERE]

    in_loop(store, texts)
    assert keys(store) == {"a", "b"}


def test_what_claims_is_run_once_and_in_the_thread(store: Store) -> None:
    claim = sa.delete(meta).where(meta.c.key == "a").returning(meta.c.key)

    def work(unit: Unit) -> str:
        unit.first(_value, {"wanted": "a"})
        (row,) = unit.execute(claim)
        assert row.key == "a"
        return threading.current_thread().name

    async def texts() -> None:
        await run(store, put("a"), "a")
        assert await run(store, work, "a") == THERE

    in_loop(store, texts)


@pytest.mark.parametrize("opened", [True, False])
def test_what_wants_to_know_much_more_is_decided_in_the_thread(store: Store, opened: bool) -> None:
    async def texts() -> None:
        assert await run(store, put("a", more=MUCH), "a") == THERE
        assert await store.run_async(put("c")) == THERE, "one that tells nothing beforehand"
        assert await run(store, put("d"), "d") == (HERE if opened else THERE)

    in_loop(store, texts, opened=opened)
    assert keys(store) == {"a", "c", "d"}


@pytest.mark.parametrize("more", [1, MUCH])
def test_one_that_hides_that_it_wants_to_know_more_is_not_believed(store: Store, more: int) -> None:
    def work(unit: Unit) -> str:
        seen = b""
        for number in range(more):
            try:
                unit.first(_other, {"wanted": f"{number}"})
            except Exception:  # noqa: BLE001  as somebody might write who wants to be on the safe side
                continue
            seen += b"!"
        unit.write(_insert, {"key": "a", "value": seen})
        return threading.current_thread().name

    async def texts() -> None:
        assert await run(store, work, "a") == (HERE if more == 1 else THERE)

    in_loop(store, texts)
    row = store.read(lambda unit: unit.first(_value, {"wanted": "a"}))
    assert row is not None
    assert row.value == b"!" * more


def test_on_sqlite_everything_stays_with_the_one_writer(sqlite_url: str) -> None:
    make_migrated(sqlite_url)
    store = open_store(sqlite_url, [KEY])

    async def texts() -> None:
        assert await run(store, put("a"), "a") == THERE

    in_loop(store, texts)
    store.close()


def test_those_of_one_key_come_one_after_the_other(store: Store) -> None:
    """Whoever comes second sees what the first one did, also where that was left to the thread."""
    seen: list[bool] = []

    def work(unit: Unit) -> str:
        found = unit.first(_value, {"wanted": "a"})
        seen.append(found is not None)
        return put("a", more=0 if found else MUCH)(unit)

    async def texts() -> None:
        threads = await asyncio.gather(*(run(store, work, "a") for _ in range(5)))
        assert threads == [THERE, HERE, HERE, HERE, HERE]

    in_loop(store, texts)
    assert seen[-4:] == [True] * 4
    assert not any(seen[:-4])


def test_nobody_of_a_key_begins_while_another_is_with_the_thread(store: Store) -> None:
    go_on, began = threading.Event(), []

    def slow(unit: Unit) -> str:
        for number in range(MUCH):
            unit.first(_other, {"wanted": f"{number}"})
        assert go_on.wait(PATIENCE)
        return put("a")(unit)

    def fast(unit: Unit) -> str:
        began.append(unit.first(_value, {"wanted": "a"}))
        return put("a")(unit)

    async def texts() -> None:
        first = run(store, slow, "a")
        await run(store, put("c"), "c")
        second = run(store, fast, "a")
        await run(store, put("d"), "d")
        assert not began
        go_on.set()
        assert await asyncio.gather(first, second) == [THERE, HERE]

    in_loop(store, texts)
    assert [row is not None for row in began] == [True]


def test_who_was_slower_than_another_process_is_decided_again_in_the_thread(store: Store) -> None:
    """The claim of a text, say, that the carrier has brought to two processes at once."""
    other = open_store(store.engine.url.render_as_string(hide_password=False), [KEY])

    def work(unit: Unit) -> str:
        found = unit.first(_value, {"wanted": "a"})
        if found is None and threading.current_thread().name == HERE:
            other.run(put("a", value=b"theirs"))
        return put("a", value=b"ours")(unit) if found is None else found.value.decode()

    async def texts() -> None:
        both = run(store, work, "a"), run(store, put("b"), "b")
        assert await asyncio.gather(*both) == ["theirs", THERE]
        assert await run(store, put("c"), "c") == HERE

    with capture_logs() as logs:
        in_loop(store, texts)
    assert logs == []
    other.close()
    assert keys(store) == {"a", "b", "c"}


def test_what_cannot_be_sent_is_told_by_the_thread(store: Store) -> None:
    async def texts() -> None:
        with pytest.raises(DataError):
            await run(store, put("a\0"), "a")
        with pytest.raises(DataError):
            await run(store, put("a\0"), "a\0")
        assert await run(store, put("b"), "b") == HERE

    with capture_logs() as logs:
        in_loop(store, texts)
    assert logs == []


def test_more_than_share_a_commit(store: Store) -> None:
    async def texts() -> None:
        many = [run(store, put(f"k{number}"), f"k{number}") for number in range(3 * BATCH + 5)]
        assert set(await asyncio.gather(*many)) == {HERE}

    in_loop(store, texts)
    assert len(keys(store)) == 3 * BATCH + 5


def test_more_than_the_connection_takes_at_once(store: Store) -> None:
    """Megabytes both ways. The loop goes on meanwhile, and all of it arrives."""
    big = bytes(1_000_000)

    async def texts() -> None:
        for _ in range(2):
            many = [run(store, put(f"k{number}", value=big), f"k{number}") for number in range(20)]
            assert set(await asyncio.gather(*many)) == {HERE}
        assert store._in_loop is not None
        assert store._in_loop._line is not None
        assert not store._in_loop.loop.remove_writer(store._in_loop._line.socket), (
            "it would be asked for ever"
        )

    in_loop(store, texts)
    row = store.read(lambda unit: unit.first(_value, {"wanted": "k19"}))
    assert row is not None
    assert row.value == big


def test_what_follows_a_commit_follows_this_one_and_may_fail(store: Store) -> None:
    woken: list[str] = []

    def fail() -> None:
        raise ZeroDivisionError

    async def texts() -> None:
        with capture_logs() as logs:
            await run(store, put("a", after=fail), "a")
            await run(store, put("b", after=lambda: woken.append("b")), "b")
        assert [line["event"] for line in logs] == ["what follows a commit failed"]

    in_loop(store, texts)
    assert woken == ["b"]


def test_whoever_gives_up_harms_nobody(store: Store) -> None:
    async def texts() -> None:
        run(store, put("a"), "a").cancel()
        run(store, put("b", more=MUCH), "b").cancel()
        assert await run(store, put("d"), "d") == HERE
        assert await run(store, put("a"), "a") == HERE

    in_loop(store, texts)
    assert keys(store) >= {"a", "d"}


def test_a_lost_connection_is_noticed_at_once_and_replaced(store: Store) -> None:
    async def texts() -> None:
        assert await run(store, put("a"), "a") == HERE
        await asyncio.to_thread(cut, store)
        while not logs:
            await asyncio.sleep(0)
        assert await run(store, put("b"), "b") == THERE
        while await run(store, put("c"), "c") == THERE:
            await asyncio.sleep(0)
        assert await run(store, put("d"), "d") == HERE

    with capture_logs() as logs:
        in_loop(store, texts)
    assert {line["event"] for line in logs} == {"database connection lost, trying again"}
    assert keys(store) == {"a", "b", "c", "d"}


def test_a_connection_that_is_lost_while_it_takes_no_more_is_let_go_of(store: Store) -> None:
    """libpq closes its socket then, and the loop listens to it for two reasons."""
    big = bytes(1_000_000)

    async def texts() -> None:
        assert store._in_loop is not None
        line = store._in_loop._line
        assert line is not None
        many = [run(store, put(f"k{number}", value=big), f"k{number}") for number in range(20)]
        while not line.is_full:
            await asyncio.sleep(0)
        cut(store)
        assert await asyncio.gather(*many) == [THERE] * 20
        while await run(store, put("a"), "a") == THERE:
            await asyncio.sleep(0)

    with capture_logs() as logs:
        in_loop(store, texts)
    assert {line["event"] for line in logs} == {"database connection lost, trying again"}
    assert len(keys(store)) == 21


def test_a_database_that_cannot_be_reached_at_first_is_reached_later(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect, refused = store.engine.connect, [True]

    def perhaps() -> sa.Connection:
        if refused:
            refused.pop()
            raise sa.exc.OperationalError("connect", {}, Exception("refused"))
        return connect()

    async def texts() -> None:
        assert await run(store, put("a"), "a") == THERE
        while await run(store, put("b"), "b") == THERE:
            await asyncio.sleep(0)

    monkeypatch.setattr(store.engine, "connect", perhaps)
    with capture_logs() as logs:
        in_loop(store, texts)
    assert logs == [{"event": "database can't be reached from the event loop", "log_level": "warning"}]


def test_what_is_unfinished_when_the_loop_stops_deciding_is_finished_in_the_thread(store: Store) -> None:
    async def texts() -> None:
        async with store.in_loop():
            begun = [run(store, put(f"k{number}"), f"k{number}") for number in range(5)]
        assert await asyncio.gather(*begun) == [THERE] * 5
        assert await run(store, put("a"), "a") == THERE

    in_loop(store, texts, opened=False)
    assert len(keys(store)) == 6


def test_an_interrupt_is_passed_on_and_leaves_nobody_waiting(store: Store) -> None:
    class Interrupt(BaseException):
        pass

    interrupts, passed_on = [Interrupt()], []

    def work(unit: Unit) -> str:
        if interrupts:
            raise interrupts.pop()
        return put("b")(unit)

    async def texts() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, what: passed_on.append(what["exception"]))
        three = run(store, put("a"), "a"), run(store, work, "b"), run(store, put("c"), "c")
        assert await asyncio.gather(*three) == [THERE] * 3

    in_loop(store, texts)
    assert [type(error) for error in passed_on] == [Interrupt]
    assert keys(store) == {"a", "b", "c"}


def test_a_closed_store_says_so(store: Store) -> None:
    async def texts() -> None:
        async with store.in_loop():
            await asyncio.to_thread(store.close)
            with pytest.raises(StoreClosed):
                await run(store, put("a", more=MUCH), "a")

    in_loop(store, texts, opened=False)


def test_a_closed_store_says_so_though_others_gave_up(store: Store) -> None:
    async def texts() -> None:
        async with store.in_loop():
            await asyncio.to_thread(store.close)
            four = [run(store, put(key, more=MUCH), key) for key in "abcd"]
            for gives_up in four[:2]:
                gives_up.cancel()
            for waits in four[2:]:
                with pytest.raises(StoreClosed):
                    await waits

    in_loop(store, texts, opened=False)
