"""Issues as SARIF and as annotations, and the check that prints them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from checkin.cli.main import command
from checkin.flow.issue import Code, Issue, Severity
from checkin.flow.report import github_lines, sarif
from tests.service.kit import FLOWS

ISSUES = (
    Issue(Severity.ERROR, Code.TAB, "a.yaml", 3, 1, "100% a tab,\nreally: one.", "a: 1", "mood"),
    Issue(Severity.NOTE, Code.SEGMENTS, "b.yaml", 7, 12, "This costs 2 messages.", ""),
)


def test_sarif_has_a_result_for_each_issue_at_its_place() -> None:
    log = json.loads(sarif(ISSUES, "flows"))
    (run,) = log["runs"]
    assert log["version"] == "2.1.0"
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["segments", "tab"]
    assert [(one["ruleId"], one["level"], one["message"]["text"]) for one in run["results"]] == [
        ("tab", "error", "100% a tab,\nreally: one.\na: 1"),
        ("segments", "note", "This costs 2 messages."),
    ]
    places = [one["locations"][0]["physicalLocation"] for one in run["results"]]
    assert [(place["artifactLocation"]["uri"], place["region"]) for place in places] == [
        ("flows/a.yaml", {"startLine": 3, "startColumn": 1}),
        ("flows/b.yaml", {"startLine": 7, "startColumn": 12}),
    ]


def test_annotations_are_one_line_each_with_their_signs_escaped() -> None:
    assert list(github_lines(ISSUES, "flows")) == [
        "::error file=flows/a.yaml,line=3,col=1,title=tab::100%25 a tab,%0Areally: one.%0Aa: 1",
        "::notice file=flows/b.yaml,line=7,col=12,title=segments::This costs 2 messages.",
    ]


def test_the_check_reads_test_conversations_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("program.yaml", "texts.yaml", "contacts.yaml"):
        shutil.copy(FLOWS / name, tmp_path / name)
    (tmp_path / "contacts.test.yaml").write_text("flow: contact\nconversations:\n  - titel: A\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CHECKIN_FLOWS", str(tmp_path))
    told = CliRunner().invoke(command, ["flows", "check", "--format", "github"])
    assert told.exit_code == 1
    assert "contacts.test.yaml,line=3,col=5,title=unknown-key" in told.stdout
    log = CliRunner().invoke(command, ["flows", "check", "--format", "sarif"])
    assert "unknown-key" in {one["ruleId"] for one in json.loads(log.stdout)["runs"][0]["results"]}


def test_what_is_wrong_with_one_flow_is_told_alone_and_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("program.yaml", "texts.yaml", "contacts.yaml", "contacts.test.yaml", "still_useful.yaml"):
        shutil.copy(FLOWS / name, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CHECKIN_FLOWS", str(tmp_path))
    broken = tmp_path / "contacts.yaml"
    broken.write_text(broken.read_text().replace("go: number", "go: nubmer"))
    told = CliRunner().invoke(command, ["flows", "check", "contacts"])
    assert told.exit_code == 1
    lines = told.stdout.splitlines()
    assert {line.split(":")[0] for line in lines[:-1] if not line.startswith("    ")} == {"contacts.yaml"}
    assert "error unknown-step" in lines[-3]
    assert lines[-1].startswith("1 error")
    every = CliRunner().invoke(command, ["flows", "check"])
    assert every.exit_code == 1
    assert every.stdout.splitlines()[-1].startswith("1 flow is good: 1 error, ")
    unknown = CliRunner().invoke(command, ["flows", "check", "contatcs"])
    assert (unknown.exit_code, unknown.stdout) == (2, "")
