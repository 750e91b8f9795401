"""Whatever happens to a good flow's bytes: loading it gives a flow or issues, and never anything else."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checkin.flow.issue import Issue, errors
from checkin.flow.load import load_flow, load_program
from checkin.flow.program import Program
from checkin.flow.source import decode, parse
from checkin.flow.texts import CATALOGUE

FLOWS = Path(__file__).parents[2] / "flows"
NAMES = ("welcome", "daily", "after_support", "contacts")
SINGLE = [bytes((c,)) for c in b"\t\n\r :-'\"{}[]!#|5\xff"]
WORDS = [b"", b"&a", b"*a", b"yes", b"null", b"go: ", b"if: ", b"\n    then:\n", "é😀\ufeff".encode()]
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
