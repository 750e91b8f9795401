"""The pretend phones: what each handset shows, what its owner types, and a clock that can be moved.

For development only: it is reachable where the carrier is the emulator. A handset shows what the database
knows, so it looks the same after a restart.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import sqlalchemy as sa

from checkin.carrier.emulator import PretendPhones
from checkin.service import delivery, due
from checkin.service.app import LANES, App
from checkin.service.clocks import PretendClock
from checkin.service.inbound import Inbound, receive
from checkin.store import inbox, outbox, people, tables, timers
from checkin.store.unit import Unit

MOST_ROUNDS = 20_000
"""How many due moments one move of the clock may pass. More is a loop that feeds itself."""


@dataclass(frozen=True, slots=True)
class Handset:
    """One sample person's phone. `number` is fictional (555-01xx)."""

    id: str
    name: str
    role: str
    number: str
    hint: str
    suggestions: tuple[str, ...]


HANDSETS = (
    Handset(
        "alice", "Alice", "Member", "+12025550101", "Text JOIN to begin", ("JOIN", "YES", "2", "SUPPORT")
    ),
    Handset("bob", "Bob", "Trusted contact", "+12025550102", "Waits to be invited", ("YES", "1", "2")),
    Handset("carmen", "Carmen", "Second contact", "+12025550103", "Waits to be invited", ("YES", "1", "2")),
    Handset("dana", "Dana", "On-call staff", "+12025550104", "Hears when nobody answers", ("1", "2")),
)


@dataclass(frozen=True, slots=True)
class Bubble:
    """One text on a handset. `status` is the outbox row's state, or `received`."""

    id: str
    to_phone: bool
    text: str
    at: datetime
    status: str
    channel: str


@dataclass(frozen=True, slots=True)
class Screen:
    """Everything that the page shows at one moment."""

    now: datetime
    ahead: timedelta
    next_due: tuple[datetime, str] | None
    busy: bool
    bubbles: dict[str, tuple[Bubble, ...]]


def screen(app: App) -> Screen:
    """Return what the handsets show now."""
    now = app.clock.now()
    ahead = app.clock.ahead() if isinstance(app.clock, PretendClock) else timedelta(0)

    def work(unit: Unit) -> Screen:
        bubbles = {handset.id: _bubbles(unit, handset) for handset in HANDSETS}
        timer = timers.next_due(unit)
        sending = outbox.next_due(unit)
        return Screen(
            now,
            ahead,
            (timer.due_at, timer.subject) if timer is not None else None,
            (sending is not None and sending <= now) or (timer is not None and timer.due_at <= now),
            bubbles,
        )

    return app.store.read(work)


def _bubbles(unit: Unit, handset: Handset) -> tuple[Bubble, ...]:
    """Return a handset's texts, oldest first; an answer stands right behind what it answers."""
    rows: list[tuple[datetime, int, Bubble]] = []
    for received in inbox.of_number(unit, handset.number):
        id, at = received.carrier_id, received.at
        rows.append((at, 0, Bubble(id, False, received.body, at, "received", received.channel)))
        for index, text in enumerate(received.answer):
            rows.append((at, 1 + index, Bubble(f"{id}.{index}", True, text, at, "delivered", "sms")))
    person = people.by_number(unit, handset.number)
    for message in outbox.to_person(unit, person.id) if person is not None else ():
        at = message.sent_at or message.created_at
        bubble = Bubble(message.id, True, message.body, at, message.state, message.channel)
        rows.append((at, 100, bubble))
    return tuple(bubble for *_, bubble in sorted(rows, key=lambda row: (row[0], row[1], row[2].id)))


def type_text(app: App, handset: Handset, text: str) -> None:
    """Send a text from a handset, as its owner would."""
    inbound = Inbound(f"PT{app.new_id()}", handset.number, text)
    app.store.run(lambda unit: receive(app, unit, inbound, app.clock.now()))
    catch_up(app)


def catch_up(app: App) -> None:
    """Deliver what is due now, and report what the pretend carrier has delivered."""
    for lane in LANES:
        due.run_due(app, lane)
    for lane in LANES:
        delivery.deliver(app, lane)
    pump(app)


def pump(app: App) -> int:
    """Take the pretend carrier's reports; return how many there were."""
    if not isinstance(app.carrier, PretendPhones):
        return 0
    reports = app.carrier.pump()
    for report in reports:
        now = app.clock.now()
        app.store.run(
            lambda unit, r=report, now=now: delivery.reported(  # type: ignore[misc]
                app, unit, token=r.token, status=r.status, carrier_id=r.carrier_id,
                error_code=r.error_code, now=now,
            )
        )  # fmt: skip
    return len(reports)


def move_clock(app: App, by: timedelta | Literal["next"]) -> None:
    """Move the service's clock forward, doing on the way everything that falls due, in its order."""
    clock = app.clock
    if not isinstance(clock, PretendClock):
        raise TypeError("only a pretend clock can be moved")
    catch_up(app)
    start = clock.now()
    moment = next_moment(app)
    target = (moment or start) if by == "next" else start + by
    pause = threading.Event()
    for _ in range(MOST_ROUNDS):
        moment = next_moment(app)
        if moment is None or moment > target:
            break
        if moment <= clock.now():
            pause.wait(0.005)  # another thread has claimed it and is at work
        clock.move_to(moment)
        catch_up(app)
    clock.move_to(target)
    catch_up(app)


def next_moment(app: App) -> datetime | None:
    """Return when the next timer or message is due."""

    def work(unit: Unit) -> datetime | None:
        timer = timers.next_due(unit)
        moments = [moment for moment in (timer and timer.due_at, outbox.next_due(unit)) if moment]
        return min(moments, default=None)

    return app.store.read(work)


def start_over(app: App) -> None:
    """Forget everybody but staff, and all that was said. Published flows and the clock stay."""
    kept = {"flow_versions", "meta"}

    def work(unit: Unit) -> None:
        for table in reversed(tables.metadata.sorted_tables):
            if table.name == "people":
                unit.write(sa.delete(table).where(table.c.id.not_in(app.staff_ids)))
            elif table.name not in kept:
                unit.write(sa.delete(table))

    app.store.run(work)


def handset(id: str) -> Handset | None:
    """Return the handset with this id."""
    return next((one for one in HANDSETS if one.id == id), None)


def handsets() -> Sequence[Handset]:
    """Return all handsets, in the order in which they stand side by side."""
    return HANDSETS
