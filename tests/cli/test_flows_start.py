"""`checkin flows start`, run as staff run it: for whom a conversation begins by hand, and for whom not."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from checkin.cli.main import command
from checkin.flow.load import load_folder
from checkin.service import starting
from checkin.service.desk import NotOnCall
from checkin.store import runs
from tests.servers.migrated import make_migrated
from tests.service.kit import FLOWS, KEY, Chat, new_reader


@pytest.fixture
def chat(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Chat]:
    """Alice takes part; it is Monday at ten."""
    make_migrated(sqlite_url)
    flow_set = load_folder(FLOWS)
    chat = Chat(sqlite_url, flow_set, new_reader(flow_set)).joined()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CHECKIN_DATABASE_URL", sqlite_url)
    monkeypatch.setenv("CHECKIN_FLOWS", str(FLOWS))
    monkeypatch.setenv("CHECKIN_SECRET_KEYS", base64.b64encode(KEY).decode())
    yield chat
    chat.close()


def run(*arguments: str) -> Result:
    return CliRunner().invoke(command, ["flows", "start", *arguments])


def refused(chat: Chat, flow: str = "caring_notes", member: str = "Alice", staff: str = "Dana") -> str:
    with pytest.raises(starting.NotStarted) as refusal:
        starting.start(chat.app, flow, member, staff)
    chat.settle()
    chat.expect()
    return f"{refusal.value.problem} {refusal.value.mend}"


OFFER = (
    "Hi Alice, it's Harbor Circle. Would you like a kind note from us now and then, for a year? "
    "You need not answer them. YES or NO"
)


def test_a_conversation_begins_for_a_member_by_number_or_name(chat: Chat) -> None:
    begun = starting.start(chat.app, "caring_notes", "202-555-0101", "dana")
    assert (begun.flow, begun.version, begun.member, begun.at) == ("caring_notes", 1, "Alice", None)
    chat.settle()
    chat.expect(alice=OFFER)
    chat.alice("no thanks")
    chat.expect(alice="That's fine. Text NOTES if you ever change your mind.")
    starting.start(chat.app, "caring_note", "ALICE", "Dana")
    chat.settle()
    (note,) = chat.alice.new()
    assert "Ruth" in note


def test_it_is_journalled_who_began_it(chat: Chat) -> None:
    starting.start(chat.app, "caring_notes", "Alice", "Dana")
    alice, dana = chat.person(chat.alice), chat.person(chat.dana)
    assert alice is not None
    assert dana is not None
    events = chat.app.store.read(lambda unit: runs.journal_of(unit, alice.id, f"member:{alice.id}"))
    (entry,) = [event for event in events if event["kind"] == "StartedByStaff"]
    assert entry == {"kind": "StartedByStaff", "flow": "caring_notes", "version": 1, "staff": dana.id}


def test_at_night_it_waits_for_the_members_hours(chat: Chat) -> None:
    chat.later("13h")  # eleven at night
    chat.forget()
    begun = starting.start(chat.app, "caring_notes", "Alice", "Dana")
    assert begun.at is not None
    assert f"{begun.at:%A %H:%M}" == "Tuesday 09:00"
    chat.settle()
    chat.expect()
    chat.later("10h")
    chat.expect(alice=OFFER)


def test_what_stands_in_the_way_is_said_and_nothing_is_sent(chat: Chat) -> None:
    assert "no live flow 'caring_note2'. Did you mean 'caring_note'?" in refused(chat, "caring_note2")
    assert "Add `- staff: true` under its `start`" in refused(chat, "daily")
    assert "Nobody has this number." in refused(chat, member="202-555-0177")
    assert "No member has this name." in refused(chat, member="Zoe")
    assert "no phone number and no name" in refused(chat, member="12")
    assert "only for the group 'workplace'" in refused(chat, "workplace_pulse")
    assert "has not agreed to check-ins" in refused(chat, member="202-555-0104")
    with pytest.raises(NotOnCall):
        starting.start(chat.app, "caring_notes", "Alice", "Bob")


def test_nobody_is_asked_who_stopped_paused_or_is_being_asked(chat: Chat) -> None:
    starting.start(chat.app, "caring_notes", "Alice", "Dana")
    chat.settle()
    chat.forget()
    assert "in the middle of this conversation" in refused(chat)
    chat.alice("pause")
    chat.forget()
    assert "has paused" in refused(chat)
    chat.alice("STOP")
    chat.forget()
    assert "has said STOP" in refused(chat, member="202-555-0101")


def test_the_daily_limit_counts(chat: Chat) -> None:
    starting.start(chat.app, "voice_checkin", "Alice", "Dana")
    chat.settle()
    chat.alice("4")
    chat.forget()
    assert "as many check-ins" in refused(chat, "wellbeing")


def test_two_of_one_name_are_told_apart_by_number(chat: Chat) -> None:
    chat.charlie("JOIN")
    chat.charlie("yes")
    chat.charlie("Alice")
    chat.forget()
    assert refused(chat) == "2 members have this name: …0101, …0105. Give the whole number."


def test_the_command_tells_in_words_and_as_json(chat: Chat) -> None:
    result = run("caring_notes", "--member", "Alice", "--as", "Dana", "--format", "json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["flow"] == "caring_notes"
    wrong = run("daily", "--member", "Alice", "--as", "Dana")
    assert wrong.exit_code == 1
    assert "can't be started by hand" in wrong.stderr
    nobody = run("caring_notes", "--member", "Alice", "--as", "Eve")
    assert (nobody.exit_code, "Nobody on staff has this name." in nobody.stderr) == (2, True)
