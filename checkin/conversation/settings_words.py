"""What a member can text to set how often, when, on which days and in which language they are asked.

Knows the words and how times, days and hours are written. Must not know what is allowed, nor who writes.

A text counts only as a whole: "change my time to 8" does, "I change my time at work" does not. `explicit`
tells the words that mean nothing else, whatever was asked, from those that may also answer a question: the
bare LESS, MORE and LANGUAGE, and days without the word days.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from checkin.flow.words import fold

What = Literal["show", "less", "more", "time", "days", "hours", "calls", "contacts", "language"]

MOST_LETTERS = 80
"""Longer texts say something else."""


@dataclass(frozen=True, slots=True)
class TimeOfDay:
    """A time as somebody wrote it: minutes since midnight; `sure` where am, pm or 24 hours leave no doubt."""

    minute: int
    sure: bool

    @property
    def other(self) -> int:
        """The same time twelve hours from it."""
        return (self.minute + 12 * 60) % (24 * 60)


@dataclass(frozen=True, slots=True)
class Wish:
    """What a member wants changed, or shown.

    `time` goes with `time`, `days` (ISO weekdays) with `days` and perhaps `hours`, `span` with `hours`, `on`
    with `calls` and `contacts`, `language` (`en`, `es`) with `language`.
    """

    what: What
    explicit: bool = True
    time: TimeOfDay | None = None
    days: frozenset[int] | None = None
    span: tuple[TimeOfDay, TimeOfDay] | None = None
    on: bool | None = None
    language: str | None = None


_PLEASE = r"(?:(?:please|por favor|can you|could you|puedes|podrias|i want to|i would like to|quiero) )?"
_CHANGE = r"(?:change|set|move|switch|make|cambia|cambiar|pon|poner|mueve)"
_MY = r"(?:my|the|mi|mis|la|el|los)"
_OURS = r"(?:check ?in|checkin|text|message|mensaje)s?"
_TO = r"(?:to|at|for|a las|a la|a|para las|para la|las|la)"

_WHOLE: Mapping[What, re.Pattern[str]] = {
    "show": re.compile(
        rf"(?:{_MY} )?(?:settings?|ajustes|configuracion|preferencias|preferences|language|idioma)"
    ),
    "less": re.compile(
        rf"{_PLEASE}(?:(?:text|write|ask|message|escribe|escribeme|preguntame) (?:me )?)?"
        rf"(?:less|less often|less frequently|fewer(?: {_OURS})?|not so often|"
        rf"menos|menos {_OURS}|menos seguido|menos veces|con menos frecuencia)(?: please| por favor)?"
    ),
    "more": re.compile(
        rf"{_PLEASE}(?:(?:text|write|ask|message|escribe|escribeme|preguntame) (?:me )?)?"
        rf"(?:more|more often|more frequently|more {_OURS}|"
        rf"mas|mas {_OURS}|mas seguido|mas veces|con mas frecuencia)(?: please| por favor)?"
    ),
}
_BARE = frozenset({"less", "more", "menos", "mas", "language", "idioma"})

_TIME = re.compile(
    rf"{_PLEASE}(?:(?:{_CHANGE} )?(?:{_MY} )?(?:{_OURS} )?(?:time|hora)(?: {_TO})? "
    rf"|(?:always |siempre )(?:text|ask|message|write|escribe|escribeme|preguntame)(?: me)? (?:at|{_TO}) )"
    rf"(?P<time>.+)"
)
_DAYS = re.compile(
    rf"{_PLEASE}(?:(?:{_CHANGE} )?(?:{_MY} )?(?:{_OURS} )?(?:days?|dias?)(?: (?:to|a|are|son))? (?P<list>.+)"
    rf"|(?:only|just|solo|solamente) (?P<only>.+)|(?P<after>.+) (?:only|solo|solamente))"
)
_HOURS = re.compile(
    rf"{_PLEASE}(?:{_CHANGE} )?(?:{_MY} )?(?:{_OURS} )?(?:hours|horario|horas)(?: (?:to|a|are|es|son))? "
    r"(?:(?:from|between|de|desde|entre|las) )*(?P<from>[^-]+?)"
    r" ?(?:-| to | and | until | till | a | y | hasta )"
    r" ?(?:las |la )?(?P<to>.+?)(?: (?:on|el|los|en) (?P<on>.+))?"
)
_SWITCH = re.compile(
    r"(?P<what>calls?|llamadas?|contacts?|contactos?) (?P<on>on|off|yes|no|si|encendid[ao]s?|apagad[ao]s?)"
)
_LANGUAGES: Mapping[str, str] = {
    **dict.fromkeys(("english", "ingles"), "en"),
    **dict.fromkeys(("spanish", "espanol", "castellano"), "es"),
}
_LANGUAGE = re.compile(
    rf"{_PLEASE}(?:(?P<sure>(?:{_CHANGE} )?(?:{_MY} )?(?:language|idioma|lengua)"
    r"(?: (?:to|in|a|al|en|es|is))?) "
    r"|(?:(?:text|write|ask|message|talk|speak|escribe|escribeme|preguntame|habla|hablame) (?:(?:to )?me )?)?"
    r"(?:in|en) )?"
    rf"(?P<name>{'|'.join(_LANGUAGES)})(?: please| por favor)?"
)
_CLOCK = re.compile(
    r"(?:(?:at|a las|a la|las|la) )?(?P<hour>\d{1,2})(?:[:.h ]?(?P<minute>[0-5]\d))?"
    r"(?: ?(?:o clock|en punto|h|hs|horas))?"
    r" ?(?P<half>am|pm|a m|p m|a|p|in the morning|in the afternoon|in the evening|at night|de la manana|"
    r"de la tarde|de la noche)?"
)
_NAMED = {"noon": 12 * 60, "midday": 12 * 60, "mediodia": 12 * 60}
_MORNING = frozenset({"am", "a m", "a", "in the morning", "de la manana"})

_DAY_WORDS: Mapping[str, tuple[int, ...]] = {
    **dict.fromkeys(("mon", "monday", "mondays", "lun", "lunes"), (1,)),
    **dict.fromkeys(("tue", "tues", "tuesday", "tuesdays", "mar", "martes"), (2,)),
    **dict.fromkeys(("wed", "wednesday", "wednesdays", "mie", "miercoles"), (3,)),
    **dict.fromkeys(("thu", "thur", "thurs", "thursday", "thursdays", "jue", "jueves"), (4,)),
    **dict.fromkeys(("fri", "friday", "fridays", "vie", "viernes"), (5,)),
    **dict.fromkeys(("sat", "saturday", "saturdays", "sab", "sabado", "sabados"), (6,)),
    **dict.fromkeys(("sun", "sunday", "sundays", "dom", "domingo", "domingos"), (7,)),
    **dict.fromkeys(("weekday", "weekdays"), (1, 2, 3, 4, 5)),
    **dict.fromkeys(("weekend", "weekends"), (6, 7)),
}
_SEVERAL: Mapping[str, tuple[int, ...]] = {
    "every day": (1, 2, 3, 4, 5, 6, 7), "all days": (1, 2, 3, 4, 5, 6, 7), "daily": (1, 2, 3, 4, 5, 6, 7),
    "todos los dias": (1, 2, 3, 4, 5, 6, 7), "entre semana": (1, 2, 3, 4, 5), "fin de semana": (6, 7),
    "fines de semana": (6, 7), "los fines de semana": (6, 7),
}  # fmt: skip
_BETWEEN_DAYS = frozenset({"and", "y", "e", "on", "the", "los", "el", "to", "of"})


@functools.lru_cache(maxsize=1024)
def read_wish(text: str) -> Wish | None:
    """Return what a text asks to set or show, or None where it asks for something else."""
    if len(text) > MOST_LETTERS:
        return None
    folded, spaced = fold(text), _spaced(text)
    for what, pattern in _WHOLE.items():
        if pattern.fullmatch(folded):
            return Wish(what, explicit=folded not in _BARE)
    return _switch(folded) or _language(folded) or _hours(spaced) or _time(spaced) or _days(folded)


def pick(time: TimeOfDay, allowed: Callable[[int], bool]) -> int:
    """Return the minute of the day that is meant: of two that are possible the one that is allowed."""
    if not time.sure and not allowed(time.minute) and allowed(time.other):
        return time.other
    return time.minute


def pick_span(span: tuple[TimeOfDay, TimeOfDay]) -> tuple[int, int]:
    """Return the minutes of the day between which somebody may be asked: `9 to 5` ends in the afternoon."""
    start, end = span
    if not end.sure and end.minute <= start.minute < end.other:
        return start.minute, end.other
    return start.minute, end.minute


def _spaced(text: str) -> str:
    """Return a text folded, with the signs of times: colons and points between digits, and dashes."""
    marked = re.sub(r"(?i)check-in", "check in", re.sub(r"[\u2010-\u2015]", "-", text))
    pieces = re.split(r"(-|(?<=\d)[:.](?=\d))", marked)
    folded = " ".join(fold(piece) or piece.strip(" ") for piece in pieces)
    return re.sub(r" *([-:.]) *", r"\1", folded).strip(" .:-")


def _switch(folded: str) -> Wish | None:
    found = _SWITCH.fullmatch(folded)
    if found is None:
        return None
    on = found["on"] in ("on", "yes", "si") or found["on"].startswith("encendid")
    return Wish("calls" if found["what"].startswith(("call", "llamada")) else "contacts", on=on)


def _language(folded: str) -> Wish | None:
    found = _LANGUAGE.fullmatch(folded)
    if found is None:
        return None
    return Wish("language", explicit=found["sure"] is not None, language=_LANGUAGES[found["name"]])


def _time(spaced: str) -> Wish | None:
    found = _TIME.fullmatch(spaced)
    time = None if found is None else _clock(found["time"])
    return None if time is None else Wish("time", time=time)


def _hours(spaced: str) -> Wish | None:
    found = _HOURS.fullmatch(spaced)
    if found is None:
        return None
    on = found["on"]
    days = None if on is None else _day_list(on)
    start, end = _clock(found["from"]), _clock(found["to"])
    if start is None or end is None or (on is not None and days is None):
        return None
    return Wish("hours", span=(start, end), days=days)


def _days(folded: str) -> Wish | None:
    found = _DAYS.fullmatch(folded)
    if found is None:
        days = _day_list(folded) if folded in _SEVERAL else None
        return None if days is None else Wish("days", explicit=False, days=days)
    days = _day_list(found["list"] or found["only"] or found["after"])
    return None if days is None else Wish("days", explicit=found["list"] is not None, days=days)


def _clock(written: str) -> TimeOfDay | None:
    """Read a time of day: `8`, `8 pm`, `8:30`, `20h`, `las 8 de la noche`, `noon`."""
    if written in _NAMED:
        return TimeOfDay(_NAMED[written], sure=True)
    found = _CLOCK.fullmatch(written)
    if found is None:
        return None
    hour, minute, half = int(found["hour"]), int(found["minute"] or 0), found["half"]
    if half is None:
        return TimeOfDay(hour * 60 + minute, sure=hour > 12 or hour == 0) if hour < 24 else None
    if not 1 <= hour <= 12:
        return TimeOfDay(hour * 60 + minute, sure=True) if 12 < hour < 24 and half not in _MORNING else None
    return TimeOfDay((hour % 12 + (0 if half in _MORNING else 12)) * 60 + minute, sure=True)


def _day_list(written: str) -> frozenset[int] | None:
    """Read weekdays: `mon wed fri`, `Monday and Thursday`, `weekdays`, `todos los días`."""
    if written in _SEVERAL:
        return frozenset(_SEVERAL[written])
    days = list(_named_days(written))
    return frozenset(day for day in days if day) if days and all(days) else None


def _named_days(written: str) -> Iterator[int]:
    """Yield the weekdays that are named, and 0 for each word that is none."""
    for word in written.split():
        if word not in _BETWEEN_DAYS:
            yield from _DAY_WORDS.get(word, (0,))
