"""The run, the events that move it, and the effects that a move decides.

Everything here is a frozen value that serialises to plain JSON: `Run.to_json` and `Run.from_json` are
inverse. Effects say what should happen; the service makes it happen, inside the transaction that stores
the run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from checkin.conversation.understanding import Understanding
from checkin.flow.model import NO_VALUES, AlertReason, Value, Values


class RunState(StrEnum):
    """Where a run stands. Only `WAITING` runs take replies and timers."""

    NEW = "new"
    WAITING = "waiting"
    DONE = "done"
    STOPPED = "stopped"
    BROKEN = "broken"


class Run(NamedTuple):
    """One member going through one version of a flow.

    `transition` counts the events this run has taken; a timer names the transition that set it, and does
    nothing once the run has moved on. `results` are the answers kept so far. `rung` is the next rung of the
    waiting question's no-reply ladder; `unclear` is how often this question got a reply
    that was not understood. `snoozed` is whether the member said "later": the timer is then that promise.
    """

    id: str
    member: str
    flow: str
    version: int
    state: RunState = RunState.NEW
    step: str | None = None
    transition: int = 0
    results: Values = NO_VALUES
    rung: int = 0
    unclear: int = 0
    outcome: str | None = None
    snoozed: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return the run as plain JSON values."""
        return {
            "id": self.id,
            "member": self.member,
            "flow": self.flow,
            "version": self.version,
            "state": self.state.value,
            "step": self.step,
            "transition": self.transition,
            "results": dict(self.results),
            "rung": self.rung,
            "unclear": self.unclear,
            "outcome": self.outcome,
            "snoozed": self.snoozed,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Run:
        """Return the run that `to_json` wrote."""
        return cls(
            data["id"],
            data["member"],
            data["flow"],
            data["version"],
            RunState(data["state"]),
            data["step"],
            data["transition"],
            data["results"],
            data["rung"],
            data["unclear"],
            data["outcome"],
            data.get("snoozed", False),
        )


# ---------------------------------------------------------------- events


@dataclass(frozen=True, slots=True)
class Started:
    """The run begins. `facts` are the member's fields and the program's facts at this moment."""

    facts: Values


@dataclass(frozen=True, slots=True)
class Replied:
    """The member answered the waiting question."""

    understanding: Understanding
    text: str
    facts: Values


@dataclass(frozen=True, slots=True)
class TimerFired:
    """The wait that transition number `transition` set is over."""

    transition: int
    facts: Values


@dataclass(frozen=True, slots=True)
class Closed:
    """The run ends from outside: `opted_out`, `paused`, `undelivered`, `superseded`, `left`, `staff`."""

    reason: str


Event = Started | Replied | TimerFired | Closed


# ---------------------------------------------------------------- effects


@dataclass(frozen=True, slots=True)
class Say:
    """Say this to the member. `question` is true for the text that asks (also when it asks again).

    `spoken` is what is to be spoken on the telephone, not turned into speech yet.
    """

    text: str
    step: str
    question: bool = False
    spoken: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Call:
    """Ask this step's question again by phone. `text` is how it is written, `spoken` what is to be spoken."""

    text: str
    step: str
    spoken: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class RaiseAlert:
    """The member needs a person."""

    reason: AlertReason


@dataclass(frozen=True, slots=True)
class ResolveAlert:
    """Somebody came: the alert that was taken is over."""


@dataclass(frozen=True, slots=True)
class TellContacts:
    """Let the trusted contacts know that the member does not answer, those who were chosen for that."""


@dataclass(frozen=True, slots=True)
class AddTask:
    """Put this on the staff's list."""

    kind: str
    note: str


@dataclass(frozen=True, slots=True)
class RecordConsent:
    """The member agreed, or did not, to exactly this wording."""

    about: str
    given: bool
    wording: str


@dataclass(frozen=True, slots=True)
class Invite:
    """Invite this person as a trusted contact of the member. `number` is E.164."""

    name: str
    number: str


@dataclass(frozen=True, slots=True)
class Record:
    """Keep a result."""

    name: str
    value: Value


@dataclass(frozen=True, slots=True)
class Count:
    """Count this answer for all who answer together; nothing else may keep it."""

    name: str
    value: Value


@dataclass(frozen=True, slots=True)
class SetTimer:
    """Wake this run `after` so long. Where a question was just asked, the time counts from its sending."""

    after: timedelta


@dataclass(frozen=True, slots=True)
class WakeAt:
    """Wake this run at a moment on the member's own clock; at once where that is over.

    `day` is a date (`2027-01-14`), a day's name (`friday`), or None for the day on which that time comes
    next; `at` is a time of day (`17:30`). `before` is how much earlier it is meant.
    """

    at: str
    day: str | None = None
    before: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Finished:
    """The run is over."""

    outcome: str


Effect = (
    Say
    | Call
    | TellContacts
    | RaiseAlert
    | ResolveAlert
    | AddTask
    | RecordConsent
    | Invite
    | Record
    | Count
    | SetTimer
    | WakeAt
    | Finished
)
