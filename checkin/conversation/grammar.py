"""One automaton for all phrases of the packs, and the walk of it over the words of a text.

A phrase is written with `(a|b)`, `[a]`, `*`, `@`, `~`, `$` and `<class>`; together the phrases are some ten
thousands of places and arrows between them, never the millions of plain phrases that they stand for. The walk
asks for one arrow a word. Which places a run of words leads to is worked out when that run is first met, and
kept: the text-book construction of a deterministic automaton, done only as far as people's replies need it.
Words that change nothing are no part of it, or there would be a node for each way to strew them in: the walk
steps over them.

Knows how phrases are written and where they end; must not know what they mean.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
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
"""Steps that are remembered; past that the walk begins to learn them anew.

The shipped packs have some 280,000, of which people's replies need a tenth.
"""

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


class Hit(NamedTuple):
    """A phrase found: tokens `start` up to `end`, and what it means."""

    start: int
    end: int
    leaf: Leaf


Reachable = tuple[dict[str, tuple[int, ...]], tuple[Leaf, ...]]
"""Where words lead from a place, and what ends at it."""


class Node:
    """Where a run of words leads: the places of the automaton, the leaves that end here, the nodes beyond."""

    __slots__ = ("after", "ended", "leaves", "opened", "places", "strict")

    def __init__(self, places: frozenset[int]) -> None:
        self.places = places
        self.ended: tuple[Leaf, ...] = ()
        """Every leaf that ends here."""
        self.leaves: Mapping[str, tuple[Leaf, ...]] | None = None
        """Those that count, by the language that the member is written to in; None where nothing ends."""
        self.after: dict[str, Node] = {}
        """By the words that a phrase has next from here, and `ANY_WORD` and `ANY_NAME` for all others.

        `_LATER` stands for what nobody has met yet. Without any word until the node has been `opened`.
        """
        self.opened = False
        self.strict = False
        """Whether it is known that only the words of `after` lead on."""


_LATER = Node(frozenset())
"""Stands where it has yet to be worked out where a word leads."""
_NOWHERE = Node(frozenset())
"""Where a word leads that no phrase goes on with."""


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
        self._forget()

    def _forget(self) -> None:
        self._count = 0
        self._leaves_by_ended: dict[tuple[Leaf, ...], Mapping[str, tuple[Leaf, ...]]] = {}
        self._nodes: dict[frozenset[int], Node] = {}
        self._root = self._node(frozenset({0}))
        self._open(self._root)

    def prepare(self) -> None:
        """Work out where each single word leads, so that no reply has to wait for it."""
        for word in [*self._root.after]:
            self._step(self._root, word)

    def prepare_further(self) -> None:
        """Work out where each second word of a phrase leads, and gather what may come after it.

        The first long texts would wait for that. It takes a sixth of a second, which only a process pays that
        will read for long.
        """
        for node in [*self._root.after.values()]:
            if not node.opened:
                self._open(node)
            for word in [*node.after]:
                self._step(node, word)
        reachable = self._grammar.reachable
        for places in self._nodes:
            for place in places:
                for targets in reachable(place)[0].values():
                    for target in targets:
                        reachable(target)

    def found(self, words: list[str], language: str) -> list[Hit]:
        """Return every phrase in these words, for a member of this language."""
        hits: list[Hit] = []
        end = len(words)
        fillers, names = self._fillers, self._names
        root = self._root
        begins, seldom = root.after.get, root.after.get(ANY_WORD, _NOWHERE) is _NOWHERE
        for start, word in enumerate(words):
            node = begins(word)
            if node is None and seldom and word not in names:
                continue
            if node is None or node is _LATER:
                node = self._step(root, word)
            at = start + 1
            while node is not _NOWHERE:
                if node.leaves is not None:
                    hits += [Hit(start, at, leaf) for leaf in node.leaves[language]]
                if at == end:
                    break
                word = words[at]
                if word in fillers:
                    if node.after or not node.opened:
                        hits += self._found_with_fillers(node, words, start, at, language)
                    break
                following = node.after.get(word)
                if following is None and node.strict:
                    break
                if following is None or following is _LATER:
                    following = self._step(node, word)
                node = following
                at += 1
        return hits

    def _found_with_fillers(
        self, node: Node, words: list[str], start: int, at: int, language: str
    ) -> Iterator[Hit]:
        """Go on from a node where a filler stands at `at`: it may be a word of the phrase, or be skipped.

        So there may be several nodes at once, each with how many words were skipped on the way to it.
        """
        alive = [(node, 0)]
        for place in range(at, len(words)):
            word = words[place]
            filler = word in self._fillers
            reached: dict[Node, int] = {}
            skipped: dict[Node, int] = {}
            for one, count in alive:
                following = self._step(one, word)
                if following is not _NOWHERE:
                    reached[following] = min(count, reached.get(following, count))
                if filler and count < SKIPPED_WORDS and one.after:
                    skipped[one] = min(count + 1, skipped.get(one, count + 1))
            if reached:
                for leaf in self._leaves_of(reached, language):
                    yield Hit(start, place + 1, leaf)
                alive = [*reached.items(), *skipped.items()]
            elif skipped:
                alive = [*skipped.items()]
            else:
                return

    def _leaves_of(self, reached: Mapping[Node, int], language: str) -> tuple[Leaf, ...]:
        """Return what counts of all that ends at these nodes."""
        ending = [node for node in reached if node.leaves is not None]
        if len(ending) < 2:
            return ending[0].leaves[language] if ending and ending[0].leaves else ()
        ended = [(reached[node], leaf) for node in ending for leaf in node.ended]
        return self._chosen(ended, language)

    def _step(self, node: Node, word: str) -> Node:
        """Find where this word leads from a node, and remember it.

        Most words are none that a phrase has next. All of those lead to one place, but for first names, so
        that is worked out once a node and not once a word.
        """
        if not node.opened:
            self._open(node)
        after = node.after
        if word not in after:
            if node.strict:
                return _NOWHERE
            word = ANY_NAME if word in self._names else ANY_WORD
        following = after[word]
        if following is _LATER:
            following = after[word] = self._worked_out(node, word)
            self._count += 1
            if self._count > MOST_STEPS:
                self._forget()
        return following

    def _open(self, node: Node) -> None:
        """Note which words a phrase has next from a node; where they lead is worked out when they are met."""
        after = node.after
        for place in node.places:
            after.update(dict.fromkeys(self._grammar.reachable(place)[0], _LATER))
        node.opened = True
        node.strict = ANY_WORD not in after and ANY_NAME not in after
        if not node.strict:
            after.setdefault(ANY_WORD, _NOWHERE)
            after.setdefault(ANY_NAME, _LATER)

    def _worked_out(self, node: Node, word: str) -> Node:
        """Work out where a word leads from a node."""
        named = word == ANY_NAME or word in self._names
        signs = {word, ANY_WORD, ANY_NAME} if named else {word, ANY_WORD}
        if node.strict:
            signs = {word}
        places: set[int] = set()
        for place in node.places:
            arrows = self._grammar.reachable(place)[0]
            for sign in signs:
                places.update(arrows.get(sign, ()))
        return self._node(frozenset(places)) if places else _NOWHERE

    def _node(self, places: frozenset[int]) -> Node:
        node = self._nodes.get(places)
        if node is None:
            node = self._nodes[places] = Node(places)
            reachable = [self._grammar.reachable(place) for place in places]
            node.ended = tuple(leaf for _, leaves in reachable for leaf in leaves)
            if node.ended:
                node.leaves = self._leaves(node.ended)
            node.opened = node.strict = not any(arrows for arrows, _ in reachable)
        return node

    def _leaves(self, ended: tuple[Leaf, ...]) -> Mapping[str, tuple[Leaf, ...]]:
        """Return what counts of these leaves by language; what ends alike at many nodes is kept once."""
        known = self._leaves_by_ended.get(ended)
        if known is None:
            each = [(0, leaf) for leaf in ended]
            known = {language: self._chosen(each, language) for language in self._languages}
            self._leaves_by_ended[ended] = known
        return known

    def _chosen(self, ended: Sequence[tuple[int, Leaf]], language: str) -> tuple[Leaf, ...]:
        """Return one leaf a section: fewest words skipped, then own language, then first in the file."""
        if len(ended) == 1:
            return (ended[0][1],)
        own = (language, "any")
        ordered = sorted(
            ended, key=lambda one: (one[0], one[1].language not in own, one[1].order, one[1].last, one[1].gap)
        )
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
