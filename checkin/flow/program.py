"""The program: the organisation's whole set-up, as read from `program.yaml` and `texts.yaml`.

Knows names, hours, people on call and fixed wordings. Must not know members, nor what the time is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Literal

from checkin.flow.kinds import Kind
from checkin.flow.model import Text, Value
from checkin.flow.texts import FACTS
from checkin.people.invitations import InvitationLimits
from checkin.timing.hours import AllowedHours
from checkin.timing.rota import Rota

MOST_REPEATS = 3
"""How often the trusted contacts are asked again at most, before staff are."""


@dataclass(frozen=True, slots=True)
class Hours:
    """When check-ins may leave, on the member's own clock; the end is not included.

    `days` has other hours, or None for none, for ISO weekdays (1 is Monday).
    """

    start: time
    end: time
    days: Mapping[int, tuple[time, time] | None] = field(default_factory=dict)

    def on(self, weekday: int) -> tuple[time, time] | None:
        """Return the hours of an ISO weekday, or None where there are none."""
        return self.days.get(weekday, (self.start, self.end))

    def in_minutes(self) -> AllowedHours:
        """Return the hours as moments are reckoned with them."""
        days = {day: None if span is None else _minutes(*span) for day, span in self.days.items()}
        return AllowedHours(*_minutes(self.start, self.end), days)


def _minutes(*moments: time) -> tuple[int, int]:
    """Return a start and an end in minutes since midnight."""
    start, end = (moment.hour * 60 + moment.minute for moment in moments)
    return start, end


@dataclass(frozen=True, slots=True)
class Limits:
    """How many check-ins a member gets at most: on one day and in seven, on the member's own calendar."""

    a_day: int = 1
    a_week: int = 7


@dataclass(frozen=True, slots=True)
class Staff:
    """One of the program's own people. `number` is E.164.

    `groups` are those whose members they are there for, and alone see; where there are none, it is everybody.
    """

    name: str
    number: str
    language: str
    on_call: bool
    groups: tuple[str, ...] = ()

    def serves(self, group: str | None) -> bool:
        """Whether they are there for the members of this group; None is a member of no group."""
        return not self.groups or group in self.groups


@dataclass(frozen=True, slots=True)
class Crisis:
    """Where a person in a crisis finds people at any hour, as last reviewed by the program's staff."""

    line: Text
    emergency_number: str
    reviewed: date


@dataclass(frozen=True, slots=True)
class Support:
    """How a request for support is escalated.

    `window` is the change-of-mind time, `contact_wait` and `staff_wait` how long a trusted contact and a
    person on call have to answer, `remind_staff` how often staff hear of a request that nobody has taken.
    With `at_once` every contact is asked at the same moment, else one after the other; all of them `repeat`
    times more before staff are. Who has not answered after `call_after` is called; None calls nobody.
    """

    window: timedelta
    contact_wait: timedelta
    staff_wait: timedelta
    remind_staff: timedelta
    at_once: bool
    repeat: int = 0
    call_after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Missed:
    """What follows a missed check-in beyond a reminder: `never`, where members have `chosen` it, or `always`.

    Contacts are never told unless the member chose it.
    """

    call: Literal["never", "chosen", "always"] = "never"
    staff: Literal["never", "always"] = "never"
    contacts: Literal["never", "chosen"] = "never"


@dataclass(frozen=True, slots=True)
class Program:
    """One deployment's program. The first language is the one to fall back on.

    `timezone` is an IANA name, `country` an ISO 3166 region (how phone numbers without a prefix are read).
    `texts` holds every text of `checkin.flow.texts.CATALOGUE`.
    """

    name: str
    languages: tuple[str, ...]
    timezone: str
    country: str
    allowed_hours: Hours
    staff: tuple[Staff, ...]
    crisis: Crisis
    staff_hours: Text
    support: Support
    texts: Mapping[str, Text]
    check_ins: Limits = Limits()
    missed: Missed = Missed()
    invitations: InvitationLimits = field(default_factory=InvitationLimits)
    holidays: frozenset[date] = frozenset()
    """Days on which flows that say `not_on: holidays` do not start."""
    rota: Rota | None = None
    last_resort: tuple[str, ...] = ()
    """Names of the staff who are asked where nobody on duty has answered, or nobody is on duty."""
    fields: Mapping[str, Kind] = field(default_factory=dict)
    """What is kept with each member besides name and language, `group` included where there are groups."""
    groups: Mapping[str, str] = field(default_factory=dict)
    """Groups that members can belong to, and what staff call them."""

    @property
    def known(self) -> Mapping[str, Kind]:
        """Return what texts and conditions know in every flow without asking."""
        return {**FACTS, **self.fields}

    @property
    def on_call(self) -> tuple[Staff, ...]:
        """Return the staff who are told when no trusted contact has answered, without a rota; never empty."""
        return tuple(person for person in self.staff if person.on_call)

    def on_duty(self, at: datetime) -> tuple[Staff, ...]:
        """Return whose turn it is at this moment: everyone on call, or by the rota; it may have a hole."""
        return self.on_call if self.rota is None else self._named(self.rota.on_duty(at))

    @property
    def behind(self) -> tuple[Staff, ...]:
        """Return the last resort behind those on duty; nobody where there is no rota."""
        return self._named(self.last_resort)

    def _named(self, names: tuple[str, ...]) -> tuple[Staff, ...]:
        by_name = {person.name: person for person in self.staff}
        return tuple(by_name[name] for name in names)

    def facts(self, language: str) -> dict[str, Value]:
        """Return the program's facts in this language, as texts and conditions name them."""
        return {
            "program": self.name,
            "language": language,
            "staff_hours": self.staff_hours.render(language, {}),
            "crisis_line": self.crisis.line.render(language, {}),
            "emergency_number": self.crisis.emergency_number,
            "window_minutes": int(self.support.window.total_seconds() // 60),
        }
