"""A choice said in so many words is that choice, also where the word alone would ask for a person."""

from __future__ import annotations

import pytest

from checkin.conversation.read import default_reader
from checkin.conversation.understanding import Category, Question
from checkin.flow.model import Answer

HOW = Question(
    Answer(
        "choice",
        choices={
            "voice": {"en": ("call", "by phone"), "es": ("llamada", "por teléfono")},
            "sms": {"en": ("text",), "es": ("mensaje",)},
        },
    )
)


@pytest.mark.parametrize(
    ("text", "language", "value", "also"),
    [
        ("LLAMADA", "es", "voice", ()),
        ("por telefono", "es", "voice", ()),
        ("Call", "en", "voice", ()),
        ("text, but I need someone to talk to", "en", "sms", (Category.SUPPORT,)),
        ("please have someone call me", "en", "voice", (Category.SUPPORT,)),
        ("mensaje. necesito hablar con alguien", "es", "sms", (Category.SUPPORT,)),
    ],
)
def test_a_choice_is_a_choice_and_asking_for_somebody_is_heard_beside_it(
    text: str, language: str, value: str, also: tuple[Category, ...]
) -> None:
    found = default_reader().understand(text, language, HOW)
    assert (found.category, found.value, found.also) == (Category.CHOICE, value, also)
