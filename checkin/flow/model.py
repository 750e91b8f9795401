"""A flow as the engine reads it: checked, complete and immutable.

`checkin.flow.load` makes these from YAML. A `Flow` that exists has passed the checker: every `go` names a
step, every text exists in every language of the program, every wait has a timeout.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import timedelta
from typing import Literal

from checkin.flow.template import NO_VALUES, Template, Text, Value, Values
from checkin.timing.schedule import Rule

__all__ = [
    "JOINED",
    "NO_VALUES",
    "AddTask",
    "AfterAlertTrigger",
    "AfterFlowTrigger",
    "AlertReason",
    "Answer",
    "AnswerKind",
    "Ask",
    "Branch",
    "ByFlowTrigger",
    "Condition",
    "End",
    "Flow",
    "Invite",
    "JoinedTrigger",
    "KeywordTrigger",
    "MemberDateTrigger",
    "RaiseAlert",
    "RecordConsent",
    "ResolveAlert",
    "Run",
    "Rung",
    "Say",
    "ScheduleTrigger",
    "Score",
    "Set",
    "SilentTrigger",
    "StaffTrigger",
    "Step",
    "Sum",
    "Template",
    "Text",
    "Trigger",
    "UnansweredTrigger",
    "Until",
    "Value",
    "Values",
    "Wait",
    "written_as",
]  # fmt: skip

AnswerKind = Literal["scale", "yes_no", "choice", "text", "number", "phone", "date", "time"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a question accepts.

    `low` and `high` are the ends of a scale or a number, both included. `choices` maps a choice's name to
    the words that mean it, per language. `save_as` is the name under which the result is kept; results named
    like a member's own field (`first_name`, `language`, `channel`) are kept with the member as well.
    """

    kind: AnswerKind
    save_as: str | None = None
    low: int | None = None
    high: int | None = None
    choices: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    skips: bool = False
    """Whether SKIP is understood: the member would rather not say."""
    means: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    """Words of this question's own for a number, or for `yes` and `no`, per language."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A compiled condition and its source, e.g. `mood <= 2 and has_contact`."""

    source: str
    test: Callable[[Values], bool]
    names: frozenset[str]


@dataclass(frozen=True, slots=True)
class Branch:
    """Go to `go` if `condition` holds; a branch without a condition always holds and comes last."""

    condition: Condition | None
    go: str


@dataclass(frozen=True, slots=True)
class Rung:
    """One rung of a question's no-reply ladder. `after` counts from when the question was sent.

    A rung whose `condition` does not hold when it is due is left out. `task` is one for staff, and
    `tell_contacts` lets the trusted contacts know whom the member chose for that.
    """

    after: timedelta
    say: Text | None = None
    call: bool = False
    go: str | None = None
    condition: Condition | None = None
    task: Todo | None = None
    tell_contacts: bool = False


@dataclass(frozen=True, slots=True)
class Todo:
    """What a rung puts on the staff's list."""

    kind: str
    note: Template


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask a question and wait. `unclear` replaces the shared gentle re-ask when the flow gives its own."""

    name: str
    text: Text
    answer: Answer
    then: tuple[Branch, ...]
    no_reply: tuple[Rung, ...]
    unclear: Text | None = None
    skip: str | None = None
    """Where it goes on when the member would rather not say; only known where SKIP is understood."""


@dataclass(frozen=True, slots=True)
class Say:
    """Say something and go on."""

    name: str
    text: Text
    then: tuple[Branch, ...]


AlertReason = Literal["asked", "low", "crisis", "missed", "nobody_came"]


@dataclass(frozen=True, slots=True)
class RaiseAlert:
    """Raise an alert: a change-of-mind window, then the member's trusted contacts, then staff."""

    name: str
    reason: AlertReason
    then: tuple[Branch, ...]


@dataclass(frozen=True, slots=True)
class ResolveAlert:
    """Somebody came: close the member's alert that a person took. In YAML: `somebody_came: true`."""

    name: str
    then: tuple[Branch, ...]


@dataclass(frozen=True, slots=True)
class AddTask:
    """Put something on the staff's list. `note` is for staff, in the program's first language."""

    name: str
    kind: str
    note: Template
    then: tuple[Branch, ...]


@dataclass(frozen=True, slots=True)
class RecordConsent:
    """Record that the member agreed (or not) to what the question in step `asked_in` said, word for word."""

    name: str
    about: Literal["check_ins"]
    given: bool
    asked_in: str
    then: tuple[Branch, ...]


@dataclass(frozen=True, slots=True)
class Invite:
    """Invite a trusted contact whose name and phone number are results of this run."""

    name: str
    contact_name: str
    contact_number: str
    then: tuple[Branch, ...]


@dataclass(frozen=True, slots=True)
class Set:
    """Set results or member's fields to fixed values; those in `today` to the day that it is."""

    name: str
    values: Values
    then: tuple[Branch, ...]
    today: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Until:
    """A moment on the member's own clock.

    `day` is a date (`2027-01-14`), a day's name (`friday`), the name of a result or field that holds a date,
    or None for whichever day comes next. `at` is a time of day, or the name of one that is kept. `before` is
    how much earlier.
    """

    at: str
    day: str | None = None
    before: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Wait:
    """Wait for a length of time, or until a moment, then go on."""

    name: str
    length: timedelta | Until
    then: tuple[Branch, ...]


@dataclass(frozen=True, slots=True)
class Run:
    """Begin the flow `flow` here: its steps stand in this one (`checkin.flow.inline`) and come back to it."""

    name: str
    flow: str
    then: tuple[Branch, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """Go back to `back_to`, at most so many times; then go on."""

    name: str
    back_to: str
    at_most: int
    then: tuple[Branch, ...]


@dataclass(frozen=True, slots=True)
class End:
    """End the run."""

    name: str
    outcome: str


@dataclass(frozen=True, slots=True)
class Sum:
    """The sum of some results, times `factor`, kept under `name`."""

    name: str
    items: tuple[str, ...]
    factor: int


@dataclass(frozen=True, slots=True)
class Score:
    """Compute a measure's score from the answers to its items, and how it changed since the last time.

    The first of `sums` is the whole score. In YAML it is the end of a step `measure: who5`.
    """

    name: str
    measure: str
    sums: tuple[Sum, ...]
    then: tuple[Branch, ...]


Step = (
    Ask
    | Say
    | RaiseAlert
    | ResolveAlert
    | AddTask
    | RecordConsent
    | Invite
    | Set
    | Score
    | Wait
    | Repeat
    | Run
    | End
)


def written_as(step: str) -> str:
    """Return the name of the step in the file that this step of the model was made from."""
    return step.partition(" ")[0]


@dataclass(frozen=True, slots=True)
class ScheduleTrigger:
    """Start by a rule on the member's own clock; each member up to `spread` earlier or later."""

    rule: Rule
    spread: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class KeywordTrigger:
    """Start when a text is this word, in any language of the program. Lower case, no accents needed.

    `languages` says in which language a word was written, where the flow says so: a stranger who begins with
    it is answered in that language.
    """

    words: frozenset[str]
    languages: Mapping[str, str] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class AfterAlertTrigger:
    """Start this long after somebody took an alert of the member."""

    delay: timedelta


@dataclass(frozen=True, slots=True)
class AfterFlowTrigger:
    """Start this long after the member came to the end of another flow.

    `ended` are the words with which it must have ended; where there are none, any end of its own will do.
    """

    flow: str
    ended: frozenset[str] = frozenset()
    delay: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class JoinedTrigger:
    """Start when a member has agreed to check-ins."""


JOINED = "joined"
"""In a `MemberDateTrigger`, the day on which the member agreed to check-ins."""


@dataclass(frozen=True, slots=True)
class MemberDateTrigger:
    """Start at a time of day that belongs to a date of the member: each year, or so many days after it."""

    field: str
    at: str
    after_days: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class ByFlowTrigger:
    """Only ever run by other flows."""


@dataclass(frozen=True, slots=True)
class UnansweredTrigger:
    """Start when so many scheduled check-ins in a row were not answered."""

    times: int


@dataclass(frozen=True, slots=True)
class SilentTrigger:
    """Start when nothing has come from the member's number for so long."""

    length: timedelta


@dataclass(frozen=True, slots=True)
class StaffTrigger:
    """Started by staff."""


Trigger = (
    ScheduleTrigger
    | KeywordTrigger
    | AfterAlertTrigger
    | AfterFlowTrigger
    | JoinedTrigger
    | MemberDateTrigger
    | ByFlowTrigger
    | UnansweredTrigger
    | SilentTrigger
    | StaffTrigger
)


@dataclass(frozen=True, slots=True)
class Flow:
    """One conversation: one published, immutable version of a flow.

    `version` counts from 1; 0 is a draft that was never published. `source` is the YAML that it was read
    from, so that a stored version can be loaded again years later.
    """

    name: str
    title: str
    version: int
    start: tuple[Trigger, ...]
    steps: Mapping[str, Step]
    first: str
    source: str = field(repr=False, default="")
    parts: Mapping[str, str] = field(repr=False, default_factory=dict)
    """The YAML of every flow that this one runs, by name, as it was when this version was read."""
    check_in: bool = True
    """Whether the program begins this conversation (allowed hours and frequency caps apply)."""
    group: str | None = None
    """Whose conversation this is: members of one group, or everybody."""
    unlinked: bool = False
    """Whether answers are only counted, and kept nowhere with who gave them (`checkin.flow.unlinked`)."""
    recalls: frozenset[str] = frozenset()
    """Results of a member's earlier conversations that this one knows, each as `last_` and its name."""
    shared: Mapping[str, Text] = field(default_factory=dict)
    """The program's own wordings that belong to every flow: `unclear`, `noted`, `later`."""

    tells_people: bool = field(init=False, repr=False, compare=False)
    """Whether silence in this conversation leads to other people: staff, or trusted contacts."""
    uses: tuple[str, ...] = field(init=False, repr=False, compare=False)
    """Every name that its texts, conditions, waits and tasks use: all that it needs to know of a member."""

    def __post_init__(self) -> None:
        asks = [step for step in self.steps.values() if isinstance(step, Ask)]
        tells = any(rung.task is not None or rung.tell_contacts for ask in asks for rung in ask.no_reply)
        object.__setattr__(self, "tells_people", tells)
        # Staff who read what was not understood have to know whose it is; of unlinked answers nobody may.
        always = {"language", "first_name"} if asks and not self.unlinked else {"language"}
        object.__setattr__(self, "uses", tuple(sorted({*always, *_used((self.steps, self.shared))})))


def _used(part: object) -> Iterator[str]:
    """Go through the names that are used anywhere in a part of a flow, whatever kind of part it is."""
    match part:
        case Condition(names=names):
            yield from names
        case Template(plural=plural):
            yield from part.names()
            if plural is not None:
                yield plural.number
        case Until(at=at, day=day):
            yield from (name for name in (at, day) if name is not None)
        case Mapping():
            yield from _used(tuple(part.values()))
        case tuple():
            for one in part:
                yield from _used(one)
        case _ if is_dataclass(part):
            if isinstance(part, Set) and part.today:
                yield "today"
            yield from _used(tuple(getattr(part, one.name) for one in fields(part)))
