"""What the engine and the reader refuse. None of these carries a member's words."""

from __future__ import annotations


class ConversationError(Exception):
    """Something about a conversation was refused."""


class EventRejected(ConversationError):
    """The run cannot take this event; its state is untouched."""


class StaleEvent(EventRejected):
    """The run has moved on: the timer is an old one, or the run is over."""


class NotStarted(EventRejected):
    """A reply or a timer came to a run that has not begun."""


class AlreadyStarted(EventRejected):
    """The run had begun before."""


class NothingAsked(EventRejected):
    """A reply came while the run was not waiting for an answer."""


class NotForTheRun(EventRejected):
    """The reply is an always-understood word; the service acts on it, not the run."""


class WrongFlow(EventRejected):
    """The run belongs to another flow or another version of it."""


class PackError(ConversationError):
    """A language pack cannot be used; the message says where and why, for staff."""
