"""How long a text waits for its durable answer while everybody's check-in begins.

    python -m benchmarks.fanout_texts                   # SQLite, then PostgreSQL
    python -m benchmarks.fanout_texts --only sqlite --members 20000

Each database is measured as it is run: on SQLite everything is one process (`checkin web`, embedded), and the
check-ins begin in a thread beside; on PostgreSQL the clock is a process of its own (`checkin clock`), and the
two share the database and the machine.

Texts come one after the other at drawn moments, in rounds: first while nothing is due, then while the clock
begins the check-ins of a twentieth of all members (`due.run_due`). A machine that drifts harms both. A text
is decided and committed as the webhook does it; HTTP is left out. Ends with status 1 unless p99 over all
rounds is at most twice what it is idle.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import statistics
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from time import perf_counter, sleep

import uvloop

from benchmarks.fanout import FLOWS, ROUNDS, SETTINGS, StillClock, _minute, opened
from checkin.cli import serve
from checkin.flow.load import load_folder
from checkin.service import due
from checkin.service.app import App
from checkin.service.inbound import Inbound, lookup_for, receive
from checkin.service.wiring import open_app
from workers.embedded import SWITCH_SECONDS

MOST = 2.0
APART = (0.005, 0.02)
"""Seconds between two texts."""

Begin = Callable[[int], Callable[[], bool]]
"""Begins the check-ins of one round; what it returns tells whether they have all begun."""


class Texts:
    """Members who text HELP, one after the other."""

    def __init__(self, app: App, members: int, loop: asyncio.Runner) -> None:
        self._app = app
        self._loop = loop
        self._members = members
        self._sent = 0
        self._dice = random.Random(1)

    def until(self, over: Callable[[], bool], most: int = 10_000) -> list[float]:
        """Send texts until it is over; return the seconds until each answer was durable."""
        waited: list[float] = []
        while len(waited) < most and not over():
            waited.append(self._send())
            sleep(self._dice.uniform(*APART))
        return waited

    def _send(self) -> float:
        number = self._dice.randrange(self._members)
        self._sent += 1
        inbound = Inbound(f"SM{self._sent}", f"+1{2_020_000_000 + number}", "HELP")
        began = perf_counter()
        self._loop.run(self._answer(inbound))
        return perf_counter() - began

    async def _answer(self, inbound: Inbound) -> None:
        app = self._app
        with app.way.answering():
            await app.store.run_async(
                lambda unit: receive(app, unit, inbound, app.clock.now()), lambda: lookup_for(app, inbound)
            )


def told(name: str, waited: list[float]) -> float:
    """Print the median and p99; return p99 in seconds."""
    waited = sorted(waited)
    middle, rare = statistics.median(waited), waited[int(len(waited) * 0.99)]
    print(f"  {name:34} p50 {middle * 1000:7.2f} ms   p99 {rare * 1000:7.2f} ms   of {len(waited)}")
    return rare


@contextmanager
def answering(app: App, members: int) -> Iterator[Texts]:
    """Answer texts in an event loop, as the web process does."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as loop:
        in_loop = app.store.in_loop()
        loop.run(in_loop.__aenter__())
        yield Texts(app, members, loop)
        loop.run(in_loop.__aexit__(None, None, None))


def compare(name: str, app: App, begin: Begin, members: int) -> bool:
    """Measure on one database; return whether the limit was passed."""
    with answering(app, members) as texts:
        return measure(name, app, begin, texts, members)


def measure(name: str, app: App, begin: Begin, texts: Texts, members: int) -> bool:
    """Send texts while nothing is due, and while check-ins begin; return whether the limit was passed."""
    serve.make_ready(app)
    texts.until(lambda: False, 50)
    idle, busy, seconds = list[float](), list[float](), 0.0
    for number in range(ROUNDS):
        app.clock = StillClock(_minute(number))
        over, began = begin(number), perf_counter()
        meanwhile = texts.until(over)
        seconds += perf_counter() - began
        busy += meanwhile
        idle += texts.until(lambda: False, len(meanwhile))
    print(f"{name}: {members:,} check-ins began, {members / seconds:,.0f} a second")
    before, after = told("idle", idle), told("while check-ins begin", busy)
    ratio = after / before
    print(f"  p99 {ratio:.1f} times idle, at most {MOST:g}: {'held' if ratio <= MOST else 'MISSED'}")
    return ratio > MOST


def in_this_process(app: App) -> Begin:
    """Begin check-ins in a thread of this process, as the embedded clock does."""
    sys.setswitchinterval(SWITCH_SECONDS)

    def begin(_number: int) -> Callable[[], bool]:
        thread = threading.Thread(target=due.run_due, args=(app, "routine"))
        thread.start()
        return lambda: not thread.is_alive()

    return begin


@contextmanager
def in_another(url: str) -> Iterator[Begin]:
    """Begin check-ins in another process, as `checkin clock` does."""
    command = [sys.executable, "-m", "benchmarks.fanout_texts", "--clock", url]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as clock:
        assert clock.stdin is not None
        assert clock.stdout is not None
        clock.stdout.readline()

        def begin(number: int) -> Callable[[], bool]:
            print(number, file=clock.stdin, flush=True)
            thread = threading.Thread(target=clock.stdout.readline)
            thread.start()
            return lambda: not thread.is_alive()

        try:
            yield begin
        finally:
            clock.stdin.close()


def be_the_clock(url: str) -> None:
    """Begin the check-ins of each round that is named on standard input, and say when they have begun."""
    app = open_app(replace(SETTINGS, database_url=url), load_folder(FLOWS))
    os.nice(serve.NICER)
    serve.leave_standing()
    print("ready", flush=True)
    for line in sys.stdin:
        app.clock = StillClock(_minute(int(line)))
        due.run_due(app, "routine")
        print("begun", flush=True)
    app.store.close()


def main() -> None:
    """Measure and print; end with status 1 where the limit is passed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", choices=("sqlite", "postgresql"))
    parser.add_argument("--members", type=int, default=100_000)
    parser.add_argument("--clock", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.clock:
        be_the_clock(given.clock)
        return
    missed = False
    with ExitStack() as stack:
        if given.only != "postgresql":
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="checkin-bench-"))
            with opened(f"sqlite:///{folder}/bench.sqlite3", given.members) as app:
                missed |= compare("sqlite, one process", app, in_this_process(app), given.members)
        if given.only != "sqlite":
            from tests.servers.postgres import running_postgres

            server = stack.enter_context(running_postgres(durable=True))
            url = stack.enter_context(server.fresh_database())
            with opened(url, given.members, answers=True) as app, in_another(url) as begin:
                missed |= compare("postgresql, the clock in another process", app, begin, given.members)
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
