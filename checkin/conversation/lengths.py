"""Lengths of time in words, for the answer to "later": "1 hour", "1 hora"."""

from __future__ import annotations

from datetime import timedelta

_UNITS = (("week", 604800), ("day", 86400), ("hour", 3600), ("minute", 60))
_WORDS = {
    "en": {
        "week": ("week", "weeks"),
        "day": ("day", "days"),
        "hour": ("hour", "hours"),
        "minute": ("minute", "minutes"),
    },
    "es": {
        "week": ("semana", "semanas"),
        "day": ("día", "días"),
        "hour": ("hora", "horas"),
        "minute": ("minuto", "minutos"),
    },
}


def in_words(length: timedelta, language: str) -> str:
    """Return a length in the largest unit that says it exactly, else in minutes: "90 minutes", "2 days".

    A language without words of its own gets English ones.
    """
    words = _WORDS.get(language, _WORDS["en"])
    seconds = max(60, round(length.total_seconds() / 60) * 60)
    for unit, size in _UNITS:
        if seconds % size == 0:
            count = seconds // size
            return f"{count} {words[unit][count != 1]}"
    raise AssertionError("every whole number of minutes is a number of minutes")
