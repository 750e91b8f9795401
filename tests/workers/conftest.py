"""A service on SQLite whose Alice has joined, with Bob and Carmen as her trusted contacts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from checkin.conversation.read import Reader
from checkin.flow.load import FlowSet
from tests.servers.migrated import make_migrated
from tests.service.kit import Chat, load_shipped, new_reader


@pytest.fixture(scope="session")
def flow_set() -> FlowSet:
    """The flows that the program ships with."""
    return load_shipped()


@pytest.fixture(scope="session")
def reader(flow_set: FlowSet) -> Reader:
    """A reader with the shipped packs."""
    return new_reader(flow_set)


@pytest.fixture
def chat(sqlite_url: str, flow_set: FlowSet, reader: Reader) -> Iterator[Chat]:
    """A service with a member and two contacts."""
    make_migrated(sqlite_url)
    chat = Chat(sqlite_url, flow_set, reader).joined("bob", "carmen")
    yield chat
    chat.close()
