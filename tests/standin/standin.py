"""The stand-in itself: what Twilio knows and does, whatever carries the requests to it."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from threading import Condition, Event
from typing import Any
from urllib.parse import urlsplit

from tests.standin import faults
from tests.standin.faults import Fault, On
from tests.standin.rows import API_VERSION, FINAL, Row, matches, new_sid
from tests.standin.waiting import PATIENCE, wait_on
from tests.standin.webhook_sender import Answer, post_signed
from webhooks.form import Form

ACCOUNT_SID = "AC" + "0" * 32
AUTH_TOKEN = "token-of-the-stand-in"
NUMBER = "+12025550100"
SERVICE_SID = "MG" + "0" * 32


class Refusal(Exception):
    """The stand-in refuses a request as Twilio would, by its own rules."""

    def __init__(self, code: int, status: int = 400) -> None:
        super().__init__(code)
        self.code, self.status = code, status


class StandIn:
    """One account with a number and a messaging service; keeps every message and call it accepts.

    Status callbacks are posted when a test says so (`deliver_pending`, `report`), never by themselves.
    `hook` is called with each accepted row before the request is answered.
    """

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.now = now
        self.changed = Condition()
        self.rows: list[Row] = []
        self.requests: list[tuple[str, str]] = []
        self.opted_out: set[str] = set()
        self.hook: Callable[[Row], None] | None = None
        self.released = Event()
        self.account: dict[str, Any] = {"status": "active", "type": "Full"}
        self.number: dict[str, Any] = {}
        self.service: dict[str, Any] = {}
        self._faults: deque[Fault] = deque()
        self._routes: dict[str, str] = {}

    # ------------------------------------------------------------ set-up

    def route(self, public_url: str, connect_url: str) -> None:
        """Reach callback URLs under `public_url` at `connect_url`, as a TLS proxy would."""
        self._routes[public_url.rstrip("/")] = connect_url.rstrip("/")

    def point_webhooks_at(self, public_url: str) -> None:
        """Set the number's and the messaging service's webhooks, as an operator does in the console."""
        self.number |= {"sms_url": f"{public_url}/twilio/sms", "voice_url": f"{public_url}/twilio/voice"}
        self.number |= {"status_callback": f"{public_url}/twilio/status"}
        self.service |= {"inbound_request_url": f"{public_url}/twilio/sms"}

    # ------------------------------------------------------------ faults, each for the next such request

    def fail_next(self, fault: Fault, times: int = 1) -> None:
        """Let the next requests that the fault is for go wrong in this way."""
        with self.changed:
            self._faults.extend([fault] * times)

    def refuse(self, code: int, status: int = 400, *, problem: bool = False, on: On = "create") -> None:
        """Refuse the next request with this error code."""
        self.fail_next(faults.refusal(code, status, problem=problem, on=on))

    def rate_limit(self, retry_after: int | None = None, times: int = 1, on: On = "create") -> None:
        """Answer the next requests with 429."""
        self.fail_next(faults.rate_limit(retry_after, on), times)

    def hang(self, *, accept: bool = True, on: On = "create") -> None:
        """Leave the next request without an answer until `release`."""
        self.released.clear()
        self.fail_next(Fault("hang", accept=accept, on=on))

    def release(self) -> None:
        """Answer everything that hangs, however late."""
        self.released.set()

    def accept_then_reset(self) -> None:
        """Keep the next message, and reset the connection instead of answering."""
        self.fail_next(Fault("reset", accept=True))

    def reset_before(self, on: On = "create") -> None:
        """Reset the connection of the next request without keeping anything."""
        self.fail_next(Fault("reset", on=on))

    def http_500_after_accept(self) -> None:
        """Keep the next message, and answer 500."""
        self.fail_next(Fault("answer", accept=True, body=faults.error_body(20500, 500)))

    def http_500(self, on: On = "create") -> None:
        """Answer 500 without keeping anything."""
        self.fail_next(Fault("answer", body=b"<h1>Bad gateway</h1>", status=502, on=on))

    def garbage_after_accept(self, body: str = "<html>", status: int = 201) -> None:
        """Keep the next message, and answer with something that is no message."""
        self.fail_next(Fault("answer", accept=True, status=status, body=body.encode()))

    def callback_before_answer(self, *statuses: str) -> None:
        """Keep the next message, post these statuses, and only then answer the request."""
        self.fail_next(Fault("normal", accept=True, early=statuses))

    def forget_faults(self) -> None:
        """Let nothing more go wrong."""
        with self.changed:
            self._faults.clear()

    def next_fault(self, on: On) -> Fault | None:
        """Take the first waiting fault for this kind of request."""
        with self.changed:
            for fault in self._faults:
                if fault.on == on:
                    self._faults.remove(fault)
                    return fault
        return None

    # ------------------------------------------------------------ messages and calls

    @property
    def messages(self) -> list[Row]:
        """Every message accepted, in order of acceptance."""
        with self.changed:
            return [row for row in self.rows if row.kind == "sms"]

    @property
    def calls(self) -> list[Row]:
        """Every call accepted, in order of acceptance."""
        with self.changed:
            return [row for row in self.rows if row.kind == "voice"]

    def wait_for(self, ready: Callable[[StandIn], Any], timeout: float = PATIENCE, what: str = "") -> Any:
        """Return the first true value of `ready`, asked whenever something has arrived here."""
        return wait_on(self.changed, lambda: ready(self), timeout, what)

    def accept(self, kind: str, form: Form) -> Row:
        """Keep a message or call, or raise `Refusal` as Twilio would."""
        self._check(kind, form)
        service = form.get("MessagingServiceSid") or None
        row = Row(
            sid=new_sid("SM" if kind == "sms" else "CA"),
            kind=kind,
            to=form.get("To"),
            from_=form.get("From") or NUMBER,
            body=form.get("Body"),
            accepted_at=self.now(),
            status="accepted" if service else "queued",
            service=service,
            status_callback=form.get("StatusCallback") or None,
            url=form.get("Url") or None,
            form=form,
        )
        self.keep(row)
        return row

    def keep(self, row: Row) -> None:
        """Add a row, and wake whoever waits for it."""
        with self.changed:
            self.rows.append(row)
            self.changed.notify_all()

    def _check(self, kind: str, form: Form) -> None:
        to, sender = form.get("To"), form.get("From") or form.get("MessagingServiceSid")
        rules = (
            (not to, 21604),
            (not sender, 21603),
            (sender not in (NUMBER, SERVICE_SID), 21606 if kind == "sms" else 21210),
            (not re.fullmatch(r"\+[1-9]\d{7,14}", to) or to == NUMBER, 21211),
            (kind == "sms" and not form.get("Body").strip(), 21602),
            (len(form.get("Body")) > 1600, 21617),
            (kind == "sms" and to in self.opted_out, 21610),
            (kind == "voice" and not form.get("Url") and not form.get("Twiml"), 21205),
            (not _takes_callback(form.get("StatusCallback")), 21609),
            (not 1 <= int(form.get("ValidityPeriod", "36000")) <= 36000, 21621),
        )
        for broken, code in rules:
            if broken:
                raise Refusal(code)

    def row(self, sid: str) -> Row:
        """Return the row with this id; raise `Refusal` (404) where there is none."""
        with self.changed:
            for row in self.rows:
                if row.sid == sid:
                    return row
        raise Refusal(20404, 404)

    def listed(self, kind: str, query: Form) -> Sequence[Row]:
        """Return the rows that a list request asks for, newest first."""
        rows = self.messages if kind == "sms" else self.calls
        found = [row for row in rows if matches(row, query)]
        return sorted(found, key=lambda row: row.accepted_at)[::-1]

    # ------------------------------------------------------------ status callbacks

    def deliver_pending(self, *statuses: str) -> list[Answer]:
        """Report each of these statuses, in this order, for everything not done yet.

        By default a message is sent and then delivered, and a call completed.
        """
        with self.changed:
            pending = [row for row in self.rows if not row.done]
        answers = []
        for row in pending:
            for status in statuses or (("sent", "delivered") if row.kind == "sms" else ("completed",)):
                answers += self.report(row.sid, status)
        return answers

    def report(self, sid: str, status: str, error_code: int | None = None, times: int = 1) -> list[Answer]:
        """Post a status callback, as often as told, whatever was reported before; return the answers.

        Raises OSError where the service cannot be reached.
        """
        row = self.row(sid)
        with self.changed:
            if not row.done or status in FINAL:
                row.status = status
            row.error_code = error_code or row.error_code
            row.date_sent = row.date_sent or self.now()
        if not row.status_callback:
            return []
        answers = [self.post(row.status_callback, self._callback_fields(row, status, error_code))]
        answers += [
            self.post(row.status_callback, self._callback_fields(row, status, error_code))
            for _ in range(times - 1)
        ]
        with self.changed:
            row.reported += [status] * times
            self.changed.notify_all()
        return answers

    def post(self, url: str, fields: Sequence[tuple[str, str]]) -> Answer:
        """Post a signed webhook to a URL, by way of the routes."""
        for public, connect in self._routes.items():
            if url.startswith(public):
                return post_signed(url, connect, AUTH_TOKEN, fields)
        return post_signed(url, url, AUTH_TOKEN, fields)

    def _callback_fields(self, row: Row, status: str, error_code: int | None) -> list[tuple[str, str]]:
        fields = [("AccountSid", ACCOUNT_SID), ("ApiVersion", API_VERSION)]
        fields += [("From", row.from_ or NUMBER), ("To", row.to)]
        if row.kind == "sms":
            fields += [("MessageSid", row.sid), ("SmsSid", row.sid)]
            fields += [("MessageStatus", status), ("SmsStatus", status)]
            fields += [("MessagingServiceSid", row.service)] if row.service else []
        else:
            fields += [("CallSid", row.sid), ("CallStatus", status), ("Direction", "outbound-api")]
            fields += [("CallbackSource", "call-progress-events"), ("SequenceNumber", str(len(row.reported)))]
        return [*fields, ("ErrorCode", str(error_code))] if error_code else fields


def _takes_callback(url: str) -> bool:
    if not url:
        return True
    parts = urlsplit(url)
    return parts.scheme in ("http", "https") and bool(parts.hostname) and "_" not in (parts.hostname or "")
