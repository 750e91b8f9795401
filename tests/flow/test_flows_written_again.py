"""Reading, and writing again: a flow's shape is written as a file from which an equal flow is read."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checkin.flow.load import load_flow, sources
from checkin.flow.program import Program
from checkin.flow.shape import FlowShape
from checkin.flow.source import parse
from checkin.flow.write import written
from tests.flow.generated import drawn
from tests.flow.generated import written as dumped
from tests.flow.test_flow_model import EVERYTHING

FLOWS = Path(__file__).parents[2] / "flows"
GUIDE = (Path(__file__).parents[2] / "docs" / "flows.md").read_text(encoding="utf-8")
EXAMPLES = [block.split("```", 1)[0] for block in GUIDE.split("```yaml\n")[1:] if "\nsteps:" in block]


def shape(source: str) -> FlowShape:
    document, issues = parse(source, "f.yaml")
    assert document is not None, issues
    return FlowShape.model_validate(document.data)


def plain(value: Any) -> Any:
    """Return a model without the source it came from and its compiled conditions, which have no equal."""
    if is_dataclass(value):
        return {
            f.name: plain(getattr(value, f.name)) for f in fields(value) if f.name not in ("source", "test")
        }
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items() if not callable(one)}
    return [plain(one) for one in value] if isinstance(value, tuple | list) else value


@pytest.mark.parametrize(
    "source",
    [*(path.read_text("utf-8") for path in sorted(FLOWS.glob("*.yaml")) if "test" not in path.name
       and path.name not in ("program.yaml", "texts.yaml")), *EXAMPLES, EVERYTHING],
)  # fmt: skip
def test_a_flow_is_written_again_and_read_as_the_same(source: str, program: Program) -> None:
    form = shape(source)
    again = written(form)
    assert shape(again) == form
    assert written(shape(again)) == again
    first, second = (
        load_flow(one, file="f.yaml", program=program, parts=sources(FLOWS)).flow for one in (source, again)
    )
    assert plain(first) == plain(second)


@given(seed=st.integers(0, 100_000))
@settings(max_examples=40, deadline=None)
def test_a_drawn_flow_is_written_again_and_read_as_the_same(seed: int, program: Program) -> None:
    source = dumped(drawn(seed))
    form = shape(source)
    again = written(form)
    assert shape(again) == form
    first, second = (load_flow(one, file="f", program=program, version=1).flow for one in (source, again))
    assert first is not None
    assert plain(first) == plain(second)


@pytest.mark.parametrize(
    "text",
    [
        "yes",
        "010",
        "1e3",
        "9:00",
        "# no",
        "a: b",
        "- x",
        "{x}",
        "“x”",
        "é\n",
        'it\'s "so"',
        " x ",
        "null",
        "~",
        "*a",
    ],
)
def test_any_text_is_written_so_that_it_stays_itself(text: str) -> None:
    source = shape(EVERYTHING).model_copy(update={"title": text})
    assert shape(written(source)).title == text
