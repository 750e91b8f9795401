"""Importing members: from the rows of a list to members who are asked, or who have agreed already.

1. Each row is read by itself (`checkin.people.rosters`): a person, or the reason why not.
2. One transaction looks up who is known, decides about every row, and writes all of them or none (`take`).
3. What each new member then hears is a timer: an invitation to whoever has not agreed, the plan of check-ins
   for whoever has (`arrived`). The clock does them one by one, at allowed hours. Where no flow is published
   yet that could ask them, they wait for it.

The same file again finds everybody as it left them, and changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal

from checkin.flow.model import Flow
from checkin.people.consent import Asked, Consent
from checkin.people.rosters import Entry, RowRefused
from checkin.service import conversations, reading, schedules
from checkin.service.app import App
from checkin.service.turn import Turn
from checkin.store import people, rosters, runs, timers
from checkin.store.rosters import Known
from checkin.store.situations import Person
from checkin.store.unit import Unit

Status = Literal["added", "updated", "unchanged", "duplicate", "invalid"]

WITH_WELCOME, PLAN_ONLY = 1, 0
"""The transition of an `imported:` timer: whether the flows begin that begin with joining."""

LOOK_AGAIN_SOON = timedelta(minutes=1)
LOOK_AGAIN = timedelta(days=1)
"""How long whoever was brought in before any flow was published waits, if publishing does not wake them."""

_STOPPED = RowRefused("this number said STOP", "Only they can come back: they text START.")
_LEFT = RowRefused("this person has left", "Only they can come back: they text the word that joins.")
_NO_CALLS = RowRefused(
    "channel: nobody is called who has not agreed to it",
    "Write yes or the date under consent, or leave the channel empty: then they are asked by text.",
)
_DECLINED = RowRefused(
    "consent: another row says that this person said no",
    "Keep the row that is true: nobody is asked again who said no.",
)
_NO_INVITATION = RowRefused(
    "nobody can be invited: no flow asks people to join",
    "Publish one (checkin flows publish), or give a consent column.",
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came, or would come, of one row."""

    row: int
    status: Status
    e164: str | None = field(default=None, repr=False)
    problem: str | None = None
    mend: str | None = None


Wanted = Sequence[tuple[Entry, Known | None]]


def take(
    app: App,
    rows: Sequence[tuple[int, Entry | RowRefused]],
    *,
    dry_run: bool = False,
    skip_invalid: bool = False,
    asks_later: bool = False,
    watch: Callable[[Wanted], Iterable[tuple[Entry, Known | None]]] = lambda wanted: wanted,
) -> list[Outcome]:
    """Make members of these rows, all in one transaction; return what came of each, in their order.

    With an invalid row among them nothing is written, unless `skip_invalid`. `asks_later` takes those who
    have not agreed although no flow that asks them is published yet. `watch` goes through what is written,
    for whoever shows how far it is.
    """

    def work(unit: Unit) -> list[Outcome]:
        outcomes, wanted = _decided(app, unit, rows, can_invite=asks_later or can_ask(app.flows.values()))
        blocked = any(one.status == "invalid" for one in outcomes) and not skip_invalid
        if not dry_run and not blocked:
            turn = Turn(app, unit, app.clock.now())
            for entry, known in watch(wanted):
                _write(turn, entry, known)
        return outcomes

    return app.store.read(work) if dry_run else app.store.run(work)


def can_ask(flows: Iterable[Flow]) -> bool:
    """Whether one of these flows asks people to join."""
    return any(reading.asks_to_join(flow) for flow in flows)


def arrived(turn: Turn, member_id: str, *, welcome: bool) -> None:
    """Do what follows an import: ask whoever has not agreed, plan check-ins for whoever has.

    Where the flows for that are not published yet, look again when they are (`woken`), or after a while.
    """
    situation = turn.situation(member_id)
    if situation.person.stopped:
        return
    if situation.member_state == "joining" and not situation.waiting:
        flow = next((flow for flow in turn.app.flows.values() if reading.asks_to_join(flow)), None)
        if flow is None:
            _wait(turn, member_id, welcome=welcome)
        else:
            conversations.start(turn, member_id, flow)
    elif situation.member_state == "active":
        if not turn.app.flows:
            _wait(turn, member_id, welcome=welcome)
            return
        schedules.plan(turn, member_id)
        if welcome:
            schedules.plan_joined(turn, member_id)


def woken(unit: Unit, now: datetime) -> None:
    """Let everybody who was brought in and waits for a flow have it now: some were published."""
    timers.bring_forward(unit, "imported:", now)


def _wait(turn: Turn, member_id: str, *, welcome: bool) -> None:
    transition = WITH_WELCOME if welcome else PLAN_ONLY
    published = runs.latest_numbers(turn.unit)  # this process may not have taken them up yet
    due_at = turn.until(LOOK_AGAIN_SOON if published.keys() - turn.app.flows.keys() else LOOK_AGAIN)
    timers.put(turn.unit, timers.Timer(f"imported:{member_id}", "routine", member_id, transition, due_at))


def _decided(
    app: App, unit: Unit, rows: Iterable[tuple[int, Entry | RowRefused]], *, can_invite: bool
) -> tuple[list[Outcome], list[tuple[Entry, Known | None]]]:
    rows = list(rows)
    everybody = rosters.known(unit, list({one.e164 for _, one in rows if isinstance(one, Entry)}))
    declined = {one.e164 for _, one in rows if isinstance(one, RowRefused) and one.declined}
    first_row: dict[str, int] = {}
    outcomes: list[Outcome] = []
    wanted: list[tuple[Entry, Known | None]] = []
    for row, entry in rows:
        if isinstance(entry, RowRefused):
            outcomes.append(Outcome(row, "invalid", entry.e164, entry.problem, entry.mend))
            continue
        if entry.e164 in declined:
            outcomes.append(Outcome(row, "invalid", entry.e164, _DECLINED.problem, _DECLINED.mend))
            continue
        earlier = first_row.setdefault(entry.e164, row)
        if earlier != row:
            why = RowRefused(f"row {earlier} has the same number", "Keep one row for each person.")
            outcomes.append(Outcome(row, "duplicate", entry.e164, why.problem, why.mend))
            continue
        known = everybody.get(entry.e164)
        if known is not None and known.person.id in app.staff_ids:
            entry = replace(entry, name=None)  # what staff are called stands in program.yaml
        status, why_not = _status(entry, known, can_invite)
        problem, mend = (None, None) if why_not is None else (why_not.problem, why_not.mend)
        outcomes.append(Outcome(row, status, entry.e164, problem, mend))
        if status in ("added", "updated"):
            wanted.append((entry, known))
    return outcomes, wanted


def _status(entry: Entry, known: Known | None, can_invite: bool) -> tuple[Status, RowRefused | None]:
    if known is not None and known.person.stopped:
        return "unchanged", _STOPPED
    if known is not None and known.state == "left":
        return "unchanged", _LEFT
    has_agreed = entry.consent is not None or (known is not None and known.state in ("active", "paused"))
    if entry.channel == "voice" and not has_agreed:
        return "invalid", _NO_CALLS
    if known is None or known.state is None:
        return ("added", None) if entry.consent or can_invite else ("invalid", _NO_INVITATION)
    agrees = known.state == "joining" and entry.consent is not None
    return ("updated" if agrees or _changes(entry, known) else "unchanged"), None


def _changes(entry: Entry, known: Known) -> bool:
    person = known.person
    given = (entry.name, entry.language, entry.zone, entry.group, entry.channel)
    has = (person.name, person.language, person.zone, known.fields.get("group"), person.channel)
    return any(new is not None and new != old for new, old in zip(given, has, strict=True))


def _write(turn: Turn, entry: Entry, known: Known | None) -> None:
    """Write one row's person, and the timer for what they hear of it."""
    unit, person = turn.unit, None if known is None else known.person
    if person is None:
        language = entry.language or turn.app.program.languages[0]
        zone = entry.zone or entry.guessed_zone
        person = Person(turn.app.new_id(), entry.e164, entry.name, language, zone, stopped=False)
        people.add(unit, person, turn.now)
    else:
        _update(unit, entry, person)
    if entry.channel not in (None, person.channel):
        people.set_channel(unit, person.id, entry.channel)
    state = None if known is None else known.state
    new = state is None
    agrees = entry.consent is not None and state in (None, "joining")
    if new:
        people.add_member(
            unit, person.id, "active" if agrees else "joining", joined_at=turn.now if agrees else None
        )
    elif agrees:
        conversations.close_all(turn, person.id, "agreed")
        people.set_member_state(unit, person.id, "active", joined_at=turn.now)
        turn.journal(person.id, f"member:{person.id}", 0, {"kind": "Imported"})
    if agrees:
        _record_consent(turn, person, entry)
    fields = {} if known is None else known.fields
    moves = entry.group is not None and entry.group != fields.get("group")
    if moves:
        people.set_fields(unit, person.id, {**fields, "group": entry.group})
    if new or agrees or (state == "active" and (moves or entry.zone not in (None, person.zone))):
        transition = WITH_WELCOME if new or agrees else PLAN_ONLY
        timers.put(unit, timers.Timer(f"imported:{person.id}", "routine", person.id, transition, turn.now))


def _update(unit: Unit, entry: Entry, person: Person) -> None:
    """Keep what the row says otherwise; an empty cell says nothing."""
    if entry.name is not None and entry.name != person.name:
        people.rename(unit, person.id, entry.name)
    if entry.language is not None and entry.language != person.language:
        people.set_language(unit, person.id, entry.language)
    if entry.zone is not None and entry.zone != person.zone:
        people.set_zone(unit, person.id, entry.zone)


def _record_consent(turn: Turn, person: Person, entry: Entry) -> None:
    said = Asked(f"Consent given outside, as the import's list says: {entry.consent}", "", person.language)
    people.record_consent(
        turn.unit, Consent(person.id, "check_ins", True, said, "import", turn.now), id=turn.app.new_id()
    )
