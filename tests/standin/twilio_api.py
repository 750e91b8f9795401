"""A stand-in for Twilio's REST API on loopback, in a thread or as a process of its own.

In a test:

    with running() as twilio:
        TwilioCarrier(ACCOUNT_SID, AUTH_TOKEN, from_number=NUMBER, public_url=..., api_url=twilio.url)

As a process, steered by JSON posted to `/control/...`:

    python -m tests.standin.twilio_api --port 0 --control
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import socket
import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any
from urllib.parse import urlsplit

from tests.standin import control
from tests.standin.faults import Fault, error_body
from tests.standin.rows import API_VERSION, Row, call_json, message_json
from tests.standin.standin import ACCOUNT_SID, AUTH_TOKEN, NUMBER, SERVICE_SID, Refusal, StandIn
from webhooks.form import Form, parse_form

__all__ = ["ACCOUNT_SID", "AUTH_TOKEN", "NUMBER", "SERVICE_SID", "Server", "StandIn", "running"]

_ACCOUNT = f"/{API_VERSION}/Accounts/{ACCOUNT_SID}"
_BASIC = "Basic " + base64.b64encode(f"{ACCOUNT_SID}:{AUTH_TOKEN}".encode()).decode()
_KINDS = {"Messages": "sms", "Calls": "voice"}


class Server(ThreadingHTTPServer):
    """Carries HTTP to a `StandIn`; `url` is its base URL."""

    daemon_threads = False  # closing waits for the handlers, so that no test leaves a socket behind
    request_queue_size = 128

    def __init__(self, standin: StandIn, port: int = 0, *, controlled: bool = False) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.standin = standin
        self.controlled = controlled
        self.url = f"http://127.0.0.1:{self.server_port}"
        self._open: set[socket.socket] = set()
        self._open_lock = Lock()

    def opened(self, connection: socket.socket, *, closed: bool = False) -> None:
        """Remember a connection, or forget it."""
        with self._open_lock:
            (self._open.discard if closed else self._open.add)(connection)

    def stop(self) -> None:
        """Answer what hangs, cut every connection, and close."""
        self.standin.release()
        self.shutdown()
        with self._open_lock:
            for connection in self._open:
                with _ignoring_a_lost_client():
                    connection.shutdown(socket.SHUT_RDWR)
        self.server_close()


@contextmanager
def running(standin: StandIn | None = None, port: int = 0) -> Iterator[tuple[StandIn, str]]:
    """Run a stand-in in a thread of this process; yield it and its base URL."""
    server = Server(standin or StandIn(), port)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, name="twilio stand-in")
    thread.start()
    try:
        yield server.standin, server.url
    finally:
        server.stop()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def setup(self) -> None:
        super().setup()
        self.server.opened(self.connection)

    def handle(self) -> None:
        with _ignoring_a_lost_client():
            super().handle()

    def finish(self) -> None:
        self.server.opened(self.connection, closed=True)
        with _ignoring_a_lost_client():
            super().finish()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: the tests read what arrived."""

    def do_GET(self) -> None:
        self._serve(b"")

    def do_POST(self) -> None:
        self._serve(self.rfile.read(int(self.headers.get("Content-Length") or 0)))

    def _serve(self, body: bytes) -> None:
        parts = urlsplit(self.path)
        with _ignoring_a_lost_client():
            try:
                if parts.path.startswith("/control/") and self.server.controlled:
                    return self._json(200, control.act(self.standin, parts.path[len("/control/") :], body))
                with self.standin.changed:
                    self.standin.requests.append((self.command, parts.path))
                    self.standin.changed.notify_all()
                if self.headers.get("Authorization") != _BASIC:
                    raise Refusal(20003, 401)
                self._route(parts.path, _form(parts.query.encode()), _form(body))
            except Refusal as refusal:
                self._send(refusal.status, error_body(refusal.code, refusal.status))

    @property
    def standin(self) -> StandIn:
        return self.server.standin

    def _route(self, path: str, query: Form, form: Form) -> None:
        if path == f"{_ACCOUNT}.json":
            return self._json(200, {"sid": ACCOUNT_SID, "friendly_name": "Stand-in"} | self.standin.account)
        if path == f"/v1/Services/{SERVICE_SID}":
            shown = {"sid": SERVICE_SID, "account_sid": ACCOUNT_SID, "use_inbound_webhook_on_number": False}
            return self._json(200, shown | self.standin.service)
        if path == f"{_ACCOUNT}/IncomingPhoneNumbers.json":
            mine = query.get("PhoneNumber", NUMBER) == NUMBER
            number = {"sid": "PN" + "0" * 32, "phone_number": NUMBER, "sms_method": "POST"}
            return self._page("incoming_phone_numbers", [number | self.standin.number] if mine else [], query)
        resource, _, sid = path.removeprefix(f"{_ACCOUNT}/").removesuffix(".json").partition("/")
        if resource not in _KINDS or not path.startswith(_ACCOUNT):
            raise Refusal(20404, 404)
        kind = _KINDS[resource]
        if sid:
            return self._one(self.standin.row(sid), form)
        return self._create(kind, form) if self.command == "POST" else self._list(kind, query)

    def _create(self, kind: str, form: Form) -> None:
        fault = self.standin.next_fault("create")
        if fault is not None and not fault.accept:
            return self._fail(fault, None)
        row = self.standin.accept(kind, form)
        if self.standin.hook is not None:
            self.standin.hook(row)
        answer = json.dumps(_shown(row)).encode()
        if fault is None:
            return self._send(201, answer)
        for status in fault.early:
            self.standin.report(row.sid, status)
        return self._fail(fault, answer)

    def _list(self, kind: str, query: Form) -> None:
        fault = self.standin.next_fault("list")
        if fault is not None:
            return self._fail(fault, None)
        name = "messages" if kind == "sms" else "calls"
        return self._page(name, [_shown(row) for row in self.standin.listed(kind, query)], query)

    def _one(self, row: Row, form: Form) -> None:
        if self.command == "POST":
            with self.standin.changed:
                if "Body" in form:
                    row.body = form.get("Body")  # an empty one redacts
                row.status = form.get("Status", row.status)
        self._json(200, _shown(row))

    def _fail(self, fault: Fault, answer: bytes | None) -> None:
        if fault.outcome == "hang":
            self.standin.released.wait()
            self.close_connection = True
        if fault.outcome == "reset":
            return self._reset()
        if fault.outcome == "answer":
            return self._send(fault.status, fault.body, fault.headers)
        if answer is None:
            return self._send(503, error_body(20503, 503))
        return self._send(201, answer)

    def _reset(self) -> None:
        # Lingering for no time makes the kernel send RST; the file descriptor is closed under the socket
        # object, for the handler's own files would keep it open.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        os.close(self.connection.detach())

    def _page(self, name: str, rows: Sequence[dict[str, Any]], query: Form) -> None:
        size, page = int(query.get("PageSize", "50")), int(query.get("Page", "0"))
        path = urlsplit(self.path).path
        kept = "&".join(part for part in urlsplit(self.path).query.split("&") if part and "Page" not in part)
        following = f"{path}?{kept}&PageSize={size}&Page={page + 1}&PageToken=PA{page + 1}"
        self._json(
            200,
            {
                name: rows[page * size : (page + 1) * size],
                "page": page,
                "page_size": size,
                "start": page * size,
                "end": min(len(rows), (page + 1) * size) - 1,
                "first_page_uri": f"{path}?{kept}&PageSize={size}&Page=0",
                "next_page_uri": following if len(rows) > (page + 1) * size else None,
                "previous_page_uri": None,
                "uri": self.path,
            },
        )

    def _json(self, status: int, value: Any) -> None:
        self._send(status, json.dumps(value).encode())

    def _send(self, status: int, body: bytes, headers: Sequence[tuple[str, str]] = ()) -> None:
        # One write: two small ones would wait for each other's acknowledgement.
        lines = [
            f"HTTP/1.1 {status} Stand-in",
            "Content-Type: application/json",
            f"Content-Length: {len(body)}",
        ]
        lines += [f"{name}: {value}" for name, value in headers]
        self.wfile.write("\r\n".join([*lines, "", ""]).encode() + body)


def _form(encoded: bytes) -> Form:
    form = parse_form(encoded)
    if form is None:
        raise Refusal(20001)
    return form


def _shown(row: Row) -> dict[str, Any]:
    return message_json(row, ACCOUNT_SID) if row.kind == "sms" else call_json(row, ACCOUNT_SID)


@contextmanager
def _ignoring_a_lost_client() -> Iterator[None]:
    """Clients that time out or are killed while they are answered are what the stand-in is for."""
    try:
        yield
    except (BrokenPipeError, ConnectionResetError):
        return
    except OSError as error:
        if error.errno not in (9, 107):  # the connection was reset or shut down from this side
            raise


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the stand-in until killed; the first line printed is its base URL."""
    parser = argparse.ArgumentParser(prog="python -m tests.standin.twilio_api", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 (the default) takes any free one")
    parser.add_argument("--control", action="store_true", help="answer /control/... too")
    parser.add_argument(
        "--route", nargs=2, metavar=("PUBLIC_URL", "CONNECT_URL"), help="reach callbacks there"
    )
    options = parser.parse_args(arguments)
    server = Server(StandIn(), options.port, controlled=options.control)
    if options.route:
        server.standin.route(*options.route)
    print(server.url, flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        server.standin.release()
    finally:
        server.server_close()


if __name__ == "__main__":
    main()
