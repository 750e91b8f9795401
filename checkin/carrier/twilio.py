"""The Twilio carrier: hands texts and calls over, asks what became of them, and checks the account.

Knows Twilio's REST interface and nothing of members or alerts. Creating a message or call at Twilio takes no
idempotency key, so nothing here ever repeats a request by itself: what is in doubt is raised as `InDoubt`,
and `find` settles it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from checkin.carrier.base import (
    Accepted,
    DeliveryStatus,
    FailureKind,
    InDoubt,
    Misconfigured,
    Outgoing,
    Refused,
)
from checkin.carrier.twilio_account import Finding, findings
from checkin.carrier.twilio_words import STATUS_PATH, VOICE_PATH, status_from_twilio

if TYPE_CHECKING:
    from checkin.carrier.twilio_create import Creator

CLOCK_SKEW = timedelta(seconds=30)
"""How far our clock may be ahead of Twilio's for `find` to see a message still."""

_MIN_VALIDITY, _MAX_VALIDITY = 1, 36_000  # seconds; Twilio's own limits for ValidityPeriod
_PAGE = 100
_TRIAL_PREFIX = "Sent from your Twilio trial account - "

_RING_SECONDS = 30
"""Short of most voice mails' patience, long enough to reach the phone."""

_LONGEST_CALL_SECONDS = 15 * 60
"""No conversation is this long; a line that somebody left open is free again after it."""

# `initiated` proves acceptance early, where the answer to the create was lost.
_CALL_EVENTS = ["initiated", "answered", "completed"]


class TwilioCarrier:
    """A `Carrier` over one Twilio account.

    Texts go out from the messaging service if there is one, otherwise from `from_number`; calls always from
    `from_number`. `public_url` is where Twilio reaches this program. `api_url` replaces Twilio's API for a
    stand-in. `timeout` is in seconds, for connecting and for each read. May be shared by threads.

    Raises `Misconfigured` where a send could never work.
    """

    name = "twilio"

    def __init__(
        self,
        account_sid: str,
        auth_token: str,
        *,
        public_url: str,
        from_number: str | None = None,
        messaging_service_sid: str | None = None,
        api_url: str | None = None,
        timeout: float = 10,
    ) -> None:
        if not account_sid or not auth_token:
            raise Misconfigured("TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN must both be set.")
        if not from_number and not messaging_service_sid:
            raise Misconfigured(
                "TWILIO_FROM or TWILIO_MESSAGING_SERVICE_SID must be set: texts need a sender."
            )
        self._account_sid = account_sid
        self._auth_token = auth_token
        self._from = from_number
        self._service = messaging_service_sid
        self._public_url = _checked_url("CHECKIN_PUBLIC_URL", public_url)
        self._api_url = _checked_url("CHECKIN_TWILIO_API_URL", api_url) if api_url else None
        self._timeout = timeout

    def __repr__(self) -> str:
        return f"TwilioCarrier(account_sid={self._account_sid!r})"

    def send(self, outgoing: Outgoing) -> Accepted:
        """Create one message or call.

        Its status callback carries the token: `{public_url}/twilio/status?token=…`. A call fetches what to
        say from `{public_url}/twilio/voice?token=…`.
        """
        from checkin.carrier.twilio_client import attempt

        voice = outgoing.channel == "voice"
        resource, fields = ("Calls", self._call(outgoing)) if voice else ("Messages", self._message(outgoing))
        return attempt(lambda: _accepted(self._creator.create(resource, fields)))

    def find(self, outgoing: Outgoing, since: datetime) -> Accepted | None:
        """Return the message or call that Twilio has for this recipient and body since then, or None.

        The callback URL cannot be read back, so a message is known by recipient, body and time, and a call by
        recipient and time. Ask some seconds after the attempt: a listing may lag behind. Raises `InDoubt`
        where a message is there whose body Twilio no longer has.
        """
        from checkin.carrier.twilio_client import attempt

        return attempt(lambda: self._find(outgoing, since.astimezone(UTC) - CLOCK_SKEW))

    def check_account(self) -> list[Finding]:
        """Return what is wrong with the account's set-up, for an operator; nothing where all is well.

        Asks Twilio; an account that cannot be asked is itself a finding.
        """
        from checkin.carrier.twilio_client import attempt

        return findings(
            self._client,
            attempt,
            account_sid=self._account_sid,
            public_url=self._public_url,
            from_number=self._from,
            messaging_service_sid=self._service,
        )

    @cached_property
    def _creator(self) -> Creator:
        # As the library below, this loads much that a process which never sends never pays for.
        from checkin.carrier.twilio_create import Creator

        return Creator(self._account_sid, self._auth_token, self._timeout, self._api_url)

    @cached_property
    def _client(self) -> Any:
        # Twilio's library takes a second or two to import; a process that never sends never pays it.
        from checkin.carrier.twilio_client import make_client

        return make_client(self._account_sid, self._auth_token, self._timeout, self._api_url)

    def _find(self, outgoing: Outgoing, earliest: datetime) -> Accepted | None:
        client, voice = self._client, outgoing.channel == "voice"
        # Filtered by recipient alone: how Twilio's date filters treat rows not sent yet is undocumented, and
        # those are the very ones in question.
        rows = (client.calls if voice else client.messages).stream(to=outgoing.to, page_size=_PAGE)
        recent = _recent(rows, earliest)
        for row in recent:
            if voice or _same_text(row.body or "", outgoing.body):
                return _accepted(row)
        if any(not row.body for row in recent):
            raise InDoubt("redacted")
        return None

    def _message(self, outgoing: Outgoing) -> dict[str, str]:
        """Return the fields that create a text."""
        fields = {"To": outgoing.to, "StatusCallback": self._callback(STATUS_PATH, outgoing)}
        if self._service:
            fields["MessagingServiceSid"] = self._service
        else:
            fields["From"] = str(self._from)
        if outgoing.valid_for is not None:
            seconds = int(outgoing.valid_for.total_seconds())
            fields["ValidityPeriod"] = str(min(max(seconds, _MIN_VALIDITY), _MAX_VALIDITY))
        return {**fields, "Body": outgoing.body}

    def _call(self, outgoing: Outgoing) -> dict[str, str | list[str]]:
        """Return the fields that create a call."""
        if not self._from:
            # A messaging service has no caller id. An operator mends it; meanwhile the next channel is tried.
            raise Refused(FailureKind.CONFIG, "no_caller_id")
        return {
            "To": outgoing.to,
            "From": self._from,
            "Url": self._callback(VOICE_PATH, outgoing),
            "Method": "POST",
            "StatusCallback": self._callback(STATUS_PATH, outgoing),
            "StatusCallbackEvent": _CALL_EVENTS,
            "StatusCallbackMethod": "POST",
            "Timeout": str(_RING_SECONDS),
            "TimeLimit": str(_LONGEST_CALL_SECONDS),
            # A machine hears us when its own greeting is over; what it hears is a first name and a number.
            "MachineDetection": "DetectMessageEnd",
        }

    def _callback(self, path: str, outgoing: Outgoing) -> str:
        return f"{self._public_url}{path}?token={quote(outgoing.token, safe='')}"


def _checked_url(setting: str, url: str) -> str:
    """Return the URL without a slash at its end, if Twilio takes it as the start of a callback's address."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
        _ = parts.port  # raises where it is no number
    except ValueError:
        raise Misconfigured(f"{setting} is not a URL.") from None
    if parts.scheme not in ("https", "http") or not host:
        raise Misconfigured(f"{setting} must be absolute, like https://checkin.example.org.")
    if "_" in host:
        raise Misconfigured(
            f"{setting} has an underscore in its host name, and Twilio refuses that (error 21609)."
        )
    if parts.query or parts.fragment:
        raise Misconfigured(f"{setting} must end before any ? or #.")
    return url.rstrip("/")


def _accepted(row: Any) -> Accepted:
    if not isinstance(row.sid, str) or not row.sid:
        raise InDoubt("answer without a sid")
    status = status_from_twilio(row.status) or DeliveryStatus.ACCEPTED
    code = getattr(row, "error_code", None)
    return Accepted(row.sid, status, None if code is None else str(code))


def _recent(rows: Iterable[Any], earliest: datetime) -> list[Any]:
    """Return the rows that this account's API created at or after `earliest`, newest first.

    Twilio lists newest first, but does not say by which date; a day's margin costs a page at most.
    """
    recent = []
    for row in rows:
        if row.date_created is None:
            raise InDoubt("row without a date")
        if row.date_created < earliest - timedelta(days=1):
            break
        # Texts that answered a text (`outbound-reply`) were never handed over by `send`.
        if row.date_created >= earliest.replace(microsecond=0) and row.direction == "outbound-api":
            recent.append(row)
    return recent


def _same_text(found: str, sent: str) -> bool:
    return _plain(found.removeprefix(_TRIAL_PREFIX)) == _plain(sent)


def _plain(text: str) -> str:
    """Return the text as smart encoding may have left it: look-alike quotes, dashes and spaces made one."""
    folded = unicodedata.normalize("NFKC", text).translate(_LOOK_ALIKES)
    return " ".join(folded.split())


_LOOK_ALIKES = str.maketrans(
    dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u0060\u00b4\u02bc", "'")
    | dict.fromkeys("\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb", '"')
    | dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-")
    | dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff")
)
