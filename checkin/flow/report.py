"""Issues as other programs read them: SARIF for code hosts, and the annotations of GitHub's actions.

Sources: SARIF 2.1.0 (OASIS, 2020), and GitHub's "Workflow commands for GitHub Actions".
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from checkin.flow.issue import Issue, Severity

_COMMANDS: Mapping[Severity, str] = {
    Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice",
}  # fmt: skip


def sarif(issues: Iterable[Issue], folder: str) -> str:
    """Return issues as a SARIF 2.1.0 log. `folder` is where the files lie, as the code host sees it."""
    issues = tuple(issues)
    rules = [{"id": str(code)} for code in sorted({issue.code for issue in issues})]
    tool = {"driver": {"name": "checkin flows check", "rules": rules}}
    run = {
        "tool": tool,
        "columnKind": "unicodeCodePoints",
        "results": [_result(issue, folder) for issue in issues],
    }
    log = {"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]}
    return json.dumps(log, indent=2, ensure_ascii=False)


def _result(issue: Issue, folder: str) -> dict[str, Any]:
    place = {
        "artifactLocation": {"uri": f"{folder}/{issue.file}"},
        "region": {"startLine": issue.line, "startColumn": issue.column},
    }
    return {
        "ruleId": str(issue.code),
        "level": str(issue.severity),
        "message": {"text": _words(issue)},
        "locations": [{"physicalLocation": place}],
    }


def github_lines(issues: Iterable[Issue], folder: str) -> Iterator[str]:
    """Go through issues as lines that GitHub shows beside the changed files."""
    for issue in issues:
        place = f"file={_property(f'{folder}/{issue.file}')},line={issue.line},col={issue.column}"
        yield f"::{_COMMANDS[issue.severity]} {place},title={_property(issue.code)}::{_data(_words(issue))}"


def _words(issue: Issue) -> str:
    return f"{issue.message}\n{issue.mend}" if issue.mend else issue.message


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
