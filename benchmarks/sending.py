"""From the outbox to the carrier, against the bare Twilio client: texts a second of this process's CPU.

    python -m benchmarks.sending                      # SQLite
    python -m benchmarks.sending --texts 5000

Both send the same texts to the same stand-in for Twilio on loopback, which is a process of its own. The bare
one calls `client.messages.create` of Twilio's library, and that is all. The real one is what a worker runs
(`delivery.deliver`): it books the sender's pace, claims rows under a lease, looks once more whether each may
go, hands it over, and records what came of it, durably. By turns, so that a drifting machine harms both.

What is compared is CPU time: a core's worth of sends. Ends with status 1 where the floor is missed.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter, process_time

from checkin.carrier.twilio import TwilioCarrier
from checkin.carrier.twilio_client import make_client
from checkin.flow.load import load_folder
from checkin.service import delivery
from checkin.service.app import App
from checkin.service.settings import Settings
from checkin.service.wiring import open_app
from checkin.store import outbox, people, together
from checkin.store.migrate import migrate
from checkin.store.outbox import Message
from checkin.store.situations import Person
from checkin.store.unit import Unit
from checkin.timing.pacing import Pace
from tests.standin.standin import ACCOUNT_SID, AUTH_TOKEN, NUMBER

TEXTS = 4000
ROUNDS = 8
FLOOR = 1.0
ROOT = Path(__file__).resolve().parents[1]
NOON = datetime(2027, 3, 1, 17, 0, tzinfo=UTC)
"""In New York, where the texts go: within the hours at which a flow may speak by itself."""

PUBLIC_URL = "https://checkin.example.org"
TEXT = "Hi Alice, it's Harbor Circle. How are you feeling today, from 1 (very low) to 5 (great)?"
FAST = 10_000
"""Segments a second: booked as ever, and never waited for."""


class DayClock:
    """A clock that goes on from noon, whenever this is run."""

    def __init__(self) -> None:
        self._began = perf_counter()

    def now(self) -> datetime:
        """Return the moment."""
        return NOON + timedelta(seconds=perf_counter() - self._began)


@contextmanager
def standing_in() -> Iterator[str]:
    """Run the stand-in as a process of its own; yield its URL.

    A carrier has machines of its own: here it gets what of this one is left.
    """
    command = ["nice", "-n", "15", sys.executable, "-m", "tests.standin.twilio_api", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().split()[-1]
        finally:
            process.terminate()


def open_sender(url: str, api_url: str) -> App:
    """Open a service with one member, who gets all texts."""
    migrate(url)
    settings = Settings(
        database_url=url, public_url=PUBLIC_URL, broker_url="embedded", secret_keys=(b"k" * 32,)
    )
    flow_set = load_folder(ROOT / "flows")
    app = open_app(settings, replace(flow_set, flows={}))
    app.carrier = TwilioCarrier(
        ACCOUNT_SID, AUTH_TOKEN, public_url=PUBLIC_URL, from_number=NUMBER, api_url=api_url
    )
    app.pace = Pace(FAST)
    app.clock = DayClock()
    app.store.run(
        lambda unit: people.add(
            unit, Person("alice", "+12025550101", "Alice", "en", None, stopped=False), app.clock.now()
        )
    )
    return app


def queue(app: App, first: int, count: int) -> None:
    """Queue so many texts."""
    now = app.clock.now()

    def work(unit: Unit) -> None:
        made = []
        for number in range(first, first + count):
            one = unit.beside()
            message = Message(
                f"run{number:032x}.1.0", "routine", "check_in", "sms", "alice", f"run:run{number:032x}", TEXT,
                "queued", now, now, now + timedelta(hours=4),
            )  # fmt: skip
            outbox.add(one, message)
            made.append(one)
        together.collect(unit, made)

    app.store.run(work)


def measured(work: Callable[[], object], texts: int) -> tuple[float, float]:
    """Return the CPU and wall time that a text took, in seconds."""
    began, cpu = perf_counter(), process_time()
    work()
    return (process_time() - cpu) / texts, (perf_counter() - began) / texts


def compare(app: App, api_url: str, texts: int) -> float:
    """Print what both took; return the ratio of sends for a core."""
    client = make_client(ACCOUNT_SID, AUTH_TOKEN, 10, api_url)

    def bare(count: int) -> None:
        for number in range(count):
            client.messages.create(
                to="+12025550101",
                from_=NUMBER,
                body=TEXT,
                status_callback=f"{PUBLIC_URL}/twilio/status?token=run{number:032x}.1.0",
                validity_period=14_400,
            )

    bare(20)
    queue(app, 0, 20)
    delivery.deliver(app, "routine")
    some, first = texts // ROUNDS, 20
    ours, theirs = [], []
    for number in range(ROUNDS):
        queue(app, first, some)
        first += some
        turns = [
            (ours, lambda: delivery.deliver(app, "routine")),
            (theirs, lambda: bare(some)),
        ]
        for kept, work in turns if number % 2 else reversed(turns):
            kept.append(measured(work, some))
    left = app.store.read(lambda unit: outbox.next_due(unit))
    assert left is None, "not everything was sent"
    for name, kept in (("checkin", ours), ("bare client", theirs)):
        cpu, wall = (statistics.median(column) for column in zip(*kept, strict=True))
        spent = f"{cpu * 1e6:6.0f} µs CPU, {wall * 1e6:6.0f} µs each"
        print(f"  {name:12} {1 / cpu:7,.0f} a second of CPU   {spent}")
    return statistics.median(b[0] / a[0] for a, b in zip(ours, theirs, strict=True))


def main() -> None:
    """Measure and print; end with status 1 where the floor is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--texts", type=int, default=TEXTS)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="checkin-bench-") as folder, standing_in() as api_url:
        app = open_sender(f"sqlite:///{folder}/bench.sqlite3", api_url)
        print(f"{given.texts:,} texts from the outbox (SQLite) to the carrier")
        ratio = compare(app, api_url, given.texts)
        app.store.close()
    held = "held" if ratio >= FLOOR else "MISSED"
    print(f"  ratio {ratio:.2f} of the bare client for a core, floor {FLOOR}: {held}")
    sys.exit(0 if ratio >= FLOOR else 1)


if __name__ == "__main__":
    main()
