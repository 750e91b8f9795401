"""Making an escalation policy from who agreed to be told and who is on call.

Knows the order of telling. Must not know who these people are: they are ids.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta

from checkin.alert.errors import PolicyRefused
from checkin.alert.model import Policy, Role, Target, Tier

LONGEST_WINDOW = timedelta(minutes=15)
"""The change-of-mind window is 0 to 15 minutes, 5 where nobody said otherwise."""


def policy_for(
    contacts: Sequence[str],
    staff: Sequence[str],
    *,
    window: timedelta,
    contact_wait: timedelta,
    staff_wait: timedelta,
    remind_staff: timedelta,
    at_once: bool = False,
    check_taken: timedelta = timedelta(hours=24),
    repeat: int = 0,
    call_after: timedelta | None = None,
    last_resort: Sequence[str] = (),
) -> Policy:
    """Return the policy that tells trusted contacts in the member's order, then the staff on duty.

    `contacts` are those who have agreed, each a tier of their own, or one tier `at_once`; all of them are
    asked `repeat` times more where none has taken it. `staff` are those on duty, one tier; nobody of them
    where the rota has a hole, and then `last_resort`, the tier behind them, is told at once. Without contacts
    the alert goes to staff after the window; without staff it goes to the staff's list. A person named
    twice is asked as what comes first. Raises `PolicyRefused` for a window outside 0 to 15 minutes and for
    a wait that is not longer than nothing.
    """
    if not timedelta(0) <= window <= LONGEST_WINDOW:
        raise PolicyRefused("The change-of-mind window is 0 to 15 minutes.")
    if min(contact_wait, staff_wait, remind_staff, check_taken, call_after or staff_wait) <= timedelta(0):
        raise PolicyRefused("Every wait of an escalation policy is longer than nothing.")
    first = _targets(contacts, "contact")
    duty = tuple(target for target in _targets(staff, "staff") if target.person not in contacts)
    last = tuple(target for target in _targets(last_resort, "staff") if target.person not in contacts)
    groups = [first] if at_once else [(target,) for target in first]
    tiers = [Tier(group, contact_wait) for group in groups * (1 + repeat) if group]
    if duty or last:
        tiers.append(Tier(duty, staff_wait, on_duty=True))
    if behind := tuple(target for target in last if target not in duty):
        tiers.append(Tier(behind, staff_wait))
    return Policy(
        window=window,
        tiers=tuple(tiers),
        staff=tuple(dict.fromkeys((*_targets(staff, "staff"), *_targets(last_resort, "staff")))),
        remind_staff=remind_staff,
        check_taken=check_taken,
        call_after=call_after,
        last_resort=_targets(last_resort, "staff"),
    )


def choose(policy: Policy, contacts: Sequence[str]) -> Policy:
    """Return the policy with these contacts in place of its own; several are told at the same moment.

    They have as long, and are asked as often, as its contacts; where it had none, as long as staff and once.
    """
    before = [tier for tier in policy.tiers if any(one.role == "contact" for one in tier.targets)]
    often = max((sum(one in tier.targets for tier in before) for one in _everyone(before)), default=1)
    wait = before[0].wait if before else policy.remind_staff
    chosen = (Tier(_targets(contacts, "contact"), wait),) * often if contacts else ()
    behind = (
        replace(tier, targets=tuple(one for one in tier.targets if one.person not in contacts))
        for tier in policy.tiers
        if tier not in before
    )
    return replace(policy, tiers=(*chosen, *behind))


def _everyone(tiers: Iterable[Tier]) -> tuple[Target, ...]:
    return tuple(one for tier in tiers for one in tier.targets)


def _targets(persons: Iterable[str], role: Role) -> tuple[Target, ...]:
    return tuple(Target(person, role) for person in dict.fromkeys(persons))
