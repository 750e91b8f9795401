"""Flows that follow one another: names that exist, and no circle."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from checkin.flow.issue import Code, Issue
from checkin.flow.load import load_folder


def folder(flows_folder: Path, tmp_path: Path, **starts: str) -> tuple[set[str], list[Issue]]:
    """Return the flows that are good and the errors, of the shipped program with these flows in it."""
    for name in ("program.yaml", "texts.yaml"):
        shutil.copy(flows_folder / name, tmp_path)
    for name, start in starts.items():
        source = f"flow: {name}\ntitle: x\nstart:\n  - {start}\nsteps:\n  a:\n    end: done\n"
        (tmp_path / f"{name}.yaml").write_text(source, encoding="utf-8")
    found = load_folder(tmp_path)
    return set(found.flows), [issue for issue in found.issues if issue.is_error]


def test_a_chain_is_good(flows_folder: Path, tmp_path: Path) -> None:
    starts = {"a": "staff: true", "b": "{ after_flow: a, ended: done }", "c": "after_flow: b"}
    assert folder(flows_folder, tmp_path, **starts) == ({"a", "b", "c"}, [])


@pytest.mark.parametrize(
    ("start", "code", "column", "mend"),
    [
        ("{ after_flow: dayly }", Code.UNKNOWN_FLOW, 19, "- { after_flow: daily }"),
        ("{ after_flow: xyz }", Code.UNKNOWN_FLOW, 19, "Use one of: b, daily."),
        ("{ after_flow: daily, ended: don }", Code.UNKNOWN_NAME, 33, "- { after_flow: daily, ended: done }"),
        ("{ after_flow: daily, ended: [done, x] }", Code.UNKNOWN_NAME, 40, "Use one of: done."),
    ],
)
def test_names_refer_to_something(
    start: str, code: Code, column: int, mend: str, flows_folder: Path, tmp_path: Path
) -> None:
    good, (issue,) = folder(flows_folder, tmp_path, daily="staff: true", b=start)
    assert good == {"daily"}
    assert (issue.code, issue.file, issue.line, issue.column, issue.mend) == (code, "b.yaml", 4, column, mend)


def test_a_flow_that_was_refused_is_not_called_unknown(flows_folder: Path, tmp_path: Path) -> None:
    _, (issue,) = folder(flows_folder, tmp_path, a="nonsense: true", b="after_flow: a")
    assert issue.file == "a.yaml"


@pytest.mark.parametrize(
    ("starts", "shown"),
    [
        ({"a": "after_flow: a"}, "a → a"),
        ({"a": "after_flow: b", "b": "after_flow: a"}, "a → b → a"),
        ({"a": "after_flow: c", "b": "after_flow: a", "c": "after_flow: b"}, "a → b → c → a"),
    ],
)
def test_a_circle_is_told_once(
    starts: dict[str, str], shown: str, flows_folder: Path, tmp_path: Path
) -> None:
    _, (issue,) = folder(flows_folder, tmp_path, **starts)
    assert issue.code == Code.CIRCLE
    assert issue.message.endswith(f": {shown}.")
