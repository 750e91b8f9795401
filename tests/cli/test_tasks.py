"""`checkin tasks`, run as staff run it, on the database of a service that people text with."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from checkin.cli.main import command
from tests.servers.migrated import make_migrated
from tests.service.kit import FLOWS, KEY, Chat, load_shipped, new_reader


@pytest.fixture
def chat(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Chat]:
    """Alice has written something that a person should read."""
    make_migrated(sqlite_url)
    flow_set = load_shipped()
    chat = Chat(sqlite_url, flow_set, new_reader(flow_set)).joined()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CHECKIN_DATABASE_URL", sqlite_url)
    monkeypatch.setenv("CHECKIN_FLOWS", str(FLOWS))
    monkeypatch.setenv("CHECKIN_SECRET_KEYS", base64.b64encode(KEY).decode())
    chat.alice("my landlord called again")
    yield chat
    chat.close()


def run(*arguments: str) -> Result:
    return CliRunner().invoke(command, ["tasks", *arguments])


def listed() -> Any:
    result = run("list", "--format", "json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_the_list_tells_what_waits_since_when_and_who_has_it(chat: Chat) -> None:
    (one,) = listed()
    assert (one["number"], one["kind"], one["state"], one["claimed_by"]) == (1, "unread", "open", None)
    assert (
        "1  Mon 23 Nov 10:00  unread: Alice wrote: my landlord called again (nobody has it"
        in run("list").stdout
    )


def test_take_note_show_and_done(chat: Chat) -> None:
    assert run("take", "1", "--as", "dana").stdout == "It is yours.\n"
    assert listed()[0]["claimed_by"] == "Dana"
    assert run("note", "1", "Called, no answer", "--as", "Dana").stdout == "Written down.\n"
    shown = run("show", "1").stdout
    assert "Dana took it" in shown
    assert "Dana wrote: Called, no answer" in shown
    assert run("done", listed()[0]["id"], "--as", "Dana").stdout == "Done.\n"
    assert listed() == []
    assert json.loads(run("show", "1", "--format", "json").stdout)["state"] == "done"
    again = run("done", "1")
    assert (again.exit_code, "Task 1 is done already." in again.stderr) == (2, True)


def test_done_needs_no_name(chat: Chat) -> None:
    assert run("done", "1").stdout == "Done.\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("show", "9"), "The list has no task 9."),
        (("take", "1", "--as", "Bob"), "Nobody on staff has this name."),
        (("list", "--as", "Bob"), "Nobody on staff has this name."),
        (("note", "1", " ", "--as", "Dana"), "There is nothing to write down"),
    ],
)
def test_what_cannot_be_done_is_said_with_its_mend(chat: Chat, arguments: tuple[str, ...], said: str) -> None:
    result = run(*arguments)
    assert (result.exit_code, said in result.stderr) == (2, True), result.output


@pytest.mark.parametrize("name", ["list", "show", "take", "note", "done"])
def test_every_command_has_help_with_an_example(name: str) -> None:
    assert f"Example: checkin tasks {name}" in run(name, "--help").stdout
