"""The escalation machine: `escalate(alert, event) -> (alert, effects)`.

Knows the states of an alert and what may move it. Must not know the clock, the store, how people are told,
or any name or number: time is the service's (it turns `SetTimer` into a row and the row into `TimerFired`).

Theory
======

           PUT_OFF
    puts off ↑ │ the morning comes
             │ v
    raised ──> WINDOW ──(window ends, hurry up)──> NOTIFYING ──(no tier left)──> WITH_STAFF
                 │                                 │   ↑ └─ next tier ─┐            │
                 │ changed mind       changed mind │   └───────────────┘            │
                 v                                 v                                │
             CANCELLED <───────────────────────────┘         somebody takes it      │
                                                      ACKNOWLEDGED <────────────────┘
                                                       │    │  └─ passed on ──> NOTIFYING or WITH_STAFF
                        RESOLVED <── somebody came ────┘    └─ nobody came ───> WITH_STAFF

A tier is told at one moment and has `tier.wait` to answer. Who has not answered the text after
`policy.call_after` is called; the rest of the wait is theirs too. When the last person of the tier who could
still answer says no, answers no call or turns out to be out of reach, nobody waits for the clock: the next
tier is told at once. A trusted contact's word counts whenever it comes: whoever was ever told may take the
alert as long as nobody has it, also late, also after having said no. A tier that asks people again (contacts
may be asked several times) leaves out who has passed or is out of reach.

When no tier is left the alert stands on the staff's list, and on-call staff are reminded for ever, less and
less often; who has passed is spared while anybody else is left. A program without on-call staff still has
the task, the timer and, now and then, a word to the member. The member hears of reminders only at every
`STILL_LOOKING_EVERY`th: a phone that buzzes each quarter of an hour to say that nobody came is no comfort.
Staff work in shifts: a `ShiftChanged` puts those on duty now in place of those before, wherever nobody has
been told yet. It tells nobody and moves no wait; the event that comes with it does.

In the window the member may choose who is asked (`Chose`): the policy's contacts become those chosen, and the
window begins anew, so that every choice can be thought better of. Where somebody has quiet hours the member
may wait for their end (`PutOff`): nobody is told before, and the window begins anew when it comes. Until then
the request is an open one like any other; taking it back, hurrying up and choosing somebody else still work.

An acknowledgement is a promise, not an end. After `policy.check_taken` the taker is asked whether they got
in touch. A yes resolves the alert, a no re-opens it; after the same time again without a word it goes to
staff. The member may say at any time that somebody came, or that nobody did.

What always holds (I1, checked over the whole reachable state space):

* an open alert has exactly one wait running, named by `alert.timer`. An event that changes nothing for the
  wait (a second person's no, a late yes) leaves it running; so a timer is compared with `alert.timer`,
  not with `alert.transition`;
* silence alone leads to the staff's list, and stays there;
* nobody outside the policy is told, and nobody who is out of reach is told how it went on;
* everyone who was asked hears when somebody else has it, or when nobody is needed any more.

An event that makes no sense where the alert stands raises an `EventRejected` and changes nothing. People are
always told in the policy's order, never in the order of a stored mapping, so that a replay is exact.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import assert_never

from checkin.alert.errors import (
    AlertClosed,
    AlreadyRaised,
    EventRejected,
    NothingNew,
    NotRaised,
    NotTaken,
    NotWaiting,
    PutOffRefused,
    StaleEvent,
    WindowOver,
)
from checkin.alert.model import (
    AddTask,
    Alert,
    AlertState,
    AllClear,
    ChangedMind,
    Chose,
    Effect,
    Event,
    FollowUp,
    HurryUp,
    NoAnswer,
    NobodyCame,
    OutOfReach,
    Passed,
    PutOff,
    Raised,
    SetTimer,
    ShiftChanged,
    SomebodyCame,
    StaffResolved,
    Target,
    TellMember,
    TellOther,
    TimerFired,
    Told,
    Took,
)
from checkin.alert.moves import Decision, Move
from checkin.alert.onward import hand_over, next_if_nobody_left, next_tier, open_window, wait_over
from checkin.alert.policy import choose
from checkin.alert.telling import (
    change_shift,
    let_go,
    mark,
    people,
    stand_down,
    tell,
    who_was_told,
)

TRANSITIONS: Mapping[tuple[AlertState, Move], AlertState] = {
    (AlertState.WINDOW, Move.OPEN): AlertState.WINDOW,
    (AlertState.WINDOW, Move.STAY): AlertState.WINDOW,
    (AlertState.WINDOW, Move.TELL): AlertState.NOTIFYING,
    (AlertState.WINDOW, Move.HAND_OVER): AlertState.WITH_STAFF,
    (AlertState.WINDOW, Move.CANCEL): AlertState.CANCELLED,
    (AlertState.WINDOW, Move.CLOSE): AlertState.RESOLVED,
    (AlertState.WINDOW, Move.PUT_OFF): AlertState.PUT_OFF,
    (AlertState.PUT_OFF, Move.OPEN): AlertState.WINDOW,
    (AlertState.PUT_OFF, Move.STAY): AlertState.PUT_OFF,
    (AlertState.PUT_OFF, Move.TELL): AlertState.NOTIFYING,
    (AlertState.PUT_OFF, Move.CANCEL): AlertState.CANCELLED,
    (AlertState.PUT_OFF, Move.CLOSE): AlertState.RESOLVED,
    (AlertState.PUT_OFF, Move.PUT_OFF): AlertState.PUT_OFF,
    (AlertState.NOTIFYING, Move.TELL): AlertState.NOTIFYING,
    (AlertState.NOTIFYING, Move.STAY): AlertState.NOTIFYING,
    (AlertState.NOTIFYING, Move.HAND_OVER): AlertState.WITH_STAFF,
    (AlertState.NOTIFYING, Move.TAKE): AlertState.ACKNOWLEDGED,
    (AlertState.NOTIFYING, Move.CANCEL): AlertState.CANCELLED,
    (AlertState.NOTIFYING, Move.CLOSE): AlertState.RESOLVED,
    (AlertState.WITH_STAFF, Move.STAY): AlertState.WITH_STAFF,
    (AlertState.WITH_STAFF, Move.TAKE): AlertState.ACKNOWLEDGED,
    (AlertState.WITH_STAFF, Move.CLOSE): AlertState.RESOLVED,
    (AlertState.ACKNOWLEDGED, Move.STAY): AlertState.ACKNOWLEDGED,
    (AlertState.ACKNOWLEDGED, Move.TELL): AlertState.NOTIFYING,
    (AlertState.ACKNOWLEDGED, Move.HAND_OVER): AlertState.WITH_STAFF,
    (AlertState.ACKNOWLEDGED, Move.CLOSE): AlertState.RESOLVED,
    (AlertState.RESOLVED, Move.STAY): AlertState.RESOLVED,
    (AlertState.CANCELLED, Move.STAY): AlertState.CANCELLED,
}
"""The only place where an alert's state changes."""

CLOSED = frozenset({AlertState.RESOLVED, AlertState.CANCELLED})
"""The states in which an alert is over."""

LONGEST_PUT_OFF = timedelta(days=1)
"""Quiet hours end within a day; no request waits longer for anybody."""

# Whoever has one of these was last asked something, or said no: nobody has told them how it went on.
_UNINFORMED = frozenset({Told.TOLD, Told.SILENT, Told.PASSED})


def escalate(alert: Alert, event: Event) -> tuple[Alert, tuple[Effect, ...]]:
    """Return the alert after this event, and what should happen because of it, in order.

    Raises `StaleEvent` for a timer that was overtaken, another `EventRejected` for an event that makes no
    sense where the alert stands; the alert is then as it was.
    """
    decision = _decide(alert, event)
    state = TRANSITIONS[alert.state, decision.move]
    transition = alert.transition + 1
    timer = alert.timer
    if any(isinstance(effect, SetTimer) for effect in decision.effects):
        timer = transition
    elif state in CLOSED:
        timer = None
    moved = replace(decision.alert, state=state, transition=transition, timer=timer)
    return moved, decision.effects


def _decide(alert: Alert, event: Event) -> Decision:
    """Choose what an event does; rejected events leave through an exception."""
    if (alert.transition == 0) != isinstance(event, Raised):
        raise NotRaised if alert.transition == 0 else AlreadyRaised
    match event:
        case Raised():
            return open_window(alert)
        case ChangedMind():
            return _changed_mind(alert)
        case HurryUp():
            _refuse_once_told(alert)
            return next_tier(alert)
        case Chose(chosen):
            _refuse_once_told(alert)
            return open_window(replace(alert, policy=choose(alert.policy, chosen)))
        case PutOff(chosen, seconds):
            _refuse_once_told(alert)
            return _put_off(replace(alert, policy=choose(alert.policy, chosen)), timedelta(seconds=seconds))
        case TimerFired(transition):
            if transition != alert.timer:
                raise StaleEvent
            return wait_over(alert)
        case Took(person):
            return _took(alert, who_was_told(alert, person))
        case Passed(person):
            return _passed(alert, who_was_told(alert, person))
        case OutOfReach(person):
            return _out_of_reach(alert, who_was_told(alert, person))
        case NoAnswer(person):
            return _no_answer(alert, who_was_told(alert, person))
        case ShiftChanged(on_duty):
            return _shift_changed(alert, on_duty)
        case NobodyCame():
            if alert.state is not AlertState.ACKNOWLEDGED:
                raise _closed_or(alert, NotTaken)
            return hand_over(let_go(alert), "nobody_came", news="reopened")
        case SomebodyCame():
            return _closed_well(alert)
        case StaffResolved(person):
            return _closed_well(alert, by=person)
        case AllClear():
            return _all_clear(alert)
        case _:
            assert_never(event)


# ---------------------------------------------------------------- what the member and the clock do


def _changed_mind(alert: Alert) -> Decision:
    """Cancel while nobody has it: a contact who was asked in vain hears that nothing is needed."""
    if (alert.state, Move.CANCEL) not in TRANSITIONS:
        raise _closed_or(alert, WindowOver)
    others = tell(alert, "no_longer_needed", _UNINFORMED)
    return Decision(Move.CANCEL, stand_down(alert), (TellMember("cancelled"), *others))


def _put_off(alert: Alert, length: timedelta) -> Decision:
    """Let nobody hear of it for so long; the member is told whom it waits for."""
    first = next((target.person for target in people(alert.policy) if target.role == "contact"), None)
    if first is None or not timedelta(0) < length <= LONGEST_PUT_OFF:
        raise PutOffRefused
    return Decision(Move.PUT_OFF, alert, (TellMember("put_off", first), SetTimer(length)))


def _closed_well(alert: Alert, *, by: str | None = None) -> Decision:
    """Resolve because a person was there. After an acknowledgement everyone has heard who it was."""
    _refuse_closed(alert)
    informed = alert.state is AlertState.ACKNOWLEDGED
    others = () if informed else tell(alert, "no_longer_needed", _UNINFORMED, skip=by)
    return Decision(Move.CLOSE, stand_down(alert), (TellMember("resolved"), *others))


def _all_clear(alert: Alert) -> Decision:
    """Resolve because the member is well; everyone who was told hears it, whatever they answered."""
    _refuse_closed(alert)
    others = tell(alert, "all_clear", frozenset(Told) - {Told.UNREACHABLE})
    return Decision(Move.CLOSE, stand_down(alert), (TellMember("resolved"), *others))


# ---------------------------------------------------------------- what the people who were asked do


def _took(alert: Alert, by: Target) -> Decision:
    """Give the alert to the first who says yes; tell every later one who has it."""
    if alert.state in CLOSED:
        return Decision(Move.STAY, alert, (TellOther(by, "no_longer_needed"),))
    if alert.taken_by == by.person:
        return _still_has_it(alert, by)
    if alert.taken_by is not None:
        answer = TellOther(by, "taken_by_other", alert.taken_by)
        return Decision(Move.STAY, mark(alert, by, Told.STOOD_DOWN), (answer,))
    effects: tuple[Effect, ...] = (
        TellMember("taken", by.person),
        TellOther(by, "taken_by_you"),
        *tell(alert, "taken_by_other", _UNINFORMED, by=by.person, skip=by.person),
        FollowUp(),
        SetTimer(alert.policy.check_taken),
    )
    taken = replace(stand_down(alert), taken_by=by.person, reminders=0)
    return Decision(Move.TAKE, mark(taken, by, Told.TOOK), effects)


def _still_has_it(alert: Alert, by: Target) -> Decision:
    """Take another yes of the taker for what it answers: whether they got in touch, where they were asked."""
    if alert.reminders:
        effects = (TellMember("taker_came", by.person), TellOther(by, "thanks_for_coming"))
        return Decision(Move.CLOSE, stand_down(alert), effects)
    return Decision(Move.STAY, mark(alert, by, Told.TOOK), (TellOther(by, "taken_by_you"),))


def _passed(alert: Alert, by: Target) -> Decision:
    """Thank who cannot; go on at once when nobody is left to wait for."""
    thanks = TellOther(by, "thanks_for_answering")
    if alert.state in CLOSED:
        return Decision(Move.STAY, alert, (thanks,))
    marked = mark(alert, by, Told.PASSED)
    if alert.taken_by == by.person:
        decision = next_tier(replace(marked, taken_by=None), reopened=True, skip=by.person)
    else:
        decision = next_if_nobody_left(marked, by)
    return replace(decision, effects=(thanks, *decision.effects))


def _out_of_reach(alert: Alert, by: Target) -> Decision:
    """Go on at once when nobody is left to wait for.

    A taker who cannot be reached any more may well be with the member: staff look, nothing is re-opened.
    """
    _refuse_closed(alert)
    marked = mark(alert, by, Told.UNREACHABLE)
    if alert.taken_by == by.person and alert.told[by.person] is Told.TOOK:
        return Decision(Move.STAY, marked, (AddTask("check_taken"),))
    return next_if_nobody_left(marked, by)


def _no_answer(alert: Alert, by: Target) -> Decision:
    """Go on at once when nobody is left to wait for; who picks up the phone later may still take it."""
    _refuse_closed(alert)
    if alert.told[by.person] is not Told.TOLD:
        raise NotWaiting
    if alert.state is AlertState.WITH_STAFF:  # the next reminder is due anyway
        return Decision(Move.STAY, alert, ())
    return next_if_nobody_left(mark(alert, by, Told.SILENT), by)


def _shift_changed(alert: Alert, on_duty: tuple[str, ...]) -> Decision:
    """Note who is on duty now. Nobody is told yet."""
    _refuse_closed(alert)
    changed = change_shift(alert, on_duty)
    if changed == alert:
        raise NothingNew
    return Decision(Move.STAY, changed, ())


# ---------------------------------------------------------------- refusals


def _refuse_once_told(alert: Alert) -> None:
    if alert.state not in (AlertState.WINDOW, AlertState.PUT_OFF):
        raise _closed_or(alert, WindowOver)


def _refuse_closed(alert: Alert) -> None:
    if alert.state in CLOSED:
        raise AlertClosed


def _closed_or(alert: Alert, otherwise: type[EventRejected]) -> EventRejected:
    return AlertClosed() if alert.state in CLOSED else otherwise()
