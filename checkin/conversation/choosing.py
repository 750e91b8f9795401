"""Whom a member wants to be asked, in the minutes in which a request for support can still be changed.

Knows the words; must not know who anybody is: a name is handed on folded. Everything here is short: a longer
text is a message, and no choice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from checkin.flow.words import fold

Who = Literal["all", "staff", "now", "then", "named"]

_WORDS: dict[str, Who] = {
    **dict.fromkeys(("all", "any", "anyone", "anybody", "everyone", "everybody", "all of them"), "all"),
    **dict.fromkeys(("todos", "todas", "cualquiera", "a todos", "a todas", "a cualquiera"), "all"),
    **dict.fromkeys(("staff", "your staff", "the staff", "equipo", "al equipo", "el equipo"), "staff"),
    **dict.fromkeys(("now", "right now", "do it now", "now please", "ahora", "ya", "ahora mismo"), "now"),
    **dict.fromkeys(("then", "ask then", "entonces", "pregunta entonces", "preguntale entonces"), "then"),
    **dict.fromkeys(("morning", "in the morning", "manana", "en la manana", "por la manana"), "then"),
}
_BEFORE_A_NAME = ("ask", "tell", "text", "pregunta", "preguntale", "avisa", "avisale", "a")
_AROUND = ("please", "instead", "rather", "por", "favor", "mejor")
_LONGEST = 40


@dataclass(frozen=True, slots=True)
class Choice:
    """Whom a member wants to be asked. `name` is folded, and only there for somebody `named`."""

    who: Who
    name: str = ""


def read_choice(text: str) -> Choice | None:
    """Return what this text chooses, if somebody could be chosen by it; None where it says more."""
    folded = fold(text)
    if not folded or len(folded) > _LONGEST:
        return None
    if folded in _WORDS:
        return Choice(_WORDS[folded])
    words = folded.split()
    while words and words[-1] in _AROUND:
        words.pop()
    while words and words[0] in _BEFORE_A_NAME:
        words.pop(0)
    bare = " ".join(words)
    if not bare:
        return None
    return Choice(_WORDS[bare]) if bare in _WORDS else Choice("named", bare)
