"""An empty database made a migrated one, by copying one that was migrated before.

Alembic takes a fifth of a second for what hundreds of tests begin with, and it is the same each time.
"""

from __future__ import annotations

import functools
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import sqlalchemy as sa
from psycopg import sql

from checkin.store.migrate import migrate

TEMPLATE = "migrated"


def make_migrated(url: str) -> None:
    """Bring a database that is empty, or not there yet, to where `migrate` brings it."""
    parsed = sa.make_url(url)
    assert parsed.database is not None
    if parsed.get_backend_name() == "sqlite":
        path = Path(parsed.database)
        path.touch(mode=0o600)
        path.write_bytes(_sqlite_file())
        return
    host = str(parsed.query["host"])
    template = sql.Identifier(_postgres_template(host))
    name = sql.Identifier(parsed.database)
    with _administering(host) as connection:
        connection.execute(sql.SQL("DROP DATABASE {}").format(name))
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY").format(name, template)
        )


@functools.cache
def _sqlite_file() -> bytes:
    folder = Path(tempfile.mkdtemp(prefix="checkin-migrated-"))
    try:
        path = folder / "migrated.sqlite3"
        migrate(f"sqlite:///{path}")
        assert [one.name for one in folder.iterdir()] == [path.name], "all of it is in the one file"
        return path.read_bytes()
    finally:
        shutil.rmtree(folder)


@functools.cache
def _postgres_template(host: str) -> str:
    """Migrate one database of a server, from which others are copied; return its name."""
    with _administering(host) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(TEMPLATE)))
    migrate(f"postgresql+psycopg://postgres@/{TEMPLATE}?host={host}")
    return TEMPLATE


@contextmanager
def _administering(host: str) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    with psycopg.connect(host=host, user="postgres", autocommit=True) as connection:
        yield connection
