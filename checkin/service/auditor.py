"""The auditor: has every open request for support a future?

An independent check. It reads the rows as they stand and shares no rule with the escalation machine, so that
a fault there, a lost row or a database that was restored in parts is noticed by something else than itself.

1. `findings` looks at every alert that is not over: the row, the timer, who was told and the staff's list
   have to agree, and something has to be due, not much too late and not much too far away.
2. `audit`, run by the clock in a thread of its own, puts each finding on the staff's list and texts the staff
   on call, again each hour for as long as it stands and nobody has done the task.
3. `checkin.service.health` counts findings in `/metrics` and turns `/readyz` amber; it also looks whether the
   auditor itself has run lately.

It mends nothing: what is broken here was broken by something unforeseen, and a person decides.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

import structlog

from checkin.service import duty
from checkin.service.app import App
from checkin.service.turn import Turn
from checkin.store import audit, outbox, tasks
from checkin.store.audit import Standing
from checkin.store.unit import Unit

log = structlog.get_logger()

LATE = timedelta(minutes=2)
"""What is due is done within a second or so; a process that died in between leaves it for a minute."""

LONGEST_NIGHT = timedelta(days=1)
"""A request that its member has put off, and the question to its taker, wait for a night's end, no longer."""

FARTHEST_REMINDER = timedelta(hours=4)
"""Staff hear at least so often of a request that nobody has taken, whatever the policy says."""

SLACK = timedelta(minutes=6)
"""How much farther away than its wait a timer may be: clocks of several machines differ."""

TELL_EVERY = timedelta(hours=1)
MOST_TEXTS = 24
"""After a day of hourly texts about one finding, only the list, the figures and `/readyz` speak of it."""

Wrong = Literal[
    "unreadable", "rows_disagree", "nothing_due", "overdue", "due_too_late", "nobody_told", "nobody_has_it"
]


@dataclass(frozen=True, slots=True)
class Finding:
    """One open alert without a future, and what is wrong with it.

    unreadable     what the alert's row holds can't be opened
    rows_disagree  the row's state, end or number of moves is not what it holds
    nothing_due    no timer is set, or one that the alert will not listen to
    overdue        the timer should have fired a while ago
    due_too_late   the timer is farther away than any wait of the alert's policy
    nobody_told    people are being asked, but nobody's answer would count
    nobody_has_it  nobody who was told has taken it, or it waits for staff and was never on their list
    """

    alert_id: str
    member_id: str
    transition: int
    wrong: Wrong


def findings(unit: Unit, now: datetime) -> Sequence[Finding]:
    """Return every open alert that has no future, with the first thing that is wrong with it."""
    found = []
    for standing in audit.standings(unit):
        wrong = next(_wrong(standing, now), None)
        if wrong is not None:
            found.append(Finding(standing.id, standing.member_id, standing.transition, wrong))
    return found


def audit_alerts(app: App) -> int:
    """Look once; put what is found before staff. Returns how many findings there are."""

    def work(unit: Unit) -> int:
        turn = Turn(app, unit, app.clock.now())
        found = findings(unit, turn.now)
        for finding in found:
            _tell(turn, finding)
        return len(found)

    count = app.store.run(work)
    if count:
        log.warning("requests without a future", count=count)
    return count


def _wrong(alert: Standing, now: datetime) -> Iterator[Wrong]:
    """Go through what is wrong with one alert, the gravest first."""
    data = alert.data
    if data is None:
        yield "unreadable"
        return
    over = alert.state in ("resolved", "cancelled")
    if over != alert.closed or (data["state"], data["transition"]) != (alert.state, alert.transition):
        yield "rows_disagree"
    if alert.timer_due_at is None or alert.timer_transition != data["timer"]:
        yield "nothing_due"
        return
    if alert.timer_due_at < now - LATE:
        yield "overdue"
    longest = LONGEST_NIGHT if alert.state == "put_off" else _longest_wait(data["policy"])
    if alert.state == "acknowledged":
        longest += LONGEST_NIGHT
    if alert.timer_due_at > now + longest + SLACK:
        yield "due_too_late"
    if alert.state == "notifying" and not (alert.told & _asked(data)):
        yield "nobody_told"
    if alert.state == "with_staff" and not alert.listed:
        yield "nobody_has_it"
    if alert.state == "acknowledged" and data["taken_by"] not in data["told"]:
        yield "nobody_has_it"


def _asked(data: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(person for person, stands in data["told"].items() if stands == "told")


def _longest_wait(policy: Mapping[str, Any]) -> timedelta:
    seconds = [tier["wait"] for tier in policy["tiers"]]
    seconds += [policy["window"], policy["remind_staff"], policy["check_taken"]]
    return max(timedelta(seconds=max(seconds)), FARTHEST_REMINDER)


def _tell(turn: Turn, finding: Finding) -> None:
    """Put a finding on the staff's list once, and text the staff on call while the task is open."""
    key = f"audit.{finding.alert_id}.{finding.transition}"
    member = turn.person(finding.member_id)
    who = member.name or member.number
    subject = f"audit:{finding.alert_id}"
    task = tasks.by_id(turn.unit, key)
    if task is None:
        note = f"{who}'s request for support has no next step ({finding.wrong}). Call them, then mend it."
        turn.add_task("request_stuck", id=key, member_id=member.id, subject=subject, note=note)
        texts = 0
    elif task.state != "done":
        texts = (turn.now - task.created_at) // TELL_EVERY
    else:
        return
    if texts >= MOST_TEXTS or outbox.by_id(turn.unit, f"{key}.{texts}.0") is not None:
        return
    values = {"member": who, "member_number": member.number}
    told = duty.to_tell(turn, member.id)
    reachable = [person for person in map(turn.person, told) if not person.stopped]
    for index, staff in enumerate(reachable):
        id = f"{key}.{texts}.{index}"
        turn.say(staff, "staff_request_stuck", id=id, subject=subject, lane="alerts", **values)
