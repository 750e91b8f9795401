"""The JSON schema of a flow file, so that an editor can help while one is written.

Put `# yaml-language-server: $schema=…` into the first line of a flow; the docstrings of `checkin.flow.shape`
become hover texts.
"""

from __future__ import annotations

from typing import Any

from checkin.flow.parts import Shape
from checkin.flow.program_shape import ProgramShape
from checkin.flow.shape import FlowShape

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema() -> dict[str, Any]:
    """Return the JSON schema of a flow file, draft 2020-12."""
    return _schema(FlowShape, "A conversation")


def program_schema() -> dict[str, Any]:
    """Return the JSON schema of `program.yaml`, draft 2020-12."""
    return _schema(ProgramShape, "A program")


def _schema(shape: type[Shape], title: str) -> dict[str, Any]:
    return {"$schema": DIALECT, **shape.model_json_schema(by_alias=True), "title": title}
