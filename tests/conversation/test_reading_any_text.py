"""Reading holds for any text at all: it never raises, always decides, and always decides the same."""

from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checkin.conversation.normal import MAX_TEXT, clean, normal
from checkin.conversation.pack import load_packs
from checkin.conversation.read import Reader, understand
from checkin.conversation.understanding import Category, Context, Question
from checkin.flow.model import Answer

READER = Reader(load_packs())
QUESTIONS = (
    *(Question(context=context) for context in Context),
    Question(Answer("scale", low=1, high=5)),
    Question(Answer("scale", low=0, high=10)),
    Question(Answer("number")),
    Question(Answer("yes_no")),
    Question(
        Answer(
            "choice", choices={"sms": {"en": ("text", "sms"), "es": ("texto",)}, "voice": {"en": ("call",)}}
        )
    ),
    Question(Answer("text")),
    Question(Answer("phone")),
)
WORDS = (
    *("stop", "help", "please", "someone call me", "i want to", "die", "no", "not", "yes", "ok", "4", "5"),
    *("out of", "or", "later", "in 2 hours", "pause", "until", "monday", "3 days", "need", "don't", "won't"),
    *("texts", "cancel", "never mind", "good", "bad", "but", "“", "”", '"', "?", ".", ",", "👍", "liked"),
    *("no quiero", "que me llamen", "ya", "hasta", "lunes", "cuatro", "de", "más o menos", "half an hour"),
    *("\u200b", "\u202e", "½", "²", "٣"),
)

any_text = st.one_of(
    st.text(max_size=60),
    st.text(alphabet=st.characters(codec=None), max_size=MAX_TEXT),
    st.lists(st.sampled_from(WORDS), max_size=40).map(" ".join),
    st.tuples(st.text(max_size=8), st.integers(1, 2000)).map(lambda drawn: (drawn[0] * drawn[1])[:3000]),
)


@settings(max_examples=400, deadline=None)
@given(any_text, st.sampled_from(("en", "es", "fr", "")), st.sampled_from(QUESTIONS))
def test_any_text_is_read(text: str, language: str, question: Question) -> None:
    found = READER.understand(text, language, question)
    assert READER.understand(text, language, question) == found
    assert found.rule
    assert found.category not in found.also
    answer = question.answer
    if answer is None or found.category not in (Category.NUMBER, Category.LOW, Category.OK):
        return
    if answer.low is not None and answer.high is not None:
        assert isinstance(found.value, int)
        assert answer.low <= found.value <= answer.high


@given(any_text)
def test_a_folded_text_is_short_and_folds_to_itself(text: str) -> None:
    folded = normal(text)
    assert len(folded) <= MAX_TEXT
    assert normal(folded) == folded
    assert len(clean(text)) <= MAX_TEXT


@pytest.mark.parametrize(
    "variant",
    [
        "stop",
        "STOP",
        "Stop.",
        "  stop  ",
        "ＳＴＯＰ",
        "s\u200bt\u200bo\u200bp",
        "s\U000e0074top",
        "stóp",
        "𝐒𝐓𝐎𝐏",
        "stop\u202e",
        "\ufeffstop",
        "“stop”",
        "¡stop!",
        "STOP 🛑",
        "stoooop",
        "stop\r\n",
    ],
)
def test_the_many_shapes_of_one_word(variant: str) -> None:
    for question in QUESTIONS:
        expected = Category.UNCLEAR if question.context is Context.STOPPED else Category.OPT_OUT
        assert READER.understand(variant, "en", question).category is expected


@pytest.mark.parametrize("word", ["stop", "stopall", "unsubscribe", "end", "quit", "revoke", "optout"])
@pytest.mark.parametrize("language", ["en", "es"])
def test_words_that_the_carrier_blocks_on_are_never_an_answer(word: str, language: str) -> None:
    for question in QUESTIONS:
        if question.context is not Context.STOPPED:
            assert READER.understand(word, language, question).category is Category.OPT_OUT


@pytest.mark.parametrize(
    "text", ["support", "I need someone", "necesito a alguien", "I want to die", "me quiero morir"]
)
@pytest.mark.parametrize("language", ["en", "es"])
def test_support_and_crisis_are_heard_in_every_situation_and_both_languages(text: str, language: str) -> None:
    for question in QUESTIONS:
        found = READER.understand(text, language, question)
        if question.context is Context.STOPPED and "die" not in text and "morir" not in text:
            assert found.category is Category.SUPPORT
        else:
            assert found.category in (Category.SUPPORT, Category.CRISIS)


@pytest.mark.parametrize(
    ("text", "seconds", "until"),
    [
        ("pause 3 days", 259200, None),
        ("pausa 3 días", 259200, None),
        ("pause", None, None),
        ("stop until Monday", None, 1),
        ("pause until next friday", None, 5),
        ("pausa hasta el domingo", None, 7),
        ("stop texting me for a couple of weeks", 1209600, None),
        ("pause for 99999999999999 months please", 31622400, None),
    ],
)
def test_a_pause_has_a_length_or_a_day(text: str, seconds: int | None, until: int | None) -> None:
    found = READER.understand(text, "en", Question())
    assert (found.category, found.value, found.until) == (Category.PAUSE, seconds, until)


def test_the_same_word_belongs_to_the_member_s_own_language() -> None:
    question = Question(Answer("number"))
    assert READER.understand("once", "es", question).value == 11
    assert READER.understand("y", "en", Question(Answer("yes_no"))).category is Category.YES


def test_a_number_that_cannot_be_called_is_unclear() -> None:
    reader = Reader(load_packs(), phone_reader=lambda text: None)
    assert reader.understand("202 555 0101", "en", Question(Answer("phone"))).category is Category.UNCLEAR


def test_the_shipped_packs_are_read_without_being_asked_for() -> None:
    assert understand("4", "en", Question(Answer("scale", low=1, high=5))).value == 4


@pytest.mark.parametrize("text", [":D", "Estoy muy feliz :D, de verdad, mañana más", ":) 👍"])
def test_an_emoticon_is_read_beside_any_letters(text: str) -> None:
    assert READER.understand(text, "es", Question(Answer("scale", low=1, high=5))).category is Category.OK


def test_a_character_is_read_by_what_unicode_says_of_it() -> None:
    codes = [*range(0x80, 0x345), *range(0x346, 0x600), 0x1F3FB, 0x1D7D8, 0x2460, 0xE0001, 0xE01EF]
    for character in map(chr, codes):
        one = normal(f"a{character}b")[1:-1]
        if unicodedata.category(character) in ("Mn", "Me", "Cf", "Cc") or character == "\U0001f3fb":
            assert one == "", character
        elif character.isdigit():
            assert one == str(unicodedata.digit(character))


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("i want to die", Category.CRISIS),
        ("me quiero morir", Category.CRISIS),
        ("please stop texting me", Category.OPT_OUT),
        ("please someone call me", Category.SUPPORT),
    ],
)
@pytest.mark.parametrize("before", ["the bus was late again and rain came. " * 50, "o k u r a b l t " * 100])
def test_safety_words_are_found_at_both_ends_of_the_longest_text(
    text: str, category: Category, before: str
) -> None:
    """Also where it has more words, of one letter each, than are read."""
    rest = before[: MAX_TEXT - len(text) - 2]
    assert READER.understand(f"{rest}. {text}", "en", Question()).category is category
    assert READER.understand(f"{text}. {rest}", "en", Question()).category is category


def test_a_long_reply_costs_no_more_than_its_length() -> None:
    """Count function calls, not seconds: twice the text may cost about twice the work, not four times."""
    question = Question(Answer("text"))

    def calls(text: str) -> int:
        count = 0

        def note(frame: object, event: str, argument: object) -> None:
            nonlocal count
            count += event in ("call", "c_call")

        sys.setprofile(note)
        try:
            READER.understand(text, "en", question)
        finally:
            sys.setprofile(None)
        return count

    for piece in (" please", "stop texting ", "xqzkjwv ", "👍", "1 ", "no need to call ", "i need someone "):
        half = piece * (MAX_TEXT // len(piece) // 2)
        READER.understand(half * 2, "en", question)  # what a run of words leads to is learnt once
        assert calls(half * 2) < 2.6 * calls(half), piece


@pytest.mark.parametrize("text", ["until Monday don't text me", "hasta el lunes no me escriban"])
def test_a_day_may_stand_before_the_pause(text: str) -> None:
    found = READER.understand(text, "en", Question())
    assert (found.category, found.until) == (Category.PAUSE, 1)
