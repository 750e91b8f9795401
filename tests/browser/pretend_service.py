"""A small service behind the phones' page: the page's contract, with a state that a test scripts.

It knows the paths and the JSON of the pretend phones, and nothing of Checkin. The page is served from the
project's own assets, under the content security policy that the real service sends. It runs in a thread
on a free loopback port; a test changes its state directly and the page sees it at its next poll.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from webhooks.phones.assets import ASSETS, CONTENT_SECURITY_POLICY, FOLDER, PAGE

START = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
# The program's zone, a fixed offset: the page only ever shows the strings that it is given.
OFFSET = timedelta(hours=-5)
JUMPS = {"10m": timedelta(minutes=10), "1h": timedelta(hours=1), "1d": timedelta(days=1)}


def _clock(at: datetime) -> str:
    return f"{at + OFFSET:%-I:%M %p}"


def _day(at: datetime) -> str:
    return f"{at + OFFSET:%a, %b %-d}"


def _ahead(by: timedelta) -> str:
    if not by:
        return ""
    lengths = [(by.days, "day"), (by.seconds // 3600, "hour"), (by.seconds // 60 % 60, "minute")]
    return " and ".join(f"{count} {unit}{'' if count == 1 else 's'}" for count, unit in lengths if count)


@dataclass
class Phone:
    """One pretend phone and its messages, in the shape of the contract."""

    id: str
    name: str
    role: str
    number: str
    hint: str
    suggestions: list[str]
    messages: list[dict[str, str]] = field(default_factory=list)
    call: dict[str, Any] | None = None


def sample_phones() -> list[Phone]:
    """Give the four sample people with empty phones."""
    return [
        Phone("alice", "Alice", "Member", "+1 202 555 0101", "Text JOIN to begin", ["JOIN", "YES", "2"]),
        Phone(
            "bob", "Bob", "Trusted contact", "+1 202 555 0102", "Bob waits for an invitation", ["YES", "1"]
        ),
        Phone("carmen", "Carmen", "Second contact", "+1 202 555 0103", "Carmen habla español", ["SÍ", "1"]),
        Phone(
            "dana", "Dana", "On-call staff", "+1 202 555 0105", "Staff hear when nobody else answers", ["1"]
        ),
    ]


class PretendService:
    """The state behind the page. Every method may be called from a test while the page polls."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.posts: list[tuple[str, dict[str, str]]] = []
        self.refuse_next: tuple[str, str] | None = None
        self.answering = threading.Event()
        self.answering.set()
        self._forget()

    def _forget(self) -> None:
        self.phones = {phone.id: phone for phone in sample_phones()}
        self.now = START
        self.busy = False
        self.next_due: dict[str, str] | None = None
        self._count = 0

    def due(self, after: timedelta, what: str) -> None:
        """Let something be due that long after the service's present time."""
        at = self.now + after
        self.next_due = {"at": at.isoformat(), "clock": f"{at + OFFSET:%a} {_clock(at)}", "what": what}

    def say(self, phone: str, text: str, status: str = "delivered", channel: str = "sms") -> str:
        """Put a message of the service on a phone; gives its id."""
        return self._put(phone, "to_phone", text, status, channel)

    def hear(self, phone: str, text: str) -> str:
        """Put a text of the phone's owner on the phone; gives its id."""
        return self._put(phone, "from_phone", text, "received", "sms")

    def mark(self, message: str, status: str) -> None:
        """Change the delivery status of one message."""
        with self._lock:
            for phone in self.phones.values():
                for known in phone.messages:
                    if known["id"] == message:
                        known["status"] = status

    def _put(self, phone: str, direction: str, text: str, status: str, channel: str) -> str:
        with self._lock:
            self._count += 1
            message = {
                "id": f"m{self._count}",
                "direction": direction,
                "text": text,
                "at": self.now.isoformat(),
                "clock": _clock(self.now),
                "day": _day(self.now),
                "status": status,
                "channel": channel,
            }
            self.phones[phone].messages.append(message)
            return message["id"]

    def state(self) -> dict[str, Any]:
        """Give the whole state as the contract has it."""
        with self._lock:
            return {
                "program": "Harbor Circle",
                "now": self.now.isoformat(),
                "clock": f"{_day(self.now)}, {_clock(self.now)}",
                "ahead": _ahead(self.now - START),
                "next_due": self.next_due,
                "busy": self.busy,
                "phones": [
                    {**vars(phone), "messages": [dict(known) for known in phone.messages]}
                    for phone in self.phones.values()
                ],
            }

    def move(self, by: str) -> None:
        """Move the clock as a button of the page asks."""
        if by == "next" and self.next_due:
            self.now = datetime.fromisoformat(self.next_due["at"])
            self.next_due = None
        else:
            self.now += JUMPS[by]

    def app(self) -> ASGIApp:
        """Give the ASGI application."""
        routes = [
            Route("/phones", lambda _: FileResponse(PAGE)),
            *(Route(f"/phones/assets/{name}", _asset(name)) for name in ASSETS),
            Route("/phones/state", self._get_state),
            Route("/phones/{phone}/send", self._post_send, methods=["POST"]),
            Route("/phones/clock", self._post_clock, methods=["POST"]),
            Route("/phones/start-over", self._post_start_over, methods=["POST"]),
        ]
        return Starlette(routes=routes, middleware=[Middleware(StrictPolicy)])

    def _get_state(self, _: Request) -> Response:
        return JSONResponse(self.state())

    async def _form(self, request: Request, name: str) -> dict[str, str]:
        fields = dict(parse_qsl((await request.body()).decode()))
        self.posts.append((name, fields))
        return fields

    async def _post_send(self, request: Request) -> Response:
        fields = await self._form(request, f"send {request.path_params['phone']}")
        if self.refuse_next:
            problem, mend = self.refuse_next
            self.refuse_next = None
            return JSONResponse({"problem": problem, "mend": mend}, status_code=422)
        await run_in_threadpool(self.answering.wait, 10)
        self.hear(request.path_params["phone"], fields["text"])
        return JSONResponse(self.state())

    async def _post_clock(self, request: Request) -> Response:
        self.move((await self._form(request, "clock"))["by"])
        return JSONResponse(self.state())

    async def _post_start_over(self, request: Request) -> Response:
        await self._form(request, "start-over")
        self._forget()
        return JSONResponse(self.state())


def _asset(name: str) -> Callable[[Request], Response]:
    return lambda _: FileResponse(FOLDER / name, media_type=ASSETS[name])


class StrictPolicy:
    """Send the content security policy with everything: a breach of it is then a console error."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; add the header to the answer."""

        async def with_policy(message: Message) -> None:
            if message["type"] == "http.response.start":
                policy = (b"content-security-policy", CONTENT_SECURITY_POLICY.encode())
                message["headers"] = [*message["headers"], policy]
            await send(message)

        await self.app(scope, receive, with_policy)


@contextmanager
def serving(app: ASGIApp) -> Iterator[str]:
    """Serve an ASGI application on a free loopback port in a thread; gives its base URL."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(
            app, log_level="error", lifespan="off", ws="none", timeout_graceful_shutdown=1
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(timeout=10)
            assert not thread.is_alive(), "the pretend service did not stop"
