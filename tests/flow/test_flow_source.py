"""YAML with positions: what scalars mean, and where things stand."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from checkin.flow.document import Place
from checkin.flow.issue import Code, Issue
from checkin.flow.source import decode, parse


def read(source: str) -> Any:
    document, issues = parse(source, "f.yaml")
    assert document is not None, issues
    return document.data


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("yes", "yes"), ("no", "no"), ("on", "on"), ("Off", "Off"), ("y", "y"),
        ("09:00", "09:00"), ("12:30:45", "12:30:45"), ("010", "010"), ("0o17", "0o17"), ("0x1F", "0x1F"),
        ("1_000", "1_000"), ("1e3", "1e3"), (".inf", ".inf"), ("+5", "+5"), ("2026-11-02", "2026-11-02"),
        ("+12025550104", "+12025550104"), ("9" * 5000, "9" * 5000),
        ("5", 5), ("-5", -5), ("0", 0), ("1.5", 1.5), ("true", True), ("False", False), ("null", None),
        ("~", None),
        ('"5"', "5"), ("'true'", "true"), ("''", ""), ("=", "="), ("<<", "<<"),
    ],
)  # fmt: skip
def test_plain_words_mean_what_they_look_like(written: str, meant: object) -> None:
    found = read(f"key: {written}")["key"]
    assert found == meant
    assert type(found) is type(meant)


def test_keys_are_always_text() -> None:
    assert read("no: 1\n5: 2\ntrue: 3\n09:00: 4\n") == {"no": 1, "5": 2, "true": 3, "09:00": 4}


SOURCE = """\
flow: daily
steps:
  mood:
    say: "Hi {name}"
    list: [one, two]
    block: |
      first
      second
  é: 'ñ {x}'
"""


@pytest.mark.parametrize(
    ("path", "key", "value"),
    [
        (("flow",), (1, 1), (1, 7)),
        (("steps", "mood", "say"), (4, 5), (4, 10)),
        (("steps", "mood", "list", 1), (5, 17), (5, 17)),
        (("steps", "mood", "block"), (6, 5), (6, 12)),
        (("steps", "é"), (9, 3), (9, 6)),
        (("steps", "mood", "missing", "below"), (3, 3), (3, 3)),
        (("nowhere",), (1, 1), (1, 1)),
    ],
)
def test_places(path: tuple[str | int, ...], key: tuple[int, int], value: tuple[int, int]) -> None:
    document, _ = parse(SOURCE, "f.yaml")
    assert document is not None
    assert document.place(path, key=True) == Place(*key)
    assert document.place(path) == Place(*value)


def test_places_inside_a_text() -> None:
    document, _ = parse(SOURCE, "f.yaml")
    assert document is not None
    assert document.inside(("steps", "mood", "say"), 3) == Place(4, 14)
    assert document.inside(("steps", "é"), 2) == Place(9, 9)
    assert document.inside(("steps", "mood", "block"), 9) == Place(6, 12)
    assert document.inside(("steps",), 9) == Place(3, 3)


def test_a_line_can_be_corrected() -> None:
    document, _ = parse(SOURCE, "f.yaml")
    assert document is not None
    assert document.corrected(Place(4, 14), "{name}", "{first_name}") == 'say: "Hi {first_name}"'
    assert document.corrected(Place(4, 14), "{other}", "{first_name}") is None
    assert document.corrected(Place(400, 1), "x", "y") is None


def test_every_tab_is_told() -> None:
    _, issues = parse("a:\n\tb: 1\n  \tc: 2\n\t\n", "f.yaml")
    assert [(i.code, i.line, i.column) for i in issues] == [(Code.TAB, 2, 1), (Code.TAB, 3, 3)]


def test_every_key_that_stands_twice_is_told() -> None:
    _, issues = parse("a: 1\na: {b: 1, b: 2}\na: 3\nc: 1\n", "f.yaml")
    assert [(i.code, i.line, i.column) for i in issues] == [
        (Code.TWICE, 2, 1),
        (Code.TWICE, 2, 11),
        (Code.TWICE, 3, 1),
    ]


@pytest.mark.parametrize(
    ("data", "line", "column"),
    [
        (b"a: caf\xe9\n", 1, 7),
        (b"a: 1\nb: \xc3\xa9\xff", 2, 5),
        (b"\xff\xfea\x00", 1, 1),
        (b"\xfe\xff\x00a", 1, 1),
    ],
)
def test_other_encodings_are_refused(data: bytes, line: int, column: int) -> None:
    issue = decode(data, "f.yaml")
    assert isinstance(issue, Issue)
    assert (issue.code, issue.line, issue.column) == (Code.NOT_READABLE, line, column)


PLAIN = st.text(alphabet="abc é:,'\"\\{}%@", max_size=12)
VALUES = st.recursive(
    PLAIN | st.integers(-999, 999) | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(PLAIN, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(PLAIN, VALUES, min_size=1, max_size=4), st.booleans())
def test_what_was_dumped_is_read_again(data: dict[str, Any], flat: bool) -> None:
    dumped = yaml.safe_dump(data, allow_unicode=True, default_flow_style=flat, sort_keys=False, width=10_000)
    assert read(dumped) == data


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(source: str) -> None:
    document, issues = parse(source, "f.yaml")
    assert (document is None) <= bool(issues)
    for issue in issues:
        assert issue.line >= 1
        assert issue.column >= 1
