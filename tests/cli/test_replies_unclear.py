"""`checkin replies unclear`, run as staff run it, on the database of a service that people text with."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from checkin.cli.main import command
from tests.servers.migrated import make_migrated
from tests.service.kit import FLOWS, KEY, Chat, load_shipped, new_reader


@pytest.fixture
def chat(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Chat]:
    make_migrated(sqlite_url)
    flow_set = load_shipped()
    chat = Chat(sqlite_url, flow_set, new_reader(flow_set)).joined()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CHECKIN_DATABASE_URL", sqlite_url)
    monkeypatch.setenv("CHECKIN_FLOWS", str(FLOWS))
    monkeypatch.setenv("CHECKIN_SECRET_KEYS", base64.b64encode(KEY).decode())
    chat.alice("CHECKIN")
    chat.forget()
    yield chat
    chat.close()


def unclear(*arguments: str) -> Any:
    result = CliRunner().invoke(command, ["replies", "unclear", *arguments, "--format", "json"])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_what_was_not_understood_is_told_by_step_and_what_was_is_not(chat: Chat) -> None:
    assert unclear() == []
    chat.alice("purple monkeys")
    chat.alice("4")
    (one,) = unclear()
    assert (one["flow"], one["step"], one["text"]) == ("daily", "mood", "purple monkeys")
    assert one["at"].startswith("2026-")
    assert unclear("--flow", "daily", "--step", "mood") == [one]
    assert unclear("--flow", "join") == []
    assert unclear("--step", "offer") == []
    shown = CliRunner().invoke(command, ["replies", "unclear"]).stdout
    assert "daily, mood: 1\n" in shown
    assert shown.endswith("purple monkeys\n1 not understood.\n")
