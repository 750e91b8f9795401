"""A flow as a drawing: which boxes and arrows there are, and where they stand.

The layout is Sugiyama's: steps in layers along the way that a run takes, each layer put in an order with few
crossings, then moved under what leads to it (K. Sugiyama, S. Tagawa, M. Toda, "Methods for Visual
Understanding of Hierarchical System Structures", IEEE SMC-11, 1981). The words on an arrow take part as boxes
of their own, in layers between those of the steps, so that nothing is ever written over anything.

Knows steps, ways and sizes. Must not know how a drawing is written (that is `picture` and `mermaid`).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from checkin.flow.model import Flow
from checkin.flow.sketch import Arrow, Box, sketch

GAP_X, GAP_Y, MARGIN = 28.0, 26.0, 24.0
_SWEEPS, _SETTLES = 12, 24


@dataclass(slots=True)
class Node:
    """A box, an arrow's words, or a bend of a long arrow. `x` is its middle, `y` its top."""

    id: str
    width: float
    height: float
    layer: int
    box: Box | None = None
    words: str = ""
    x: float = 0.0
    y: float = 0.0


@dataclass(frozen=True, slots=True)
class Line:
    """An arrow as it is drawn: through these nodes, from the first to the last. `back` leads upwards."""

    nodes: tuple[str, ...]
    back: bool
    silent: bool


@dataclass(slots=True)
class Diagram:
    """Where everything stands, in pixels."""

    title: str
    nodes: dict[str, Node] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)
    width: float = 0.0
    height: float = 0.0


def diagram(flow: Flow, language: str) -> Diagram:
    """Return where the steps and ways of a flow stand in a drawing; texts are in this language."""
    boxes, arrows = sketch(flow, language)
    layer_of, back = _layers(boxes, arrows)
    drawing = Diagram(flow.title)
    for box in boxes:
        drawing.nodes[box.id] = Node(box.id, box.width, box.height, 2 * layer_of[box.id], box)
    for number, arrow in enumerate(arrows):
        _thread(drawing, arrow, number, back=arrow in back)
    layers = _ordered(drawing)
    _place(drawing, layers)
    return drawing


def _layers(boxes: Sequence[Box], arrows: Sequence[Arrow]) -> tuple[dict[str, int], set[Arrow]]:
    """Return the layer of each box, and the arrows that lead back to where a run has been."""
    ways: dict[str, list[Arrow]] = {box.id: [] for box in boxes}
    for arrow in arrows:
        ways[arrow.source].append(arrow)
    order, back = _depth_first(boxes, ways)
    layer_of = {box.id: 0 for box in boxes}
    for id in reversed(order):
        for arrow in ways[id]:
            if arrow not in back:
                layer_of[arrow.target] = max(layer_of[arrow.target], layer_of[id] + 1)
    return layer_of, back


def _depth_first(boxes: Sequence[Box], ways: Mapping[str, list[Arrow]]) -> tuple[list[str], set[Arrow]]:
    """Return the boxes, each after all that it leads to, and the arrows that lead back."""
    done: dict[str, bool] = {}
    order: list[str] = []
    back: set[Arrow] = set()
    for first in boxes:
        if first.id in done:
            continue
        done[first.id] = False
        stack = [(first.id, iter(ways[first.id]))]
        while stack:
            id, rest = stack[-1]
            arrow = next(rest, None)
            if arrow is None:
                done[id] = True
                order.append(id)
                stack.pop()
            elif arrow.target not in done:
                done[arrow.target] = False
                stack.append((arrow.target, iter(ways[arrow.target])))
            elif not done[arrow.target]:
                back.add(arrow)
    return order, back


def _thread(drawing: Diagram, arrow: Arrow, number: int, *, back: bool) -> None:
    """Put an arrow's words, and its bends, into the layers that it passes."""
    ends = (arrow.target, arrow.source) if back else (arrow.source, arrow.target)
    top, bottom = drawing.nodes[ends[0]].layer, drawing.nodes[ends[1]].layer
    if top == bottom:  # a step that leads to itself: its words stand just below it
        bottom += 2
    inner = []
    for layer in range(top + 1, bottom):
        with_words = layer == (bottom - 1 if back else top + 1)
        words = arrow.words if with_words else ""
        node = Node(f"{number}.{layer}", 10.0 + 6.2 * len(words), 18.0 if words else 0.0, layer, None, words)
        drawing.nodes[node.id] = node
        inner.append(node.id)
    path = (ends[0], *inner, ends[1])
    drawing.lines.append(Line(tuple(reversed(path)) if back else path, back, arrow.silent))


def _ordered(drawing: Diagram) -> list[list[str]]:
    """Return the nodes of each layer in an order with few crossings."""
    layers: list[list[str]] = [[] for _ in range(max(node.layer for node in drawing.nodes.values()) + 1)]
    for node in drawing.nodes.values():
        layers[node.layer].append(node.id)
    above, below = _neighbours(drawing)
    best, fewest = [list(layer) for layer in layers], _crossings(layers, below)
    for sweep in range(_SWEEPS):
        down = sweep % 2 == 0
        for index in range(1, len(layers)) if down else range(len(layers) - 2, -1, -1):
            fixed = layers[index - 1 if down else index + 1]
            at = {id: place for place, id in enumerate(fixed)}
            near = above if down else below
            here = {id: place for place, id in enumerate(layers[index])}
            layers[index].sort(key=lambda id: _middle(near[id], at, here[id]))
        crossings = _crossings(layers, below)
        if crossings < fewest:
            best, fewest = [list(layer) for layer in layers], crossings
    return best


def _neighbours(drawing: Diagram) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    above: dict[str, list[str]] = {id: [] for id in drawing.nodes}
    below: dict[str, list[str]] = {id: [] for id in drawing.nodes}
    for line in drawing.lines:
        path = tuple(reversed(line.nodes)) if line.back else line.nodes
        for one, other in itertools.pairwise(path):
            if drawing.nodes[one].layer < drawing.nodes[other].layer:
                below[one].append(other)
                above[other].append(one)
    return above, below


def _middle(near: Sequence[str], at: Mapping[str, int], place: int) -> float:
    known = [at[id] for id in near if id in at]
    return sum(known) / len(known) if known else float(place)


def _crossings(layers: Sequence[Sequence[str]], below: Mapping[str, Sequence[str]]) -> int:
    count = 0
    for upper, lower in itertools.pairwise(layers):
        at = {id: place for place, id in enumerate(lower)}
        ends = [at[id] for one in upper for id in sorted(below[one], key=lambda id: at[id])]
        count += sum(1 for i, end in enumerate(ends) for later in ends[i + 1 :] if later < end)
    return count


def _place(drawing: Diagram, layers: Sequence[Sequence[str]]) -> None:
    """Give every node its place: layers below one another, each node near the middle of its neighbours."""
    nodes = drawing.nodes
    above, below = _neighbours(drawing)
    y = MARGIN + 30.0
    for layer in layers:
        height = max((nodes[id].height for id in layer), default=0.0)
        x = 0.0
        for id in layer:
            node = nodes[id]
            node.y = y + (height - node.height) / 2
            node.x = x + node.width / 2
            x += node.width + GAP_X
        y += height + GAP_Y
    for turn in range(_SETTLES):
        downwards = turn % 2 == 0
        for layer in layers if downwards else reversed(layers):
            near = above if downwards else below
            wished = {id: _wish(nodes, near[id] or (above[id] + below[id]), nodes[id].x) for id in layer}
            _settle([nodes[id] for id in layer], wished)
    left = min(node.x - node.width / 2 for node in nodes.values())
    for node in nodes.values():
        node.x += MARGIN - left
    drawing.width = max(node.x + node.width / 2 for node in nodes.values()) + MARGIN
    drawing.height = y + MARGIN


def _wish(nodes: Mapping[str, Node], near: Iterable[str], x: float) -> float:
    places = [nodes[id].x for id in near]
    return sum(places) / len(places) if places else x


def _settle(layer: Sequence[Node], wished: Mapping[str, float]) -> None:
    """Move the nodes of a layer as near to their wishes as they can stand beside one another.

    Least squares under "not closer than": neighbours that would overlap are moved as one block to the mean of
    their wishes (the pool-adjacent-violators algorithm).
    """
    blocks: list[tuple[float, list[Node], list[float]]] = []
    for node in layer:
        members, offsets = [node], [0.0]
        place = wished[node.id]
        while blocks:
            last_place, last, last_offsets = blocks[-1]
            width = last_offsets[-1] + last[-1].width / 2 + members[0].width / 2 + GAP_X
            if place >= last_place + width:
                break
            blocks.pop()
            offsets = last_offsets + [width + offset for offset in offsets]
            members = last + members
            place = sum(wished[one.id] - offset for one, offset in zip(members, offsets, strict=True))
            place /= len(members)
        blocks.append((place, members, offsets))
    for place, members, offsets in blocks:
        for one, offset in zip(members, offsets, strict=True):
            one.x = place + offset
