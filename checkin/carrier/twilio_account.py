"""Says what an operator must mend in the Twilio account before texts and calls can flow.

Knows which settings of the account this program depends on; asks through a client that it is given. The
findings name settings, never a member's number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from checkin.carrier.base import CarrierError, FailureKind, Refused
from checkin.carrier.twilio_words import SMS_PATH, STATUS_PATH, VOICE_PATH

Attempt = Callable[[Callable[[], Any]], Any]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, and how to mend it, in words for the operator."""

    what: str
    mend: str


def findings(
    client: Any,
    attempt: Attempt,
    *,
    account_sid: str,
    public_url: str,
    from_number: str | None,
    messaging_service_sid: str | None,
) -> list[Finding]:
    """Return everything found wrong; `attempt` turns the client's errors into `CarrierError`."""
    found: list[Finding] = []
    try:
        found += _account(attempt(lambda: client.api.v2010.accounts(account_sid).fetch()))
        on_number = True
        if messaging_service_sid:
            service = attempt(lambda: client.messaging.v1.services(messaging_service_sid).fetch())
            on_number = bool(service.use_inbound_webhook_on_number)
            if not on_number:
                found += _service(service, public_url)
        if from_number:
            numbers = attempt(lambda: client.incoming_phone_numbers.list(phone_number=from_number, limit=1))
            found += _numbers(numbers, public_url, texts=on_number)
        else:
            found.append(_NO_CALLS)
    except CarrierError as error:
        found.append(_unreachable(error))
    return found


_NO_CALLS = Finding(
    "There is no number to call from: a messaging service sends texts only.",
    "Set TWILIO_FROM to one of your Twilio numbers if the program makes calls.",
)


def _unreachable(error: CarrierError) -> Finding:
    if isinstance(error, Refused) and error.code in ("20003", "401"):
        return Finding(
            "Twilio refuses the account's credentials.",
            "Copy TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN from the Twilio console again.",
        )
    if isinstance(error, Refused) and error.kind is FailureKind.CONFIG:
        return Finding(
            f"Twilio refuses to show the account's settings (error {error.code}).",
            "Check TWILIO_ACCOUNT_SID and TWILIO_MESSAGING_SERVICE_SID: both must be this account's own.",
        )
    return Finding(
        f"Twilio cannot be asked now ({error}).",
        "Check that this machine reaches api.twilio.com, then try again.",
    )


def _account(account: Any) -> Iterator[Finding]:
    if account.status != "active":
        yield Finding(
            f"The Twilio account is {account.status}.",
            "Open the Twilio console: it says what the account needs.",
        )
    if account.type == "Trial":
        yield Finding(
            "This is a trial account: it reaches only numbers verified in the Twilio console.",
            "Upgrade the account before members join.",
        )


def _service(service: Any, public_url: str) -> Iterator[Finding]:
    yield from _hook(
        "The messaging service's incoming messages",
        service.inbound_request_url,
        service.inbound_method,
        public_url + SMS_PATH,
    )


def _numbers(numbers: list[Any], public_url: str, *, texts: bool) -> Iterator[Finding]:
    if not numbers:
        yield Finding(
            "TWILIO_FROM is not a number of this account.",
            "Set it to a number under Phone Numbers in the Twilio console, in the form +12025550100.",
        )
        return
    number = numbers[0]
    if texts:
        if number.sms_application_sid:
            yield _application("texts")
        else:
            yield from _hook("Texts to the number", number.sms_url, number.sms_method, public_url + SMS_PATH)
    if number.voice_application_sid or number.trunk_sid:
        yield _application("calls")
    else:
        yield from _hook(
            "Calls to the number", number.voice_url, number.voice_method, public_url + VOICE_PATH
        )
        # Where it is missing, nobody tells that a caller hung up, and no text offers to go on.
        yield from _hook(
            "Changes of a call's status (CALL STATUS CHANGES)",
            number.status_callback,
            number.status_callback_method,
            public_url + STATUS_PATH,
        )


def _application(kind: str) -> Finding:
    return Finding(
        f"The number hands {kind} to a TwiML app or a trunk, which this check cannot see into.",
        "Choose Webhook for it under Phone Numbers in the Twilio console.",
    )


def _hook(what: str, url: str | None, method: str | None, wanted: str) -> Iterator[Finding]:
    # What follows `#` only sets timeouts and retries of the request, so an operator may add it.
    address = (url or "").partition("#")[0]
    if address != wanted:
        yield Finding(
            f"{what} go to {address or 'nowhere'}.", f"Set the webhook in the Twilio console to {wanted}"
        )
    elif (method or "POST").upper() != "POST":
        # Twilio keeps the parameters of GET webhooks, and so people's words, for days.
        yield Finding(f"{what} are fetched with {method}.", "Set the webhook's method to HTTP POST.")
