"""What is remembered of a reply is never taken for a reply to another question."""

from __future__ import annotations

import gc
from datetime import date
from itertools import product

import pytest

from checkin.conversation import read
from checkin.conversation.pack import load_packs
from checkin.conversation.read import Reader
from checkin.conversation.understanding import Category, Context, Question
from checkin.flow.model import Answer

TEXTS = ("3", "7", "no", "cancel", "ok", "yes", "para", "2025550102", "tomorrow", "friday")
CONTEXTS = tuple(Context)


def questions() -> list[Question]:
    """Return questions that read the same words differently, each made anew."""
    answers = (
        None,
        Answer("scale", low=1, high=5),
        Answer("scale", low=0, high=10),
        Answer("yes_no"),
        Answer("text"),
        Answer("phone"),
        Answer("date"),
    )
    days = (None, date(2026, 11, 24), date(2026, 11, 25))
    return [Question(answer, context, None, day) for answer, context, day in product(answers, CONTEXTS, days)]


@pytest.fixture(scope="module")
def packs() -> list[read.Pack]:
    """The shipped packs."""
    return list(load_packs())


def test_every_question_gets_the_reading_of_a_reader_that_remembers_nothing(packs: list[read.Pack]) -> None:
    remembers, forgets = Reader(packs), Reader(packs)
    for _ in range(
        3
    ):  # questions of the round before are gone by then, and others may stand where they stood
        for text, language, question in product(TEXTS, ("en", "es"), questions()):
            expected = forgets._read(text, language, question)
            assert remembers.understand(text, language, question) == expected
            assert remembers.understand(text, language, question) == expected
        gc.collect()


def test_memory_is_bounded(packs: list[read.Pack]) -> None:
    reader, question = Reader(packs), Question(Answer("number", low=0, high=10**6))
    for number in range(read.MOST_REMEMBERED + 100):
        reader.understand(str(number), "en", question)
    assert len(reader._remembered) <= read.MOST_REMEMBERED
    assert reader.understand("1" * 41, "en", question).category is not Category.OK
    assert not any(len(text) > read.MOST_REMEMBERED_LETTERS for text, *_ in reader._remembered)
