"""Writes a flow's shape as a file again, so that reading it gives an equal shape.

Knows how our own files look: words plain, everything else in quotation marks. Must not know what a flow
means. Comments are not kept: they belong to the file, not to the flow.
"""

from __future__ import annotations

import re
from typing import Any

import yaml

from checkin.flow.parts import Shape

_WORD = re.compile(r"[a-z][a-z0-9_]*")
_MEANT = frozenset(("true", "false", "null", "yes", "no", "on", "off", "y", "n"))
"""Words that other readers of YAML take for something else."""


def written(form: Shape) -> str:
    """Return the file of this shape; what the shape does not say is left out."""
    data = form.model_dump(mode="json", by_alias=True, exclude_unset=True)
    text: str = yaml.dump(data, Dumper=_Writer, sort_keys=False, allow_unicode=True, width=100_000)
    return text


class _Writer(yaml.SafeDumper):
    """Quotes every text but single words, indents lists, and knows no aliases."""

    def ignore_aliases(self, *_: Any) -> bool:
        return True

    def increase_indent(self, flow: bool = False, *_: Any, **__: Any) -> None:
        super().increase_indent(flow, indentless=False)


def _text(writer: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    plain = _WORD.fullmatch(text) and text not in _MEANT
    return writer.represent_scalar("tag:yaml.org,2002:str", text, style=None if plain else '"')


_Writer.add_representer(str, _text)
