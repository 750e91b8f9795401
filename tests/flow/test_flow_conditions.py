"""Conditions: what they mean, and what they refuse."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkin.flow.cases import cases
from checkin.flow.condition import ConditionError, UnknownName, compile_condition
from checkin.flow.kinds import NUMBER, TEXT, TRUTH, YES_NO, Kind
from checkin.flow.model import Value

BIG = Kind("number", tuple(range(5000)))
NAMES = {
    "mood": Kind("number", (1, 2, 3, 4, 5)),
    "age": NUMBER,
    "answer": YES_NO,
    "word": TEXT,
    "has_contact": TRUTH,
}

HOLDS: list[tuple[str, dict[str, Value], bool]] = [
    ("mood <= 2", {"mood": 2}, True),
    ("mood <= 2", {"mood": 3}, False),
    ("mood <= 2", {}, False),
    ("mood <= 2", {"mood": None}, False),
    ("mood != 2", {"mood": None}, False),
    ("not mood == 2", {"mood": None}, True),
    ("mood == none", {"mood": None}, True),
    ("none == mood", {"mood": 1}, False),
    ("mood != none", {"mood": 1}, True),
    ("1 < mood < 4", {"mood": 3}, True),
    ("1 < mood < 4", {"mood": 4}, False),
    ("mood > -1", {"mood": 1}, True),
    ("answer == yes", {"answer": "yes"}, True),
    ('answer == "yes"', {"answer": "no"}, False),
    ("answer == 'a = b & c'", {"answer": "a = b & c"}, True),
    ("has_contact", {"has_contact": True}, True),
    ("has_contact", {}, False),
    ("not has_contact", {}, True),
    ("has_contact == true", {"has_contact": True}, True),
    ("mood in [1, 2]", {"mood": 2}, True),
    ("mood in [1, 2]", {"mood": None}, False),
    ("mood not in [1, 2]", {"mood": 3}, True),
    ("mood not in [1, 2]", {"mood": None}, False),
    ("word in ('walk', 'call')", {"word": "call"}, True),
    ("has_contact and (mood < 2 or word == 'x')", {"has_contact": True, "mood": 5, "word": "x"}, True),
    ("mood <= 2", {"mood": "2"}, False),
    ("age > 17.5", {"age": 18}, True),
    ("  mood == 1  ", {"mood": 1}, True),
]


@pytest.mark.parametrize(("source", "facts", "expected"), HOLDS)
def test_condition_holds(source: str, facts: dict[str, Value], expected: bool) -> None:
    assert compile_condition(source, NAMES).test(facts) is expected


def test_names_are_those_that_are_used() -> None:
    assert compile_condition("answer == yes and mood < 3", NAMES).names == {"answer", "mood"}


REFUSED = [
    ("mood", 0),
    ("yes", 0),
    ("5", 0),
    ("", 0),
    ("mood = 2", 5),
    ("mood =< 2", 5),
    ("mood ≤ 2", 5),
    ("answer == “yes”", 10),
    ("mood < 2 && has_contact", 9),
    ("mood < 2 || has_contact", 9),
    ("!has_contact", 0),
    ("mood < 2 AND has_contact", 9),
    ("mood is 2", 5),
    ("mood + 1 == 2", 0),
    ("word.upper == 'x'", 0),
    ("word[0] == 'x'", 0),
    ("len(word) == 1", 0),
    ("(lambda: 1)() == 1", 0),
    ("mood == [1]", 8),
    ("mood in word", 8),
    ("mood in []", 8),
    ("mood in [age]", 9),
    ("mood in ['1']", 9),
    ("mood == '2'", 8),
    ("has_contact > false", 14),
    ("word < 'x'", 7),
    ("mood < none", 0),
    ("1 == 1", 0),
    ("mood == 1 if has_contact else mood == 2", 0),
    ("(mood := 2) == 2", 7),
    ("mood <", 5),
    ("mood == b'1'", 8),
    ("mood == 1j", 8),
    ("mood == ...", 8),
    ("word == f'{mood}'", 8),
    ("word == '\\x41'", 9),
    ("mood == 1\nmood", 9),
    ("not " * 80 + "mood == 1", 0),
    ("(" * 160 + "mood == 1" + ")" * 160, 0),
    ("(" * 250, 200),
]


@pytest.mark.parametrize(("source", "offset"), REFUSED)
def test_everything_else_is_refused(source: str, offset: int) -> None:
    with pytest.raises(ConditionError) as caught:
        compile_condition(source, NAMES)
    assert caught.value.mend
    assert caught.value.offset == offset


def test_an_unknown_name_is_told_with_what_was_meant() -> None:
    with pytest.raises(UnknownName) as caught:
        compile_condition("word == 'é' and  modo < 2", NAMES)
    assert (caught.value.new, caught.value.offset) == ("mood", 17)


@given(st.text(alphabet="modwr =<>!()[]'\"1234,.andotinyes:\\+-é\n", max_size=40))
def test_any_text_is_a_condition_or_is_refused(source: str) -> None:
    try:
        found = compile_condition(source, NAMES)
    except ConditionError as error:
        offset = error.offset
    else:
        offset = 0
        assert found.test({}) in (True, False)
    assert 0 <= offset <= len(source)


def found(*sources: str) -> list[dict[str, Value]] | None:
    return cases([compile_condition(source, NAMES) for source in sources], NAMES)


def test_every_value_is_gone_through() -> None:
    assert len(found("mood <= 2 and has_contact", "answer == yes") or ()) == 5 * 2 * 2
    assert found() == [{}]


def test_a_text_is_what_it_is_compared_with_or_another_or_missing() -> None:
    assert [case["word"] for case in found("word in ['a', 'b']") or ()] == ["a", "b", "any other text", None]


def test_numbers_fall_into_gaps() -> None:
    values = {case["age"] for case in found("17 < age < 65") or ()}
    for low, high in ((-99, 17), (17, 65), (65, 999)):
        assert any(isinstance(value, int | float) and low < value < high for value in values)
    assert {17, 65, None} <= values


@given(st.integers(-9, 9), st.sampled_from(["age < 3", "age != -4", "2 <= age < 5 or age == 8"]))
def test_the_cases_stand_for_every_value(age: int, source: str) -> None:
    test = compile_condition(source, NAMES).test
    assert test({"age": age}) in {test(case) for case in found(source) or ()}


def test_too_many_cases_are_told() -> None:
    assert cases([compile_condition("big == 1", {"big": BIG})], {"big": BIG}) is None
