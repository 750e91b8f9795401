"""Finding the trusted contact whom a text names, and saying how contacts stand, in words.

Knows a member's list as it is shown. Must not change anything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, time

from checkin.flow.words import fold
from checkin.people.consent import AGREED, ASKED, TAKES_PART, ContactState
from checkin.people.wishes import QuietHours, Says
from checkin.service.turn import Turn
from checkin.store import contacts
from checkin.store.contacts import Contact
from checkin.timing.words import clock_words

_STANDS: Mapping[str, Mapping[str, str]] = {
    "en": {"asked": "has not answered yet", "paused": "on a break", "never": "told of nothing"},
    "es": {"asked": "no ha respondido", "paused": "en pausa", "never": "no le aviso de nada"},
}
_TOPICS: Mapping[str, Mapping[tuple[bool, bool], str]] = {
    "en": {
        (True, False): "your requests for support",
        (False, True): "check-ins that you miss",
        (True, True): "your requests for support and check-ins that you miss",
        (False, False): "nothing",
    },
    "es": {
        (True, False): "tus pedidos de apoyo",
        (False, True): "mensajes que no respondes",
        (True, True): "tus pedidos de apoyo y mensajes que no respondes",
        (False, False): "nada",
    },
}
"""How these are said; a language that is not here is answered in English."""


def listed(turn: Turn, member_id: str) -> list[Contact]:
    """Return a member's trusted contacts as the list shows them: those who agreed or may yet answer."""
    return [one for one in contacts.of_member(turn.unit, member_id) if one.state in TAKES_PART]


def may_be_told(turn: Turn, member_id: str) -> list[Contact]:
    """Return who may be told of a request for support now, in the member's order."""
    return [
        one
        for one in contacts.of_member(turn.unit, member_id)
        if one.state is ContactState.ACCEPTED and one.for_support and not one.stopped
    ]


def awake_and_quiet(turn: Turn, member_id: str, at: datetime) -> tuple[list[Contact], list[Contact]]:
    """Return who may be asked at this moment, and who only has quiet hours then, in the member's order."""
    able = may_be_told(turn, member_id)
    quiet = [one for one in able if quiet_until(turn, one, at) is not None]
    return [one for one in able if one not in quiet], quiet


def named(name: str, among: Sequence[Contact]) -> Contact | None:
    """Return whom a folded name means: a number of the list, a whole name, or the first word of just one."""
    if name.isdigit():
        return among[int(name) - 1] if 0 < int(name) <= len(among) else None
    whole = [one for one in among if fold(one.name) == name]
    begins = [one for one in among if fold(one.name).split()[:1] == [name]]
    for found in (whole, begins):
        if found:
            return found[0] if len(found) == 1 or found is whole else None
    return None


def list_words(among: Sequence[Contact], language: str) -> str:
    """Return "1 Bob, 2 Carmen (has not answered yet)"."""
    return ", ".join(f"{place} {_one(one, language)}" for place, one in enumerate(among, start=1))


def _one(contact: Contact, language: str) -> str:
    stands = _STANDS.get(language, _STANDS["en"])
    if contact.state in ASKED:
        return f"{contact.name} ({stands['asked']})"
    if contact.state is ContactState.PAUSED:
        return f"{contact.name} ({stands['paused']})"
    told = contact.for_support or contact.for_missed
    return contact.name if told else f"{contact.name} ({stands['never']})"


def topic_words(contact: Contact, language: str) -> str:
    """Return what this contact is told of, in the member's words."""
    return _TOPICS.get(language, _TOPICS["en"])[contact.for_support, contact.for_missed]


def preview(turn: Turn, contact: Contact) -> str:
    """Return what this contact reads when the member asks for support, in the contact's own language."""
    language = turn.person(contact.person_id).language
    member = turn.person(contact.member_id)
    name = member.name or turn.app.program.name
    return turn.text(language, notice_key(contact), member=name)


def notice_key(contact: Contact) -> str:
    """Return which text tells this contact of a request for support."""
    return "alert_notify_contact" + ("_open" if contact.wishes.says is Says.OPEN else "")


def quiet_until(turn: Turn, contact: Contact, at: datetime) -> datetime | None:
    """Return when the quiet hours end that cover this moment on the contact's clock; None where none do."""
    local = turn.local(turn.person(contact.person_id), at)
    quiet = contact.wishes.quiet
    return quiet.over_at(local) if quiet is not None and quiet.cover(local) else None


def hours_words(quiet: QuietHours, language: str) -> tuple[str, str]:
    """Return from when to when, as a clock shows it."""
    start, end = (time(minutes // 60, minutes % 60) for minutes in (quiet.start, quiet.end))
    return clock_words(start, language), clock_words(end, language)


def agreed_for(turn: Turn, person_id: str) -> list[Contact]:
    """Return for whom this person is a trusted contact."""
    return [one for one in contacts.of_person(turn.unit, person_id) if one.state in AGREED]


def member_named(turn: Turn, name: str, among: Sequence[Contact]) -> Contact | None:
    """Return for whom of these members a folded name stands."""
    for contact in among:
        known = fold(turn.person(contact.member_id).name or "")
        if known and name in (known, known.split()[0]):
            return contact
    return None
