"""Schemas and the reference: every key is explained with an example, and every shipped file fits."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from checkin.flow.chat_shape import LineShape
from checkin.flow.examples import EXAMPLES
from checkin.flow.schema import KINDS, json_schema
from checkin.flow.shape import KINDS as STEPS
from checkin.flow.source import parse
from checkin.flow.trigger_shape import TRIGGERS
from tests.flow.kept_schemas import files, kind_of

SCHEMAS = {kind: json_schema(kind) for kind in KINDS}


def keys(kind: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Go through every key: its shape, its name, and its schema."""
    schema = SCHEMAS[kind]
    top = {"flow": "FlowShape", "program": "ProgramShape", "test": "ChatFileShape"}.get(kind, kind)
    for shape, one in {**schema.get("$defs", {}), top: schema}.items():
        for key, field in one.get("properties", {}).items():
            yield shape, key, field


def complaints(kind: str, data: object) -> list[str]:
    return [error.message for error in Draft202012Validator(SCHEMAS[kind]).iter_errors(data)]


@pytest.mark.parametrize("kind", KINDS)
def test_every_key_is_explained_and_its_example_fits(kind: str) -> None:
    Draft202012Validator.check_schema(SCHEMAS[kind])
    for shape, key, field in keys(kind):
        assert field.get("description"), f"{shape}.{key} has no docstring"
        here = {**field, "$defs": SCHEMAS[kind].get("$defs", {})}
        for example in field.get("examples", ()):
            assert list(Draft202012Validator(here).iter_errors(example)) == [], (shape, key)


def test_every_step_start_and_line_has_an_example() -> None:
    without = {key for kind in ("flow", "test") for _, key, field in keys(kind) if not field.get("examples")}
    assert without & {*STEPS, *TRIGGERS, "go", "then", "answer", "no_reply", *LineShape.model_fields} == set()


def test_no_example_is_left_over() -> None:
    used = {name for kind in KINDS for shape, key, _ in keys(kind) for name in (key, f"{shape}.{key}")}
    assert set(EXAMPLES) - used == set()


@pytest.mark.parametrize("file", files(), ids=lambda file: file.name)
def test_every_shipped_file_fits_its_schema(file: Path) -> None:
    document, _ = parse(file.read_text("utf-8"), file.name)
    assert document is not None
    assert complaints(kind_of(file), document.data) == []


FLOW = {"flow": "a", "title": "A", "start": [{"staff": True}], "steps": {"hi": {"end": "done"}}}


@pytest.mark.parametrize(
    "steps",
    [
        {"hi": {"end": 3}},
        {"hi": {"say": {"en": "Hi"}, "go": "hi", "wait": "2d"}},
        {"hi": {"wait": "two days", "go": "hi"}},
        {"hi": {"end": "Done!"}},
        {"hi": {"ask": "Well?"}},
        {"hi": {"ask": "Well?", "answer": "maybe"}},
        {},
    ],
)
def test_what_the_check_refuses_for_its_shape_does_not_fit_either(steps: object) -> None:
    assert complaints("flow", FLOW) == []
    assert complaints("flow", {**FLOW, "steps": steps}) != []
