"""Words with which members manage their trusted contacts, and contacts what is asked of them.

Knows the orders and how they are written; must not know who anybody is: a name is handed on as it was
written, folded, and is no order's until somebody has found the person. Every order is one text that stands by
itself ("REMOVE Bob", "quiet 10pm to 7am"), so that it works at any step and in any hour. Most texts are told
to be none by a look at their first and last word.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from checkin.flow.words import fold
from checkin.people.wishes import QuietHours


class Order(StrEnum):
    """What is wanted. First a member's, about their contacts; then a contact's own; the last is anybody's."""

    LIST = "list"
    ADD = "add"
    REMOVE = "remove"
    ABOUT = "about"
    FIRST = "first"
    LAST = "last"
    REQUESTS = "requests"
    MISSED = "missed"
    BOTH = "both"
    NEVER = "never"
    SAY_MORE = "say_more"
    SAY_LESS = "say_less"
    QUIET = "quiet"
    NOT_QUIET = "not_quiet"
    LEAVE = "leave"
    PAUSE = "pause"
    WHO = "who"
    TIPS = "tips"
    DATA = "data"


@dataclass(frozen=True, slots=True)
class Command:
    """One order. `name` is whom it is about, folded, where it names somebody; `quiet` the hours it gives."""

    order: Order
    name: str | None = None
    quiet: QuietHours | None = None


_WORDS: Mapping[Order, tuple[str, ...]] = {
    Order.LIST: ("contacts", "my contacts", "contactos", "mis contactos"),
    Order.ADD: (
        *("add", "add contact", "add a contact", "add @"),
        *("agregar", "agregar contacto", "agregar @", "anadir", "anadir contacto", "anadir @"),
    ),
    Order.REMOVE: ("remove @", "delete @", "take off @", "quitar a @", "quitar @", "borrar @", "eliminar @"),
    Order.ABOUT: ("about @", "sobre @", "@ quiet", "@ silencio"),
    Order.FIRST: ("@ first", "first @", "@ primero", "@ primera", "primero @", "primera @"),
    Order.LAST: ("@ last", "last @", "@ ultimo", "@ ultima", "ultimo @", "ultima @"),
    Order.REQUESTS: ("@ requests", "@ pedidos"),
    Order.MISSED: ("@ missed", "@ ausencias"),
    Order.BOTH: ("@ both", "@ todo", "@ ambos"),
    Order.NEVER: ("@ never", "never @", "@ nunca", "nunca @"),
    Order.SAY_MORE: ("@ say more", "@ abierto", "@ decir mas"),
    Order.SAY_LESS: ("@ say less", "@ discreto", "@ decir menos"),
    Order.NOT_QUIET: ("@ quiet off", "quiet off", "@ silencio no", "silencio no"),
    Order.QUIET: ("@ quiet #", "quiet #", "@ silencio #", "silencio #"),
    Order.LEAVE: ("leave", "leave @", "renunciar", "renunciar a @", "dejar a @"),
    Order.PAUSE: ("pause @", "pausa @"),
    Order.WHO: (
        *("who", "who else", "who else knows", "who knows", "who else was asked"),
        *("quien", "quien mas", "quien mas sabe", "quien sabe", "quien mas lo sabe"),
    ),
    Order.DATA: ("my data", "see my data", "show my data", "mis datos", "ver mis datos"),
    Order.TIPS: ("tips", "tip", "how do i listen", "how to listen", "consejos", "consejo", "como escuchar"),
}
"""How each order is written, folded: `@` is a name or a number of the list, `#` hours of the day."""

_TIME = r"(\d{1,2})(?: (\d{2}))? ?(am|pm|a m|p m)?"
_HOURS = rf"(?:from |de |desde )?(?:las )?{_TIME}(?: (?:to|until|till|a|hasta|y))?(?: las)? {_TIME}"


def _pattern(written: str) -> re.Pattern[str]:
    named = re.escape(written).replace("@", r"(?P<name>\w+(?: \w+){0,3}?)")
    return re.compile(named.replace(r"\#", f"(?P<hours>{_HOURS})"))


_PATTERNS = [(order, _pattern(written)) for order, all_ in _WORDS.items() for written in all_]
_FIRST_WORDS = frozenset(written.split()[0] for all_ in _WORDS.values() for written in all_) - {"@"}
_LAST_WORDS = frozenset(written.split()[-1] for all_ in _WORDS.values() for written in all_) - {"@", "#"}
_LONGEST = 60


def parse(text: str) -> Command | None:
    """Return the order that this text is, as a whole; None for anything else."""
    folded = fold(text)
    words = folded.split()
    if not words or len(folded) > _LONGEST or not _could_be(words):
        return None
    for order, pattern in _PATTERNS:
        found = pattern.fullmatch(folded)
        if found is None:
            continue
        given = found.groupdict()
        if "hours" not in given:
            return Command(order, given.get("name"))
        quiet = _quiet(given["hours"])
        if quiet is None and given.get("name"):
            return Command(Order.ABOUT, given["name"])  # it says how the hours are written
        if quiet is not None:
            return Command(order, given.get("name"), quiet)
    return None


def _could_be(words: list[str]) -> bool:
    hours = words[-1][-1] in "0123456789m" and ("quiet" in words or "silencio" in words)
    return words[0] in _FIRST_WORDS or words[-1] in _LAST_WORDS or hours


def _quiet(written: str) -> QuietHours | None:
    """Read "10pm 7am", "22 00 7 00", "de 22 a 7"; None where these are no hours."""
    found = re.fullmatch(_HOURS, written)
    if found is None:
        return None
    hour, minute, half, until, until_minute, until_half = found.groups()
    start, end = _minutes(hour, minute, half), _minutes(until, until_minute, until_half)
    if start is None or end is None or start == end:
        return None
    return QuietHours(start, end)


def _minutes(hour: str, minute: str | None, half: str | None) -> int | None:
    hours, minutes = int(hour), int(minute or 0)
    if half is not None:
        if not 1 <= hours <= 12:
            return None
        hours = hours % 12 + (12 if half.startswith("p") else 0)
    hours = 0 if hours == 24 else hours
    return hours * 60 + minutes if hours < 24 and minutes < 60 else None
