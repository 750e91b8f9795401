"""The pipeline to PostgreSQL: many statements a round trip, all of them or none, and every error told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import psycopg
import pytest

from checkin.store.pipeline import Pipeline, Statement

INSERT = b"INSERT INTO kept (id, body, words, at, day, well) VALUES ($1, $2, $3, $4, $5, $6)"
ALL = b"SELECT id, body, words, at, day, well FROM kept ORDER BY id"
NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)


@pytest.fixture
def pipeline(postgres_url: str) -> Iterator[Pipeline]:
    """A pipeline to a database with one table."""
    with psycopg.connect(postgres_url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("SET timezone = 'America/Sao_Paulo'")
        connection.execute(
            "CREATE TABLE kept"
            " (id int PRIMARY KEY, body bytea, words text, at timestamptz, day date, well bool)"
        )
        yield Pipeline(connection)


def insert(number: int, words: str | None = "hello") -> Statement:
    """Return a statement that keeps a row."""
    return INSERT, [number, b"\0\1\xff", words, NOON, date(2026, 11, 1), True]


def ids(pipeline: Pipeline) -> list[int]:
    """Return the rows that are there."""
    (result,) = pipeline.run([(ALL, ())])
    return [row[0] for row in result.fetchall()]


def test_what_goes_in_comes_out(pipeline: Pipeline) -> None:
    elsewhere = NOON.astimezone(timezone(timedelta(hours=5, minutes=45)))
    row = [1, b"\0\\x", "“¿Qué tal?” 💊", elsewhere, date(2024, 2, 29), False]
    nothing = [2, None, None, None, None, None]
    *_, result = pipeline.run([(INSERT, row), (INSERT, nothing), (ALL, ())])
    first, second = result.fetchall()
    assert list(first) == row
    assert list(second) == nothing


def test_counts_are_those_of_each_statement(pipeline: Pipeline) -> None:
    delete = b"DELETE FROM kept WHERE id > $1"
    results = pipeline.run([insert(1), insert(2), insert(3), (delete, [1]), (delete, [1])])
    assert [result.rowcount for result in results] == [1, 1, 1, 2, 0]


def test_one_that_is_refused_undoes_all_and_is_the_one_that_is_told(pipeline: Pipeline) -> None:
    pipeline.run([insert(1)])
    with pytest.raises(psycopg.errors.UniqueViolation):
        pipeline.run([insert(2), insert(1), (b"SELECT no_such_function($1)", [1])])
    assert ids(pipeline) == [1]


def test_what_stood_behind_a_refused_one_can_be_run_afterwards(pipeline: Pipeline) -> None:
    late = (b"UPDATE kept SET words = $1", ["later"])
    pipeline.run([insert(1)])
    with pytest.raises(psycopg.errors.UniqueViolation):
        pipeline.run([insert(1), late])
    assert [result.rowcount for result in pipeline.run([late, late])] == [1, 1]


def test_a_commit_that_is_refused_is_told_and_undoes_all(pipeline: Pipeline) -> None:
    pipeline.run([(b"ALTER TABLE kept ADD UNIQUE (words) DEFERRABLE INITIALLY DEFERRED", ())])
    with pytest.raises(psycopg.errors.UniqueViolation):
        pipeline.run([insert(1), insert(2)])
    pipeline.run([insert(3)])
    assert ids(pipeline) == [3]


def test_more_than_the_connection_takes_at_once(pipeline: Pipeline) -> None:
    """Megabytes both ways: the server stops reading until its answers are read."""
    big = "x" * 200_000
    echo = b"SELECT $1::text"
    results = pipeline.run([(echo, [big])] * 60)
    assert {result.fetchall()[0][0] for result in results} == {big}


@pytest.mark.parametrize(("value", "error"), [("a\0b", psycopg.DataError), (object(), TypeError)])
def test_what_cannot_be_sent_is_refused_and_nothing_is_sent(
    pipeline: Pipeline, value: Any, error: type[Exception]
) -> None:
    with pytest.raises(error):
        pipeline.run([insert(1), insert(2, value)])
    assert ids(pipeline) == []


def test_statements_for_one_occasion_do_not_add_up(pipeline: Pipeline) -> None:
    pipeline = Pipeline(pipeline.connection, most_prepared=20)
    for number in range(100):
        pipeline.run([(b"SELECT %d" % number, ())])
    rows = pipeline.connection.execute("SELECT count(*) FROM pg_prepared_statements").fetchall()
    assert rows[0][0] <= 21


def test_a_connection_that_is_cut_is_told(pipeline: Pipeline) -> None:
    with pytest.raises(psycopg.OperationalError):
        pipeline.run([(b"SELECT pg_terminate_backend(pg_backend_pid())", ()), (b"SELECT pg_sleep(60)", ())])
    assert pipeline.connection.broken
