"""One automaton for all phrases of the packs, and the walk of it over the words of a text.

A phrase is written with `(a|b)`, `[a]`, `*`, `@`, `~`, `$` and `<class>`; together the phrases are some ten
thousands of places and arrows between them, never the millions of plain phrases that they stand for. The walk
asks for one arrow a word. Which places a run of words leads to is worked out when that run is first met, and
kept: the text-book construction of a deterministic automaton, done only as far as people's replies need it.

Knows how phrases are written and where they end; must not know what they mean.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
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
SKIPPED_WORDS = 3
"""How many words that change nothing may stand inside one phrase."""
MOST_STEPS = 500_000
"""Steps that are remembered, at most some hundred megabytes; past that the walk begins to learn them anew."""

_PIECES = re.compile(r"[()\[\]|]|<\w+>|[^()\[\]|<>]+")
_OTHER = ""
"""The word that stands for every word that no phrase has."""
_KINDS = {(False, False): "\0", (True, False): "\0@", (False, True): "\0-", (True, True): "\0@-"}
"""What stands for every word that no phrase has next: by whether it is a first name, and whether a filler."""


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


class Node:
    """Where a run of words leads: the places of the automaton, the leaves that end here, the nodes beyond."""

    __slots__ = ("after", "items", "leaves", "ways", "words")

    def __init__(
        self, items: frozenset[tuple[int, int, bool]], leaves: Mapping[str, tuple[Leaf, ...]] | None
    ) -> None:
        self.items = items
        """Place, how many words were skipped on the way, and whether the last word was."""
        self.leaves = leaves
        self.after: dict[str, Node | None] = {}
        self.ways: list[tuple[int, int, Mapping[str, tuple[int, ...]]]] = []
        """Place, how many words were skipped, and its arrows, once somebody has asked for a way from here."""
        self.words: Collection[str] | None = None
        """The words that a phrase has next from here, once somebody has asked."""


class Grammar:
    """Phrases as an automaton. `add` them all, then walk."""

    def __init__(self, words: Callable[[str], list[str]]) -> None:
        self._words = words
        """Cuts the plain part of a phrase into words."""
        self._arrows: list[dict[str, list[int]]] = [{}]
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
        self._closed: dict[int, tuple[dict[str, tuple[int, ...]], tuple[Leaf, ...]]] = {}
        self._classes: dict[tuple[str, str], list[str]] = {}
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
        pieces = self._classes.get((language, name))
        if pieces is None:
            raise PackError(f"<{name}>: the pack has no such class")
        end, at = self._sequence(pieces, 0, place, language)
        if at != len(pieces):
            raise PackError(f"<{name}>: a bracket is closed that was never opened")
        return end

    def _gap(self, place: int) -> int:
        joined = self._place()
        self._free[place].append(joined)
        for _ in range(LONGEST_GAP):
            place = self._word(place, ANY_WORD)
            self._free[place].append(joined)
        return joined

    def _word(self, place: int, word: str) -> int:
        following = self._place()
        self._arrows[place].setdefault(word, []).append(following)
        self.vocabulary.add(word)
        return following

    def _place(self) -> int:
        self._arrows.append({})
        self._free.append([])
        return len(self._arrows) - 1

    def reachable(self, place: int) -> tuple[dict[str, tuple[int, ...]], tuple[Leaf, ...]]:
        """Return every arrow that leaves from here, and the phrases that end here."""
        known = self._closed.get(place)
        if known is None:
            seen, waiting = {place}, [place]
            arrows: dict[str, list[int]] = {}
            leaves: list[Leaf] = []
            while waiting:
                one = waiting.pop()
                for word, targets in self._arrows[one].items():
                    arrows.setdefault(word, []).extend(targets)
                leaves += self._ends.get(one, ())
                for other in self._free[one]:
                    if other not in seen:
                        seen.add(other)
                        waiting.append(other)
            merged = {
                word: tuple(dict.fromkeys(map(self._plain, targets))) for word, targets in arrows.items()
            }
            known = self._closed[place] = merged, tuple(dict.fromkeys(leaves))
        return known

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


class Walker:
    """Walks a grammar over words. `names` are the first names, `fillers` the words that change nothing."""

    def __init__(
        self,
        grammar: Grammar,
        languages: tuple[str, ...],
        names: frozenset[str],
        fillers: frozenset[str],
        answers: frozenset[str],
    ) -> None:
        self._grammar = grammar
        self._languages = languages
        self._names = names
        self._fillers = fillers
        self._answers = answers
        """Sections in which a member's own language decides where two languages share a phrase."""
        self._known = (grammar.vocabulary | names | fillers) - {ANY_WORD, ANY_NAME}
        self._root = Node(frozenset({(0, 0, False)}), None)
        self._nodes: dict[frozenset[tuple[int, int, bool]], Node] = {}
        self._count = 0

    def prepare(self) -> None:
        """Work out where each single word leads, so that no reply has to wait for it."""
        for word in self._grammar.reachable(0)[0]:
            self._step(self._root, word)

    def prepare_further(self) -> None:
        """Work out where each second word of a phrase leads, so that the first long texts don't wait for it.

        It takes a quarter of a second, which only a process pays that will read for long.
        """
        begun = {id(node): node for node in [*self._root.after.values()] if node is not None}
        for node in begun.values():
            self._step(node, _OTHER)
            for word in node.words or ():
                if word not in node.after:
                    self._step(node, word)

    def found(self, words: list[str], language: str) -> Iterator[tuple[int, int, Leaf]]:
        """Yield start, end and leaf of every phrase in these words, for a member of this language."""
        known = self._known
        symbols = [word if word in known else _OTHER for word in words]
        end = len(symbols)
        root = self._root
        for start in range(end):
            node = root
            for at in range(start, end):
                symbol = symbols[at]
                after = node.after
                following = after[symbol] if symbol in after else self._step(node, symbol)
                if following is None:
                    break
                node = following
                if node.leaves is not None:
                    for leaf in node.leaves[language]:
                        yield start, at + 1, leaf

    def _step(self, node: Node, word: str) -> Node | None:
        """Find where this word leads from a node, and remember it.

        Most words are none that a phrase has next. All of those lead to one place, but for fillers and names,
        so that is worked out once a node and not once a word.
        """
        if node.words is None:
            reachable = self._grammar.reachable
            node.ways = [(place, count, reachable(place)[0]) for place, count, _ in node.items]
            arrows = [one for _, _, one in node.ways]
            node.words = arrows[0] if len(arrows) == 1 else set().union(*arrows)
        self._count += 1
        if self._count > MOST_STEPS:
            self._root, self._nodes, self._count = Node(self._root.items, None), {}, 0
        if word in node.words:
            following = self._worked_out(node, word, word in self._names, word in self._fillers)
        else:
            kind = _KINDS[word in self._names, word in self._fillers]
            if kind not in node.after:
                node.after[kind] = self._worked_out(node, kind, word in self._names, word in self._fillers)
            following = node.after[kind]
        node.after[word] = following
        return following

    def _worked_out(self, node: Node, word: str, named: bool, filler: bool) -> Node | None:
        """Work out where a word leads from a node."""
        fresh: dict[int, int] = {}
        skipped: dict[int, int] = {}
        signs = (word, ANY_WORD, ANY_NAME) if named else (word, ANY_WORD)
        for place, count, arrows in node.ways:
            for sign in signs:
                for target in arrows.get(sign, ()):
                    if count < fresh.get(target, SKIPPED_WORDS + 1):
                        fresh[target] = count
            if filler and place and arrows and count < SKIPPED_WORDS:
                skipped[place] = min(count + 1, skipped.get(place, count + 1))
        items = (
            *((place, count, False) for place, count in fresh.items()),
            *((place, count, True) for place, count in skipped.items()),
        )
        return self._node(frozenset(items), fresh) if items else None

    def _node(self, items: frozenset[tuple[int, int, bool]], fresh: Mapping[int, int]) -> Node:
        node = self._nodes.get(items)
        if node is None:
            node = self._nodes[items] = Node(items, self._leaves(fresh))
        return node

    def _leaves(self, fresh: Mapping[int, int]) -> Mapping[str, tuple[Leaf, ...]] | None:
        """Return what ends at these places, by the language that the member is written to in."""
        ended = [
            (skipped, leaf) for place, skipped in fresh.items() for leaf in self._grammar.reachable(place)[1]
        ]
        if not ended:
            return None
        return {language: self._chosen(ended, language) for language in self._languages}

    def _chosen(self, ended: list[tuple[int, Leaf]], language: str) -> tuple[Leaf, ...]:
        """Return one leaf a section: fewest words skipped, then own language, then first in the file."""
        own = (language, "any")
        ordered = sorted(ended, key=lambda one: (one[0], one[1].language not in own, one[1].order))
        chosen: dict[str, Leaf] = {}
        answered = False
        for _, leaf in ordered:
            if leaf.section in chosen:
                continue
            is_answer = leaf.section in self._answers
            if is_answer and answered and leaf.language not in own:
                continue
            chosen[leaf.section] = leaf
            answered = answered or (is_answer and leaf.language in own)
        return tuple(chosen.values())
