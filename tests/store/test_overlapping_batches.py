"""PostgreSQL's writers: one batch decides while another is being written, and nobody notices.

What holds for use cases that a thread hands in, holds for those that an event loop does.
"""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import count

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg import DataError
from sqlalchemy.exc import IntegrityError

from checkin.store.store import Store, open_store
from checkin.store.tables import journal, meta
from checkin.store.unit import Done, Job, Lookup, Unit
from tests.servers.migrated import make_migrated
from tests.servers.postgres import Postgres
from tests.store.conftest import KEY, cut

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
PATIENCE = 20

_last = sa.select(sa.func.max(journal.c.seq).label("seq")).where(
    journal.c.member_id == sa.bindparam("wanted")
)
_other = sa.select(journal.c.subject).where(journal.c.member_id == sa.bindparam("wanted"))
_insert = sa.insert(journal)
_touch = sa.update(meta).where(meta.c.key == sa.bindparam("wanted")).values(value=sa.bindparam("new"))
_fresh = count()


@pytest.fixture(scope="module")
def pg_store(postgres_server: Postgres) -> Iterator[Store]:
    """A store on PostgreSQL that all examples share, each with members of its own."""
    with postgres_server.fresh_database() as url:
        make_migrated(url)
        store = open_store(url, [KEY])
        yield store
        store.close()


class Loop:
    """An event loop in a thread of its own, which decides for a store what it is handed with a lookup."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._end = asyncio.Event()
        self._begun = threading.Event()
        self._thread = threading.Thread(target=asyncio.run, args=(self._serve(),), name="loop")
        self._thread.start()
        assert self._begun.wait(PATIENCE)

    async def _serve(self) -> None:
        self.loop = asyncio.get_running_loop()
        async with self.store.in_loop():
            self._begun.set()
            await self._end.wait()

    def submit(self, work: Callable[[Unit], int], done: Done, member: str) -> None:
        """Hand in a use case, from any thread."""
        self.loop.call_soon_threadsafe(self._submit, work, done, member)

    def _submit(self, work: Callable[[Unit], int], done: Done, member: str) -> None:
        def tell(future: asyncio.Future[int]) -> None:
            error = future.exception()
            done(None if error else future.result(), error)

        self.store.run_async(work, lambda: Lookup(member, _last, {"wanted": member})).add_done_callback(tell)

    def close(self) -> None:
        """End the loop."""
        self.loop.call_soon_threadsafe(self._end.set)
        self._thread.join()


@pytest.fixture(scope="module")
def pg_loop(pg_store: Store) -> Iterator[Loop]:
    """A loop that decides for the store."""
    loop = Loop(pg_store)
    yield loop
    loop.close()


Submit = Callable[[Callable[[Unit], int], Done, str], None]
"""Hands in a use case of a member."""


@pytest.fixture(scope="module", params=["thread", "loop"])
def submit(request: pytest.FixtureRequest, pg_store: Store) -> Submit:
    """Both ways to hand in a use case."""
    if request.param == "loop":
        loop: Loop = request.getfixturevalue("pg_loop")
        return loop.submit
    return lambda work, done, _member: pg_store._writer.submit(Job(work, done))


def write(member: str, kind: str, subject: str = "s") -> Callable[[Unit], int]:
    """Return a use case that adds a line to a member's journal and returns its number."""

    def work(unit: Unit) -> int:
        row = unit.first(_last, {"wanted": member})
        seq = ((row.seq if row is not None else None) or 0) + 1
        line = {"member_id": member, "seq": seq, "at": NOON, "subject": subject}
        line |= {"transition": 0, "event": b""}
        if kind != "only reads":
            unit.write(_insert, line)
        if kind == "fails":
            raise ZeroDivisionError
        if kind == "reads more":
            unit.first(_other, {"wanted": member})
        if kind == "guarded":
            unit.write(_touch, {"wanted": "index_key_guard", "new": b""}, expect=0)
        return seq

    return work


class Told:
    """Collects what callers are told, and counts how often each is."""

    def __init__(self, submit: Submit) -> None:
        self._submit = submit
        self._change = threading.Condition()
        self.outcomes: dict[int, object] = {}
        self.times: Counter[int] = Counter()

    def submit(self, place: int, work: Callable[[Unit], int], member: str) -> None:
        """Submit a use case whose caller is kept apart from the others by its place."""

        def done(result: object, error: BaseException | None) -> None:
            with self._change:
                self.outcomes[place] = result if error is None else error
                self.times[place] += 1
                self._change.notify_all()

        self._submit(work, done, member)

    def wait(self, number: int) -> None:
        """Wait until so many callers were told."""
        with self._change:
            assert self._change.wait_for(lambda: len(self.outcomes) >= number, PATIENCE)


def lines(store: Store, member: str) -> list[int]:
    """Return the numbers in a member's journal."""
    query = sa.select(journal.c.seq).where(journal.c.member_id == sa.bindparam("of")).order_by(journal.c.seq)
    return [row.seq for row in store.read(lambda unit: unit.read(query, {"of": member}))]


jobs = st.lists(
    st.tuples(
        st.integers(0, 3),
        st.sampled_from(
            ["writes"] * 4 + ["fails", "guarded", "only reads", "reads more", "somebody else"],
        ),
    ),
    max_size=40,
)


@settings(max_examples=40, deadline=None)
@given(jobs=jobs)
def test_a_members_journal_has_no_hole_and_everybody_is_told_once(
    pg_store: Store, submit: Submit, jobs: list[tuple[int, str]]
) -> None:
    example = next(_fresh)
    told = Told(submit)
    expected: Counter[str] = Counter()
    for place, (number, kind) in enumerate(jobs):
        member = f"m{example}.{number}"
        expected[member] += kind in {"writes", "guarded", "reads more", "somebody else"}
        if kind == "somebody else":  # another process, whose lines this one's decisions know nothing of
            _from_elsewhere(pg_store, member)
            told.outcomes[place] = None
            told.times[place] += 1
        else:
            told.submit(place, write(member, kind), member)
    told.wait(len(jobs))
    assert set(told.times.values()) <= {1}
    for place, (_, kind) in enumerate(jobs):
        assert isinstance(told.outcomes[place], Exception) == (kind == "fails"), told.outcomes[place]
    for member, number_of_lines in expected.items():
        assert lines(pg_store, member) == list(range(1, number_of_lines + 1))


_ADD = sa.text(
    "INSERT INTO journal (member_id, seq, at, subject, transition, event) "
    "SELECT :member, coalesce(max(seq), 0) + 1, :at, 's', 0, '' FROM journal WHERE member_id = :member"
)


def _from_elsewhere(store: Store, member: str) -> None:
    """Add a line behind the writer's back, which may well be faster a few times."""
    with store.engine.connect() as connection:
        for _ in range(PATIENCE):
            try:
                connection.execute(_ADD, {"member": member, "at": NOON})
            except IntegrityError:
                continue
            return
    raise AssertionError("the writer was always faster")


@pytest.mark.parametrize("cut_at", range(0, 60, 6))
def test_a_connection_that_is_cut_at_any_moment_loses_nothing(
    pg_store: Store, submit: Submit, cut_at: int
) -> None:
    example = next(_fresh)
    told = Told(submit)
    for place in range(60):
        if place == cut_at:
            cut(pg_store)
        member = f"m{example}.{place % 7}"
        told.submit(place, write(member, "writes"), member)
    told.wait(60)
    assert set(told.times.values()) == {1}
    for number in range(7):
        member = f"m{example}.{number}"
        numbers = [told.outcomes[place] for place in range(60) if place % 7 == number]
        written = lines(pg_store, member)
        assert written == list(range(1, len(written) + 1))
        assert set(numbers) <= set(written)
        # One whose commit went through while the word of it was lost is run again, and writes a second line.
        assert len(numbers) <= len(written)


@pytest.mark.parametrize("where", ["what it writes", "what it wants to know"])
def test_a_value_that_cannot_be_sent_harms_no_other(submit: Submit, where: str) -> None:
    """A NUL is refused before anything leaves: nobody who shares its batch, or is asked ahead, may wait."""
    example, told, bad = next(_fresh), Told(submit), {place for place in range(40) if place % 5 == 2}
    begun, go_on = threading.Event(), threading.Event()

    def hold(_unit: Unit) -> int:
        begun.set()
        go_on.wait(PATIENCE)
        return 0

    told.submit(-1, hold, f"m{example}")
    assert begun.wait(PATIENCE)
    for place in range(40):
        member = f"m{example}.{place}"
        broken = f"{member}\0" if place in bad else member
        if where == "what it writes":
            told.submit(place, write(member, "writes", subject=broken), member)
        else:
            told.submit(place, write(broken, "writes"), broken)
    go_on.set()
    told.wait(41)
    assert set(told.times.values()) == {1}
    refused = {place for place, outcome in told.outcomes.items() if isinstance(outcome, DataError)}
    assert refused == bad
    assert all(told.outcomes[place] == 1 for place in range(40) if place not in bad)
