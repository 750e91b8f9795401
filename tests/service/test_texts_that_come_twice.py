"""A carrier delivers a text more than once, also many times at a moment: one transition, one answer."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from checkin.service.inbound import Inbound, lookup_for, receive
from checkin.store import tables
from tests.service.kit import Chat, Phone

AtOnce = Callable[[Chat, Phone, str, list[str]], list[tuple[str, ...]]]
"""Delivers a text under each of these ids, all at the same moment; returns every answer."""


def by_threads(chat: Chat, phone: Phone, text: str, ids: list[str]) -> list[tuple[str, ...]]:
    """Deliver it from as many threads, as to as many processes."""
    barrier = threading.Barrier(len(ids))

    def deliver(id: str) -> tuple[str, ...]:
        barrier.wait()
        return chat.receive(phone, text, id)

    with ThreadPoolExecutor(len(ids)) as pool:
        return list(pool.map(deliver, ids))


def by_a_loop(chat: Chat, phone: Phone, text: str, ids: list[str]) -> list[tuple[str, ...]]:
    """Deliver it as a web process does, which answers all of them from one event loop."""
    app = chat.app

    def answer(id: str) -> Awaitable[tuple[str, ...]]:
        inbound = Inbound(id, phone.number, text)
        return app.store.run_async(
            lambda unit: receive(app, unit, inbound, chat.clock.now()), lambda: lookup_for(app, inbound)
        )

    async def deliver() -> list[tuple[str, ...]]:
        async with app.store.in_loop():
            return await asyncio.gather(*(answer(id) for id in ids))

    return asyncio.run(deliver())


@pytest.fixture(params=[by_threads, by_a_loop])
def at_once(request: pytest.FixtureRequest) -> AtOnce:
    """Both ways by which texts come."""
    way: AtOnce = request.param
    return way


def rows(chat: Chat) -> dict[str, int]:
    """Return how many rows each table has."""
    return {table.name: chat.count(table) for table in tables.metadata.sorted_tables}


def check_once(at_once: AtOnce, chat: Chat, phone: Phone, text: str, count: Callable[[], int]) -> None:
    """Deliver a text twenty times at once under one id, and once more later."""
    before = count()
    answers = at_once(chat, phone, text, ["SM-many"] * 20)
    assert count() == before + 1
    assert len(set(answers)) == 1
    after = rows(chat)
    assert chat.receive(phone, text, "SM-many") == answers[0]
    assert rows(chat) == after


def test_a_strangers_join(at_once: AtOnce, chat: Chat) -> None:
    check_once(at_once, chat, chat.alice, "JOIN", lambda: chat.count(tables.members))
    assert chat.waiting(chat.alice) == [("welcome", "consent")]


def test_a_request_for_support(at_once: AtOnce, chat: Chat) -> None:
    chat.joined("bob")
    check_once(at_once, chat, chat.alice, "SUPPORT", lambda: chat.count(tables.alerts))
    chat.later("5m")
    assert sum("I texted Bob" in text for text in chat.alice.new()) == 1


def test_an_answer(at_once: AtOnce, chat: Chat) -> None:
    chat.joined("bob")
    chat.alice("CHECKIN")
    check_once(at_once, chat, chat.alice, "4", lambda: chat.count(tables.results))


def test_a_contacts_answer(at_once: AtOnce, chat: Chat) -> None:
    chat.joined("bob", "carmen")
    chat.alice("SUPPORT")
    chat.later("5m")
    chat.forget()
    check_once(
        at_once,
        chat,
        chat.bob,
        "1",
        lambda: sum(timer.startswith("follow_up:") for timer in chat.timers()),
    )
    chat.settle()
    assert len(chat.alice.new()) == 1


def test_stop(at_once: AtOnce, chat: Chat) -> None:
    chat.joined("bob")
    check_once(at_once, chat, chat.alice, "STOP", lambda: chat.count(tables.consents))


def test_many_different_texts_at_once_are_taken_one_after_the_other(at_once: AtOnce, chat: Chat) -> None:
    chat.joined("bob")
    answers = at_once(chat, chat.alice, "SUPPORT", [f"SM-{place}" for place in range(12)])
    assert len(chat.all_alerts()) == 1
    assert sum("In 5 minutes" in answer[0] for answer in answers) == 1
    assert sum("I have your request" in answer[0] for answer in answers) == 11


def test_two_contacts_who_take_it_at_once(chat: Chat) -> None:
    chat.as_program(support=replace(chat.app.program.support, at_once=True))
    chat.joined("bob", "carmen")
    chat.alice("SUPPORT")
    chat.later("5m")
    chat.forget()
    barrier = threading.Barrier(2)
    answers: dict[str, tuple[str, ...]] = {}

    def take(phone: Phone) -> None:
        barrier.wait()
        answers[phone.name] = chat.receive(phone, "1", f"SM-{phone.name}")

    threads = [threading.Thread(target=take, args=(phone,)) for phone in (chat.bob, chat.carmen)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    chat.settle()
    texts = sorted(text for answer in answers.values() for text in answer)
    assert sum("I told Alice that you will be in touch" in text for text in texts) == 1
    assert sum("answered at" in text for text in chat.alice.new()) == 1
