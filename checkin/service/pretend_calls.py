"""Calls to and from the pretend phones: which phone rings, and how each call ends.

A call that rings is an outbox row that the carrier has and says nothing more about, so it rings on after a
restart. What is said in it comes the same way as in Twilio's calls; only its end is told here, as Twilio's
status callback would.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from checkin.carrier.base import DeliveryStatus
from checkin.service import delivery
from checkin.service.app import App
from checkin.store import calls, outbox, people
from checkin.store.outbox import Message
from checkin.store.unit import Unit

RINGS = timedelta(seconds=30)
"""How long a phone rings, as Twilio is asked to let it ring."""

LEFT_LYING = timedelta(minutes=10)
"""A call that nobody goes on with is over: its page was closed."""

DIALLED = "PC"
"""What the ids of calls begin with that a pretend phone made."""

ENDS = {
    "hang_up": (DeliveryStatus.DELIVERED, None),
    "decline": (DeliveryStatus.FAILED, "busy"),
    "ignore": (DeliveryStatus.FAILED, "no-answer"),
}
"""How a call may end, and what Twilio says of each: a machine that was spoken to has hung up, too."""


@dataclass(frozen=True, slots=True)
class PretendCall:
    """A call of ours that is not over. It rings as long as nothing was said in it."""

    message: Message
    turns: int
    ends_at: datetime

    @property
    def id(self) -> str:
        """The carrier's id of the call."""
        return self.message.carrier_id or ""

    @property
    def rings(self) -> bool:
        """Whether nobody has picked up yet."""
        return self.turns == 0


def open_calls(unit: Unit) -> list[PretendCall]:
    """Return every call of ours that is not over, the oldest first."""
    found = []
    for message in outbox.calls_under_way(unit, datetime.min.replace(tzinfo=UTC)):
        if message.state != "sent":
            continue
        said = calls.turns_of(unit, message.carrier_id or "")
        since, lasts = (said[-1].at, LEFT_LYING) if said else (message.sent_at or message.created_at, RINGS)
        found.append(PretendCall(message, len(said), since + lasts))
    return found


def call_of(app: App, id: str, number: str) -> PretendCall | None:
    """Return this call, if it is one to this number and not over."""

    def work(unit: Unit) -> PretendCall | None:
        person = people.by_number(unit, number)
        mine = [one for one in open_calls(unit) if person and one.message.person_id == person.id]
        return next((one for one in mine if one.id == id), None)

    return app.store.read(work)


def end(app: App, call: PretendCall, how: str) -> None:
    """End a call of ours: `hang_up`, `decline` or `ignore`."""
    status, code = ENDS[how]
    app.store.run(
        lambda unit: delivery.reported(
            app,
            unit,
            token=call.message.id,
            status=status,
            carrier_id=call.id,
            error_code=code,
            now=app.clock.now(),
        )
    )


def end_those_due(app: App) -> int:
    """End every call whose ringing has lasted long enough, or that was left lying; return how many."""
    now = app.clock.now()
    over = [call for call in app.store.read(open_calls) if call.ends_at <= now]
    for call in over:
        end(app, call, "ignore" if call.rings else "hang_up")
    return len(over)


def next_end(app: App) -> datetime | None:
    """Return when the next call ends by itself."""
    return min((call.ends_at for call in app.store.read(open_calls)), default=None)
