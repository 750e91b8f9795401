"""Who is in an alert, who was told, and telling them: the bookkeeping below the escalation machine.

Knows the policy's people and how each notification stands. Must not know states, timers or the member.
People are always taken in the policy's order, so that a replay is exact.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from checkin.alert.errors import NotTold
from checkin.alert.model import (
    Alert,
    Effect,
    Notify,
    OtherNews,
    Policy,
    Target,
    TellOther,
    Told,
)


def people(policy: Policy) -> tuple[Target, ...]:
    """Return everyone in the policy once, in the order in which they would be told."""
    everyone = [target for tier in policy.tiers for target in tier.targets]
    by_person: dict[str, Target] = {}
    for target in (*everyone, *policy.staff, *policy.relieved):
        by_person.setdefault(target.person, target)
    return tuple(by_person.values())


def who_was_told(alert: Alert, person: str) -> Target:
    """Return the target for somebody who was told; raises `NotTold` for anybody else."""
    if person not in alert.told:
        raise NotTold
    return next(target for target in people(alert.policy) if target.person == person)


def ask(alert: Alert, targets: Iterable[Target]) -> tuple[Alert, tuple[Effect, ...]]:
    """Ask each of these once; whoever was asked before gets a reminder."""
    once = {target.person: target for target in targets}
    effects = tuple(Notify(target, reminder=person in alert.told) for person, target in once.items())
    return replace(alert, told={**alert.told, **dict.fromkeys(once, Told.TOLD)}), effects


def willing(alert: Alert, targets: Iterable[Target]) -> tuple[Target, ...]:
    """Return those of these who may be asked now: nobody who has passed, unless nobody else is left.

    Somebody who is out of reach is tried again each time, but is no reason to spare the others.
    """
    everyone = tuple(targets)
    rest = tuple(one for one in everyone if alert.told.get(one.person) is not Told.PASSED)
    reached = any(alert.told.get(one.person) is not Told.UNREACHABLE for one in rest)
    return rest if reached else everyone


def change_shift(alert: Alert, on_duty: Iterable[str]) -> Alert:
    """Put these of the staff in place of whoever was on duty, wherever nobody has been told yet.

    Where nobody of the staff would be left at all, those before stay: somebody has to hear of it.
    """
    old = alert.policy
    contacts = {one.person for one in people(old) if one.role == "contact"}
    duty = tuple(Target(person, "staff") for person in dict.fromkeys(on_duty))
    told_as_staff = tuple(one for one in duty if one.person not in contacts)
    tiers = tuple(
        replace(tier, targets=told_as_staff) if tier.on_duty and index > alert.tier else tier
        for index, tier in enumerate(old.tiers)
    )
    staff = tuple(dict.fromkeys((*duty, *old.last_resort))) or old.staff
    new = replace(old, tiers=tiers, staff=staff, relieved=())
    here = {one.person for one in people(new)}
    gone = tuple(one for one in people(old) if one.person in alert.told and one.person not in here)
    return replace(alert, policy=replace(new, relieved=gone))


def standing_at(alert: Alert, marks: frozenset[Told]) -> tuple[Target, ...]:
    """Return everyone whose notification stands at one of these, in the policy's order."""
    return tuple(target for target in people(alert.policy) if alert.told.get(target.person) in marks)


def tell(
    alert: Alert, news: OtherNews, marks: frozenset[Told], *, by: str | None = None, skip: str | None = None
) -> tuple[TellOther, ...]:
    """Tell everyone whose notification stands at one of these, but not the person who caused it."""
    return tuple(TellOther(target, news, by) for target in standing_at(alert, marks) if target.person != skip)


def mark(alert: Alert, target: Target, stands: Told) -> Alert:
    """Note how one person's notification stands."""
    return replace(alert, told={**alert.told, target.person: stands})


def stand_down(alert: Alert) -> Alert:
    """Nobody needs to answer any more. A no and a failed delivery stay on record."""
    told = {
        person: Told.STOOD_DOWN if stands in (Told.TOLD, Told.SILENT) else stands
        for person, stands in alert.told.items()
    }
    return replace(alert, told=told)


def let_go(alert: Alert) -> Alert:
    """Take the alert from its taker, who stays somebody that was told and hears how it goes on."""
    told = {person: Told.TOLD if stands is Told.TOOK else stands for person, stands in alert.told.items()}
    return replace(alert, taken_by=None, told=told)
