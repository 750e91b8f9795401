"""The rota in program.yaml: read, warned of, refused in plain words."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from checkin.flow.issue import Code, Severity, errors
from checkin.flow.load import load_program
from tests.flow.test_loading_programs import change, place
from tests.timing.test_holiday_calendars import calendar_of
from tests.timing.test_rota import DAYS, NIGHTS

NOW = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
ERIN = """    on_call: true
  - name: Erin
    number: "+12025550106"
    on_call: false
"""
ROTA = """support:
rota:
  calendar: rota.ics
  overrides:
    - who: Erin
      start: "2026-12-24 18:00"
      end: "2026-12-26 09:00"
  last_resort: Dana
"""


@pytest.fixture
def folder(tmp_path: Path, flows_folder: Path) -> Path:
    """The shipped program with Erin, and a rota in which Dana has the days and Erin the nights."""
    shutil.copytree(flows_folder, tmp_path / "flows")
    folder = tmp_path / "flows"
    change(folder / "program.yaml", "    on_call: true\n", ERIN)
    (folder / "program.yaml").write_text(
        (folder / "program.yaml").read_text(encoding="utf-8") + ROTA.partition("\n")[2], encoding="utf-8"
    )
    whole = calendar_of(f"{DAYS}|RRULE:FREQ=DAILY", f"{NIGHTS}|RRULE:FREQ=DAILY")
    (folder / "rota.ics").write_bytes(whole)
    return folder


def test_a_whole_rota_is_read_without_a_word(folder: Path) -> None:
    program, issues = load_program(folder, NOW.date())
    assert program is not None, issues
    assert [issue for issue in issues if issue.file == "program.yaml"] == []
    assert [staff.name for staff in program.on_duty(NOW)] == ["Dana"]
    assert [staff.name for staff in program.on_duty(NOW + timedelta(hours=12))] == ["Erin"]
    assert [staff.name for staff in program.on_duty(datetime(2026, 12, 25, 15, tzinfo=UTC))] == ["Erin"]
    assert [staff.name for staff in program.behind] == ["Dana"]


def test_without_a_last_resort_it_is_whoever_is_on_call(folder: Path) -> None:
    change(folder / "program.yaml", "  last_resort: Dana\n", "")
    program, _ = load_program(folder)
    assert program is not None
    assert [staff.name for staff in program.behind] == ["Dana"]


def test_a_hole_in_the_next_weeks_is_a_warning_with_its_time(folder: Path) -> None:
    (folder / "rota.ics").write_bytes(calendar_of(f"{DAYS}|RRULE:FREQ=DAILY"))
    program, issues = load_program(folder, NOW.date())
    assert program is not None
    (issue,) = [issue for issue in issues if issue.file == "program.yaml"]
    assert (issue.severity, issue.code) == (Severity.WARNING, Code.PROGRAM)
    assert issue.message.startswith("Nobody is on duty on Tue 24 Nov from 00:00 to 08:00, and 28 more times")
    assert (issue.line, issue.column) == place(folder / "program.yaml", "rota:\n")
    assert not [i for i in load_program(folder)[1] if i.file == "program.yaml"], (
        "without a clock none is sought"
    )


WRONG = [
    ("who: Erin", "who: Erwin", Code.UNKNOWN_NAME, "Erwin", "Dana, Erin"),
    ("last_resort: Dana", "last_resort: [Dana, Zed]", Code.UNKNOWN_NAME, "[Dana, Zed]", "Dana, Erin"),
    ("calendar: rota.ics", "calendar: roster.ics", Code.WRONG_VALUE, "roster.ics", "calendar: other.ics"),
    ("calendar: rota.ics", "calendar: broken.ics", Code.WRONG_VALUE, "broken.ics", "Export"),
    ("calendar: rota.ics", "calendar: other.ics", Code.UNKNOWN_NAME, "other.ics", "Dana, Erin"),
    ("calendar: rota.ics", "calendar: empty.ics", Code.UNKNOWN_NAME, "empty.ics", "title"),
    ('end: "2026-12-26 09:00"', 'end: "2026-12-23 09:00"', Code.WRONG_VALUE, "who: Erin", "end:"),
    ('start: "2026-12-24 18:00"', "start: Christmas", Code.WRONG_VALUE, "Christmas", "2026-12-24 18:00"),
    ("\n  - name: Erin", "\n    groups: [circle]\n  - name: Erin", Code.PROGRAM, "last_resort:", "without"),
    ("name: Erin", "name: dana", Code.TWICE, "dana", "Dana R."),
    ("at_once: false", "repeat: 99\n  at_once: false", Code.WRONG_VALUE, "99", "docs/flows.md"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "code", "needle", "mend"), WRONG)
def test_a_wrong_rota_is_refused_at_its_place(
    old: str, new: str, code: Code, needle: str, mend: str, folder: Path
) -> None:
    (folder / "broken.ics").write_bytes(b"no calendar")
    (folder / "other.ics").write_bytes(calendar_of(DAYS.replace("Dana", "Frank")))
    (folder / "empty.ics").write_bytes(calendar_of(DAYS.replace("SUMMARY:Dana|", "")))
    change(folder / "program.yaml", old, new)
    program, issues = load_program(folder, NOW.date())
    assert program is None
    issue = errors(issues)[0]
    assert (issue.code, issue.file) == (code, "program.yaml")
    assert (issue.line, issue.column) == place(folder / "program.yaml", needle)
    assert mend in issue.mend


def test_calling_later_than_the_next_is_asked_is_a_warning(folder: Path) -> None:
    change(folder / "program.yaml", "at_once: false", "call_after: 20m\n  at_once: false")
    program, issues = load_program(folder, NOW.date())
    assert program is not None
    (issue,) = [issue for issue in issues if issue.file == "program.yaml"]
    assert (issue.severity, "contact_wait" in issue.mend) == (Severity.WARNING, True)
