"""The shape of what starts a flow: which keys stand where, and what they may hold.

Knows how starts are written; `checkin.flow.triggers` reads them.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, Discriminator, Field, Tag, model_validator

from checkin.flow.days import MOST_TIMES, Cron, Day, DayName, Period, Spread
from checkin.flow.parts import Length, Name, Shape, TimeOfDay, WordsShape, first_of, one_or_more, refused


class ScheduleShape(Shape):
    """What every schedule can say about its first and last day, and about days to leave out."""

    begins: Day | None = Field(default=None, alias="from")
    """The first day: 2027-01-04. Weeks and `times` count from here."""
    until: Day | None = None
    """The last day: 2027-06-30."""
    times: Annotated[int, Field(ge=1, le=MOST_TIMES)] | None = None
    """How many times in all; needs `from`."""
    not_on: Literal["holidays"] | None = None
    """`holidays`: not on the days of the program's holiday file."""
    spread: Spread | None = None
    """Up to how much earlier or later each member is asked, so that it looks less like a machine: 15m."""

    @model_validator(mode="after")
    def _sensible(self) -> ScheduleShape:
        if self.times is not None and self.begins is None:
            raise refused("`times` needs a first day to count from.", "Add: from: 2027-01-04")
        if self.begins is not None and self.until is not None and self.until < self.begins:
            raise refused("It ends before it begins.", "Write a later day after `until`.")
        return self


class EveryShape(ScheduleShape):
    """Starts at a time of day, on the member's own clock."""

    every: Annotated[
        Annotated[Period, Tag("<one>")] | Annotated[list[DayName], Tag("<more>"), Field(min_length=1)],
        Discriminator(one_or_more),
    ]
    """`day`, `weekday` (Monday to Friday), a day's name, a list of days, `first monday` (of the month; also
    second, third, fourth, last), or `2 weeks`."""
    on: (
        Annotated[
            Annotated[DayName, Tag("<one>")] | Annotated[list[DayName], Tag("<more>"), Field(min_length=1)],
            Discriminator(one_or_more),
        ]
        | None
    ) = None
    """The day or days of the week, after `every: 2 weeks`."""
    at: TimeOfDay
    """The time, 24 hours: "17:30"."""

    @model_validator(mode="after")
    def _on_days(self) -> EveryShape:
        of_weeks = isinstance(self.every, str) and self.every.endswith("weeks")
        if of_weeks and self.on is None:
            raise refused("It is not said on which day of the week.", "Add: on: monday")
        if not of_weeks and self.on is not None:
            raise refused("`on` belongs to weeks: every: 2 weeks.", "Write the days after `every`.")
        return self


class CronShape(ScheduleShape):
    """Starts by a line of cron, on the member's own clock; for those who know it."""

    cron: Cron
    """Minute, hour, day of month, month, day of week: "30 9 1,15 * *"."""


class KeywordShape(Shape):
    """Starts when a member texts this word."""

    keyword: WordsShape
    """The word, or words, or the words of each language."""


class AfterAlertShape(Shape):
    """Starts so long after somebody said "I've got this" about a request of the member."""

    after_alert: Length
    """How long after: 24h."""


class AfterFlowShape(Shape):
    """Starts when the member has come to the end of another conversation."""

    after_flow: Name
    """The other flow's name."""
    ended: (
        Annotated[
            Annotated[Name, Tag("<one>")] | Annotated[list[Name], Tag("<more>"), Field(min_length=1)],
            Discriminator(one_or_more),
        ]
        | None
    ) = None
    """Only where it ended with this word, or one of these: missed."""
    wait: Length | None = None
    """How long after: 2h. Where it is not said: at once."""


class JoinedShape(Shape):
    """Starts when a person has agreed to check-ins."""

    joined: Literal[True]


def _days(value: timedelta) -> timedelta:
    if value % timedelta(days=1):
        raise refused("Only whole days are possible here.", "Write for example 1d or 2w.")
    return value


DayLength = Annotated[Length, AfterValidator(_days)]


class MemberDateShape(Shape):
    """Starts on a date of the member's own: each year, or so many days after it."""

    member_date: Name
    """The field that holds the date (birthday), or `joined`."""
    at: TimeOfDay
    """The time, 24 hours, on the member's own clock: "10:00"."""
    wait: (
        Annotated[
            Annotated[DayLength, Tag("<one>")]
            | Annotated[list[DayLength], Tag("<more>"), Field(min_length=1, max_length=100)],
            Discriminator(one_or_more),
        ]
        | None
    ) = None
    """How long after that date, once: 1d, or a list of such. Where it is not said: on it, each year."""


class ByFlowShape(Shape):
    """Never starts by itself; other flows run it."""

    by_flow: Literal[True]


class UnansweredShape(Shape):
    """Starts when so many check-ins in a row were not answered."""

    unanswered: Annotated[int, Field(ge=1, le=50)]
    """How many: 6."""


class SilentShape(Shape):
    """Starts when nothing has come from the member's number for so long."""

    silent_for: Length
    """How long: 180d."""


class StaffShape(Shape):
    """Started by hand, by staff."""

    staff: Literal[True]


TRIGGERS = (
    "every",
    "cron",
    "keyword",
    "after_alert",
    "after_flow",
    "joined",
    "member_date",
    "by_flow",
    "unanswered",
    "silent_for",
    "staff",
)


def trigger_kind(value: object) -> str | None:
    """Tell triggers apart by the key that they have."""
    return first_of(TRIGGERS, value)


TriggerShape = Annotated[
    Annotated[EveryShape, Tag("<every>")]
    | Annotated[CronShape, Tag("<cron>")]
    | Annotated[KeywordShape, Tag("<keyword>")]
    | Annotated[AfterAlertShape, Tag("<after_alert>")]
    | Annotated[AfterFlowShape, Tag("<after_flow>")]
    | Annotated[JoinedShape, Tag("<joined>")]
    | Annotated[MemberDateShape, Tag("<member_date>")]
    | Annotated[ByFlowShape, Tag("<by_flow>")]
    | Annotated[UnansweredShape, Tag("<unanswered>")]
    | Annotated[SilentShape, Tag("<silent_for>")]
    | Annotated[StaffShape, Tag("<staff>")],
    Discriminator(trigger_kind, custom_error_type="no_trigger", custom_error_message="no trigger"),
]

SHAPES: dict[str, type[Shape]] = {
    "<every>": EveryShape, "<cron>": CronShape, "<keyword>": KeywordShape, "<after_alert>": AfterAlertShape,
    "<after_flow>": AfterFlowShape, "<joined>": JoinedShape, "<member_date>": MemberDateShape,
    "<by_flow>": ByFlowShape, "<unanswered>": UnansweredShape, "<silent_for>": SilentShape,
    "<staff>": StaffShape,
}  # fmt: skip
"""The model that stands at a tag of an error's location."""
