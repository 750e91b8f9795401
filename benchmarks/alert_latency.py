"""From an alert's commit to its text leaving: idle, and behind 100,000 check-ins with every worker busy.

    python -m benchmarks.alert_latency                    # embedded on SQLite, then PostgreSQL and Redis
    python -m benchmarks.alert_latency --only embedded --queued 20000

Members ask for support, one after the other at drawn moments; the change-of-mind time is none, so what asks
the trusted contact is committed with the request. Measured is from the moment at which that commit is durable
to the moment at which the worker begins the request to the carrier. The carrier is a stand-in for Twilio on
loopback, a process of its own; the sender's rate is so high that check-ins never wait for it: the workers
send them as fast as the machine can, all the while.

Embedded, this process is the service: workers and clock in threads, as `checkin web` has them. Over Redis it
is the web process; worker, alerts and clock are processes of their own.

Ends with status 1 where a limit is passed: half of the alerts may take 1.2 times as long as idle, one in a
hundred 1.5 times; 10 ms embedded, 60 ms over Redis.
"""

from __future__ import annotations

import argparse
import base64
import os
import random
import statistics
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from pathlib import Path
from time import perf_counter, sleep
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from benchmarks.alerting import numbers, settle_in, without_window
from benchmarks.sending import ROOT, standing_in
from checkin.carrier.base import Outgoing
from checkin.cli import serve
from checkin.service.app import App, Lane
from checkin.service.clocks import PretendClock
from checkin.service.inbound import Inbound, receive
from checkin.service.publishing import publish
from checkin.service.settings import Settings, load_settings
from checkin.service.wiring import open_app, read_flows
from checkin.store import outbox, tables, together
from checkin.store.migrate import migrate
from checkin.store.outbox import Message
from checkin.store.unit import Unit
from tests.standin.standin import ACCOUNT_SID, AUTH_TOKEN, NUMBER
from workers.broker import close_queues, open_queues
from workers.embedded import Embedded
from workers.wake import Waker

MEDIAN, HUNDREDTH = 1.2, 1.5
LONGEST = {"embedded": 0.010, "redis": 0.060}
"""Seconds that ninety-nine of a hundred alerts may take behind the check-ins."""

WARMING = 20
APART = (0.02, 0.08)
"""Seconds between two requests."""

PATIENCE = 30.0
_LEFT = (
    sa.select(sa.func.count())
    .select_from(tables.outbox)
    .where(tables.outbox.c.lane == "routine", tables.outbox.c.state == "queued")
)
HOME = ZoneInfo("America/New_York")
QUESTION = "How are you today, from 1 (very low) to 5 (very good)?"


@dataclass
class Watch:
    """When an alert was committed, and when the carrier was begun to be asked to text a number."""

    committed: float = 0.0
    begun: dict[str, float] = field(default_factory=dict)
    rang: threading.Condition = field(default_factory=threading.Condition)

    def woken(self, lane: Lane) -> None:
        """Note the moment after a commit at which the alerts' workers are woken, the first one."""
        if lane == "alerts" and not self.committed:
            self.committed = perf_counter()

    def begins(self, number: str, at: float) -> None:
        """Note the moment at which a text to this number is begun."""
        with self.rang:
            self.begun.setdefault(number, at)
            self.rang.notify_all()

    def wait_for(self, number: str) -> float:
        """Return when the text to this number was begun."""
        with self.rang:
            if not self.rang.wait_for(lambda: number in self.begun, PATIENCE):
                raise SystemExit("a contact was never texted")
            return self.begun[number]


class Noting:
    """A carrier that says when each request is begun."""

    def __init__(self, carrier: Any, watch: Any) -> None:
        self._carrier = carrier
        self._watch = watch

    def send(self, outgoing: Outgoing) -> Any:
        """Note the moment, and send."""
        at = perf_counter()
        try:
            return self._carrier.send(outgoing)
        finally:
            self._watch(outgoing.to, at)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._carrier, name)


def environ(folder: Path, database_url: str, broker_url: str, api_url: str) -> dict[str, str]:
    """Return the settings of a deployment whose sender is never waited for."""
    return {
        "CHECKIN_PUBLIC_URL": "https://checkin.example.org",
        "CHECKIN_DATABASE_URL": database_url,
        "CHECKIN_BROKER_URL": broker_url,
        "CHECKIN_FLOWS": str(without_window(folder)),
        "CHECKIN_VAR": str(folder / "var"),
        "CHECKIN_LOG_LEVEL": "WARNING",
        "CHECKIN_SECRET_KEYS": base64.b64encode(b"k" * 32).decode(),
        "CHECKIN_SENDER_RATE": "10000",
        "CHECKIN_TWILIO_API_URL": api_url,
        "TWILIO_ACCOUNT_SID": ACCOUNT_SID,
        "TWILIO_AUTH_TOKEN": AUTH_TOKEN,
        "TWILIO_FROM": NUMBER,
    }


def opened(settings: Settings) -> App:
    """Open the service on a new database; it is noon in the town where everybody lives."""
    migrate(settings.database_url)
    flow_set = read_flows(settings)
    app = open_app(settings, flow_set)
    publish(app, flow_set.flows.values(), author="bench", note="")
    assert isinstance(app.clock, PretendClock)
    today = app.clock.now().astimezone(HOME).date()
    app.clock.move_to(datetime.combine(today + timedelta(days=1), time(12), HOME))
    serve.make_ready(app)
    return app


@contextmanager
def embedded(settings: Settings, watch: Watch) -> Iterator[App]:
    """Run workers and clock in threads of this process."""
    app = opened(settings)
    app.carrier = Noting(app.carrier, watch.begins)
    background = Embedded(app)
    _watched(app, watch)
    background.start()
    try:
        yield app
    finally:
        background.stop()
        app.store.close()


@contextmanager
def apart(settings: Settings, env: Mapping[str, str], watch: Watch) -> Iterator[App]:
    """Run worker, alerts and clock as processes of their own."""
    app = opened(settings)
    queues = open_queues(settings.broker_url, lambda _lane: None)
    waker = Waker(queues)
    app.wake = waker.wake
    _watched(app, watch)
    checkin = str(Path(sys.executable).parent / "checkin")
    alerts = [sys.executable, "-m", "benchmarks.alert_latency", "--alerts"]
    children = []
    try:
        for command in ([checkin, "worker", "routine"], [checkin, "clock"], alerts):
            settings_and_all = {**os.environ, **env}
            children.append(
                subprocess.Popen(command, env=settings_and_all, stdout=subprocess.PIPE, text=True, cwd=ROOT)
            )
        threading.Thread(target=_read, args=(children[-1], watch), daemon=True).start()
        yield app
    finally:
        for child in children:
            child.terminate()
        for child in children:
            child.wait()
        waker.close()
        close_queues(queues)
        app.store.close()


def _watched(app: App, watch: Watch) -> None:
    wake = app.wake

    def woken(lane: Lane) -> None:
        watch.woken(lane)
        wake(lane)

    app.wake = woken


def _read(child: subprocess.Popen[str], watch: Watch) -> None:
    assert child.stdout is not None
    for line in child.stdout:
        if not line.startswith("+"):
            print(line, end="", file=sys.stderr)
            continue
        number, at = line.split()
        watch.begins(number, float(at))


def alerts_worker() -> None:
    """Be `checkin worker alerts`, and write when each text is begun."""
    settings = load_settings(os.environ, env_file=None)
    app = open_app(settings, read_flows(settings))
    app.carrier = Noting(app.carrier, lambda number, at: print(number, at, flush=True))
    stopping = threading.Event()
    serve.serve_worker(app, settings, "alerts", stopping)


def queue(app: App, count: int) -> None:
    """Queue so many check-ins, all due now, to ten members."""
    now = app.clock.now()
    for first in range(0, count, 1000):

        def work(unit: Unit, first: int = first) -> None:
            made = []
            for number in range(first, min(first + 1000, count)):
                one = unit.beside()
                outbox.add(
                    one,
                    Message(
                        f"run{number:032x}.1.0", "routine", "check_in", "sms", f"member{number % 10}",
                        f"run:run{number:032x}", QUESTION, "queued", now, now, now + timedelta(hours=4),
                    ),
                )  # fmt: skip
                made.append(one)
            together.collect(unit, made)

        app.store.run(work)


def measure(app: App, watch: Watch, first: int, rounds: int) -> list[float]:
    """Let one member after the other ask for support; return the seconds from commit to sending."""
    dice, waited = random.Random(first), []
    for index in range(first, first + rounds):
        member, contact = numbers(index)
        watch.committed = 0.0
        inbound = Inbound(f"SM{index}", member, "SUPPORT")
        app.store.run(lambda unit, inbound=inbound: receive(app, unit, inbound, app.clock.now()))  # type: ignore[misc]
        begun = watch.wait_for(contact)
        waited.append(begun - watch.committed)
        sleep(dice.uniform(*APART))
    return waited


def percentile(waited: list[float], share: float) -> float:
    """Return what this share of the alerts did not exceed."""
    return sorted(waited)[min(len(waited) - 1, int(len(waited) * share))]


def told(name: str, waited: list[float]) -> tuple[float, float]:
    """Print what was measured; return median and 99th percentile in seconds."""
    middle, rare = statistics.median(waited), percentile(waited, 0.99)
    shown = [f"{what} {seconds * 1000:6.2f} ms" for what, seconds in (("p50", middle), ("p99", rare))]
    print(f"  {name:32} {'   '.join(shown)}   longest {max(waited) * 1000:6.2f} ms")
    return middle, rare


def compare(name: str, app: App, watch: Watch, rounds: int, queued: int) -> bool:
    """Measure in both states of one running service; return whether a limit was passed."""
    now = app.clock.now()
    for first in range(0, 2 * rounds + WARMING, 500):
        some = min(500, 2 * rounds + WARMING - first)
        app.store.run(lambda unit, first=first, some=some: settle_in(unit, first, some, now))  # type: ignore[misc]
    measure(app, watch, 2 * rounds, WARMING)
    print(f"{name}, {rounds} alerts each")
    idle = told("idle", measure(app, watch, 0, rounds))
    queue(app, queued)
    app.wake("routine")
    sleep(2)
    before, began = _left(app), perf_counter()
    busy = told(f"behind {queued:,} check-ins", measure(app, watch, rounds, rounds))
    left, seconds = _left(app), perf_counter() - began
    rate = (before - left) / seconds
    print(f"  {before - left:,} check-ins went out meanwhile, {rate:,.0f} a second; {left:,} are left")
    ratios = [a / b for a, b in zip(busy, idle, strict=True)]
    good = ratios[0] <= MEDIAN and ratios[1] <= HUNDREDTH and busy[1] <= LONGEST[name] and left > 0
    limits = f"limits {MEDIAN}, {HUNDREDTH} and {LONGEST[name] * 1000:.0f} ms"
    print(f"  p50 {ratios[0]:.2f} times idle, p99 {ratios[1]:.2f}; {limits}: {'held' if good else 'MISSED'}")
    return not good


def _left(app: App) -> int:
    rows = app.store.read(lambda unit: unit.execute(_LEFT))
    return int(rows[0][0])


def main() -> None:
    """Measure and print; end with status 1 where a limit is passed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", choices=("embedded", "redis"))
    parser.add_argument("--rounds", type=int, default=300, help="requests in each state")
    parser.add_argument("--queued", type=int, default=100_000, help="check-ins that wait to be sent")
    parser.add_argument("--alerts", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.alerts:
        alerts_worker()
        return
    missed = False
    for name in ("embedded", "redis"):
        if given.only in (None, name):
            missed |= on(name, given.rounds, given.queued)
    sys.exit(1 if missed else 0)


def on(name: str, rounds: int, queued: int) -> bool:
    """Measure one kind of deployment; return whether a limit was passed."""
    watch = Watch()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="checkin-bench-")))
        api_url = stack.enter_context(standing_in())
        database_url, broker_url = f"sqlite:///{folder / 'checkin.sqlite3'}", "embedded"
        if name == "redis":
            from tests.servers.postgres import running_postgres
            from tests.servers.valkey import running_valkey

            server = stack.enter_context(running_postgres(durable=True))
            database_url = stack.enter_context(server.fresh_database())
            broker_url = stack.enter_context(running_valkey())
        env = environ(folder, database_url, broker_url, api_url)
        settings = load_settings(env, env_file=None)
        running = embedded(settings, watch) if name == "embedded" else apart(settings, env, watch)
        app = stack.enter_context(running)
        return compare(name, app, watch, rounds, queued)


if __name__ == "__main__":
    main()
