"""How the store connects to its databases."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from pathlib import Path

import pytest

from checkin.store.store import _turn_to_wal, open_engine


def parameters(url: str) -> Mapping[str, str]:
    """Return what libpq was told for a connection to this database."""
    engine = open_engine(url)
    try:
        with engine.connect() as connection:
            driver = connection.connection.driver_connection
            assert driver is not None
            found: Mapping[str, str] = driver.info.get_parameters()
            return found
    finally:
        engine.dispose()


@pytest.mark.postgres
def test_a_server_that_went_away_without_a_word_is_given_up_soon(postgres_url: str) -> None:
    told = parameters(postgres_url)
    assert (told["connect_timeout"], told["tcp_user_timeout"]) == ("10", "30000")
    idle, between, times = (int(told[f"keepalives_{name}"]) for name in ("idle", "interval", "count"))
    assert idle + between * times <= 30


@pytest.mark.postgres
def test_what_an_operator_says_of_patience_goes_before_ours(postgres_url: str) -> None:
    told = parameters(f"{postgres_url}&tcp_user_timeout=5000")
    assert (told["tcp_user_timeout"], told["connect_timeout"]) == ("5000", "10")


@pytest.fixture
def busy(tmp_path: Path) -> sqlite3.Connection:
    """A connection to a new file, in the middle of writing."""
    busy = sqlite3.connect(tmp_path / "new.sqlite3", isolation_level=None)
    busy.execute("CREATE TABLE kept (id INTEGER)")
    busy.execute("BEGIN IMMEDIATE")
    busy.execute("INSERT INTO kept VALUES (1)")
    return busy


def test_a_new_file_to_which_another_process_is_writing_is_waited_for(
    busy: sqlite3.Connection, tmp_path: Path
) -> None:
    waited: list[float] = []

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == 3:
            busy.execute("COMMIT")

    connection = sqlite3.connect(tmp_path / "new.sqlite3", isolation_level=None)
    _turn_to_wal(connection, sleep)
    assert len(waited) == 3
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert connection.execute("SELECT count(*) FROM kept").fetchone() == (1,)


def test_it_is_not_waited_for_without_end(busy: sqlite3.Connection, tmp_path: Path) -> None:
    waited: list[float] = []
    connection = sqlite3.connect(tmp_path / "new.sqlite3", isolation_level=None)
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        _turn_to_wal(connection, waited.append)
    assert busy.in_transaction
    assert 14 < sum(waited) < 16
