"""Who agreed to what, and how somebody becomes and stops being a trusted contact.

Knows the states of a trusted contact, how long an invitation stands, and how many there may be. Must not
know names, numbers or where any of it is kept.

Nobody who has not agreed is told anything about anybody (I2). The yes of a trusted contact is theirs to give
and to take back: a yes counts for as long as the invitation was not withdrawn, also when it comes late or
after a no; after leaving, or after the member has taken them off, only a new invitation can be answered.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

EXPIRES_AFTER = timedelta(hours=72)
"""An invitation that nobody answered stands for so long."""

REMIND_AFTER = timedelta(hours=24)
"""After so long an unanswered invitation is repeated, once."""


@dataclass(frozen=True, slots=True)
class Consent:
    """One person's yes or no to exactly this wording. Never changed; a change of mind is another one.

    `person` is an opaque id, `at` is aware and in UTC. `wording` is what the person read, in `language`.
    """

    person: str
    about: Literal["check_ins", "trusted_contact"]
    given: bool
    wording: str = field(repr=False)
    language: str
    channel: Literal["sms", "voice", "import", "staff"]
    at: datetime

    def __post_init__(self) -> None:
        if not self.wording.strip():
            raise ValueError("A consent names the words that were agreed to.")
        if self.at.utcoffset() != timedelta(0):
            raise ValueError("A consent is dated in UTC.")


class ContactState(StrEnum):
    """How a trusted contact of one member stands. Only `ACCEPTED` ones are told of an alert."""

    INVITED = "invited"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    EXPIRED = "expired"
    LEFT = "left"
    REMOVED = "removed"


class ContactEvent(StrEnum):
    """What happens to a trusted contact.

    invite   the member asks them (again)
    accept   they say yes
    decline  they say no
    expire   they did not answer in `EXPIRES_AFTER`
    leave    they do not want to be one any more, or said STOP
    remove   the member has taken them off, or the member has left
    """

    INVITE = "invite"
    ACCEPT = "accept"
    DECLINE = "decline"
    EXPIRE = "expire"
    LEAVE = "leave"
    REMOVE = "remove"


CHANGES: Mapping[tuple[ContactState, ContactEvent], ContactState] = {
    (ContactState.INVITED, ContactEvent.ACCEPT): ContactState.ACCEPTED,
    (ContactState.INVITED, ContactEvent.DECLINE): ContactState.DECLINED,
    (ContactState.INVITED, ContactEvent.EXPIRE): ContactState.EXPIRED,
    (ContactState.INVITED, ContactEvent.LEAVE): ContactState.DECLINED,
    (ContactState.INVITED, ContactEvent.REMOVE): ContactState.REMOVED,
    (ContactState.ACCEPTED, ContactEvent.ACCEPT): ContactState.ACCEPTED,
    (ContactState.ACCEPTED, ContactEvent.LEAVE): ContactState.LEFT,
    (ContactState.ACCEPTED, ContactEvent.REMOVE): ContactState.REMOVED,
    (ContactState.DECLINED, ContactEvent.ACCEPT): ContactState.ACCEPTED,
    (ContactState.DECLINED, ContactEvent.DECLINE): ContactState.DECLINED,
    (ContactState.DECLINED, ContactEvent.INVITE): ContactState.INVITED,
    (ContactState.DECLINED, ContactEvent.REMOVE): ContactState.REMOVED,
    (ContactState.EXPIRED, ContactEvent.ACCEPT): ContactState.ACCEPTED,
    (ContactState.EXPIRED, ContactEvent.DECLINE): ContactState.DECLINED,
    (ContactState.EXPIRED, ContactEvent.INVITE): ContactState.INVITED,
    (ContactState.EXPIRED, ContactEvent.LEAVE): ContactState.DECLINED,
    (ContactState.EXPIRED, ContactEvent.REMOVE): ContactState.REMOVED,
    (ContactState.LEFT, ContactEvent.LEAVE): ContactState.LEFT,
    (ContactState.LEFT, ContactEvent.INVITE): ContactState.INVITED,
    (ContactState.LEFT, ContactEvent.REMOVE): ContactState.REMOVED,
    (ContactState.REMOVED, ContactEvent.INVITE): ContactState.INVITED,
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


def expires_at(invited_at: datetime) -> datetime:
    """Return when an invitation that nobody answered ends."""
    return invited_at + EXPIRES_AFTER


def remind_at(invited_at: datetime) -> datetime:
    """Return when an invitation that nobody answered is repeated, once."""
    return invited_at + REMIND_AFTER
