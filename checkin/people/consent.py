"""Who agreed to what, and how somebody becomes and stops being a trusted contact.

Knows the states of a trusted contact, how long an invitation stands, and how late a yes still counts. Must
not know names, numbers or where any of it is kept.

Theory
======

                  ┌──(a day later, once)──> REMINDED ──┐
    invite ──> INVITED ───────────────────────────────>┤
                  ↑                                    ├─ yes ──────────> ACCEPTED <──> PAUSED
                  │                                    ├─ no ───────────> DECLINED         │
                  │                                    ├─ 72 hours ─────> EXPIRED          │
                  │                                    └─ undeliverable > UNREACHABLE      │
                  │                                                                        │
                  └─ asked again <── DECLINED, EXPIRED, UNREACHABLE, LEFT, REMOVED         │
                                     LEFT <── they leave, or say STOP <────────────────────┤
                                     REMOVED <── the member takes them off, from anywhere <┘

Nobody who has not agreed is told anything about anybody (I2): only `ACCEPTED` contacts hear of a request, and
no event but a yes leads there. The yes is theirs to give and to take back. It counts for as long as the
invitation was not withdrawn, also when it comes late or after a no; after leaving, or after the member has
taken them off, only a new invitation can be answered. A pause is theirs too: it ends when they say so, or at
the time that they named.

An event that makes no sense where the contact stands is refused and changes nothing, so that an answer and
the clock that come in one moment have one outcome: whichever is stored first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

EXPIRES_AFTER = timedelta(hours=72)
"""An invitation that nobody answered stands for so long."""

REMIND_AFTER = timedelta(hours=24)
"""After so long an unanswered invitation is repeated, once."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody was asked to agree to, kept as it was said.

    `version` names the text that it was made from: a flow and its number, or a text of the program and the
    digest of its template, so that a later edit can be told from what was read.
    """

    wording: str = field(repr=False)
    version: str
    language: str

    def and_then(self, wording: str) -> Asked:
        """Return what was asked, with what was said about it later, before the answer came."""
        return Asked(f"{self.wording}\n{wording}", self.version, self.language)


@dataclass(frozen=True, slots=True)
class Consent:
    """One person's yes or no to exactly this wording. Never changed; a change of mind is another one.

    `person` is an opaque id, `at` is aware and in UTC. `about` is `check_ins`, `everything` (STOP), or
    `contact_for:` and a member's id. `asked` is what the person read, or wrote of their own accord. `channel`
    is `sms`, `voice` or `import`.
    """

    person: str
    about: str
    given: bool
    asked: Asked
    channel: str
    at: datetime

    def __post_init__(self) -> None:
        if not self.asked.wording.strip():
            raise ValueError("A consent names the words that were agreed to.")
        if self.at.utcoffset() != timedelta(0):
            raise ValueError("A consent is dated in UTC.")


class ContactState(StrEnum):
    """How a trusted contact of one member stands. Only `ACCEPTED` ones are told of an alert."""

    INVITED = "invited"
    REMINDED = "reminded"
    ACCEPTED = "accepted"
    PAUSED = "paused"
    DECLINED = "declined"
    EXPIRED = "expired"
    UNREACHABLE = "unreachable"
    LEFT = "left"
    REMOVED = "removed"


ASKED = (ContactState.INVITED, ContactState.REMINDED)
"""An answer to the invitation is open."""

AGREED = (ContactState.ACCEPTED, ContactState.PAUSED)
"""They have said yes, and have not taken it back."""

TAKES_PART = (*ASKED, *AGREED)
"""Counts among a member's trusted contacts."""

LATE_YES: Mapping[ContactState, timedelta] = {
    ContactState.DECLINED: timedelta(days=1),
    ContactState.EXPIRED: timedelta(days=30),
    ContactState.UNREACHABLE: timedelta(days=30),
}
"""How long after it came to this a plain yes is still meant for the invitation."""


class ContactEvent(StrEnum):
    """What happens to a trusted contact.

    invite       the member asks them (again)
    remind       the invitation is repeated
    accept       they say yes
    decline      they say no
    expire       they did not answer in `EXPIRES_AFTER`
    undelivered  the carrier says that the invitation never arrives
    pause        they want to be asked nothing for a while
    resume       the pause is over
    leave        they do not want to be one any more, or said STOP
    remove       the member has taken them off, or the member has left
    """

    INVITE = "invite"
    REMIND = "remind"
    ACCEPT = "accept"
    DECLINE = "decline"
    EXPIRE = "expire"
    UNDELIVERED = "undelivered"
    PAUSE = "pause"
    RESUME = "resume"
    LEAVE = "leave"
    REMOVE = "remove"


_S, _E = ContactState, ContactEvent

CHANGES: Mapping[tuple[ContactState, ContactEvent], ContactState] = {
    **{(state, _E.ACCEPT): _S.ACCEPTED for state in (*ASKED, _S.ACCEPTED, *LATE_YES)},
    **{(state, _E.DECLINE): _S.DECLINED for state in (*ASKED, _S.DECLINED, _S.EXPIRED, _S.UNREACHABLE)},
    **{(state, _E.EXPIRE): _S.EXPIRED for state in ASKED},
    **{(state, _E.UNDELIVERED): _S.UNREACHABLE for state in ASKED},
    **{(state, _E.LEAVE): _S.DECLINED for state in (*ASKED, _S.EXPIRED, _S.UNREACHABLE)},
    **{(state, _E.LEAVE): _S.LEFT for state in (*AGREED, _S.LEFT)},
    **{(state, _E.REMOVE): _S.REMOVED for state in ContactState if state is not _S.REMOVED},
    **{
        (state, _E.INVITE): _S.INVITED
        for state in (_S.DECLINED, _S.EXPIRED, _S.UNREACHABLE, _S.LEFT, _S.REMOVED)
    },
    (_S.INVITED, _E.REMIND): _S.REMINDED,
    (_S.ACCEPTED, _E.PAUSE): _S.PAUSED,
    (_S.PAUSED, _E.PAUSE): _S.PAUSED,
    (_S.PAUSED, _E.RESUME): _S.ACCEPTED,
}
"""The only place where a trusted contact's state changes."""


class ChangeRefused(ValueError):
    """A trusted contact cannot go this way from where they stand."""

    def __init__(self, state: ContactState, event: ContactEvent) -> None:
        self.state = state
        self.event = event
        super().__init__(f"A trusted contact who is {state.value} cannot {event.value}.")


def change(state: ContactState, event: ContactEvent) -> ContactState:
    """Return the state after this event. Raises `ChangeRefused` where the event makes no sense."""
    after = CHANGES.get((state, event))
    if after is None:
        raise ChangeRefused(state, event)
    return after


def counts_late(state: ContactState, changed_at: datetime, at: datetime) -> bool:
    """Whether a plain yes at this moment is still meant for an invitation that came to this state."""
    return state in LATE_YES and at < changed_at + LATE_YES[state]


def expires_at(invited_at: datetime) -> datetime:
    """Return when an invitation that nobody answered ends."""
    return invited_at + EXPIRES_AFTER


def remind_at(invited_at: datetime) -> datetime:
    """Return when an invitation that nobody answered is repeated, once."""
    return invited_at + REMIND_AFTER
