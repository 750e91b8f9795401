"""`checkin members import`, run as operators run it, on a database of its own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from checkin.cli.main import command
from tests.service.kit import copy_flows


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return how to run the command in an empty folder, with the flows published."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CHECKIN_FLOWS", str(copy_flows(tmp_path / "flows")))
    monkeypatch.setenv("CHECKIN_SECRET_KEYS", "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=")
    for arguments in (["migrate"], ["flows", "publish"]):
        assert CliRunner().invoke(command, arguments).exit_code == 0

    def run(text: str, *arguments: str) -> Result:
        (tmp_path / "people.csv").write_text(text)
        return CliRunner().invoke(command, ["members", "import", "people.csv", *arguments])

    return run


def test_json_is_one_object_a_row(run: Any) -> None:
    text = "phone,name,notes\n(202) 555-0101,Alice,\n1.20256E+10,Bob,\n202.555.0101,Alice,\n"
    result = run(text, "--format", "json", "--skip-invalid")
    assert result.exit_code == 1
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert [set(row) for row in rows] == [{"row", "status", "e164", "problem", "mend"}] * 3
    assert [(row["row"], row["status"], row["e164"]) for row in rows] == [
        (2, "added", "+12025550101"),
        (3, "invalid", None),
        (4, "duplicate", "+12025550101"),
    ]
    assert run(text, "--format", "json").stdout.splitlines()[0].count('"unchanged"') == 1


def test_text_names_nobody(run: Any) -> None:
    result = run("phone,name,notes\n202-555-0101,Alice,\n12,Bob,\n")
    assert result.exit_code == 1
    assert "row 3: invalid: number: no number" in result.stdout
    assert "Columns left out: notes." in result.stdout
    assert "2 rows: 1 added, 1 invalid." in result.stdout
    assert "Nothing was imported" in result.stderr
    assert not {"Alice", "Bob", "0101"} & set(result.stdout.replace("-", " ").split())


def test_a_good_file_ends_with_status_zero_and_a_dry_run_says_so(run: Any) -> None:
    text = "phone\n202-555-0101\n"
    dry = run(text, "--dry-run")
    assert (dry.exit_code, "dry run" in dry.stderr) == (0, True)
    assert "1 added" in dry.stdout
    assert "1 added" in run(text).stdout
    assert "1 unchanged" in run(text).stdout


def test_before_anything_is_published_it_says_that_nobody_is_asked_yet(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHECKIN_DATABASE_URL", f"sqlite:///{tmp_path / 'new.db'}")
    assert CliRunner().invoke(command, ["migrate"]).exit_code == 0
    result = run("phone\n202-555-0101\n", "--format", "json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["status"] == "added"
    assert "checkin flows publish" in result.stderr


@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        ("name\nSam\n", ()),
        ("", ()),
        ("phone\n1\n", ("--column", "Handy")),
        ("x\n1\n", ("--column", "number=y")),
    ],
)
def test_what_is_no_list_ends_with_status_two(run: Any, text: str, arguments: tuple[str, ...]) -> None:
    result = run(text, *arguments)
    assert result.exit_code == 2
    assert result.stderr.strip()


def test_help_shows_an_example() -> None:
    shown = CliRunner().invoke(command, ["members", "import", "--help"]).stdout
    assert "checkin members import members.csv --dry-run" in " ".join(shown.split())


def test_a_stop_is_undone_with_a_record_or_told_that_there_was_none(run: Any) -> None:
    run("phone,name\n+12025550101,Alice\n")
    arguments = ["members", "undo-stop", "+12025550101", "--by", "Dana", "--because", "asked by phone"]
    none = CliRunner().invoke(command, arguments)
    assert (none.exit_code, none.stdout) == (1, "")
    assert "This number has not said STOP here." in none.stderr
