"""What the reader has to reach on labelled replies, on the half that rules are made with and on the other."""

from __future__ import annotations

import random
from functools import cache
from pathlib import Path

import pytest

from benchmarks.understanding import mutate
from checkin.conversation.labelled import SAFETY, question
from checkin.conversation.pack import load_packs
from checkin.conversation.read import Reader
from checkin.conversation.understanding import Category
from tests.conversation.labelled import ANSWERS, HALVES, Score, half, score
from tests.conversation.tables import filled

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "understanding.md"
ASKED = (
    "nothing",
    "scale 1 5",
    "yes_no",
    "text",
    "number",
    "choice am=morning|pm=evening",
    "contact_notified",
)


@cache
def reader() -> Reader:
    return Reader(load_packs())


@cache
def found(name: str) -> Score:
    return score(reader(), half(name))


def test_the_halves_share_no_reply_that_is_long_enough_to_be_anybodys_own() -> None:
    first, second = ({(case.text, case.asked) for case in half(name)} for name in HALVES)
    assert len({one for one in first & second if len(one[0]) > 45}) == 0
    assert min(len(first), len(second)) > 600


@pytest.mark.parametrize("name", HALVES)
@pytest.mark.parametrize(
    ("categories", "least"),
    [(("opt_out",), 0.97), (("crisis",), 0.90), (("support",), 0.93), (ANSWERS, 0.95)],
)
def test_recall(name: str, categories: tuple[str, ...], least: float) -> None:
    good, of = found(name).recall(*categories)
    assert of > 100
    assert good / of >= least, (good, of)


@pytest.mark.parametrize("name", HALVES)
@pytest.mark.parametrize("category", SAFETY)
def test_ordinary_texts_wake_nobody(name: str, category: str) -> None:
    wrong, of = found(name).false_alarms(category)
    assert of > 500
    assert wrong / of < 1 / 500, (wrong, of)


@pytest.mark.parametrize("name", HALVES)
def test_no_opt_out_or_crisis_is_taken_for_fine_or_a_number(name: str) -> None:
    """Whatever was asked: an opt-out that is missed is at least not counted as an answer."""
    for case in half(name):
        if case.category not in ("opt_out", "crisis"):
            continue
        for asked in (case.asked, *ASKED):
            taken = reader().understand(case.text, case.language, question(asked)).category
            assert taken not in (Category.OK, Category.NUMBER), (case.text, asked)


def test_the_document_tells_what_is_measured_today() -> None:
    document = DOCUMENT.read_text(encoding="utf-8")
    assert filled(document, reader()) == document, "run: python -m benchmarks.understanding"


def test_mutated_replies_are_read() -> None:
    drawn = random.Random(7)
    texts = [case.text for name in HALVES for case in half(name)]
    questions = [question(asked) for asked in ASKED]
    for place in range(3000):
        text = mutate(drawn, drawn.choice(texts))
        assert reader().understand(text, "en", questions[place % len(questions)]).rule
