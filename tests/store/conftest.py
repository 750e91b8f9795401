"""An opened, migrated database, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from checkin.store.store import Store, open_store
from tests.servers.migrated import make_migrated

KEY = bytes(range(32))


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """A migrated database that nothing was stored in yet."""
    make_migrated(database_url)
    store = open_store(database_url, [KEY])
    yield store
    store.close()


def cut(store: Store) -> None:
    """Let the database end every connection on which the store writes."""
    with store._readers.connect() as connection:
        connection.execute(
            sa.text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
