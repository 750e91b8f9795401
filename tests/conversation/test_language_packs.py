"""Language packs: what staff may write in them, and what they are told when it cannot be."""

from __future__ import annotations

import pytest

from checkin.conversation.errors import PackError
from checkin.conversation.pack import MAX_EXPANSION, expand, load_packs, parse_pack
from checkin.conversation.read import Reader
from checkin.conversation.understanding import Category, Question
from checkin.flow.model import Answer


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("stop", ["stop"]),
        ("(stop|end) it", ["stop it", "end it"]),
        ("stop [it] now", ["stop now", "stop it now"]),
        ("[really] (a|(b|c) d)", ["a", "b d", "c d", "really a", "really b d", "really c d"]),
        ("(a|) b", ["a b", "b"]),
    ],
)
def test_a_phrase_stands_for_plain_phrases(written: str, plain: list[str]) -> None:
    assert list(expand(written)) == plain


@pytest.mark.parametrize("written", ["(a|b", "a)", "[a", "a]", "(a]", "a | b", "(a|b)" * 20])
def test_a_phrase_that_cannot_be_read_is_refused(written: str) -> None:
    with pytest.raises(PackError):
        expand(written)


def test_the_limit_on_one_phrase_is_named() -> None:
    with pytest.raises(PackError, match=str(MAX_EXPANSION)):
        expand("(a|b|c|d)" * 7)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("language: [", "not readable"),
        ("- a", "names its language"),
        ("yes: [si]", "names its language"),
        ("language: fr\ncrisys: [a]", "did you mean crisis"),
        ("language: fr\nzzz: [a]", "no such section"),
        ("language: fr\nhelp: aide", "list of phrases"),
        ("language: fr\nmood: [a]", "word: amount"),
        ("language: fr\nspellings: {a: [b]}", "list of phrases"),
        ("language: fr\nnumbers: {un: one}", "not a number"),
        ("language: fr\nmood: {low: [mal]}", "not a number"),
    ],
)
def test_a_pack_that_cannot_be_used_says_where_and_why(text: str, says: str) -> None:
    with pytest.raises(PackError, match=says) as refused:
        parse_pack(text, "fr.yaml")
    assert "fr.yaml" in str(refused.value)


def test_words_that_yaml_would_take_for_truth_stay_words() -> None:
    pack = parse_pack("language: xx\nyes: [yes, on, y]\nno: [no, off, n]", "xx.yaml")
    assert pack.phrases["yes"] == ("yes", "on", "y")
    assert pack.phrases["no"] == ("no", "off", "n")


def test_a_pack_of_another_language_needs_no_code() -> None:
    french = parse_pack(
        "language: fr\nopt_out: [arrêter]\nsupport: [soutien]\nyes: [oui]\nno: [non]\nnumbers: {quatre: 4}",
        "fr.yaml",
    )
    reader = Reader((*load_packs(), french))
    scale = Question(Answer("scale", low=1, high=5))
    assert reader.understand("ARRETER", "fr", scale).category is Category.OPT_OUT
    assert reader.understand("soutien", "fr", scale).category is Category.SUPPORT
    assert reader.understand("quatre", "fr", scale).value == 4
    assert reader.understand("oui", "fr", Question(Answer("yes_no"))).category is Category.YES
    assert reader.understand("I need someone", "fr", scale).category is Category.SUPPORT


@pytest.mark.parametrize(
    "section", ["crisis", "opt_out", "opt_out_anywhere", "wrong_number", "support", "support_anywhere"]
)
def test_every_safety_phrase_that_ships_does_what_its_section_says(section: str) -> None:
    """A phrase that another section hides would be a promise in the pack that the reader breaks."""
    reader = Reader(load_packs())
    meant = {
        "crisis": {Category.CRISIS},
        "support": {Category.SUPPORT, Category.CRISIS},
        "support_anywhere": {Category.SUPPORT, Category.CRISIS},
    }.get(section, {Category.OPT_OUT, Category.CRISIS})
    for pack in load_packs():
        for written in pack.phrases.get(section, ()):
            for phrase in expand(written.replace("@", "Alice").replace("*", "uncle")):
                found = reader.understand(phrase, pack.language, Question(Answer("scale", low=1, high=5)))
                assert meant & {found.category, *found.also}, (phrase, found)


def test_the_two_languages_cover_the_same_ground() -> None:
    by_language = {pack.language: pack for pack in load_packs()}
    english, spanish = by_language["en"], by_language["es"]
    assert english.phrases.keys() == spanish.phrases.keys()
    assert english.amounts.keys() == spanish.amounts.keys()
    assert {worth for _, worth in english.worths["mood"]} == {worth for _, worth in spanish.worths["mood"]}
