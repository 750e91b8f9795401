"""Form bodies are read as the standard library reads them, blanks and repeats kept, and never raise."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode

from hypothesis import example, given, settings
from hypothesis import strategies as st

from webhooks.form import MAX_BODY, MAX_FIELDS, Form, parse_form


def parsed(body: bytes) -> Form:
    form = parse_form(body)
    assert form is not None
    return form


def test_blank_and_repeated_fields_are_kept() -> None:
    form = parsed(b"Body=a+b%2Bc&ToCity=&Digits=1&Digits=2&Alone&=x&&")
    assert form.get("Body") == "a b+c"
    assert form.getall("ToCity") == [""]
    assert form.getall("Digits") == ["1", "2"]
    assert form.get("Digits") == "1"
    assert form.getall("Alone") == [""]
    assert form.get("Missing") == ""
    assert form.get("Missing", "?") == "?"
    assert form.getall("Missing") == ()
    assert list(form) == ["Body", "ToCity", "Digits", "Alone", ""]
    assert len(form) == 5
    assert "ToCity" in form
    assert "Missing" not in form


def test_a_repr_tells_nothing_of_what_people_wrote() -> None:
    assert repr(parsed(b"Body=I+feel+low&From=%2B12025550101")) == "Form(2 fields)"


def test_a_body_beyond_the_caps_is_not_parsed() -> None:
    assert parse_form(b"Body=" + b"a" * (MAX_BODY - 5)) is not None
    assert parse_form(b"Body=" + b"a" * (MAX_BODY - 4)) is None
    assert parse_form(b"&".join([b"a=b"] * MAX_FIELDS)) is not None
    assert parse_form(b"&".join([b"a=b"] * (MAX_FIELDS + 1))) is None


@settings(deadline=None)
@given(st.lists(st.tuples(st.text(max_size=10), st.text(max_size=20)), max_size=10))
def test_what_was_encoded_comes_back(fields: list[tuple[str, str]]) -> None:
    fields = [(n, v) for n, v in fields if not any("\ud800" <= c <= "\udfff" for c in n + v)]
    form = parsed(urlencode(fields).encode())
    assert [(n, v) for n in form for v in form.getall(n)] == sorted(
        fields, key=lambda field: [name for name, _ in fields].index(field[0])
    )


@settings(deadline=None)
@given(st.binary(max_size=80))
@example(b"%")
@example(b"%zz=%4&a=%ff")
def test_garbage_is_read_as_the_standard_library_reads_it(body: bytes) -> None:
    text = body.decode("utf-8", "replace")
    expected: dict[str, list[str]] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        expected.setdefault(name, []).append(value)
    assert dict(parsed(body).items()) == expected
