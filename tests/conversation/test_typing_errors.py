"""Words with one typing error are known, and what is skipped to be quick changes none of them."""

from __future__ import annotations

import random

import pytest
from rapidfuzz.distance import OSA

from checkin.conversation.pack import load_packs
from checkin.conversation.read import Reader
from checkin.conversation.spelling import LONGEST_MISSPELT, SHORTEST_MISSPELT, Speller

LETTERS = "abcdefghijklmnopqrstuvwxyz"


@pytest.fixture(scope="module")
def speller() -> Speller:
    return Reader(load_packs()).lexicon._speller


def _with_error(drawn: random.Random, word: str) -> str:
    """Return the word with one letter behind the first missing, added, changed, or swapped with the next."""
    place = drawn.randrange(1, len(word))
    match drawn.randrange(4):
        case 0:
            return word[:place] + word[place + 1 :]
        case 1:
            place += 1
            return word[:place] + drawn.choice(LETTERS) + word[place:]
        case 2:
            return word[:place] + drawn.choice(LETTERS) + word[place + 1 :]
        case _:
            return word[:place] + word[place : place + 2][::-1] + word[place + 2 :]


def test_every_long_word_is_known_with_any_one_error(speller: Speller) -> None:
    drawn = random.Random(7)
    words = [word for word in sorted(speller._vocabulary) if len(word) >= SHORTEST_MISSPELT]
    assert len(words) > 1000
    for word in words:
        for _ in range(12):
            written = _with_error(drawn, word)
            if len(written) <= LONGEST_MISSPELT:
                found = speller._nearest(written)
                assert found in speller._vocabulary, (written, word)
                assert OSA.distance(written, found) <= 1


def test_no_word_is_found_that_is_further_away(speller: Speller) -> None:
    drawn = random.Random(8)
    for _ in range(3000):
        written = "".join(drawn.choices(LETTERS, k=drawn.randint(SHORTEST_MISSPELT - 1, 12)))
        found = speller._nearest(written)
        assert found == written or OSA.distance(written, found) == 1
