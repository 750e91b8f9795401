"""A carrier delivers a text more than once, also many times at a moment: one transition, one answer."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from checkin.service.inbound import Inbound, lookup_for, receive
from checkin.store import tables
from tests.service.kit import Chat, Phone


def at_once(chat: Chat, phone: Phone, text: str, ids: list[str]) -> list[tuple[str, ...]]:
    """Deliver a text under each of these ids, all at the same moment; return every answer."""
    barrier = threading.Barrier(len(ids))
    answers: list[Any] = [None] * len(ids)

    def deliver(place: int) -> None:
        inbound = Inbound(ids[place], phone.number, text)
        barrier.wait()
        answers[place] = chat.app.store.run(
            lambda unit: receive(chat.app, unit, inbound, chat.clock.now()),
            lambda: lookup_for(chat.app, inbound),
        )

    threads = [threading.Thread(target=deliver, args=(place,)) for place in range(len(ids))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def rows(chat: Chat) -> dict[str, int]:
    """Return how many rows each table has."""
    return {table.name: chat.count(table) for table in tables.metadata.sorted_tables}


def check_once(chat: Chat, phone: Phone, text: str, count: Callable[[], int]) -> None:
    """Deliver a text twenty times at once under one id, and once more later."""
    before = count()
    answers = at_once(chat, phone, text, ["SM-many"] * 20)
    assert count() == before + 1
    assert len(set(answers)) == 1
    after = rows(chat)
    assert chat.receive(phone, text, "SM-many") == answers[0]
    assert rows(chat) == after


def test_a_strangers_join(chat: Chat) -> None:
    check_once(chat, chat.alice, "JOIN", lambda: chat.count(tables.members))
    assert chat.waiting(chat.alice) == [("welcome", "consent")]


def test_a_request_for_support(chat: Chat) -> None:
    chat.joined("bob")
    check_once(chat, chat.alice, "SUPPORT", lambda: chat.count(tables.alerts))
    chat.later("5m")
    assert sum("I texted Bob" in text for text in chat.alice.new()) == 1


def test_an_answer(chat: Chat) -> None:
    chat.joined("bob")
    chat.alice("CHECKIN")
    check_once(chat, chat.alice, "4", lambda: chat.count(tables.results))


def test_a_contacts_answer(chat: Chat) -> None:
    chat.joined("bob", "carmen")
    chat.alice("SUPPORT")
    chat.later("5m")
    chat.forget()
    check_once(
        chat,
        chat.bob,
        "1",
        lambda: sum(timer.startswith("follow_up:") for timer in chat.timers()),
    )
    chat.settle()
    assert len(chat.alice.new()) == 1


def test_stop(chat: Chat) -> None:
    chat.joined("bob")
    check_once(chat, chat.alice, "STOP", lambda: chat.count(tables.consents))


def test_many_different_texts_at_once_are_taken_one_after_the_other(chat: Chat) -> None:
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
