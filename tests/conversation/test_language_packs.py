"""Language packs: what staff may write in them, and what they are told when it cannot be."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable

import pytest

from checkin.conversation.errors import PackError
from checkin.conversation.pack import MAX_EXPANSION, Pack, expand, load_packs, parse_pack
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
    "section",
    [
        "crisis",
        "opt_out",
        "opt_out_anywhere",
        "opt_out_sentence",
        "wrong_number",
        "support",
        "support_anywhere",
    ],
)
def test_every_safety_phrase_that_ships_does_what_its_section_says(section: str) -> None:
    """A phrase that another section hides would be a promise in the pack that the reader breaks."""
    packs = load_packs()
    reader = Reader(packs)
    classes = {(pack.language, name): written for pack in packs for name, written in pack.classes.items()}
    drawn = random.Random(section)
    tried = missed = 0
    meant = {
        "crisis": {Category.CRISIS},
        "support": {Category.SUPPORT, Category.CRISIS},
        "support_anywhere": {Category.SUPPORT, Category.CRISIS},
    }.get(section, {Category.OPT_OUT, Category.CRISIS})
    hidden = []
    for pack in packs:
        for written in pack.phrases.get(section, ()):
            forms = plain_forms(written.replace("@", "Alice").replace("*", "uncle"), classes, pack, drawn)
            heard = 0
            for phrase in forms:
                found = reader.understand(phrase, pack.language, Question(Answer("scale", low=1, high=5)))
                good = bool(meant & {found.category, *found.also})
                heard, tried, missed = heard + good, tried + 1, missed + (not good)
            if not heard:
                hidden.append(written)
    assert not hidden
    assert missed < tried / 100, "too many sentences are hidden by others"


def plain_forms(
    written: str, classes: dict[tuple[str, str], str], pack: Pack, drawn: random.Random
) -> Iterable[str]:
    """Return every plain form of a short phrase, or a few of those of one that is built from parts."""
    if not set(written) & set("<~$") and len(written) < 60:
        return tuple(expand(written))
    return [" ".join(re.sub("[~$]", " ", some(written, classes, pack, drawn)).split()) for _ in range(6)]


def some(written: str, classes: dict[tuple[str, str], str], pack: Pack, drawn: random.Random) -> str:
    """Return one plain form, drawn by chance: first every class, then each innermost bracket."""
    while found := re.search(r"<(\w+)>", written):
        written = f"{written[: found.start()]}({classes[pack.language, found[1]]}){written[found.end() :]}"
    while found := re.search(r"\(([^()\[\]]*)\)|\[([^()\[\]]*)\]", written):
        ways = (found[1] if found[1] is not None else found[2]).split("|")
        taken = drawn.choice(ways) if found[1] is not None or drawn.random() < 0.4 else ""
        written = f"{written[: found.start()]} {taken} {written[found.end() :]}"
    return written


def test_the_two_languages_cover_the_same_ground() -> None:
    english, spanish = ([pack for pack in load_packs() if pack.language == one] for one in ("en", "es"))
    assert len(english) == len(spanish) == 3
    for one, other in zip(english, spanish, strict=True):
        assert one.phrases.keys() ^ other.phrases.keys() <= {"others"}
        assert one.amounts.keys() == other.amounts.keys()
        moods = [{worth for _, worth in pack.worths.get("mood", ())} for pack in (one, other)]
        assert moods[0] == moods[1]
