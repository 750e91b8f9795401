"""A whole deployment under load while its processes are killed and its broker forgets: the outcome, counted.

    python -m tests.acceptance.chaos                 # five minutes
    python -m tests.acceptance.chaos --minutes 1 --members 100

The Procfile's processes on PostgreSQL and Redis, with a second clock and twice the workers. Day after day
every member is asked how they are, and answers; some ask for support, and their trusted contacts take it, or
are silent, so that staff are told. Meanwhile a process is killed (`kill -9`) every few seconds, whichever
comes, and started again, and now and then the broker forgets everything. Texts that were answered with an
error are sent again under the same id, as a carrier's fallback would. The choices are drawn with `--seed`.

Ends with status 1 unless each check-in came exactly once, each request was raised once, told at least once
and taken, and the carrier was handed every text of the outbox as often as it may be (`chaos_counts`).
"""

from __future__ import annotations

import argparse
import csv
import random
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

import redis

from checkin.service import delivery, due
from tests.acceptance.chaos_counts import EVERY_REQUEST, EVERY_TEXT, Counts, times_in_words
from tests.acceptance.deployment import DANA, READY, Deployment, deployed, procfile
from tests.acceptance.processes import Process
from tests.servers.postgres import running_postgres
from tests.servers.valkey import running_valkey
from tests.service.kit import copy_flows
from tests.standin.rows import Row, new_sid
from tests.standin.standin import NUMBER
from tests.standin.waiting import poll

SECONDS_BETWEEN_KILLS = (1.0, 4.0)
KILLS_BETWEEN_FLUSHES = 4
SENDERS = 8
"""How many texts come in at once."""

QUESTION = "How are you feeling today"
FOLLOW_UP = "Did someone get in touch"
NO_LIMIT = "\ncheck_ins: { a_day: 10, a_week: 70 }\n"
"""So that a follow-up, which is a check-in too, takes no other one's place: each day's must come."""

NEEDED = ("program", "texts", "welcome", "daily", "after_support", "contacts", "by_phone", "missed_checkin")
ASKED_FOR = "would like to hear from you today"
NOBODY_HAS = "SELECT count(*) FROM alerts WHERE state NOT IN ('acknowledged', 'resolved', 'cancelled')"
LONGEST_REQUEST = 12.0
"""Seconds. The service gives the carrier ten for an answer."""

PATIENCE = 180.0


def number_of(place: int) -> str:
    """Return a number that is nobody's."""
    return f"+1202555{1000 + place:04d}"


class Storm:
    """Kills processes and empties the broker until it is told to end."""

    def __init__(self, deployment: Deployment, broker_url: str, lot: random.Random, counts: Counts) -> None:
        self._deployment = deployment
        self._broker_url = broker_url
        self._lot = lot
        self._counts = counts
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._rage)

    def __enter__(self) -> Storm:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _rage(self) -> None:
        names = sorted(self._deployment.processes)
        while not self._over.wait(self._lot.uniform(*SECONDS_BETWEEN_KILLS)):
            name = self._lot.choice(names)
            process = self._deployment.processes[name]
            process.kill()
            self._counts.kills[name] += 1
            if sum(self._counts.kills.values()) % KILLS_BETWEEN_FLUSHES == 0:
                with redis.Redis.from_url(self._broker_url) as client:
                    client.flushall()
                self._counts.flushes += 1
            process.start()
            if name == "web":
                poll(self._deployment.answers, PATIENCE, "the web process", every=0.05)


class Town:
    """The members and their contacts, who answer whatever they are sent."""

    def __init__(self, deployment: Deployment, members: int, lot: random.Random, counts: Counts) -> None:
        self.deployment = deployment
        self.members = [number_of(2 * place) for place in range(members)]
        self.with_contact = self.members[: members // 4]
        self._lot = lot
        self._counts = counts
        self._followed: set[str] = set()
        self._pool = ThreadPoolExecutor(SENDERS)

    def contact_of(self, member: str) -> str:
        """Return the number of a member's trusted contact."""
        return number_of(2 * self.members.index(member) + 1)

    def move_in(self) -> None:
        """Let some members join by text, with a contact who agrees, and bring in the others as a list."""
        list(self._pool.map(self._joins, self.with_contact))
        self.deployment.settle()
        contacts = [self.contact_of(member) for member in self.with_contact]
        list(self._pool.map(lambda contact: self.text(contact, "YES"), contacts))
        path = self.deployment.folder / "members.csv"
        with path.open("w", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(["number", "name", "consent"])
            rows.writerows(
                [number, "Sam", "yes"] for number in self.members if number not in self.with_contact
            )
        web = self.deployment.processes["web"]
        command = ["checkin", "members", "import", str(path)]
        subprocess.run(command, check=True, env=web.environ, cwd=web.folder, stdout=subprocess.DEVNULL)
        self.deployment.settle()  # who arrives after five is asked from the next day on

    def _joins(self, member: str) -> None:
        for text in ("JOIN", "YES", "Alice", "YES", "Bob", self.contact_of(member)):
            self.text(member, text)

    def text(self, number: str, words: str) -> list[str]:
        """Send a text until it is answered, each time under the same id; return the answers."""
        sid = new_sid("SM")
        until = monotonic() + PATIENCE
        while True:
            try:
                answer = self.deployment.sender.sms_answer(number, NUMBER, words, sid)
                if answer.status == 200:
                    return answer.texts
            except OSError:
                pass  # the process is gone, and will be back
            assert monotonic() < until, f"a text was not answered in {PATIENCE} s"
            self._counts.sent_again += 1
            threading.Event().wait(0.2)

    def live_a_day(self) -> None:
        """Let a day's check-ins come and be answered, and every request be taken."""
        began = len(self.deployment.twilio.messages)
        self._followed.clear()
        self.deployment.until("17:00")
        self._quiet("the check-ins of a day")
        asked = self._answer_follow_ups(began)
        drawn = [member for member in self.with_contact if self._lot.random() < 0.5]
        asking = [member for member in drawn if member in asked and member not in self._followed]
        silent = {self.contact_of(member) for member in asking if self._lot.random() < 0.3}
        list(self._pool.map(self._answers_low, asking))
        others = [member for member in self.members if member in asked and member not in asking]
        list(self._pool.map(self._answers_well, others))
        self.deployment.pass_time(minutes=6)  # the time to change one's mind
        self._quiet("the notifications")
        ready = [self.contact_of(member) for member in asking if self.contact_of(member) not in silent]
        list(self._pool.map(lambda contact: self.text(contact, "1"), ready))
        self.deployment.pass_time(minutes=31)  # the time that a trusted contact has
        self._quiet("what staff are told")
        self._dana_takes_all()
        self._quiet("the thanks")
        self._answer_follow_ups(began)
        self._count(self.deployment.twilio.messages[began:], asking)
        self._counts.days += 1

    def _answer_follow_ups(self, began: int) -> set[str]:
        """Say that somebody came, where that was asked today; return who was asked how they are."""
        sent = self.deployment.twilio.messages[began:]
        followed = {row.to for row in sent if FOLLOW_UP in row.body} - self._followed
        list(self._pool.map(lambda member: self.text(member, "YES"), sorted(followed)))
        self._followed |= followed
        return {row.to for row in sent if QUESTION in row.body}

    def _answers_well(self, member: str) -> None:
        answers = self.text(member, "4")
        if any("helped" in answer for answer in answers):  # as it asks once a week
            self.text(member, "SKIP")

    def _answers_low(self, member: str) -> None:
        self.text(member, "2")
        self.text(member, "YES")

    def _dana_takes_all(self) -> None:
        """Let the staff on call take every request that nobody has, one after the other as they are asked."""
        (before,), *_ = self.deployment.rows(NOBODY_HAS)
        for _ in range(int(str(before))):
            self.text(DANA, "1")
        (left,), *_ = self.deployment.rows(NOBODY_HAS)
        assert left == 0, f"of {before} requests that Dana took one by one, {left} still wait"

    def _quiet(self, what: str) -> None:
        """Wait until nothing is due or on its way, also of what processes held that were killed.

        Time must not jump past the lease of a process that is alive and has a request out: in the world the
        lease is far longer than any request takes.
        """
        until = monotonic() + PATIENCE
        while not self._idle():
            assert monotonic() < until, f"waited {PATIENCE} s in vain for {what}"
            try:
                poll(self._idle, LONGEST_REQUEST, what, every=0.1)
            except AssertionError:
                lease = max(delivery.LEASE, due.LEASE)
                self.deployment.pass_time(seconds=lease.total_seconds() + 1)

    def _idle(self) -> bool:
        open_ = "SELECT count(*) FROM outbox WHERE state IN ('sending', 'in_doubt')"
        return self.deployment._nothing_due() and self.deployment.rows(open_) == [(0,)]

    def _count(self, sent: Sequence[Row], asking: Sequence[str]) -> None:
        asked = Counter(row.to for row in sent if QUESTION in row.body)
        told = Counter(row.to for row in sent if ASKED_FOR in row.body)
        for member in self.members:
            self._counts.check_ins[times_in_words(asked[member])] += 1
        self._counts.requests.update(times_in_words(told[self.contact_of(member)]) for member in asking)


@contextmanager
def doubled(folder: Path, database_url: str, broker_url: str) -> Iterator[Deployment]:
    """Run a deployment with two clocks and four workers."""
    flows = copy_flows(folder / "flows")
    for path in flows.glob("*.yaml"):
        if path.stem not in NEEDED:
            path.unlink()  # nobody here answers what the others ask
    program = flows / "program.yaml"
    program.write_text(program.read_text(encoding="utf-8") + NO_LIMIT, encoding="utf-8")
    given = {"CHECKIN_FLOWS": str(flows)}
    with deployed(folder, database_url=database_url, broker_url=broker_url, **given) as deployment:
        more = ("worker", "alerts", "clock")
        environ = deployment.processes["worker"].environ
        for name in more:
            process = Process(f"{name}2", procfile()[name], environ, folder)
            deployment.processes[process.name] = process
            process.start()
        for name in more:
            deployment.processes[f"{name}2"].says(READY[name])
        try:
            yield deployment
        finally:
            for name in more:
                deployment.processes[f"{name}2"].kill()


def main() -> int:
    """Run the storm and print what came of it; return the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--members", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    lot, counts = random.Random(arguments.seed), Counts()
    with (
        tempfile.TemporaryDirectory(prefix="checkin-chaos-") as folder,
        running_postgres(durable=True) as server,
        server.fresh_database() as database_url,
        running_valkey() as broker_url,
        doubled(Path(folder), database_url, broker_url) as deployment,
    ):
        town = Town(deployment, arguments.members, lot, counts)
        town.move_in()
        until = monotonic() + 60 * arguments.minutes
        with Storm(deployment, broker_url, random.Random(arguments.seed + 1), counts):
            while monotonic() < until:
                town.live_a_day()
        counts.handed_over(deployment.rows(EVERY_TEXT), deployment.twilio.messages)
        counts.left(deployment.rows(EVERY_REQUEST))
        return counts.report()


if __name__ == "__main__":
    sys.exit(main())
