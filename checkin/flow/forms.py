"""How dates, times and large numbers are written in a language, wherever a text fills them in.

Knows kinds and languages (through Unicode's CLDR, by Babel). Must not know texts.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import date, time

from babel import Locale

from checkin.flow.kinds import Kind
from checkin.flow.template import Form, Value
from checkin.timing.words import clock_words, date_words, number_words

GROUPED_FROM = 10_000
"""Smaller numbers stand as they are: a year is one of them."""


def form_of(kind: Kind, language: str) -> Form | None:
    """Return how values of this kind are written in a language; None where they stand as they are."""
    match kind.type:
        case "date":
            return functools.partial(_date, language)
        case "time":
            return functools.partial(_time, language)
        case "number":
            return functools.partial(_number, language)
        case "text" | "truth" | "any":
            return None


def plural_category(language: str) -> Callable[[int | float], str]:
    """Return what gives a number's plural category in a language: `one`, `few`, `other`, …"""
    return Locale.parse(language).plural_form


def read_date(value: object) -> date | None:
    """Return the date that a text like `2027-01-14` is; None for anything else."""
    if not isinstance(value, str) or len(value) != len("2027-01-14"):
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


def read_time(value: object) -> time | None:
    """Return the time of day that a text like `17:30` is; None for anything else."""
    if not isinstance(value, str) or len(value) != len("17:30"):
        return None
    try:
        return time.fromisoformat(value)
    except ValueError:
        return None


def _date(language: str, value: Value) -> str:
    day = read_date(value)
    return str(value) if day is None else date_words(day, language)


def _time(language: str, value: Value) -> str:
    at = read_time(value)
    return str(value) if at is None else clock_words(at, language)


def _number(language: str, value: Value) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if isinstance(value, int) and abs(value) < GROUPED_FROM:
        return str(value)
    return number_words(value, language)
