"""What people wrote, their names and their numbers are nowhere but on their phones and under seal.

The same conversation, with refusals, lost answers and a callback of a failure, leaves none of it in the log
of any process (at DEBUG), in the broker while messages wait, or in the database.
"""

from __future__ import annotations

import re
import signal
from collections.abc import Iterable

import pytest
import redis
import sqlalchemy as sa

from checkin.store import tables
from tests.acceptance.deployment import KEY, Deployment
from tests.acceptance.people import Circle
from tests.standin.standin import AUTH_TOKEN
from tests.standin.waiting import poll

pytestmark = pytest.mark.acceptance

WORDS = "I feel like a wilted sunflower"
SECRETS = (
    "Alice",
    "Carmen",
    "Dana",
    "sunflower",
    WORDS.encode("utf-16-le").decode("latin-1"),
    *(f"20255501{last:02}" for last in (1, 2, 3, 4)),
    *(f"202-555-01{last:02}" for last in (1, 2, 3)),
    "would like to hear from you",
    "asks you to be a trusted contact",
    AUTH_TOKEN,
    KEY,
)


def leaks(text: bytes) -> list[str]:
    """Return which secrets stand in these bytes, as they are, percent-encoded or in hexadecimal."""
    found = []
    for secret in SECRETS:
        plain = secret.encode("latin-1")
        spaced = plain.replace(b" ", b"+")
        if any(form in text for form in (plain, spaced, plain.hex().encode())):
            found.append(secret)
    return found


def a_day_with_troubles(circle: Circle) -> None:
    """Alice writes of her day and asks for support; much goes wrong at Twilio, and Carmen takes it."""
    alice, bob, carmen, deployment = circle.alice, circle.bob, circle.carmen, circle.deployment
    twilio = deployment.twilio
    circle.join()
    deployment.until("17:00")
    alice.reads("Hi Alice, …")
    alice.writes("3")
    alice.reads("Thanks, Alice. Is there anything you would like to say about today? …")
    alice.writes(WORDS)
    alice.reads("Thank you. A person reads what you write …")
    alice.writes(f"{WORDS} again")
    alice.reads("…")
    deployment.settle()
    alice.writes("SUPPORT")
    alice.reads("In 5 minutes …")
    twilio.rate_limit(times=1)
    twilio.http_500_after_accept()
    bob.on = False
    deployment.pass_time(minutes=5)
    for _ in range(4):  # both texts come in the end, each as often as Twilio was asked again
        deployment.settle()
        deployment.pass_time(minutes=1)
    bob.reads("Harbor Circle: Alice would like to hear from you today. …")
    alice.reads("I texted Bob at …")
    twilio.report(bob.messages()[-1].sid, "undelivered", 30003)
    carmen.reads("Harbor Circle: Alice would like to hear from you today. …")
    alice.reads("So that you don't wait, …")
    carmen.writes("1")
    carmen.reads("Thank you. …")
    alice.reads("Carmen answered at …")
    sender = deployment.sender
    assert sender.sms_answer("+12025550105", "+12025550100", f"{WORDS} from a stranger").status == 200
    assert sender.post("/twilio/sms?name=Alice", [("From", alice.number), ("Body", WORDS)]).status == 200
    deployment.settle()


def test_no_log_and_no_database_holds_anything_private(deployment: Deployment) -> None:
    a_day_with_troubles(Circle.of(deployment))
    for name, process in deployment.processes.items():
        log = process.log.read_bytes()
        assert log, f"{name} has written nothing"
        assert leaks(log) == [], name
        assert not re.search(rb"\bBob\b", log), name
    kept = dict(_sqlite_files(deployment) if deployment.embedded else _postgresql_rows(deployment))
    assert {name: leaks(held) for name, held in kept.items()} == {name: [] for name in kept}


def _sqlite_files(deployment: Deployment) -> Iterable[tuple[str, bytes]]:
    files = sorted(deployment.folder.glob("checkin.sqlite3*"))
    assert [file.name for file in files] == ["checkin.sqlite3", "checkin.sqlite3-shm", "checkin.sqlite3-wal"]
    return ((file.name, file.read_bytes()) for file in files)


def _postgresql_rows(deployment: Deployment) -> Iterable[tuple[str, bytes]]:
    for table in tables.metadata.sorted_tables:
        rows = deployment.rows(f"SELECT t::text FROM {sa.sql.quoted_name(table.name, quote=True)} t")
        yield table.name, "\n".join(str(row[0]) for row in rows).encode()


@pytest.mark.redis
def test_the_broker_holds_nothing_private_while_messages_wait(on_redis: Deployment) -> None:
    circle = Circle.of(on_redis)
    circle.join()
    waiting = [on_redis.processes[name] for name in ("alerts", "worker")]
    for process in waiting:
        process.signal(signal.SIGSTOP)
    try:
        circle.alice.writes(WORDS)
        circle.alice.reads("…")
        circle.alice.writes("SUPPORT")
        circle.alice.reads("In 5 minutes I will ask Bob …")
        on_redis.pass_time(minutes=5)
        on_redis.until("17:00")
        with redis.Redis.from_url(on_redis.settings["CHECKIN_BROKER_URL"]) as client:
            for lane in ("alerts", "routine"):
                poll(lambda lane=lane: client.exists(f"checkin:{lane}.msgs"), what=f"messages in {lane}")
            held = dict(_everything_in(client))
    finally:
        for process in waiting:
            process.signal(signal.SIGCONT)
    assert b"look_at_alerts" in b"".join(held.values())
    assert {key: leaks(key + value) for key, value in held.items()} == {key: [] for key in held}
    circle.bob.reads("Harbor Circle: Alice would like to hear from you today. …")


def _everything_in(client: redis.Redis) -> Iterable[tuple[bytes, bytes]]:
    read = {
        b"string": lambda key: [client.get(key)],
        b"hash": lambda key: [part for pair in client.hgetall(key).items() for part in pair],
        b"list": lambda key: client.lrange(key, 0, -1),
        b"set": client.smembers,
        b"zset": lambda key: client.zrange(key, 0, -1),
    }
    for key in client.scan_iter():
        yield key, b"\n".join(read[client.type(key)](key))
