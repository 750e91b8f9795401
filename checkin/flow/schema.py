"""JSON Schemas of the files that staff edit, so that an editor completes and explains while one writes.

They are made from the shapes that the check itself uses; the shapes' docstrings become the hover texts, and
`checkin.flow.examples` adds an example to each key. `docs/schema/` holds them, and the first line of every
shipped file names its own.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter

from checkin.flow.chat_shape import ChatFileShape
from checkin.flow.examples import example_of
from checkin.flow.parts import PlainTextShape, Shape
from checkin.flow.program_shape import ProgramShape
from checkin.flow.shape import FlowShape
from checkin.flow.texts import CATALOGUE

DIALECT = "https://json-schema.org/draft/2020-12/schema"

KINDS = ("flow", "program", "texts", "test")
"""The kinds of files that there are schemas for."""


def json_schema(kind: str = "flow") -> dict[str, Any]:
    """Return the JSON schema, draft 2020-12, of one kind of file: one of `KINDS`."""
    match kind:
        case "flow":
            return _schema(FlowShape, "A conversation")
        case "program":
            return _schema(ProgramShape, "A program")
        case "test":
            return _schema(ChatFileShape, "Test conversations with a flow")
        case "texts":
            return _texts()
        case _:
            raise ValueError(f"no kind of file is called {kind!r}")


def schema_text(kind: str) -> str:
    """Return the JSON schema of one kind of file as it is kept and printed."""
    return json.dumps(json_schema(kind), indent=2, ensure_ascii=False) + "\n"


def file_name(kind: str) -> str:
    """Return the name under which a schema is kept in `docs/schema/`."""
    return f"{kind}.schema.json"


def _schema(shape: type[Shape], title: str) -> dict[str, Any]:
    raw = shape.model_json_schema(by_alias=True)
    shapes = {name: _shape(name, one) for name, one in raw.pop("$defs", {}).items()}
    top = _shape(shape.__name__, raw)
    described = {name: one.get("description", "") for name, one in shapes.items()}
    for one in (*shapes.values(), top):
        for key, field in one.get("properties", {}).items():
            field.setdefault("description", _borrowed(field, described) or one.get("description", key))
    return {"$schema": DIALECT, **top, "title": title, "$defs": shapes}


def _borrowed(field: Mapping[str, Any], described: Mapping[str, str]) -> str:
    """Return what the one shape says of itself that a key without words of its own stands for."""
    options = field.get("anyOf", [field])
    names = [str(one["$ref"]).rpartition("/")[2] for one in options if "$ref" in one]
    return described.get(names[0], "") if names else ""


def _shape(name: str, raw: Mapping[str, Any]) -> dict[str, Any]:
    """Return a shape's schema with an example of each key, and without what only a programmer wants."""
    shape = dict(_tidy(raw))
    for key, field in shape.get("properties", {}).items():
        example = example_of(name, key)
        if example is not None:
            field["examples"] = [example]
    return shape


def _tidy(node: Any) -> Any:
    """Return a schema's part in the words that suit an editor.

    "Or nothing at all" is left away: a key that can be left out is left out. Of several forms any one will
    do, for a text for one and for many is also a text with other languages to a validator.
    """
    if isinstance(node, list):
        return [_tidy(one) for one in node]
    if not isinstance(node, dict):
        return node
    plain = {key: _tidy(value) for key, value in node.items() if key not in ("discriminator",)}
    if isinstance(plain.get("title"), str):
        del plain["title"]  # pydantic's own: the key again, with a capital
    if "oneOf" in plain:
        plain["anyOf"] = plain.pop("oneOf")
    options = plain.get("anyOf")
    if isinstance(options, list) and {"type": "null"} in options:
        rest = [one for one in options if one != {"type": "null"}]
        del plain["anyOf"]
        plain = {**plain, **(rest[0] if len(rest) == 1 else {"anyOf": rest})}
        plain = {key: value for key, value in plain.items() if (key, value) != ("default", None)}
    return plain


def _texts() -> dict[str, Any]:
    """Return the schema of `texts.yaml`: a key for each of the program's own texts, and what each is for."""
    form = _tidy(TypeAdapter(PlainTextShape).json_schema())
    properties = {}
    for key, entry in CATALOGUE.items():
        names = "".join(f" {{{name}}}" for name in entry.names)
        about = f"{entry.about} It may use:{names}." if names else entry.about
        properties[key] = {**form, "description": about}
    return {
        "$schema": DIALECT,
        "title": "The program's own texts",
        "type": "object",
        "additionalProperties": False,
        "required": list(properties),
        "properties": properties,
    }
