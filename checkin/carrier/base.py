"""The interface that every carrier offers, and the ways in which a send can fail."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol


class DeliveryStatus(StrEnum):
    """How far the carrier says a message or call has come.

    `ACCEPTED` < `SENT` < one of the terminal ones. A terminal status is never replaced.
    """

    ACCEPTED = "accepted"
    SENT = "sent"
    DELIVERED = "delivered"
    FAILED = "failed"

    @property
    def terminal(self) -> bool:
        """Whether nothing can follow."""
        return self in (DeliveryStatus.DELIVERED, DeliveryStatus.FAILED)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One text or call to hand over.

    `to` is E.164. `token` is unique to this outbox row; it rides in the status callback's URL, so that a
    callback proves acceptance even where the answer to the request was lost. `valid_for` bounds how long the
    carrier may hold the message back.
    """

    token: str
    to: str = field(repr=False)
    body: str = field(repr=False)
    channel: str = "sms"
    valid_for: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Accepted:
    """The carrier has it, under this id.

    `error_code` is the carrier's own, where `find` met a message that has failed since.
    """

    carrier_id: str
    status: DeliveryStatus = DeliveryStatus.ACCEPTED
    error_code: str | None = None


@dataclass(frozen=True, slots=True)
class StatusReport:
    """What a carrier says later about something it accepted.

    Reports come in any order, may repeat, and may come before the answer to the send. `error_code` is the
    carrier's own, only with `FAILED`.
    """

    token: str
    carrier_id: str
    status: DeliveryStatus
    error_code: str | None = None


class FailureKind(StrEnum):
    """What to do about a failed send (`checkin.carrier.twilio_words` gives the codes).

    retry      it was not processed; the same request later is safe
    opted_out  the number has said STOP to the carrier; record it, never retry
    bad_number the number cannot receive this; try the next person or channel
    config     our account or sender is set up wrongly; an operator must mend it, a later retry may pass
    permanent  this message will never pass; do not retry it
    """

    RETRY = "retry"
    OPTED_OUT = "opted_out"
    BAD_NUMBER = "bad_number"
    CONFIG = "config"
    PERMANENT = "permanent"


class CarrierError(Exception):
    """A carrier could not do what it was asked."""


class Refused(CarrierError):
    """The carrier answered, and did not take the message."""

    def __init__(self, kind: FailureKind, code: str, retry_after: timedelta | None = None) -> None:
        super().__init__(f"{kind.value} ({code})")
        self.kind = kind
        self.code = code
        self.retry_after = retry_after


class InDoubt(CarrierError):
    """The request went out and no usable answer came back: the carrier may or may not have the message."""


class Misconfigured(CarrierError):
    """A carrier cannot be made from these settings; the text says which one, and is for the operator."""


class Carrier(Protocol):
    """Who moves texts and calls."""

    @property
    def name(self) -> str:
        """`twilio` or `emulator`."""
        ...

    def send(self, outgoing: Outgoing) -> Accepted:
        """Hand one text or call over.

        Raises `Refused` when the carrier answered no, `InDoubt` when nobody can say.
        """
        ...

    def find(self, outgoing: Outgoing, since: datetime) -> Accepted | None:
        """Ask whether the carrier already has this message, created at or after `since` (aware, UTC).

        Returns None when it certainly does not. Raises `CarrierError` when it cannot be asked now.
        """
        ...
