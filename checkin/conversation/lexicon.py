"""Find every phrase of the packs in a text, in one pass.

Knows phrases and where they stand; must not know what they mean together (that is `read`). The phrases of all
packs stand in one tree of words per language; a text costs one look-up a word, plus what is found.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from checkin.conversation.normal import Tokens, normal, token_pattern
from checkin.conversation.pack import AMOUNTS, WORDS, Pack, expand

ANSWERS = frozenset({"mood", "yes", "no", "yes_alone", "unsure", "snooze", "numbers"})
"""Sections in which the member's own language decides where two languages share a phrase."""
SKIPPED_WORDS = 3
"""How many words that change nothing may stand inside one phrase."""
SHORTEST_MISSPELT = 6
"""Words from this length on are known with one letter missing, added or changed."""


class Leaf(NamedTuple):
    """One meaning of one phrase: the section, its worth there, and what to call the rule."""

    section: str
    worth: float
    rule: str


class Hit(NamedTuple):
    """A phrase found: tokens `start` up to `end`, and what it means."""

    start: int
    end: int
    leaf: Leaf


ANY_WORD = "*"
"""In a phrase, stands for any one word: "tell * to call me"."""
ANY_NAME = "@"
"""In a phrase, stands for any first name in the packs' `names`: "this is not @"."""
_WILD = re.compile(r"([*@])")
_DIGITS = frozenset("0123456789$@")
_LEET = str.maketrans("01345$@", "oieassa")
_LEET_WORD = re.compile(r"[^\W_]*(?:[^\W\d_][\d$@]|[\d$@][^\W\d_])[^\W_]*")
_SPELLED = re.compile(r"(?<![^\W_])[^\W\d_](?:[ .\-_*]{1,2}[^\W\d_]){2,9}(?![^\W_])")
"""A word with a space or dot after each letter."""

Node = dict[str, Any]
"""Words to nodes; under the empty word, the phrase's leaves."""


class Scan:
    """One text with everything that the packs know in it."""

    __slots__ = ("fillers", "hits", "language", "lexicon", "tokens", "words")

    def __init__(
        self, lexicon: Lexicon, language: str, tokens: Tokens, hits: dict[str, list[Hit]], fillers: set[int]
    ) -> None:
        self.lexicon = lexicon
        self.language = language
        self.tokens = tokens
        self.words = tokens.words
        self.hits = hits
        self.fillers = fillers
        """Places of the words that change nothing."""

    def found(self, *sections: str) -> list[Hit]:
        """Return the hits of these sections in the order of the text."""
        hits = [hit for section in sections for hit in self.hits.get(section, ())]
        if len(hits) > 1:
            hits.sort(key=lambda hit: hit[:2])
        return hits

    def clear(self, wanted: Sequence[str], family: Sequence[str]) -> list[Hit]:
        """Return the hits of `wanted` that are not part of a longer hit of the family."""
        hits = self.found(*wanted)
        if not hits:
            return hits
        longer = self.found(*family)
        return [
            hit
            for hit in hits
            if not any(
                o.start <= hit.start and o.end >= hit.end and o.end - o.start > hit.end - hit.start
                for o in longer
            )
        ]

    def rest(self, hits: Iterable[Hit]) -> list[int]:
        """Return the places that neither these hits nor words that change nothing cover."""
        covered = self.fillers.union(*(range(hit.start, hit.end) for hit in hits))
        return [place for place in range(len(self.words)) if place not in covered]

    def alone(self, *sections: str) -> Hit | None:
        """Return the first hit of these sections, if together they are all that the text says."""
        hits = self.found(*sections)
        return hits[0] if hits and not self.rest(hits) else None

    @property
    def asks(self) -> bool:
        """Whether there is a question mark."""
        return "?" in self.tokens.tail or any("?" in gap for gap in self.tokens.gaps)

    def leads(self, hit: Hit) -> bool:
        """Whether nothing that means anything stands before this hit."""
        return all(place in self.fillers for place in range(hit.start))


class Lexicon:
    """The packs, made ready for reading. Building one takes a moment; share it."""

    def __init__(self, packs: Sequence[Pack]) -> None:
        self._cut = token_pattern("")
        signs = {
            normal(phrase)
            for pack in packs
            if pack.language == "any"
            for phrase in (
                *sum(pack.phrases.values(), ()),
                *(p for worth in pack.worths.values() for p, _ in worth),
            )
        }
        self._cut = token_pattern("".join(sorted(sign for sign in signs if len(sign) == 1)))
        self._fillers: frozenset[str] = frozenset()
        self._vocabulary: set[str] = set()
        self.languages = tuple(pack.language for pack in packs if pack.language != "any")
        self._trees: dict[str, Node] = {language: {} for language in self.languages}
        self.sets = {section: self._word_set(packs, section) for section in WORDS}
        single: set[str] = set()
        plain = {id(pack): [*self._entries(pack)] for pack in packs}
        for language in self.languages:
            for pack in sorted(packs, key=lambda pack: pack.language != language):
                own = pack.language in (language, "any")
                for words, leaf in plain[id(pack)]:
                    if leaf.section == "fillers" and len(words) == 1:
                        single.add(words[0])
                    self._grow(self._trees[language], words, leaf, own)
        self._fillers = frozenset(single)
        self._squeezed = {_squeeze(word): word for word in sorted(self._vocabulary, key=len, reverse=True)}
        self._vocabulary.update(self.sets["names"])
        self._vocabulary -= {ANY_WORD, ANY_NAME}
        self._near = self._misspellings()
        self._swapped = self._swaps()
        self._spellings = {
            normal(short): normal(long) for pack in packs for short, long in pack.spellings.items()
        }
        self.out_of = self._word_set(packs, "out_of")
        self.reactions = tuple(normal(text) for pack in packs for text in pack.phrases.get("reactions", ()))
        self.amounts = {section: self._amounts(packs, section) for section in AMOUNTS}
        self._vocabulary.update(*self.sets.values(), *self.amounts.values())
        self._vocabulary -= self._spellings.keys()

    def cut(self, text: str) -> Tokens:
        """Return the text's tokens."""
        return Tokens(normal(text), self._cut)

    def scan(self, normal_text: str, language: str) -> Scan:
        """Return what the packs know of this text, the member's own language first."""
        tokens = Tokens(self._despelled(normal_text), self._cut)
        words = tokens.words
        vocabulary = self._vocabulary
        for place, word in enumerate(words):
            if word not in vocabulary and not word.isdigit():
                words[place] = self._mend(word)
        tree = self._trees.get(language) or self._trees[self.languages[0]]
        found: dict[str, list[Hit]] = {}
        fillers = {place for place, word in enumerate(words) if word in self._fillers}
        for place, word in enumerate(words):
            node = tree.get(word)
            if node is not None:
                self._walk(node, words, place, found)
        for hit in found.get("fillers", ()):
            fillers.update(range(hit.start, hit.end))
        return Scan(self, language, tokens, found, fillers)

    def _despelled(self, text: str) -> str:
        """Return the text with words like "st0p" and "s t o p" made whole."""

        def whole(found: re.Match[str]) -> str:
            word = "".join(letter for letter in found[0] if letter.isalpha())
            return word if word in self._vocabulary else found[0]

        def plain(found: re.Match[str]) -> str:
            short = self._spellings.get(found[0])
            if short is not None:
                return short
            word = found[0].translate(_LEET)
            return word if len(word) > 3 and word in self._vocabulary else found[0]

        if not _DIGITS.isdisjoint(text):
            text = _LEET_WORD.sub(plain, text)
        return _SPELLED.sub(whole, text)

    def _walk(
        self, node: Node, words: list[str], start: int, found: dict[str, list[Hit]], after: int | None = None
    ) -> None:
        """Note every phrase that begins at `start`; words that change nothing may stand inside it."""
        at = start + 1 if after is None else after
        skipped = 0
        while True:
            for leaf in node.get("", ()):
                found.setdefault(leaf.section, []).append(Hit(start, at - skipped if skipped else at, leaf))
            while True:
                if at >= len(words):
                    return
                following = node.get(words[at])
                self._walk_wild(node, words, start, found, at)
                if following is not None or words[at] not in self._fillers or skipped == SKIPPED_WORDS:
                    break
                at += 1
                skipped += 1
            if following is None:
                return
            node = following
            at += 1
            skipped = 0

    def _walk_wild(
        self, node: Node, words: list[str], start: int, found: dict[str, list[Hit]], at: int
    ) -> None:
        """Go on behind a word that stands for any, or for any name."""
        anything, named = node.get(ANY_WORD), node.get(ANY_NAME)
        if anything is not None:
            self._walk(anything, words, start, found, at + 1)
        if named is not None and words[at] in self.sets["names"]:
            self._walk(named, words, start, found, at + 1)

    def _entries(self, pack: Pack) -> Iterable[tuple[list[str], Leaf]]:
        """Yield the words of every plain phrase of a pack, and what they mean."""
        for section, phrase, worth, rule in _plain(pack):
            yield self._phrase(phrase), Leaf(section, worth, rule)

    def _phrase(self, phrase: str) -> list[str]:
        """Return the words of a phrase of a pack; its stars stay stars."""
        bare = phrase.replace("'", "").lower()
        if bare.isascii() and bare.replace(" ", "").isalpha():
            return bare.split()
        words: list[str] = []
        for piece in _WILD.split(phrase):
            words += [piece] if piece in (ANY_WORD, ANY_NAME) else self.cut(piece).words
        return words

    def _grow(self, tree: Node, words: list[str], leaf: Leaf, own: bool) -> None:
        self._vocabulary.update(words)
        node = tree
        for word in words:
            node = node.setdefault(word, {})
        if not words:
            return
        leaves: tuple[Leaf, ...] = node.get("", ())
        taken = any(other.section == leaf.section for other in leaves)
        shared = not own and leaf.section in ANSWERS and any(other.section in ANSWERS for other in leaves)
        if not taken and not shared:
            node[""] = (*leaves, leaf)

    def _mend(self, word: str) -> str:
        """Return the known word that this is a short, stretched or slightly misspelt form of, or the word."""
        spelt = self._spellings.get(word)
        if spelt is not None:
            return spelt
        known = self._squeezed.get(_squeeze(word))
        if known is not None and len(known) < len(word):
            return known
        swapped = self._swapped.get(word)
        if swapped is not None:
            return swapped
        if SHORTEST_MISSPELT - 1 <= len(word) <= 20:
            for form in (word, *_shorter(word)):
                near = self._near.get(form)
                if near is not None and near[0] == word[0]:
                    return near
        return word

    def _misspellings(self) -> dict[str, str]:
        near: dict[str, str] = {}
        for word in sorted(self._vocabulary):
            if len(word) >= SHORTEST_MISSPELT:
                for form in (word, *_shorter(word)):
                    near.setdefault(form, word)
        return near

    def _swaps(self) -> dict[str, str]:
        """Return the words of four and five letters, by their forms with two neighbours swapped."""
        swapped: dict[str, str] = {}
        for word in sorted(self._vocabulary):
            if len(word) in (4, 5) and word.isalpha():
                for place in range(len(word) - 1):
                    form = word[:place] + word[place + 1] + word[place] + word[place + 2 :]
                    swapped.setdefault(form, word)
        return {form: word for form, word in swapped.items() if form not in self._vocabulary}

    def _word_set(self, packs: Sequence[Pack], section: str) -> frozenset[str]:
        phrases = (phrase for pack in packs for phrase in pack.phrases.get(section, ()))
        return frozenset(word for phrase in phrases for word in self.cut(phrase).words)

    def _amounts(self, packs: Sequence[Pack], section: str) -> Mapping[str, float]:
        pairs = ((word, amount) for pack in packs for word, amount in pack.amounts.get(section, {}).items())
        return {normal(word): amount for word, amount in pairs}


def _plain(pack: Pack) -> Iterable[tuple[str, str, float, str]]:
    """Yield section, plain phrase, worth and rule of everything in the pack that is searched for."""
    for section, phrases in pack.phrases.items():
        if section in WORDS or section in ("reactions", "out_of"):
            continue
        for written in phrases:
            for phrase in expand(written):
                yield section, phrase, 0.0, f"{pack.language}.{section}: {phrase}"
    for section, worths in pack.worths.items():
        for written, worth in worths:
            for phrase in expand(written):
                yield section, phrase, worth, f"{pack.language}.{section}: {phrase}"
    for word, amount in pack.amounts.get("numbers", {}).items():
        yield "numbers", word, amount, f"{pack.language}.numbers: {word}"


def _squeeze(word: str) -> str:
    """Return the word with every run of one letter cut to a single one: `nooo` and `no` become `no`."""
    return "".join(letter for place, letter in enumerate(word) if place == 0 or word[place - 1] != letter)


def _shorter(word: str) -> Iterable[str]:
    """Yield the word with each one of its letters left out."""
    return (word[:place] + word[place + 1 :] for place in range(len(word)))
