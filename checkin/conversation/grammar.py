"""One automaton for all phrases of the packs.

A phrase is written with `(a|b)`, `[a]`, `*`, `@`, `~`, `$` and `<class>`; together the phrases are some ten
thousands of places and arrows between them, never the millions of plain phrases that they stand for.
`checkin.conversation.grammar_walk` walks it over the words of a text.

Knows how phrases are written and where they end; must not know what they mean.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from checkin.conversation.errors import PackError

ANY_WORD = "*"
"""In a phrase, stands for any one word: "tell * to call me"."""
ANY_NAME = "@"
"""In a phrase, stands for any first name in the packs' `names`: "this is not @"."""
GAP = "~"
"""In a phrase, stands for up to `LONGEST_GAP` words of the same clause, or none."""
LONGEST_GAP = 3
SENTENCE_END = "$"
"""At the end of a phrase: nothing that means anything may follow it in its clause."""
_PIECES = re.compile(r"[()\[\]|]|<\w+>|[^()\[\]|<>]+")


class Leaf(NamedTuple):
    """What a phrase means: the section of the pack it stands in, its worth there, and the pack's language.

    `order` is its place among all phrases; `gap` says that it must not reach across clauses, and `last` that
    it must close one.
    """

    section: str
    worth: float
    language: str
    order: int
    gap: bool = False
    last: bool = False


Reachable = tuple[dict[str, tuple[int, ...]], tuple[Leaf, ...]]
"""Where words lead from a place, and what ends at it."""


class Grammar:
    """Phrases as an automaton. `add` them all, then walk."""

    def __init__(self, words: Callable[[str], list[str]]) -> None:
        self._words = words
        """Cuts the plain part of a phrase into words."""
        self._arrows: list[dict[str, int]] = [{}]
        self._free: list[list[int]] = [[]]
        """Arrows that take no word."""
        self._ends: dict[int, list[Leaf]] = {}
        self._leaves: dict[Leaf, Leaf] = {}
        self._worths: dict[tuple[str, str], float] = {}
        """The worth of the last phrase of a section in a language."""
        self._rows: dict[tuple[str, str], int] = {}
        """The order of the phrase with which that worth began."""
        self._last_places: dict[Leaf, int] = {}
        self._same: dict[int, int] = {}
        """A place, and the one that stands for it because nothing else is to be found from there."""
        self._closed: dict[int, Reachable] = {}
        self._classes: dict[tuple[str, str], list[str]] = {}
        self._behind: dict[tuple[int, str, str], int] = {}
        """The place behind a class that has been built at a place: phrases that begin alike share it."""
        self.vocabulary: set[str] = set()

    def define(self, language: str, name: str, written: str) -> None:
        """Let `<name>` stand for what is written, as `a | b | c`, in this language's packs."""
        self._classes[language, name] = _PIECES.findall(f"({written})")

    def add(self, phrase: str, leaf: Leaf) -> None:
        """Add a phrase as it is written. Raises `PackError` for brackets that do not match."""
        bare = phrase.removesuffix(SENTENCE_END)
        pieces = _PIECES.findall(bare)
        end, at = self._sequence(pieces, 0, 0, leaf.language)
        if at != len(pieces):
            raise PackError(f"{phrase!r}: a bracket is closed that was never opened")
        if end != 0:
            self._ends.setdefault(end, []).append(
                self._shared(leaf._replace(gap=GAP in phrase, last=bare != phrase))
            )

    def _shared(self, leaf: Leaf) -> Leaf:
        """Return the first of the leaves in a row that mean the same: their ends become one place.

        Only in a row: where a phrase stands in two lists of a section, the first in the file counts.
        """
        row = leaf.section, leaf.language
        if self._worths.setdefault(row, leaf.worth) != leaf.worth:
            self._worths[row] = leaf.worth
            self._rows[row] = leaf.order
        return self._leaves.setdefault(leaf._replace(order=self._rows.get(row, 0)), leaf)

    def _sequence(self, pieces: list[str], at: int, place: int, language: str) -> tuple[int, int]:
        """Build what stands from `at` up to a closing bracket or `|`; return its last place and its end."""
        while at < len(pieces) and pieces[at] not in (")", "]", "|"):
            piece = pieces[at]
            if piece in ("(", "["):
                place, at = self._group(pieces, at, place, language)
                continue
            at += 1
            if piece.startswith("<"):
                place = self._class(piece[1:-1], place, language)
                continue
            for word in self._words(piece):
                place = self._gap(place) if word == GAP else self._word(place, word)
        return place, at

    def _group(self, pieces: list[str], at: int, place: int, language: str) -> tuple[int, int]:
        closing = ")" if pieces[at] == "(" else "]"
        joined = self._place()
        if closing == "]":
            self._free[place].append(joined)
        at += 1
        while True:
            end, at = self._sequence(pieces, at, place, language)
            self._free[end].append(joined)
            if at >= len(pieces) or pieces[at] not in ("|", closing):
                raise PackError(f"{''.join(pieces)!r}: a bracket is not closed")
            at += 1
            if pieces[at - 1] == closing:
                return joined, at

    def _class(self, name: str, place: int, language: str) -> int:
        known = self._behind.get((place, language, name))
        if known is not None:
            return known
        pieces = self._classes.get((language, name))
        if pieces is None:
            raise PackError(f"<{name}>: the pack has no such class")
        end, at = self._sequence(pieces, 0, place, language)
        if at != len(pieces):
            raise PackError(f"<{name}>: a bracket is closed that was never opened")
        self._behind[place, language, name] = end
        return end

    def _gap(self, place: int) -> int:
        joined = self._place()
        self._free[place].append(joined)
        for _ in range(LONGEST_GAP):
            place = self._word(place, ANY_WORD)
            self._free[place].append(joined)
        return joined

    def _word(self, place: int, word: str) -> int:
        """Return the place behind this word, one for all phrases that come here by the same words."""
        following = self._arrows[place].get(word)
        if following is None:
            following = self._arrows[place][word] = self._place()
            self.vocabulary.add(word)
        return following

    def _place(self) -> int:
        self._arrows.append({})
        self._free.append([])
        return len(self._arrows) - 1

    def reachable(self, place: int) -> Reachable:
        """Return every arrow that leaves from here, and the phrases that end here."""
        known = self._closed.get(place)
        if known is None:
            known = self._closed[place] = self._beyond(place) if self._free[place] else self._right(place)
        return known

    def _right(self, place: int) -> Reachable:
        """Return what leaves from a place that no free arrow leaves from."""
        plain = self._plain
        arrows = self._arrows[place].items()
        return {word: (plain(target),) for word, target in arrows}, tuple(self._ends.get(place, ()))

    def _beyond(self, place: int) -> Reachable:
        """Return what leaves from a place and from all to which free arrows lead."""
        seen, waiting = {place}, [place]
        arrows: dict[str, list[int]] = {}
        leaves: list[Leaf] = []
        while waiting:
            one = waiting.pop()
            for word, target in self._arrows[one].items():
                arrows.setdefault(word, []).append(target)
            leaves += self._ends.get(one, ())
            for other in self._free[one]:
                if other not in seen:
                    seen.add(other)
                    waiting.append(other)
        merged = {word: tuple(dict.fromkeys(map(self._plain, targets))) for word, targets in arrows.items()}
        return merged, tuple(dict.fromkeys(leaves))

    def _plain(self, place: int) -> int:
        """Return the place that stands for this one: what only leads on is skipped, and all last words meet.

        The words of `(a|b|c)` each make a place of their own, so without this a run of words would lead to as
        many nodes as there are ways to write the same thing.
        """
        known = self._same.get(place)
        if known is None:
            at = place
            while not self._arrows[at] and at not in self._ends and len(self._free[at]) == 1:
                at = self._free[at][0]
            ends = self._ends.get(at)
            if ends is not None and len(ends) == 1 and not self._arrows[at] and not self._free[at]:
                at = self._last_places.setdefault(ends[0], at)
            known = self._same[place] = at
        return known
