"""How long a text waits for its durable answer while everybody's check-in begins in the same process.

    python -m benchmarks.fanout_texts                   # SQLite, then PostgreSQL
    python -m benchmarks.fanout_texts --members 100000

Texts come one after the other at drawn moments: first while nothing is due, then while `due.run_due` begins a
check-in for every member in a thread beside. A text is decided and committed as the webhook does it; HTTP is
left out. Ends with status 1 unless p99 meanwhile is at most twice what it is idle.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import tempfile
import threading
from contextlib import ExitStack
from time import perf_counter, sleep

from benchmarks.fanout import ROUNDS, StillClock, _minute, opened
from checkin.cli import serve
from checkin.service import due
from checkin.service.app import App
from checkin.service.inbound import Inbound, receive
from workers.embedded import SWITCH_SECONDS

MOST = 2.0
APART = (0.005, 0.02)
"""Seconds between two texts."""

HEAD_START = 0.3


def measure(app: App, first: int, count: int) -> list[float]:
    """Let so many members text HELP; return the seconds until each answer was durable, sorted."""
    dice, waited = random.Random(first), []
    for index in range(first, first + count):
        inbound = Inbound(f"SM{index}", f"+1{2_020_000_000 + index}", "HELP")
        began = perf_counter()
        app.store.run(lambda unit, inbound=inbound: receive(app, unit, inbound, app.clock.now()))  # type: ignore[misc]
        waited.append(perf_counter() - began)
        sleep(dice.uniform(*APART))
    return sorted(waited)


def told(name: str, waited: list[float]) -> float:
    """Print the median and p99; return p99 in seconds."""
    middle, rare = statistics.median(waited), waited[int(len(waited) * 0.99)]
    print(f"  {name:34} p50 {middle * 1000:7.2f} ms   p99 {rare * 1000:7.2f} ms   of {len(waited)}")
    return rare


def compare(name: str, url: str, members: int, texts: int) -> bool:
    """Measure on one database; return whether the limit was passed."""
    with opened(url, members) as app:
        serve.make_ready(app)
        sys.setswitchinterval(SWITCH_SECONDS)
        measure(app, 0, 50)
        print(name)
        idle = told("idle", measure(app, 100, texts))
        app.clock = StillClock(_minute(ROUNDS))
        everybody = threading.Thread(target=due.run_due, args=(app, "routine"))
        everybody.start()
        sleep(HEAD_START)
        busy = told(f"while {members:,} check-ins begin", measure(app, 100 + texts, texts))
        if not everybody.is_alive():
            print("  they had all begun before the last text came: take more members")
        everybody.join()
    print(
        f"  p99 {busy / idle:.1f} times idle, at most {MOST:g}: {'held' if busy <= MOST * idle else 'MISSED'}"
    )
    return busy > MOST * idle


def main() -> None:
    """Measure and print; end with status 1 where the limit is passed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--members", type=int, default=40_000)
    parser.add_argument("--texts", type=int, default=200, help="texts in each state")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="checkin-bench-") as folder, ExitStack() as stack:
        missed = compare("sqlite", f"sqlite:///{folder}/bench.sqlite3", given.members, given.texts)
        from tests.servers.postgres import running_postgres

        server = stack.enter_context(running_postgres(durable=True))
        url = stack.enter_context(server.fresh_database())
        missed |= compare("postgresql", url, given.members, given.texts)
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
