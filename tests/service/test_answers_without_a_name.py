"""A flow that says `unlinked: true`: nothing that is kept of a member tells what they answered."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa

from checkin.conversation.read import Reader
from checkin.conversation.replay import event_from_json, replay
from checkin.conversation.run import Run, RunState
from checkin.flow.load import FlowSet, load_folder
from checkin.flow.model import Value
from checkin.service import pulse, starting
from checkin.store import dossier, inbox, people, runs, tables, tallies
from checkin.store.unit import Unit
from tests.servers.migrated import make_migrated
from tests.service.kit import FLOWS, Chat

MONDAY = date(2026, 11, 23)
LAST_WEEK = date(2026, 11, 16)


@pytest.fixture(scope="module")
def pulses() -> FlowSet:
    found = load_folder(FLOWS)
    kept = {name: found.flows[name] for name in ("welcome", "workplace_pulse")}
    return FlowSet(found.program, kept, found.issues)


def at_work(url: str, pulses: FlowSet, reader: Reader) -> Chat:
    """Alice takes part, and belongs to the workplace."""
    make_migrated(url)
    chat = Chat(url, pulses, reader).joined()
    alice = chat.person(chat.alice)
    assert alice is not None
    chat.app.store.run(lambda unit: people.set_fields(unit, alice.id, {"group": "workplace"}))
    return chat


@pytest.fixture
def chat(database_url: str, pulses: FlowSet, reader: Reader) -> Iterator[Chat]:
    chat = at_work(database_url, pulses, reader)
    yield chat
    chat.close()


@pytest.fixture(scope="module")
def unlinked(tmp_path_factory: pytest.TempPathFactory, pulses: FlowSet, reader: Reader) -> Iterator[Chat]:
    chat = at_work(f"sqlite:///{tmp_path_factory.mktemp('pulse') / 'db.sqlite3'}", pulses, reader)
    yield chat
    chat.close()


def begin(chat: Chat) -> None:
    starting.start(chat.app, "workplace_pulse", "Alice", "Dana")
    chat.settle()
    chat.forget()


def counted(chat: Chat) -> dict[tuple[str, Value], int]:
    found = chat.app.store.read(lambda unit: tallies.of_flow(unit, "workplace_pulse"))
    return {(one.name, one.value): one.count for one in found}


def everything_about_alice(chat: Chat) -> list[Any]:
    """Return whatever the database holds of Alice and her run, opened, and every row but the count."""
    alice = chat.person(chat.alice)
    assert alice is not None

    def work(unit: Unit) -> list[Any]:
        (run,) = runs.started(unit, "workplace_pulse")
        journal = runs.journal_of(unit, alice.id, f"run:{run.id}")
        texts = [one._replace(number_index=b"") for one in inbox.of_number(unit, alice.number)]
        rows = [
            (table.name, len(list(unit.read(sa.select(table)))))
            for table in tables.metadata.sorted_tables
            if table.name != "tallies"
        ]
        return [runs.by_id(unit, run.id), journal, texts, list(dossier.of_person(unit, alice)), rows]

    return chat.app.store.read(work)


ANSWERS = (("1", "2"), ("5", "it was a four"), ("terrible", "3, thanks for asking"))


def test_whatever_is_answered_the_same_is_kept(tmp_path: Any, pulses: FlowSet, reader: Reader) -> None:
    kept = []
    for index, (week, others) in enumerate(ANSWERS):
        chat = at_work(f"sqlite:///{tmp_path / str(index)}.sqlite3", pulses, reader)
        begin(chat)
        chat.alice(week)
        chat.alice(others)
        kept.append(everything_about_alice(chat))
        assert sum(counted(chat).values()) == 2
        chat.close()
    assert kept[0] == kept[1] == kept[2]


def test_the_answer_is_counted_and_the_run_replays_without_it(chat: Chat) -> None:
    begin(chat)
    chat.alice("4")
    chat.alice("skip")
    assert counted(chat) == {("work_week", 4): 1}
    alice = chat.person(chat.alice)
    assert alice is not None

    def work(unit: Unit) -> tuple[Run, Run, list[Any]]:
        (new,) = runs.started(unit, "workplace_pulse")
        journal = list(runs.journal_of(unit, alice.id, f"run:{new.id}"))
        stored = runs.by_id(unit, new.id)
        assert stored is not None
        return new, stored, journal

    new, stored, journal = chat.app.store.read(work)
    flow = chat.app.flows["workplace_pulse"]
    assert replay(flow, new, map(event_from_json, journal)) == stored
    assert stored.state is RunState.DONE
    assert stored.results == {}
    assert [entry["text"] for entry in journal if entry["event"] == "replied"] == ["", ""]


def test_nobody_counts_twice_in_a_week(chat: Chat) -> None:
    for answer in ("2", "5"):
        chat.alice("pulse")
        chat.alice(answer)
        chat.alice("3")
    assert counted(chat) == {("work_others", 3): 1, ("work_week", 2): 1}
    chat.later("7d")
    chat.alice("pulse")
    chat.alice("5")
    found = chat.app.store.read(lambda unit: tallies.of_flow(unit, "workplace_pulse"))
    assert {(one.week.isoformat(), one.value) for one in found if one.name == "work_week"} == {
        ("2026-11-23", 2), ("2026-11-30", 5),
    }  # fmt: skip


def test_what_is_not_understood_is_read_by_nobody(chat: Chat) -> None:
    begin(chat)
    chat.alice("my boss, Mr Hill")
    chat.alice("you know how Mr Hill is")
    assert chat.tasks() == []
    assert "And how well could you count on others" in chat.alice.new()[-1]
    texts = chat.app.store.read(lambda unit: inbox.of_number(unit, chat.alice.number))
    assert [one.body for one in texts[:2]] == ["", ""]
    assert counted(chat) == {}


def test_a_request_for_support_beside_an_answer_is_made_and_the_answer_is_not_kept(chat: Chat) -> None:
    begin(chat)
    chat.alice("2, but can someone call me")
    assert [alert.reason for alert in chat.all_alerts()] == ["asked"]
    texts = chat.app.store.read(lambda unit: inbox.of_number(unit, chat.alice.number))
    assert texts[0].body == ""


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        ({1: 4}, (False, None, None)),
        ({1: 9}, (False, None, None)),
        ({1: 2, 4: 3}, (True, 2.8, None)),
        ({"yes": 6, "no": 2}, (True, None, {"no": None, "yes": None})),
        ({"a": 5, "b": 7, "c": 1}, (True, None, {"a": None, "b": 7, "c": None})),
        ({"a": 2, "b": 7, "c": 1}, (True, None, {"a": None, "b": 7, "c": None})),
        ({"a": 5, "b": 7}, (True, None, {"a": 5, "b": 7})),
    ],
)
def test_only_enough_answers_of_a_week_that_is_over_are_shown(
    unlinked: Chat, answers: dict[Value, int], told: tuple[bool, float | None, Any]
) -> None:
    def work(unit: Unit) -> None:
        for value, times in answers.items():
            for _ in range(times):
                tallies.add(unit, flow="other", name="q", week=LAST_WEEK, value=value)
                tallies.add(unit, flow="other", name="q", week=MONDAY, value=value)

    unlinked.app.store.run(lambda unit: unit.write(sa.delete(tables.tallies)))
    unlinked.app.store.run(work)
    (one,) = pulse.figures(unlinked.app, "other")
    assert one.week == LAST_WEEK
    assert (one.shown, one.average, one.choices) == told
    assert one.answers == (sum(answers.values()) if one.shown else 0)
