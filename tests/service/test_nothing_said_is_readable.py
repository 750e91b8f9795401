"""What a thief of the disk, a reader of logs or a holder of a wrong key learns of a conversation: nothing."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
import structlog

from checkin.carrier.base import FailureKind
from checkin.conversation.read import Reader
from checkin.flow.load import FlowSet
from checkin.service.logs import configure_logs
from checkin.store import people, tables
from checkin.store.store import open_store
from checkin.store.vault import VaultError
from tests.servers.migrated import make_migrated
from tests.service.kit import KEY, NUMBERS, Chat

SAID = (
    "Alice",
    "Bob",
    "Carmen",
    "Somebody took my umbrella",
    "reluctant",
    "In 5 minutes I will ask",
    "would like to hear from you",
    *(number[2:] for name, number in NUMBERS.items() if name != "dana"),
)
"""Pieces of what was said, and of who said it, that stand in no flow: flows are no secret."""


def converse(chat: Chat) -> None:
    """Say all of `SAID`, and let some of it fail."""
    chat.joined("bob", "carmen")
    chat.alice("CHECKIN")
    chat.alice("3")
    chat.alice("Somebody took my umbrella")
    chat.alice("SUPPORT")
    chat.carrier.refuse(NUMBERS["bob"], FailureKind.BAD_NUMBER, "30003")
    chat.later("1h")
    chat.carmen("I am reluctant")
    chat.carmen("1")
    chat.charlie("who is Alice")
    chat.charlie("I want to kill myself")
    chat.bob("STOP")
    chat.later("2d")


def test_the_database_file_holds_no_word_of_it(quick: Chat, tmp_path: Path) -> None:
    converse(quick)
    files = [path for path in tmp_path.iterdir() if path.name.startswith("checkin.sqlite3")]
    assert len(files) >= 2, "the file and its log"
    content = b"".join(path.read_bytes() for path in files)
    quick.app.store.close()
    content += (tmp_path / "checkin.sqlite3").read_bytes()
    assert b"CREATE TABLE people" in content
    for said in SAID:
        assert said.encode() not in content, said
        assert said.encode("utf-16-le") not in content, said
    quick.restart()


def test_no_column_of_either_database_holds_a_word_of_it(chat: Chat) -> None:
    converse(chat)
    for table in tables.metadata.sorted_tables:
        rows = chat.app.store.read(lambda unit, table=table: unit.read(sa.select(table)))
        for row in rows:
            for value in row:
                for said in SAID:
                    text = value.decode("utf-8", "ignore") if isinstance(value, bytes) else str(value)
                    assert said not in text, (table.name, said)


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """What the service logs, as an operator gets it."""
    stream = io.StringIO()
    before = structlog.get_config()
    handlers, level = logging.getLogger().handlers[:], logging.getLogger().level
    configure_logs("DEBUG", stream, as_json=True)
    yield stream
    structlog.configure(**before)
    logging.getLogger().handlers[:] = handlers
    logging.getLogger().setLevel(level)


def test_the_log_holds_no_word_of_it(quick: Chat, lines: io.StringIO) -> None:
    converse(quick)
    quick.app.store.run(lambda unit: people.set_stopped(unit, "nobody", None))
    log = lines.getvalue()
    assert log, "something was logged"
    assert all(json.loads(line)["event"] for line in log.splitlines())
    for said in SAID:
        assert said not in log, said


def test_after_a_rotation_old_rows_open_and_new_ones_are_sealed_anew(
    sqlite_url: str, flow_set: FlowSet, reader: Reader
) -> None:
    make_migrated(sqlite_url)
    chat = Chat(sqlite_url, flow_set, reader)
    chat.joined("bob")
    new = bytes(reversed(range(32)))
    chat.keys = (new, KEY)
    chat.restart()
    chat.alice("SUPPORT")
    chat.later("5m")
    chat.expect(alice=["In 5 minutes", "I texted Bob"], bob="Alice would like to hear from you")

    def sealed_with(unit: people.Unit) -> set[bytes]:
        return {bytes(row.body)[1:5] for row in unit.read(sa.select(tables.outbox.c.body))}

    assert len(chat.app.store.read(sealed_with)) == 2
    chat.close()


def test_a_wrong_key_is_said_at_once(sqlite_url: str) -> None:
    make_migrated(sqlite_url)
    open_store(sqlite_url, [KEY]).close()
    with pytest.raises(VaultError, match="CHECKIN_SECRET_KEYS"):
        open_store(sqlite_url, [bytes(reversed(range(32)))])


def test_without_the_old_key_nothing_is_decided_on_what_cannot_be_read(
    sqlite_url: str, flow_set: FlowSet, reader: Reader
) -> None:
    make_migrated(sqlite_url)
    chat = Chat(sqlite_url, flow_set, reader)
    chat.joined("bob")
    chat.close()
    chat.keys = (bytes(reversed(range(32))),)
    with pytest.raises(VaultError):
        chat.restart()
