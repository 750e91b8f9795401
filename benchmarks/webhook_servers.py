"""The two servers that `benchmarks.webhook` compares."""

from __future__ import annotations

import asyncio
import socket
import sqlite3
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psycopg
import uvicorn
import uvloop
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from checkin.cli.serve import make_ready
from checkin.flow.load import FlowSet, load_flow, load_program
from checkin.service import conversations
from checkin.service.app import App
from checkin.service.publishing import publish
from checkin.service.settings import Settings
from checkin.service.turn import Turn
from checkin.service.wiring import open_app
from checkin.store import people
from checkin.store.migrate import migrate
from checkin.store.situations import Person
from checkin.store.unit import Unit
from webhooks.app import create_web

ACCOUNT_SID = "AC" + "0" * 32
AUTH_TOKEN = "0123456789abcdef0123456789abcdef"
PUBLIC_URL = "https://checkin.example.org"
MEMBERS = 10_000
"""So many that none of them writes as often as a machine would, to which the service gives no answer."""
CONNECTIONS_OF_BARE = 8

FLOW = """
flow: bench
title: A question that is asked again
start:
  - staff: true
steps:
  mood:
    ask:
      en: "How are you today, from 1 (very low) to 5 (very good)?"
      es: "¿Qué tal hoy, de 1 (muy mal) a 5 (muy bien)?"
    answer: { scale: [1, 5], save_as: mood }
    go: mood
    no_reply:
      - after: 20h
        go: done
  done:
    end: done
"""

ANSWER = b"<?xml version='1.0' encoding='UTF-8'?><Response><Message>Thank you.</Message></Response>"


def number_of(member: int) -> str:
    """Return a member's fictional number."""
    return f"+1202{5550000 + member * 7 % 10_000_000:07d}"


def real(url: str) -> Starlette:
    """Return the service, with members who have all been asked how they are."""
    settings = Settings(
        database_url=url,
        public_url=PUBLIC_URL,
        broker_url="embedded",
        secret_keys=(b"k" * 32,),
        twilio_account_sid=ACCOUNT_SID,
        twilio_auth_token=AUTH_TOKEN,
        twilio_from="+12025550199",
    )
    migrate(url)
    program, issues = load_program(Path(__file__).parents[1] / "flows")
    assert program is not None, issues
    loaded = load_flow(FLOW, file="bench.yaml", program=program)
    assert loaded.flow is not None, loaded.issues
    app = open_app(settings, FlowSet(program, {"bench": loaded.flow}, ()), answers=True)
    publish(app, [loaded.flow], author="bench", note="")
    for first in range(0, MEMBERS, 100):
        app.store.run(lambda unit, first=first: _members(app, unit, range(first, first + 100)))  # type: ignore[misc]
    make_ready(app)
    return create_web(app, settings)


def _members(app: App, unit: Unit, numbers: range) -> None:
    turn = Turn(app, unit, app.clock.now())
    for number in numbers:
        person = Person(f"member{number}", number_of(number), "Alice", "en", None, stopped=False)
        people.add(unit, person, turn.now)
        people.add_member(unit, person.id, "active")
    unit.flush()
    for number in numbers:
        conversations.start(turn, f"member{number}", app.flows["bench"])


def bare_sqlite(path: str, *, in_thread: bool) -> Starlette:
    """Return a handler that commits one row to SQLite: in a thread, or blocking the event loop meanwhile.

    The first is how a handler has to be written that shares its loop with others; the second is faster, and
    lets one slow disk write hold up every other request.
    """
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA busy_timeout = 15000")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE IF NOT EXISTS bare (sid TEXT PRIMARY KEY, body TEXT)")

    alone = threading.Lock()

    def commit(row: tuple[object, object]) -> None:
        with alone:
            connection.execute("INSERT INTO bare VALUES (?, ?)", row)

    async def handle(request: Request) -> Response:
        form = await request.form()
        row = (form["MessageSid"], form["Body"])
        if in_thread:
            await run_in_threadpool(commit, row)
        else:
            commit(row)
        return Response(ANSWER, media_type="text/xml")

    return Starlette(routes=[Route("/twilio/sms", handle, methods=["POST"])])


def bare_postgres(url: str) -> Starlette:
    """Return a handler that commits one row to PostgreSQL over one of a few open connections."""
    plain = url.replace("postgresql+psycopg://", "postgresql://")
    free: asyncio.Queue[psycopg.AsyncConnection[tuple[object, ...]]] = asyncio.Queue()

    @asynccontextmanager
    async def connected(_web: Starlette) -> AsyncIterator[None]:
        for _ in range(CONNECTIONS_OF_BARE):
            free.put_nowait(await psycopg.AsyncConnection.connect(plain, autocommit=True))
        connection = await free.get()
        await connection.execute("CREATE TABLE IF NOT EXISTS bare (sid TEXT PRIMARY KEY, body TEXT)")
        free.put_nowait(connection)
        yield

    async def handle(request: Request) -> Response:
        form = await request.form()
        connection = await free.get()
        await connection.execute("INSERT INTO bare VALUES (%s, %s)", (form["MessageSid"], form["Body"]))
        free.put_nowait(connection)
        return Response(ANSWER, media_type="text/xml")

    return Starlette(routes=[Route("/twilio/sms", handle, methods=["POST"])], lifespan=connected)


def main() -> None:
    """Serve one of the two on a free port, which is printed once it listens."""
    kind, url = sys.argv[1:]
    if kind == "real":
        web = real(url)
    elif url.startswith("sqlite"):
        web = bare_sqlite(url.removeprefix("sqlite:///") + f".{kind}", in_thread=kind == "bare")
    else:
        web = bare_postgres(url)
    # Naming TCP lets asyncio switch Nagle's algorithm off, as it does for a port that it opens itself.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    listener.listen(256)
    print(listener.getsockname()[1], flush=True)
    config = uvicorn.Config(web, log_level="warning", access_log=False)
    uvloop.run(uvicorn.Server(config).serve(sockets=[listener]))


if __name__ == "__main__":
    main()
