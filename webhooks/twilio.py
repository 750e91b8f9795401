"""Twilio's webhooks: texts, calls and delivery reports, each believed only with Twilio's signature."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple
from urllib.parse import parse_qs

from starlette.types import Receive, Scope, Send

from checkin.carrier.base import DeliveryStatus
from checkin.carrier.twilio_words import SMS_PATH, STATUS_PATH, VOICE_PATH, status_from_twilio, unanswered
from checkin.people.numbers import is_e164
from checkin.service import calls, delivery
from checkin.service.app import App
from checkin.service.inbound import Inbound, lookup_for, receive
from webhooks import twiml, voice
from webhooks.form import MAX_BODY, Form, parse_form
from webhooks.signature import SETTINGS_HEADER, SIGNATURE_HEADER, signed_url, verify

STOPPED_BY_CARRIER = frozenset(
    {"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"}
)
"""Single words on which Twilio itself blocks the number and confirms (TWILIO help 223134027)."""

_SMALL_NUMBER = re.compile(r"[0-9]{1,6}")
_SIGNATURE, _SETTINGS = SIGNATURE_HEADER.encode(), SETTINGS_HEADER.encode()
PLAIN = "text/plain; charset=utf-8"


class Answer(NamedTuple):
    """What goes back to Twilio."""

    status: int
    body: bytes = b""
    content_type: str = PLAIN


_FORBIDDEN = Answer(403, b"The signature is missing or wrong.\n")
_TOO_LARGE = Answer(413, b"The form is too large.\n")
_NO_CONTENT = Answer(204)


class Endpoint:
    """One webhook as a bare ASGI application.

    Every text of every member comes this way, and a request and a response object would cost as much as
    understanding the text does.
    """

    def __init__(self, believe: Callable[[Scope, bytes], Form | Answer], handle: Handler) -> None:
        self._believe = believe
        self._handle = handle

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read the body, check who sent it, and send what the handler answers."""
        body = await _body(receive)
        form = _TOO_LARGE if body is None else self._believe(scope, body)
        answer = form if isinstance(form, Answer) else await self._handle(scope, form)
        headers = [
            (b"content-type", answer.content_type.encode()),
            (b"content-length", str(len(answer.body)).encode()),
        ]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body})


Handler = Callable[[Scope, Form], Awaitable[Answer]]


async def _body(receive: Receive) -> bytes | None:
    """Return a request's body, or None as soon as it is larger than any form of Twilio's."""
    body = b""
    while True:
        message = await receive()
        part: bytes = message.get("body", b"")
        body += part
        if len(body) > MAX_BODY:
            return None
        if not message.get("more_body", False):
            return body


class Webhooks:
    """The three endpoints, for one Twilio account and one public URL."""

    def __init__(self, app: App, *, auth_token: str, account_sid: str, public_url: str) -> None:
        self._app = app
        self._auth_token = auth_token
        self._account_sid = account_sid
        self._public_url = public_url

    def endpoints(self) -> Mapping[str, Endpoint]:
        """Return what answers a POST to each path; POST only, for Twilio keeps the parameters of a GET."""
        handlers = {SMS_PATH: self.sms, VOICE_PATH: self.voice, STATUS_PATH: self.status}
        return {path: Endpoint(self._believed, handle) for path, handle in handlers.items()}

    async def sms(self, _scope: Scope, form: Form) -> Answer:
        """Take a text and answer it in the same response. The answer leaves after the commit."""
        message_sid, number = form.get("MessageSid"), form.get("From")
        if not message_sid or not is_e164(number):
            return _twiml(twiml.message(()))  # a short code or a name: nobody that could be a member
        app, body = self._app, form.get("Body")
        number_index = app.store.vault.index(number)
        inbound = Inbound(
            message_sid,
            number,
            body,
            confirmed=_confirmed(form, body),
            opted_out=form.get("OptOutType") == "STOP",
            opted_in=form.get("OptOutType") == "START",
            number_index=number_index,
        )
        with app.way.answering():
            answers = await app.store.run_async(
                lambda unit: receive(app, unit, inbound, app.clock.now()), lambda: lookup_for(app, inbound)
            )
        return _twiml(twiml.message(answers))

    async def voice(self, scope: Scope, form: Form) -> Answer:
        """Say what a call hears next. A repeated request, or a late one, hears what the first one heard."""
        app, request = self._app, voice.request_of(form, scope["query_string"].decode("latin-1"))
        with app.way.answering():
            document = await app.store.run_async(
                lambda unit: calls.answer(app, unit, request, app.clock.now())
            )
        return _twiml(voice.written(document, request, self._public_url))

    async def status(self, scope: Scope, form: Form) -> Answer:
        """Take what the carrier says about one of our messages. An unknown or old word is answered 204."""
        token = parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])[0]
        status = status_from_twilio(form.get("MessageStatus") or form.get("CallStatus"))
        if form.get("Direction") == "inbound" and status is DeliveryStatus.DELIVERED:
            await self._hung_up(form)
        elif token and status is not None:
            app = self._app
            carrier_id = form.get("MessageSid") or form.get("CallSid")
            error_code = form.get("ErrorCode") or unanswered(form.get("CallStatus"))
            sequence = form.get("SequenceNumber")
            await app.store.run_async(
                lambda unit: delivery.reported(
                    app,
                    unit,
                    token=token,
                    status=status,
                    carrier_id=carrier_id,
                    error_code=error_code,
                    now=app.clock.now(),
                    sequence=int(sequence) if _SMALL_NUMBER.fullmatch(sequence) else None,
                )
            )
        return _NO_CONTENT

    async def _hung_up(self, form: Form) -> None:
        app, call_id, number = self._app, form.get("CallSid"), form.get("From")
        if call_id and is_e164(number):
            now = app.clock.now()
            await app.store.run_async(lambda unit: calls.hung_up(app, unit, call_id, number, now))

    def _believed(self, scope: Scope, body: bytes) -> Form | Answer:
        """Return the form if Twilio sent it for our account, else the response that refuses it."""
        form = parse_form(body)
        if form is None:
            return _TOO_LARGE
        headers = dict(scope["headers"])
        url = signed_url(self._public_url, scope["raw_path"], scope["query_string"])
        signature, settings = headers.get(_SIGNATURE, b""), headers.get(_SETTINGS)
        named = None if settings is None else settings.decode("latin-1")
        if not verify(self._auth_token, url, form, signature.decode("latin-1"), named):
            return _FORBIDDEN
        return form if form.get("AccountSid", self._account_sid) == self._account_sid else _FORBIDDEN


def _confirmed(form: Form, body: str) -> bool:
    """Whether Twilio has already answered this text itself."""
    return bool(form.get("OptOutType")) or body.strip().lower() in STOPPED_BY_CARRIER


def _twiml(document: bytes) -> Answer:
    return Answer(200, document, twiml.CONTENT_TYPE)
