"""Words that are always understood, whatever a flow asks, so that no answer or keyword may be one of them.

The carriers' own words come from Twilio's default lists for opting out, in and asking for help; the rest are
what a member can text at any step, in each language that the project ships.
"""

from __future__ import annotations

import re
import unicodedata

_SEPARATORS = re.compile(r"[\W_]+")

ALWAYS: frozenset[str] = frozenset(
    word.strip()
    for line in (
        # opt-out: the carrier blocks the number on the single English words by itself
        "stop, stopall, stop all, unsubscribe, cancel, end, quit, revoke, optout, opt out",
        "alto, parar, detener, baja, cancelar, salir, terminar, no mas mensajes",
        # opt-in, help
        "start, unstop, comenzar, empezar, iniciar, help, info, ayuda, informacion",
        # what a member can always ask for
        "support, apoyo, pause, pausa, settings, ajustes",
        "resume, reanudar, later, snooze, luego, despues, mas tarde",
    )
    for word in line.split(",")
)

ANSWERS: frozenset[str] = frozenset(("yes", "y", "no", "n", "si", "s", "ok", "1", "2", "3", "4", "5"))
"""Words that answer questions; no keyword may be one of them."""


def fold(text: str) -> str:
    """Return a word as replies are compared: lower case, without accents or punctuation."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    return _SEPARATORS.sub(" ", bare).strip()
