"""The program's two files and a whole folder: what is refused, and what is only left out."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import date, time, timedelta
from pathlib import Path

import pytest

from checkin.flow.chats import load_chats
from checkin.flow.issue import Code, Issue, Severity, errors
from checkin.flow.load import ProgramRefused, load_flow, load_folder, load_program
from checkin.flow.program import Hours, Program, Staff, Support


@pytest.fixture
def folder(tmp_path: Path, flows_folder: Path) -> Path:
    shutil.copytree(flows_folder, tmp_path / "flows")
    return tmp_path / "flows"


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert text.count(old) >= 1
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


def place(file: Path, needle: str) -> tuple[int, int]:
    before = file.read_text(encoding="utf-8").partition(needle)[0].split("\n")
    return len(before), len(before[-1]) + 1


def test_the_shipped_program(program: Program) -> None:
    assert (program.name, program.languages, program.timezone) == (
        "Harbor Circle",
        ("en", "es"),
        "America/New_York",
    )
    assert program.allowed_hours == Hours(time(9), time(21))
    assert program.on_call == (Staff("Dana", "+12025550104", "en", on_call=True),)
    assert program.crisis.reviewed == date(2026, 11, 2)
    assert program.support == Support(
        window=timedelta(minutes=5),
        contact_wait=timedelta(minutes=30),
        staff_wait=timedelta(minutes=15),
        remind_staff=timedelta(minutes=15),
        at_once=False,
    )
    assert program.facts("es")["crisis_line"] == "llama al 988 (marca 2) o manda AYUDA al 988"
    assert program.facts("en")["window_minutes"] == 5


PROGRAM = [
    ("America/New_York ", "America/NewYork ", Code.WRONG_VALUE, "America/NewYork", "America/New_York"),
    ("country: US", "country: USA", Code.WRONG_VALUE, "USA", "two capital letters"),
    ('"+12025550104"', "202-555-0104", Code.WRONG_VALUE, "202-555-0104", "country code"),
    ("2026-11-02", "2026-13-02", Code.WRONG_VALUE, "2026-13-02", "2026-11-02"),
    ("2026-11-02", "yesterday", Code.WRONG_VALUE, "yesterday", "2026-11-02"),
    ("window: 5m", "window: 20m", Code.WRONG_VALUE, "20m", "5m"),
    ('end: "21:00"', 'end: "08:00"', Code.WRONG_VALUE, 'start: "09:00"', "21:00"),
    ('end: "21:00"', 'end: "21:00"\n  sunday: off', Code.WRONG_VALUE, "off", "none"),
    ('end: "21:00"', 'end: "21:00"\n  sunday: { start: "12:00" }', Code.MISSING, "sunday", "end: …"),
    ('end: "21:00"', 'end: "21:00"\n  sundy: none', Code.UNKNOWN_KEY, "sundy", "sunday: none"),
    ("languages: [en, es]", "languages: [en, Spanish]", Code.WRONG_VALUE, "Spanish]", "en or es"),
    ("languages: [en, es]", "languages: [en, es, en]", Code.TWICE, "en]", "Delete"),
    ("    language: en\n", "    language: fr\n", Code.LANGUAGE, "fr\n", "en, es"),
    ("on_call: true", "on_call: false", Code.PROGRAM, "staff:", "on_call: true"),
    ("on_call: true", "on_call: true\n    groups: [cirle]", Code.UNKNOWN_NAME, "cirle]", "circle"),
    ("on_call: true", "on_call: true\n    groups: [circle]", Code.PROGRAM, "staff:", "without `groups`"),
    ("staff_wait: 15m", "staf_wait: 15m", Code.UNKNOWN_KEY, "staf_wait", "staff_wait: 15m"),
    ("  emergency_number: 911\n", "", Code.MISSING, "crisis:", "emergency_number: …"),
    ("    en: call or text 988\n", "", Code.LANGUAGE, "line:", "en:"),
    ("en: call or text 988", "en: call {number}", Code.PLACEHOLDER, "{number}", "without braces"),
    ("emergency_number: 911", "emergency_number:", Code.EMPTY, "emergency_number:", "Write"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "code", "needle", "mend"), PROGRAM)
def test_a_wrong_program_is_refused_at_its_place(
    old: str, new: str, code: Code, needle: str, mend: str, folder: Path
) -> None:
    change(folder / "program.yaml", old, new)
    program, issues = load_program(folder)
    assert program is None
    (issue,) = errors(issues)
    assert (issue.code, issue.file) == (code, "program.yaml")
    assert (issue.line, issue.column) == place(folder / "program.yaml", needle)
    assert mend in issue.mend


TEXTS = [
    ("\nhelp:", "\nhepl:", Code.UNKNOWN_KEY, "hepl:", "help:"),
    ("{until}", "{untill}", Code.PLACEHOLDER, "{untill}", "{until}"),
    ("{until}", "{minutes}", Code.PLACEHOLDER, "{minutes}", "{until}"),
    ("OK, your check-ins are on again. Good to have you back.", "", Code.WRONG_VALUE, "unpaused", "en:"),
]


@pytest.mark.parametrize(("old", "new", "code", "needle", "mend"), TEXTS)
def test_a_wrong_text_is_refused_at_its_place(
    old: str, new: str, code: Code, needle: str, mend: str, folder: Path
) -> None:
    change(folder / "texts.yaml", old, new)
    _, issues = load_program(folder)
    issue = next(i for i in errors(issues) if i.code is code)
    assert issue.file == "texts.yaml"
    assert issue.line in {
        place(folder / "texts.yaml", needle)[0],
        place(folder / "texts.yaml", needle)[0] + 1,
    }
    assert mend in issue.mend


def test_a_program_without_crisis_texts_is_refused(folder: Path) -> None:
    text = (folder / "texts.yaml").read_text(encoding="utf-8")
    start, end = text.index("crisis:\n"), text.index("# ---- trusted contacts")
    (folder / "texts.yaml").write_text(text[:start] + text[end:], encoding="utf-8")
    with pytest.raises(ProgramRefused) as caught:
        load_folder(folder)
    found = errors(caught.value.issues)
    assert [(i.code, i.file) for i in found] == [(Code.MISSING, "texts.yaml")] * 2
    assert [name in issue.message for name, issue in zip(("`crisis`", "`crisis_other`"), found, strict=True)]


@pytest.mark.parametrize("name", ["program.yaml", "texts.yaml"])
def test_a_program_with_a_missing_file_is_refused(name: str, folder: Path) -> None:
    (folder / name).unlink()
    with pytest.raises(ProgramRefused, match="1 errors"):
        load_folder(folder)


def test_a_broken_flow_is_left_out_and_the_others_load(folder: Path, flows_folder: Path) -> None:
    change(folder / "daily.yaml", "go: offer", "go: ofer")
    (folder / "latin.yaml").write_bytes(b"flow: caf\xe9\n")
    (folder / "daily.test.yaml").write_text("not a flow", encoding="utf-8")
    found = load_folder(folder)
    assert set(found.flows) == set(load_folder(flows_folder).flows) - {"daily"}
    assert [(i.file, i.code) for i in errors(found.issues)] == [
        ("daily.yaml", Code.UNKNOWN_STEP),
        ("latin.yaml", Code.NOT_READABLE),
    ]


def test_a_file_that_cannot_be_opened_is_left_out_and_the_others_load(folder: Path) -> None:
    (folder / "nowhere.yaml").symlink_to(folder / "gone")
    (folder / "daily.yaml").unlink()
    (folder / "daily.yaml").mkdir()
    (folder / "daily.test.yaml").unlink()
    (folder / "daily.test.yaml").symlink_to(folder / "gone")
    flow_set = load_folder(folder)
    told = [(one.file, one.code, one.line, one.column) for one in errors(flow_set.issues)]
    assert told == [(name, Code.NOT_READABLE, 1, 1) for name in ("daily.yaml", "nowhere.yaml")]
    assert "daily" not in flow_set.flows
    assert "welcome" in flow_set.flows
    chats, issues = load_chats(folder, flow_set.program.languages, [*flow_set.flows, "daily"])
    assert [(one.file, one.code) for one in issues] == [("daily.test.yaml", Code.NOT_READABLE)]
    assert chats


def test_what_an_editor_puts_beside_a_flow_is_none(folder: Path) -> None:
    """Emacs links `.#daily.yaml` to nothing while somebody writes; macOS keeps `._daily.yaml`."""
    before = load_folder(folder)
    (folder / ".#daily.yaml").symlink_to("dana@laptop.4711")
    (folder / "._daily.yaml").write_bytes(b"\x00\x05\x16\x07")
    (folder / ".#daily.test.yaml").symlink_to("dana@laptop.4711")
    assert load_folder(folder).issues == before.issues
    assert load_chats(folder, ("en", "es"), before.flows)[1] == ()


def test_two_flows_with_one_name(folder: Path) -> None:
    shutil.copy(folder / "contacts.yaml", folder / "more.yaml")
    (issue,) = errors(load_folder(folder).issues)
    assert (issue.code, issue.file, issue.line, issue.column) == (Code.SAME_FLOW, "more.yaml", 2, 7)


def test_two_flows_with_one_keyword(folder: Path) -> None:
    change(folder / "daily.yaml", "en: checkin, es: saludo", "en: checkin, es: Únirme")
    (issue,) = errors(load_folder(folder).issues)
    assert (issue.code, issue.file) == (Code.COLLISION, "welcome.yaml")
    assert (issue.line, issue.column) == place(folder / "welcome.yaml", "unirme")


HEAD = "flow: t\ntitle: t\nstart: [{ staff: true }]\nsteps:\n  a:\n"
END = "    go: b\n  b:\n    end: done\n"


def only(source: str, program: Program, version: int = 0) -> Issue:
    (issue,) = load_flow(source, file="t.yaml", program=program, version=version).issues
    return issue


def test_a_text_in_one_language_is_told_where_another_is_missing(program: Program) -> None:
    issue = only(f"{HEAD}    say: Hello\n{END}", program)
    assert (issue.code, issue.severity, issue.line, issue.column) == (Code.LANGUAGE, Severity.ERROR, 6, 5)
    assert 'es: "…"' in issue.mend


def test_a_language_that_is_not_spoken_is_a_warning(program: Program) -> None:
    issue = only(f"{HEAD}    say: {{ en: Hello, es: Hola, fr: Salut }}\n{END}", program)
    assert (issue.code, issue.severity, issue.column) == (Code.LANGUAGE, Severity.WARNING, 33)


def test_a_published_version_outlives_a_new_language_of_the_program(program: Program) -> None:
    source = f"{HEAD}    say: {{ en: Hello, es: Hola }}\n{END}"
    wider = replace(program, languages=("en", "es", "fr"))
    assert load_flow(source, file="t", program=wider).flow is None
    loaded = load_flow(source, file="t", program=wider, version=4)
    assert loaded.flow is not None
    assert loaded.flow.version == 4
    assert [i.severity for i in loaded.issues] == [Severity.WARNING]


def test_a_published_version_that_cannot_be_built_is_refused(program: Program) -> None:
    loaded = load_flow(HEAD + "    say: { en: a, es: b }\n    go: c\n", file="t", program=program, version=4)
    assert loaded.flow is None
    assert errors(loaded.issues)


def test_the_programs_first_language_is_the_one_to_fall_back_on(program: Program) -> None:
    loaded = load_flow(f"{HEAD}    say: {{ es: Hola, en: Hello }}\n{END}", file="t", program=program)
    assert loaded.flow is not None
    step = loaded.flow.steps["a"]
    assert hasattr(step, "text")
    assert step.text.render("fr", {}) == "Hello"


@pytest.mark.parametrize(
    ("text", "severity", "column", "part"),
    [
        ("It’s " + "a" * 100, Severity.WARNING, 13, "It's"),
        ("a" * 161, Severity.NOTE, 11, "shorter"),
        ("é" * 160 + "á", Severity.WARNING, 171, "accents"),
        ("a" * 80 + "á", Severity.NOTE, 91, "accents"),
        ("{first_name}" + "a" * 152, Severity.NOTE, 11, "shorter"),
    ],
)
def test_a_dear_text_is_told_with_the_character(
    text: str, severity: Severity, column: int, part: str, english: Program
) -> None:
    issue = only(f'{HEAD}    say: "{text}"\n{END}', english)
    assert (issue.code, issue.severity, issue.line, issue.column) == (Code.SEGMENTS, severity, 6, column)
    assert part in issue.mend


def test_words_of_a_choice_are_needed_in_every_language(program: Program) -> None:
    source = (
        f"{HEAD}    ask: {{ en: How?, es: Como? }}\n"
        "    answer: { choice: { x: { en: call }, y: { en: text, es: texto } } }\n"
        f"    no_reply: [{{ after: 1h, go: b }}]\n{END}"
    )
    issue = only(source, program)
    assert (issue.code, issue.line, issue.column) == (Code.LANGUAGE, 7, 25)


def test_a_keyword_is_needed_in_every_language(program: Program) -> None:
    source = f"{HEAD}    say: {{ en: a, es: b }}\n{END}".replace("staff: true", "keyword: { en: hello }")
    assert only(source, program).code is Code.LANGUAGE


CHRISTMAS = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:1\r\n"
CHRISTMAS += b"DTSTART;VALUE=DATE:20261225\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"


def test_holidays_stand_in_a_calendar_file(folder: Path) -> None:
    change(folder / "program.yaml", "country: US", "holidays: holidays.ics\ncountry: US")
    (folder / "holidays.ics").write_bytes(CHRISTMAS)
    program, issues = load_program(folder)
    assert program is not None, issues
    assert program.holidays == {date(2026, 12, 25)}


@pytest.mark.parametrize(
    ("name", "mend"),
    [("holiday.ics", "holidays: holidays.ics"), ("broken.ics", "Export"), ("folder.ics", "Export")],
)
def test_a_holiday_file_that_cannot_be_read(name: str, mend: str, folder: Path) -> None:
    change(folder / "program.yaml", "country: US", f"holidays: {name}\ncountry: US")
    (folder / "holidays.ics").write_bytes(CHRISTMAS)
    (folder / "broken.ics").write_bytes(b"no calendar")
    (folder / "folder.ics").mkdir()
    program, issues = load_program(folder)
    assert program is None
    (issue,) = errors(issues)
    assert (issue.line, issue.column) == place(folder / "program.yaml", name)
    assert mend in issue.mend


def test_days_may_have_hours_of_their_own(folder: Path) -> None:
    change(folder / "program.yaml", 'end: "21:00"', """end: "21:00"
  saturday: none
  sunday: { start: "12:00", end: "18:00" }""")  # fmt: skip
    program, issues = load_program(folder)
    assert program is not None, issues
    assert program.allowed_hours == Hours(time(9), time(21), {6: None, 7: (time(12), time(18))})
    source = SMALL.replace("staff: true", "every: sunday\n    at: '11:00'")
    (issue,) = errors(load_flow(source, file="a.yaml", program=program).issues)
    assert "12:00 to 18:00" in issue.mend


SMALL = "flow: a\ntitle: A\nstart:\n  - staff: true\nsteps:\n  done:\n    end: done\n"
