"""Seeing and erasing what is kept about a person, by a word of theirs and by staff."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner, Result

from checkin.cli.main import command
from checkin.store import tables
from checkin.store.unit import Unit
from tests.service.kit import FLOWS, KEY, NUMBERS, Chat

STAY = {"people", "notifications", "timers"}
"""Tables that may name a person after the erasure: by an id alone, or the mark that the number said STOP."""


def rows_about(chat: Chat, person_id: str) -> dict[str, int]:
    """Return in how many rows of each table this person is named."""

    def work(unit: Unit) -> dict[str, int]:
        found: dict[str, int] = {}
        for table in tables.metadata.sorted_tables:
            columns = [one for one in table.columns if one.name in ("person_id", "member_id")]
            if columns:
                about = sa.or_(*(column == sa.literal(person_id) for column in columns))
                found[table.name] = len(unit.read(sa.select(sa.literal_column("1")).where(about)))
        return {name: many for name, many in found.items() if many}

    return chat.app.store.read(work)


def lived(chat: Chat) -> str:
    """Let Alice have a history with everything in it; return her id."""
    chat.joined("bob", "carmen")
    for text in ("CHECKIN", "2", "yes"):
        chat.alice(text)
    chat.later("5m")
    chat.bob("1")
    chat.alice("I'm OK now")
    chat.alice("thank you for everything")
    chat.later("1h")
    chat.forget()
    return chat.situation(chat.alice).person.id


def test_my_data_tells_what_is_kept(quick: Chat) -> None:
    quick.joined("bob")
    quick.alice("MY DATA")
    (text,) = quick.alice.new()
    assert "what you agreed to" in text
    assert [task.kind for task in quick.tasks()] == ["data_wanted"]


def test_delete_my_data_stops_at_once_and_erases_a_week_later(chat: Chat) -> None:
    alice = lived(chat)
    chat.alice("delete my data")
    chat.expect(
        alice="In 7 days all we keep about you is erased",
    )
    assert chat.situation(chat.alice).person.stopped
    chat.later("6d")
    assert rows_about(chat, alice)["consents"] > 0
    chat.later("2d")
    assert set(rows_about(chat, alice)) <= STAY
    person = chat.situation(chat.alice).person
    assert (person.name, person.stopped) == (None, True)
    chat.alice("hello?")
    assert chat.alice.new() == [], "whoever said STOP stays stopped, also when all else is gone"


def test_start_within_the_week_keeps_everything(quick: Chat) -> None:
    alice = lived(quick)
    quick.alice("borrar mis datos")
    quick.later("3d")
    quick.alice("START")
    quick.later("10d")
    assert rows_about(quick, alice)["consents"] > 0
    assert quick.situation(quick.alice).person.name == "Alice"


def test_nobody_is_erased_with_an_open_request(quick: Chat) -> None:
    quick.joined("bob")
    quick.alice("SUPPORT")
    quick.later("5m")
    quick.alice("delete my data")
    alice = quick.situation(quick.alice).person.id
    quick.later("9d")
    assert rows_about(quick, alice)["alerts"] == 1, "a request is never lost"


def test_a_contact_who_is_erased_is_gone_from_the_member_s_list(quick: Chat) -> None:
    quick.joined("bob")
    quick.bob("delete my data")
    assert any("Bob is no longer" in text for text in quick.alice.new())
    quick.later("8d")
    quick.forget()
    quick.alice("CONTACTS")
    quick.expect(alice="Who would you like")


@pytest.fixture
def shell(quick: Chat, sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Chat:
    """A service whose commands work on the same database."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CHECKIN_DATABASE_URL", sqlite_url)
    monkeypatch.setenv("CHECKIN_FLOWS", str(FLOWS))
    monkeypatch.setenv("CHECKIN_SECRET_KEYS", base64.b64encode(KEY).decode())
    return quick


def run(*arguments: str) -> Result:
    return CliRunner().invoke(command, ["members", *arguments])


def test_staff_export_everything_about_a_person(shell: Chat) -> None:
    lived(shell)
    result = run("export", "202-555-0101", "--format", "json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert (told["number"], told["name"]) == (NUMBERS["alice"], "Alice")
    kinds = {one["kind"].split()[0] for one in told["kept"]}
    assert {"consent", "answer", "text", "request"} <= kinds
    assert "thank you for everything" in [one["says"] for one in told["kept"]]
    assert "thank you for everything" in run("export", NUMBERS["alice"]).stdout


def test_staff_erase_a_person_when_they_mean_it(shell: Chat) -> None:
    alice = lived(shell)
    assert run("erase", NUMBERS["alice"]).exit_code == 2
    assert rows_about(shell, alice)["consents"] > 0
    result = run("erase", NUMBERS["alice"], "--yes")
    assert (result.exit_code, result.stdout) == (
        0,
        "Erased. The number stays marked, so that it is never texted.\n",
    )
    assert set(rows_about(shell, alice)) <= STAY


@pytest.mark.parametrize("number", ["+12025550199", "no number"])
def test_nobody_with_this_number(shell: Chat, number: str) -> None:
    for arguments in (("export", number), ("erase", number, "--yes")):
        result = run(*arguments)
        assert result.exit_code == 2
        assert "Nobody has this number." in result.output


def test_staff_do_not_erase_somebody_who_waits_for_a_person(shell: Chat) -> None:
    shell.joined("bob")
    shell.alice("SUPPORT")
    result = run("erase", NUMBERS["alice"], "--yes")
    assert result.exit_code == 2
    assert "is open" in result.output
