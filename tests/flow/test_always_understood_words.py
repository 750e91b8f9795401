"""The words that no answer and no keyword may be are those that the conversation understands otherwise."""

from __future__ import annotations

import pytest

from checkin.conversation.read import understand
from checkin.conversation.settings_words import read_wish
from checkin.conversation.understanding import Category, Question
from checkin.flow.model import Answer
from checkin.flow.words import ALWAYS, ANSWERS, fold

EVERYWHERE = {
    Category.OPT_OUT, Category.RESUME, Category.HELP, Category.SUPPORT, Category.PAUSE, Category.SNOOZE,
}  # fmt: skip


@pytest.mark.parametrize("word", sorted(ALWAYS))
@pytest.mark.parametrize("language", ["en", "es"])
def test_a_reserved_word_is_understood_whatever_was_asked(word: str, language: str) -> None:
    words = {"walk": {"en": ("walk",), "es": ("paseo",)}, "call": {"en": ("call",), "es": ("llamada",)}}
    asked = Question(Answer("choice", choices=words))
    wish = read_wish(word)
    assert understand(word, language, asked).category in EVERYWHERE or (wish is not None and wish.explicit)


def test_reserved_words_are_written_as_replies_are_compared() -> None:
    assert {fold(word) for word in ALWAYS | ANSWERS} == ALWAYS | ANSWERS
    assert fold("  ¡Más-tarde! ") == "mas tarde"
