"""Flows drawn: everything is there, nothing stands on anything else, and machines can read it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checkin.flow.diagram import Node, diagram
from checkin.flow.graph import ways
from checkin.flow.load import FlowSet, load_folder
from checkin.flow.model import (
    Answer,
    Ask,
    Branch,
    Condition,
    End,
    Flow,
    Rung,
    StaffTrigger,
    Step,
    Template,
    Text,
)
from checkin.flow.picture import mermaid, svg
from checkin.flow.sketch import sketch


@pytest.fixture(scope="module")
def shipped(flows_folder: Path) -> FlowSet:
    return load_folder(flows_folder)


def touching(nodes: Iterator[Node]) -> list[tuple[str, str]]:
    """Return the boxes and words that stand on one another."""
    drawn = [node for node in nodes if node.box is not None or node.words]
    return [
        (one.id, other.id)
        for one, other in itertools.combinations(drawn, 2)
        if abs(one.x - other.x) < (one.width + other.width) / 2
        and one.y < other.y + other.height
        and other.y < one.y + one.height
    ]


def test_nothing_stands_on_anything_else(shipped: FlowSet) -> None:
    for flow in shipped.flows.values():
        for language in shipped.program.languages:
            drawing = diagram(flow, language)
            assert touching(iter(drawing.nodes.values())) == []
            assert all(
                node.x - node.width / 2 >= 0
                and node.x + node.width / 2 <= drawing.width
                and node.y >= 0
                and node.y + node.height <= drawing.height
                for node in drawing.nodes.values()
            )


def test_every_step_and_every_way_is_drawn(shipped: FlowSet) -> None:
    for flow in shipped.flows.values():
        boxes, arrows = sketch(flow, "en")
        ends = {step.outcome for step in flow.steps.values() if isinstance(step, End)}
        assert {box.id for box in boxes if box.kind != "end"} | {
            name for name, step in flow.steps.items() if isinstance(step, End)
        } == set(flow.steps)
        assert {box.name for box in boxes if box.kind == "end"} == ends
        assert len(arrows) == sum(len(list(ways(step))) for step in flow.steps.values())
        drawn = {line.nodes[0] for line in diagram(flow, "en").lines}
        assert drawn == {arrow.source for arrow in arrows}


def test_the_svg_is_one_document_with_nothing_from_elsewhere(shipped: FlowSet) -> None:
    text = svg(shipped.flows["daily"], "es")
    root = ElementTree.fromstring(text)
    words = "".join(root.itertext())
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "")
    assert "<script" not in text
    for piece in (
        "¿Cómo te sientes hoy",
        "mood <= 2",
        "no reply, 20h",
        "(3h: reminds)",
        "for staff: read_reply",
    ):
        assert piece in words.replace("\n", " "), piece
    assert root.attrib["role"] == "img"


def test_mermaid_has_the_same_boxes_and_arrows(shipped: FlowSet) -> None:
    flow = shipped.flows["daily"]
    boxes, arrows = sketch(flow, "en")
    rows = mermaid(flow, "en").splitlines()
    assert rows[0] == "flowchart TD"
    assert len(rows) == 1 + len(boxes) + len(arrows)
    assert '  s0 -->|"mood #lt;= 2"| s1' in rows
    assert any(row.startswith("  s0 -.->|") for row in rows)
    assert not any('""' in row for row in rows)


def made(targets: list[tuple[int, int, int]]) -> Flow:
    """Return a flow of questions whose ways lead where the numbers say, wherever that is."""
    count = len(targets)
    asked = Text({"en": Template("How are you?", (("How are you?", None),))})
    steps: dict[str, Step] = {"done": End("done", "done")}
    for number, (low, high, silent) in enumerate(targets):
        low_mood = Condition(f"a{number} <= 2", lambda _: True, frozenset())
        steps[f"q{number}"] = Ask(
            f"q{number}",
            asked,
            Answer("scale", f"a{number}", 1, 5),
            (Branch(low_mood, _name(low, count)), Branch(None, _name(high, count))),
            (Rung(timedelta(hours=2), go=_name(silent, count)),),
        )
    return Flow("made", "Made", 0, (StaffTrigger(),), steps, "q0")


def _name(number: int, count: int) -> str:
    return f"q{number}" if number < count else "done"


PLACES = st.integers(0, 12)
TARGETS = st.lists(st.tuples(PLACES, PLACES, PLACES), min_size=1, max_size=12)


@settings(max_examples=25)
@given(TARGETS)
def test_any_flow_can_be_drawn(targets: list[tuple[int, int, int]]) -> None:
    flow = made(targets)
    assert touching(iter(diagram(flow, "en").nodes.values())) == []
    ElementTree.fromstring(svg(flow, "en"))
    assert mermaid(flow, "en").count("\n") == 1 + sum(map(len, sketch(flow, "en")))
