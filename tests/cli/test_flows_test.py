"""`checkin flows test`, run as staff run it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from checkin.cli.main import command
from tests.service.kit import FLOWS


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the program with one flow and one conversation."""
    for name in ("program.yaml", "texts.yaml", "contacts.yaml", "daily.yaml"):
        shutil.copy(FLOWS / name, tmp_path / name)
    chat = "flow: contacts\nconversations:\n  - title: Nobody\n    chat:\n"
    lines = "      - member: { en: contacts, es: contactos }\n      - later: 1d\n"
    (tmp_path / "contacts.test.yaml").write_text(chat + lines)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CHECKIN_FLOWS", str(tmp_path))
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(command, ["flows", "test", *arguments])


def test_it_tells_updates_and_then_is_content(folder: Path) -> None:
    first = run("contacts", "--format", "json")
    assert first.exit_code == 1
    told = json.loads(first.stdout)
    assert (told["good"], [play["language"] for play in told["flows"][0]["plays"]]) == (False, ["en", "es"])
    assert told["flows"][0]["coverage"]["es"]["steps"] == 5
    second = run("contacts", "--update")
    assert second.exit_code == 0
    assert "contacts.test.yaml is written anew." in second.stdout
    third = run("--full")
    assert third.exit_code == 1, "not everything is met"
    assert "contacts: 1 conversation, 2 plays, 0 otherwise." in third.stdout
    assert "not met: step number" in third.stdout
    assert "daily: no test conversations." in third.stdout


def test_what_is_wrong_is_told_with_its_mend(folder: Path) -> None:
    unknown = run("walk")
    assert unknown.exit_code == 2
    assert "There is no good flow 'walk'." in unknown.stderr
    (folder / "contacts.test.yaml").write_text("flow: contacts\nconversations: []\n")
    wrong = run("contacts")
    assert wrong.exit_code == 1
    assert "contacts.test.yaml:2:16: error wrong-value" in wrong.stderr
