"""Everybody who is due at the same minute: many check-ins in one transaction, each decided as if alone.

100,000 people are asked at nine. Read, decided and written one by one, most of the time goes on the way to
the database and back. So what is the same for all is done once for many:

1. What the decisions will ask the database is asked for all of them at once, on one consistent view.
2. Each is decided by itself, by the same function that does a single timer, in a unit of its own.
3. What they decided is written together, the same statement once for all of them (`checkin.store.together`),
   while the next hundred are being decided.

What was read in step 1 may have moved by step 3. As everywhere on PostgreSQL (`checkin.store.unit`), a
decision inserts the member's next journal number, so that the second of two is refused. Then nothing of
step 3 is written, and each timer is done alone; so is one whose decision fails, and one whose decision waits
for a count.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

import structlog

from checkin.service import schedules
from checkin.service.app import App
from checkin.service.turn import Turn
from checkin.store import situations, timers, together
from checkin.store.timers import Timer
from checkin.store.unit import Deciding, Unit

log = structlog.get_logger()

Work = Callable[[Turn, Timer], None]

FEWEST = 2
"""Fewer than this are done alone."""


@dataclass(slots=True)
class Begun:
    """Claimed timers that are being done: `together` what was decided, by subject, `alone` all others."""

    together: Mapping[str, Deciding]
    alone: Sequence[Timer]
    batch: Sequence[Timer]
    written: Future[None] | None = None

    def begin(self, app: App) -> None:
        """Begin to write what was decided. It is on its way while the next are decided."""
        if self.together:
            made = list(self.together.values())
            self.written = app.store.begin(lambda unit: together.collect(unit, made))

    def left(self) -> Sequence[Timer]:
        """Wait until it is written; return what is to be done alone."""
        if self.written is not None and self.written.exception() is not None:
            # Whoever is at fault, or was overtaken, shows when each is done alone.
            log.info("timers are done one by one", number=len(self.batch))
            return self.batch
        return self.alone


def decide(app: App, batch: Sequence[Timer], work: Work) -> Begun:
    """Decide those of these timers that begin scheduled flows."""
    chosen: dict[str, Timer] = {}
    for timer in batch:
        if timer.subject.startswith("schedule:"):
            chosen.setdefault(timer.member_id, timer)  # a member's second would not see what the first did
    if len(chosen) < FEWEST:
        return Begun({}, batch, batch)
    decided = app.store.read(lambda unit: _decide(app, unit, list(chosen.values()), work))
    return Begun(decided, [timer for timer in batch if timer.subject not in decided], batch)


def _decide(app: App, reader: Unit, chosen: Sequence[Timer], work: Work) -> dict[str, Deciding]:
    """Decide each timer in a unit of its own, by the same view; return the units by subject."""
    now = app.clock.now()
    known = situations.of_people(reader, (timer.member_id for timer in chosen))
    here = {situation.person.id: situation for situation in known}
    timers.foresee_still_set(reader, chosen)
    schedules.foresee(app, reader, [situation.person for situation in known], now)
    decided: dict[str, Deciding] = {}
    for timer in chosen:
        app.way.give()
        if timer.member_id not in here:
            continue  # erased meanwhile
        unit = reader.beside()
        turn = Turn(app, unit, now)
        turn.know(here[timer.member_id])
        if _did(work, turn, timer) and all(expect is None for _, _, expect in unit.decided):
            decided[timer.subject] = unit
    return decided


def _did(work: Work, turn: Turn, timer: Timer) -> bool:
    try:
        work(turn, timer)
    except Exception:  # noqa: BLE001  it fails again, and is reported, when it is done alone
        return False
    return True
