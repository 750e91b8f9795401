"""`checkin flows diff` and `publish`, run as staff run them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from checkin.cli.main import command
from tests.service.kit import FLOWS

CHAT = """\
flow: contacts
conversations:
  - title: Silence
    language: en
    chat:
      - member: contacts
      - program: "Who would you like as a trusted contact? Please send their first name."
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program with one flow and its test conversation, on a database of its own."""
    for name in ("program.yaml", "texts.yaml", "contacts.yaml"):
        shutil.copy(FLOWS / name, tmp_path / name)
    (tmp_path / "contacts.test.yaml").write_text(CHAT)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CHECKIN_FLOWS", str(tmp_path))
    monkeypatch.setenv("CHECKIN_SECRET_KEYS", "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=")
    assert CliRunner().invoke(command, ["migrate"]).exit_code == 0
    return tmp_path / "contacts.yaml"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(command, ["flows", *arguments])


def test_what_fails_its_conversation_is_not_published_until_it_is_mended(file: Path) -> None:
    assert "contacts: was never published." in run("diff").stdout
    first = run("publish", "--author", "Dana", "--note", "The first")
    assert (first.exit_code, first.stdout) == (0, "contacts: version 1 is live.\n")
    assert run("publish").stdout == "Every flow was live already.\n"

    file.write_text(file.read_text().replace("Please send their first name.", "Their first name, please."))
    told = run("diff", "contacts")
    assert "contacts: version 1 of " in told.stdout
    assert "(Dana: The first) is live. The file differs:" in told.stdout
    assert "      + Who would you like as a trusted contact? Their first name, please." in told.stdout

    refused = run("publish")
    assert refused.exit_code == 1
    assert "“Silence” goes otherwise (en)" in refused.stdout
    assert "Nothing was published" in refused.stdout
    assert json.loads(run("diff", "--history", "contacts", "--format", "json").stdout)[0]["version"] == 1

    assert run("test", "contacts", "--update").exit_code == 0
    assert run("publish", "--note", "Shorter").stdout == "contacts: version 2 is live.\n"
    assert "Their first name, please." in run("diff", "contacts", "--from", "1", "--to", "2").stdout


def test_going_back_does_not_wait_for_a_broken_file(file: Path) -> None:
    assert run("publish").exit_code == 0
    file.write_text(file.read_text().replace("first name.", "name, please."))
    (file.parent / "contacts.test.yaml").unlink()
    assert run("publish").exit_code == 0
    file.write_text("flow: [\n")
    assert run("publish").exit_code == 1
    back = run("publish", "contacts", "--version", "1", "--author", "Dana")
    assert back.exit_code == 0
    assert "contacts: version 3 is live, with the words of version 1." in back.stdout
    missing = run("publish", "contacts", "--version", "9")
    assert (missing.exit_code, "There is no version 9 of contacts." in missing.stderr) == (2, True)
    assert run("publish", "--version", "1").exit_code == 2
