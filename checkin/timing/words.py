"""Lengths, times and days in words, as they stand in a text message.

Knows languages (through Unicode's CLDR, by Babel). Must not know time zones: what comes in is local.

Babel writes some spaces as U+202F or U+00A0. Neither is in the GSM 7-bit alphabet (3GPP TS 23.038), and one
of them makes a whole text two to three times as dear, so both become a plain space. Accents stay: they are
how the language is written. A language is `es`, `es_MX` or `es-MX`; one that CLDR does not have raises
Babel's `UnknownLocaleError`.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, time, timedelta

from babel import Locale
from babel.dates import format_date, format_skeleton, format_time
from babel.lists import format_list
from babel.numbers import format_decimal
from babel.units import format_unit

_SPACES = str.maketrans({"\u202f": " ", "\u00a0": " ", "\u2009": " "})

_NEAR_DAYS = {
    "en": {-1: "yesterday", 0: "today", 1: "tomorrow"},
    "es": {-1: "ayer", 0: "hoy", 1: "mañana"},
}
"""CLDR has these words; Babel does not carry them. Other languages say the weekday."""

_MINUTES_IN = (("week", 7 * 24 * 60), ("day", 24 * 60), ("hour", 60), ("minute", 1))


def length_words(length: timedelta, language: str) -> str:
    """Return a length in words: `1 hour`, `2 días`, `1 hour and 30 minutes`.

    Rounded up to whole minutes, never less than one; only the two largest units are said.
    """
    locale = _locale(language)
    minutes = max(1, -(-length // timedelta(minutes=1)))
    parts: list[str] = []
    for unit, size in _MINUTES_IN:
        if unit == "week" and minutes % size:
            continue
        count, minutes = divmod(minutes, size)
        if count:
            parts.append(format_unit(count, f"duration-{unit}", locale=locale))
    return _plain(format_list(parts[:2], locale=locale))


def clock_words(local: datetime | time, language: str) -> str:
    """Return a local time of day as it is written: `4:12 PM`, `16:12`."""
    clock = local.timetz() if isinstance(local, datetime) else local
    return _plain(format_time(clock.replace(tzinfo=None), "short", locale=_locale(language)))


def day_words(day: date, today: date, language: str) -> str:
    """Return a day as one says it today: `tomorrow`, `Thursday`, `el 24 de noviembre`.

    Local times on the same person's clock will do for either; only their dates count.
    """
    locale = _locale(language)
    day, today = _date(day), _date(today)
    distance = (day - today).days
    near = _NEAR_DAYS.get(locale.language, {}).get(distance)
    if near is not None:
        return near
    if 0 <= distance < 7:
        words = format_date(day, "EEEE", locale=locale)
    elif day.year == today.year:
        words = format_skeleton("MMMMd", datetime.combine(day, time()), locale=locale)
    else:
        words = format_date(day, "long", locale=locale)
    return _plain(f"el {words}" if locale.language == "es" else words)


def date_words(day: date, language: str) -> str:
    """Return a day of the year without its weekday: `January 14`, `14 de enero`.

    `miércoles` and `sábado` would turn a whole text to the dear alphabet; a flow that needs the weekday
    writes it.
    """
    return _plain(format_skeleton("MMMMd", datetime.combine(day, time()), locale=_locale(language)))


def number_words(number: int | float, language: str) -> str:
    """Return a number with the separators of the language: `12,500`, `12.500`."""
    return _plain(format_decimal(number, locale=_locale(language)))


def moment_words(local: datetime, now: datetime, language: str) -> str:
    """Return a local moment as one says it now: `tomorrow at 9:00 AM`, `mañana a las 9:00`.

    Both are times on the same person's clock.
    """
    day = day_words(local, now, language)
    clock = clock_words(local, language)
    match _locale(language).language:
        case "en":
            return f"{day} at {clock}"
        case "es":
            return f"{day} {'a la' if clock.startswith('1:') else 'a las'} {clock}"
        case _:
            return f"{day}, {clock}"


def weekday_words(days: Collection[int], language: str) -> str:
    """Return ISO weekdays as a list: `Mon, Wed, and Fri`, `lun y jue`."""
    locale = _locale(language)
    # The first week of 2024 begins on a Monday.
    names = [format_date(date(2024, 1, day), "EEE", locale=locale) for day in sorted(days)]
    return _plain(format_list(names, locale=locale))


def _date(day: date) -> date:
    return day.date() if isinstance(day, datetime) else day


def _locale(language: str) -> Locale:
    return Locale.parse(language, sep="-" if "-" in language else "_")


def _plain(text: str) -> str:
    return text.translate(_SPACES)


def span_words(start: datetime, end: datetime) -> str:
    """Return from when to when, for staff: "on Tue 24 Nov from 20:00 to 08:00"."""
    day = "" if end - start < timedelta(hours=24) else f"{end:%a %d %b} "
    return f"on {start:%a %d %b} from {start:%H:%M} to {day}{end:%H:%M}"
