"""The pretend phones: a carrier for development and tests that delivers every text at once, to nobody.

Knows what was handed to it and nothing else; it keeps no clock and starts no thread. The development clock
asks `pump` for delivery reports, as Twilio would post them. Must never be reachable in a program with real
members.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock

from checkin.carrier.base import Accepted, DeliveryStatus, FailureKind, Outgoing, Refused, StatusReport


@dataclass(frozen=True, slots=True)
class PretendMessage:
    """One text or call that the pretend carrier took, under the id it gave it."""

    carrier_id: str
    outgoing: Outgoing


@dataclass(slots=True)
class PretendPhones:
    """Accepts everything to any number, but those marked `unreachable`.

    `new_id` makes carrier ids. Like Twilio, it does not deduplicate: what is handed over twice arrives twice.
    Only the last `keep` messages are remembered.
    """

    new_id: Callable[[], str]
    keep: int = 10_000
    unreachable: set[str] = field(default_factory=set)
    _taken: deque[PretendMessage] = field(init=False)
    _unreported: list[PretendMessage] = field(init=False, default_factory=list)
    _lock: Lock = field(init=False, default_factory=Lock, repr=False)

    def __post_init__(self) -> None:
        self._taken = deque(maxlen=self.keep)

    @property
    def name(self) -> str:
        """`emulator`."""
        return "emulator"

    def send(self, outgoing: Outgoing) -> Accepted:
        """Take one text or call; raise `Refused` where the number was marked unreachable."""
        if outgoing.to in self.unreachable:
            raise Refused(FailureKind.BAD_NUMBER, "unreachable")
        message = PretendMessage(self.new_id(), outgoing)
        with self._lock:
            self._taken.append(message)
            self._unreported.append(message)
        return Accepted(message.carrier_id)

    def find(self, outgoing: Outgoing, since: datetime) -> Accepted | None:  # noqa: ARG002
        """Return what `send` answered for this token last; the time is not needed, for tokens are unique."""
        with self._lock:
            for message in reversed(self._taken):
                if message.outgoing.token == outgoing.token:
                    return Accepted(message.carrier_id)
        return None

    def pump(self) -> list[StatusReport]:
        """Return the reports due since the last call: each message was sent, and each text then delivered.

        How a call ends is for whoever picks it up to say.
        """
        with self._lock:
            messages, self._unreported = self._unreported, []
        return [
            StatusReport(message.outgoing.token, message.carrier_id, status)
            for message in messages
            for status in (DeliveryStatus.SENT, DeliveryStatus.DELIVERED)
            if status is DeliveryStatus.SENT or message.outgoing.channel == "sms"
        ]

    def taken(self, to: str | None = None) -> Sequence[PretendMessage]:
        """Return what was taken, oldest first; for one number, or for all."""
        with self._lock:
            return [message for message in self._taken if to is None or message.outgoing.to == to]
