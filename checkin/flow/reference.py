"""The reference for staff, made from the schemas: every key of every file, what it says, and an example.

`docs/flow-reference.md` is what this writes; a test says so when it no longer is.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from checkin.flow.schema import KINDS, json_schema

_TITLES: Mapping[str, tuple[str, str]] = {
    "flow": ("A flow", "Every file `….yaml` but `program.yaml` and `texts.yaml`."),
    "test": ("Test conversations", "Every file `….test.yaml`."),
    "program": ("The program", "The file `program.yaml`."),
    "texts": ("The program's own texts", "The file `texts.yaml`."),
}

_HEAD = """\
# Every word of the files in `flows/`

This page is made from the same descriptions that the check uses and that an editor shows while you write
(`checkin flows schema --format markdown`). How to write a flow, from the first line on: [flows.md](flows.md).
"""


def reference() -> str:
    """Return the reference as Markdown."""
    rows = [_HEAD]
    for kind in KINDS:
        rows.extend(_of_file(kind))
    return "\n".join(rows)


def _of_file(kind: str) -> Iterator[str]:
    title, what = _TITLES[kind]
    schema = json_schema(kind)
    yield f"## {title}\n\n{what}\n"
    yield from _table(schema)
    for name, shape in schema.get("$defs", {}).items():
        yield f"### {_named(name, shape)}\n\n{shape.get('description', '')}\n"
        yield from _table(shape)


def _named(name: str, shape: Mapping[str, Any]) -> str:
    """Return what a part is called: by the key that tells it from others, where it has one."""
    words = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name).strip()
    words = words.removesuffix(" shape").removesuffix(" parts")
    needed = [key for key in shape.get("required", ()) if key.replace("_", " ") == words]
    return f"`{needed[0]}`" if needed else words.capitalize()


def _table(shape: Mapping[str, Any]) -> Iterator[str]:
    needed = set(shape.get("required", ()))
    yield "| key | what it says | example |\n| --- | --- | --- |"
    for key, field in shape.get("properties", {}).items():
        about = _cell(str(field.get("description", "")))
        must = "" if key in needed else " *(may be left out)*"
        example = f"`{key}: {_cell(_flow_style(field['examples'][0]))}`" if field.get("examples") else ""
        yield f"| `{key}` | {about}{must} | {example} |"
    yield ""


def _cell(text: str) -> str:
    return text.replace("\n", " ").replace("|", "\\|")


def _flow_style(value: Any) -> str:
    """Return a value as a file would have it, on one line."""
    match value:
        case dict():
            return "{ " + ", ".join(f"{key}: {_flow_style(one)}" for key, one in value.items()) + " }"
        case list():
            return "[" + ", ".join(_flow_style(one) for one in value) + "]"
        case str() if value.replace("_", "").isalnum() and not value.isdigit():
            return value
        case _:
            return json.dumps(value, ensure_ascii=False)
