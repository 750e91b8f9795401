"""A stage: the real service on a database that is thrown away, pretend people, and a clock that stands still.

Knows how people write, how time passes, and what came of it (`Happening`). Must not know test conversations.
Ids are counted, not drawn, so that the same play always goes the same way.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from checkin.carrier.emulator import PretendPhones
from checkin.conversation.read import Reader
from checkin.flow.load import FlowSet, load_flow
from checkin.flow.model import Flow
from checkin.flow.program import Program
from checkin.service import contacting, conversations, inviting, phones, schedules
from checkin.service.app import App
from checkin.service.inbound import Inbound, receive
from checkin.service.publishing import know_staff, publish, refresh
from checkin.service.rehearsal import happenings
from checkin.service.rehearsal.happenings import Happening
from checkin.service.rehearsal.telephone import Telephone
from checkin.service.turn import Turn
from checkin.service.words import ReaderOnDemand, make_reader
from checkin.store import contacts, people
from checkin.store.situations import Person
from checkin.store.store import Store, open_engine, open_store
from checkin.store.tables import metadata
from checkin.store.unit import Unit

MEMBER_NUMBER = "+12025550101"
CONTACTS: Mapping[str, tuple[str, str]] = {
    "contact": ("Bob", "+12025550102"),
    "contact 2": ("Carmen", "+12025550103"),
    "contact 3": ("Edgar", "+12025550106"),
}
"""Trusted contacts by the name of their part: first name and a number that nobody has (555-01xx)."""

SINCE = timedelta(days=60)
"""How long ago the pretend member joined: before any cap on what may happen in a month."""

MEMBER_NAME = "Alice"
_KEY = bytes(32)
"""Seals what only pretend people have said, in a file that is deleted at the end."""

_MOST_MOMENTS = 20_000


class Runaway(Exception):
    """So much fell due in one stretch of time that something must be feeding itself."""


class StageClock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: datetime) -> None:
        self._now = now

    def now(self) -> datetime:
        """Return the moment it was moved to."""
        return self._now

    def move_to(self, moment: datetime) -> None:
        """Move it forward; a moment that has passed changes nothing."""
        self._now = max(self._now, moment)


@dataclass(frozen=True, slots=True)
class Theatre:
    """What many plays share: the program and its flows, the reader, and a database that each begins empty.

    One stage at a time: opening one clears the database.
    """

    program: Program
    flows: Mapping[str, Flow]
    reader: Reader | ReaderOnDemand
    store: Store

    @property
    def zone(self) -> ZoneInfo:
        """Return the pretend member's own time zone: the program's."""
        return ZoneInfo(self.program.timezone)

    def clear(self) -> None:
        """Forget everything that was played."""

        def work(unit: Unit) -> None:
            for emptying in _EMPTYING:
                unit.write(emptying)

        self.store.run(work)


# The statements are made once, so that they are compiled once.
_EMPTYING = [sa.delete(table) for table in reversed(metadata.sorted_tables) if table.name != "meta"]


@contextmanager
def open_theatre(flow_set: FlowSet, reader: Reader | ReaderOnDemand | None = None) -> Iterator[Theatre]:
    """Open what many plays share, and throw their database away at the end."""
    # In memory where the machine has such a folder: every play commits often, and nothing needs to survive.
    memory = Path("/dev/shm")  # noqa: S108
    with TemporaryDirectory(prefix="checkin-", dir=memory if memory.is_dir() else None) as name:
        url = f"sqlite:///{Path(name) / 'rehearsal.sqlite3'}"
        engine = open_engine(url)
        metadata.create_all(engine)
        engine.dispose()
        ready = reader or ReaderOnDemand(lambda: make_reader(flow_set.program))
        store = open_store(url, (_KEY,))
        try:
            yield Theatre(flow_set.program, flow_set.flows, ready, store)
        finally:
            store.close()


@dataclass(slots=True)
class Stage:
    """One play's service and its people.

    `zone` is the member's own; `parts` says who has which number. Where the member has a `telephone`, they
    say by phone what they would write.
    """

    app: App
    clock: StageClock
    carrier: PretendPhones
    parts: Mapping[str, str]
    zone: ZoneInfo
    texts: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    seen: happenings.Seen = field(default_factory=happenings.Seen)
    telephone: Telephone | None = None

    def says(self, who: str, text: str) -> list[Happening]:
        """Let somebody write, or say it by phone; return what came of it at once."""
        if who == "member" and self.telephone is not None:
            heard = self.telephone.says(text)
            return self.settle([(who, "voice", words) for words in heard])
        inbound = Inbound(f"PT{next(self.texts):06d}", self.parts[who], text)
        answers = self.app.store.run(lambda unit: receive(self.app, unit, inbound, self.clock.now()))
        return self.settle([(who, "sms", text) for text in answers])

    def begins(self, flow: str) -> list[Happening]:
        """Let a flow begin for the member now, as if its time had come."""

        def work(unit: Unit) -> None:
            turn = Turn(self.app, unit, self.clock.now())
            person = people.by_number(unit, MEMBER_NUMBER)
            assert person is not None, "the member has not joined"
            conversations.start(turn, person.id, self.app.flows[flow])

        self.app.store.run(work)
        return self.settle()

    def until(self, target: datetime) -> list[tuple[datetime, Happening]]:
        """Let time pass up to a moment; return what happened on the way, and when. Raises `Runaway`."""
        found: list[tuple[datetime, Happening]] = []
        for _ in range(_MOST_MOMENTS):
            if self.telephone is not None and target > self.clock.now():
                self.telephone.is_silent()
            moment = phones.next_event(self.app)
            if moment is None or moment > target:
                self.clock.move_to(target)
                return found
            self.clock.move_to(moment)
            found.extend((self.clock.now(), one) for one in self.settle())
        raise Runaway(f"more than {_MOST_MOMENTS} moments fell due before {target:%Y-%m-%d %H:%M} UTC")

    def next_moment(self) -> datetime | None:
        """Return when something falls due next."""
        return phones.next_event(self.app)

    def settle(self, answers: Sequence[tuple[str, str, str]] = ()) -> list[Happening]:
        """Do what is due now; return what came of it. `answers` are texts that went back at once."""
        due_at = phones.next_event(self.app)
        if self.telephone is not None or (due_at is not None and due_at <= self.clock.now()):
            phones.catch_up(self.app)
        said = [*answers, *self._sent()]
        while self.telephone is not None and (call := self.telephone.rings()) is not None:
            said.extend(("member", "voice", words) for words in self.telephone.picks_up(call))
            phones.catch_up(self.app)
            said.extend(self._sent())
        return happenings.since(self.app, self.seen, said)

    def _sent(self) -> list[tuple[str, str, str]]:
        """Return what the carrier has taken since; a call that is picked up is heard instead."""
        names = {number: who for who, number in self.parts.items()}
        new = self.carrier.taken()[self.seen.sent :]
        self.seen.sent += len(new)
        heard = None if self.telephone is None else self.telephone.number
        return [
            (names.get(one.outgoing.to, "somebody else"), one.outgoing.channel, one.outgoing.body)
            for one in new
            if one.outgoing.channel != "voice" or one.outgoing.to != heard
        ]


def open_stage(
    theatre: Theatre,
    flows: Iterable[str],
    *,
    now: datetime,
    language: str,
    joined: bool = True,
    chosen: int = 0,
    voice: bool = False,
) -> Stage:
    """Open a stage on which these flows are live, with a member who has joined or not.

    `chosen` is how many trusted contacts the member has; with `voice`, all they say is said by phone.
    """
    theatre.clear()
    now = now.astimezone(UTC)
    clock, ids = StageClock(now - SINCE), itertools.count(1)
    carrier = PretendPhones(lambda: f"CM{next(ids):06d}")
    app = App(
        store=theatre.store,
        clock=clock,
        new_id=lambda: f"id{next(ids):06d}",
        carrier=carrier,
        reader=theatre.reader,
        program=theatre.program,
        load=_loader(theatre.program),
    )
    know_staff(app)
    refresh(app)
    publish(app, [theatre.flows[name] for name in flows], author="rehearsal", note="")
    staff = {
        "staff" if index == 0 else f"staff {index + 1}": person.number
        for index, person in enumerate(theatre.program.on_call)
    }
    parts = {"member": MEMBER_NUMBER, **{who: number for who, (_, number) in CONTACTS.items()}, **staff}
    stage = Stage(app, clock, carrier, parts, theatre.zone)
    if joined:
        _join(stage, language, list(CONTACTS.values())[:chosen], now)
    clock.move_to(now)
    if voice:
        stage.telephone = Telephone(app, MEMBER_NUMBER)
        if joined:
            app.store.run(_prefers_calls)
    return stage


def _prefers_calls(unit: Unit) -> None:
    member = people.by_number(unit, MEMBER_NUMBER)
    assert member is not None
    people.set_channel(unit, member.id, "voice")


def _loader(program: Program) -> Callable[[str, str, int], Flow | None]:
    def load(name: str, source: str, version: int) -> Flow | None:
        return load_flow(source, file=f"{name}.yaml", program=program, version=version).flow

    return load


def _join(stage: Stage, language: str, chosen: Sequence[tuple[str, str]], now: datetime) -> None:
    """Make the pretend member one who agreed some weeks ago, with these contacts; forget what was said."""
    app, then = stage.app, stage.clock.now()
    member = Person(app.new_id(), MEMBER_NUMBER, MEMBER_NAME, language, None, stopped=False)

    def join(unit: Unit) -> None:
        people.add(unit, member, then)
        people.add_member(unit, member.id, "active", joined_at=then)

    app.store.run(join)
    for name, number in chosen:
        _choose(app, member.id, name, number)
    stage.settle()
    stage.clock.move_to(now)
    app.store.run(lambda unit: schedules.plan(Turn(app, unit, now), member.id))


def _choose(app: App, member_id: str, name: str, number: str) -> None:
    """Invite a pretend contact, who agrees."""

    def turn(unit: Unit) -> Turn:
        return Turn(app, unit, app.clock.now())

    app.store.run(lambda unit: inviting.invite(turn(unit), member_id, name, number, key=app.new_id()))

    def agree(unit: Unit) -> None:
        person = people.by_number(unit, number)
        assert person is not None
        contacting.answered(turn(unit), contacts.of_person(unit, person.id)[0], agrees=True)

    app.store.run(agree)
