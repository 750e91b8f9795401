"""One batch of claimed rows on its way to the carrier: what is the same for all of them is done once.

Whom they go to is read for all together, and again as soon as that is older than `FRESH`: somebody may have
said STOP. What the carrier took is recorded together, in one commit, at the latest `LONGEST_UNRECORDED` after
the first of it. A process that dies before leaves the rows as one that dies during a send does: claimed, and
settled by asking the carrier.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import TracebackType

import structlog

from checkin.carrier.base import Accepted
from checkin.service.app import App
from checkin.store import outbox, people, timers
from checkin.store.outbox import Message
from checkin.store.situations import Person
from checkin.store.unit import Unit

log = structlog.get_logger()

FRESH = timedelta(seconds=0.25)
"""How old what is known of a recipient may be when a text leaves: as long as one request to the carrier."""

LONGEST_UNRECORDED = timedelta(seconds=0.5)


@dataclass(frozen=True, slots=True)
class Taken:
    """A row that the carrier took, and when."""

    message: Message
    accepted: Accepted
    at: datetime


Record = Callable[[Unit, Taken], None]


class Batch:
    """Claimed rows that are handed over one after the other; leaving it records what was taken.

    `record` writes what became of one row. It looks whether the row is still ours, so that it may run again.
    """

    def __init__(self, app: App, messages: Sequence[Message], record: Record) -> None:
        self._app = app
        self._ids = {message.person_id for message in messages}
        self._record = record
        self._people: Mapping[str, Person] = {}
        self._read_at: datetime | None = None
        self._taken: list[Taken] = []

    def person(self, message: Message) -> Person:
        """Return whom a row of this batch is for."""
        now = self._app.clock.now()
        if self._read_at is None or now - self._read_at > FRESH:
            self._people = self._app.store.read(lambda unit: people.by_ids(unit, self._ids))
            self._read_at = now
        return self._people[message.person_id]

    def take(self, message: Message, accepted: Accepted) -> None:
        """Keep that the carrier took a row, to be recorded soon."""
        now = self._app.clock.now()
        self._taken.append(Taken(message, accepted, now))
        if now - self._taken[0].at > LONGEST_UNRECORDED:
            self.record()

    def record(self) -> None:
        """Record all that was taken. Where that fails each is recorded alone, so that none harms another."""
        taken, self._taken = self._taken, []
        if not taken:
            return
        routine = taken[0].message.lane == "routine"
        if routine:
            self._app.way.give()
        try:
            self._app.store.run(lambda unit: self._all(unit, taken), patient=routine)
        except Exception:
            if len(taken) == 1:
                raise
            log.exception("what was sent is recorded one by one", count=len(taken))
            for one in taken:
                self._alone(one)

    def _all(self, unit: Unit, taken: Sequence[Taken]) -> None:
        outbox.foresee_leases(unit, [one.message.id for one in taken])
        timers.foresee_counting(unit, {one.message.id: one.message.subject for one in taken})
        for one in taken:
            self._record(unit, one)

    def _alone(self, one: Taken) -> None:
        try:
            self._app.store.run(lambda unit: self._record(unit, one))
        except Exception:
            log.exception("what was sent could not be recorded", outbox_id=one.message.id)

    def __enter__(self) -> Batch:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.record()
