"""How the store connects to its databases."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from checkin.store.store import open_engine


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
