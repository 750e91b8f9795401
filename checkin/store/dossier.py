"""Everything that is kept about one person: read as a whole, and erased as a whole.

What stays after an erasure is the sealed number with the mark that it said STOP, so that it is never texted
again, and rows of others that hold nothing but an id.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from checkin.store.inbox import open_answer
from checkin.store.situations import Person
from checkin.store.tables import (
    alerts,
    callbacks,
    consents,
    contacts,
    inbox,
    invitations,
    journal,
    members,
    notifications,
    outbox,
    people,
    results,
    runs,
    tasks,
)
from checkin.store.unit import Unit


@dataclass(frozen=True, slots=True)
class Kept:
    """One thing that is kept about a person: when, what kind, and what it says."""

    at: datetime
    kind: str
    says: str


def of_person(unit: Unit, person: Person) -> Sequence[Kept]:
    """Return everything said, answered and agreed to by one person, oldest first."""
    open_, mine = unit.vault.open, {"person": person.id}
    index = {"index": unit.vault.index(person.number)}
    kept = [
        *(Kept(row.at, f"consent {_yes(row.given)} to {row.about}", open_("consents.wording", row.wording))
          for row in unit.read(_consents, mine)),
        *(Kept(row.at, f"answer {row.name}", str(unit.vault.open_json("results.value", row.value)))
          for row in unit.read(_results, mine)),
        *(Kept(row.at, f"text from you, read as {row.category}", open_("inbox.body", row.body))
          for row in unit.read(_texts_in, index)),
        *(Kept(row.at, "answer to you", text)
          for row in unit.read(_texts_in, index) for text in open_answer(unit, row.answer)),
        *(Kept(row.created_at, f"{row.channel} to you, {row.state}", open_("outbox.body", row.body))
          for row in unit.read(_texts_out, mine)),
        *(Kept(row.raised_at, f"request for support, {row.state}", row.reason)
          for row in unit.read(_alerts, mine)),
        *(Kept(row.created_at, f"note for staff, {row.state}", open_("tasks.note", row.note))
          for row in unit.read(_tasks, mine)),
    ]  # fmt: skip
    return sorted(kept, key=lambda one: one.at)


def erase(unit: Unit, person: Person, at: datetime) -> None:
    """Erase all that is kept about one person, but for what the module's own text says stays.

    Nobody with an open request for support may be erased: that is the caller's to make sure of.
    """
    mine, index = {"person": person.id}, {"index": unit.vault.index(person.number)}
    for statement in _ERASE_OF_MEMBER:
        unit.write(statement, mine)
    unit.write(_erase_inbox, index)
    unit.write(_forget_person, {**mine, "now": at})


def _yes(given: bool) -> str:
    return "given" if given else "not given"


_p = sa.bindparam
_runs_of = sa.select(runs.c.id).where(runs.c.member_id == _p("person"))
_alerts_of = sa.select(alerts.c.id).where(alerts.c.member_id == _p("person"))
_outbox_of = sa.select(outbox.c.id).where(outbox.c.person_id == _p("person"))
_consents = sa.select(consents).where(consents.c.person_id == _p("person"))
_results = sa.select(results).where(results.c.run_id.in_(_runs_of))
_texts_in = sa.select(inbox).where(inbox.c.number_index == _p("index"))
_texts_out = sa.select(outbox).where(outbox.c.person_id == _p("person"))
_alerts = sa.select(alerts).where(alerts.c.member_id == _p("person"))
_tasks = sa.select(tasks).where(tasks.c.member_id == _p("person"))

_ERASE_OF_MEMBER = (
    sa.delete(results).where(results.c.run_id.in_(_runs_of)),
    sa.delete(runs).where(runs.c.member_id == _p("person")),
    sa.delete(notifications).where(notifications.c.alert_id.in_(_alerts_of)),
    sa.delete(alerts).where(alerts.c.member_id == _p("person")),
    sa.delete(journal).where(journal.c.member_id == _p("person")),
    sa.delete(tasks).where(tasks.c.member_id == _p("person")),
    sa.delete(callbacks).where(callbacks.c.token.in_(_outbox_of)),
    sa.delete(outbox).where(
        outbox.c.person_id == _p("person"), outbox.c.state != "sending", outbox.c.state != "in_doubt"
    ),
    sa.delete(consents).where(consents.c.person_id == _p("person")),
    sa.delete(invitations).where(invitations.c.member_id == _p("person")),
    sa.delete(contacts).where(
        sa.or_(contacts.c.member_id == _p("person"), contacts.c.person_id == _p("person"))
    ),
    sa.delete(members).where(members.c.person_id == _p("person")),
)
"""In an order that no foreign key minds."""

_erase_inbox = sa.delete(inbox).where(inbox.c.number_index == _p("index"))
_forget_person = (
    sa.update(people)
    .where(people.c.id == _p("person"))
    .values(name=sa.null(), zone=sa.null(), stopped_at=sa.func.coalesce(people.c.stopped_at, _p("now")))
)
