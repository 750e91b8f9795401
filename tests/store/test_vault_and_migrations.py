"""Sealing values, turning the keys, and bringing a database up to date."""

from __future__ import annotations

import base64
import os
import stat
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects import postgresql, sqlite

from checkin.store.migrate import _config, check, current_revision, head_revision, migrate
from checkin.store.store import open_store
from checkin.store.tables import Instant, metadata
from checkin.store.vault import Vault, VaultError, key_from_text, keys_of_dev, new_key
from tests.store.conftest import KEY

OTHER = bytes(reversed(range(32)))


@given(st.text())
def test_what_is_sealed_opens(text: str) -> None:
    vault = Vault([KEY])
    sealed = vault.seal("people.name", text)
    assert vault.open("people.name", sealed) == text
    assert vault.seal("people.name", text) != sealed, "the same text is never sealed alike"


@given(st.integers(0, 1000), st.integers(1, 255))
def test_an_altered_value_does_not_open(place: int, flip: int) -> None:
    vault = Vault([KEY])
    sealed = bytearray(vault.seal("people.name", "Alice"))
    sealed[place % len(sealed)] ^= flip
    with pytest.raises(VaultError):
        vault.open("people.name", bytes(sealed))


def test_a_value_does_not_open_as_another_column() -> None:
    vault = Vault([KEY])
    with pytest.raises(VaultError, match=r"outbox\.body"):
        vault.open("outbox.body", vault.seal("people.name", "Alice"))


def test_the_first_key_seals_and_every_key_opens() -> None:
    old, both = Vault([KEY]), Vault([OTHER, KEY])
    assert both.open("c", old.seal("c", "Alice")) == "Alice"
    with pytest.raises(VaultError, match="CHECKIN_SECRET_KEYS"):
        old.open("c", both.seal("c", "Alice"))


def test_json_keeps_its_shape() -> None:
    vault = Vault([KEY])
    value = {"a": [1, None, "ñ"], "b": {"c": True}}
    assert vault.open_json("c", vault.seal_json("c", value)) == value


def test_a_blind_index_is_the_same_for_the_same_number_under_any_key_ring() -> None:
    index_key = new_key()
    one, two = Vault([KEY]).with_index_key(index_key), Vault([OTHER, KEY]).with_index_key(index_key)
    assert one.index("+12025550101") == two.index("+12025550101") != one.index("+12025550102")
    assert len(one.index("+12025550101")) == 16
    with pytest.raises(VaultError):
        Vault([KEY]).index("+12025550101")


@pytest.mark.parametrize("keys", [[], [b"short"], [KEY, b"short"]])
def test_a_ring_of_wrong_keys_is_refused(keys: list[bytes]) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Vault(keys)


def test_keys_as_text() -> None:
    for text in (base64.b64encode(OTHER).decode(), base64.urlsafe_b64encode(OTHER).decode().rstrip("=")):
        assert key_from_text(f" {text}\n") == OTHER
    with pytest.raises(ValueError, match="base64"):
        key_from_text("c2hvcnQ=")


def test_the_development_key_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "var" / "secret.keys"
    keys = keys_of_dev(path)
    assert keys == keys_of_dev(path)
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600


# ---------------------------------------------------------------- migrations


def test_migrating_twice_is_nothing_to_do(database_url: str) -> None:
    assert current_revision(database_url) is None
    assert migrate(database_url)
    assert not migrate(database_url)
    assert current_revision(database_url) == head_revision()


def test_the_database_has_the_tables_of_the_code(database_url: str) -> None:
    migrate(database_url)
    check(database_url)


def test_a_migration_that_broke_off_begins_again(database_url: str) -> None:
    engine = sa.create_engine(database_url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE tallies (in_the_way INTEGER)"))
    with pytest.raises(sa.exc.DatabaseError, match="tallies"):
        migrate(database_url)
    assert current_revision(database_url) is None
    assert sa.inspect(engine).get_table_names() == ["tallies"], "all or nothing"
    with engine.begin() as connection:
        connection.execute(sa.text("DROP TABLE tallies"))
    assert migrate(database_url)
    check(database_url)


def test_two_migrations_at_once_are_one(database_url: str) -> None:
    """Each in a process of its own, as when two of them are released together; alembic knows no threads."""
    starts = [sys.executable, "-c", f"from checkin.store.migrate import migrate; migrate({database_url!r})"]
    started = [subprocess.Popen(starts, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    assert [(one.communicate(timeout=60)[1], one.returncode) for one in started] == [("", 0)] * 2
    check(database_url)


def test_what_was_stored_before_a_migration_is_there_after_it(database_url: str) -> None:
    command.upgrade(_config(database_url), "0001")
    engine = sa.create_engine(database_url, poolclass=sa.NullPool)
    first = sa.MetaData()
    first.reflect(engine)
    tables = [table for table in first.sorted_tables if table.name != "alembic_version"]
    with engine.begin() as connection:
        for table in tables:
            connection.execute(
                sa.insert(table), {column.name: _something(column) for column in table.columns}
            )
    assert migrate(database_url)
    check(database_url)
    with engine.connect() as connection:
        for table in tables:
            (row,) = connection.execute(sa.select(table)).mappings()
            assert dict(row) == {column.name: _something(column) for column in table.columns}, table.name


def _something(column: sa.Column[Any]) -> object:
    """Return a value that the column can hold."""
    match column.type:
        case sa.Text():
            return "x"
        case sa.LargeBinary():
            return b"x"
        case sa.Boolean():
            return True
        case sa.DateTime():
            return datetime(2026, 11, 23, 15, tzinfo=UTC if column.type.timezone else None)
        case _:
            return 1


def test_the_index_key_is_kept(database_url: str) -> None:
    migrate(database_url)
    indexes = set()
    for keys in ([KEY], [OTHER, KEY]):
        store = open_store(database_url, keys)
        indexes.add(store.vault.index("+12025550101"))
        store.close()
    assert len(indexes) == 1


def test_every_column_that_could_hold_words_is_sealed() -> None:
    """Texts in the clear are ids, states and kinds; each new one has to be thought about here."""
    clear = {
        f"{table.name}.{column.name}"
        for table in metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, sa.Text)
    }
    assert clear == {
        *(
            "people.id",
            "people.language",
            "people.zone",
            "people.rhythm",
            "people.channel",
            "members.person_id",
            "members.state",
        ),
        *("contacts.id", "contacts.member_id", "contacts.person_id", "contacts.state"),
        *("consents.id", "consents.person_id", "consents.about", "consents.language", "consents.channel"),
        *("consents.version", "invitations.id", "invitations.member_id", "invitations.country"),
        *("flow_versions.flow", "flow_versions.source", "flow_versions.digest"),
        *("flow_versions.author", "flow_versions.note"),
        *("runs.id", "runs.member_id", "runs.flow", "runs.state", "results.run_id", "results.name"),
        *("journal.member_id", "journal.subject"),
        *("alerts.id", "alerts.member_id", "alerts.state", "alerts.reason"),
        *("notifications.alert_id", "notifications.person_id", "notifications.role"),
        *("timers.subject", "timers.lane", "timers.member_id", "timers.counts_from"),
        *("inbox.carrier_id", "inbox.channel", "inbox.category", "inbox.rule", "inbox.subject"),
        *("outbox.id", "outbox.lane", "outbox.kind", "outbox.channel", "outbox.person_id"),
        *("outbox.subject", "outbox.state", "outbox.lease", "outbox.carrier_id", "outbox.error_code"),
        *("callbacks.token", "callbacks.status", "callbacks.carrier_id", "callbacks.error_code"),
        "call_turns.call_id",
        *("tasks.id", "tasks.kind", "tasks.member_id", "tasks.subject", "tasks.state", "meta.key"),
        *("tasks.claimed_by", "staff_notes.id", "staff_notes.subject", "staff_notes.person_id"),
        "staff_notes.what",
        "pacing.sender",
        # How often which number or choice was given, kept with nobody.
        *("tallies.flow", "tallies.name", "tallies.week", "tallies.value"),
    }


MOMENTS = st.datetimes(timezones=st.timezones())


@given(MOMENTS.filter(lambda moment: 1 < moment.year < 9999))
def test_a_moment_comes_back_as_the_same_moment_in_utc(moment: datetime) -> None:
    for dialect in (sqlite.dialect(), postgresql.dialect()):
        stored = Instant().bind_processor(dialect)(moment)
        read = Instant().result_processor(dialect, None)(stored)
        assert read == moment.astimezone(UTC)
        assert read.tzinfo is UTC


@given(st.lists(MOMENTS.filter(lambda moment: 1 < moment.year < 9999), min_size=2))
def test_moments_as_text_sort_as_moments(moments: list[datetime]) -> None:
    as_text = Instant().bind_processor(sqlite.dialect())
    in_order = sorted(moments, key=lambda moment: moment.astimezone(UTC))
    assert sorted(map(as_text, moments)) == list(map(as_text, in_order))


def test_a_moment_without_a_zone_is_refused() -> None:
    for dialect in (sqlite.dialect(), postgresql.dialect()):
        with pytest.raises(ValueError, match="aware"):
            Instant().bind_processor(dialect)(datetime(2026, 1, 1))  # noqa: DTZ001  this is what is refused
