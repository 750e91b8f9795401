"""Files of test conversations: what is wrong with one is told with its place and its mend."""

from __future__ import annotations

from pathlib import Path

import pytest

from checkin.flow.chats import chat_files, load_chats, read_chats

GOOD = """\
flow: daily
conversations:
  - title: A good day
    chat:
      - at: monday 17:00
      - member: 4
      - program: { en: "Good.", es: "Bien." }
      - at: "20:00"
        task: read
        note: "Please read."
      - ends: done
"""

WRONG = [
    ("flow: daily", "flow: dayly", 1, 7, "unknown-flow", "Did you mean `daily`"),
    ("member: 4", "membr: 4", 6, 9, "unknown-key", "Did you mean `member`"),
    ("member: 4", "member: 4\n        ends: done", 6, 9, "wrong-value", "One line tells one thing."),
    ("monday 17:00", "moonday 17:00", 5, 13, "wrong-value", "This is not a moment."),
    ("monday 17:00", "2026-13-01 17:00", 5, 13, "wrong-value", "This is not a moment."),
    ("task: read\n", "ends: read\n", 8, 9, "wrong-value", "A note belongs to a task."),
    (', es: "Bien."', "", 7, 9, "language", "The text in `es` is missing."),
    ('es: "Bien."', 'fr: "Bien.", es: "Bien."', 7, 33, "language", "does not speak `fr`"),
    ("    chat:", "    language: fr\n    chat:", 4, 15, "language", "does not speak `fr`"),
    ("    chat:", "    with: [contact]\n    chat:", 4, 12, "unknown-flow", "Did you mean `contacts`"),
    ("      - ends: done", "      - start: weekly", 11, 16, "unknown-flow", "There is no flow `weekly`."),
    ("      - ends: done", "      -", 11, 8, "empty", "Nothing stands"),
    ("title: A good day", "title: ", 3, 5, "empty", "Nothing stands after `title:`."),
]


def test_a_good_file_is_read() -> None:
    file, issues = read_chats(GOOD, "daily.test.yaml", ("en", "es"), ("daily", "contacts"))
    assert issues == ()
    assert file is not None
    (chat,) = file.chats
    assert (chat.title, chat.languages, chat.place) == ("A good day", ("en", "es"), 3)
    assert [(line.key, line.kind) for line in chat.lines] == [
        ("at", "time"), ("member", "says"), ("program", "program"), ("task", "task"), ("ends", "ends"),
    ]  # fmt: skip
    assert chat.lines[1].said("es") == "4"
    assert chat.lines[2].spoken_in("es").text == "Bien."


@pytest.mark.parametrize(("old", "new", "line", "column", "code", "words"), WRONG)
def test_a_wrong_file_is_told(old: str, new: str, line: int, column: int, code: str, words: str) -> None:
    assert old in GOOD
    file, issues = read_chats(GOOD.replace(old, new), "daily.test.yaml", ("en", "es"), ("daily", "contacts"))
    assert file is None
    assert [(issue.line, issue.column, str(issue.code)) for issue in issues] == [(line, column, code)]
    assert words in issues[0].message
    assert issues[0].mend


def test_every_shipped_flow_has_its_conversations(flows_folder: Path) -> None:
    names = {path.name.partition(".")[0] for path in chat_files(flows_folder)}
    flows = ("after_support", "contacts", "daily", "welcome")
    assert names >= set(flows)
    files, issues = load_chats(flows_folder, ("en", "es"), names)
    assert issues == ()
    assert {file.flow for file in files} == names
