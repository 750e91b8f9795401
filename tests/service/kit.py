"""A whole service on a real database, and people who text with it.

`Chat` is the service, its clock and its carrier in one hand. Its people are called like functions:

    chat.alice("JOIN")                  Alice texts; whatever is due then is done and delivered
    chat.expect(alice="Reply YES")      Alice heard exactly this since the last look, and nobody else anything
    chat.later("3h")                    time moves; what falls due on the way is done in its order

No threads, no sleeping: due timers and outbox rows are done by the calls that the workers make.
"""

from __future__ import annotations

import functools
import itertools
import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from checkin.alert.model import Alert
from checkin.carrier.base import Accepted, CarrierError, FailureKind, InDoubt, Outgoing, Refused
from checkin.carrier.emulator import PretendPhones
from checkin.conversation.read import Reader
from checkin.conversation.run import Run
from checkin.flow.load import FlowSet, load_flow, load_folder
from checkin.flow.model import Flow
from checkin.service import delivery, due, phones
from checkin.service.app import LANES, App, Lane
from checkin.service.inbound import Inbound, receive
from checkin.service.publishing import know_staff, publish, refresh
from checkin.service.words import make_reader
from checkin.store import outbox, people, tables, tasks, timers
from checkin.store.situations import Person, Situation, of_person
from checkin.store.store import open_store
from checkin.store.tasks import Task
from checkin.store.unit import Unit
from checkin.timing.clock import Clock

FLOWS = Path(__file__).resolve().parents[2] / "flows"
KEY = bytes(range(32))
MONDAY = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
"""A Monday, ten in the morning in New York, far from any change of clocks."""

NUMBERS = {
    "alice": "+12025550101",
    "bob": "+12025550102",
    "carmen": "+12025550103",
    "dana": "+12025550104",
    "charlie": "+12025550105",
}


def copy_flows(folder: Path) -> Path:
    """Copy the shipped flows, without their test conversations: publishing would play them all."""
    shutil.copytree(FLOWS, folder, ignore=shutil.ignore_patterns("*.test.yaml"), dirs_exist_ok=True)
    return folder


class FakeClock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: datetime = MONDAY) -> None:
        self._now = now

    def now(self) -> datetime:
        """Return the moment it was moved to."""
        return self._now

    def move_to(self, moment: datetime) -> None:
        """Move it forward; a moment that has passed changes nothing."""
        self._now = max(self._now, moment)


@dataclass(slots=True)
class Trouble:
    """What the carrier does with the next sends to a number, instead of accepting them."""

    raises: Exception
    takes: bool = False
    """Whether it takes the message all the same: only the answer is lost."""


@dataclass(slots=True)
class ScriptedCarrier:
    """The emulator, with failures that a test asks for. `sent` is every attempt, in its order."""

    phones: PretendPhones
    troubles: dict[str, list[Trouble]] = field(default_factory=dict)
    deaf: bool = False
    """Whether it can't be asked what it has."""
    sent: list[Outgoing] = field(default_factory=list)
    asked: list[Outgoing] = field(default_factory=list)
    now: Callable[[], datetime] = lambda: MONDAY
    taken_at: list[tuple[datetime, Outgoing]] = field(default_factory=list)
    """What the carrier has, and since when."""
    before: Callable[[Outgoing], None] | None = None
    """What happens while the request is on its way."""
    during: Callable[[Outgoing, Accepted], None] | None = None
    """What happens between the carrier's taking a message and our hearing of it."""

    @property
    def name(self) -> str:
        """As the emulator's."""
        return self.phones.name

    def refuse(
        self,
        number: str,
        kind: FailureKind,
        code: str = "x",
        *,
        times: int = 1,
        after: timedelta | None = None,
    ) -> None:
        """Refuse the next messages to this number."""
        self.troubles.setdefault(number, []).extend(Trouble(Refused(kind, code, after)) for _ in range(times))

    def lose_answer(self, number: str, *, taken: bool, times: int = 1) -> None:
        """Let the next answers about this number never come; `taken` says whether it has the message."""
        self.troubles.setdefault(number, []).extend(Trouble(InDoubt("silence"), taken) for _ in range(times))

    def send(self, outgoing: Outgoing) -> Accepted:
        """As a test has scripted it, else as the emulator does."""
        self.sent.append(outgoing)
        if self.before is not None:
            self.before(outgoing)
        planned = self.troubles.get(outgoing.to)
        if planned:
            trouble = planned.pop(0)
            if trouble.takes:
                self._take(outgoing)
            raise trouble.raises
        accepted = self._take(outgoing)
        if self.during is not None:
            self.during(outgoing, accepted)
        return accepted

    def _take(self, outgoing: Outgoing) -> Accepted:
        self.taken_at.append((self.now(), outgoing))
        return self.phones.send(outgoing)

    def find(self, outgoing: Outgoing, since: datetime) -> Accepted | None:
        """As the emulator does, unless it can't be asked."""
        self.asked.append(outgoing)
        if self.deaf:
            raise CarrierError("no answer")
        return self.phones.find(outgoing, since)

    def arrived(self, number: str) -> list[str]:
        """Return the texts that this number got through the carrier."""
        return [message.outgoing.body for message in self.phones.taken(number)]


def length(words: str) -> timedelta:
    """Read "90m", "3h", "2d" or "1d 2h"."""
    units = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
    parts = {units[unit]: int(number) for number, unit in re.findall(r"(\d+)\s*([smhd])", words)}
    return timedelta(**parts)


def open_chat_app(
    url: str,
    *,
    clock: Clock,
    new_id: Callable[[], str],
    carrier: ScriptedCarrier,
    flow_set: FlowSet,
    reader: Reader,
    keys: Sequence[bytes] = (KEY,),
) -> App:
    """Wire a service as `wiring.open_app` does, with a clock, ids and a carrier of the test's own."""
    program = flow_set.program

    def load(name: str, source: str, version: int) -> Flow | None:
        return load_flow(source, file=f"{name}.yaml", program=program, version=version).flow

    app = App(
        store=open_store(url, keys),
        clock=clock,
        new_id=new_id,
        carrier=carrier,
        reader=reader,
        program=program,
        load=load,
    )
    know_staff(app)
    refresh(app)
    return app


class Phone:
    """One person's phone: call it to text, read `new` for what arrived since the last look."""

    def __init__(self, chat: Chat, name: str, number: str) -> None:
        self._chat = chat
        self.name = name
        self.number = number
        self._unread: list[str] = []
        self._seen = 0

    def __call__(self, text: str, *, id: str | None = None) -> tuple[str, ...]:
        """Text; do and deliver what is due then. Returns the answer that went back in the response."""
        self._look()
        answer = self._chat.receive(self, text, id or f"SM{next(self._chat.texts):04d}")
        self._unread.extend(answer)
        self._chat.settle()
        return answer

    def new(self) -> list[str]:
        """Return what arrived since the last look, in its order."""
        self._look()
        unread, self._unread = self._unread, []
        return unread

    def _look(self) -> None:
        brought = self._chat.carrier.arrived(self.number)
        self._unread.extend(brought[self._seen :])
        self._seen = len(brought)


class Chat:
    """A service, and the people who text with it. `close` it when done."""

    def __init__(self, url: str, flow_set: FlowSet, reader: Reader, *, now: datetime = MONDAY) -> None:
        self.url = url
        self.flow_set = flow_set
        self.reader = reader
        self.clock = FakeClock(now)
        self.keys: tuple[bytes, ...] = (KEY,)
        self._ids = itertools.count(1)
        self.carrier = ScriptedCarrier(PretendPhones(lambda: f"CM{next(self._ids):06d}"), now=self.clock.now)
        self.texts = itertools.count(1)
        self.reports_are_lost = False
        self.calls_are_left = False
        """Whether a test says how a call ends; else nobody answers it."""
        self.app = self._open()
        publish(self.app, flow_set.flows.values(), author="test", note="")
        self.alice = Phone(self, "alice", NUMBERS["alice"])
        self.bob = Phone(self, "bob", NUMBERS["bob"])
        self.carmen = Phone(self, "carmen", NUMBERS["carmen"])
        self.dana = Phone(self, "dana", NUMBERS["dana"])
        self.charlie = Phone(self, "charlie", NUMBERS["charlie"])

    @property
    def phones(self) -> Mapping[str, Phone]:
        """Everybody's phone, by name."""
        return {phone.name: phone for phone in (self.alice, self.bob, self.carmen, self.dana, self.charlie)}

    def _open(self) -> App:
        return open_chat_app(
            self.url,
            clock=self.clock,
            new_id=lambda: f"id{next(self._ids):06d}",
            carrier=self.carrier,
            flow_set=self.flow_set,
            reader=self.reader,
            keys=self.keys,
        )

    def restart(self) -> None:
        """Close the service and open it again on the same database, as after a kill."""
        self.app.store.close()
        self.app = self._open()

    def close(self) -> None:
        """Close the service."""
        self.app.store.close()

    # ------------------------------------------------------------ time and delivery

    def receive(self, phone: Phone, text: str, id: str) -> tuple[str, ...]:
        """Hand one text to the service; deliver nothing."""
        inbound = Inbound(id, phone.number, text)
        return self.app.store.run(lambda unit: receive(self.app, unit, inbound, self.clock.now()))

    def settle(self) -> None:
        """Do what is due now, deliver it, and take the carrier's reports."""
        for lane in LANES:
            due.run_due(self.app, lane)
        for lane in LANES:
            delivery.deliver(self.app, lane)
        self.pump()

    def pump(self) -> None:
        """Take the pretend carrier's reports. A call is put down unanswered as soon as it has rung."""
        reports = self.carrier.phones.pump()
        if self.reports_are_lost:
            return
        for report in reports:
            self.report(report.token, report.status.value, carrier_id=report.carrier_id)
        if self.calls_are_left:
            return
        for call in self.app.store.read(
            lambda unit: outbox.calls_under_way(unit, MONDAY - timedelta(days=1))
        ):
            self.report(call.id, "delivered", carrier_id=call.carrier_id or "")

    def report(
        self, token: str, status: str, *, carrier_id: str = "CM", error_code: str | None = None
    ) -> bool:
        """Let the carrier say something about a message."""
        from checkin.carrier.base import DeliveryStatus

        app, now = self.app, self.clock.now()
        return app.store.run(
            lambda unit: delivery.reported(
                app,
                unit,
                token=token,
                status=DeliveryStatus(status),
                carrier_id=carrier_id,
                error_code=error_code,
                now=now,
            )
        )

    def later(self, words: str) -> None:
        """Let so much time pass ("3h"), doing on the way what falls due, in its order."""
        self.until(self.clock.now() + length(words))

    def until(self, target: datetime) -> None:
        """Let time pass up to a moment, doing on the way what falls due, in its order."""
        self.settle()
        for _ in range(5000):
            moment = phones.next_moment(self.app)
            if moment is None or moment > target or target <= self.clock.now():
                break
            if moment <= self.clock.now():  # somebody has claimed it, and was killed: wait for the lease
                moment = self.clock.now() + due.LEASE
            self.clock.move_to(min(moment, target))
            self.settle()
        else:
            raise AssertionError("something feeds itself")
        self.clock.move_to(target)
        self.settle()

    def next_if_any(self) -> None:
        """Let time pass up to what is due next, if anything is."""
        self.settle()
        moment = phones.next_moment(self.app)
        if moment is not None:
            self.until(moment)

    def stand_still(self, words: str) -> None:
        """Let time pass with the service switched off."""
        self.clock.move_to(self.clock.now() + length(words))

    # ------------------------------------------------------------ what came of it

    def expect(self, **heard: str | Sequence[str]) -> None:
        """Check what everybody heard since the last look: for each a piece of each text, in order.

        Whoever is not named heard nothing.
        """
        got = {name: phone.new() for name, phone in self.phones.items()}
        wanted = {
            name: [pieces] if isinstance(pieces, str) else list(pieces) for name, pieces in heard.items()
        }
        for name, texts in got.items():
            pieces = wanted.get(name, [])
            assert len(texts) == len(pieces), f"{name} heard {texts!r}, expected {pieces!r}; all: {got!r}"
            for text, piece in zip(texts, pieces, strict=True):
                assert piece in text, f"{name} heard {texts!r}, expected {pieces!r}"

    def forget(self) -> None:
        """Look at every phone, whatever there is."""
        for phone in self.phones.values():
            phone.new()

    def read(self, work: Callable[[Unit], object]) -> object:
        """Read the database."""
        return self.app.store.read(work)

    def person(self, phone: Phone) -> Person | None:
        """Return who has this phone."""
        return self.app.store.read(lambda unit: people.by_number(unit, phone.number))

    def situation(self, phone: Phone) -> Situation:
        """Return the situation of somebody whom the service knows."""
        person = self.person(phone)
        assert person is not None
        found = self.app.store.read(lambda unit: of_person(unit, person.id))
        assert found is not None
        return found

    def waiting(self, phone: Phone) -> list[tuple[str, str | None]]:
        """Return where this person's runs wait: flow and step, newest question first."""
        return [(one.run.flow, one.run.step) for one in self.situation(phone).waiting]

    def tasks(self) -> list[Task]:
        """Return what is on the staff's list."""
        return list(self.app.store.read(tasks.on_the_list))

    def all_alerts(self) -> list[Alert]:
        """Return every alert there ever was, oldest first."""

        def work(unit: Unit) -> list[Alert]:
            rows = unit.read(
                sa.select(tables.alerts.c.data).order_by(tables.alerts.c.raised_at, tables.alerts.c.id)
            )
            return [Alert.from_json(unit.vault.open_json("alerts.data", row.data)) for row in rows]

        return self.app.store.read(work)

    def all_runs(self) -> list[Run]:
        """Return every run there ever was, oldest first."""

        def work(unit: Unit) -> list[Run]:
            rows = unit.read(
                sa.select(tables.runs.c.data).order_by(tables.runs.c.started_at, tables.runs.c.id)
            )
            return [Run.from_json(unit.vault.open_json("runs.data", row.data)) for row in rows]

        return self.app.store.read(work)

    def rows(self, phone: Phone) -> list[outbox.Message]:
        """Return the outbox rows to somebody, oldest first."""
        person = self.person(phone)
        assert person is not None
        return list(reversed(self.app.store.read(lambda unit: outbox.to_person(unit, person.id, 10_000))))

    def timers(self) -> dict[str, timers.Timer]:
        """Return every timer that is set, by its subject."""

        def work(unit: Unit) -> dict[str, timers.Timer]:
            rows = unit.read(sa.select(tables.timers))
            found = (
                timers.Timer(
                    r.subject, r.lane, r.member_id, r.transition, r.due_at, r.after_seconds, r.counts_from
                )
                for r in rows
            )
            return {timer.subject: timer for timer in found}

        return self.app.store.read(work)

    def count(self, table: sa.Table) -> int:
        """Return how many rows a table has."""
        return self.app.store.read(
            lambda unit: int(unit.read(sa.select(sa.func.count()).select_from(table))[0][0])
        )

    # ------------------------------------------------------------ common beginnings

    def joined(self, *contacts: str, member: str = "alice") -> Chat:
        """Let a member join, and each of these contacts agree; forget what was said."""
        phone = self.phones[member]
        for text in ("JOIN", "YES", member.capitalize(), "YES" if contacts else "NO"):
            phone(text)
        for index, name in enumerate(contacts):
            if index:
                phone("ADD")
            phone(name.capitalize())
            phone(NUMBERS[name])
            self.phones[name]("YES")
        self.forget()
        return self

    def as_program(self, **changes: object) -> None:
        """Change the program's own set-up for this chat."""
        self.app.program = replace(self.app.program, **changes)  # type: ignore[arg-type]


CORE = (
    "welcome", "daily", "after_support", "contacts", "by_phone", "missed_checkin", "number_check",
    "still_useful",
)  # fmt: skip
"""What every program needs: joining, asking, following up on requests and on silence, contacts, the phone."""


def load_shipped() -> FlowSet:
    """Return the core of the flows that the program ships with; the others would only speak in between."""
    found = _shipped()
    return replace(found, flows={name: found.flows[name] for name in CORE})


@functools.cache
def _shipped() -> FlowSet:
    return load_folder(FLOWS)


def new_reader(flow_set: FlowSet) -> Reader:
    """Return a reader with the shipped packs: the one that the service has, which keeps nothing of a chat."""
    return make_reader(flow_set.program)


def lanes() -> Iterator[Lane]:
    """Go through both lanes, alerts first."""
    yield from LANES
