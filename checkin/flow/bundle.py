"""A published version together with the flows that it runs, as one text.

A run ends in the version that it began in, and so do the conversations inside it: what is published is the
flow's own source and, below it, the source of every flow that it runs, as it was on that day. Knows how that
is written. Must not know what a flow means.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_MARK = "--- # runs: "
_MARKED = re.compile(rf"^{re.escape(_MARK)}([a-z][a-z0-9_]*)\n", re.MULTILINE)


def bundle(source: str, parts: Mapping[str, str]) -> str:
    """Return a flow's source with those of the flows that it runs below it, by name."""
    ends = source if source.endswith("\n") or not parts else source + "\n"
    return ends + "".join(f"{_MARK}{name}\n{_with_end(parts[name])}" for name in sorted(parts))


def unbundle(text: str) -> tuple[str, Mapping[str, str]]:
    """Return a flow's own source, and those of the flows that it runs, by name."""
    own, *rest = _MARKED.split(text)
    return own, dict(zip(rest[::2], rest[1::2], strict=True))


def _with_end(source: str) -> str:
    return source if source.endswith("\n") else source + "\n"
