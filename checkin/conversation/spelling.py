"""Which known word somebody meant who wrote another one: short forms, stretched words, typing errors.

Knows words and their letters; must not know what any of them means.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import cached_property

from rapidfuzz.distance import OSA

SHORTEST_MISSPELT = 6
"""Words from this length on are known with one letter missing, added, changed or two swapped."""
LONGEST_MISSPELT = 20
_DOUBLED = re.compile(r"(.)\1+", re.DOTALL)


class Speller:
    """Finds the known word that was meant. `spellings` are short forms, `vocabulary` every known word."""

    def __init__(
        self,
        phrase_words: Iterable[str],
        vocabulary: Iterable[str],
        spellings: Mapping[str, str],
        ordinary: Callable[[], Collection[str]] = frozenset,
    ) -> None:
        self._ordinary = ordinary
        """Words that are right as they stand, though no phrase has them."""
        self._phrase_words = frozenset(phrase_words)
        self._vocabulary = frozenset(vocabulary)
        self._spellings = spellings

    def prepare(self) -> None:
        """Make the tables that are looked things up in, so that no reply has to wait for them."""
        _ = self._ordinary(), self._squeezed, self._near, self._heads, self._tails, self._swapped

    def mend(self, words: list[str], right: Collection[str]) -> bool:
        """Put in the place of each word what it was meant for; those of `right` are meant as they stand.

        Returns whether one of them now stands for several.
        """
        ordinary, spellings = self._ordinary(), self._spellings
        several = False
        for place, word in enumerate(words):
            if word in right or (word in ordinary and word not in spellings) or word.isdigit():
                continue
            if len(word) > 1 or word in spellings:
                words[place] = mended = self.meant(word)
                several = several or " " in mended
        return several

    def meant(self, word: str) -> str:
        """Return the known word that this is a short, stretched or slightly misspelt form of, or the word."""
        spelt = self._spellings.get(word)
        if spelt is not None:
            return spelt
        if word in self._ordinary():
            return word
        if _DOUBLED.search(word):
            known = self._squeezed.get(_squeeze(word))
            if known is not None and len(known) < len(word):
                return known
        swapped = self._swapped.get(word)
        if swapped is not None:
            return swapped
        if SHORTEST_MISSPELT - 1 <= len(word) <= LONGEST_MISSPELT:
            return self._nearest(word)
        return word

    def _nearest(self, word: str) -> str:
        """Return the known word one edit away that begins with the same letter, or the word."""
        if not self._may_be_near(word):
            return word
        # A form of a shorter one would be shorter than any form of a known word.
        forms = (word, *_shorter(word)) if len(word) >= SHORTEST_MISSPELT else (word,)
        tried: set[str] = set()
        for form in forms:
            for near in self._near.get(form, ()):
                if near in tried:
                    continue
                tried.add(near)
                if near[0] == word[0] and OSA.distance(word, near, score_cutoff=1) <= 1:
                    return near
        return word

    def _may_be_near(self, word: str) -> bool:
        """Whether a known word could be one edit away; most words are told from all of them by this.

        An edit leaves a word of six letters or more its first three, or its first and its last three, unless
        it swaps the third of six letters with the fourth.
        """
        if word[:3] in self._heads or word[0] + word[-3:] in self._tails:
            return True
        return len(word) == SHORTEST_MISSPELT and word[:2] + word[3] + word[2] + word[4:] in self._near

    @cached_property
    def _squeezed(self) -> dict[str, str]:
        return {_squeeze(word): word for word in sorted(self._phrase_words, key=lambda one: (-len(one), one))}

    @cached_property
    def _heads(self) -> frozenset[str]:
        return frozenset(word[:3] for word in self._vocabulary if len(word) >= SHORTEST_MISSPELT)

    @cached_property
    def _tails(self) -> frozenset[str]:
        return frozenset(word[0] + word[-3:] for word in self._vocabulary if len(word) >= SHORTEST_MISSPELT)

    @cached_property
    def _near(self) -> dict[str, tuple[str, ...]]:
        """Known words by themselves and by each form with one letter left out."""
        near: dict[str, tuple[str, ...]] = {}
        for word in sorted(self._vocabulary):
            if len(word) >= SHORTEST_MISSPELT:
                for form in {word, *_shorter(word)}:
                    near[form] = (*near.get(form, ()), word)
        return near

    @cached_property
    def _swapped(self) -> dict[str, str]:
        """Known words of four and five letters, by their forms with two neighbours swapped."""
        swapped: dict[str, str] = {}
        for word in sorted(self._vocabulary):
            if len(word) in (4, 5) and word.isalpha():
                for place in range(len(word) - 1):
                    form = word[:place] + word[place + 1] + word[place] + word[place + 2 :]
                    swapped.setdefault(form, word)
        return {form: word for form, word in swapped.items() if form not in self._vocabulary}


def _squeeze(word: str) -> str:
    """Return the word with every run of one letter cut to a single one: `nooo` and `no` become `no`."""
    return _DOUBLED.sub(r"\1", word)


def _shorter(word: str) -> Iterable[str]:
    """Yield the word with each one of its letters left out."""
    return (word[:place] + word[place + 1 :] for place in range(len(word)))
