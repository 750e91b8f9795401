"""Our own question, come back to us in a reply.

Phones quote what is answered, auto-forwarders send it back, and people copy it to write below it. What we
asked says nothing about how somebody is: "You can also just write" is no answer, and "1 (very low)" no 1.
"""

from __future__ import annotations

import functools
import re

from checkin.conversation.normal import normal
from checkin.flow.model import Text

SHORTEST = 20
"""Characters of its own that a question needs to be looked for: shorter ones people write themselves."""

_GAP = r".{0,60}?"
"""Where a name stood. Our names are shorter, and a missing one takes its space and comma along."""

_EDGES = " \t\n.,;:!?¿¡()[]<>|*•…—–-\"“”„«»'"

Parts = tuple[tuple[str, str | None], ...]


def without_question(folded: str, asked: Text) -> str | None:
    """Return a folded reply without our question, or None where the question is not in it.

    What is returned is empty where nothing but signs stands beside the question.
    """
    if len(folded) < SHORTEST:
        return None
    for template in asked.written():
        pattern = _pattern(template.parts)
        found = pattern.search(folded) if pattern is not None else None
        if found is not None:
            rest = f"{folded[: found.start()]}\n{folded[found.end() :]}"
            return rest if rest.strip(_EDGES) else ""
    return None


@functools.lru_cache(maxsize=1024)
def _pattern(parts: Parts) -> re.Pattern[str] | None:
    pieces = [normal(literal).strip(_EDGES) for literal, _ in parts]
    if sum(map(len, pieces)) < SHORTEST:
        return None
    words = (r"\s+".join(map(re.escape, piece.split())) for piece in pieces if piece)
    return re.compile(_GAP.join(words), re.DOTALL)
