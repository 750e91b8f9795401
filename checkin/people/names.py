"""Names as people give them, made fit to stand in a text to somebody else.

Knows how long a name may be. Must not know whose it is.
"""

from __future__ import annotations

LONGEST_NAME = 40
"""Characters. A text with the name in it has to fit into 1,600 characters (Twilio 21617)."""


def short_name(text: str) -> str:
    """Return the first line of what somebody gave as a name, cut to `LONGEST_NAME`."""
    first = next(iter(text.strip().split("\n")), "")
    return " ".join(first.split())[:LONGEST_NAME].strip()
