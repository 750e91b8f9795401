"""Two processes move the same request, or the same run, at the same moment, on PostgreSQL.

Each reads before the other has committed. Whoever comes second must decide again on what the first one did.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from checkin.alert.model import AlertState, Took
from checkin.conversation.read import Reader
from checkin.conversation.run import Run
from checkin.flow.load import FlowSet
from checkin.service import due, requests
from checkin.service.app import App
from checkin.service.inbound import Inbound, receive
from checkin.service.turn import Turn
from checkin.store import alerts, runs
from checkin.store.store import open_store
from checkin.store.unit import Unit
from tests.servers.migrated import make_migrated
from tests.service.kit import KEY, Chat, length


@pytest.fixture
def chat(postgres_url: str, flow_set: FlowSet, reader: Reader) -> Iterator[Chat]:
    """Bob was told of Alice's request, and his time is over at this very moment."""
    make_migrated(postgres_url)
    chat = Chat(postgres_url, flow_set, reader)
    chat.joined("bob", "carmen")
    chat.alice("SUPPORT")
    chat.later("5m")
    chat.clock.move_to(chat.clock.now() + flow_set.program.support.contact_wait)
    chat.forget()
    yield chat
    chat.close()


@pytest.fixture
def elsewhere(chat: Chat, postgres_url: str) -> Iterator[App]:
    """The same service in another process."""
    app = replace(chat.app, store=open_store(postgres_url, [KEY]))
    yield app
    app.store.close()


def test_bob_takes_a_request_while_it_is_passed_on(chat: Chat, elsewhere: App) -> None:
    bob = chat.person(chat.bob)
    assert bob is not None
    passed_on: list[int] = []

    def take(unit: Unit) -> None:
        [alert] = alerts.open_for_person(unit, bob.id)
        if not passed_on:
            passed_on.append(due.run_due(elsewhere, "alerts"))
        requests.feed(Turn(chat.app, unit, chat.clock.now()), alert, Took(bob.id))

    chat.app.store.run(take)
    assert passed_on == [1]
    chat.settle()
    [alert] = chat.all_alerts()
    assert alert.state is AlertState.ACKNOWLEDGED
    assert "somebody else is getting in touch with Alice" in chat.carmen.new()[-1], (
        "Carmen was asked, so she is told"
    )


def test_alice_answers_while_she_is_reminded(
    chat: Chat, elsewhere: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    chat.bob("1")
    chat.until(chat.clock.now().replace(hour=22))
    assert "How are you feeling today" in chat.alice.new()[-1]
    chat.clock.move_to(chat.clock.now() + length("3h"))
    answers: list[tuple[str, ...]] = []
    read = runs.by_id

    def read_then_wait(unit: Unit, run_id: str) -> Run | None:
        found = read(unit, run_id)
        if not answers:
            inbound = Inbound("SM-late", chat.alice.number, "5")
            answers.append(
                elsewhere.store.run(lambda other: receive(elsewhere, other, inbound, chat.clock.now()))
            )
        return found

    monkeypatch.setattr(runs, "by_id", read_then_wait)
    due.run_due(chat.app, "routine")
    monkeypatch.undo()
    chat.settle()
    assert answers == [("Good to hear, Alice. Talk to you soon.",)]
    assert chat.waiting(chat.alice) == [], "her answer stands, and nothing reminds her"
    assert chat.alice.new() == []
