"""How many SMS segments a text costs, and which character makes it dear.

GSM 03.38 (3GPP TS 23.038 §6.2.1) packs 160 characters into one message or 153 into each part of a longer
one; a character of its extension table takes two places. Any other character turns the whole text into
UCS-2: 70 or 67 UTF-16 units. Neither an escape pair nor a surrogate pair is divided between two parts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("\f^{}\\[~]|€")
_DEAR = re.compile(f"[^{re.escape(''.join(sorted(_BASIC | _EXTENDED)))}]")
_TWO_PLACES = re.compile(f"[{re.escape(''.join(sorted(_EXTENDED)))}]")

PLAIN: Mapping[str, str] = {
    "‘": "'", "’": "'", "‚": "'", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "`": "'", "´": "'",
    "–": "-", "—": "-", "‑": "-", "−": "-", "…": "...", "•": "-", "·": "-",
    "\u00a0": " ", "\u202f": " ", "\u2009": " ", "\u200b": "", "\ufeff": "", "\t": " ",
}  # fmt: skip
"""Typographic characters that cost a whole text its cheap alphabet, and what says the same for less."""


@dataclass(frozen=True, slots=True)
class Segments:
    """What a text costs: the alphabet, the number of parts, its places, and the first dear character."""

    alphabet: Literal["GSM-7", "UCS-2"]
    count: int
    places: int
    dear: str | None


def segments(text: str) -> Segments:
    """Return how many SMS segments `text` takes; an empty text takes one."""
    found = _DEAR.search(text)
    if found is None:
        places = len(text) + len(_TWO_PLACES.findall(text))
        if places <= 160:
            return Segments("GSM-7", 1, places, None)
        return _pack("GSM-7", [2 if c in _EXTENDED else 1 for c in text], places, 153, None)
    places = len(text.encode("utf-16-le", "surrogatepass")) // 2
    if places <= 70:
        return Segments("UCS-2", 1, places, found[0])
    return _pack("UCS-2", [2 if ord(c) > 0xFFFF else 1 for c in text], places, 67, found[0])


def cheaper(text: str) -> str:
    """Return the text with typographic characters replaced by plain ones."""
    return "".join(PLAIN.get(c, c) for c in text)


def _pack(
    alphabet: Literal["GSM-7", "UCS-2"], widths: list[int], places: int, part: int, dear: str | None
) -> Segments:
    """Fill the parts of a text that does not fit into one message; `part` is the room in each."""
    count, room = 1, part
    for width in widths:
        if width > room:
            count, room = count + 1, part
        room -= width
    return Segments(alphabet, count, places, dear)
