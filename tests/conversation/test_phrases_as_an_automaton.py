"""Phrases with alternatives, options, gaps and classes are found wherever one of their plain forms stands."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkin.conversation import grammar_walk
from checkin.conversation.errors import PackError
from checkin.conversation.grammar import Grammar, Leaf
from checkin.conversation.grammar_walk import Walker
from checkin.conversation.lexicon import Lexicon
from checkin.conversation.normal import MAX_TEXT, MOST_WORDS, normal
from checkin.conversation.pack import expand, load_packs, parse_pack


def walker(*phrases: str, fillers: tuple[str, ...] = (), classes: dict[str, str] | None = None) -> Walker:
    grammar = Grammar(str.split)
    for name, listed in (classes or {}).items():
        grammar.define("en", name, listed)
    for order, phrase in enumerate(phrases):
        grammar.add(phrase, Leaf("crisis", 0.0, "en", order))
    return Walker(grammar, ("en",), frozenset({"bob"}), frozenset(fillers), frozenset())


def spans(phrase: str, text: str, **more: object) -> set[tuple[int, int]]:
    found = walker(phrase, **more).found(text.split(), "en")  # type: ignore[arg-type]
    return {(start, end) for start, end, _ in found}


@pytest.mark.parametrize(
    "phrase", ["(a|b c) [d [e]] f", "a", "[a] (b|[c] d) e", "(a|(b|c d)) (e|f)", "a [b|c] [d] e"]
)
def test_every_plain_form_is_found_and_nothing_else(phrase: str) -> None:
    plain = set(expand(phrase))
    for length in range(1, 6):
        for words in product("abcdef", repeat=length):
            text = " ".join(words)
            assert ((0, length) in spans(phrase, text)) == (text in plain), text


def test_words_that_change_nothing_may_stand_inside_but_not_at_the_ends() -> None:
    assert spans("stop texting", "please stop just texting now", fillers=("please", "just", "now")) == {
        (1, 4)
    }
    assert not spans("stop texting", "stop just just just just texting", fillers=("just",))


def test_signs_for_any_word_any_name_and_a_gap() -> None:
    assert spans("tell * now", "tell zed now") == {(0, 3)}
    assert spans("tell @ now", "tell bob now") == {(0, 3)}
    assert not spans("tell @ now", "tell zed now")
    for between, found in (("", True), ("x", True), ("x y z", True), ("w x y z", False)):
        assert bool(spans("point ~ living", f"point {between} living")) is found


def test_a_gap_does_not_reach_into_the_next_sentence() -> None:
    pack = parse_pack("language: en\ncrisis: [no point ~ living]", "en.yaml")
    lexicon = Lexicon([pack])
    assert lexicon.scan("no point really in living", "en").found("crisis")
    assert not lexicon.scan("no point. really in living", "en").found("crisis")


def test_a_class_stands_for_its_phrases_and_must_exist() -> None:
    classes = {"stop": "stop | (cut|knock) it out"}
    assert spans("<stop> now", "knock it out now", classes=classes) == {(0, 4)}
    assert spans("<stop> now", "stop now", classes=classes) == {(0, 2)}
    with pytest.raises(PackError, match="<halt>: the pack has no such class"):
        walker("<halt> now")


def test_a_walk_that_learnt_too_much_learns_anew_and_finds_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = ["i want to die", "please stop texting me", "quiero morirme"] * 3
    full = walker_of_the_packs()
    expected = [set(full.found(text.split(), "en")) for text in texts]
    monkeypatch.setattr(grammar_walk, "MOST_STEPS", 5)
    one = walker_of_the_packs()
    assert [set(one.found(text.split(), "en")) for text in texts] == expected
    assert all(expected)


def walker_of_the_packs() -> Walker:
    return Lexicon(load_packs())._walker


def test_the_packs_take_thousands_of_places_not_the_hundred_thousands_of_plain_phrases() -> None:
    assert 5_000 < len(walker_of_the_packs()._grammar._arrows) < 60_000


@given(st.text(alphabet="ab👍 ", max_size=MAX_TEXT))
def test_a_text_of_repeats_has_few_words(text: str) -> None:
    words = Lexicon([parse_pack("language: en", "en.yaml")]).cut(normal(text)).words
    assert len(words) <= MOST_WORDS
    assert all(words[at : at + 4] != [word] * 4 for at, word in enumerate(words))
