"""Calls keep to the carrier's pace: so many a second, so many at once, one at a time to one person."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from zlib import crc32

import pytest

from checkin.conversation.read import Reader
from checkin.flow.load import FlowSet
from checkin.service import delivery
from checkin.store import outbox, people
from checkin.store.outbox import Message
from checkin.store.situations import Person
from checkin.store.unit import Unit
from checkin.timing.pacing import CallPace
from tests.servers.migrated import make_migrated
from tests.service.kit import Chat, load_shipped, new_reader

LASTS = timedelta(seconds=30)


@pytest.fixture(scope="module")
def shipped() -> tuple[FlowSet, Reader]:
    """The flows that the program ships with, and a reader with the shipped packs."""
    flow_set = load_shipped()
    return flow_set, new_reader(flow_set)


@pytest.fixture
def chat(sqlite_url: str, shipped: tuple[FlowSet, Reader]) -> Iterator[Chat]:
    """A service whose carrier begins two calls a second, and holds ten."""
    make_migrated(sqlite_url)
    chat = Chat(sqlite_url, *shipped)
    chat.reports_are_lost = True
    chat.app.call_pace = CallPace(a_second=2, at_once=10)
    yield chat
    chat.close()


def queue(chat: Chat, names: list[str], lane: str = "routine") -> None:
    """Queue a call to each of these people."""
    now = chat.clock.now()

    def work(unit: Unit) -> None:
        for index, name in enumerate(names):
            number = f"+1202{crc32(name.encode()) % 10_000_000:07}"
            person = people.by_number(unit, number)
            if person is None:
                person = Person(name, number, name, "en", None, stopped=False)
                people.add(unit, person, now)
            id, about = f"{lane}.{name}.{index:03}", f"person:{person.id}"
            kind = "notification" if lane == "alerts" else "notice"
            row = Message(id, lane, kind, "voice", person.id, about, "Hello", "queued", now, now)
            outbox.add(unit, row)

    chat.app.store.run(work)


class Line:
    """Plays the carrier: a call ends 30 seconds after it began, and time goes on by half seconds."""

    def __init__(self, chat: Chat) -> None:
        self.chat = chat
        self.began: dict[str, datetime] = {}
        self.most = 0

    def run(self, seconds: int) -> None:
        for _ in range(seconds * 2):
            for lane in ("alerts", "routine"):
                delivery.deliver(self.chat.app, lane)  # type: ignore[arg-type]  # the two lanes there are
            self._look()
            self.chat.clock.move_to(self.chat.clock.now() + timedelta(seconds=0.5))

    def _look(self) -> None:
        now = self.chat.clock.now()
        open_now = self.chat.app.store.read(lambda unit: outbox.calls_under_way(unit, now - LASTS * 2))
        for row in open_now:
            self.began.setdefault(row.id, now)
            if now - self.began[row.id] >= LASTS:
                self.chat.report(row.id, "failed", carrier_id=row.carrier_id or "")
        self.most = max(self.most, len(open_now))


def test_so_many_a_second_and_so_many_at_once(chat: Chat) -> None:
    queue(chat, [f"p{index}" for index in range(0, 90, 5)])
    line = Line(chat)
    line.run(120)
    assert len(line.began) >= 18
    assert line.most == 8, "two of ten lines stay free for alerts"
    first = [at for id, at in line.began.items() if "~" not in id]
    assert len(first) == 18
    starts = sorted(line.began.values())
    assert all(b - a >= timedelta(seconds=0.5) for a, b in pairwise(starts))


def test_a_restart_in_the_middle_changes_nothing(chat: Chat) -> None:
    queue(chat, [f"p{index}" for index in range(0, 90, 5)])
    line = Line(chat)
    line.run(2)
    chat.restart()
    chat.app.call_pace = CallPace(a_second=2, at_once=10)
    line.run(2)
    assert line.most <= 8


def test_an_alerts_call_waits_for_no_check_in(chat: Chat) -> None:
    queue(chat, [f"p{index}" for index in range(0, 90, 5)])
    line = Line(chat)
    line.run(10)
    assert line.most == 8
    queue(chat, ["zz"], "alerts")
    began = chat.clock.now()
    line.run(1)
    assert line.began["alerts.zz.000"] == began


def test_nobody_is_called_twice_at_the_same_time(chat: Chat) -> None:
    queue(chat, ["sam"])
    queue(chat, ["pat"])
    line = Line(chat)
    line.run(1)
    assert set(line.began) == {"routine.sam.000", "routine.pat.000"}
    now, later = chat.clock.now(), "routine.sam.001"

    def add(unit: Unit) -> None:
        row = Message(later, "routine", "notice", "voice", "sam", "person:sam", "Hello", "queued", now, now)
        outbox.add(unit, row)

    chat.app.store.run(add)
    line.run(28)
    assert later not in line.began
    line.run(24)
    assert later in line.began
    row = chat.app.store.read(lambda unit: outbox.by_id(unit, later))
    assert row is not None
    assert row.tries == 1, "waiting for the line is no try"
