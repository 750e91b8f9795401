"""An alert, the events that move it, and the effects that a move decides.

People are named by opaque ids; their names, numbers and languages are the service's business.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any, Literal

from checkin.flow.model import AlertReason


class AlertState(StrEnum):
    """Where an alert stands; `checkin.alert.machine` holds the transition table.

    window        raised; the member may still change their mind
    put_off       nobody is told before quiet hours are over, because the member would rather wait for them
    notifying     people are being told, tier by tier
    with_staff    every tier was silent or out of reach; it is on the staff's list, on-call staff are reminded
    acknowledged  a person has said that they have it
    resolved      somebody came, or the member gave the all-clear
    cancelled     the member changed their mind in time
    """

    WINDOW = "window"
    PUT_OFF = "put_off"
    NOTIFYING = "notifying"
    WITH_STAFF = "with_staff"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"
    CANCELLED = "cancelled"


Role = Literal["contact", "staff"]


@dataclass(frozen=True, slots=True)
class Target:
    """One person who may be told, by id, and as what."""

    person: str
    role: Role


@dataclass(frozen=True, slots=True)
class Tier:
    """People told at the same moment, and how long they have before the next tier is told.

    `on_duty` marks the tier of the staff on duty: who that is changes with their shifts.
    """

    targets: tuple[Target, ...]
    wait: timedelta
    on_duty: bool = False


@dataclass(frozen=True, slots=True)
class Policy:
    """An escalation policy, snapshotted into the alert when it is raised.

    `window` is the change-of-mind time (0 to 15 minutes). `staff` are those on duty and the last resort;
    `remind_staff` is how often they hear of an alert that nobody has taken. `check_taken` is how long after
    an acknowledgement the taker is asked whether they got in touch. Who has not answered a text after
    `call_after` is called; None calls nobody. `relieved` are staff who were told and whose shift is over:
    they hear how it goes on, and are not asked again.
    """

    window: timedelta
    tiers: tuple[Tier, ...]
    staff: tuple[Target, ...]
    remind_staff: timedelta
    check_taken: timedelta = timedelta(hours=24)
    call_after: timedelta | None = None
    last_resort: tuple[Target, ...] = ()
    relieved: tuple[Target, ...] = ()


class Told(StrEnum):
    """How one person's notification stands.

    told         they were asked, and have time left to answer
    silent       they answered neither the text nor the call
    took         they have it
    passed       they said that they cannot
    unreachable  nothing reaches them, or not at this hour
    stood_down   they were asked, and need not answer any more
    """

    TOLD = "told"
    SILENT = "silent"
    TOOK = "took"
    PASSED = "passed"
    UNREACHABLE = "unreachable"
    STOOD_DOWN = "stood_down"


@dataclass(frozen=True, slots=True)
class Alert:
    """One request for support.

    `transition` counts accepted events, as a run's does. `tier` is the index of the tier that was told last,
    -1 before the first. `told` maps the id of everyone who was ever told to how their notification stands.
    `timer` is the transition that set the wait now running; an open alert always has one. `reminders` counts
    the reminders sent since the alert came to stand where it stands. `called` says whether those of this tier
    who did not answer have been called.
    """

    id: str
    member: str
    reason: AlertReason
    policy: Policy
    state: AlertState = AlertState.WINDOW
    transition: int = 0
    tier: int = -1
    told: Mapping[str, Told] = field(default_factory=dict)
    taken_by: str | None = None
    timer: int | None = None
    reminders: int = 0
    called: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return the alert as plain JSON values."""
        return {
            "id": self.id,
            "member": self.member,
            "reason": self.reason,
            "policy": policy_to_json(self.policy),
            "state": self.state.value,
            "transition": self.transition,
            "tier": self.tier,
            "told": {person: told.value for person, told in self.told.items()},
            "taken_by": self.taken_by,
            "timer": self.timer,
            "reminders": self.reminders,
            "called": self.called,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Alert:
        """Return the alert that `to_json` wrote."""
        return cls(
            **{
                **data,
                "policy": policy_from_json(data["policy"]),
                "state": AlertState(data["state"]),
                "told": {person: Told(told) for person, told in data["told"].items()},
            }
        )


def policy_to_json(policy: Policy) -> dict[str, Any]:
    """Return a policy as plain JSON values."""
    return {
        "window": policy.window.total_seconds(),
        "tiers": [
            {
                "targets": _targets_to_json(tier.targets),
                "wait": tier.wait.total_seconds(),
                "on_duty": tier.on_duty,
            }
            for tier in policy.tiers
        ],
        "staff": _targets_to_json(policy.staff),
        "remind_staff": policy.remind_staff.total_seconds(),
        "check_taken": policy.check_taken.total_seconds(),
        "call_after": None if policy.call_after is None else policy.call_after.total_seconds(),
        "last_resort": _targets_to_json(policy.last_resort),
        "relieved": _targets_to_json(policy.relieved),
    }


def policy_from_json(data: Mapping[str, Any]) -> Policy:
    """Return a stored policy; one that was stored before calls and rotas has none."""
    call_after = data.get("call_after")
    return Policy(
        window=timedelta(seconds=data["window"]),
        tiers=tuple(
            Tier(
                _targets_from_json(tier["targets"]),
                timedelta(seconds=tier["wait"]),
                tier.get("on_duty", False),
            )
            for tier in data["tiers"]
        ),
        staff=_targets_from_json(data["staff"]),
        remind_staff=timedelta(seconds=data["remind_staff"]),
        check_taken=timedelta(seconds=data["check_taken"]),
        call_after=None if call_after is None else timedelta(seconds=call_after),
        last_resort=_targets_from_json(data.get("last_resort", ())),
        relieved=_targets_from_json(data.get("relieved", ())),
    )


def _targets_to_json(targets: Iterable[Target]) -> list[list[str]]:
    return [[target.person, target.role] for target in targets]


def _targets_from_json(data: Iterable[tuple[str, Role]]) -> tuple[Target, ...]:
    return tuple(Target(person, role) for person, role in data)


# ---------------------------------------------------------------- events


@dataclass(frozen=True, slots=True)
class Raised:
    """The member asked for support; the first event of every alert."""


@dataclass(frozen=True, slots=True)
class ChangedMind:
    """The member said no in the change-of-mind window."""


@dataclass(frozen=True, slots=True)
class HurryUp:
    """The member wants it now: the window ends early."""


@dataclass(frozen=True, slots=True)
class Chose:
    """The member chose in the window who is asked: these contacts, in this order; staff alone where none."""

    people: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PutOff:
    """The member would rather wait, so many seconds, and then have these contacts asked."""

    people: tuple[str, ...]
    seconds: float


@dataclass(frozen=True, slots=True)
class TimerFired:
    """The wait that transition number `transition` set is over."""

    transition: int


@dataclass(frozen=True, slots=True)
class Took:
    """This person says that they have it."""

    person: str


@dataclass(frozen=True, slots=True)
class Passed:
    """This person says that they cannot."""

    person: str


@dataclass(frozen=True, slots=True)
class OutOfReach:
    """This person's notification was not delivered, or they opted out or left."""

    person: str


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """Nobody answered the call to this person: busy, no answer, a machine, or somebody else."""

    person: str


@dataclass(frozen=True, slots=True)
class ShiftChanged:
    """These of the staff are on duty from now on; nobody where the rota has a hole."""

    on_duty: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SomebodyCame:
    """The member says that somebody got in touch."""


@dataclass(frozen=True, slots=True)
class NobodyCame:
    """The member says that nobody got in touch."""


@dataclass(frozen=True, slots=True)
class AllClear:
    """The member says that they are well now."""


@dataclass(frozen=True, slots=True)
class StaffResolved:
    """Staff closed the alert after a person dealt with it."""

    person: str


Event = (
    Raised
    | ChangedMind
    | HurryUp
    | Chose
    | PutOff
    | TimerFired
    | Took
    | Passed
    | OutOfReach
    | NoAnswer
    | ShiftChanged
    | SomebodyCame
    | NobodyCame
    | AllClear
    | StaffResolved
)


# ---------------------------------------------------------------- effects


@dataclass(frozen=True, slots=True)
class Notify:
    """Ask this person whether they can be there for the member."""

    target: Target
    reminder: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """Call this person, who was asked by text and has not answered."""

    target: Target


@dataclass(frozen=True, slots=True)
class CheckTaker:
    """Ask whoever took it whether they got in touch with the member."""

    target: Target


MemberNews = Literal[
    "window_opened",
    "put_off",
    "contact_told",
    "taken",
    "passed_on",
    "staff_told",
    "still_looking",
    "cancelled",
    "resolved",
    "reopened",
    "taker_came",
]


@dataclass(frozen=True, slots=True)
class TellMember:
    """Tell the member how it stands; `person` is who the news is about, where there is one."""

    news: MemberNews
    person: str | None = None


OtherNews = Literal[
    "taken_by_you",
    "taken_by_other",
    "thanks_for_answering",
    "all_clear",
    "no_longer_needed",
    "thanks_for_coming",
]


@dataclass(frozen=True, slots=True)
class TellOther:
    """Tell a person who was notified how it stands; `by` is who took it, where somebody did."""

    target: Target
    news: OtherNews
    by: str | None = None


@dataclass(frozen=True, slots=True)
class SetTimer:
    """Wake this alert after so long."""

    after: timedelta


TaskKind = Literal["alert_unanswered", "nobody_came", "check_taken"]


@dataclass(frozen=True, slots=True)
class AddTask:
    """Put this alert on the staff's list.

    alert_unanswered  every trusted contact and tier was silent, out of reach, or could not
    nobody_came       somebody took it, and the member says that nobody got in touch
    check_taken       somebody took it, and nobody knows whether they came
    """

    kind: TaskKind


@dataclass(frozen=True, slots=True)
class FollowUp:
    """Somebody took it: the follow-up conversations of the member may be planned."""


Effect = Notify | Call | CheckTaker | TellMember | TellOther | SetTimer | AddTask | FollowUp
