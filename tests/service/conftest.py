"""A chat with the whole service, on SQLite and on PostgreSQL, or on SQLite alone where that is enough."""

from __future__ import annotations

from collections.abc import Callable, Iterator, MutableMapping
from datetime import datetime
from typing import Any

import pytest
import structlog

from checkin.conversation.read import Reader
from checkin.flow.load import FlowSet
from tests.servers.migrated import make_migrated
from tests.service.kit import MONDAY, Chat, load_shipped, new_reader


@pytest.fixture(autouse=True)
def logs() -> Iterator[list[MutableMapping[str, Any]]]:
    """What the service logged. An error that a test does not take out of it fails the test."""
    with structlog.testing.capture_logs() as logs:
        yield logs
    assert [line for line in logs if line["log_level"] == "error"] == []


@pytest.fixture(scope="session")
def flow_set() -> FlowSet:
    """The flows that the program ships with."""
    return load_shipped()


@pytest.fixture(scope="session")
def reader(flow_set: FlowSet) -> Reader:
    """A reader with the shipped packs."""
    return new_reader(flow_set)


@pytest.fixture
def chat(database_url: str, flow_set: FlowSet, reader: Reader) -> Iterator[Chat]:
    """A service that nobody has joined yet, once on SQLite and once on PostgreSQL."""
    make_migrated(database_url)
    chat = Chat(database_url, flow_set, reader)
    yield chat
    chat.close()


@pytest.fixture
def chat_at(sqlite_url: str, flow_set: FlowSet, reader: Reader) -> Iterator[Callable[[datetime], Chat]]:
    """A service on SQLite that begins at a moment."""
    begun: list[Chat] = []

    def begin(now: datetime) -> Chat:
        make_migrated(sqlite_url)
        begun.append(Chat(sqlite_url, flow_set, reader, now=now))
        return begun[0]

    yield begin
    for chat in begun:
        chat.close()


@pytest.fixture
def quick(chat_at: Callable[[datetime], Chat]) -> Chat:
    """A service on SQLite that nobody has joined yet."""
    return chat_at(MONDAY)
