"""The ways in which the escalation machine refuses an event.

A refusal leaves the alert untouched. It is a fact about the event, not a fault: the service answers the
person who caused it with how the alert stands. No message here carries a name, a number or an id.
"""

from __future__ import annotations


class AlertError(Exception):
    """Something was wrong with an alert."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (type(self).__doc__ or "").strip().splitlines()[0])


class PolicyRefused(AlertError):
    """An escalation policy would be silent, or would never wait."""


class EventRejected(AlertError):
    """The alert cannot take this event where it stands."""


class StaleEvent(EventRejected):
    """The alert has moved on since this timer was set; there is nothing to do."""


class NotRaised(EventRejected):
    """The first event of an alert is that it is raised."""


class AlreadyRaised(EventRejected):
    """The alert was raised before."""


class AlertClosed(EventRejected):
    """The alert is resolved or cancelled."""


class WindowOver(EventRejected):
    """The change-of-mind window is over."""


class PutOffRefused(EventRejected):
    """A request is put off until somebody can be asked, and at most for a day."""


class NotTold(EventRejected):
    """This person was never told of the alert."""


class NotWaiting(EventRejected):
    """Nobody waits for this person's answer any more."""


class NothingNew(EventRejected):
    """Those on duty are the same as before."""


class NotTaken(EventRejected):
    """Nobody has taken the alert yet, so nobody can have failed to come; people are still being asked."""
