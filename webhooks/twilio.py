"""Twilio's webhooks: texts, calls and delivery reports, each believed only with Twilio's signature."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from checkin.carrier.twilio_words import status_from_twilio
from checkin.people.numbers import is_e164
from checkin.service import delivery
from checkin.service.app import App
from checkin.service.inbound import Inbound, lookup_for, receive
from webhooks import twiml
from webhooks.form import Form, parse_form
from webhooks.signature import SETTINGS_HEADER, SIGNATURE_HEADER, signed_url, verify

STOPPED_BY_CARRIER = frozenset(
    {"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"}
)
"""Single words on which Twilio itself blocks the number and confirms (TWILIO help 223134027)."""

_FORBIDDEN = Response("The signature is missing or wrong.\n", status_code=403, media_type="text/plain")
_TOO_LARGE = Response("The form is too large.\n", status_code=413, media_type="text/plain")


class Webhooks:
    """The three endpoints, for one Twilio account and one public URL."""

    def __init__(self, app: App, *, auth_token: str, account_sid: str, public_url: str) -> None:
        self._app = app
        self._auth_token = auth_token
        self._account_sid = account_sid
        self._public_url = public_url

    def routes(self) -> list[Route]:
        """Return the routes, POST only: Twilio keeps the parameters of a GET for days."""
        return [
            Route("/twilio/sms", self.sms, methods=["POST"]),
            Route("/twilio/voice", self.voice, methods=["POST"]),
            Route("/twilio/status", self.status, methods=["POST"]),
        ]

    async def sms(self, request: Request) -> Response:
        """Take a text and answer it in the same response. The answer leaves after the commit."""
        form = await self._believed(request)
        if isinstance(form, Response):
            return form
        message_sid, number = form.get("MessageSid"), form.get("From")
        if not message_sid or not is_e164(number):
            return _twiml(twiml.message(()))  # a short code or a name: nobody that could be a member
        app, body = self._app, form.get("Body")
        inbound = Inbound(message_sid, number, body, confirmed=_confirmed(form, body))
        lookup = lookup_for(app, inbound)
        answers = await app.store.run_async(lambda unit: receive(app, unit, inbound, app.clock.now()), lookup)
        return _twiml(twiml.message(answers))

    async def voice(self, request: Request) -> Response:
        """Answer a call: say what this is, where people are right now, and that it works by text."""
        form = await self._believed(request)
        if isinstance(form, Response):
            return form
        program = self._app.program
        language = program.languages[0]
        spoken = program.texts["stranger"].render(language, program.facts(language))
        return _twiml(twiml.spoken(spoken, language))

    async def status(self, request: Request) -> Response:
        """Take what the carrier says about one of our messages. An unknown or old word is answered 204."""
        form = await self._believed(request)
        if isinstance(form, Response):
            return form
        token = request.query_params.get("token", "")
        status = status_from_twilio(form.get("MessageStatus") or form.get("CallStatus"))
        if token and status is not None:
            app = self._app
            carrier_id = form.get("MessageSid") or form.get("CallSid")
            error_code = form.get("ErrorCode") or None
            await app.store.run_async(
                lambda unit: delivery.reported(
                    app,
                    unit,
                    token=token,
                    status=status,
                    carrier_id=carrier_id,
                    error_code=error_code,
                    now=app.clock.now(),
                )
            )
        return Response(status_code=204)

    async def _believed(self, request: Request) -> Form | Response:
        """Return the form if Twilio sent it for our account, else the response that refuses it."""
        form = parse_form(await request.body())
        if form is None:
            return _TOO_LARGE
        scope, headers = request.scope, request.headers
        url = signed_url(self._public_url, scope["raw_path"], scope["query_string"])
        signature, settings = headers.get(SIGNATURE_HEADER), headers.get(SETTINGS_HEADER)
        if not verify(self._auth_token, url, form, signature, settings):
            return _FORBIDDEN
        return form if form.get("AccountSid", self._account_sid) == self._account_sid else _FORBIDDEN


def _confirmed(form: Form, body: str) -> bool:
    """Whether Twilio has already answered this text itself."""
    return bool(form.get("OptOutType")) or body.strip().lower() in STOPPED_BY_CARRIER


def _twiml(document: bytes) -> Response:
    return Response(document, media_type=twiml.CONTENT_TYPE)
