"""100,000 check-ins due at the same minute: claimed and written to the outbox, against the bare SQL for it.

    python -m benchmarks.fanout                       # SQLite, then PostgreSQL
    python -m benchmarks.fanout --only sqlite --members 20000

The real one is what the clock runs (`due.run_due`): claim timers a hundred at a time; for each member look
whether the timer is still set, read who they are, count their check-ins, plan the next, step the flow, seal
the run, both journal entries and the text, and commit. The bare one runs the same claims, and inserts rows of
the same size into the same tables, ready made, with the fastest statements that we know (`executemany`;
`unnest` on PostgreSQL), in as many commits. Each works on a database of its own with the same members, by
turns, so that a drifting machine harms both. Both are durable.

Memory is that of this process, which runs both. Ends with status 1 where a floor is missed.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import sqlalchemy as sa

from checkin.cli import serve
from checkin.flow.load import load_folder
from checkin.service import due
from checkin.service.app import App
from checkin.service.publishing import publish
from checkin.service.settings import Settings
from checkin.service.wiring import open_app
from checkin.store import outbox, people, runs, tables, timers, together
from checkin.store.migrate import migrate
from checkin.store.situations import Person
from checkin.store.timers import Timer
from checkin.store.unit import Unit
from workers.embedded import SWITCH_SECONDS

MEMBERS = 100_000
FLOOR = 0.5
FLAT = 1.1
"""By how much memory at the end may exceed that after a tenth."""

ROUNDS = 20
NINE = datetime(2027, 3, 1, 22, 0, tzinfo=UTC)
"""Five in the afternoon in New York, a Monday: when the shipped check-in is due."""

PYTHONS_OWN = sys.getswitchinterval()
FLOWS = Path(__file__).resolve().parents[1] / "flows"
SETTINGS = Settings(public_url="https://checkin.example.org", broker_url="embedded", secret_keys=(b"k" * 32,))


@dataclass
class StillClock:
    """A clock that stands at a moment."""

    moment: datetime = NINE - timedelta(days=1)

    def now(self) -> datetime:
        """Return the moment."""
        return self.moment


@contextmanager
def opened(url: str, members: int, *, answers: bool = False) -> Iterator[App]:
    """Open a service with so many members, who will all be asked at five; with `answers` texts come to it."""
    migrate(url)
    flow_set = load_folder(FLOWS)
    daily = {name: flow for name, flow in flow_set.flows.items() if name == "daily"}
    app = open_app(replace(SETTINGS, database_url=url), replace(flow_set, flows=daily), answers=answers)
    app.clock = StillClock()
    publish(app, daily.values(), author="bench", note="")
    for first in range(0, members, 1000):
        some = range(first, min(first + 1000, members))
        app.store.run(lambda unit, some=some: _settle(unit, some, members))  # type: ignore[misc]
    try:
        yield app
    finally:
        app.store.close()


def _minute(part: int) -> datetime:
    """Return when one part of the members is due: each round's are due at the same moment."""
    return NINE + timedelta(minutes=part)


def _settle(unit: Unit, numbers: range, members: int) -> None:
    """Bring in members, in both languages, whose check-in is due at five."""
    made = []
    for number in numbers:
        one = unit.beside()
        person = Person(
            f"{number:032x}", f"+1{2_020_000_000 + number}", f"Name{number % 500}", ("en", "es")[number % 2],
            None, stopped=False,
        )  # fmt: skip
        people.add(one, person, NINE)
        people.add_member(one, person.id, "active", joined_at=NINE)
        timers.put(
            one,
            Timer(
                f"schedule:{person.id}:daily", "routine", person.id, 0, _minute(number * ROUNDS // members)
            ),
        )
        made.append(one)
    together.collect(unit, made)


class Bare:
    """Claims timers and inserts rows that were made beforehand: nothing is read, decided or sealed."""

    def __init__(self, app: App) -> None:
        self._app = app

    def run(self) -> int:
        """Claim and write for all who are due; return for how many."""
        done = 0
        while batch := due.claim(self._app, "routine"):
            made = [(timer, self._app.new_id()) for timer in batch]
            self._app.store.run(lambda unit, made=made: self._write(unit, made))  # type: ignore[misc]
            done += len(batch)
        return done

    def _write(self, unit: Unit, made: list[tuple[Timer, str]]) -> None:
        for statement, row in _ROWS[unit.dialect]:
            unit.write_many(statement, [row(timer, id) for timer, id in made])


_SEALED = {
    "run": os.urandom(260),
    "started": os.urandom(560),
    "fired": os.urandom(75),
    "body": os.urandom(165),
}
"""As long as what the real one seals."""


def _timer(
    subject: str, member: str, later: timedelta, seconds: int | None, counts: str | None
) -> dict[str, Any]:
    return {
        "subject": subject, "lane": "routine", "member_id": member, "transition": 0, "due_at": NINE + later,
        "after_seconds": seconds, "counts_from": counts,
    }  # fmt: skip


def _entry(member: str, seq: int, subject: str, event: bytes) -> dict[str, Any]:
    return {
        "member_id": member, "seq": seq, "at": NINE, "subject": subject, "transition": 1, "event": event,
    }  # fmt: skip


def _run(timer: Timer, id: str) -> dict[str, Any]:
    return {
        "id": id, "member_id": timer.member_id, "flow": "daily", "version": 1, "state": "waiting",
        "transition": 1, "data": _SEALED["run"], "started_at": NINE, "asked_at": NINE, "ended_at": None,
    }  # fmt: skip


def _message(timer: Timer, id: str) -> dict[str, Any]:
    return {
        "id": f"{id}.1.0", "lane": "routine", "kind": "check_in", "channel": "sms",
        "person_id": timer.member_id, "subject": f"run:{id}", "body": _SEALED["body"], "state": "queued",
        "created_at": NINE, "due_at": NINE, "expires_at": NINE + timedelta(hours=4), "tries": 0,
    }  # fmt: skip


def _wait(timer: Timer, id: str) -> dict[str, Any]:
    return _timer(f"run:{id}", timer.member_id, timedelta(hours=3), 10_800, f"{id}.1.0")


_DAY = timedelta(days=1)
_ROWS = {
    dialect: (
        (timers._put[dialect], lambda timer, _: _timer(timer.subject, timer.member_id, _DAY, None, None)),
        (runs._insert_journal, lambda timer, id: _entry(timer.member_id, 1, f"run:{id}", _SEALED["started"])),
        (outbox._insert, _message),
        (runs._insert, _run),
        (timers._put[dialect], _wait),
        (runs._insert_journal, lambda timer, _: _entry(timer.member_id, 2, timer.subject, _SEALED["fired"])),
    )
    for dialect in ("sqlite", "postgresql")
}  # fmt: skip


@dataclass
class Sum:
    """What one side took so far."""

    seconds: float = 0.0
    cpu: float = 0.0
    done: int = 0
    by_round: list[float] = field(default_factory=list)

    def take(self, work: Callable[[], int]) -> None:
        """Measure one round."""
        began, cpu = perf_counter(), process_time()
        number = work()
        seconds = perf_counter() - began
        self.seconds += seconds
        self.cpu += process_time() - cpu
        self.done += number
        if number:
            self.by_round.append(number / seconds)

    @property
    def rate(self) -> float:
        """How many a second."""
        return self.done / self.seconds


def memory() -> float:
    """Return the memory that this process has now, in MB."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0


def compare(name: str, ours: App, theirs: App, members: int) -> bool:
    """Print what both did on one database; return whether a floor was missed."""
    bare, asked, inserted = Bare(theirs), Sum(), Sum()
    turns: list[tuple[Sum, Callable[[], int]]]
    turns = [(asked, lambda: due.run_due(ours, "routine")), (inserted, bare.run)]
    held: dict[int, float] = {}
    for number in range(ROUNDS):
        for app in (ours, theirs):
            app.clock = StillClock(_minute(number))
        for sum_, work in turns if number % 2 else reversed(turns):
            sum_.take(work)
        held[asked.done] = memory()
    (sent,) = ours.store.read(lambda unit: unit.read(sa.select(sa.func.count()).select_from(tables.outbox)))
    assert sent[0] == asked.done == inserted.done == members, "not everybody was asked exactly once"
    return report(name, asked, inserted, held)


def report(name: str, asked: Sum, inserted: Sum, held: dict[int, float]) -> bool:
    """Print one database's table; return whether a floor was missed."""
    print(f"\n{name}: {asked.done:,} check-ins due at once")
    for who, sum_ in (("checkin", asked), ("bare SQL", inserted)):
        spent = sum_.cpu / sum_.done * 1e6
        print(f"  {who:9} {sum_.rate:9,.0f} a second   {spent:6.0f} µs of this process's CPU each")
    ratio = statistics.median(a / b for a, b in zip(asked.by_round, inserted.by_round, strict=True))
    print(f"  ratio {ratio:.2f} of bare (median of {len(asked.by_round)} rounds), floor {FLOOR}")
    shown = [held[done] for done in sorted(held)]
    marks = {share: shown[max(0, int(len(shown) * share) - 1)] for share in (0.1, 0.5, 1.0)}
    told = ", ".join(f"{size:.0f} MB at {asked.done * share:,.0f}" for share, size in marks.items())
    growth = marks[1.0] / marks[0.1]
    print(f"  memory {told}: grown to {growth:.2f}, at most {FLAT}")
    missed = ratio < FLOOR or growth > FLAT
    print(f"  {'MISSED' if missed else 'held'}")
    return missed


def main() -> None:
    """Measure on each database, and print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", choices=("sqlite", "postgresql"))
    parser.add_argument("--members", type=int, default=MEMBERS)
    given = parser.parse_args()
    missed = False
    with tempfile.TemporaryDirectory(prefix="checkin-bench-") as folder:
        if given.only != "postgresql":
            urls = [f"sqlite:///{folder}/{name}.sqlite3" for name in ("ours", "theirs")]
            missed |= on("sqlite", urls, given.members)
        if given.only != "sqlite":
            from tests.servers.postgres import running_postgres

            with running_postgres(durable=True) as server, ExitStack() as stack:
                urls = [stack.enter_context(server.fresh_database()) for _ in range(2)]
                missed |= on("postgresql", urls, given.members)
    sys.exit(1 if missed else 0)


def on(name: str, urls: Sequence[str], members: int) -> bool:
    """Compare on two databases of one kind; return whether a floor was missed."""
    # As it is run: on SQLite all in one process, on PostgreSQL in a clock of its own.
    sys.setswitchinterval(SWITCH_SECONDS if name == "sqlite" else PYTHONS_OWN)
    with opened(urls[0], members) as ours, opened(urls[1], members) as theirs:
        serve.leave_standing()
        return compare(name, ours, theirs, members)


if __name__ == "__main__":
    main()
