"""Posts webhooks as Twilio does: signed for the public URL, sent to wherever the service listens."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPSConnection
from urllib.parse import quote, urlencode, urlsplit
from uuid import uuid4
from xml.etree import ElementTree

from tests.standin.rows import API_VERSION, new_sid
from webhooks.form import parse_form
from webhooks.signature import sign

Fields = Iterable[tuple[str, str]]

TWILIO_PATIENCE = 15.0
"""Seconds that Twilio gives a webhook in all."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the service answered to one webhook."""

    status: int
    content_type: str
    body: bytes

    @property
    def texts(self) -> list[str]:
        """The texts of the TwiML's messages."""
        return [message.text or "" for message in ElementTree.fromstring(self.body).iter("Message")]


def post_signed(
    url: str, connect_to: str, auth_token: str, fields: Fields, timeout: float = TWILIO_PATIENCE
) -> Answer:
    """Post a form signed for `url` to the same path and query under `connect_to`.

    The Host header is the listening address, as behind a TLS proxy that does not pass the name on. Raises
    OSError where nobody listens or the answer is late.
    """
    body = urlencode(list(fields)).encode()
    form = parse_form(body)
    assert form is not None
    headers = {
        "Content-Type": "application/x-www-form-urlencoded; charset=utf-8",
        "X-Twilio-Signature": sign(auth_token, url, form),
        "I-Twilio-Idempotency-Token": str(uuid4()),
        "User-Agent": "TwilioProxy/1.1",
    }
    signed, target = urlsplit(url), urlsplit(connect_to)
    kind = HTTPSConnection if target.scheme == "https" else HTTPConnection
    connection = kind(target.hostname or "", target.port, timeout=timeout)
    try:
        query = f"?{signed.query}" if signed.query else ""
        connection.request("POST", (signed.path or "/") + query, body, headers)
        response = connection.getresponse()
        return Answer(response.status, response.getheader("Content-Type", ""), response.read())
    finally:
        connection.close()


@dataclass(frozen=True, slots=True)
class TwilioSender:
    """Plays Twilio's side of the webhooks towards one service.

    `public_url` is what Twilio was told and signs; `connect_url` is where the service really listens, where
    that differs, as behind a TLS proxy.
    """

    public_url: str
    auth_token: str
    connect_url: str | None = None
    account_sid: str = "AC" + "0" * 32
    timeout: float = TWILIO_PATIENCE

    def post(self, path: str, fields: Fields) -> Answer:
        """Post these fields, signed, to a path (with its query) under the public URL."""
        url = self.public_url.rstrip("/") + path
        return post_signed(url, self.connect_url or self.public_url, self.auth_token, fields, self.timeout)

    def sms(self, from_: str, to: str, body: str, sid: str | None = None, extra: Fields = ()) -> list[str]:
        """Deliver one text to the service, and return what it answers at once."""
        answer = self.sms_answer(from_, to, body, sid, extra)
        assert answer.status == 200, f"the service answered {answer.status} to a text"
        return answer.texts

    def sms_answer(
        self, from_: str, to: str, body: str, sid: str | None = None, extra: Fields = ()
    ) -> Answer:
        """Deliver one text to the service, and return its whole answer, whatever it is."""
        return self.post("/twilio/sms", self.sms_fields(from_, to, body, sid, extra))

    def sms_fields(
        self, from_: str, to: str, body: str, sid: str | None = None, extra: Fields = ()
    ) -> Sequence[tuple[str, str]]:
        """Return the fields that Twilio posts for one text; blanks are part of them."""
        sid = sid or new_sid("SM")
        fields = {
            "ToCountry": "US",
            "ToState": "DC",
            "SmsMessageSid": sid,
            "NumMedia": "0",
            "ToCity": "",
            "FromZip": "",
            "SmsSid": sid,
            "FromState": "DC",
            "SmsStatus": "received",
            "FromCity": "",
            "Body": body,
            "FromCountry": "US",
            "To": to,
            "ToZip": "",
            "NumSegments": "1",
            "MessageSid": sid,
            "AccountSid": self.account_sid,
            "From": from_,
            "ApiVersion": API_VERSION,
        }
        return [*fields.items(), *extra]

    def status(self, token: str, sid: str, status: str, error_code: str | None = None) -> Answer:
        """Report a message's status to the service, under the token that its send carried."""
        fields = [("MessageSid", sid), ("SmsSid", sid), ("MessageStatus", status), ("SmsStatus", status)]
        fields += [("AccountSid", self.account_sid), ("ApiVersion", API_VERSION)]
        fields += [("ErrorCode", error_code)] if error_code else []
        return self.post(f"/twilio/status?token={quote(token, safe='')}", fields)

    def voice(self, path: str, call_sid: str, from_: str, to: str, extra: Fields = ()) -> Answer:
        """Ask the service what a call should hear next; `extra` holds `Digits`, `CallStatus` and such."""
        fields = [("CallSid", call_sid), ("AccountSid", self.account_sid), ("From", from_), ("To", to)]
        fields += [("CallStatus", "in-progress"), ("ApiVersion", API_VERSION), ("Direction", "outbound-api")]
        extra = list(extra)
        given = {name for name, _ in extra}
        return self.post(path, [field for field in fields if field[0] not in given] + extra)
