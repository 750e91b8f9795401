"""`checkin alerts`, run as staff run it, on the database of a service that people text with."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from typer.testing import CliRunner, Result

from checkin.alert.model import AlertState, Event
from checkin.cli.main import command
from checkin.service import desk
from tests.servers.migrated import make_migrated
from tests.service.kit import FLOWS, KEY, Chat, load_shipped, new_reader


@pytest.fixture
def chat(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Chat]:
    """Alice has asked, Bob has said that he can't, and Dana on staff was told."""
    make_migrated(sqlite_url)
    flow_set = load_shipped()
    chat = Chat(sqlite_url, flow_set, new_reader(flow_set)).joined("bob")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CHECKIN_DATABASE_URL", sqlite_url)
    monkeypatch.setenv("CHECKIN_FLOWS", str(FLOWS))
    monkeypatch.setenv("CHECKIN_SECRET_KEYS", base64.b64encode(KEY).decode())
    chat.alice("SUPPORT")
    chat.later("5m")
    chat.bob("2")
    chat.forget()
    yield chat
    chat.close()


def run(*arguments: str) -> Result:
    return CliRunner().invoke(command, ["alerts", *arguments])


def listed() -> Any:
    result = run("list", "--format", "json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_the_list_says_who_asks_and_how_it_stands_with_everyone(chat: Chat) -> None:
    (one,) = listed()
    assert (one["member"], one["number"], one["state"]) == ("Alice", "+12025550101", "notifying")
    assert list(one["asked"].values()) == ["can't", "was asked"]
    text = run("list").stdout
    assert "Mon 23 Nov 10:00  Alice (asked), notifying: " in text
    assert "Dana was asked" in text
    assert text.endswith("1 open.\n")


def test_show_tells_the_whole_history_in_its_order(chat: Chat) -> None:
    (one,) = listed()
    shown = json.loads(run("show", one["id"], "--format", "json").stdout)
    what = [each["what"] for each in shown["history"]]
    assert [w for w in what if not w.startswith("sms")] == ["asked for support", "a wait was over", "can't"]
    assert what.count("sms notification, delivered") == 2
    assert shown["history"] == sorted(shown["history"], key=lambda each: each["at"])
    text = run("show", one["id"]).stdout
    assert "Number: +12025550101" in text
    assert "10:05:00  can't: " in text


def test_taking_at_the_desk_is_taking_by_text(chat: Chat) -> None:
    (one,) = listed()
    assert "It is yours" in run("take", one["id"], "--as", "dana").stdout
    (alert,) = chat.all_alerts()
    assert alert.state is AlertState.ACKNOWLEDGED
    assert listed()[0]["taken_by"] == "Dana"
    assert any("Dana answered" in row.body for row in chat.rows(chat.alice))


def test_a_note_stands_in_the_history_and_tells_nobody(chat: Chat) -> None:
    (one,) = listed()
    assert run("note", one["id"], "Called, will visit at 5", "--as", "Dana").stdout == "Written down.\n"
    assert "wrote “Called, will visit at 5”: Dana" in run("show", one["id"]).stdout
    chat.settle()
    chat.expect()
    empty = run("note", one["id"], " ", "--as", "Dana")
    assert (empty.exit_code, "nothing to write down" in empty.stderr) == (2, True)


def test_done_closes_it_and_everyone_who_waits_hears(chat: Chat) -> None:
    (one,) = listed()
    assert run("done", one["id"], "--as", "Dana").stdout == "Done.\n"
    assert listed() == []
    assert "StaffResolved" not in run("show", one["id"]).stdout
    assert "closed it: Dana" in run("show", one["id"]).stdout
    again = run("done", one["id"], "--as", "Dana")
    assert (again.exit_code, "This request is over." in again.stderr) == (2, True)


def test_whoever_was_not_told_yet_is_told_why_they_cannot_take_it(chat: Chat) -> None:
    chat.bob("1")
    (one,) = listed()
    refused = run("take", one["id"], "--as", "Dana")
    assert (refused.exit_code, "Somebody else has taken" in refused.stderr) == (2, True)
    chat.joined(member="carmen")
    chat.carmen("SUPPORT")
    asked = next(each for each in listed() if each["member"] == "Carmen")
    refused = run("take", asked["id"], "--as", "Dana")
    assert (refused.exit_code, "has not been told" in refused.stderr) == (2, True)


def test_unknown_ids_and_names_are_refused_with_the_mend(chat: Chat) -> None:
    (one,) = listed()
    for arguments, said in (
        (("show", "nothing"), "No request that you may see has this id."),
        (("take", "nothing", "--as", "Dana"), "No request that you may see has this id."),
        (("list", "--as", "Bob"), "Nobody on staff has this name."),
        (("show", one["id"], "--as", "Bob"), "Nobody on staff has this name."),
        (("take", one["id"], "--as", "Bob"), "Nobody on staff has this name."),
    ):
        result = run(*arguments)
        assert (result.exit_code, said in result.stderr) == (2, True), result.output


@pytest.mark.parametrize("name", ["list", "show", "take", "note", "done"])
def test_every_command_has_help_with_an_example(name: str) -> None:
    assert f"Example: checkin alerts {name}" in run(name, "--help").stdout


def test_every_kind_of_event_has_plain_words() -> None:
    assert set(desk._WORDS) == {kind.__name__ for kind in get_args(Event)}
