"""PostgreSQL cuts every connection, as when it is restarted: no text is lost, and none is taken twice."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from psycopg import sql
from starlette.requests import Request

from checkin.conversation.read import Reader
from checkin.flow.load import FlowSet
from checkin.service import health
from checkin.service.inbound import Inbound, receive
from checkin.store import tables
from checkin.store.unit import Unit
from tests.servers.migrated import make_migrated
from tests.service.kit import Chat
from webhooks.health import HealthPages


@pytest.fixture
def chat(postgres_url: str, flow_set: FlowSet, reader: Reader) -> Iterator[Chat]:
    """Alice has joined, and Bob is her trusted contact."""
    make_migrated(postgres_url)
    chat = Chat(postgres_url, flow_set, reader)
    yield chat.joined("bob")
    chat.close()


@pytest.fixture
def cut(postgres_url: str) -> Callable[[], int]:
    """Cuts every connection to the database, and says how many there were."""

    def cut_all() -> int:
        with psycopg.connect(postgres_url.replace("+psycopg", ""), autocommit=True) as connection:
            rows = connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE pid <> pg_backend_pid() AND datname = current_database()"
            )
            return len(rows.fetchall())

    return cut_all


@pytest.fixture
def gone(postgres_url: str) -> Callable[[], AbstractContextManager[None]]:
    """Takes the database away for a while: it cuts every connection and takes no new ones."""
    url = sa.make_url(postgres_url)

    def allow(connections: bool) -> None:
        elsewhere = url.set(drivername="postgresql", database="postgres").render_as_string(
            hide_password=False
        )
        with psycopg.connect(elsewhere, autocommit=True) as connection:
            name = sql.Identifier(str(url.database))
            word = sql.SQL(str(connections).lower())
            connection.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}").format(name, word))

    @contextmanager
    def taken_away() -> Iterator[None]:
        with psycopg.connect(postgres_url.replace("+psycopg", ""), autocommit=True) as last:
            allow(False)
            last.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE pid <> pg_backend_pid() AND datname = current_database()"
            )
        try:
            yield
        finally:
            allow(True)

    return taken_away


def texts_of_support(chat: Chat, before: Callable[[], object], after: Callable[[], object]) -> Any:
    """Let Alice ask for support; the two happen before and after the decision, in its transaction."""
    inbound = Inbound("SM-support", chat.alice.number, "SUPPORT")
    once = [before, after]

    def work(unit: Unit) -> tuple[str, ...]:
        if once:
            once.pop(0)()
        answers = receive(chat.app, unit, inbound, chat.clock.now())
        if once:
            once.pop(0)()
        return answers

    return chat.app.store.run(work)


def test_a_text_after_a_cut_is_answered(chat: Chat, cut: Callable[[], int]) -> None:
    assert cut() > 0
    chat.alice("SUPPORT")
    chat.expect(alice="In 5 minutes I will ask Bob")
    assert cut() > 0
    chat.later("5m")
    chat.expect(alice="I texted Bob", bob="Alice would like to hear from you")


@pytest.mark.parametrize("when", ["before the decision", "between the decision and the commit"])
def test_a_cut_in_the_middle_of_a_text(chat: Chat, cut: Callable[[], int], when: str) -> None:
    nothing: Callable[[], object] = lambda: None  # noqa: E731
    before, after = (cut, nothing) if when.startswith("before") else (nothing, cut)
    [answer] = texts_of_support(chat, before, after)
    assert "In 5 minutes I will ask Bob" in answer
    assert chat.count(tables.alerts) == 1


def test_a_cut_that_hides_a_commit_takes_nothing_twice(chat: Chat, cut: Callable[[], int]) -> None:
    """The decision was stored, and the word of it lost: the second try finds the first one's answer."""
    [first] = texts_of_support(chat, lambda: None, lambda: None)
    [again] = texts_of_support(chat, cut, lambda: None)
    assert again == first
    assert chat.count(tables.alerts) == 1


def test_a_service_without_its_database_is_not_ready_and_says_so(
    chat: Chat, gone: Callable[[], AbstractContextManager[None]], logs: list[MutableMapping[str, Any]]
) -> None:
    def ask(path: str) -> tuple[int, bytes]:
        pages = HealthPages(chat.app)
        endpoint = {route.path: route.endpoint for route in pages.routes()}[path]
        request = Request({"type": "http", "method": "GET", "path": path, "headers": []})
        response = asyncio.run(endpoint(request))
        return response.status_code, bytes(response.body)

    health.beat(chat.app)
    with gone():
        status, body = ask("/readyz")
        assert (status, json.loads(body)["light"]) == (503, "red")
        assert ask("/metrics")[0] == 503
        assert ask("/healthz")[0] == 200
    assert [line["event"] for line in logs if line["log_level"] == "error"] == ["health can't be told"] * 2
    logs.clear()
    assert ask("/readyz")[0] == 200
