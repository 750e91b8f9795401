"""Seeing and erasing what is kept about a person: by a word of theirs, or by staff for them.

Whoever writes that their data should be deleted is stopped at once and erased a week later, by a timer of
their own: START within that week keeps everything. Nobody is erased while a request for support of theirs is
open; a person has to have seen to it first.
"""

from __future__ import annotations

from datetime import timedelta

from checkin.flow.words import fold
from checkin.people.consent import TAKES_PART
from checkin.people.numbers import NumberRefused, normalise
from checkin.service import contacting, standing
from checkin.service.app import App
from checkin.service.turn import Turn
from checkin.store import alerts, contacts, dossier, people, timers
from checkin.store.dossier import Kept
from checkin.store.situations import Person
from checkin.store.unit import Unit

ERASED_AFTER = timedelta(days=7)
"""How long somebody who asked to be erased can think better of it."""

NOT_YET = timedelta(days=1)
"""How long an erasure is put off by an open request for support."""


class NobodyHere(LookupError):
    """Nobody has this number."""


class StillOpen(Exception):
    """A request for support of theirs is open."""


_THEIR_DATA = frozenset(("data", "information", "info", "datos", "informacion"))


def asks_for_it(text: str) -> bool:
    """Whether a text that opts out wants its sender's data deleted as well."""
    return not _THEIR_DATA.isdisjoint(fold(text).split())


def plan(turn: Turn, person: Person) -> None:
    """Erase this person a week from now."""
    due_at = turn.until(ERASED_AFTER)
    timers.put(turn.unit, timers.Timer(f"erase:{person.id}", "routine", person.id, 0, due_at))


def time_has_come(turn: Turn, timer: timers.Timer, person_id: str) -> None:
    """Erase somebody who asked for it, unless a request of theirs is open."""
    if alerts.open_of_member(turn.unit, person_id):
        timers.put_off(turn.unit, timer, turn.until(NOT_YET))
        return
    timers.drop_this(turn.unit, timer)
    _erase(turn, turn.person(person_id))


def export(app: App, number: str) -> tuple[Person, tuple[Kept, ...]]:
    """Return a person and everything that is kept about them. Raises `NobodyHere`."""

    def work(unit: Unit) -> tuple[Person, tuple[Kept, ...]]:
        person = _who(app, unit, number)
        return person, tuple(dossier.of_person(unit, person))

    return app.store.read(work)


def erase_now(app: App, number: str) -> None:
    """Erase a person at once. Raises `NobodyHere`, and `StillOpen` while a request of theirs is open."""

    def work(unit: Unit) -> None:
        turn = Turn(app, unit, app.clock.now())
        person = _who(app, unit, number)
        if alerts.open_of_member(unit, person.id):
            raise StillOpen
        situation = turn.situation(person.id)
        if not person.stopped:
            wording = "Staff erased this person."
            standing.opt_out(turn, situation, key=app.new_id(), wording=wording, confirm=False)
        _erase(turn, person)

    app.store.run(work)


def _who(app: App, unit: Unit, number: str) -> Person:
    try:
        person = people.by_number(unit, normalise(number, app.program.country))
    except NumberRefused:
        raise NobodyHere from None
    if person is None:
        raise NobodyHere
    return person


def _erase(turn: Turn, person: Person) -> None:
    """Erase a person who has stopped. A member whose contact they still were hears so first."""
    for contact in contacts.of_person(turn.unit, person.id):
        if contact.state in TAKES_PART and person.stopped:
            contacting.left(turn, contact)
    timers.drop(turn.unit, f"erase:{person.id}")
    dossier.erase(turn.unit, person, turn.now)
