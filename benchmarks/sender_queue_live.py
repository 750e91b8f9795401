"""10,000 texts from the running service through a carrier that has a queue of its own, in real time.

    python -m benchmarks.sender_queue_live              # a short code: 100 segments a second, about 2 minutes
    python -m benchmarks.sender_queue_live --texts 1000

What `benchmarks.sender_queue` shows in simulated time, on the service as it runs: `checkin web` with
everything in one process (SQLite), against a stand-in for Twilio on loopback. The sender behind it moves so
many segments a second and keeps what comes faster in a queue. Meanwhile members ask for support. Ends with
status 1 unless the queue never holds more than a second's worth, and no text about a request waits a second.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from threading import Lock
from time import perf_counter, sleep

from benchmarks.alerting import numbers, queue, settle_in, without_window
from checkin.flow.segments import segments
from tests.acceptance.deployment import Deployment, deployed
from tests.standin.rows import Row
from tests.standin.standin import NUMBER

RATE = 100.0
"""Segments a second: `short-code`, as the deployment's setting says."""

MOST_SECONDS = 1.0
APART = 1.2
"""Seconds between two requests for support."""


class Sender:
    """The carrier's side of one sender, whose queue is counted in seconds of its work."""

    def __init__(self) -> None:
        self._free = 0.0
        self._lock = Lock()
        self.waited: list[tuple[str, float]] = []
        """For each text to whom it went, and how long it waited."""

    def __call__(self, row: Row) -> None:
        """Put a text at the end of the queue."""
        with self._lock:
            now = perf_counter()
            self._free = max(self._free, now)
            self.waited.append((row.to, self._free - now))
            self._free += segments(row.body).count / RATE


def run(deployment: Deployment, texts: int) -> bool:
    """Let the texts go out and members ask for support meanwhile; print, and return whether limits held."""
    asking = int(texts / RATE / 0.8 / APART)
    now = deployment.clock.now()
    deployment.store.run(lambda unit: settle_in(unit, 0, asking + 10, now))
    sender = Sender()
    deployment.twilio.hook = sender
    queue(deployment, texts)
    began, asked = perf_counter(), 0
    while (left := _left(deployment)) and asked < asking:
        deployment.sender.sms(numbers(10 + asked)[0], NUMBER, "SUPPORT")
        asked += 1
        sleep(APART)
    while left := _left(deployment):
        sleep(0.2)
    took = perf_counter() - began
    contacts = {numbers(index)[1] for index in range(asking + 10)}
    held = max(wait for _, wait in sender.waited)
    waits = [wait for number, wait in sender.waited if number in contacts]
    print(f"{texts:,} texts at {RATE:g} segments a second went out in {took:,.0f} s; {left} are left")
    print(f"  the carrier's queue held at most {held:.2f} s of work, at most {MOST_SECONDS} allowed")
    print(f"  {len(waits)} alerts waited at most {max(waits):.2f} s there, less than {MOST_SECONDS} allowed")
    return held <= MOST_SECONDS and max(waits) < MOST_SECONDS and len(waits) == asked


def _left(deployment: Deployment) -> int:
    ((left,),) = deployment.rows("SELECT count(*) FROM outbox WHERE state IN ('queued', 'sending')")
    return int(str(left))


def main() -> None:
    """Send, and print what the carrier's queue held."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--texts", type=int, default=10_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        url = f"sqlite:///{folder / 'checkin.sqlite3'}"
        settings = {"CHECKIN_FLOWS": str(without_window(folder)), "CHECKIN_LOG_LEVEL": "WARNING"}
        with deployed(folder, database_url=url, broker_url="embedded", **settings) as deployment:
            good = run(deployment, given.texts)
    print("  held" if good else "  MISSED")
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
