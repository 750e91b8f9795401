"""Read days and times of day: what somebody writes who is asked for one.

Knows how people write "March 4", "el viernes", "tomorrow", "half past five", "a las 7 de la tarde"; must not
know why it was asked. English and Spanish are both read, whatever the member's language; only "3/4" goes by
that (month first in English, day first in Spanish). Names of months come from Unicode's CLDR.

A day without a year is the next one, today included; a day of the week is the next one after today. An hour
without "am" or "pm" is meant by day: 1 to 7 are afternoon, 8 to 12 as they stand.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from datetime import date, time, timedelta

from babel.dates import get_month_names

from checkin.conversation.normal import normal

LANGUAGES = ("en", "es")

_FIRST_AFTERNOON_HOURS = range(1, 8)
"""Hours that mean the afternoon where nothing is said: nobody plans a text for five in the morning."""

_DAYS_AWAY: Mapping[str, int] = {
    "day after tomorrow": 2, "pasado manana": 2, "tomorrow": 1, "tmrw": 1, "manana": 1, "today": 0,
    "tonight": 0, "hoy": 0, "esta noche": 0,
}  # fmt: skip
_WEEKDAYS: Mapping[str, int] = {
    "mon": 1, "tue": 2, "tues": 2, "wed": 3, "thu": 4, "thur": 4, "thurs": 4, "fri": 5, "sat": 6, "sun": 7,
    "monday": 1, "tuesday": 2, "wednesday": 3, "thursday": 4, "friday": 5, "saturday": 6, "sunday": 7,
    "lunes": 1, "martes": 2, "miercoles": 3, "jueves": 4, "viernes": 5, "sabado": 6, "domingo": 7,
}  # fmt: skip
_COUNTS: Mapping[str, int] = {
    "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "un": 1, "una": 1, "uno": 1, "dos": 2, "tres": 3,
    "cuatro": 4, "cinco": 5, "seis": 6, "siete": 7, "ocho": 8, "nueve": 9, "diez": 10, "once": 11, "doce": 12,
}  # fmt: skip
_UNITS: Mapping[str, int] = {
    "day": 1, "days": 1, "dia": 1, "dias": 1, "week": 7, "weeks": 7, "semana": 7, "semanas": 7,
}  # fmt: skip


def _one_of(words: Mapping[str, object]) -> str:
    return "|".join(sorted(map(re.escape, words), key=len, reverse=True))


# ---------------------------------------------------------------- days


@functools.cache
def _months() -> Mapping[str, int]:
    """Return every name of a month in the languages that are read, folded, and its number."""
    found: dict[str, int] = {}
    for language in LANGUAGES:
        for width in ("wide", "abbreviated"):
            for number, name in get_month_names(width, locale=language).items():
                found[normal(name).strip(".")] = number
    return {**found, "sept": 9, "setiembre": 9}


_ISO = re.compile(r"(?<!\d)(\d{4})-(\d{1,2})-(\d{1,2})(?!\d)")
_FIGURES = re.compile(r"(?<![\d/.])(\d{1,2})[/.-](\d{1,2})(?:[/.-](\d{4}|\d{2}))?(?![\d/])")
_AWAY = re.compile(rf"\b(?<!la )({_one_of(_DAYS_AWAY)})\b")
_WEEKDAY = re.compile(rf"\b({_one_of(_WEEKDAYS)})\b")
_IN_DAYS = re.compile(
    rf"\b(?:in|en|dentro de) (\d{{1,3}}|{_one_of(_COUNTS)}) ({_one_of(_UNITS)})\b"
    rf"|\b(\d{{1,3}}|{_one_of(_COUNTS)}) ({_one_of(_UNITS)}) from (?:now|today)\b"
)
_NOT = re.compile(r"\b(?:not|no|never|nunca|cant|cannot|except|menos)\b(?: \w+){0,2}$")


@functools.cache
def _with_month() -> tuple[re.Pattern[str], re.Pattern[str]]:
    months = _one_of(_months())
    year = r"(?:,? (?:de |del |of )?(\d{4}))?"
    first = re.compile(rf"\b({months})\.? (?:the )?(\d{{1,2}})(?:st|nd|rd|th)?\b(?!:){year}")
    last = re.compile(rf"\b(\d{{1,2}})(?:st|nd|rd|th|ro)? ?(?:of |de )?({months})\b\.?{year}")
    return first, last


def read_date(folded: str, language: str, today: date | None) -> date | None:
    """Return the one day that a folded text names, or None: for none, for two, and for "not on Friday".

    Without `today` only a day with its year is understood.
    """
    found: set[date] = set()
    for start, day in _days(folded, language, today):
        if _NOT.search(folded[:start].rstrip()):
            return None
        found.add(day)
    return found.pop() if len(found) == 1 else None


def _days(folded: str, language: str, today: date | None) -> Iterator[tuple[int, date]]:
    """Go through the days in a text with where each begins; what is no day of any calendar is left out."""
    for match in _ISO.finditer(folded):
        yield from _at(match, _day(int(match[1]), int(match[2]), int(match[3])))
    folded = _ISO.sub(lambda match: " " * len(match[0]), folded)
    for match in _FIGURES.finditer(folded):
        one, other, year = int(match[1]), int(match[2]), _year(match[3], today)
        orders = ((other, one), (one, other)) if language == "es" else ((one, other), (other, one))
        for month, day in orders:
            known = _next(month, day, year, today)
            if known is not None:
                yield match.start(), known
                break
    first, last = _with_month()
    for match in first.finditer(folded):
        year = _year(match[3], today)
        yield from _at(match, _next(_months()[match[1]], int(match[2]), year, today))
    for match in last.finditer(first.sub(lambda match: " " * len(match[0]), folded)):
        year = _year(match[3], today)
        yield from _at(match, _next(_months()[match[2]], int(match[1]), year, today))
    if today is not None:
        yield from _from_today(folded, today)


def _from_today(folded: str, today: date) -> Iterator[tuple[int, date]]:
    for match in _AWAY.finditer(folded):
        yield match.start(), today + timedelta(days=_DAYS_AWAY[match[1]])
    if _names_a_day(folded):
        return  # "Friday, March 5": the weekday only says the same again
    for match in _WEEKDAY.finditer(folded):
        yield match.start(), today + timedelta(days=(_WEEKDAYS[match[1]] - today.isoweekday() - 1) % 7 + 1)
    for match in _IN_DAYS.finditer(folded):
        count, unit = match[1] or match[3], match[2] or match[4]
        number = int(count) if count.isdigit() else _COUNTS[count]
        yield match.start(), today + timedelta(days=number * _UNITS[unit])


def _names_a_day(folded: str) -> bool:
    first, last = _with_month()
    return any(pattern.search(folded) for pattern in (_ISO, _FIGURES, first, last))


def _at(match: re.Match[str], day: date | None) -> Iterator[tuple[int, date]]:
    if day is not None:
        yield match.start(), day


def _year(written: str | None, today: date | None) -> int | None:
    """Return a year; of two figures, the one that is no more than ten years ahead."""
    if written is None or len(written) == 4:
        return None if written is None else int(written)
    century = 2000 if today is None or int(written) <= today.year % 100 + 10 else 1900
    return century + int(written)


def _next(month: int, day: int, year: int | None, today: date | None) -> date | None:
    """Return this day of this year; where none was said, the next there is, today included."""
    if year is not None:
        return _day(year, month, day)
    if today is None:
        return None
    # February 29 may be up to eight years away.
    years = (_day(today.year + ahead, month, day) for ahead in range(9))
    return next((found for found in years if found is not None and found >= today), None)


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


# ---------------------------------------------------------------- times of day

_HOUR = rf"\d{{1,2}}|{_one_of({word: 0 for word in _COUNTS if word not in ('a', 'an', 'un')})}"
_HALF = re.compile(rf"\b(half|quarter) (past|after|to) ({_HOUR})\b")
_AND = re.compile(rf"\b({_HOUR}) (y|menos) (media|cuarto)\b")
_CLOCK = re.compile(r"(?<![\d:/.])(\d{1,2}) ?[:.h] ?(\d{2})(?![\d:/])")
_WHOLE = re.compile(
    rf"(?<![\d:/.])(?<!\bin )(?<!\ben )(?<!\bdentro de )\b({_HOUR})(?![a-z]{{3}}|\d|[:/.]\d)"
    r"(?: ?(?:h|hs|hrs|horas|o ?clock|en punto)\b)?"
)
_MERIDIEM = re.compile(r"(?<![a-z])(a|p)\.? ?m\b\.?")
_MORNING = re.compile(r"\b(?:morning|(?:de|por|en) la manana|madrugada)\b")
_LATE = re.compile(r"\b(?:afternoon|evening|tonight|night|tarde|noche)\b")
_NAMED: Mapping[str, time] = {
    "noon": time(12), "midday": time(12), "mediodia": time(12), "midnight": time(0), "medianoche": time(0),
}  # fmt: skip
_PARTS_OF_DAY: Mapping[str, time] = {
    "morning": time(9), "por la manana": time(9), "en la manana": time(9), "de la manana": time(9),
    "afternoon": time(15), "tarde": time(16), "evening": time(18), "night": time(20), "noche": time(20),
}  # fmt: skip
_NAMED_AT = re.compile(rf"\b({_one_of(_NAMED)})\b")
_PART_AT = re.compile(rf"(?<!mas )(?<!good )\b({_one_of(_PARTS_OF_DAY)})\b")
_NIGHT = re.compile(r"\b(?:night|noche)\b")


def read_time(folded: str) -> time | None:
    """Return the one time of day that a folded text names, or None: for none, for two, for "not at 5"."""
    named = _NAMED_AT.search(folded)
    if named is not None:
        return _NAMED[named[1]]
    found: set[time] = set()
    for start, at in _times(folded):
        if _NOT.search(folded[:start].rstrip()):
            return None
        found.add(at)
    if found:
        return found.pop() if len(found) == 1 else None
    parts = {_PARTS_OF_DAY[match[1]] for match in _PART_AT.finditer(folded)}
    return parts.pop() if len(parts) == 1 and not _NOT.search(folded) else None


def _times(folded: str) -> Iterator[tuple[int, time]]:
    """Go through the times in a text with where each begins, the more exact way of writing first."""
    rest = folded
    for pattern, read in ((_HALF, _half), (_AND, _and), (_CLOCK, _clock), (_WHOLE, _whole)):
        matches = list(pattern.finditer(rest))
        for match in matches:
            hour, minute = read(match)
            at = _by_day(hour, minute, folded, match.end())
            if at is not None:
                yield match.start(), at
        if matches:
            return  # "7:30" has no 7 and no 30 of its own


def _half(match: re.Match[str]) -> tuple[int, int]:
    minutes = 30 if match[1] == "half" else 15
    hour = _number(match[3])
    return (hour, minutes) if match[2] != "to" else (hour - 1 or 12, 60 - minutes)


def _and(match: re.Match[str]) -> tuple[int, int]:
    minutes = 30 if match[3] == "media" else 15
    hour = _number(match[1])
    return (hour, minutes) if match[2] == "y" else (hour - 1 or 12, 60 - minutes)


def _clock(match: re.Match[str]) -> tuple[int, int]:
    return int(match[1]), int(match[2])


def _whole(match: re.Match[str]) -> tuple[int, int]:
    return _number(match[1]), 0


def _number(word: str) -> int:
    return int(word) if word.isdigit() else _COUNTS[word]


def _by_day(hour: int, minute: int, folded: str, end: int) -> time | None:
    """Return the time of day that is meant: by what stands right behind it, elsewhere, or by custom."""
    if hour > 24 or minute > 59:
        return None
    after = _MERIDIEM.match(folded[end:].lstrip()) or _MERIDIEM.search(folded)
    if after is not None and hour <= 12:
        late = after[1] == "p"
    elif hour == 0 or hour > 12:
        return time(hour % 24, minute)
    elif _MORNING.search(folded):
        late = False
    elif _LATE.search(folded):
        late = hour != 12 or not _NIGHT.search(folded)
    else:
        late = hour in _FIRST_AFTERNOON_HOURS or hour == 12
    return time(hour % 12 + (12 if late else 0), minute)
