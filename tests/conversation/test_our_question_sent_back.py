"""Our own question in a reply is nobody's answer; what was written beside it is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from checkin.conversation.explain import explain
from checkin.conversation.read import default_reader, understand
from checkin.conversation.understanding import Category, Question
from checkin.flow.load import load_folder
from checkin.flow.model import Ask

DAILY = load_folder(Path("flows")).flows["daily"]
MOOD = DAILY.steps["mood"]
assert isinstance(MOOD, Ask)
ASKED = Question(MOOD.answer, asked=MOOD.text)
ENGLISH = MOOD.text.render("en", {"first_name": "Mary Ann", "program": "Harbor Circle"})
NAMELESS = MOOD.text.render("en", {"program": "Harbor Circle"})
SPANISH = MOOD.text.render("es", {"first_name": "Ana", "program": "Harbor Circle"})
WITHOUT_WORDS = Question(MOOD.answer)


@pytest.mark.parametrize(
    "text",
    [
        ENGLISH,
        NAMELESS,
        SPANISH,
        ENGLISH.upper(),
        f"> {ENGLISH}",
        f"“{ENGLISH}”",
        ENGLISH.replace("'", "’"),
        ENGLISH.replace(". ", ".\n"),
        f"{ENGLISH}\n\n--",
    ],
)
def test_the_question_alone_is_no_answer(text: str) -> None:
    found = understand(text, "en", ASKED)
    assert (found.category, found.rule) == (Category.NOT_AN_ANSWER, "echo")
    assert understand(text, "en", WITHOUT_WORDS).category is not Category.NOT_AN_ANSWER


@pytest.mark.parametrize(
    ("beside", "category", "value"),
    [
        ("4", Category.NUMBER, 4),
        ("two", Category.NUMBER, 2),
        ("please call me", Category.SUPPORT, None),
        ("stop texting me", Category.OPT_OUT, None),
        ("I want to die", Category.CRISIS, None),
    ],
)
@pytest.mark.parametrize("shape", ["> {asked}\n{beside}", "{beside}\n\n{asked}", "{asked} {beside}"])
def test_what_stands_beside_the_question_is_read(
    beside: str, category: Category, value: int | None, shape: str
) -> None:
    found = understand(shape.format(asked=ENGLISH, beside=beside), "en", ASKED)
    assert found.category is category
    assert value is None or found.value == value


def test_a_sign_beside_the_question_is_kept() -> None:
    assert understand(f"{ENGLISH} 👍", "en", ASKED) == understand("👍", "en", ASKED)


def test_words_that_only_resemble_the_question_are_an_answer() -> None:
    found = understand("Today I am feeling a 2", "en", ASKED)
    assert (found.category, found.value) == (Category.NUMBER, 2)


def test_the_words_that_are_named_are_those_beside_the_question() -> None:
    text = f"> {ENGLISH}\n4ish"
    explained = explain(default_reader(), text, "en", ASKED)
    assert explained.words == ("4",)
    assert explained.runner_up is None
