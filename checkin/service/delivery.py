"""From the outbox to the carrier, and what the carrier says afterwards.

1. Claim: rows that are due become `sending` under a lease, and that is committed (`claim`). Routine texts
   wait until the sender's pace allows (`checkin.service.pacing`).
2. Look once more whether each may be sent, and now: STOP, an alert that is over, a time that has passed,
   a member's night, a lease about to end (`_may_send`).
3. Hand it over, outside any transaction (`hand_over`).
4. Record what came of it (`_accepted`, many in one commit: `checkin.service.handing`; `_refused`, `_settle`).
   An answer that never came leaves the row `in_doubt`.
5. A row in doubt, or one whose process died between 1 and 4, is settled by asking the carrier what it has
   (`_settle_doubt`): had it, then it was sent; had it not, it is sent now. Where the carrier can't be asked,
   a check-in is given up (sent at most once), an alert's notification is sent again (at least once).
6. Callbacks move a row to delivered or failed, in whatever order they come (`reported`). One that comes
   before step 4 proves that the carrier has the message and does that step's work; step 4 then finds its
   lease gone and does nothing. A failure is an event for the alert that the message was about. What never
   left the carrier for want of room is sent again (`checkin.service.unsent`).
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from checkin.alert.machine import CLOSED
from checkin.alert.model import NoAnswer, OutOfReach, Told
from checkin.carrier.base import (
    Accepted,
    CarrierError,
    DeliveryStatus,
    FailureKind,
    InDoubt,
    Outgoing,
    Refused,
)
from checkin.carrier.twilio_words import CONGESTED, failure_of_callback
from checkin.conversation.run import Closed
from checkin.service import (
    call_pace,
    calling,
    contacting,
    conversations,
    pacing,
    requests,
    schedules,
    standing,
    unheard,
    unsent,
)
from checkin.service.app import App, Lane
from checkin.service.handing import Batch
from checkin.service.turn import Turn
from checkin.store import alerts, inbox, outbox, runs, timers
from checkin.store.inbox import Callback
from checkin.store.outbox import Message
from checkin.store.situations import Person
from checkin.store.unit import Unit

log = structlog.get_logger()

LEASE = timedelta(seconds=60)
"""Longer than any request to the carrier may take (10 s), so that nobody is asked to settle a living send."""

ASK_AFTER = timedelta(seconds=20)
"""How long a send in doubt rests before the carrier is asked: its own list lags a little behind."""

LONGEST_SEND = timedelta(seconds=15)
"""A row whose lease ends sooner is given back unsent: somebody else might send it beside us."""

LONGEST_LOOK = timedelta(minutes=10)
"""Routine texts at a slow sender's pace may take hours; a worker's look is stopped hard after 15 minutes."""

LONGEST_VALID = timedelta(hours=10)
"""How long a carrier tries for a text that has no end of its own, as Twilio does by itself."""

BY_ITSELF = ("run:", "missed:")
"""Subjects of what nobody waits for: it goes out at the allowed hours of whom it is for."""

MOST_TRIES = 8
BATCH = {"alerts": 1, "routine": 25}
RETRY_FIRST = timedelta(seconds=5)
RETRY_LONGEST = timedelta(minutes=30)
CONFIG_RETRY = timedelta(minutes=5)


def deliver(app: App, lane: Lane, stopping: Callable[[], bool] = lambda: False) -> int:
    """Send everything that is due in this lane now; return how many rows were handled.

    Nothing more is claimed once `stopping` is true, or after `LONGEST_LOOK`: the next look goes on.
    """
    handled, until = 0, app.clock.now() + LONGEST_LOOK
    while not stopping() and app.clock.now() < until and (batch := claim(app, lane, stopping)):
        deliver_batch(app, batch)
        handled += len(batch)
    return handled


def deliver_batch(app: App, messages: Sequence[Message]) -> None:
    """Deliver claimed rows one after the other; what is the same for all is done once (`handing`)."""
    stride = pacing.Stride(app)
    try:
        with _batch(app, messages) as batch:
            for message in messages:
                if (rest := stride.rest_for(message)) > 0:
                    batch.record()
                    app.rest(rest)
                if message.lane == "routine":
                    app.way.give()
                deliver_safely(app, message, batch)
    except Exception:
        log.exception("what was sent could not be recorded", count=len(messages))


def deliver_safely(app: App, message: Message, batch: Batch) -> None:
    """Deliver one claimed row.

    One that fails is reported, and waits for the end of its lease, when the carrier is asked about it. The
    next ones are not held up.
    """
    try:
        _deliver(app, message, batch)
    except Exception:
        log.exception("delivery failed", outbox_id=message.id, lane=message.lane)


def claim(app: App, lane: Lane, stopping: Callable[[], bool] = lambda: False) -> Sequence[Message]:
    """Claim what is due in this lane; routine texts as the sender's pace allows."""
    limit = BATCH[lane]
    paced = lane == "routine" and app.pace is not None
    if paced and not (limit := pacing.turn_comes(app, limit, stopping)):
        return ()
    now, lease = app.clock.now(), app.new_id()
    with_calls = lane == "alerts" or call_pace.may_begin(app)
    if lane == "routine":
        app.way.give()
    batch = app.store.run(
        lambda unit: outbox.claim(
            unit, lane=lane, now=now, lease=lease, lasts=LEASE, limit=limit, calls=with_calls
        ),
        patient=lane == "routine",
    )
    if paced:
        pacing.claimed(app, limit, batch)
    return batch


def _batch(app: App, messages: Sequence[Message]) -> Batch:
    return Batch(app, messages, lambda unit, one: _accepted(app, unit, one.message, one.accepted, one.at))


def _deliver(app: App, message: Message, batch: Batch) -> None:
    """Bring one claimed row as far as it can come now."""
    person = batch.person(message)
    if message.state == "in_doubt" and not _settle_doubt(app, message, person):
        return  # whatever else is true: it may be out already, and that has to be settled
    if _may_send(app, message, person):
        hand_over(app, message, _outgoing(app, message, person, app.clock.now()), batch)


def hand_over(app: App, message: Message, outgoing: Outgoing, batch: Batch) -> None:
    """Give one message to the carrier and record what came of it; a text that it took, with its batch."""
    try:
        accepted = app.carrier.send(outgoing)
    except Refused as refused:
        kind, code, retry_after = refused.kind, refused.code, refused.retry_after
        app.store.run(lambda unit: _refused(app, unit, message, kind, code, retry_after))
    except InDoubt:
        log.warning("send in doubt", outbox_id=message.id, lane=message.lane)
        _settle(app, message, "in_doubt", due_at=app.clock.now() + ASK_AFTER)
    else:
        batch.take(message, accepted)
        if accepted.status.terminal or message.channel == "voice":
            batch.record()  # more follows from it, of which another row's record must know nothing
        if message.lane == "alerts":
            batch.record()
            pacing.alert_sent(app, message)


def reported(
    app: App,
    unit: Unit,
    *,
    token: str,
    status: DeliveryStatus,
    carrier_id: str,
    error_code: str | None,
    now: datetime,
    sequence: int | None = None,
) -> bool:
    """Take one word of the carrier about a message; return whether it was news.

    Any order, any number of times: a word is kept once, and a terminal one wins. A word about a row whose
    request may be out (`sending`, `in_doubt`) proves that the carrier has it. Of a call, where `sequence`
    counts its words from 0, one that comes after a later one is kept and moves nothing.
    """
    said = inbox.callbacks_of(unit, token)
    again = next((known for known in said if known.status == status.value), None)
    if again is not None:
        if sequence is not None and sequence > (again.sequence or 0):
            inbox.recount(unit, replace(again, sequence=sequence))  # ringing, then answered: both are `sent`
        return False
    inbox.add_callback(unit, Callback(token, status.value, carrier_id, error_code, now, sequence))
    message = outbox.by_id(unit, token)
    if message is None or _is_late(said, carrier_id, sequence):
        return True
    turn = Turn(app, unit, now)
    if message.state in ("sending", "in_doubt") or (message.state == "sent" and status.terminal):
        _advance(turn, message, status, carrier_id, error_code)
    return True


def _is_late(said: Sequence[Callback], carrier_id: str, sequence: int | None) -> bool:
    """Whether a later word about this very call is known already."""
    counted = [one.sequence for one in said if one.carrier_id == carrier_id and one.sequence is not None]
    return sequence is not None and any(sequence < other for other in counted)


# ---------------------------------------------------------------- before a send


def _may_send(app: App, message: Message, person: Person) -> bool:
    """Give up a row that may not or need not be sent any more, and put off one that may not be sent now."""
    now = app.clock.now()
    if person.stopped or _is_overtaken(app, message) or calling.is_overtaken(app, message):
        _settle(app, message, "cancelled")
        return False
    start_at = _allowed_from(app, message, person, now)
    if message.expires_at is not None and message.expires_at <= start_at:
        app.store.run(lambda unit: _lapsed(app, unit, message))
        return False
    if now < start_at:
        _settle(app, message, "queued", due_at=start_at)
        return False
    if message.due_at - now < LONGEST_SEND:
        _settle(app, message, message.state.replace("sending", "queued"), due_at=now)
        return False
    return message.channel != "voice" or _has_a_line(app, message)


def _has_a_line(app: App, message: Message) -> bool:
    """Put a call back for which no line is free, or whose phone is in use; that is not one of its tries."""
    wait_until = call_pace.waits_until(app, message)
    if wait_until is not None:
        _settle(app, message, "queued", due_at=wait_until, tries=max(0, message.tries - 1))
    return wait_until is None


def _is_overtaken(app: App, message: Message) -> bool:
    """Whether this asks somebody to be there for a member who needs nobody any more, or has somebody."""
    kind, _, alert_id = message.subject.partition(":")
    if kind != "alert" or message.kind != "notification":
        return False
    alert = app.store.read(lambda unit: alerts.by_id(unit, alert_id))
    assert alert is not None, "a notification is about an alert"
    if message.channel == "voice" and alert.told.get(message.person_id) is not Told.TOLD:
        return True  # they have answered the text
    return alert.state in CLOSED or alert.taken_by not in (None, message.person_id)


def _allowed_from(app: App, message: Message, person: Person, now: datetime) -> datetime:
    """Return when this may go out: what a flow says by itself only at the member's allowed hours."""
    if not message.subject.startswith(BY_ITSELF):
        return now
    return schedules.allowed(app, person, now)


def _lapsed(app: App, unit: Unit, message: Message) -> None:
    """Give up a check-in whose time has passed, and the run that would wait for an answer to it."""
    turn = Turn(app, unit, app.clock.now())
    turn.situation(message.person_id)
    if not _still_claimed(unit, message):
        return
    outbox.settle(unit, message, "lapsed")
    run_id, transition, _ = message.id.rsplit(".", 2)
    run = runs.by_id(unit, run_id)
    if run is not None and run.transition == int(transition):
        conversations.feed(turn, run, Closed("lapsed"))


def _outgoing(app: App, message: Message, person: Person, now: datetime) -> Outgoing:
    """Return what the carrier is to have. What a flow says by itself may not arrive after the allowed hours.

    With less than a second left the carrier still tries for one, the shortest that it knows.
    """
    until = message.expires_at
    if message.subject.startswith(BY_ITSELF):
        until = schedules.ends(app, person, now, until or now + LONGEST_VALID)
    valid_for = None if until is None else until - now
    return Outgoing(message.id, person.number, message.body, message.channel, valid_for)


def _settle_doubt(app: App, message: Message, person: Person) -> bool:
    """Settle a row in doubt by asking the carrier; return whether the carrier does not have it."""
    outgoing = _outgoing(app, message, person, app.clock.now())
    since = (message.first_try_at or message.created_at) - timedelta(minutes=1)
    try:
        accepted = app.carrier.find(outgoing, since)
    except CarrierError:
        return _doubt_stays(app, message)
    if accepted is not None:
        found, now = accepted, app.clock.now()
        app.store.run(lambda unit: _accepted(app, unit, message, found, now))
        return False
    return True


def _doubt_stays(app: App, message: Message) -> bool:
    """Ask again later; where that never works, an alert goes out again, a check-in does not."""
    at_most_once = message.kind == "check_in"
    if message.tries < MOST_TRIES and (at_most_once or message.tries < 3):
        _settle(app, message, "in_doubt", due_at=app.clock.now() + _backoff(message))
        return False
    if at_most_once:
        _settle(app, message, "lost")
        return False
    return True


# ---------------------------------------------------------------- after a send


def _settle(app: App, message: Message, state: str, **changes: datetime | int) -> None:
    """Record the state that a claimed row has come to, in a transaction of its own."""

    def work(unit: Unit) -> None:
        if _still_claimed(unit, message):
            outbox.settle(unit, message, state, **changes)

    app.store.run(work)


def _still_claimed(unit: Unit, message: Message) -> bool:
    """Whether the row is still ours: no callback has settled it, and its lease has not passed to another."""
    return outbox.lease_of(unit, message.id) == message.lease


def _accepted(app: App, unit: Unit, message: Message, accepted: Accepted, now: datetime) -> None:
    """Record that the carrier has a message, unless a callback was faster and has recorded more."""
    if not _still_claimed(unit, message):
        return
    state = accepted.status.value if accepted.status.terminal else "sent"
    code = accepted.error_code
    outbox.settle(unit, message, state, carrier_id=accepted.carrier_id, sent_at=now, error_code=code)
    timers.count_from_sending(unit, message.subject, message.id, now)
    if state == "failed":
        _not_delivered(Turn(app, unit, now), message, code)


def _advance(
    turn: Turn, message: Message, status: DeliveryStatus, carrier_id: str, error_code: str | None
) -> None:
    """Move a row on because of a callback."""
    state = status.value if status.terminal else "sent"
    sent_at = message.sent_at or turn.now
    if error_code in CONGESTED:
        pacing.hold(turn, None)
    outbox.advance(
        turn.unit, message, state, carrier_id=carrier_id, sent_at=sent_at, error_code=error_code, lease=None
    )
    if message.sent_at is None:
        timers.count_from_sending(turn.unit, message.subject, message.id, sent_at)
    if message.channel == "voice" and status.terminal:
        _called(turn, message, status, carrier_id, error_code)
    elif state == "failed":
        _not_delivered(turn, message, error_code)


def _not_delivered(turn: Turn, message: Message, code: str | None) -> None:
    """Send a text again that had no room at the carrier; any other that it took and gave up has failed."""
    if not unsent.again(turn, message, code):
        _failed(turn, message, code, failure_of_callback(code))


def _called(
    turn: Turn, message: Message, status: DeliveryStatus, carrier_id: str, error_code: str | None
) -> None:
    """Do what follows a call that is over: nothing if somebody answered, else another, or the next person."""
    why = failure_of_callback(error_code)
    if status is DeliveryStatus.DELIVERED and calling.was_answered(turn, carrier_id):
        calling.broke_off(turn, message.person_id, carrier_id)
        return
    about_run = message.subject.startswith("run:")
    again = why is FailureKind.PERMANENT and message.kind != "notification"
    if again and (calling.again(turn, message) or about_run):
        return  # the ladder of a check-in goes on by itself
    _failed(turn, message, error_code, why)


def _refused(
    app: App, unit: Unit, message: Message, kind: FailureKind, code: str, retry_after: timedelta | None
) -> None:
    """Do what each kind of refusal asks for: later again, never again, or the next person."""
    if not _still_claimed(unit, message):
        return
    now = app.clock.now()
    if code in CONGESTED:
        pacing.hold(Turn(app, unit, now), retry_after)
    if kind in (FailureKind.RETRY, FailureKind.CONFIG):
        wait = retry_after or (CONFIG_RETRY if kind is FailureKind.CONFIG else _backoff(message))
        patient = message.tries < MOST_TRIES and not (message.expires_at and message.expires_at <= now + wait)
        if kind is FailureKind.CONFIG:
            log.error("carrier refuses our account or sender", code=code)
        if patient:
            outbox.settle(unit, message, "queued", due_at=now + wait, error_code=code)
            return
    outbox.settle(unit, message, "failed", error_code=code)
    _failed(Turn(app, unit, now), message, code, kind)


def _failed(turn: Turn, message: Message, code: str | None, why: FailureKind) -> None:
    """Tell whom it concerns that a message will never arrive; a carrier's opt-out is one of ours."""
    kind, _, rest = message.subject.partition(":")
    log.warning("message failed", outbox_id=message.id, lane=message.lane, code=code)
    if why is FailureKind.OPTED_OUT:
        situation, key = turn.situation(message.person_id), f"{message.id}.stopped"
        if not situation.person.stopped:
            standing.opt_out(turn, situation, key=key, wording=f"carrier {code}", confirm=False)
        return
    if kind == "alert" and message.kind == "notification":
        alert = alerts.by_id(turn.unit, rest)
        if alert is not None:
            lost = NoAnswer if message.channel == "voice" else OutOfReach
            requests.feed(turn, alert, lost(message.person_id))
    elif kind == "run":
        unheard.failed(turn, message, rest, why)
    elif kind in ("contact", "missed"):
        contacting.undelivered(turn, rest, message.person_id)
        turn.add_task(
            "undelivered",
            id=f"{message.id}.undelivered",
            member_id=None,
            subject=message.subject,
            note=f"A text to {turn.person(message.person_id).name or 'a contact'} could not be delivered.",
        )


def _backoff(message: Message) -> timedelta:
    """Return how long to wait after so many tries: 5 s, 10 s, 20 s, … at most half an hour.

    Up to a quarter is added, another for each message and try, so that what failed together does not come
    back together. It is drawn from the id, and the same history gives the same waits.
    """
    doubled: int = 2 ** max(0, message.tries - 1)
    spread = zlib.crc32(f"{message.id} {message.tries}".encode()) / 2**32
    return min(RETRY_FIRST * doubled, RETRY_LONGEST) * (1 + spread / 4)
