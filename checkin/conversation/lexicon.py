"""Find every phrase of the packs in a text, in one pass.

Knows phrases and where they stand; must not know what they mean together (that is `read`). The phrases of all
packs are one automaton (`grammar`); a text costs a few steps a word, plus what is found.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from checkin.conversation.grammar import ANY_NAME, ANY_WORD, GAP, Grammar, Leaf
from checkin.conversation.grammar_walk import Hit, Walker
from checkin.conversation.normal import Tokens, normal, token_pattern
from checkin.conversation.pack import AMOUNTS, WORDS, Pack, expand, ordinary_words
from checkin.conversation.spelling import Speller

ANSWERS = frozenset({"mood", "yes", "no", "yes_alone", "unsure", "snooze", "numbers"})
"""Sections in which the member's own language decides where two languages share a phrase."""

_WILD = re.compile(rf"([{re.escape(ANY_WORD + ANY_NAME + GAP)}])")
_DIGITS = frozenset("0123456789$@")
_LEET = str.maketrans("01345$@", "oieassa")
_LEET_WORD = re.compile(r"[a-z]{0,20}+[0-9$@][a-z0-9$@]*")
"""A word with a digit in it. None that is known has more letters, and the bound keeps the search short."""
_SPELLED = re.compile(r"[a-z](?<![^\W_][a-z])(?:[ .\-_*]{1,2}[a-z]){2,9}(?![^\W_])")
"""A word with a space or dot after each letter. To begin with a letter lets the search skip all else."""
_LONE_LETTERS = re.compile(r"[ .\-_*][a-z][ .\-_*]{1,2}[a-z](?![^\W_])")
"""What every such word has in it, and is looked for in a fifth of the time."""


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
        furthest: dict[int, int] = {}
        for other in self.found(*family):
            furthest[other.start] = max(other.end, furthest.get(other.start, 0))
        kept = []
        reached = 0
        starts = iter(sorted(furthest))
        start = next(starts, None)
        for hit in hits:
            while start is not None and start < hit.start:
                reached = max(reached, furthest[start])
                start = next(starts, None)
            if hit.end > reached and hit.end >= furthest.get(hit.start, 0):
                kept.append(hit)
        return kept

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
        return "?" in self.tokens.tail or "?" in "".join(self.tokens.gaps)

    def rule(self, hit: Hit) -> str:
        """Return what to call the rule that found this: its language, its section, and the words it knew."""
        known = self.lexicon.names_word
        words = (known(self.words[place]) for place in range(hit.start, hit.end))
        return f"{hit.leaf.language}.{hit.leaf.section}: {' '.join(words)}"

    def is_sentence(self, hit: Hit) -> bool:
        """Whether nothing that means anything stands beside this hit before a sentence begins or ends."""
        first = hit.start
        while first > 0 and not self.tokens.breaks(first - 1, first):
            first -= 1
            if first not in self.fillers:
                return False
        return self.closes(hit)

    def closes(self, hit: Hit) -> bool:
        """Whether nothing that means anything follows this hit in its clause."""
        last = hit.end
        while last < len(self.words) and not self.tokens.breaks(last - 1, last):
            if last not in self.fillers:
                return False
            last += 1
        return True

    def leads(self, hit: Hit) -> bool:
        """Whether nothing that means anything stands before this hit."""
        return all(place in self.fillers for place in range(hit.start))


class Lexicon:
    """The packs, made ready for reading. Building one takes a moment; share it."""

    def __init__(self, packs: Sequence[Pack]) -> None:
        self._cut = token_pattern(_signs(packs))
        self._cut_plain = token_pattern(_signs(packs), plain=True)
        self.languages = tuple(dict.fromkeys(pack.language for pack in packs if pack.language != "any"))
        self.sets = {section: self._word_set(packs, section) for section in WORDS}
        self.amounts = {section: self._amounts(packs, section) for section in AMOUNTS}
        self.out_of = self._word_set(packs, "out_of")
        self.reactions = tuple(normal(text) for pack in packs for text in pack.phrases.get("reactions", ()))
        grammar = self._grammar(packs)
        phrase_words = grammar.vocabulary - {ANY_WORD, ANY_NAME}
        names = self.sets["names"]
        self._fillers = _single_fillers(packs)
        self._walker = Walker(grammar, self.languages, names, self._fillers, ANSWERS)
        spellings = {normal(short): normal(long) for pack in packs for short, long in pack.spellings.items()}
        self._spellings = spellings
        vocabulary = phrase_words.union(names, *self.sets.values(), *self.amounts.values()) - spellings.keys()
        self._vocabulary = frozenset(vocabulary)
        self._named = phrase_words
        self._speller = Speller(phrase_words, phrase_words | names, spellings, ordinary_words)
        self._speller.prepare()
        self._walker.prepare()

    def warm(self) -> None:
        """Work out beforehand what the first long texts would wait for."""
        self._walker.prepare_further()

    def names_word(self, word: str) -> str:
        """Return the word where a phrase of a pack has it, else the sign that stands for any word."""
        return word if word in self._named else ANY_WORD

    def cut(self, text: str) -> Tokens:
        """Return the text's tokens."""
        return self._tokens(normal(text))

    def _tokens(self, folded: str) -> Tokens:
        return Tokens(folded, self._cut_plain if folded.isascii() else self._cut)

    def scan(self, normal_text: str, language: str) -> Scan:
        """Return what the packs know of this text, the member's own language first."""
        tokens = self._tokens(self._despelled(normal_text))
        if self._speller.mend(tokens.words, self._vocabulary):
            tokens.split_words()
        words = tokens.words
        own = language if language in self.languages else self.languages[0]
        found: dict[str, list[Hit]] = {}
        closing: list[Hit] = []
        for hit in self._walker.found(words, own):
            start, end, leaf = hit
            if leaf.last:
                closing.append(hit)
            elif not (leaf.gap and tokens.breaks(start, end - 1)):
                section = leaf.section
                if section in found:
                    found[section].append(hit)
                else:
                    found[section] = [hit]
        fillers = {place for place, word in enumerate(words) if word in self._fillers}
        for hit in found.get("fillers", ()):
            fillers.update(range(hit.start, hit.end))
        scan = Scan(self, language, tokens, found, fillers)
        for hit in closing:
            if scan.closes(hit):
                found.setdefault(hit.leaf.section, []).append(hit)
        return scan

    def _despelled(self, text: str) -> str:
        """Return the text with words like "st0p" and "s t o p" made whole."""

        def whole(found: re.Match[str]) -> str:
            word = "".join(letter for letter in found[0] if letter.isalpha())
            return word if word in self._vocabulary else found[0]

        def plain(found: re.Match[str]) -> str:
            written = found[0]
            short = self._spellings.get(written)
            if short is not None:
                return short
            if len(written) <= 3 or written.isdigit():
                return written
            word = written.translate(_LEET)
            return word if word in self._vocabulary else written

        if not _DIGITS.isdisjoint(text):
            text = _LEET_WORD.sub(plain, text)
        return _SPELLED.sub(whole, text) if _LONE_LETTERS.search(text) else text

    def _grammar(self, packs: Sequence[Pack]) -> Grammar:
        grammar = Grammar(self._phrase)
        order = 0
        for pack in packs:
            for name, written in pack.classes.items():
                grammar.define(pack.language, name, written)
        for pack in packs:
            for section, phrase, worth in _searched(pack):
                grammar.add(phrase, Leaf(section, worth, pack.language, order))
                order += 1
        return grammar

    def _phrase(self, piece: str) -> list[str]:
        """Return the words of a plain part of a phrase; its signs for any word, name or gap stay."""
        bare = piece.replace("'", "").lower()
        if bare.isascii() and bare.replace(" ", "").isalpha():
            return bare.split()
        words: list[str] = []
        for part in _WILD.split(piece):
            words += [part] if part in (ANY_WORD, ANY_NAME, GAP) else self.cut(part).words
        return words

    def _word_set(self, packs: Sequence[Pack], section: str) -> frozenset[str]:
        phrases = (phrase for pack in packs for phrase in pack.phrases.get(section, ()))
        return frozenset(word for phrase in phrases for word in self.cut(phrase).words)

    def _amounts(self, packs: Sequence[Pack], section: str) -> Mapping[str, float]:
        pairs = ((word, amount) for pack in packs for word, amount in pack.amounts.get(section, {}).items())
        return {normal(word): amount for word, amount in pairs}


def _signs(packs: Sequence[Pack]) -> str:
    """Return the signs that are words: every single one in the pack of no language."""
    written = (
        normal(phrase)
        for pack in packs
        if pack.language == "any"
        for phrase in (
            *sum(pack.phrases.values(), ()),
            *(p for worth in pack.worths.values() for p, _ in worth),
        )
    )
    return "".join(sorted({sign for sign in written if len(sign) == 1}))


def _single_fillers(packs: Sequence[Pack]) -> frozenset[str]:
    """Return the fillers that are one word: those may stand inside a phrase."""
    written = (
        phrase for pack in packs for filler in pack.phrases.get("fillers", ()) for phrase in expand(filler)
    )
    return frozenset(phrase for phrase in map(normal, written) if phrase.isalpha())


def _searched(pack: Pack) -> Iterable[tuple[str, str, float]]:
    """Yield section, phrase as written and worth of everything in the pack that is searched for."""
    for section, phrases in pack.phrases.items():
        if section not in WORDS and section not in ("reactions", "out_of"):
            for phrase in phrases:
                yield section, phrase, 0.0
    for section, worths in pack.worths.items():
        for phrase, worth in worths:
            yield section, phrase, worth
    for word, amount in pack.amounts.get("numbers", {}).items():
        yield "numbers", word, amount
