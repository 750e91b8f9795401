"""The walk of the phrases' automaton over the words of a text.

The walk asks for one arrow a word. Which places a run of words leads to is worked out when that run is first
met, and kept: the text-book construction of a deterministic automaton, done only as far as people's replies
need it. Words that change nothing are no part of it, or there would be a node for each way to strew them in:
the walk steps over them.

Knows which phrases stand where in a text, and which of several counts; must not know what they mean.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from checkin.conversation.grammar import ANY_NAME, ANY_WORD, Grammar, Leaf

SKIPPED_WORDS = 3
"""How many words that change nothing may stand inside one phrase."""
MOST_STEPS = 500_000
"""Steps that are remembered; past that the walk begins to learn them anew.

The shipped packs have some 280,000, of which people's replies need a tenth.
"""


class Hit(NamedTuple):
    """A phrase found: tokens `start` up to `end`, and what it means."""

    start: int
    end: int
    leaf: Leaf


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
