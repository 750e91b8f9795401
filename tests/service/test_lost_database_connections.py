"""PostgreSQL cuts every connection, as when it is restarted: no text is lost, and none is taken twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from checkin.conversation.read import Reader
from checkin.flow.load import FlowSet
from checkin.service.inbound import Inbound, receive
from checkin.store import tables
from checkin.store.unit import Unit
from tests.servers.migrated import make_migrated
from tests.service.kit import Chat


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
