"""Whether people are answered in another process, as the database itself shows it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta

import pytest

from checkin.store.elsewhere import is_answering
from checkin.store.migrate import migrate
from checkin.store.store import Store, open_store

KEY = bytes(range(32))
LONG, NEVER = timedelta(days=1), timedelta(0)


@pytest.fixture
def clock(postgres_url: str) -> Iterator[Store]:
    """The store of a process that answers nobody."""
    migrate(postgres_url)
    with closing(open_store(postgres_url, [KEY])) as store:
        yield store


def answering(store: Store, within: timedelta) -> bool:
    return store.read(lambda unit: is_answering(unit, within))


def test_a_process_that_answers_is_seen_from_another(clock: Store, postgres_url: str) -> None:
    assert not answering(clock, LONG)
    with closing(open_store(postgres_url, [KEY], answers=True)) as web:
        assert answering(clock, LONG)
        assert not answering(clock, NEVER), "it has been quiet since"
        assert answering(web, LONG)


def test_what_answers_nobody_is_not_taken_for_it(clock: Store, postgres_url: str) -> None:
    with closing(open_store(postgres_url, [KEY])) as worker:
        worker.read(lambda unit: is_answering(unit, LONG))
        assert not answering(clock, LONG)


def test_on_sqlite_there_is_no_other_process(sqlite_url: str) -> None:
    migrate(sqlite_url)
    with closing(open_store(sqlite_url, [KEY], answers=True)) as store:
        assert not answering(store, LONG)
