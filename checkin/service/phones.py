"""The pretend phones: what each handset shows, what its owner types, and a clock that can be moved.

For development only: it is reachable where the carrier is the emulator. A handset shows what the database
knows, so it looks the same after a restart.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import sqlalchemy as sa

from checkin.alert.model import AlertState
from checkin.carrier.emulator import PretendPhones
from checkin.flow.model import Wait
from checkin.service import delivery, due, pretend_calls, suggestions
from checkin.service.app import LANES, App
from checkin.service.clocks import PretendClock
from checkin.service.handset_log import Bubble, bubbles
from checkin.service.inbound import Inbound, receive
from checkin.service.pretend_calls import PretendCall
from checkin.store import alerts, outbox, people, runs, tables, timers
from checkin.store.timers import Timer
from checkin.store.unit import Unit

MOST_ROUNDS = 20_000
"""How many due moments one move of the clock may pass. More is a loop that feeds itself."""

PATIENCE = 400
"""How often a moving clock waits 5 ms for what other threads have begun, before it takes them for dead."""

BRIEFLY = 40
"""The same patience for a text, which need not wait: what is still under way shows as such."""


@dataclass(frozen=True, slots=True)
class Handset:
    """One sample person's phone. `number` is fictional (555-01xx).

    `hint` says what the phone is for while nothing is on it; `first_texts` are suggested to a newcomer.
    """

    id: str
    name: str
    role: str
    number: str
    hint: str
    first_texts: tuple[str, ...] = ()


HANDSETS = (
    Handset("alice", "Alice", "Member", "+12025550101", "Text JOIN to begin", ("JOIN",)),
    Handset("bob", "Bob", "Trusted contact", "+12025550102", "Alice can name Bob as her trusted contact"),
    Handset(
        "carmen", "Carmen", "Second contact", "+12025550103", "Alice can name Carmen as a second contact"
    ),
    Handset("dana", "Dana", "On-call staff", "+12025550104", "Told when no trusted contact answers"),
)


@dataclass(frozen=True, slots=True)
class Due:
    """What happens next, and when.

    `kind` is a timer's, or closer: `silence`, `wait`, an alert's state; `ring` and `talk` are calls that end.

    `title` is the flow's that would begin, where one would.
    """

    at: datetime
    kind: str
    title: str | None = None


@dataclass(frozen=True, slots=True)
class Screen:
    """Everything that the page shows at one moment."""

    now: datetime
    ahead: timedelta
    next_due: Due | None
    busy: bool
    bubbles: dict[str, tuple[Bubble, ...]]
    calls: dict[str, PretendCall]
    suggestions: dict[str, tuple[str, ...]]


def screen(app: App) -> Screen:
    """Return what the handsets show now."""
    now = app.clock.now()
    ahead = app.clock.ahead() if isinstance(app.clock, PretendClock) else timedelta(0)

    def work(unit: Unit) -> Screen:
        logs = {handset.id: bubbles(unit, handset.number) for handset in HANDSETS}
        moment = _next_moment(unit, now)
        return Screen(
            now,
            ahead,
            _next_due(app, unit),
            _at_work(unit, now) or (moment is not None and moment <= now),
            logs,
            _calls(unit),
            {handset.id: _suggestions(app, unit, handset) for handset in HANDSETS},
        )

    return app.store.read(work)


def _calls(unit: Unit) -> dict[str, PretendCall]:
    """Return the call that is on each handset, the oldest where there are several; most have none."""
    found: dict[str, PretendCall] = {}
    owners = {
        person.id: handset.id
        for handset in HANDSETS
        if (person := people.by_number(unit, handset.number)) is not None
    }
    for call in pretend_calls.open_calls(unit):
        owner = owners.get(call.message.person_id)
        if owner is not None:
            found.setdefault(owner, call)
    return found


def _suggestions(app: App, unit: Unit, handset: Handset) -> tuple[str, ...]:
    friends = [
        suggestions.Friend(other.name, other.number)
        for other in HANDSETS
        if other.id != handset.id and other.number not in {staff.number for staff in app.program.staff}
    ]
    return suggestions.suggest(app, unit, handset.number, handset.name, friends) or (
        handset.first_texts if people.by_number(unit, handset.number) is None else ()
    )


def _next_due(app: App, unit: Unit) -> Due | None:
    timer = timers.next_due(unit)
    dues = [Due(call.ends_at, "ring" if call.rings else "talk") for call in pretend_calls.open_calls(unit)]
    if timer is not None:
        dues.append(_due(app, unit, timer))
    return min(dues, key=lambda due: due.at, default=None)


def _due(app: App, unit: Unit, timer: Timer) -> Due:
    kind, _, rest = timer.subject.partition(":")
    flow = app.flows.get(rest.rpartition(":")[2])
    if kind == "run":
        run = runs.by_id(unit, rest)
        step = None if run is None else app.step_of(unit, run)
        return Due(timer.due_at, "wait" if isinstance(step, Wait) else "silence")
    if kind == "alert":
        alert = alerts.by_id(unit, rest)
        return Due(timer.due_at, (alert.state if alert is not None else AlertState.WINDOW).value)
    return Due(timer.due_at, kind, flow.title if flow is not None else None)


def type_text(app: App, handset: Handset, text: str) -> None:
    """Send a text from a handset, as its owner would."""
    inbound = Inbound(f"PT{app.new_id()}", handset.number, text)
    app.store.run(lambda unit: receive(app, unit, inbound, app.clock.now()))
    settle(app)


def settle(app: App) -> None:
    """Do what is due after something was said on a handset."""
    _settle(app, BRIEFLY)


def catch_up(app: App) -> None:
    """Deliver what is due now, and report what the pretend carrier has delivered."""
    for lane in LANES:
        due.run_due(app, lane)
    for lane in LANES:
        delivery.deliver(app, lane)
    pump(app)


def pump(app: App) -> int:
    """Take the pretend carrier's reports, and end the calls that are due to end; return how many."""
    if not isinstance(app.carrier, PretendPhones):
        return 0
    ended = pretend_calls.end_those_due(app)
    reports = app.carrier.pump()
    for report in reports:
        now = app.clock.now()
        app.store.run(
            lambda unit, r=report, now=now: delivery.reported(  # type: ignore[misc]
                app, unit, token=r.token, status=r.status, carrier_id=r.carrier_id,
                error_code=r.error_code, now=now,
            )
        )  # fmt: skip
    return len(reports) + ended


def move_clock(app: App, by: timedelta | Literal["next"]) -> None:
    """Move the service's clock forward, doing on the way everything that falls due, in its order.

    The service's own threads go on meanwhile. What one of them has begun it also ends, before the clock
    moves past the lease that it has for it.
    """
    clock = app.clock
    if not isinstance(clock, PretendClock):
        raise TypeError("only a pretend clock can be moved")
    patience = _settle(app, PATIENCE)
    start = clock.now()
    moment = next_event(app)
    target = (moment or start) if by == "next" else start + by
    for _ in range(MOST_ROUNDS):
        moment = next_event(app)
        if moment is None or moment > target:
            break
        clock.move_to(moment)
        patience = _settle(app, patience)
    clock.move_to(target)
    _settle(app, patience)


def _settle(app: App, patience: int) -> int:
    """Do what is due, and wait for what other threads have begun; return what is left of the patience.

    A claim that a dead process left behind never ends; the clock then moves on to the end of its lease.
    """
    pause = threading.Event()
    catch_up(app)
    while patience > 0 and app.store.read(lambda unit: _at_work(unit, app.clock.now())):
        pause.wait(0.005)
        patience -= 1
        catch_up(app)
    pump(app)  # what another thread has sent since
    return patience


def next_moment(app: App) -> datetime | None:
    """Return when the next timer or message is due; one that is claimed is due when its lease ends."""
    return app.store.read(lambda unit: _next_moment(unit, app.clock.now()))


def next_event(app: App) -> datetime | None:
    """Return when anything happens next: what is due, or the end of a call that nobody picks up."""
    moments = (next_moment(app), pretend_calls.next_end(app))
    return min((moment for moment in moments if moment), default=None)


def _next_moment(unit: Unit, now: datetime) -> datetime | None:
    row = unit.first(_NEXT_TIMER, {"now": now})
    moments = (row and row.moment, outbox.next_due(unit))
    return min((moment for moment in moments if moment), default=None)


_claimed, _due_at = tables.timers.c.claimed_until, tables.timers.c.due_at
_NEXT_TIMER = sa.select(
    sa.func.min(
        sa.case((_claimed > sa.bindparam("now", type_=tables.Instant), _claimed), else_=_due_at),
        type_=tables.Instant,
    ).label("moment")
)


def _at_work(unit: Unit, now: datetime) -> bool:
    """Whether a living claim stands on a timer or a message."""
    timer, message = tables.timers.c, tables.outbox.c
    sending = sa.exists().where(
        message.state.in_(outbox.OPEN), message.lease.is_not(None), message.due_at > now
    )
    firing = sa.exists().where(timer.claimed_until > now)
    row = unit.first(sa.select(sa.or_(sending, firing).label("at_work")))
    return row is not None and bool(row.at_work)


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
