"""Everybody who is due at the same minute: many check-ins in one transaction, each decided as if alone.

100,000 people are asked at nine. Read, decided and written one by one, most of the time goes on the way to
the database and back. So what is the same for all is done once for many:

1. What the decisions will ask the database is asked for many of them at once, on one consistent view.
2. Each is decided by itself, by the same function that does a single timer, in a unit of its own.
3. What they decided is written together, the same statement once for all of them (`checkin.store.together`),
   while the next are being decided.

Nobody waits for any of it, so it lets whoever is waited for go first: alerts and texts of this process while
it decides (`checkin.service.way`), and all that others write before each step of its own writing. While texts
come, to this process or to another, it goes in small steps, and rests after each for as long as that took.

What was read in step 1 may have moved by step 3. As everywhere on PostgreSQL (`checkin.store.unit`), a
decision inserts the member's next journal number, so that the second of two is refused. Then nothing of
step 3 is written, and each timer is done alone; so is one whose decision fails, and one whose decision waits
for a count.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from checkin.service import schedules
from checkin.service.app import App
from checkin.service.turn import Turn
from checkin.service.way import A_WHILE
from checkin.store import elsewhere, situations, timers, together
from checkin.store.situations import Situation
from checkin.store.timers import Timer
from checkin.store.unit import Deciding, Unit

log = structlog.get_logger()

Work = Callable[[Turn, Timer], None]

FEWEST = 2
"""Fewer than this are done alone."""

READ_AT_ONCE = 25
WRITTEN_AT_ONCE = 10
"""How many while texts come: one that comes in between waits for what is just being written."""

AT_ONCE_IN_QUIET = 400
"""How many are read and written at once while no texts come."""


@dataclass(slots=True)
class Begun:
    """A claimed batch that is being done: `together` what was decided, each chunk by subject."""

    batch: Sequence[Timer]
    together: list[tuple[Mapping[str, Deciding], Future[None]]] = field(default_factory=list)

    def left(self) -> Sequence[Timer]:
        """Wait until all is written; return what is to be done alone, in the order of the batch."""
        done: set[str] = set()
        for decided, written in self.together:
            if written.exception() is None:
                done.update(decided)
            else:
                # Whoever is at fault, or was overtaken, shows when each is done alone.
                log.info("timers are done one by one", count=len(decided))
        return [timer for timer in self.batch if timer.subject not in done]


def begin(app: App, batch: Sequence[Timer], work: Work, finish: Callable[[], None]) -> Begun:
    """Decide those of these timers that begin scheduled flows, and begin to write what was decided.

    A chunk is on its way to the database while the next one is decided. `finish` ends the batch before: it is
    called before anything is written, so that a member's timers are done in their order. What it did for a
    member of this batch, whose decision does not know of it, lets that decision be refused.
    """
    chosen, begun = _chosen(batch), Begun(batch)
    if not chosen:
        finish()
        return begun
    app.store.read(lambda unit: _begin(app, unit, list(chosen.values()), work, begun, finish))
    return begun


def is_for(batch: Sequence[Timer]) -> bool:
    """Whether there are check-ins to begin together."""
    return bool(_chosen(batch))


def _chosen(batch: Sequence[Timer]) -> dict[str, Timer]:
    """Return what is begun together, by member: a member's second would not see what the first did."""
    chosen: dict[str, Timer] = {}
    for timer in batch:
        if timer.subject.startswith("schedule:"):
            chosen.setdefault(timer.member_id, timer)
    return chosen if len(chosen) >= FEWEST else {}


def _begin(
    app: App,
    reader: Unit,
    chosen: Sequence[Timer],
    work: Work,
    begun: Begun,
    finish: Callable[[], None],
) -> None:
    """Decide chunk after chunk on one view, and begin to write each."""
    now = app.clock.now()
    here: dict[str, Situation] = {}
    quiet = app.way.is_quiet and not elsewhere.is_answering(reader, A_WHILE)
    for some in _parts(chosen, AT_ONCE_IN_QUIET if quiet else READ_AT_ONCE):
        app.way.give()
        here.update(_known(app, reader, some, now))
    for number, some in enumerate(_parts(chosen, AT_ONCE_IN_QUIET if quiet else WRITTEN_AT_ONCE)):
        began = app.way.now()
        decided = _decide(app, reader, some, work, here, now)
        if number == 0:
            finish()
        made = list(decided.values())
        if made:
            written = app.store.begin(lambda unit, made=made: together.collect(unit, made), patient=True)  # type: ignore[misc]
            begun.together.append((decided, written))
        if not quiet:
            wait([written for _, written in begun.together])
            app.rest(app.way.now() - began)


def _parts(timers_: Sequence[Timer], size: int) -> Iterator[Sequence[Timer]]:
    return (timers_[first : first + size] for first in range(0, len(timers_), size))


def _known(app: App, reader: Unit, some: Sequence[Timer], now: datetime) -> dict[str, Situation]:
    """Ask at once what these decisions will want to know; return the members' situations."""
    known = situations.of_people(reader, (timer.member_id for timer in some))
    timers.foresee_still_set(reader, some)
    schedules.foresee(app, reader, [situation.person for situation in known], now)
    return {situation.person.id: situation for situation in known}


def _decide(
    app: App, reader: Unit, some: Sequence[Timer], work: Work, here: Mapping[str, Situation], now: datetime
) -> dict[str, Deciding]:
    """Decide each timer in a unit of its own; return the units by subject."""
    decided: dict[str, Deciding] = {}
    for timer in some:
        app.way.give()
        app.store.stand_aside()
        if timer.member_id not in here:
            continue  # erased meanwhile
        unit = reader.beside()
        turn = Turn(app, unit, now)
        turn.know(here[timer.member_id])
        if _did(work, turn, timer) and not unit.waits_for_a_count:
            decided[timer.subject] = unit
    return decided


def _did(work: Work, turn: Turn, timer: Timer) -> bool:
    try:
        work(turn, timer)
    except Exception:  # noqa: BLE001  it fails again, and is reported, when it is done alone
        return False
    return True
