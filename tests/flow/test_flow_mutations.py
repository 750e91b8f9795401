"""Whatever happens to a good flow's bytes or lines: it is loaded or refused, and nothing else happens.

And never is it another flow than the one that stands there to read: what is loaded without a word about it
holds every word of the file, and no other. A reader of its own, which knows quotation marks and comments and
no more of YAML, says which those are.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checkin.flow.issue import Issue, Severity, errors
from checkin.flow.load import load_flow, load_program
from checkin.flow.program import Program
from checkin.flow.source import decode, parse
from checkin.flow.texts import CATALOGUE

FLOWS = Path(__file__).parents[2] / "flows"
NAMES = ("welcome", "daily", "after_support", "contacts")
SINGLE = [bytes((c,)) for c in b"\t\n\r :-'\"{}[]!#|5\xff"]
WORDS = [
    b"",
    b" #",
    b" # ",
    b", ",
    b": ",
    "\u00a0".encode(),
    "“".encode(),
    b"&a",
    b"*a",
    b"yes",
    b"null",
    b"go: ",
    b"if: ",
    b"\n    then:\n",
    "é😀\ufeff".encode(),
]
PIECES = st.sampled_from([*SINGLE, *WORDS])
EDITS = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 12), PIECES), min_size=1, max_size=4)


@pytest.fixture(scope="module")
def spoken() -> Program:
    program, _ = load_program(FLOWS)
    assert program is not None
    return program


def edited(data: bytes, edits: list[tuple[float, int, bytes]]) -> bytes:
    for where, length, piece in edits:
        at = int(where * len(data))
        data = data[:at] + piece + data[at + length :]
    return data


@given(name=st.sampled_from(NAMES), edits=EDITS)
@settings(max_examples=150, deadline=None)
def test_a_damaged_flow_is_loaded_or_refused(
    name: str, edits: list[tuple[float, int, bytes]], spoken: Program
) -> None:
    text = decode(edited((FLOWS / f"{name}.yaml").read_bytes(), edits), "f.yaml")
    if isinstance(text, Issue):
        assert text.is_error
        return
    loaded = load_flow(text, file="f.yaml", program=spoken)
    assert (loaded.flow is None) == bool(errors(loaded.issues))
    for issue in loaded.issues:
        assert 1 <= issue.line <= text.count("\n") + text.count("\r") + 2
        assert issue.column >= 1
        assert issue.message
    if loaded.flow is not None:
        assert load_flow(text, file="f.yaml", program=spoken, version=3).flow is not None


@given(file=st.sampled_from(["program.yaml", "texts.yaml"]), edits=EDITS)
@settings(max_examples=40, deadline=None)
def test_a_damaged_program_is_loaded_or_refused(
    file: str, edits: list[tuple[float, int, bytes]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("flows")
    for name in ("program.yaml", "texts.yaml"):
        data = (FLOWS / name).read_bytes()
        (folder / name).write_bytes(edited(data, edits) if name == file else data)
    program, issues = load_program(folder)
    assert (program is None) == bool(errors(issues))
    if program is not None:
        assert list(program.texts) == list(CATALOGUE)


def test_an_undamaged_flow_reads_the_same_with_other_line_ends(spoken: Program) -> None:
    source = (FLOWS / "daily.yaml").read_text(encoding="utf-8")
    plain = load_flow(source, file="f.yaml", program=spoken)
    other = load_flow(source.replace("\n", "\r\n"), file="f.yaml", program=spoken)
    assert plain.flow is not None
    assert other.flow is not None
    assert list(other.flow.steps) == list(plain.flow.steps)
    assert other.issues == plain.issues


def test_parse_never_keeps_a_document_with_a_syntax_error() -> None:
    document, issues = parse("a: [1\nb: 2", "f.yaml")
    assert document is None
    assert issues


def originals(name: str) -> str:
    """Return a shipped flow; `plain` is one without quotation marks where YAML needs none."""
    if name != "plain":
        return (FLOWS / f"{name}.yaml").read_text("utf-8")
    source = (FLOWS / "after_support.yaml").read_text("utf-8")
    return re.sub(r'"([^":#{[][^":#]*)"', r"\1", source)


def words(text: str) -> Counter[str]:
    """Return the words of a text, without those by which YAML means nothing, yes and no."""
    found = Counter(re.findall(r"[^\W_]+", text))
    for word in ("null", "Null", "NULL", "true", "True", "TRUE", "false", "False", "FALSE"):
        del found[word]
    return found


def held(data: Any) -> Iterator[str]:
    """Go through all that plain values hold, keys too."""
    if isinstance(data, dict):
        for key, value in data.items():
            yield from (key, *held(value))
    elif isinstance(data, list):
        for value in data:
            yield from held(value)
    elif data is not None and not isinstance(data, bool):
        yield str(data)


def without_comments(source: str) -> str:
    """Return what a person reads as the content of a file.

    A comment is a whole line, or stands behind a value that is finished: in quotation marks, in brackets, a
    single word, a length of time, or a condition. Behind a text without quotation marks nobody can tell.
    """
    out, quote = [], ""
    for line in re.split(r"\r\n|[\r\n]", source):
        kept, at = "", 0
        while at < len(line):
            sign, before = line[at], line[at - 1 : at]
            if quote:
                quote = "" if sign == quote and not (quote == '"' and before == "\\") else quote
            elif sign in "\"'" and (not before or before in " [{,:"):
                quote = sign
            elif sign == "#" and (not before or before in " \t"):
                value = re.sub(r"^\s*(?:- )*(?:[\w.-]+:)?\s*", "", kept).strip()
                condition = re.match(r"\s*(?:- )*if:", kept) is not None
                if " " not in value or value[-1] in "\"']}" or condition:
                    break
            kept, at = kept + sign, at + 1
        out.append(kept)
    return "\n".join(out)


LINES = st.lists(
    st.tuples(
        st.floats(0, 1, exclude_max=True), st.sampled_from(("drop", "twice", "in", "out", "up", "#", '"'))
    ),
    min_size=1,
    max_size=3,
)


def with_other_lines(source: str, edits: list[tuple[float, str]]) -> str:
    lines = source.split("\n")
    for where, what in edits:
        at = int(where * len(lines))
        line = lines[at]
        changed = {
            "drop": [], "twice": [line, line], "in": ["  " + line], "out": [line.removeprefix("  ")],
            "up": [line.upper()], "#": [line.replace(" ", " #", 1)], "\"": [line.replace('"', "")],
        }  # fmt: skip
        lines[at : at + 1] = changed[what]
        lines = lines or [""]
    return "\n".join(lines)


def assert_nothing_lost(source: str, spoken: Program) -> None:
    loaded = load_flow(source, file="f.yaml", program=spoken)
    if loaded.flow is not None and all(issue.severity is Severity.NOTE for issue in loaded.issues):
        document, _ = parse(source, "f.yaml")
        assert document is not None
        assert words(" ".join(held(document.data))) == words(without_comments(source))


@given(name=st.sampled_from(("plain", "plain", *NAMES)), edits=EDITS)
@settings(max_examples=150, deadline=None)
def test_no_damaged_byte_changes_the_meaning_without_a_word(
    name: str, edits: list[tuple[float, int, bytes]], spoken: Program
) -> None:
    text = decode(edited(originals(name).encode(), edits), "f.yaml")
    if isinstance(text, str):
        assert_nothing_lost(text, spoken)


@given(name=st.sampled_from(("plain", "plain", *NAMES)), edits=LINES)
@settings(max_examples=150, deadline=None)
def test_no_damaged_line_changes_the_meaning_without_a_word(
    name: str, edits: list[tuple[float, str]], spoken: Program
) -> None:
    assert_nothing_lost(with_other_lines(originals(name), edits), spoken)


@pytest.mark.parametrize(
    "plain",
    [
        "    say: You are #1 # really\n", "    say: { en: Hello, you, es: Hola }\n", "    say: “Hi”\n",
        "    say: Hi\n      # not a comment\n", "    say: Hi\u00a0# there\n",
    ],
)  # fmt: skip
def test_the_reader_of_these_tests_sees_what_is_lost(plain: str, spoken: Program) -> None:
    """With the messages switched off, the property would fail: it can."""
    source = (
        f"flow: t\ntitle: T\nstart: [{{ staff: true }}]\nsteps:\n  a:\n{plain}    go: b\n  b:\n    end: x\n"
    )
    document, issues = parse(source, "f.yaml")
    told = issues or load_flow(source, file="f.yaml", program=spoken).issues
    assert document is not None
    same = words(" ".join(held(document.data))) == words(without_comments(source))
    assert same or any(issue.is_error for issue in told)


def test_the_worst_files_take_five_seconds_and_200_megabytes_at_most() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.flow.worst_files"],
        cwd=Path(__file__).parents[2], capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    taken = [line.split() for line in done.stdout.splitlines()]
    assert len(taken) >= 6
    assert [(name, seconds) for name, seconds, _ in taken if float(seconds) > 5] == []
    assert int(taken[-1][2]) <= 200
