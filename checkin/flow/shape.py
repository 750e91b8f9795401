"""The shape of a flow file: which keys stand where, and what they may hold.

These models only describe and check the writing; `checkin.flow.build` makes the runtime model of them. Their
docstrings become the hover texts of an editor (`checkin.flow.schema`). Tags in pointed brackets keep
pydantic's union members apart from YAML keys in an error's location.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from checkin.flow.days import MOST_TIMES, Cron, Day, DayName, Period, Spread
from checkin.flow.model import AlertReason
from checkin.flow.parts import (
    Length,
    Name,
    Scalar,
    Shape,
    TextShape,
    TimeOfDay,
    Wording,
    WordsShape,
    one_or_more,
    refused,
)

KINDS = ("say", "ask", "alert", "somebody_came", "task", "consent", "invite", "set", "measure", "wait", "end")
"""The keys of which every step has exactly one."""

# ---------------------------------------------------------------- triggers


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


class StaffShape(Shape):
    """Started by hand, by staff."""

    staff: Literal[True]


TRIGGERS = ("every", "cron", "keyword", "after_alert", "after_flow", "joined", "staff")


def _first_of(keys: tuple[str, ...], value: object) -> str | None:
    if isinstance(value, dict):
        return next((f"<{key}>" for key in keys if key in value), None)
    return next((f"<{key}>" for key in keys if hasattr(value, key)), None)


def trigger_kind(value: object) -> str | None:
    """Tell triggers apart by the key that they have."""
    return _first_of(TRIGGERS, value)


TriggerShape = Annotated[
    Annotated[EveryShape, Tag("<every>")]
    | Annotated[CronShape, Tag("<cron>")]
    | Annotated[KeywordShape, Tag("<keyword>")]
    | Annotated[AfterAlertShape, Tag("<after_alert>")]
    | Annotated[AfterFlowShape, Tag("<after_flow>")]
    | Annotated[JoinedShape, Tag("<joined>")]
    | Annotated[StaffShape, Tag("<staff>")],
    Discriminator(trigger_kind, custom_error_type="no_trigger", custom_error_message="no trigger"),
]


# ---------------------------------------------------------------- answers

ANSWER_KINDS = ("scale", "number", "yes_no", "choice", "text", "phone")


class AnswerShape(Shape):
    """What a question accepts, and the name under which the answer is kept."""

    scale: Annotated[list[int], Field(min_length=2, max_length=2)] | None = None
    """A number from the first to the second, both included: [1, 5]."""
    number: Annotated[list[int], Field(min_length=2, max_length=2)] | None = None
    """A number that is counted or measured, between these two: [0, 24]."""
    yes_no: Literal[True] | None = None
    """Yes or no, in any wording."""
    choice: Annotated[dict[Name, WordsShape], Field(min_length=2)] | None = None
    """One of several; each has a name and the words that mean it."""
    text: Literal[True] | None = None
    """Anything that the member writes."""
    phone: Literal[True] | None = None
    """A phone number."""
    save_as: Name | None = None
    """The name under which the answer is kept: texts use it as {name}, conditions as name."""

    @property
    def kind(self) -> str:
        """Return which of the kinds this is."""
        return next(kind for kind in ANSWER_KINDS if getattr(self, kind) is not None)

    @model_validator(mode="after")
    def _exactly_one(self) -> AnswerShape:
        count = sum(getattr(self, kind) is not None for kind in ANSWER_KINDS)
        if count != 1:
            message = (
                "An answer is of one kind." if count else "It does not say which answers are understood."
            )
            raise refused(message, "Use one of: " + ", ".join(ANSWER_KINDS) + ".")
        for ends in (self.scale, self.number):
            if ends and not ends[0] < ends[1]:
                raise refused("The first number has to be smaller than the second.", "For example: [1, 5]")
        if self.scale and self.scale[1] - self.scale[0] > 100:
            raise refused("A scale has at most 100 steps.", "Use `number:` instead of `scale:`.")
        return self


def _answer_kind(value: object) -> str:
    return "<word>" if isinstance(value, str) else "<answer>"


AnswerForm = Annotated[
    Annotated[Literal["yes_no", "text", "phone"], Tag("<word>")] | Annotated[AnswerShape, Tag("<answer>")],
    Discriminator(_answer_kind),
]


# ---------------------------------------------------------------- steps


class BranchShape(Shape):
    """One way on; the first whose condition holds is taken."""

    condition: str | None = Field(default=None, alias="if")
    """A comparison: mood <= 2 and has_contact. The last branch has none."""
    go: str
    """The step that comes next."""


class RungShape(Shape):
    """What happens when no reply has come for so long."""

    after: Length
    """How long after the question was sent."""
    say: TextShape | None = None
    """A gentle reminder."""
    call: Literal["this_step"] | None = None
    """Ask the same question again by phone."""
    go: str | None = None
    """Stop waiting and go to this step. The last one of a question has to do this."""


class StepShape(Shape):
    """What every step that goes on can say about where to."""

    go: str | None = None
    """The step that comes next."""
    then: Annotated[list[BranchShape], Field(min_length=1)] | None = None
    """The ways on; the first whose `if` holds is taken, the last has no `if`."""


class SayShape(StepShape):
    """Says something and goes on."""

    say: TextShape
    """What is said, in each language."""


class AskShape(StepShape):
    """Asks a question and waits for the answer."""

    ask: TextShape
    """The question, in each language."""
    answer: AnswerForm
    """Which answers are understood."""
    no_reply: Annotated[list[RungShape], Field(min_length=1)] | None = None
    """What happens when nobody answers, step by step; the last one goes on without an answer."""
    unclear: TextShape | None = None
    """What is said once when the answer was not understood, instead of the program's own text."""


class AlertShape(StepShape):
    """Asks for a person: trusted contacts first, then staff."""

    alert: AlertReason
    """Why: asked, low, crisis, missed or nobody_came."""


class SomebodyCameShape(StepShape):
    """Closes the request for support that a person took, because the member says that somebody came."""

    somebody_came: Literal[True]


class TaskParts(Shape):
    """A thing to do for staff."""

    kind: Name
    """What kind of thing, in one word."""
    note: Wording
    """What staff read, in the program's first language."""


class TaskShape(StepShape):
    """Puts something on the staff's list."""

    task: TaskParts


class ConsentParts(Shape):
    """What was agreed to."""

    given: bool
    """true if the member agreed, false if not."""
    asked_in: str
    """The step whose question the member answered; its wording is kept, word for word."""
    about: Literal["check_ins"] = "check_ins"
    """What the question was about."""


class ConsentShape(StepShape):
    """Records that a member agreed, or did not."""

    consent: ConsentParts


class InviteParts(Shape):
    """Whom to invite: the names under which a text and a phone number were kept."""

    name: str
    number: str


class InviteShape(StepShape):
    """Invites a trusted contact, who has to agree before anything else."""

    invite: InviteParts


class SetShape(StepShape):
    """Keeps fixed values under names."""

    set: Annotated[dict[Name, Scalar], Field(min_length=1)]


class MeasureShape(StepShape):
    """Asks a ready measure, one item at a time, and computes its score."""

    measure: Literal["who5", "phq2", "phq4", "gad2", "ucla3", "mood"]
    """Which measure: who5, phq2, phq4, gad2, ucla3 or mood."""
    no_reply: Annotated[list[RungShape], Field(min_length=1)] | None = None
    """What happens when an item is not answered; the answers so far are kept."""


class WaitShape(StepShape):
    """Waits, then goes on."""

    wait: Length
    """How long: 2d."""


class EndShape(Shape):
    """Ends the conversation."""

    end: Name
    """How it ended, in one word: done."""


def step_kind(value: object) -> str | None:
    """Tell steps apart by the one key that says what they do."""
    return _first_of(KINDS, value)


AnyStep = Annotated[
    Annotated[SayShape, Tag("<say>")]
    | Annotated[AskShape, Tag("<ask>")]
    | Annotated[AlertShape, Tag("<alert>")]
    | Annotated[SomebodyCameShape, Tag("<somebody_came>")]
    | Annotated[TaskShape, Tag("<task>")]
    | Annotated[ConsentShape, Tag("<consent>")]
    | Annotated[InviteShape, Tag("<invite>")]
    | Annotated[SetShape, Tag("<set>")]
    | Annotated[MeasureShape, Tag("<measure>")]
    | Annotated[WaitShape, Tag("<wait>")]
    | Annotated[EndShape, Tag("<end>")],
    Discriminator(step_kind, custom_error_type="no_kind", custom_error_message="no kind"),
]


class FlowShape(Shape):
    """One conversation."""

    flow: Name
    """The flow's own name; no other flow of the program has it."""
    title: Wording
    """What staff call it."""
    start: Annotated[list[TriggerShape], Field(min_length=1)]
    """What starts it: one or more of every + at, cron, keyword, after_alert, joined, staff."""
    steps: Annotated[dict[Name, AnyStep], Field(min_length=1)]
    """The steps by name; the conversation begins with the first."""
    check_in: bool | None = None
    """Whether the program begins this conversation, so that allowed hours and the daily limit apply. Where it
    is not said: true, unless members start it with a keyword or by joining."""


SHAPES: dict[str, type[Shape]] = {
    "<every>": EveryShape, "<cron>": CronShape, "<keyword>": KeywordShape, "<after_alert>": AfterAlertShape,
    "<after_flow>": AfterFlowShape, "<joined>": JoinedShape, "<staff>": StaffShape, "<answer>": AnswerShape,
    "<say>": SayShape, "<ask>": AskShape, "<alert>": AlertShape, "<somebody_came>": SomebodyCameShape,
    "<task>": TaskShape,
    "<consent>": ConsentShape, "<invite>": InviteShape, "<set>": SetShape, "<measure>": MeasureShape,
    "<wait>": WaitShape,
    "<end>": EndShape, "then": BranchShape, "no_reply": RungShape, "task": TaskParts,
    "consent": ConsentParts, "invite": InviteParts,
}  # fmt: skip
"""The model that stands at a tag or key of an error's location, for naming the keys that exist there."""
