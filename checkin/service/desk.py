"""What staff see of requests for support, and what they do about them, away from their phones.

Everything here names people: it is for a person on staff at a terminal, and never for a log.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from checkin.alert.errors import AlertError
from checkin.alert.machine import CLOSED
from checkin.alert.model import Alert, Event, StaffResolved, Told, Took
from checkin.service import duty, requests, todo
from checkin.service.app import App
from checkin.service.turn import Turn
from checkin.store import alerts, people, tasks
from checkin.store.alerts import Moment
from checkin.store.unit import Unit


class NoSuchAlert(AlertError):
    """No request for support has this id, or none of a member whom this person on staff is there for."""


class NotOnCall(AlertError):
    """Nobody on staff has this name in program.yaml."""


class Refused(AlertError):
    """The request can't take this where it stands."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request for support, with names. `asked` says how it stands with each person who was told."""

    id: str
    member: str
    number: str
    reason: str
    state: str
    raised_at: datetime
    taken_by: str | None
    asked: Mapping[str, str]

    def to_json(self) -> dict[str, Any]:
        """Return the request as plain JSON values."""
        return {
            "id": self.id,
            "member": self.member,
            "number": self.number,
            "reason": self.reason,
            "state": self.state,
            "raised_at": self.raised_at.isoformat(),
            "taken_by": self.taken_by,
            "asked": dict(self.asked),
        }


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that happened to a request: when, what, and who did it or whom it went to."""

    at: datetime
    what: str
    who: str | None

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON values."""
        return {"at": self.at.isoformat(), "what": self.what, "who": self.who}


def open_requests(app: App, staff: str | None = None) -> Sequence[Request]:
    """Return every request that is not over, oldest first; for one of the staff, those that they may see.

    Raises `NotOnCall` for a name that nobody on staff has.
    """

    def work(unit: Unit) -> Sequence[Request]:
        turn = Turn(app, unit, app.clock.now())
        person = None if staff is None else staff_id(turn, staff)
        return [_request(unit, *found) for found in alerts.all_open(unit) if _may_see(turn, found[0], person)]

    return app.store.read(work)


def history(app: App, alert_id: str, staff: str | None = None) -> tuple[Request, Sequence[Happening]]:
    """Return one request and all that happened to it, oldest first. Raises `NoSuchAlert` and `NotOnCall`."""

    def work(unit: Unit) -> tuple[Request, Sequence[Happening]]:
        turn = Turn(app, unit, app.clock.now())
        person = None if staff is None else staff_id(turn, staff)
        found = alerts.with_moment(unit, alert_id)
        if found is None or not _may_see(turn, found[0], person):
            raise NoSuchAlert
        moments = [*alerts.events_of(unit, found[0]), *alerts.messages_of(unit, alert_id)]
        happened = [_happening(unit, moment) for moment in moments]
        for entry in tasks.entries_about(unit, f"alert:{alert_id}"):
            who = None if entry.person_id is None else _name(unit, entry.person_id)
            happened.append(Happening(entry.at, f"{entry.what} “{entry.words}”", who))
        return _request(unit, *found), sorted(happened, key=lambda one: one.at)

    return app.store.read(work)


def take(app: App, alert_id: str, staff: str) -> None:
    """Let somebody on call take a request, as their 1 by text would.

    Raises `NoSuchAlert`, `NotOnCall`, and `Refused` where another has it, it is over, or they were not told.
    """

    def work(unit: Unit) -> None:
        turn, alert, person = _at_the_desk(app, unit, alert_id, staff)
        if alert.taken_by not in (None, person):
            raise Refused("Somebody else has taken this request already.")
        if alert.state in CLOSED:
            raise Refused("This request is over.")
        _feed(turn, alert, Took(person), "This person has not been told of the request yet.")

    app.store.run(work)


def done(app: App, alert_id: str, staff: str) -> None:
    """Close a request because a person has dealt with it; whoever was asked hears so.

    Raises `NoSuchAlert`, `NotOnCall`, and `Refused` where it is over.
    """

    def work(unit: Unit) -> None:
        turn, alert, person = _at_the_desk(app, unit, alert_id, staff)
        _feed(turn, alert, StaffResolved(person), "This request is over.")

    app.store.run(work)


def at_the_list(app: App, staff: str, work: Callable[[Turn, str], object]) -> None:
    """Do something at the staff's list as one of them, in one transaction.

    Raises `NotOnCall` for a name that nobody on staff has, and what the work raises.
    """

    def at_once(unit: Unit) -> None:
        turn = Turn(app, unit, app.clock.now())
        work(turn, staff_id(turn, staff))

    app.store.run(at_once)


def finish(app: App, task: str) -> None:
    """Take a task off the staff's list, and nobody says who did. Raises `todo.TaskRefused`."""
    app.store.run(lambda unit: todo.done(Turn(app, unit, app.clock.now()), task, None))


def note(app: App, alert_id: str, staff: str, words: str) -> None:
    """Write something down about a request. Raises `NoSuchAlert`, `NotOnCall`, `Refused` for no words."""

    def work(unit: Unit) -> None:
        turn, _, person = _at_the_desk(app, unit, alert_id, staff)
        if not words.strip():
            raise Refused("There is nothing to write down.")
        entry = tasks.Entry(turn.now, person, "wrote", words.strip())
        tasks.write_entry(unit, id=app.new_id(), subject=f"alert:{alert_id}", entry=entry)

    app.store.run(work)


def who(app: App, staff: str) -> str:
    """Return the id of the person on staff with this name in program.yaml. Raises `NotOnCall`."""
    return app.store.read(lambda unit: staff_id(Turn(app, unit, app.clock.now()), staff))


def staff_id(turn: Turn, staff: str) -> str:
    """Return the id of the person on staff with this name in program.yaml. Raises `NotOnCall`."""
    wanted = staff.strip().casefold()
    ids = turn.app.staff_ids
    person = next((id for id in ids if (turn.person(id).name or "").casefold() == wanted), None)
    if person is None:
        raise NotOnCall
    return person


def _at_the_desk(app: App, unit: Unit, alert_id: str, staff: str) -> tuple[Turn, Alert, str]:
    turn = Turn(app, unit, app.clock.now())
    alert = alerts.by_id(unit, alert_id)
    person = staff_id(turn, staff)
    if alert is None or not _may_see(turn, alert, person):
        raise NoSuchAlert
    turn.situation(alert.member)  # first, as everything that moves a member: its journal number is the lock
    return turn, alert, person


def _may_see(turn: Turn, alert: Alert, person_id: str | None) -> bool:
    """Whether somebody on staff is there for this member, or was told of this request; None sees all."""
    return person_id is None or person_id in alert.told or duty.serves(turn, person_id, alert.member)


def _feed(turn: Turn, alert: Alert, event: Event, refusal: str) -> None:
    if not requests.feed(turn, alert, event):
        raise Refused(refusal)


def _request(unit: Unit, alert: Alert, raised_at: datetime) -> Request:
    member = people.by_id(unit, alert.member)
    return Request(
        alert.id,
        member.name or member.number,
        member.number,
        alert.reason,
        alert.state.value,
        raised_at,
        None if alert.taken_by is None else _name(unit, alert.taken_by),
        {_name(unit, person): _STANDS[stands] for person, stands in alert.told.items()},
    )


def _happening(unit: Unit, moment: Moment) -> Happening:
    what = _WORDS.get(moment.what, moment.what)
    return Happening(moment.at, what, None if moment.person is None else _name(unit, moment.person))


def _name(unit: Unit, person_id: str) -> str:
    person = people.by_id(unit, person_id)
    return person.name or person.number


_STANDS: Mapping[Told, str] = {
    Told.TOLD: "was asked",
    Told.SILENT: "did not answer",
    Told.TOOK: "has it",
    Told.PASSED: "can't",
    Told.UNREACHABLE: "out of reach",
    Told.STOOD_DOWN: "not needed",
}

_WORDS: Mapping[str, str] = {
    "Raised": "asked for support",
    "ChangedMind": "changed their mind",
    "HurryUp": "asked for somebody now",
    "Chose": "chose who is asked",
    "PutOff": "would rather wait until quiet hours are over",
    "TimerFired": "a wait was over",
    "Took": "took it",
    "Passed": "can't",
    "OutOfReach": "could not be reached",
    "NoAnswer": "did not answer the call",
    "ShiftChanged": "another shift began",
    "SomebodyCame": "said that somebody came",
    "NobodyCame": "said that nobody came",
    "AllClear": "is well now",
    "StaffResolved": "closed it",
}
"""What each kind of event is called here; messages speak for themselves."""
