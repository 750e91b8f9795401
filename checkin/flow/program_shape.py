"""The shape of `program.yaml`: which keys stand where, and what they may hold."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import Annotated, Literal, Self
from zoneinfo import available_timezones

import phonenumbers
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Discriminator,
    Field,
    Tag,
    WithJsonSchema,
    model_validator,
)

from checkin.flow.days import parse_date
from checkin.flow.guess import did_you_mean
from checkin.flow.parts import (
    Length,
    Name,
    PlainTextShape,
    Shape,
    TimeOfDay,
    Wording,
    Words,
    parse_length,
    refused,
)
from checkin.flow.program import MOST_REPEATS


def _language(value: str) -> str:
    if not re.fullmatch(r"[a-z]{2,3}", value):
        raise refused(f"`{value}` is not the code of a language.", "Write for example en or es.")
    return value


def _zone(value: str) -> str:
    if value not in (zones := available_timezones()):
        near = did_you_mean(value, zones)
        mend = f"Write {near}." if near else "Write for example America/New_York."
        raise refused(f"There is no time zone `{value}`.", mend)
    return value


def _country(value: str) -> str:
    if value not in phonenumbers.SUPPORTED_REGIONS:
        raise refused(f"There is no country `{value}`.", "Write its two capital letters, for example US.")
    return value


def _number(value: object) -> object:
    if isinstance(value, str) and re.fullmatch(r"\+[1-9][0-9]{6,14}", value):
        return value
    mend = 'Write it with + and the country code, in quotation marks: "+12025550104".'
    raise refused("This is not a phone number that can be called from anywhere.", mend)


def _window(value: object) -> object:
    window = timedelta(0) if value == "none" else parse_length(value)
    if window > timedelta(minutes=15):
        raise refused("The change-of-mind time is at most 15 minutes.", "Write for example 5m.")
    return window


def _moment(value: object) -> object:
    if isinstance(value, datetime):
        return value
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}", value):
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            pass
    raise refused("This is not a day and a time.", 'Write for example "2026-12-24 18:00".')


def _emergency(value: object) -> object:
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return str(value)
    return value


Language = Annotated[str, AfterValidator(_language)]
Number = Annotated[
    str, BeforeValidator(_number), WithJsonSchema({"type": "string", "pattern": "^\\+[0-9]+$"})
]


Moment = Annotated[
    datetime,
    BeforeValidator(_moment),
    WithJsonSchema({"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}$"}),
]


class SpanShape(Shape):
    """From when to when."""

    start: TimeOfDay
    """The earliest time: "09:00"."""
    end: TimeOfDay
    """The latest time: "21:00"."""

    @model_validator(mode="after")
    def _forwards(self) -> Self:
        if not self.start < self.end:
            raise refused("The hours end before they begin.", 'For example: start: "09:00", end: "21:00"')
        return self


def _span_or_none(value: object) -> str:
    return "<none>" if isinstance(value, str) else "<span>"


DayHours = Annotated[
    Annotated[Literal["none"], Tag("<none>")] | Annotated[SpanShape, Tag("<span>")],
    Discriminator(_span_or_none),
]


class HoursShape(SpanShape):
    """When check-ins and reminders may leave, on each member's own clock."""

    monday: DayHours | None = None
    """Other hours on Mondays: { start: "12:00", end: "18:00" }, or none."""
    tuesday: DayHours | None = None
    """Other hours on Tuesdays, or none."""
    wednesday: DayHours | None = None
    """Other hours on Wednesdays, or none."""
    thursday: DayHours | None = None
    """Other hours on Thursdays, or none."""
    friday: DayHours | None = None
    """Other hours on Fridays, or none."""
    saturday: DayHours | None = None
    """Other hours on Saturdays, or none."""
    sunday: DayHours | None = None
    """Other hours on Sundays, or none."""

    @property
    def days(self) -> tuple[DayHours | None, ...]:
        """Return what is said about each day, Monday first."""
        return (
            self.monday, self.tuesday, self.wednesday, self.thursday, self.friday, self.saturday, self.sunday
        )  # fmt: skip

    @model_validator(mode="after")
    def _some_day(self) -> HoursShape:
        if all(day == "none" for day in self.days):
            raise refused("No check-in could ever leave.", "Let at least one day have hours.")
        return self


class LimitsShape(Shape):
    """How many check-ins a member gets at most, by all schedules together."""

    a_day: Annotated[int, Field(ge=1, le=10)] = 1
    """On one day of the member's own calendar: 1."""
    a_week: Annotated[int, Field(ge=1, le=70)] = 7
    """On seven days, today being the last: 7."""


class InvitationsShape(Shape):
    """How many invitations to be a trusted contact go out at most, and to which countries."""

    countries: Annotated[list[Annotated[str, AfterValidator(_country)]], Field(min_length=1)] | None = None
    """The countries whose numbers are invited: [US, CA]. Left out: the program's own."""
    contacts: Annotated[int, Field(ge=1, le=5)] = 5
    """How many trusted contacts one member has at most, open invitations among them: 5."""
    member_a_day: Annotated[int, Field(ge=1, le=20)] = 5
    """How many people one member invites in a day: 5."""
    number_a_day: Annotated[int, Field(ge=1, le=5)] = 2
    """How often one number is invited in a day, by whomever: 2."""
    number_a_month: Annotated[int, Field(ge=1, le=30)] = 6
    """How often one number is invited in 30 days, by whomever: 6."""
    country_a_day: Annotated[int, Field(ge=1, le=100_000)] = 200
    """How many invitations go to one country in a day: 200."""


class MissedShape(Shape):
    """What may follow a missed check-in, besides a reminder. All of it is off unless it is said."""

    call: Literal["never", "chosen", "always"] = "never"
    """A phone call: never, for members who chose it, or always (but for those who said no)."""
    staff: Literal["never", "always"] = "never"
    """A task for staff."""
    contacts: Literal["never", "chosen"] = "never"
    """A text to trusted contacts, for members who chose it."""


class StaffPerson(Shape):
    """One of the program's own people."""

    name: Wording
    """The name that members and colleagues read."""
    number: Number
    """The phone number, with + and country code."""
    language: Language | None = None
    """The language in which this person is told; the program's first where it is not said."""
    on_call: bool
    """Whether this person is told of requests that no trusted contact has taken; with a rota, where nobody
    on duty has taken it either."""
    groups: Annotated[list[Name], Field(min_length=1)] | None = None
    """The groups whose members this person is there for, and sees nobody else; left out, it is everybody."""


class CrisisShape(Shape):
    """Where a person in a crisis finds people at any hour. Every program needs this."""

    line: PlainTextShape
    """What to do, as the end of a sentence: "call or text 988"."""
    emergency_number: Annotated[
        str, BeforeValidator(_emergency), WithJsonSchema({"type": ["string", "integer"]})
    ]
    """The country's emergency number: 911."""
    reviewed: Annotated[date, BeforeValidator(parse_date)]
    """The day on which staff last made sure that all this is right."""


class SupportShape(Shape):
    """How a request for support goes from person to person."""

    window: Annotated[timedelta, BeforeValidator(_window), WithJsonSchema({"type": "string"})]
    """How long a member can change their mind: 5m. At most 15m; `none` for no such time."""
    contact_wait: Length
    """How long a trusted contact has to answer: 30m."""
    staff_wait: Length
    """How long a person on call has to answer: 15m."""
    remind_staff: Length
    """How often staff hear of a request that nobody has taken: 15m."""
    at_once: bool = False
    """true: all trusted contacts are asked at the same moment; false: one after the other."""
    repeat: Annotated[int, Field(ge=0, le=MOST_REPEATS)] = 0
    """How many times more the trusted contacts are asked where none has taken it, before staff are: 1."""
    call_after: Length | None = None
    """After how long somebody is called who has not answered the text: 10m. Left out, nobody is called."""


class OverrideShape(Shape):
    """Who is on duty for a while, whatever the calendar says."""

    who: Words
    """A name of the staff, or several."""
    start: Moment
    """From when, on the program's clock: "2026-12-24 18:00"."""
    end: Moment
    """Until when: "2026-12-26 09:00"."""

    @model_validator(mode="after")
    def _forwards(self) -> Self:
        if not self.start < self.end:
            raise refused("This ends before it begins.", "Write the later time as `end:`.")
        return self


class RotaShape(Shape):
    """Who of the staff is on duty when."""

    calendar: Wording
    """The file beside this one that holds the shifts, in the form of calendar programs: rota.ics."""
    overrides: list[OverrideShape] = Field(default_factory=list)
    """What goes before the calendar: holidays, illness, a swap."""
    last_resort: Words | None = None
    """Who is asked where nobody on duty answers, or nobody is; left out, everyone with `on_call: true`."""


def _field_kind(value: str) -> str:
    if value not in FIELD_KINDS:
        near = did_you_mean(value, FIELD_KINDS)
        mend = f"Write {near}." if near else f"Write one of: {', '.join(FIELD_KINDS)}."
        raise refused(f"`{value}` is no kind of field.", mend)
    return value


FIELD_KINDS = ("text", "number", "yes_no", "date", "time")
"""What a member's own field can hold."""

FieldKind = Annotated[str, AfterValidator(_field_kind), WithJsonSchema({"enum": list(FIELD_KINDS)})]


class ProgramShape(Shape):
    """The organisation's whole set-up."""

    program: Wording
    """The program's name, as members read it."""
    languages: Annotated[list[Language], Field(min_length=1)]
    """The languages that members can choose; the first is the one to fall back on."""
    timezone: Annotated[str, AfterValidator(_zone)]
    """The time zone of members who have not told theirs: America/New_York."""
    country: Annotated[str, AfterValidator(_country)]
    """The country whose phone numbers can be written without a prefix: US."""
    allowed_hours: HoursShape
    check_ins: LimitsShape = LimitsShape()
    missed: MissedShape = MissedShape()
    invitations: InvitationsShape = InvitationsShape()
    fields: dict[Name, FieldKind] | None = None
    """What is kept with each member for good, and what it holds: birthday: date. Also text, number, yes_no
    and time."""
    groups: dict[Name, Wording] | None = None
    """Circles or teams that members can belong to, and what staff call each: walkers: Walking circle."""
    holidays: Wording | None = None
    """The file beside this one that holds the holidays, in the form of calendar programs: holidays.ics."""
    staff: Annotated[list[StaffPerson], Field(min_length=1)]
    """The program's own people; at least one is on call."""
    crisis: CrisisShape
    staff_hours: PlainTextShape
    """When a person reads what members write: "weekdays 9 to 5"."""
    support: SupportShape
    rota: RotaShape | None = None


SHAPES: dict[str, type[Shape]] = {
    "allowed_hours": HoursShape, "<span>": SpanShape, "check_ins": LimitsShape,
    "missed": MissedShape, "staff": StaffPerson,
    "invitations": InvitationsShape,
    "crisis": CrisisShape, "support": SupportShape, "rota": RotaShape, "overrides": OverrideShape,
}  # fmt: skip
"""The model that stands at a key of an error's location."""
