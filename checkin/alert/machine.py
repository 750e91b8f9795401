"""The escalation machine: `escalate(alert, event) -> (alert, effects)`.

Knows the states of an alert and what may move it. Must not know the clock, the store, how people are told,
or any name or number: time is the service's (it turns `SetTimer` into a row and the row into `TimerFired`).

Theory
======

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
window begins anew, so that every choice can be thought better of.

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
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import assert_never

from checkin.alert.errors import (
    AlertClosed,
    AlreadyRaised,
    EventRejected,
    NothingNew,
    NotRaised,
    NotTaken,
    NotWaiting,
    StaleEvent,
    WindowOver,
)
from checkin.alert.model import (
    AddTask,
    Alert,
    AlertState,
    AllClear,
    Call,
    ChangedMind,
    CheckTaker,
    Chose,
    Effect,
    Event,
    FollowUp,
    HurryUp,
    MemberNews,
    NoAnswer,
    NobodyCame,
    OutOfReach,
    Passed,
    Raised,
    SetTimer,
    ShiftChanged,
    SomebodyCame,
    StaffResolved,
    Target,
    TaskKind,
    TellMember,
    TellOther,
    Tier,
    TimerFired,
    Told,
    Took,
)
from checkin.alert.policy import choose
from checkin.alert.telling import (
    ask,
    change_shift,
    let_go,
    mark,
    people,
    stand_down,
    standing_at,
    tell,
    who_was_told,
    willing,
)

LONGEST_REMINDER = timedelta(hours=4)
"""On-call staff hear at least so often of a request that nobody has taken."""

STILL_LOOKING_EVERY = 4
"""The member hears "still looking" at every so many reminders to staff."""


class Move(StrEnum):
    """What an accepted event does to the state; the events themselves decide which."""

    OPEN = "open"
    TELL = "tell"
    HAND_OVER = "hand_over"
    TAKE = "take"
    STAY = "stay"
    CANCEL = "cancel"
    CLOSE = "close"


TRANSITIONS: Mapping[tuple[AlertState, Move], AlertState] = {
    (AlertState.WINDOW, Move.OPEN): AlertState.WINDOW,
    (AlertState.WINDOW, Move.STAY): AlertState.WINDOW,
    (AlertState.WINDOW, Move.TELL): AlertState.NOTIFYING,
    (AlertState.WINDOW, Move.HAND_OVER): AlertState.WITH_STAFF,
    (AlertState.WINDOW, Move.CANCEL): AlertState.CANCELLED,
    (AlertState.WINDOW, Move.CLOSE): AlertState.RESOLVED,
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

# Whoever has one of these was last asked something, or said no: nobody has told them how it went on.
_UNINFORMED = frozenset({Told.TOLD, Told.SILENT, Told.PASSED})


@dataclass(frozen=True, slots=True)
class _Decision:
    """What one event decides. `alert` carries every changed field but state, transition and timer."""

    move: Move
    alert: Alert
    effects: tuple[Effect, ...]


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


def _decide(alert: Alert, event: Event) -> _Decision:
    """Choose what an event does; rejected events leave through an exception."""
    if (alert.transition == 0) != isinstance(event, Raised):
        raise NotRaised if alert.transition == 0 else AlreadyRaised
    match event:
        case Raised():
            return _raised(alert)
        case ChangedMind():
            return _changed_mind(alert)
        case HurryUp():
            if alert.state is not AlertState.WINDOW:
                raise _closed_or(alert, WindowOver)
            return _next(alert)
        case Chose(chosen):
            if alert.state is not AlertState.WINDOW:
                raise _closed_or(alert, WindowOver)
            return _raised(replace(alert, policy=choose(alert.policy, chosen)))
        case TimerFired(transition):
            if transition != alert.timer:
                raise StaleEvent
            return _wait_over(alert)
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
            return _hand_over(let_go(alert), "nobody_came", news="reopened")
        case SomebodyCame():
            return _closed_well(alert)
        case StaffResolved(person):
            return _closed_well(alert, by=person)
        case AllClear():
            return _all_clear(alert)
        case _:
            assert_never(event)


# ---------------------------------------------------------------- what the member and the clock do


def _raised(alert: Alert) -> _Decision:
    """Open the change-of-mind window, or tell the first tier at once where there is none."""
    if not alert.policy.window:
        return _next(alert)
    first = next((target.person for target in people(alert.policy) if target.role == "contact"), None)
    return _Decision(Move.OPEN, alert, (TellMember("window_opened", first), SetTimer(alert.policy.window)))


def _changed_mind(alert: Alert) -> _Decision:
    """Cancel while nobody has it: a contact who was asked in vain hears that nothing is needed."""
    if (alert.state, Move.CANCEL) not in TRANSITIONS:
        raise _closed_or(alert, WindowOver)
    others = tell(alert, "no_longer_needed", _UNINFORMED)
    return _Decision(Move.CANCEL, stand_down(alert), (TellMember("cancelled"), *others))


def _wait_over(alert: Alert) -> _Decision:
    """Go on after a wait: the next tier, another reminder to staff, or a look at who took it."""
    match alert.state:
        case AlertState.WINDOW:
            return _next(alert)
        case AlertState.NOTIFYING:
            called = alert.called or alert.policy.call_after is None
            return _next(alert) if called else _call(alert)
        case AlertState.WITH_STAFF:
            return _remind_staff(alert)
        case AlertState.ACKNOWLEDGED:
            return _check_taken(alert)
        case AlertState.RESOLVED | AlertState.CANCELLED:
            raise StaleEvent
        case _:
            assert_never(alert.state)


def _call(alert: Alert) -> _Decision:
    """Call those of the tier who have not answered their text; the rest of the wait is still theirs."""
    tier = alert.policy.tiers[alert.tier]
    silent = [one for one in tier.targets if alert.told[one.person] is Told.TOLD]
    assert alert.policy.call_after is not None, "where nobody is called, nobody waits for a call"
    rest = SetTimer(tier.wait - alert.policy.call_after)
    return _Decision(Move.STAY, replace(alert, called=True), (*map(Call, silent), rest))


def _remind_staff(alert: Alert) -> _Decision:
    """Ask staff again, by text and by call: a text wakes nobody."""
    reminders = alert.reminders + 1
    targets = willing(alert, alert.policy.staff)
    asked, notify = ask(replace(alert, reminders=reminders), targets)
    calls = () if alert.policy.call_after is None else tuple(map(Call, targets))
    still: tuple[Effect, ...] = ()
    if reminders % STILL_LOOKING_EVERY == 0:
        still = (TellMember("still_looking"),)
    return _Decision(Move.STAY, asked, (*notify, *calls, *still, SetTimer(_until_next_reminder(asked))))


def _until_next_reminder(alert: Alert) -> timedelta:
    """Wait twice as long after every few reminders, up to `LONGEST_REMINDER`, so as not to wear staff out."""
    doubled: int = 2 ** min(alert.reminders // STILL_LOOKING_EVERY, 10)
    return max(alert.policy.remind_staff, min(alert.policy.remind_staff * doubled, LONGEST_REMINDER))


def _check_taken(alert: Alert) -> _Decision:
    """Ask the taker once; then the alert is nobody's, and staff get it."""
    taker = next(target for target in people(alert.policy) if target.person == alert.taken_by)
    if alert.reminders or alert.told[taker.person] is Told.UNREACHABLE:
        return _hand_over(let_go(alert), "check_taken", news="staff_told")
    effects = (CheckTaker(taker), SetTimer(alert.policy.check_taken))
    return _Decision(Move.STAY, replace(alert, reminders=1), effects)


def _closed_well(alert: Alert, *, by: str | None = None) -> _Decision:
    """Resolve because a person was there. After an acknowledgement everyone has heard who it was."""
    _refuse_closed(alert)
    informed = alert.state is AlertState.ACKNOWLEDGED
    others = () if informed else tell(alert, "no_longer_needed", _UNINFORMED, skip=by)
    return _Decision(Move.CLOSE, stand_down(alert), (TellMember("resolved"), *others))


def _all_clear(alert: Alert) -> _Decision:
    """Resolve because the member is well; everyone who was told hears it, whatever they answered."""
    _refuse_closed(alert)
    others = tell(alert, "all_clear", frozenset(Told) - {Told.UNREACHABLE})
    return _Decision(Move.CLOSE, stand_down(alert), (TellMember("resolved"), *others))


# ---------------------------------------------------------------- what the people who were asked do


def _took(alert: Alert, by: Target) -> _Decision:
    """Give the alert to the first who says yes; tell every later one who has it."""
    if alert.state in CLOSED:
        return _Decision(Move.STAY, alert, (TellOther(by, "no_longer_needed"),))
    if alert.taken_by == by.person:
        return _still_has_it(alert, by)
    if alert.taken_by is not None:
        answer = TellOther(by, "taken_by_other", alert.taken_by)
        return _Decision(Move.STAY, mark(alert, by, Told.STOOD_DOWN), (answer,))
    effects: tuple[Effect, ...] = (
        TellMember("taken", by.person),
        TellOther(by, "taken_by_you"),
        *tell(alert, "taken_by_other", _UNINFORMED, by=by.person, skip=by.person),
        FollowUp(),
        SetTimer(alert.policy.check_taken),
    )
    taken = replace(stand_down(alert), taken_by=by.person, reminders=0)
    return _Decision(Move.TAKE, mark(taken, by, Told.TOOK), effects)


def _still_has_it(alert: Alert, by: Target) -> _Decision:
    """Take another yes of the taker for what it answers: whether they got in touch, where they were asked."""
    if alert.reminders:
        effects = (TellMember("taker_came", by.person), TellOther(by, "thanks_for_coming"))
        return _Decision(Move.CLOSE, stand_down(alert), effects)
    return _Decision(Move.STAY, mark(alert, by, Told.TOOK), (TellOther(by, "taken_by_you"),))


def _passed(alert: Alert, by: Target) -> _Decision:
    """Thank who cannot; go on at once when nobody is left to wait for."""
    thanks = TellOther(by, "thanks_for_answering")
    if alert.state in CLOSED:
        return _Decision(Move.STAY, alert, (thanks,))
    marked = mark(alert, by, Told.PASSED)
    if alert.taken_by == by.person:
        decision = _next(replace(marked, taken_by=None), reopened=True, skip=by.person)
    else:
        decision = _next_if_nobody_left(marked, by)
    return replace(decision, effects=(thanks, *decision.effects))


def _out_of_reach(alert: Alert, by: Target) -> _Decision:
    """Go on at once when nobody is left to wait for.

    A taker who cannot be reached any more may well be with the member: staff look, nothing is re-opened.
    """
    _refuse_closed(alert)
    marked = mark(alert, by, Told.UNREACHABLE)
    if alert.taken_by == by.person and alert.told[by.person] is Told.TOOK:
        return _Decision(Move.STAY, marked, (AddTask("check_taken"),))
    return _next_if_nobody_left(marked, by)


def _no_answer(alert: Alert, by: Target) -> _Decision:
    """Go on at once when nobody is left to wait for; who picks up the phone later may still take it."""
    _refuse_closed(alert)
    if alert.told[by.person] is not Told.TOLD:
        raise NotWaiting
    if alert.state is AlertState.WITH_STAFF:  # the next reminder is due anyway
        return _Decision(Move.STAY, alert, ())
    return _next_if_nobody_left(mark(alert, by, Told.SILENT), by)


def _shift_changed(alert: Alert, on_duty: tuple[str, ...]) -> _Decision:
    """Note who is on duty now. Nobody is told yet."""
    _refuse_closed(alert)
    changed = change_shift(alert, on_duty)
    if changed == alert:
        raise NothingNew
    return _Decision(Move.STAY, changed, ())


def _next_if_nobody_left(alert: Alert, by: Target) -> _Decision:
    if alert.state is AlertState.NOTIFYING:
        waiting = alert.policy.tiers[alert.tier].targets
        if all(alert.told[target.person] is not Told.TOLD for target in waiting):
            return _next(alert, skip=by.person)
    return _Decision(Move.STAY, alert, ())


# ---------------------------------------------------------------- going on


def _next(alert: Alert, *, reopened: bool = False, skip: str | None = None) -> _Decision:
    """Tell the next tier that has anybody to ask in it, or hand the alert to staff.

    When it is re-opened, whoever was told that somebody has it is asked again: it is no longer true.
    `skip` has answered this very moment and is not asked in the same breath.
    """
    again = standing_at(alert, frozenset({Told.STOOD_DOWN})) if reopened else ()
    for index in range(alert.tier + 1, len(alert.policy.tiers)):
        tier = alert.policy.tiers[index]
        targets = tuple(one for one in tier.targets if one.person != skip and _may_be_asked(alert, one))
        if targets:
            news = _tier_news(alert, targets, reopened)
            wait, called = _first_wait(alert, tier)
            asked, notify = ask(replace(alert, tier=index, reminders=0, called=called), (*targets, *again))
            return _Decision(Move.TELL, asked, (*notify, news, SetTimer(wait)))
    news_if_any: MemberNews | None = "staff_told" if reopened else None
    return _hand_over(alert, "alert_unanswered", also=again, news=news_if_any, skip=skip)


def _may_be_asked(alert: Alert, target: Target) -> bool:
    return alert.told.get(target.person) not in (Told.PASSED, Told.UNREACHABLE)


def _first_wait(alert: Alert, tier: Tier) -> tuple[timedelta, bool]:
    """Return how long a tier that is told now waits first, and whether that is all: nobody is called then."""
    call_after = alert.policy.call_after
    if call_after is None or call_after >= tier.wait:
        return tier.wait, True
    return call_after, False


def _tier_news(alert: Alert, targets: tuple[Target, ...], reopened: bool) -> TellMember:
    contact = next((target.person for target in targets if target.role == "contact"), None)
    if contact is None:
        return _staff_news(alert, targets, "staff_told" if reopened else None)
    return TellMember("passed_on" if alert.told else "contact_told", contact)


def _hand_over(
    alert: Alert,
    kind: TaskKind,
    *,
    news: MemberNews | None,
    also: tuple[Target, ...] = (),
    skip: str | None = None,
) -> _Decision:
    """Put the alert on the staff's list and ask the staff on call; `also` are contacts to ask again."""
    staff = tuple(one for one in willing(alert, alert.policy.staff) if one.person != skip)
    told = TellMember(news) if news == "reopened" else _staff_news(alert, staff, news)
    asked, notify = ask(replace(alert, reminders=0, called=False), (*staff, *also))
    wait = SetTimer(alert.policy.remind_staff)
    return _Decision(Move.HAND_OVER, asked, (AddTask(kind), *notify, told, wait))


def _staff_news(alert: Alert, staff: tuple[Target, ...], news: MemberNews | None) -> TellMember:
    """Tell the member of staff by name once; after that, or where there are none, that we still look."""
    if not staff:
        return TellMember("still_looking")
    known = any(target.role == "staff" and target.person in alert.told for target in people(alert.policy))
    if news is None and known:
        return TellMember("still_looking")
    return TellMember("staff_told", staff[0].person)


# ---------------------------------------------------------------- refusals


def _refuse_closed(alert: Alert) -> None:
    if alert.state in CLOSED:
        raise AlertClosed


def _closed_or(alert: Alert, otherwise: type[EventRejected]) -> EventRejected:
    return AlertClosed() if alert.state in CLOSED else otherwise()
