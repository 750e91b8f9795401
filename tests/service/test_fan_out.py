"""Many check-ins begun together leave exactly what each begun alone leaves."""

from __future__ import annotations

import itertools
import random
from collections.abc import MutableMapping
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from checkin.flow.load import load_flow
from checkin.service import conversations, due, fan_out
from checkin.service.publishing import publish
from checkin.service.turn import Turn
from checkin.service.way import RightOfWay
from checkin.store import people, tables, timers
from checkin.store.situations import Person
from checkin.store.timers import Timer
from checkin.store.unit import Unit
from checkin.timing.rhythm import Rhythm
from tests.service.kit import MONDAY, Chat

MEMBERS = 40
PLAIN = """
flow: plain
title: How are you
start: [{ every: day, at: "10:00" }]
steps:
  mood:
    ask: { en: "Hi {first_name}, how are you, 1 to 5?", es: "Hola {first_name}, ¿qué tal, de 1 a 5?" }
    answer: { scale: [1, 5], save_as: mood }
    go: done
    no_reply: [{ after: 22h, say: { en: "Still here.", es: "Aquí sigo." } }, { after: 30h, go: done }]
  done: { end: done }
"""
WEEKLY = """
flow: weekly
title: For the circle
start: [{ every: monday, at: "10:00" }]
group: circle
steps:
  hello:
    say: { en: "Hello, circle.", es: "Hola, círculo." }
    go: talk
  talk:
    ask: { en: "Shall we talk? YES or NO", es: "¿Hablamos? SÍ o NO" }
    answer: yes_no
    go: done
    no_reply: [{ after: 5h, go: done }]
  done: { end: done }
"""
NOTED = """
flow: noted
title: Staff look first
start: [{ every: day, at: "10:00" }]
group: workplace
steps:
  look:
    task: { kind: look, note: "{first_name} is on the list." }
    go: done
  done: { end: done }
"""


def settle(chat: Chat, town: str, seed: int) -> list[Timer]:
    """Bring in members of all kinds, whose check-ins are due now; some have two, some may not have any.

    Two towns of one seed differ in nothing but their ids and numbers.
    """
    made: list[Timer] = []

    def bring_in(unit: Unit) -> None:
        lot = random.Random(seed)
        for number in range(MEMBERS):
            id = f"{town}{number:03}"
            phone = f"+1{202 if town == 'A-' else 212}555{2000 + number}"
            zone = lot.choice((None, "America/Denver", "Europe/Madrid", "Asia/Tokyo"))
            language = lot.choice(("en", "es"))
            people.add(unit, Person(id, phone, f"Name{number}", language, zone, stopped=False), MONDAY)
            state = lot.choice(("active", "active", "active", "paused", "left"))
            people.add_member(unit, id, state, joined_at=MONDAY)

    def be_different(unit: Unit) -> None:
        lot = random.Random(seed)
        made.clear()  # a use case may run more than once
        for number in range(MEMBERS):
            id = f"{town}{number:03}"
            rhythm = lot.choice((Rhythm(), Rhythm(gap=2), Rhythm(unanswered=3), Rhythm(at="11:30")))
            people.set_rhythm(unit, id, rhythm)
            people.set_channel(unit, id, lot.choice(("sms", "sms", "voice")))
            people.set_fields(unit, id, {"group": lot.choice((None, "circle", "workplace"))})
            if lot.random() < 0.1:
                people.set_stopped(unit, id, MONDAY)
            for name in chat.app.flows:
                due_at = MONDAY - timedelta(hours=lot.choice((0, 0, 0, 1, 5)))
                made.append(Timer(f"schedule:{id}:{name}", "routine", id, 0, due_at))
                timers.put(unit, made[-1])

    def wait_already(unit: Unit) -> None:
        turn = Turn(chat.app, unit, MONDAY - timedelta(hours=20))
        for number in range(0, MEMBERS, 5):
            conversations.start(turn, f"{town}{number:03}", chat.app.flows["plain"])

    for work in (bring_in, be_different, wait_already):
        chat.app.store.run(work)
    return made


def left_behind(chat: Chat, town: str) -> dict[str, list[str]]:
    """Return every row about the members of a town, opened, without what tells the towns apart."""
    return chat.app.store.read(lambda unit: {table.name: _rows(unit, table, town) for table in TABLES})


TABLES = (
    tables.people,
    tables.members,
    tables.runs,
    tables.journal,
    tables.timers,
    tables.outbox,
    tables.tasks,
)
OWNER = ("member_id", "person_id", "id")


def _rows(unit: Unit, table: sa.Table, town: str) -> list[str]:
    owner = next(table.c[name] for name in OWNER if name in table.c)
    names = {
        row.id: f"run of {row.member_id[2:]} in {row.flow} at {row.started_at}"
        for row in unit.read(sa.select(tables.runs))
    }
    found = []
    for row in unit.read(sa.select(table).where(owner.like(f"{town}%"))):
        text = str([_opened(unit, table, *pair) for pair in zip(table.c, row, strict=True)])
        for id, name in names.items():
            text = text.replace(id, name)
        found.append(text.replace(town, ""))
    return sorted(found)


def _opened(unit: Unit, table: sa.Table, column: sa.Column[Any], value: Any) -> Any:
    if column.name in ("number", "number_index"):
        return None  # a town's own
    if isinstance(value, bytes):
        return unit.vault.open(f"{table.name}.{column.name}", value)
    return value


@pytest.mark.parametrize("seed", range(4))
def test_together_leaves_what_alone_leaves(
    chat: Chat, seed: int, logs: list[MutableMapping[str, Any]]
) -> None:
    # Every second seed has a flow whose decisions refuse one another (staff's tasks are numbered).
    sources = (PLAIN, WEEKLY, NOTED) if seed % 2 else (PLAIN, WEEKLY)
    flows = [load_flow(source, file="f.yaml", program=chat.app.program) for source in sources]
    publish(chat.app, [one.flow for one in flows if one.flow is not None], author="test", note="")
    chat.app.flows = {
        name: flow for name, flow in chat.app.flows.items() if name in ("plain", "weekly", "noted")
    }
    for timer in sorted(settle(chat, "B-", seed), key=lambda timer: (timer.due_at, timer.subject)):
        due.fire_safely(chat.app, timer)
    settle(chat, "A-", seed)
    due.run_due(chat.app, "routine")
    alone, together = left_behind(chat, "B-"), left_behind(chat, "A-")
    assert together == alone
    fell_back = [line for line in logs if line["event"] == "timers are done one by one"]
    assert bool(fell_back) == bool(seed % 2)
    assert len(together["outbox"]) > MEMBERS / 4
    assert any("superseded" in entry for entry in together["journal"])


def test_while_texts_come_check_ins_begin_in_small_steps_and_rest_between(chat: Chat) -> None:
    loaded = load_flow(PLAIN, file="f.yaml", program=chat.app.program)
    assert loaded.flow is not None
    publish(chat.app, [loaded.flow], author="test", note="")
    chat.app.flows = {"plain": chat.app.flows["plain"]}
    moments, rests = itertools.count(), list[float]()
    chat.app.way = RightOfWay(lambda: next(moments) / 1000)
    chat.app.rest = rests.append
    settle(chat, "A-", 0)
    with chat.app.way.answering():
        pass
    due.run_due(chat.app, "routine")
    busy, begun = len(rests), begun_for(chat, "A-")
    assert busy >= len(begun) / fan_out.WRITTEN_AT_ONCE > 1
    assert all(rest > 0 for rest in rests)
    chat.app.way = RightOfWay(lambda: next(moments) / 1000)
    settle(chat, "B-", 0)
    due.run_due(chat.app, "routine")
    assert len(rests) == busy, "nobody rests while no text comes"
    assert begun_for(chat, "B-") == begun


def begun_for(chat: Chat, town: str) -> list[str]:
    """Return for whom of a town a check-in was begun, without what tells the towns apart."""
    rows = chat.app.store.read(lambda unit: unit.read(sa.select(tables.outbox.c.person_id)))
    return sorted({row.person_id.removeprefix(town) for row in rows if row.person_id.startswith(town)})
