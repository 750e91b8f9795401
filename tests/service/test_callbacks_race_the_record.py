"""A callback and the record of the send it is about, in two processes at the same moment, on PostgreSQL.

Each of the two decides on what it has read before the other has committed. Whoever comes second must notice,
or the carrier's last word would be stored and never acted upon.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from checkin.carrier.base import DeliveryStatus
from checkin.conversation.read import Reader
from checkin.flow.load import FlowSet
from checkin.service import delivery, due
from checkin.service.app import App
from checkin.store.outbox import Message
from checkin.store.store import Store, open_store
from checkin.store.unit import Unit
from tests.servers.migrated import make_migrated
from tests.service.kit import KEY, Chat


class Meanwhile:
    """A store whose next use case has decided, and not committed, when something else happens."""

    def __init__(self, store: Store, action: Callable[[], object]) -> None:
        self._store = store
        self._actions = [action]

    def run(self, work: Callable[[Unit], Any], *, patient: bool = False) -> Any:
        """Run a use case; the action comes between its decision and its commit."""

        def decide(unit: Unit) -> Any:
            result = work(unit)
            while self._actions:
                self._actions.pop()()
            return result

        return self._store.run(decide, patient=patient)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


@pytest.fixture
def chat(postgres_url: str, flow_set: FlowSet, reader: Reader) -> Iterator[Chat]:
    """Alice's request for support has just reached the moment at which Bob is told."""
    make_migrated(postgres_url)
    chat = Chat(postgres_url, flow_set, reader)
    chat.joined("bob", "carmen")
    chat.alice("SUPPORT")
    chat.clock.move_to(chat.clock.now() + chat.flow_set.program.support.window)
    due.run_due(chat.app, "alerts")
    yield chat
    chat.close()


@pytest.fixture
def elsewhere(chat: Chat, postgres_url: str) -> Iterator[App]:
    """The same service in another process."""
    app = replace(chat.app, store=open_store(postgres_url, [KEY]))
    yield app
    app.store.close()


def failed(app: App, token: str) -> bool:
    """Let the carrier say that a text could not be delivered."""
    return app.store.run(
        lambda unit: delivery.reported(
            app,
            unit,
            token=token,
            status=DeliveryStatus.FAILED,
            carrier_id="CM1",
            error_code="30003",
            now=app.clock.now(),
        )
    )


def to_bob(chat: Chat) -> Message:
    """Claim the text that tells Bob, as a worker does."""
    bob = chat.person(chat.bob)
    assert bob is not None
    claimed = [*delivery.claim(chat.app, "alerts"), *delivery.claim(chat.app, "alerts")]
    [message] = [one for one in claimed if one.person_id == bob.id]
    return message


def states(chat: Chat) -> list[str]:
    """Return how the texts that tell Bob and Carmen stand."""
    return [
        row.state
        for phone in (chat.bob, chat.carmen)
        for row in chat.rows(phone)
        if row.kind == "notification"
    ]


def test_a_failure_that_comes_while_the_send_is_recorded_reaches_the_alert(
    chat: Chat, elsewhere: App
) -> None:
    message = to_bob(chat)
    worker = replace(chat.app, store=Meanwhile(chat.app.store, lambda: failed(elsewhere, message.id)))
    delivery.deliver_batch(worker, [message])
    assert states(chat) == ["failed", "queued"], "Carmen is asked at once"


def test_a_send_that_is_recorded_while_its_failure_is_taken_has_failed(chat: Chat, elsewhere: App) -> None:
    message = to_bob(chat)
    web = replace(
        chat.app, store=Meanwhile(chat.app.store, lambda: delivery.deliver_batch(elsewhere, [message]))
    )
    assert failed(web, message.id)
    assert states(chat) == ["failed", "queued"], "Carmen is asked at once"


def test_a_send_in_doubt_that_a_callback_has_settled_stays_settled(chat: Chat, elsewhere: App) -> None:
    message = to_bob(chat)
    chat.carrier.lose_answer(chat.bob.number, taken=True)
    worker = replace(chat.app, store=Meanwhile(chat.app.store, lambda: failed(elsewhere, message.id)))
    delivery.deliver_batch(worker, [message])
    assert states(chat) == ["failed", "queued"]
