"""Wrong flows: each gives exactly its problem, at exactly its place. `refused_flows.txt` holds them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from checkin.flow.issue import Code, Issue, Severity
from checkin.flow.load import load_flow
from checkin.flow.program import Program

HEAD = "flow: test\ntitle: A test\nstart:\n  - staff: true\nsteps:\n"
END = "  done:\n    end: done\n"
CHAIN = HEAD + "  ▲s0:\n    say: Hi\n    go: s1\n"
CHAIN += "".join(f"  s{n}:\n    say: Hi\n    go: s{n + 1}\n" for n in range(1, 99))
CHAIN += "  s99:\n    say: Hi\n    go: done\n" + END
MANY = HEAD.replace("steps:", "▲steps:") + "".join(f"  s{n}:\n    end: done\n" for n in range(501))

INVISIBLE = [
    ("tab", Code.TAB, "  done:", HEAD + "▲\tdone:\n    end: done\n"),
    ("byte order mark", Code.NOT_READABLE, "UTF-8", "▲\ufeffflow: a\n"),
    ("control character", Code.NOT_READABLE, "Delete", "flow: a▲\x07b\n"),
    ("half a character", Code.NOT_READABLE, "UTF-8", "flow: a▲\ud83db\n"),
    ("nested deeply", Code.TOO_LARGE, "Divide", "flow: " + "[" * 16 + "▲[" + "]" * 17),
    ("too many things", Code.TOO_LARGE, "Divide", "x: [" + "1," * 29_997 + "▲1, 1]"),
    ("too many steps", Code.TOO_LARGE, "Divide", MANY),
    ("too much at once", Code.AT_ONCE, "question", CHAIN),
    ("too many characters", Code.TOO_LARGE, "Divide", "▲# " + "x" * 400_000),
]
"""Those whose trouble does not show in print, or takes too much of it."""


def printed() -> list[tuple[str, Code, str, str]]:
    cases = []
    text = (Path(__file__).parent / "refused_flows.txt").read_text(encoding="utf-8")
    for block in text.split("\n### ")[1:]:
        title, source = block.split("\n", 1)
        name, code, mend = title.split(" | ", 2)
        if source.startswith(("  ", "▲  ", "▲\\u")):
            source = HEAD + source.rstrip("\n") + "\n" + ("" if "done:\n" in source else END)
        seen = re.sub(r"\\u([0-9a-f]{4})", lambda found: chr(int(found[1], 16)), source)
        cases.append((name, Code(code), mend, seen))
    return cases


CASES = INVISIBLE + printed()


def marked(source: str) -> tuple[str, int, int]:
    """Return the source without its mark, and the mark's line and column."""
    before, _, after = source.partition("▲")
    lines = before.split("\n")
    return before + after, len(lines), len(lines[-1]) + 1


def issues_of(source: str, program: Program) -> tuple[Issue, ...]:
    return load_flow(source, file="test.yaml", program=program).issues


@pytest.mark.parametrize(("code", "mend", "source"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_a_wrong_flow_is_refused_at_its_place(code: Code, mend: str, source: str, english: Program) -> None:
    plain, line, column = marked(source)
    loaded = load_flow(plain, file="test.yaml", program=english)
    assert loaded.flow is None
    assert [(i.code, i.line, i.column) for i in loaded.issues] == [(code, line, column)], loaded.issues
    assert loaded.issues[0].severity is Severity.ERROR
    assert mend in loaded.issues[0].mend


def test_there_is_a_case_for_every_kind_of_error() -> None:
    elsewhere = {Code.LANGUAGE, Code.SEGMENTS, Code.SAME_FLOW, Code.PROGRAM}  # test_loading_programs.py
    elsewhere |= {Code.SPOKEN, Code.UNKNOWN_FLOW}  # test_spoken_texts.py, test_chains.py
    elsewhere |= {
        Code.TONE, Code.SAFE_WORDS, Code.TWO_QUESTIONS, Code.READING, Code.DISCREET, Code.VERDICT,
        Code.NOT_OFFERED, Code.CRISIS,
    }  # test_kind_texts.py  # fmt: skip
    assert {case[1] for case in CASES} | elsewhere == set(Code)


def test_nothing_is_said_in_the_words_of_programmers(english: Program) -> None:
    jargon = re.compile(r"mapping|scalar|sequence|token|\bnode|parse|exception|pydantic|dict\b|regex|None\b")
    for *_, source in CASES:
        for issue in issues_of(marked(source)[0], english):
            assert not jargon.search(issue.message + issue.mend), str(issue)


def test_a_corrected_line_mends_the_flow(english: Program) -> None:
    source = HEAD + "  a:\n    say: Hi {frist_name}\n    go: done\n" + END
    (issue,) = issues_of(source, english)
    mended = source.replace("    say: Hi {frist_name}", "    " + issue.mend)
    assert issues_of(mended, english) == ()


def test_independent_problems_are_told_in_one_run(english: Program) -> None:
    source = (
        HEAD.replace("title", "titel")
        + "  a:\n    sya: Hi\n    go: done\n"
        + "  b:\n    say: Hi {frist_name}\n    go: donee\n"
        + "  c:\n    ask: How?\n    answer: { scale: [1, 5] }\n"
        + "    then:\n      - if: mod == 1\n        go: done\n    no_reply:\n      - after: 1h\n"
        + END
    )
    assert {issue.code for issue in issues_of(source, english)} == {
        Code.UNKNOWN_KEY, Code.PLACEHOLDER, Code.UNKNOWN_STEP, Code.UNKNOWN_NAME, Code.NOT_EXHAUSTIVE,
        Code.NO_TIMEOUT, Code.LADDER,
    }  # fmt: skip


def test_an_issue_reads_like_a_compilers() -> None:
    issue = Issue(Severity.ERROR, Code.TAB, "a.yaml", 3, 1, "A tab.", "a: 1", "mood")
    assert str(issue) == "a.yaml:3:1: error tab: A tab.\n    mend: a: 1"
    assert issue.to_json() == {
        "severity": "error", "code": "tab", "file": "a.yaml", "line": 3, "column": 1,
        "message": "A tab.", "mend": "a: 1", "step": "mood", "words": "",
    }  # fmt: skip
