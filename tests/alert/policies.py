"""The escalation policies that tests of the machine use: who is asked, and how long each has."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from checkin.alert.model import Policy
from checkin.alert.policy import policy_for

WINDOW, WAIT, STAFF_WAIT = timedelta(minutes=5), timedelta(minutes=30), timedelta(minutes=15)
REMIND, CHECK = timedelta(minutes=20), timedelta(hours=24)


def policy(
    contacts: Sequence[str] = ("bob", "carmen"),
    staff: Sequence[str] = ("dana",),
    *,
    window: timedelta = WINDOW,
    at_once: bool = False,
    repeat: int = 0,
    call_after: timedelta | None = None,
    last_resort: Sequence[str] = (),
) -> Policy:
    """Return the policy that asks these contacts, then these staff, then the last resort."""
    return policy_for(
        contacts,
        staff,
        window=window,
        contact_wait=WAIT,
        staff_wait=STAFF_WAIT,
        remind_staff=REMIND,
        at_once=at_once,
        check_taken=CHECK,
        repeat=repeat,
        call_after=call_after,
        last_resort=last_resort,
    )
