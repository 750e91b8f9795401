"""What people write into a cell of a list: whether somebody agreed, on which day, and in which time zone.

Knows words, dates and zones as people and spreadsheets write them. Must not know rows or members.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Mapping
from datetime import date
from typing import Literal
from zoneinfo import available_timezones

from babel.dates import get_month_names

_AGREED_WORDS = "yes y true t 1 x ok agreed consented given si s verdadero acepta aceptado ✓ ✔"
_AGREED = frozenset(_AGREED_WORDS.split())
_REFUSED_WORDS = (
    "no n false f 0 declined refused revoked withdrawn never stop stopped optout optedout unsubscribe"
    " unsubscribed falso rechazado baja dadodebaja"
)
_REFUSED = frozenset(_REFUSED_WORDS.split())
_DATE = re.compile(r"(\d{1,4})[-/.](\d{1,2})[-/.](\d{1,4})(?:[T ].*)?")
_YEARS = range(1990, 2101)
_IN_DATES = frozenset(["de", "del", "of", "the", "st", "nd", "rd", "th"])

_ZONES = {
    "eastern": "America/New_York", "et": "America/New_York", "est": "America/New_York",
    "edt": "America/New_York", "central": "America/Chicago", "ct": "America/Chicago",
    "cst": "America/Chicago", "cdt": "America/Chicago", "mountain": "America/Denver",
    "mt": "America/Denver", "mst": "America/Denver", "mdt": "America/Denver",
    "pacific": "America/Los_Angeles", "pt": "America/Los_Angeles", "pst": "America/Los_Angeles",
    "pdt": "America/Los_Angeles", "alaska": "America/Anchorage", "hawaii": "Pacific/Honolulu",
    "arizona": "America/Phoenix",
}  # fmt: skip
"""What people in the United States call their zones; any other is written as IANA has it, or by its city."""

_NO_PLACE = frozenset({"Factory", "localtime", "posixrules"})
"""Names in the list of zones that are those of no place."""
_CONTINENTS = ("africa", "america", "antarctica", "asia", "atlantic", "europe", "indian", "pacific")
_OFFSET = re.compile(r"^\((?:UTC|GMT)[^)]*\)", re.IGNORECASE)
_IN_BRACKETS = re.compile(r"\s*\([^)]*\)$")


def folded(text: str) -> str:
    """Return a name or word without capitals, accents, spaces and signs."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    return "".join(char for char in plain if char.isalnum() or char in "✓✔")


def consent_in(text: str) -> Literal["agreed", "declined"] | None:
    """Return what a cell says of somebody's consent: a yes or the date of one, a no, or neither."""
    word = folded(text) or text
    if word in _REFUSED:
        return "declined"
    return "agreed" if word in _AGREED or _is_date(text) else None


def zone_in(text: str) -> str | None:
    """Return the zone that somebody wrote: as IANA has it, as people say it, or as Windows shows it."""
    said = _OFFSET.sub("", text).strip()
    said = _IN_BRACKETS.sub("", said).strip() or said
    bare = folded(said).removesuffix("time").removesuffix("standard").removesuffix("daylight")
    return _ZONES.get(bare) or _zone_names().get(said.casefold().replace(" ", "_"))


def _is_date(text: str) -> bool:
    """Whether this is a day that there is: 3/4/26 in either order, 2026-03-04 10:15, 4 de marzo de 2026."""
    figures = _DATE.fullmatch(text)
    if figures is not None:
        first, second, third = map(int, figures.groups())
        ways = [(first, second, third), (third, first, second), (third, second, first)]
        return any(_is_day(*way) for way in ways)
    words = re.findall(r"[^\W\d_]+", unicodedata.normalize("NFKC", text).casefold())
    named = [word for word in words if word not in _IN_DATES]
    numbers = [int(number) for number in re.findall(r"\d+", text)]
    if len(named) != 1 or len(named[0]) < 3 or len(numbers) != 2:
        return False
    months = {number for name, number in _months() if name.startswith(named[0])}
    return any(_is_day(year, month, day) for month in months for day, year in (numbers, numbers[::-1]))


@functools.lru_cache(maxsize=1)
def _months() -> tuple[tuple[str, int], ...]:
    """Return what months are called, and which of the year each is."""
    return tuple(
        (name.casefold(), number)
        for language in ("en", "es")
        for number, name in get_month_names("wide", "format", language).items()
    )


def _is_day(year: int, month: int, day: int) -> bool:
    year += 2000 if year < 100 else 0
    try:
        date(year, month, day)
    except ValueError:
        return False
    return year in _YEARS


@functools.lru_cache(maxsize=1)
def _zone_names() -> Mapping[str, str]:
    """Return the zones that there are, by their names, and by their cities' where only one has it."""
    zones = {zone.casefold(): zone for zone in available_timezones() - _NO_PLACE}
    cities: dict[str, list[str]] = {}
    for name, zone in zones.items():
        continent, _, city = name.rpartition("/")
        if continent.partition("/")[0] in _CONTINENTS:
            cities.setdefault(city, []).append(zone)
    return {**{city: found[0] for city, found in cities.items() if len(found) == 1}, **zones}
