"""A diagram as SVG, and a flow as Mermaid text.

The SVG stands alone: no script, no font, no picture from elsewhere. It follows the reader's light or dark
setting, and says in words what it shows to whoever can't see it.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from checkin.flow.diagram import Diagram, Line, Node, diagram
from checkin.flow.model import Flow
from checkin.flow.sketch import sketch

_STYLE = """\
  text { fill: #1c2733; font: 12px/16px ui-sans-serif, system-ui, sans-serif }
  .page { fill: #fff }
  .name { font-weight: 600 }
  .title { font-size: 16px; font-weight: 600 }
  .kind { fill: #5b6b7b; font-size: 10px }
  .words { fill: #37465a; font-size: 11px }
  rect.box { stroke: #8a9bb0; stroke-width: 1.2; fill: #f6f8fb }
  rect.asks { fill: #e8f1fd; stroke: #3b7dd8 }
  rect.says { fill: #eef8ef; stroke: #4d9a5b }
  rect.alert { fill: #fdeaea; stroke: #cf4a4a; stroke-width: 2 }
  rect.task { fill: #fff5df; stroke: #c08a1e }
  rect.waits { fill: #f3eefb; stroke: #8562c4 }
  rect.end { fill: #e9edf2; stroke: #6b7a8c }
  path.way { fill: none; stroke: #64748b; stroke-width: 1.4 }
  path.silent { stroke-dasharray: 5 4 }
  path.back { stroke: #8562c4 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e8edf3 }
    .page { fill: #14181f }
    .kind, .words { fill: #aab8c7 }
    rect.box { fill: #212a36 }
    rect.asks { fill: #172a45 }
    rect.says { fill: #16301d }
    rect.alert { fill: #441a1a }
    rect.task { fill: #3d2f10 }
    rect.waits { fill: #2a2140 }
    rect.end { fill: #2a323d }
    path.way { stroke: #8fa1b5 }
  }"""


def svg(flow: Flow, language: str) -> str:
    """Return a flow drawn as SVG; texts are in this language."""
    drawing = diagram(flow, language)
    width, height = round(drawing.width), round(drawing.height)
    steps = len([node for node in drawing.nodes.values() if node.box is not None])
    rows = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" role="img" aria-labelledby="title desc">',
        f'<title id="title">{escape(flow.title)}</title>',
        f'<desc id="desc">The flow {escape(flow.name)}: {steps} boxes, read from the top down.</desc>',
        f"<style>\n{_STYLE}\n</style>",
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
        'orient="auto-start-reverse"><path d="M0 0 8 4 0 8z" fill="#64748b"/></marker></defs>',
        f'<rect class="page" width="{width}" height="{height}"/>',
        f'<text class="title" x="24" y="32">{escape(flow.title)}</text>',
    ]
    rows.extend(_path(drawing, line) for line in drawing.lines)
    for node in drawing.nodes.values():
        rows.extend(_box(node) if node.box is not None else _words(node))
    return "\n".join([*rows, "</svg>", ""])


def _box(node: Node) -> Iterator[str]:
    box = node.box
    assert box is not None
    left, radius = node.x - node.width / 2, 11 if box.kind == "end" else 6
    yield (
        f'<rect class="box {box.kind}" x="{left:.1f}" y="{node.y:.1f}" width="{node.width:.1f}" '
        f'height="{node.height:.1f}" rx="{radius}"/>'
    )
    yield f'<text class="name" x="{left + 10:.1f}" y="{node.y + 15:.1f}">{escape(box.name)}</text>'
    yield (
        f'<text class="kind" x="{left + node.width - 8:.1f}" y="{node.y + 15:.1f}" '
        f'text-anchor="end">{escape(box.kind)}</text>'
    )
    for number, row in enumerate(box.rows):
        yield f'<text x="{left + 10:.1f}" y="{node.y + 34 + 16 * number:.1f}">{escape(row)}</text>'


def _words(node: Node) -> Iterator[str]:
    if node.words:
        left = node.x - node.width / 2
        yield f'<rect class="page" x="{left:.1f}" y="{node.y:.1f}" width="{node.width:.1f}" height="18"/>'
        yield (
            f'<text class="words" x="{node.x:.1f}" y="{node.y + 13:.1f}" text-anchor="middle">'
            f"{escape(node.words)}</text>"
        )


def _path(drawing: Diagram, line: Line) -> str:
    """Return an arrow as one smooth line: straight through what it passes, bending between the layers."""
    nodes = [drawing.nodes[id] for id in line.nodes]
    if nodes[0] is nodes[-1] and len(nodes) == 2:
        return ""
    x, y = nodes[0].x, nodes[0].y if line.back else nodes[0].y + nodes[0].height
    parts = [f"M{x:.1f} {y:.1f}"]
    for node in nodes[1:]:
        near = node.y + node.height if line.back else node.y
        far = node.y if line.back else node.y + node.height
        half = (y + near) / 2
        parts.append(f"C{x:.1f} {half:.1f} {node.x:.1f} {half:.1f} {node.x:.1f} {near:.1f}")
        if node is not nodes[-1] and far != near:
            parts.append(f"V{far:.1f}")
        x, y = node.x, far
    kind = "way" + (" silent" if line.silent else "") + (" back" if line.back else "")
    return f'<path class="{kind}" d="{" ".join(parts)}" marker-end="url(#tip)"/>'


_SHAPES = {"asks": ("([", "])"), "end": ("((", "))"), "alert": ("{{", "}}")}


def mermaid(flow: Flow, language: str) -> str:
    """Return a flow as a Mermaid flowchart; texts are in this language."""
    boxes, arrows = sketch(flow, language)
    ids = {box.id: f"s{number}" for number, box in enumerate(boxes)}
    rows = ["flowchart TD"]
    for box in boxes:
        begin, end = _SHAPES.get(box.kind, ("[", "]"))
        words = "<br/>".join(_plain(row) for row in (f"{box.name} ({box.kind})", *box.rows))
        rows.append(f'  {ids[box.id]}{begin}"{words}"{end}')
    for arrow in arrows:
        line = "-.->" if arrow.silent else "-->"
        words = f'|"{_plain(arrow.words)}"|' if arrow.words else ""
        rows.append(f"  {ids[arrow.source]} {line}{words} {ids[arrow.target]}")
    return "\n".join([*rows, ""])


def _plain(text: str) -> str:
    """Return a text as Mermaid takes it between quotation marks."""
    return text.replace("#", "#35;").replace('"', "#quot;").replace("<", "#lt;").replace(">", "#gt;")
