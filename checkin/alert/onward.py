"""How an alert goes on when nobody has answered: the window, tier after tier, the staff's list, the taker.

Knows the policy's waits and who may be asked next. Must not know what people answer.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import assert_never

from checkin.alert.errors import StaleEvent
from checkin.alert.model import (
    AddTask,
    Alert,
    AlertState,
    Call,
    CheckTaker,
    Effect,
    MemberNews,
    SetTimer,
    Target,
    TaskKind,
    TellMember,
    Tier,
    Told,
)
from checkin.alert.moves import Decision, Move
from checkin.alert.telling import ask, let_go, people, standing_at, willing

LONGEST_REMINDER = timedelta(hours=4)
"""On-call staff hear at least so often of a request that nobody has taken."""

STILL_LOOKING_EVERY = 4
"""The member hears "still looking" at every so many reminders to staff."""


def wait_over(alert: Alert) -> Decision:
    """Go on after a wait: the next tier, another reminder to staff, or a look at who took it."""
    match alert.state:
        case AlertState.WINDOW:
            return next_tier(alert)
        case AlertState.PUT_OFF:
            return open_window(alert)
        case AlertState.NOTIFYING:
            called = alert.called or alert.policy.call_after is None
            return next_tier(alert) if called else _call(alert)
        case AlertState.WITH_STAFF:
            return _remind_staff(alert)
        case AlertState.ACKNOWLEDGED:
            return _check_taken(alert)
        case AlertState.RESOLVED | AlertState.CANCELLED:
            raise StaleEvent
        case _:
            assert_never(alert.state)


def open_window(alert: Alert) -> Decision:
    """Open the change-of-mind window, or tell the first tier at once where there is none."""
    if not alert.policy.window:
        return next_tier(alert)
    first = next((target.person for target in people(alert.policy) if target.role == "contact"), None)
    return Decision(Move.OPEN, alert, (TellMember("window_opened", first), SetTimer(alert.policy.window)))


def next_tier(alert: Alert, *, reopened: bool = False, skip: str | None = None) -> Decision:
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
            return Decision(Move.TELL, asked, (*notify, news, SetTimer(wait)))
    news_if_any: MemberNews | None = "staff_told" if reopened else None
    return hand_over(alert, "alert_unanswered", also=again, news=news_if_any, skip=skip)


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


def next_if_nobody_left(alert: Alert, by: Target) -> Decision:
    if alert.state is AlertState.NOTIFYING:
        waiting = alert.policy.tiers[alert.tier].targets
        if all(alert.told[target.person] is not Told.TOLD for target in waiting):
            return next_tier(alert, skip=by.person)
    return Decision(Move.STAY, alert, ())


def _call(alert: Alert) -> Decision:
    """Call those of the tier who have not answered their text; the rest of the wait is still theirs."""
    tier = alert.policy.tiers[alert.tier]
    silent = [one for one in tier.targets if alert.told[one.person] is Told.TOLD]
    assert alert.policy.call_after is not None, "where nobody is called, nobody waits for a call"
    rest = SetTimer(tier.wait - alert.policy.call_after)
    return Decision(Move.STAY, replace(alert, called=True), (*map(Call, silent), rest))


def hand_over(
    alert: Alert,
    kind: TaskKind,
    *,
    news: MemberNews | None,
    also: tuple[Target, ...] = (),
    skip: str | None = None,
) -> Decision:
    """Put the alert on the staff's list and ask the staff on call; `also` are contacts to ask again."""
    staff = tuple(one for one in willing(alert, alert.policy.staff) if one.person != skip)
    told = TellMember(news) if news == "reopened" else _staff_news(alert, staff, news)
    asked, notify = ask(replace(alert, reminders=0, called=False), (*staff, *also))
    wait = SetTimer(alert.policy.remind_staff)
    return Decision(Move.HAND_OVER, asked, (AddTask(kind), *notify, told, wait))


def _staff_news(alert: Alert, staff: tuple[Target, ...], news: MemberNews | None) -> TellMember:
    """Tell the member of staff by name once; after that, or where there are none, that we still look."""
    if not staff:
        return TellMember("still_looking")
    known = any(target.role == "staff" and target.person in alert.told for target in people(alert.policy))
    if news is None and known:
        return TellMember("still_looking")
    return TellMember("staff_told", staff[0].person)


def _remind_staff(alert: Alert) -> Decision:
    """Ask staff again, by text and by call: a text wakes nobody."""
    reminders = alert.reminders + 1
    targets = willing(alert, alert.policy.staff)
    asked, notify = ask(replace(alert, reminders=reminders), targets)
    calls = () if alert.policy.call_after is None else tuple(map(Call, targets))
    still: tuple[Effect, ...] = ()
    if reminders % STILL_LOOKING_EVERY == 0:
        still = (TellMember("still_looking"),)
    return Decision(Move.STAY, asked, (*notify, *calls, *still, SetTimer(_until_next_reminder(asked))))


def _until_next_reminder(alert: Alert) -> timedelta:
    """Wait twice as long after every few reminders, up to `LONGEST_REMINDER`, so as not to wear staff out."""
    doubled: int = 2 ** min(alert.reminders // STILL_LOOKING_EVERY, 10)
    return max(alert.policy.remind_staff, min(alert.policy.remind_staff * doubled, LONGEST_REMINDER))


def _check_taken(alert: Alert) -> Decision:
    """Ask the taker once; then the alert is nobody's, and staff get it."""
    taker = next(target for target in people(alert.policy) if target.person == alert.taken_by)
    if alert.reminders or alert.told[taker.person] is Told.UNREACHABLE:
        return hand_over(let_go(alert), "check_taken", news="staff_told")
    effects = (CheckTaker(taker), SetTimer(alert.policy.check_taken))
    return Decision(Move.STAY, replace(alert, reminders=1), effects)
