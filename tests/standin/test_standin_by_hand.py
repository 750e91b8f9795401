"""The stand-in and the webhook sender, used as other tests use them: callbacks, routes, control."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Condition, Thread

import pytest

from checkin.carrier.base import InDoubt, Outgoing
from checkin.carrier.twilio import TwilioCarrier
from tests.standin.control import RemoteStandIn
from tests.standin.twilio_api import ACCOUNT_SID, AUTH_TOKEN, NUMBER, StandIn, running
from tests.standin.waiting import poll, wait_on
from tests.standin.webhook_sender import TwilioSender
from webhooks.form import Form, parse_form
from webhooks.signature import verify
from webhooks.twiml import message

ALICE = "+12025550101"
PUBLIC_URL = "https://checkin.example.org"


class Service(HTTPServer):
    """Something that answers webhooks with TwiML, and checks their signatures against the public URL."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Webhook)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.heard: list[tuple[str, Form]] = []
        self.texts = ["Hi <Alice> & all", "Bye"]
        self.status = 200


class _Webhook(BaseHTTPRequestHandler):
    server: Service

    def do_POST(self) -> None:
        form = parse_form(self.rfile.read(int(self.headers["Content-Length"])))
        assert form is not None
        signed = verify(AUTH_TOKEN, PUBLIC_URL + self.path, form, self.headers["X-Twilio-Signature"])
        self.server.heard.append((self.path, form))
        self.send_response(self.server.status if signed else 403)
        self.end_headers()
        self.wfile.write(message(self.server.texts))

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def serving() -> Iterator[Service]:
    with Service() as service:
        thread = Thread(target=service.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield service
        finally:
            service.shutdown()
            thread.join()


@pytest.fixture
def service() -> Iterator[Service]:
    with serving() as service:
        yield service


@pytest.fixture
def twilio(service: Service) -> Iterator[tuple[StandIn, TwilioCarrier]]:
    with running() as (standin, url):
        standin.route(PUBLIC_URL, service.url)
        yield standin, carrier_at(url)


def carrier_at(url: str) -> TwilioCarrier:
    return TwilioCarrier(ACCOUNT_SID, AUTH_TOKEN, from_number=NUMBER, public_url=PUBLIC_URL, api_url=url)


def test_callbacks_come_signed_in_the_order_told(
    twilio: tuple[StandIn, TwilioCarrier], service: Service
) -> None:
    standin, carrier = twilio
    sid = carrier.send(Outgoing("t1", ALICE, "Hello")).carrier_id
    assert [answer.status for answer in standin.deliver_pending()] == [200, 200]
    assert [(path, form.get("MessageSid"), form.get("MessageStatus")) for path, form in service.heard] == [
        ("/twilio/status?token=t1", sid, "sent"),
        ("/twilio/status?token=t1", sid, "delivered"),
    ]
    assert standin.deliver_pending() == [], "what is delivered is not reported again"
    standin.report(sid, "sent", times=2)
    assert standin.messages[0].reported == ["sent", "delivered", "sent", "sent"]
    assert standin.messages[0].status == "delivered", "a late report changes nothing at Twilio"


def test_a_failure_carries_its_code(twilio: tuple[StandIn, TwilioCarrier], service: Service) -> None:
    standin, carrier = twilio
    standin.report(carrier.send(Outgoing("t1", ALICE, "Hello")).carrier_id, "undelivered", 30003)
    assert service.heard[0][1].get("ErrorCode") == "30003"


def test_a_calls_callbacks_are_a_calls(twilio: tuple[StandIn, TwilioCarrier], service: Service) -> None:
    standin, carrier = twilio
    sid = carrier.send(Outgoing("t1", ALICE, "Hello", channel="voice")).carrier_id
    standin.deliver_pending("initiated", "no-answer")
    assert [(form.get("CallSid"), form.get("CallStatus")) for _, form in service.heard] == [
        (sid, "initiated"),
        (sid, "no-answer"),
    ]


def test_a_callback_may_come_before_the_answer(
    twilio: tuple[StandIn, TwilioCarrier], service: Service
) -> None:
    standin, carrier = twilio
    heard_at_answer: list[int] = []
    standin.hook = lambda row: heard_at_answer.append(len(service.heard))
    standin.callback_before_answer("sent", "delivered")
    accepted = carrier.send(Outgoing("t1", ALICE, "Hello"))
    assert [form.get("MessageStatus") for _, form in service.heard] == ["sent", "delivered"]
    assert accepted.carrier_id == service.heard[0][1].get("MessageSid")
    assert heard_at_answer == [0], "the hook runs at acceptance"


def test_an_answer_that_hangs_is_released(twilio: tuple[StandIn, TwilioCarrier]) -> None:
    standin, carrier = twilio
    standin.hang()
    answers: list[object] = []
    thread = Thread(target=lambda: answers.append(carrier.send(Outgoing("t1", ALICE, "Hello"))))
    thread.start()
    [row] = standin.wait_for(lambda twilio: twilio.messages)
    assert answers == []
    standin.release()
    thread.join(10)
    assert getattr(answers[0], "carrier_id", None) == row.sid


def test_a_text_reaches_the_service_through_a_proxy_of_another_name(service: Service) -> None:
    alice = TwilioSender(PUBLIC_URL, AUTH_TOKEN, connect_url=service.url)
    assert alice.sms(ALICE, NUMBER, "I feel 2 & low", sid="SM1", extra=[("OptOutType", "HELP")]) == [
        "Hi <Alice> & all",
        "Bye",
    ]
    [(path, form)] = service.heard
    assert path == "/twilio/sms"
    assert (form.get("Body"), form.get("MessageSid"), form.get("OptOutType")) == (
        "I feel 2 & low",
        "SM1",
        "HELP",
    )
    assert form.getall("ToCity") == [""], "blank fields are sent and signed, as by Twilio"


def test_a_sender_with_the_wrong_secret_is_turned_away(service: Service) -> None:
    charlie = TwilioSender(PUBLIC_URL, "guessed", connect_url=service.url)
    assert charlie.sms_answer(ALICE, NUMBER, "Hello").status == 403
    with pytest.raises(AssertionError, match="403"):
        charlie.sms(ALICE, NUMBER, "Hello")


def test_statuses_and_key_presses_can_be_sent_by_hand(service: Service) -> None:
    sender = TwilioSender(PUBLIC_URL, AUTH_TOKEN, connect_url=service.url)
    assert sender.status("t/1", "SM1", "undelivered", "30003").status == 200
    assert sender.voice("/twilio/voice?token=t", "CA1", NUMBER, ALICE, [("Digits", "1")]).status == 200
    (status_path, status), (_, voice) = service.heard
    assert status_path == "/twilio/status?token=t%2F1"
    assert (status.get("MessageStatus"), status.get("ErrorCode")) == ("undelivered", "30003")
    assert (voice.get("Digits"), voice.get("CallStatus")) == ("1", "in-progress")


def test_waiting_ends_at_the_deadline() -> None:
    with pytest.raises(AssertionError, match="in vain for the moon"):
        wait_on(Condition(), lambda: False, timeout=0.01, what="the moon")
    with pytest.raises(AssertionError, match="in vain for the moon"):
        poll(lambda: 0, timeout=0.02, what="the moon", every=0.01)
    assert poll(lambda: "here") == "here"


def test_a_stand_in_in_another_process_is_steered_over_http(service: Service) -> None:
    command = [
        sys.executable,
        "-m",
        "tests.standin.twilio_api",
        "--control",
        "--route",
        PUBLIC_URL,
        service.url,
    ]
    root = Path(__file__).parents[2]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().strip()
            remote, carrier = RemoteStandIn(url), carrier_at(url)
            remote("accept_then_reset")
            with pytest.raises(InDoubt):
                carrier.send(Outgoing("t1", ALICE, "Hello"))
            [row] = remote.rows()
            assert (row["token"], row["to"], row["status"]) == ("t1", ALICE, "queued")
            assert remote("deliver_pending") == [200, 200]
            assert remote("report", row["sid"], "sent", times=2) == [200, 200]
            assert len(service.heard) == 4
            assert ["POST", f"/2010-04-01/Accounts/{ACCOUNT_SID}/Messages.json"] in remote("requests")
        finally:
            process.kill()
