"""The servers that the tests start are real, each test finds them empty, and they are gone afterwards."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pika
import psycopg
import pytest
import redis
import sqlalchemy as sa

from tests.servers.postgres import Postgres
from tests.servers.process import NOBODY, DidNotStart, running, temporary_folder


def _tables(url: str) -> list[str]:
    engine = sa.create_engine(url)
    try:
        with engine.begin() as connection:
            before = sa.inspect(connection).get_table_names()
            connection.execute(sa.text("CREATE TABLE pings (n integer)"))
            return before
    finally:
        engine.dispose()


@pytest.mark.parametrize("turn", ["first", "second"])
def test_every_test_has_a_database_of_its_own(database_url: str, turn: str) -> None:
    assert _tables(database_url) == []


def test_a_database_is_dropped_although_somebody_is_connected(postgres_server: Postgres) -> None:
    with postgres_server.fresh_database() as url:
        conninfo = url.replace("+psycopg", "")
        left_open = psycopg.connect(conninfo)
    with pytest.raises(psycopg.OperationalError):
        left_open.execute("SELECT 1")
    left_open.close()


@pytest.mark.parametrize("turn", ["first", "second"])
def test_every_test_finds_redis_empty(redis_url: str, turn: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        assert client.dbsize() == 0
        client.set("ping", turn)


@pytest.mark.parametrize("turn", ["first", "second"])
def test_every_test_has_a_virtual_host_of_its_own(amqp_url: str, turn: str) -> None:
    connection = pika.BlockingConnection(pika.URLParameters(amqp_url))
    try:
        channel = connection.channel()
        declared = channel.queue_declare("pings")
        assert declared.method.message_count == 0
        channel.basic_publish("", "pings", turn.encode())
    finally:
        connection.close()


def test_a_server_that_ends_early_is_reported_with_its_last_words(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "raise SystemExit('no room')"]
    with pytest.raises(DidNotStart, match="no room"), running(command, log=tmp_path / "log", answers=bool):
        pass


def test_a_server_is_ended_when_the_block_is_left(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import signal; signal.pause()"]
    with running(command, log=tmp_path / "log", answers=lambda: True) as process:
        assert process.poll() is None
    assert process.returncode == -signal.SIGTERM


def test_root_drops_to_nobody_and_others_stay_who_they_are() -> None:
    uid = os.geteuid() or NOBODY
    with temporary_folder("test") as folder:
        command = ["/bin/sh", "-c", "echo uid $(id -u); exit 1"]
        with (
            pytest.raises(DidNotStart, match=f"uid {uid}"),
            running(command, log=folder / "log", answers=bool, as_nobody=True),
        ):
            pass
