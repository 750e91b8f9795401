"""The shape of a flow file: which keys stand where, and what they may hold.

These models only describe and check the writing; `checkin.flow.build` makes the runtime model of them. Their
docstrings become the hover texts of an editor (`checkin.flow.schema`). Tags in pointed brackets keep
pydantic's union members apart from YAML keys in an error's location.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Discriminator, Field, Tag, field_validator, model_validator

from checkin.flow.answer_shape import AnswerForm, AnswerShape
from checkin.flow.days import WEEKDAYS, at_when, until_when
from checkin.flow.model import AlertReason
from checkin.flow.parts import Length, Name, PluralShape, Scalar, Shape, TextShape, Wording, first_of, refused
from checkin.flow.trigger_shape import SHAPES as TRIGGER_SHAPES
from checkin.flow.trigger_shape import TriggerShape

KINDS = (
    "say", "ask", "alert", "somebody_came", "task", "consent", "invite", "set", "measure", "wait", "repeat",
    "run", "end",
)  # fmt: skip
"""The keys of which every step has exactly one."""


class BranchShape(Shape):
    """One way on; the first whose condition holds is taken."""

    condition: str | None = Field(default=None, alias="if")
    """A comparison: mood <= 2 and has_contact. The last branch has none."""
    go: str
    """The step that comes next."""


class TaskParts(Shape):
    """A thing to do for staff."""

    kind: Name
    """What kind of thing, in one word."""
    note: Wording
    """What staff read, in the program's first language."""


class RungShape(Shape):
    """What happens when no reply has come for so long."""

    after: Length
    """How long after the question was sent."""
    say: TextShape | None = None
    """A gentle reminder."""
    call: Literal["this_step"] | None = None
    """Ask the same question again by phone."""
    condition: str | None = Field(default=None, alias="if")
    """Only where this holds: missed_call."""
    task: TaskParts | None = None
    """A thing to do for staff."""
    tell: Literal["contacts"] | None = None
    """Let the trusted contacts know whom the member chose for missed check-ins."""
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
    skip: str | None = None
    """Where SKIP goes on: the member would rather not say. Left out, SKIP is not understood."""
    unclear: TextShape | None = None
    """What is said once when the answer was not understood, instead of the program's own text."""


class AlertShape(StepShape):
    """Asks for a person: trusted contacts first, then staff."""

    alert: AlertReason
    """Why: asked, low, crisis, missed or nobody_came."""


class SomebodyCameShape(StepShape):
    """Closes the request for support that a person took, because the member says that somebody came."""

    somebody_came: Literal[True]


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
    """What is kept under which name. A date may be `today`."""


class MeasureShape(StepShape):
    """Asks a ready measure, one item at a time, and computes its score."""

    measure: Literal["who5", "phq2", "phq4", "gad2", "ucla3", "mood"]
    """Which measure: who5, phq2, phq4, gad2, ucla3 or mood."""
    no_reply: Annotated[list[RungShape], Field(min_length=1)] | None = None
    """What happens when an item is not answered; the answers so far are kept."""
    skip: Literal["one"] | None = None
    """`one`: SKIP leaves one question out; there is no score then."""


class UntilShape(Shape):
    """Until when it waits, on the member's own clock."""

    until: Annotated[str, AfterValidator(until_when)]
    """A time of day ("18:00"), a day (friday, 2027-01-04), or the name under which a day is kept."""
    at: Annotated[str, AfterValidator(at_when)] | None = None
    """The time on that day: "09:00", or the name under which a time of day is kept."""
    before: Length | None = None
    """How much earlier than that: 2h."""

    @model_validator(mode="after")
    def _one_time(self) -> UntilShape:
        if (":" in self.until) == (self.at is not None):
            day = "A day needs a time of day, too." if self.at is None else "There are two times of day here."
            raise refused(day, 'Write for example until: friday, at: "09:00", or until: "18:00".')
        return self


def _wait_kind(value: object) -> str:
    return "<until>" if isinstance(value, dict | UntilShape) else "<length>"


class WaitShape(StepShape):
    """Waits, then goes on."""

    wait: Annotated[
        Annotated[Length, Tag("<length>")] | Annotated[UntilShape, Tag("<until>")],
        Discriminator(_wait_kind),
    ]
    """How long: 2d. Or until when: { until: friday, at: "09:00" }."""

    @field_validator("wait", mode="before")
    @classmethod
    def _is_a_day(cls, value: object) -> object:
        """Tell of a day in the place of a length of time: `wait: friday`."""
        day = value.lower().split()[-1:] if isinstance(value, str) else []
        if day and day[0] in WEEKDAYS:
            raise refused("A day is no length of time.", f'wait: {{ until: {day[0]}, at: "09:00" }}')
        return value


class RepeatShape(StepShape):
    """Goes back to an earlier step, but not for ever."""

    repeat: str
    """The step that comes again."""
    at_most: Annotated[int, Field(ge=1, le=20)]
    """How often it can come again; after that this step goes on."""


class RunShape(StepShape):
    """Goes through another flow, and then on from here."""

    run: Name
    """The other flow's name."""


class EndShape(Shape):
    """Ends the conversation."""

    end: Name
    """How it ended, in one word: done."""


def step_kind(value: object) -> str | None:
    """Tell steps apart by the one key that says what they do."""
    return first_of(KINDS, value)


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
    | Annotated[RepeatShape, Tag("<repeat>")]
    | Annotated[RunShape, Tag("<run>")]
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
    group: Name | None = None
    """Only for members of this group; for everybody where it is not said."""
    unlinked: Literal[True] | None = None
    """true: answers are only counted, for all who answer together, and not kept with whoever gave them."""
    check_in: bool | None = None
    """Whether the program begins this conversation, so that allowed hours and the daily limit apply. Where it
    is not said: true, unless members start it with a keyword or by joining."""


SHAPES: dict[str, type[Shape]] = {
    **TRIGGER_SHAPES, "<answer>": AnswerShape, "<plural>": PluralShape, "<until>": UntilShape,
    "<say>": SayShape, "<ask>": AskShape, "<alert>": AlertShape, "<somebody_came>": SomebodyCameShape,
    "<task>": TaskShape,
    "<consent>": ConsentShape, "<invite>": InviteShape, "<set>": SetShape, "<measure>": MeasureShape,
    "<wait>": WaitShape, "<repeat>": RepeatShape, "<run>": RunShape,
    "<end>": EndShape, "then": BranchShape, "no_reply": RungShape, "task": TaskParts,
    "consent": ConsentParts, "invite": InviteParts,
}  # fmt: skip
"""The model that stands at a tag or key of an error's location, for naming the keys that exist there."""
