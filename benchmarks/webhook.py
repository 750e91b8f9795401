"""From a signed webhook to a durable, understood answer, against a bare handler on the same server.

    python -m benchmarks.webhook            # SQLite, then PostgreSQL
    python -m benchmarks.webhook --only sqlite

Both servers are one uvicorn process on one core, the load comes from another. The bare one reads the form,
makes one durable commit and answers. The real one checks the signature, claims the message, finds the member
and the run, reads the reply, steps the flow, writes run, result, journal, timer and the stored answer,
commits, and answers with TwiML. Rounds alternate, so that a drifting machine harms all; each line is the
median over the rounds. Durable means synchronous=FULL on SQLite and fsync on PostgreSQL.

On SQLite there are two bare handlers: one commits in a thread, as a handler must that shares its event loop
with others; one blocks the loop while the disk writes, which nobody should do and nothing is faster than.
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
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlencode

from benchmarks.webhook_servers import ACCOUNT_SID, AUTH_TOKEN, MEMBERS, PUBLIC_URL, number_of
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
    kinds = ("bare", "blocking", "real") if name == "sqlite" else ("bare", "real")
    print(f"\n{name}")
    print(
        f"{'connections':>11}"
        + "".join(f"{kind + ' req/s':>16}{'p99 ms':>8}" for kind in kinds)
        + "   ratios"
    )
    missed = False
    with ExitStack() as stack:
        ports = {kind: stack.enter_context(serving(kind, url)) for kind in kinds}
        serial = Serial()
        for port in ports.values():
            asyncio.run(load(port, 8, arguments.seconds, serial))
        for connections in CONNECTIONS:
            rounds = [
                {
                    kind: asyncio.run(load(port, connections, arguments.seconds, serial))
                    for kind, port in ports.items()
                }
                for _ in range(arguments.rounds)
            ]
            cells = "".join(
                f"{statistics.median(one[kind].rate for one in rounds):>16.0f}"
                f"{statistics.median(one[kind].p99 for one in rounds):>8.1f}"
                for kind in kinds
            )
            ratios = {
                kind: statistics.median(one["real"].rate / one[kind].rate for one in rounds)
                for kind in kinds[:-1]
            }
            print(
                f"{connections:>11}{cells}   "
                + ", ".join(f"{ratio:.2f} of {kind}" for kind, ratio in ratios.items())
            )
            if connections == 8:
                missed = ratios["bare"] < FLOORS[name]
    print(f"floor at 8 connections: {FLOORS[name]} of bare - {'MISSED' if missed else 'held'}")
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
