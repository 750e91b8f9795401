"""Twilio's own client is the oracle: what it sends and makes of every answer, the carrier sends and makes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest

from checkin.carrier.base import Accepted, CarrierError, Outgoing, Refused
from checkin.carrier.twilio import TwilioCarrier, _accepted
from checkin.carrier.twilio_client import attempt, make_client
from tests.carrier.conftest import PUBLIC_URL, Twilio
from tests.standin.faults import Fault, error_body
from tests.standin.twilio_api import ACCOUNT_SID, AUTH_TOKEN, NUMBER, SERVICE_SID

ALICE = "+12025550101"
TEXT = Outgoing("tok/1 ü", ALICE, "¿Qué tal, Zoë? 100% & more + = \n“bye”", valid_for=timedelta(hours=2))
CALL = Outgoing("tok/2", ALICE, "How are you today?", channel="voice")


def by_library(url: str, outgoing: Outgoing, token: str = AUTH_TOKEN, service: str | None = None) -> Accepted:
    """Send as Twilio's client does, spelled as its documentation has it."""
    client = make_client(ACCOUNT_SID, token, 5, url)
    mark = f"?token={quote(outgoing.token, safe='')}"
    if outgoing.channel == "voice":
        return attempt(
            lambda: _accepted(
                client.calls.create(
                    to=outgoing.to,
                    from_=NUMBER,
                    url=f"{PUBLIC_URL}/twilio/voice{mark}",
                    method="POST",
                    status_callback=f"{PUBLIC_URL}/twilio/status{mark}",
                    status_callback_event=["initiated", "answered", "completed"],
                    status_callback_method="POST",
                    timeout=30,
                    time_limit=900,
                    machine_detection="DetectMessageEnd",
                )
            )
        )
    sender: dict[str, Any] = {"messaging_service_sid": service} if service else {"from_": NUMBER}
    if outgoing.valid_for is not None:
        sender["validity_period"] = int(outgoing.valid_for.total_seconds())
    callback = f"{PUBLIC_URL}/twilio/status{mark}"
    return attempt(
        lambda: _accepted(
            client.messages.create(to=outgoing.to, body=outgoing.body, status_callback=callback, **sender)
        )
    )


def came_of(send: Callable[[], Accepted]) -> tuple[Any, ...]:
    """Return what came of a send, in a form that can be compared."""
    try:
        accepted = send()
    except CarrierError as error:
        kind = (error.kind, error.code, error.retry_after) if isinstance(error, Refused) else ()
        return type(error).__name__, *kind
    return "accepted", accepted.status, accepted.error_code


@pytest.mark.parametrize("outgoing", [TEXT, CALL, Outgoing("t3", ALICE, "x")], ids=["text", "call", "bare"])
@pytest.mark.parametrize("service", [None, SERVICE_SID])
def test_the_same_fields_go_out(twilio: Twilio, outgoing: Outgoing, service: str | None) -> None:
    if outgoing.channel == "voice" and service:
        service = None  # a service cannot call
    carrier: TwilioCarrier = twilio.another(messaging_service_sid=service)
    carrier.send(outgoing)
    by_library(twilio.url, outgoing, service=service)
    ours, theirs = (sorted(row.form or ()) for row in twilio.standin.rows)
    assert ours == theirs
    assert twilio.standin.requests[0] == twilio.standin.requests[1]


ANSWERS: dict[str, Fault] = {
    **{
        f"{status} {body[:12]!r}": Fault("answer", status=status, body=body)
        for status in (200, 201, 204, 301, 400, 401, 403, 404, 408, 409, 422, 429, 500, 502, 503)
        for body in (
            b"", b"<html>", b"{}", b"[]", b"null", b'"x"', b'{"code": "21610"}', b'{"sid": 5}',
            b'{"sid": "SM1", "status": "failed", "error_code": 30003}', error_body(21610, status),
            error_body(21211, status, problem=True),
        )
    },
    **{
        f"429 after {wait}": Fault(
            "answer", status=429, body=error_body(20429, 429), headers=(("Retry-After", wait),)
        )
        for wait in ("0", "7", "99999", "soon", "-1")
    },
    "reset": Fault("reset"),
    "reset after": Fault("reset", accept=True),
}  # fmt: skip


@pytest.mark.parametrize("outgoing", [TEXT, CALL], ids=["text", "call"])
def test_the_same_is_made_of_every_answer(twilio: Twilio, outgoing: Outgoing) -> None:
    for name, fault in ANSWERS.items():
        made = []
        for send in (twilio.carrier.send, lambda outgoing: by_library(twilio.url, outgoing)):
            twilio.standin.fail_next(fault)
            made.append(came_of(lambda send=send: send(outgoing)))  # type: ignore[misc]
        assert made[0] == made[1], name


def test_a_wrong_token_and_nobody_there(twilio: Twilio) -> None:
    wrong = twilio.another(auth_token="wrong")
    assert came_of(lambda: wrong.send(TEXT)) == came_of(lambda: by_library(twilio.url, TEXT, "wrong"))
    for url in ("http://127.0.0.1:9", "http://nobody.invalid", "http://127.0.0.1:9/base"):
        lost = twilio.another(api_url=url)
        assert came_of(lambda lost=lost: lost.send(TEXT)) == came_of(  # type: ignore[misc]
            lambda url=url: by_library(url, TEXT)  # type: ignore[misc]
        )


def test_a_proxy_that_the_environment_names_is_used(twilio: Twilio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", twilio.url)
    monkeypatch.setenv("NO_PROXY", "")
    before = len(twilio.standin.requests)
    through = twilio.another(api_url="http://twilio.invalid")
    came_of(lambda: through.send(TEXT))
    assert len(twilio.standin.requests) == before + 1
