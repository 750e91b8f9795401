"""`checkin replies teach`, run as staff run it, on a copy of the flows and of the language packs."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from checkin.cli.main import command
from checkin.conversation.labelled import read_cases
from checkin.conversation.pack import packs_folder, read_packs
from checkin.conversation.read import Reader
from checkin.conversation.understanding import Category
from checkin.flow.document import Document
from checkin.flow.edit import NotEdited, with_value, written
from checkin.flow.source import parse
from checkin.service import teaching
from tests.service.kit import FLOWS


@pytest.fixture
def flows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "flows"
    shutil.copytree(FLOWS, folder)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CHECKIN_FLOWS", str(folder))
    return folder


def run(*arguments: str) -> Result:
    return CliRunner().invoke(command, ["replies", *arguments])


def teach(*arguments: str) -> Result:
    return run("teach", *arguments, "--flow", "daily")


def changed_lines(flows: Path, name: str) -> list[str]:
    """Return the lines of a file that are not in the one that it was copied from."""
    before = (FLOWS / name).read_text("utf-8").splitlines()
    after = (flows / name).read_text("utf-8").splitlines()
    return [line for line in after if line not in before]


def test_a_step_learns_a_reply_with_a_line_of_test_and_nothing_else_in_its_file_changes(flows: Path) -> None:
    asked = ("--flow", "daily", "--step", "mood", "like a wet sock")
    assert "unclear" in run("explain", *asked).stdout
    taught = teach("like a wet sock", "--means", "1", "--step", "mood")
    assert taught.exit_code == 0, taught.output
    assert changed_lines(flows, "daily.yaml") == [
        '    answer: { scale: [1, 5], save_as: mood, means: { 1: { en: ["like a wet sock"] } } }'
    ]
    assert changed_lines(flows, "daily.test.yaml")[-1] == (
        '  - { step: mood, says: { en: "like a wet sock" }, means: "1" }'
    )
    told = run("explain", *asked).stdout
    assert "number\nvalue      1" in told
    assert "this step: like a wet sock" in told
    assert "unclear" in run("explain", "--flow", "daily", "--step", "offer", "like a wet sock").stdout


def test_the_line_of_test_is_played_with_the_conversations(flows: Path) -> None:
    test = flows / "daily.test.yaml"
    test.write_text(
        test.read_text("utf-8")
        + 'replies:\n  - { step: mood, says: { en: "purple monkeys" }, means: "4" }\n',
        "utf-8",
    )
    played = CliRunner().invoke(command, ["flows", "test", "daily"])
    assert played.exit_code == 1
    assert "“purple monkeys” (en) is understood at mood as unclear, and not as 4." in played.stdout


@pytest.mark.parametrize(
    ("text", "means", "step", "told"),
    [
        ("stop it", "2", "mood", "is understood at mood as opt_out, and not as 2"),
        ("i want to die", "1", "mood", "is understood at mood as crisis, and not as 1"),
        ("whatever", "7", "mood", "`7` is no answer to this question. Write a number from 1 to 5"),
        ("whatever", "maybe", "offer", "`maybe` is no answer to this question"),
        ("whatever", "1", "any_time", "daily has no step 'any_time' that asks."),
        ("all of it", "yes", "anything", "This kind of answer has no words of its own."),
    ],
)
def test_what_cannot_be_taught_is_told_and_nothing_is_written(
    flows: Path, text: str, means: str, step: str, told: str
) -> None:
    refused = teach(text, "--means", means, "--step", step)
    assert refused.exit_code == 1
    assert told in refused.output
    assert changed_lines(flows, "daily.yaml") == changed_lines(flows, "daily.test.yaml") == []


def test_a_step_without_a_flow_and_a_language_that_nobody_speaks_are_told(flows: Path) -> None:
    assert "A step is named with its flow." in run("teach", "x", "--means", "1", "--step", "mood").output
    refused = teach("salut", "--means", "1", "--step", "mood", "--language", "fr")
    assert "The program does not speak 'fr'." in refused.output


# ---------------------------------------------------------------- a language


@pytest.fixture
def packs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "packs"
    shutil.copytree(packs_folder(), folder)
    monkeypatch.setattr(teaching, "packs_folder", lambda: folder)
    labelled = tmp_path / "labelled"
    labelled.mkdir()
    lines = (
        "@ en | scale 1 5",
        "= crisis",
        "i will jump off a bridge",
        "= ok 3",
        "meh",
        "= harmless",
        "well hello",
    )
    (labelled / "development.txt").write_text("\n".join(lines), "utf-8")
    monkeypatch.setattr(teaching, "LABELLED", labelled)
    return folder


def test_a_language_learns_replies_and_each_has_its_labelled_line(packs: Path) -> None:
    for text, means, language in (
        ("sideways as a crab", "low", "en"),
        ("right as rain today", "great", "en"),
        ("como perro sin dueño (otra vez)", "very_low", "es"),
    ):
        taught = run("teach", text, "--means", means, "--language", language)
        assert taught.exit_code == 0, taught.output
    assert (packs / "en_taught.yaml").read_text("utf-8") == (
        "# What staff have taught; docs/understanding.md says how.\nlanguage: en\nmood:\n  0.25:\n"
        '    - "sideways as a crab"\n  1:\n    - "right as rain today"\n'
    )
    reader = Reader(read_packs(packs))
    cases = [
        case
        for path in sorted(packs.glob("*.replies.txt"))
        for case in read_cases(path.read_text("utf-8").splitlines())
    ]
    assert len(cases) == 3
    for case in cases:
        found = reader.understand(case.text, case.language, case.question)
        assert (found.category, str(found.value)) == (Category(case.category), case.value)


def test_a_lesson_that_changes_other_replies_is_shown_and_waits_for_a_second_word(packs: Path) -> None:
    teaching_hello = ("teach", "well hello", "--means", "great")
    shown = run(*teaching_hello)
    assert shown.exit_code == 1
    assert "Changes its meaning: “well hello” (en, scale 1 5): ok 4 → ok 5" in shown.output
    assert not (packs / "en_taught.yaml").exists()
    assert run(*teaching_hello, "--anyway").exit_code == 0
    assert "well hello" in (packs / "en_taught.replies.txt").read_text("utf-8")


def test_a_language_that_cannot_be_taught_it_is_told_and_a_trial_writes_nothing(packs: Path) -> None:
    assert "A language can't be taught 'happy'." in run("teach", "hello", "--means", "happy").output
    assert "There is no pack for 'fr'." in run("teach", "a", "--means", "ok", "--language", "fr").output
    assert "It would still be understood as crisis" in run("teach", "kill myself", "--means", "ok").output
    assert run("teach", "sideways as a crab", "--means", "low", "--dry").exit_code == 0
    assert not (packs / "en_taught.yaml").exists()


def test_words_of_safety_are_never_taken_away(packs: Path) -> None:
    """A crisis that a shield would hide is the one thing that no `--anyway` allows."""
    known = read_packs(packs)
    shield = teaching.parse_pack("language: en\nnot_crisis: [i will jump off a bridge]", "en_taught.yaml")
    with pytest.raises(teaching.NotTaught, match="It would hide words of safety"):
        teaching._compared(Reader(known), Reader([*known, shield]), packs)


# ---------------------------------------------------------------- one value in a file


def document(text: str) -> Document:
    read, issues = parse(text, "a.yaml")
    assert read is not None
    assert not issues
    return read


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: { b: 1 }  # why", 'a: { b: 1, c: ["x, y"] }  # why'),
        ("a:   # why\n  b: 1\n  # last\n", 'a:   # why\n  c: ["x, y"]\n  b: 1\n  # last\n'),
        ("a:\n  b: 1\n  c: [z]  # old\nd: 2", 'a:\n  b: 1\n  c: ["x, y"]  # old\nd: 2'),
        ("a: { b: 1, c: [\"}\", 'it''s'] } # }", 'a: { b: 1, c: ["x, y"] } # }'),
    ],
)
def test_one_value_changes_and_all_else_stays(text: str, expected: str) -> None:
    read = document(text)
    lines = with_value(read, ("a",), {"b": 1, "c": ["x, y"]})
    assert "\n".join(lines).rstrip("\n") == expected.rstrip("\n")
    assert document("\n".join(lines)).get(("a",)) == {"b": 1, "c": ["x, y"]}


def test_a_list_over_several_lines_is_left_to_whoever_wrote_it() -> None:
    with pytest.raises(NotEdited, match=r"a\.yaml:2: this is written over several lines"):
        with_value(document("a:\n  - x\n  - z\n"), ("a",), ["x", "y"])


def test_values_are_written_so_that_they_are_read_as_they_were() -> None:
    value = {"yes": ["no", "1", "a b", "it's"], "low": {"es": "sí: claro", "n": 3, "t": True}, "2": "plain"}
    assert document(f"a: {written(value)}").get(("a",)) == value
