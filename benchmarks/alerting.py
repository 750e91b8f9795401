"""From "SUPPORT" to the carrier's API: how long a trusted contact waits, idle and behind 100,000 check-ins.

The running service (`checkin web` with everything in one process, SQLite) against a stand-in for Twilio on
loopback; the change-of-mind time is none. Measured is from the moment at which the member's text leaves for
the webhook to the moment at which the carrier is asked to text the contact.

Run it as `python -m benchmarks.alerting [--rounds 20] [--queued 100000]`.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import tempfile
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event
from time import perf_counter

from checkin.people.consent import ContactState
from checkin.store import contacts, outbox, people
from checkin.store.contacts import Contact
from checkin.store.outbox import Message
from checkin.store.situations import Person
from checkin.store.unit import Unit
from tests.acceptance.deployment import ROOT, Deployment, deployed
from tests.standin.rows import Row
from tests.standin.standin import NUMBER

BATCH = 1000
PATIENCE = 30.0
"""Seconds after which a request counts as not answered at all."""


@dataclass
class Watch:
    """Notes when the carrier is asked to text a number."""

    reached: dict[str, float] = field(default_factory=dict)
    rang: Event = field(default_factory=Event)

    def __call__(self, row: Row) -> None:
        """Take note of a message that the carrier has just been handed."""
        self.reached.setdefault(row.to, perf_counter())
        self.rang.set()


def numbers(index: int) -> tuple[str, str]:
    """Return the numbers of a member and of their trusted contact."""
    return f"+1202556{index:04}", f"+1202557{index:04}"


def settle_in(unit: Unit, first: int, count: int, now: datetime) -> None:
    """Make members who take part, each with a trusted contact who has agreed."""
    for index in range(first, first + count):
        for role, number in zip(("member", "contact"), numbers(index), strict=True):
            person = Person(
                f"{role}{index}", number, f"Name {index}", "en", "America/New_York", stopped=False
            )
            people.add(unit, person, now)
        people.add_member(unit, f"member{index}", "active", joined_at=now)
        contact = Contact(
            id=f"of{index}",
            member_id=f"member{index}",
            person_id=f"contact{index}",
            name=f"Name {index}",
            position=1,
            state=ContactState.ACCEPTED,
            invited_at=now,
            changed_at=now,
        )
        contacts.add(unit, contact)


def queue(deployment: Deployment, count: int) -> None:
    """Queue so many check-ins, all due now, to the members."""
    now = deployment.clock.now()

    def some(unit: Unit, first: int) -> None:
        for index in range(first, min(first + BATCH, count)):
            id, person = f"run{index}.1.0", f"member{index % 10}"
            text = "How are you today, from 1 (very low) to 5 (very good)?"
            row = Message(
                id, "routine", "check_in", "sms", person, f"run:run{index}", text, "queued", now, now,
                now + timedelta(days=1),
            )  # fmt: skip
            outbox.add(unit, row)

    for first in range(0, count, BATCH):
        deployment.store.run(lambda unit, begin=first: some(unit, begin))  # type: ignore[misc]


def measure(deployment: Deployment, watch: Watch, first: int, rounds: int) -> list[float]:
    """Let one member after the other ask for support; return the seconds until the carrier was asked."""
    waited = []
    for index in range(first, first + rounds):
        member, contact = numbers(index)
        began = perf_counter()
        deployment.sender.sms(member, NUMBER, "SUPPORT")
        while contact not in watch.reached:
            watch.rang.clear()
            if contact not in watch.reached and not watch.rang.wait(PATIENCE):
                raise SystemExit("the contact was never texted")
        waited.append(watch.reached[contact] - began)
    return waited


def told(name: str, waited: list[float]) -> float:
    """Print what was measured; return the median in seconds."""
    middle, worst = statistics.median(waited), max(waited)
    print(f"{name:28} median {middle * 1000:7.1f} ms   longest {worst * 1000:7.1f} ms   of {len(waited)}")
    return middle


def main() -> None:
    """Measure idle, then with a full queue, and print both and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20, help="requests in each state")
    parser.add_argument("--queued", type=int, default=100_000, help="check-ins that wait to be sent")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        flows = without_window(folder)
        url = f"sqlite:///{folder / 'checkin.sqlite3'}"
        settings = {"CHECKIN_FLOWS": str(flows), "CHECKIN_LOG_LEVEL": "WARNING"}
        with deployed(folder, database_url=url, broker_url="embedded", **settings) as deployment:
            compare(deployment, given.rounds, given.queued)


def without_window(folder: Path) -> Path:
    """Copy the shipped flows into a folder, without the time to change one's mind; return where they are."""
    # Without their conversations: those expect a change-of-mind time, and nothing would be published.
    without = shutil.ignore_patterns("*.test.yaml")
    flows = shutil.copytree(ROOT / "flows", folder / "flows", ignore=without)
    program = (flows / "program.yaml").read_text(encoding="utf-8")
    (flows / "program.yaml").write_text(program.replace("window: 5m", "window: none"), encoding="utf-8")
    return Path(flows)


def compare(deployment: Deployment, rounds: int, queued: int) -> None:
    """Measure in both states of one running service."""
    watch = Watch()
    now = deployment.clock.now()
    deployment.store.run(lambda unit: settle_in(unit, 0, 2 * rounds + 10, now))
    deployment.twilio.hook = watch
    measure(deployment, watch, 2 * rounds, 10)  # the first ones warm up
    idle = told("idle", measure(deployment, watch, 0, rounds))
    began = perf_counter()
    queue(deployment, queued)
    print(f"{queued:,} check-ins were queued in {perf_counter() - began:.1f} s")
    loaded = told(f"with {queued:,} check-ins queued", measure(deployment, watch, rounds, rounds))
    (left,) = deployment.rows("SELECT count(*) FROM outbox WHERE lane = 'routine' AND state = 'queued'")
    print(f"ratio {loaded / idle:.2f}; {left[0]:,} check-ins still waited at the end")


if __name__ == "__main__":
    sys.exit(main())
