"""From a signed webhook to a durable, understood answer, against a bare handler on the same server.

    python -m benchmarks.webhook            # SQLite, then PostgreSQL
    python -m benchmarks.webhook --only sqlite

Both servers are one uvicorn process on one core, the load comes from another. The bare one reads the form,
makes one durable commit and answers. The real one checks the signature, claims the message, finds the member
and the run, reads the reply, steps the flow, writes run, result, journal, timer and the stored answer,
commits, and answers with TwiML. Rounds alternate, so that a drifting machine harms both; each line is the
median over the rounds. Durable means synchronous=FULL on SQLite and fsync on PostgreSQL.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

from benchmarks.webhook_servers import AUTH_TOKEN, MEMBERS, PUBLIC_URL, ACCOUNT_SID, number_of
from webhooks.form import parse_form
from webhooks.signature import sign

CONNECTIONS = (1, 8, 32)
ROUNDS = 5
SECONDS = 3.0
FLOORS = {"sqlite": 0.7, "postgresql": 0.5}


def main() -> None:
    """Run both servers on each database, and print the ratios."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", choices=("sqlite", "postgresql"))
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    arguments = parser.parse_args()
    below = False
    with tempfile.TemporaryDirectory(prefix="checkin-bench-") as folder:
        if arguments.only != "postgresql":
            below |= compare("sqlite", f"sqlite:///{folder}/bench.sqlite3", arguments)
        if arguments.only != "sqlite":
            from tests.servers.postgres import running_postgres

            with running_postgres(durable=True) as server, server.fresh_database() as url:
                below |= compare("postgresql", url, arguments)
    sys.exit(1 if below else 0)


def compare(name: str, url: str, arguments: argparse.Namespace) -> bool:
    """Print one database's table; return whether the floor at 8 connections was missed."""
    print(f"\n{name}")
    print("connections   bare req/s   p99 ms   checkin req/s   p99 ms   ratio")
    missed = False
    with serving("bare", url) as bare, serving("real", url) as real:
        serial = Serial()
        for port in (bare, real):
            asyncio.run(load(port, 8, arguments.seconds, serial))
        for connections in CONNECTIONS:
            pairs = [
                (
                    asyncio.run(load(bare, connections, arguments.seconds, serial)),
                    asyncio.run(load(real, connections, arguments.seconds, serial)),
                )
                for _ in range(arguments.rounds)
            ]
            ratio = statistics.median(ours.rate / theirs.rate for theirs, ours in pairs)
            theirs_rate = statistics.median(theirs.rate for theirs, _ in pairs)
            ours_rate = statistics.median(ours.rate for _, ours in pairs)
            theirs_p99 = statistics.median(theirs.p99 for theirs, _ in pairs)
            ours_p99 = statistics.median(ours.p99 for _, ours in pairs)
            print(
                f"{connections:>11} {theirs_rate:>12.0f} {theirs_p99:>8.1f} {ours_rate:>15.0f} "
                f"{ours_p99:>8.1f} {ratio:>7.2f}"
            )
            if connections == 8:
                missed = ratio < FLOORS[name]
    print(f"floor at 8 connections: {FLOORS[name]} - {'MISSED' if missed else 'held'}")
    return missed


class Serial:
    """Numbers that never repeat, so that every request is a new message."""

    def __init__(self) -> None:
        self.last = 0

    def next(self) -> int:
        """Return the next number."""
        self.last += 1
        return self.last


class Load:
    """What one round measured: requests a second, and the 99th percentile in milliseconds."""

    def __init__(self, seconds: float, latencies: list[float]) -> None:
        latencies.sort()
        self.rate = len(latencies) / seconds
        self.p99 = latencies[int(len(latencies) * 0.99)] * 1000


def request_bytes(port: int, serial: int) -> bytes:
    """Return a signed text from one of the members, as Twilio would post it."""
    fields = {
        "ToCountry": "US",
        "ToState": "NY",
        "SmsMessageSid": f"SM{serial:032x}",
        "NumMedia": "0",
        "ToCity": "",
        "FromZip": "10001",
        "SmsSid": f"SM{serial:032x}",
        "FromState": "NY",
        "SmsStatus": "received",
        "FromCity": "NEW YORK",
        "Body": str(serial % 5 + 1),
        "FromCountry": "US",
        "To": "+12025550199",
        "ToZip": "",
        "NumSegments": "1",
        "MessageSid": f"SM{serial:032x}",
        "AccountSid": ACCOUNT_SID,
        "From": number_of(serial % MEMBERS),
        "ApiVersion": "2010-04-01",
    }
    body = urlencode(fields).encode()
    form = parse_form(body)
    assert form is not None
    signature = sign(AUTH_TOKEN, f"{PUBLIC_URL}/twilio/sms", form)
    return (
        f"POST /twilio/sms HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nX-Twilio-Signature: {signature}\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode() + body


async def load(port: int, connections: int, seconds: float, serial: Serial) -> Load:
    """Keep so many connections busy for so long."""
    latencies: list[float] = []
    started = time.perf_counter()
    ends = started + seconds

    async def keep_busy() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while time.perf_counter() < ends:
            message = request_bytes(port, serial.next())
            sent = time.perf_counter()
            writer.write(message)
            head = await reader.readuntil(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 200"):
                raise SystemExit(f"a request was answered {head[:40]!r}")
            length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            await reader.readexactly(length)
            latencies.append(time.perf_counter() - sent)
        writer.close()

    await asyncio.gather(*(keep_busy() for _ in range(connections)))
    return Load(time.perf_counter() - started, latencies)


@contextmanager
def serving(kind: str, url: str) -> Iterator[int]:
    """Start one of the two servers in a process of its own; yield its port."""
    command = [sys.executable, "-m", "benchmarks.webhook_servers", kind, url]
    root = Path(__file__).resolve().parents[1]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=root, env=dict(os.environ)
    ) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.terminate()


if __name__ == "__main__":
    main()
