"""The shape of a flow file: which keys stand where, and what they may hold.

These models only describe and check the writing; `checkin.flow.build` makes the runtime model of them. Their
docstrings become the hover texts of an editor (`checkin.flow.schema`). Tags in pointed brackets keep
pydantic's union members apart from YAML keys in an error's location.
"""

from __future__ import annotations

import keyword
import re
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from checkin.flow.model import AlertReason

KINDS = ("say", "ask", "alert", "task", "consent", "invite", "set", "wait", "end")
"""The keys of which every step has exactly one."""

_LENGTH = re.compile(r"(?:(\d{1,3})w)?(?:(\d{1,3})d)?(?:(\d{1,3})h)?(?:(\d{1,4})m)?")


class Shape(BaseModel):
    """What all parts of a file have in common: no unknown key, no guessing of types."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, use_attribute_docstrings=True)


def refused(message: str, mend: str) -> PydanticCustomError:
    """Return an error with its mend, in our own words."""
    return PydanticCustomError("plain", "{message}", {"message": message, "mend": mend})


def parse_length(value: object) -> timedelta:
    """Return a length of time written like 30m, 3h, 2d or 1d12h; raise an error in plain words."""
    if isinstance(value, timedelta):
        return value
    found = _LENGTH.fullmatch(value.replace(" ", "")) if isinstance(value, str) else None
    if found is None or not any(found.groups()):
        raise refused("This is not a length of time.", "Write for example 30m, 3h, 2d or 1d12h.")
    weeks, days, hours, minutes = (int(part or 0) for part in found.groups())
    length = timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes)
    if not timedelta(0) < length <= timedelta(days=400):
        raise refused("This length of time is nothing, or more than a year.", "Write for example 3h or 2d.")
    return length


def _name(value: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", value) or keyword.iskeyword(value):
        mend = "Use small letters, digits and _, and begin with a letter: for example first_name."
        raise refused(f"`{value}` cannot be used as a name.", mend)
    return value


def _at(value: str) -> str:
    if not re.fullmatch(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]", value):
        raise refused("This is not a time of day.", 'Write hours and minutes, 24 hours: for example "17:30".')
    return value


def _scalar(value: object) -> object:
    if isinstance(value, dict | list):
        raise refused("One value is expected here.", "Write a text, a number, true, false or null.")
    return value


def _some_text(value: str) -> str:
    if not value.strip():
        raise refused("This text is empty.", "Write what is to be said.")
    return value


Length = Annotated[
    timedelta,
    BeforeValidator(parse_length),
    WithJsonSchema({"type": "string", "pattern": r"^ *(\d+w)? *(\d+d)? *(\d+h)? *(\d+m)? *$"}),
]
Name = Annotated[
    str, AfterValidator(_name), WithJsonSchema({"type": "string", "pattern": "^[a-z][a-z0-9_]*$"})
]
TimeOfDay = Annotated[
    str, AfterValidator(_at), WithJsonSchema({"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$"})
]
Scalar = Annotated[
    Any,
    AfterValidator(_scalar),
    WithJsonSchema({"type": ["string", "number", "boolean", "null"]}),
]
Wording = Annotated[str, AfterValidator(_some_text)]


def one_or_each(value: object) -> str:
    """Tell a single text from a text for each language."""
    return "<each>" if isinstance(value, dict) else "<one>"


TextShape = Annotated[
    Annotated[Wording, Tag("<one>")] | Annotated[dict[str, Wording], Tag("<each>")],
    Discriminator(one_or_each),
]
"""A text in each language (`en: …`, `es: …`); in a program with one language, just the text."""


def one_or_more(value: object) -> str:
    """Tell a single word from a list of words."""
    return "<more>" if isinstance(value, list) else "<one>"


Words = Annotated[
    Annotated[Wording, Tag("<one>")] | Annotated[list[Wording], Tag("<more>"), Field(min_length=1)],
    Discriminator(one_or_more),
]
"""One word, or a list of words that mean the same."""


def _words_kind(value: object) -> str:
    return "<each>" if isinstance(value, dict) else "<words>"


WordsShape = Annotated[
    Annotated[Words, Tag("<words>")] | Annotated[dict[str, Words], Tag("<each>")],
    Discriminator(_words_kind),
]
"""Words in each language; or, where they are the same in all languages, just the words."""


# ---------------------------------------------------------------- triggers

Day = Literal[
    "day", "weekday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"
]  # fmt: skip


def _day_kind(value: object) -> str:
    return "<more>" if isinstance(value, list) else "<one>"


class EveryShape(Shape):
    """Starts at a time of day, on the member's own clock."""

    every: Annotated[
        Annotated[Day, Tag("<one>")] | Annotated[list[Day], Tag("<more>"), Field(min_length=1)],
        Discriminator(_day_kind),
    ]
    """`day`, `weekday` (Monday to Friday), a day's name, or a list of days."""
    at: TimeOfDay
    """The time, 24 hours: "17:30"."""


class KeywordShape(Shape):
    """Starts when a member texts this word."""

    keyword: WordsShape
    """The word, or words, or the words of each language."""


class AfterAlertShape(Shape):
    """Starts so long after somebody said "I've got this" about a request of the member."""

    after_alert: Length
    """How long after: 24h."""


class JoinedShape(Shape):
    """Starts when a person has agreed to check-ins."""

    joined: Literal[True]


class StaffShape(Shape):
    """Started by hand, by staff."""

    staff: Literal[True]


TRIGGERS = ("every", "keyword", "after_alert", "joined", "staff")


def _first_of(keys: tuple[str, ...], value: object) -> str | None:
    if isinstance(value, dict):
        return next((f"<{key}>" for key in keys if key in value), None)
    return next((f"<{key}>" for key in keys if hasattr(value, key)), None)


def trigger_kind(value: object) -> str | None:
    """Tell triggers apart by the key that they have."""
    return _first_of(TRIGGERS, value)


TriggerShape = Annotated[
    Annotated[EveryShape, Tag("<every>")]
    | Annotated[KeywordShape, Tag("<keyword>")]
    | Annotated[AfterAlertShape, Tag("<after_alert>")]
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
    | Annotated[TaskShape, Tag("<task>")]
    | Annotated[ConsentShape, Tag("<consent>")]
    | Annotated[InviteShape, Tag("<invite>")]
    | Annotated[SetShape, Tag("<set>")]
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
    """What starts it: one or more of every + at, keyword, after_alert, joined, staff."""
    steps: Annotated[dict[Name, AnyStep], Field(min_length=1)]
    """The steps by name; the conversation begins with the first."""
    check_in: bool | None = None
    """Whether the program begins this conversation, so that allowed hours and the daily limit apply. Where it
    is not said: true, unless members start it with a keyword or by joining."""


SHAPES: dict[str, type[Shape]] = {
    "<every>": EveryShape, "<keyword>": KeywordShape, "<after_alert>": AfterAlertShape,
    "<joined>": JoinedShape, "<staff>": StaffShape, "<answer>": AnswerShape,
    "<say>": SayShape, "<ask>": AskShape, "<alert>": AlertShape, "<task>": TaskShape,
    "<consent>": ConsentShape, "<invite>": InviteShape, "<set>": SetShape, "<wait>": WaitShape,
    "<end>": EndShape, "then": BranchShape, "no_reply": RungShape, "task": TaskParts,
    "consent": ConsentParts, "invite": InviteParts,
}  # fmt: skip
"""The model that stands at a tag or key of an error's location, for naming the keys that exist there."""
