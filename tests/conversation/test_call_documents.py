"""How each kind of question is asked on the telephone, and what its keys mean."""

from __future__ import annotations

import pytest

from checkin.conversation.call import ask, heard, menu, words_of
from checkin.flow.model import Answer

CHOICES = {"walk": {"en": ("walk",), "es": ("paseo",)}, "talk": {"en": ("talk",), "es": ("hablar",)}}


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize(
    ("answer", "hint", "keys", "zero_asks_for_a_person"),
    [
        (Answer("yes_no"), "yes_no", 1, True),
        (Answer("scale", low=1, high=5), "scale", 1, True),
        (Answer("scale", low=0, high=3), "scale", 1, False),
        (Answer("scale", low=0, high=10), "scale", None, False),
        (Answer("scale", low=1, high=10), "scale", None, True),
        (Answer("number", low=1, high=6), "scale", 1, True),
        (Answer("number", low=0, high=3), "scale", 1, False),
        (Answer("number", low=0, high=200), "number", None, False),
        (Answer("number"), "number", None, False),
        (Answer("phone"), "phone", None, True),
        (Answer("choice", choices=CHOICES), "choice", 1, True),
        (Answer("text"), "", 1, True),
        (Answer("date"), "", 1, True),
        (Answer("time"), "", 1, True),
    ],
)  # fmt: skip
def test_how_it_is_asked(
    language: str, answer: Answer, hint: str, keys: int | None, zero_asks_for_a_person: bool
) -> None:
    document = ask(["Well?"], answer, language)
    listen, words = document.listen, words_of(language)
    assert listen is not None
    assert listen.keys == keys
    assert (listen.meanings.get("0") == words["support"]) == zero_asks_for_a_person
    word = CHOICES["walk"][language][0]
    said = words.get(hint, "").format(low=answer.low, high=answer.high, key=1, word=word)
    assert document.says[0] == "Well?"
    assert " ".join(document.says[1:]).startswith(said)
    assert len(document.says) == (2 if hint else 1)


def test_keys_are_not_told_twice_nor_forgotten() -> None:
    asked = ask(["Hi. Say or press a number from 1 to 5."], Answer("scale", low=1, high=5), "en")
    assert len(asked.says) == 1
    hidden = ask(["Feeling down, depressed, or hopeless."], Answer("number", low=0, high=3), "en")
    assert hidden.says[-1] == "Say or press a number from 0 to 3."


def test_a_text_that_ends_without_a_sign_gets_one() -> None:
    assert ask(["", "Yes or no"], Answer("yes_no"), "en").says[0] == "Yes or no."


def test_the_menu_tells_each_key_and_the_key_means_its_word() -> None:
    items = {"check_in": "checkin", "support": "support", "pause": "pause", "plan": "plan", "stop": "stop"}
    document = menu("Hello.", items, "en")
    assert document.says[4] == "To hear your plan, press 4."
    assert [heard(document, key, "") for key in "123490"] == [*items.values(), "support"]
