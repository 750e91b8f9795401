"""Twilio's webhooks as the running web process takes them: only signed ones, each once, whatever is in them.

The process listens on loopback and is known to the world as https://checkin.example.org: every request here
is signed for that name and sent elsewhere, as by a proxy that ends TLS and passes on no name.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from http.client import HTTPConnection
from urllib.parse import urlencode

import pytest

from tests.acceptance.deployment import PUBLIC_URL, Deployment
from tests.acceptance.mined import Nursery
from tests.acceptance.people import Circle
from tests.servers.process import free_port
from tests.standin.caller import PhoneCall
from tests.standin.rows import new_sid
from tests.standin.standin import ACCOUNT_SID, AUTH_TOKEN, NUMBER
from tests.standin.waiting import poll
from tests.standin.webhook_sender import Answer, TwilioSender, post_signed
from webhooks.form import MAX_BODY, Form
from webhooks.signature import sign

pytestmark = pytest.mark.acceptance

ALICE = "+12025550101"
SMS = "/twilio/sms"
ON_SQLITE = pytest.mark.parametrize("deployment", ["sqlite_deployment"], indirect=True)


def post(
    deployment: Deployment,
    body: bytes,
    headers: Mapping[str, str],
    *,
    path: str = SMS,
    method: str = "POST",
) -> Answer:
    """Send this request as it is, signed or not."""
    connection = HTTPConnection("127.0.0.1", int(deployment.settings["PORT"]), timeout=15)
    try:
        given = {"Content-Type": "application/x-www-form-urlencoded", **headers}
        connection.request(method, path, body, given)
        response = connection.getresponse()
        return Answer(response.status, response.getheader("Content-Type", ""), response.read())
    finally:
        connection.close()


def join_fields(deployment: Deployment, **changes: str) -> list[tuple[str, str]]:
    """Return the fields with which Twilio brings Alice's JOIN."""
    fields = dict(deployment.sender.sms_fields(ALICE, NUMBER, "JOIN"))
    return [*(fields | changes).items()]


def nothing_is_stored(deployment: Deployment) -> bool:
    """Return whether nobody but Dana is known, and no text was taken."""
    return deployment.number_of("inbox") == 0 and deployment.number_of("people") == 1


def signature_for(url: str, fields: Sequence[tuple[str, str]], token: str = AUTH_TOKEN) -> str:
    return sign(token, url, Form({name: [value] for name, value in fields}))


# ---------------------------------------------------------------- what is not believed


@pytest.mark.parametrize("path", [SMS, "/twilio/voice", "/twilio/status?token=x"])
def test_a_request_without_twilios_signature_is_refused(deployment: Deployment, path: str) -> None:
    fields = join_fields(deployment)
    right = signature_for(PUBLIC_URL + path, fields)
    wrong: dict[str, dict[str, str]] = {
        "missing": {},
        "empty": {"X-Twilio-Signature": ""},
        "not base64": {"X-Twilio-Signature": "ñ→\xff".encode().decode("latin-1")},
        "another token": {"X-Twilio-Signature": signature_for(PUBLIC_URL + path, fields, "guessed")},
        "another path": {"X-Twilio-Signature": signature_for(f"{PUBLIC_URL}/other", fields)},
        "the address it listens on": {"X-Twilio-Signature": signature_for(deployment.web_url + path, fields)},
        "another host, which the caller names": {
            "X-Twilio-Signature": signature_for(f"https://evil.example{path}", fields),
            "Host": "evil.example",
            "X-Forwarded-Host": "evil.example",
            "X-Forwarded-Proto": "https",
        },
        "another method of signing": {
            "X-Twilio-Signature": right,
            "X-Twilio-Webhooks-Signature-Settings": "key=k,algorithm=HMAC_MD5",
        },
        "right, for other fields": {
            "X-Twilio-Signature": signature_for(PUBLIC_URL + path, fields[:-1]),
        },
    }
    body = urlencode(fields).encode()
    answers = {what: post(deployment, body, headers, path=path) for what, headers in wrong.items()}
    assert {what: answer.status for what, answer in answers.items()} == dict.fromkeys(wrong, 403)
    assert {answer.body for answer in answers.values()} == {b"The signature is missing or wrong.\n"}
    assert nothing_is_stored(deployment)


def test_another_account_is_refused(deployment: Deployment) -> None:
    fields = join_fields(deployment, AccountSid="AC" + "1" * 32)
    assert deployment.sender.post(SMS, fields).status == 403
    assert nothing_is_stored(deployment)


@pytest.mark.parametrize("path", [SMS, "/twilio/voice", "/twilio/status"])
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
@ON_SQLITE
def test_webhooks_are_posted(deployment: Deployment, path: str, method: str) -> None:
    assert post(deployment, b"", {}, path=path, method=method).status == 405


@ON_SQLITE
def test_what_is_too_large_is_refused(deployment: Deployment) -> None:
    for fields in (
        join_fields(deployment, Body="a" * MAX_BODY),
        [*join_fields(deployment), *[(f"Extra{n}", "1") for n in range(600)]],
    ):
        signed = {"X-Twilio-Signature": signature_for(PUBLIC_URL + SMS, fields)}
        assert post(deployment, urlencode(fields).encode(), signed).status == 413
    assert nothing_is_stored(deployment)


@pytest.mark.parametrize("length", ["Content-Length: 1000000000", "Transfer-Encoding: chunked"])
@ON_SQLITE
def test_what_is_too_large_is_not_read_to_its_end(deployment: Deployment, length: str) -> None:
    piece = b"a" * 10_000
    if "chunked" in length:
        piece = f"{len(piece):x}\r\n".encode() + piece + b"\r\n"
    with socket.create_connection(("127.0.0.1", int(deployment.settings["PORT"])), timeout=15) as connection:
        connection.sendall(f"POST {SMS} HTTP/1.1\r\nHost: x\r\n{length}\r\n\r\n".encode())
        for _ in range(10):
            connection.sendall(piece)
        assert connection.recv(100).startswith(b"HTTP/1.1 413 "), "answered while most of it is still to come"


# ---------------------------------------------------------------- what is believed


def test_every_way_of_writing_a_signed_request_is_understood(deployment: Deployment) -> None:
    sender = deployment.sender
    for path in (SMS, f"{SMS}?a=%2F%20+%C3%B1&b=&b=x%26y", "/twilio/%73ms", f"{SMS}?%73=1"):
        extra = [
            ("MediaUrl", "b"),
            ("MediaUrl", "a"),
            ("MediaUrl", "b"),
            ("Blank", ""),
            ("Ñ+&=%", "a b\r\n€"),
        ]
        answer = sender.post(path, [*sender.sms_fields(ALICE, NUMBER, "HELP"), *extra])
        assert (path, answer.status) == (path, 200)
        assert answer.texts[0].startswith("This is Harbor Circle" if answer.texts else "")
    assert deployment.number_of("inbox") == 4


def test_a_proxy_may_reach_the_service_under_any_name(deployment: Deployment) -> None:
    fields = join_fields(deployment)
    headers = {
        "X-Twilio-Signature": signature_for(PUBLIC_URL + SMS, fields),
        "Host": "internal-7.cluster.local:8080",
        "X-Forwarded-Proto": "http",
        "X-Forwarded-Host": "something.else.example",
        "X-Forwarded-For": "203.0.113.7",
    }
    answer = post(deployment, urlencode(fields).encode(), headers)
    assert answer.status == 200
    assert answer.texts[0].startswith("Harbor Circle check-ins")


def test_the_default_port_may_be_in_the_signed_address_or_not(deployment: Deployment) -> None:
    fields = join_fields(deployment)
    with_port = PUBLIC_URL.replace("https://checkin.example.org", "https://checkin.example.org:443") + SMS
    assert post_signed(with_port, deployment.web_url, AUTH_TOKEN, fields).status == 200


def test_a_number_that_nobody_can_have_is_answered_with_nothing(deployment: Deployment) -> None:
    for number in ("", "anonymous", "262966", "client:alice", "whatsapp:+12025550101"):
        answer = deployment.sender.post(SMS, join_fields(deployment, From=number))
        assert (answer.status, answer.texts) == (200, [])
    assert nothing_is_stored(deployment)


def test_a_report_about_nothing_is_answered_and_forgotten(deployment: Deployment) -> None:
    sender = deployment.sender
    assert sender.status("", "SM1", "delivered").status == 204
    assert sender.status("nobody's", "SM1", "a-new-word").status == 204
    assert (
        sender.post("/twilio/status", [("MessageStatus", "sent"), ("AccountSid", ACCOUNT_SID)]).status == 204
    )
    assert deployment.number_of("callbacks") == 0
    assert sender.status("nobody's", "SM1", "delivered").status == 204
    assert sender.status("nobody's", "SM1", "delivered").status == 204
    assert deployment.number_of("callbacks") == 1, "it may be about a message that is not recorded yet"


def test_a_call_is_answered_whoever_calls(deployment: Deployment) -> None:
    extra = [("Direction", "inbound")]
    answer = deployment.sender.voice("/twilio/voice", "CA1", "anonymous", NUMBER, extra)
    assert (answer.status, answer.content_type) == (200, "text/xml; charset=utf-8")
    assert b"<Say " in answer.body
    assert b"9 8 8" in answer.body
    known = PhoneCall(lambda path, fields: deployment.sender.post(path, fields).body.decode(), ALICE)
    assert known.begin()
    assert not known.over
    assert known.again() == known.requests[0][2]


# ---------------------------------------------------------------- each once


def test_the_same_text_twice_gets_the_same_answer_and_does_nothing_more(deployment: Deployment) -> None:
    circle = Circle.of(deployment)
    circle.join()
    sender, sid = deployment.sender, new_sid("SM")
    first = sender.sms_answer(ALICE, NUMBER, "SUPPORT", sid)
    then = [deployment.number_of(table) for table in ("alerts", "journal", "inbox", "timers")]
    assert sender.sms_answer(ALICE, NUMBER, "SUPPORT", sid) == first
    assert sender.sms_answer(ALICE, NUMBER, "another text under the same id", sid) == first
    assert [deployment.number_of(table) for table in ("alerts", "journal", "inbox", "timers")] == then
    assert len(first.texts) == 1


def test_the_same_text_twenty_times_at_once_is_one_transition(deployment: Deployment) -> None:
    circle = Circle.of(deployment)
    circle.join()
    events, texts = deployment.number_of("journal"), deployment.number_of("inbox")
    sender, sid = deployment.sender, new_sid("SM")
    with ThreadPoolExecutor(20) as pool:
        answers = set(pool.map(lambda _: sender.sms_answer(ALICE, NUMBER, "SUPPORT", sid), range(20)))
    assert len(answers) == 1, "byte for byte"
    [answer] = answers
    assert answer.texts[0].startswith("In 5 minutes I will ask Bob")
    assert deployment.rows("SELECT state FROM alerts") == [("window",)]
    assert deployment.number_of("journal") == events + 1
    assert deployment.number_of("inbox") == texts + 1


@pytest.fixture
def two_senders(cradle: Nursery, on_redis_forks: Deployment) -> Iterator[tuple[TwilioSender, TwilioSender]]:
    """Twilio's side of two web processes of one deployment, as behind something that spreads the load."""
    port = str(free_port())
    settings = {**on_redis_forks.processes["web"].environ, "PORT": port}
    second = cradle.process("second_web", "checkin web", settings, on_redis_forks.folder)
    second.start()
    try:
        other = replace(on_redis_forks, settings={**on_redis_forks.settings, "PORT": port})
        poll(other.answers, what="the second web process")
        yield on_redis_forks.sender, other.sender
        assert second.complaints() == []
    finally:
        second.kill()


@pytest.mark.redis
@pytest.mark.postgres
def test_the_same_text_at_two_processes_at_once_is_one_transition(
    on_redis_forks: Deployment, two_senders: tuple[TwilioSender, TwilioSender]
) -> None:
    circle = Circle.of(on_redis_forks)
    circle.join()
    texts = on_redis_forks.number_of("inbox")
    sids = [new_sid("SM") for _ in range(5)]

    def send(number: int) -> tuple[str, Answer]:
        sid = sids[number // 20]
        return sid, two_senders[number % 2].sms_answer(ALICE, NUMBER, "SUPPORT", sid)

    with ThreadPoolExecutor(20) as pool:
        answers = set(pool.map(send, range(100)))
    assert len(answers) == len(sids), "one answer a text, byte for byte"
    assert on_redis_forks.rows("SELECT state FROM alerts") == [("window",)]
    assert on_redis_forks.number_of("inbox") == texts + len(sids)


def test_twenty_texts_of_one_person_at_once_are_each_taken(deployment: Deployment) -> None:
    circle = Circle.of(deployment)
    circle.join()
    sender: TwilioSender = deployment.sender
    texts = deployment.number_of("inbox")
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: sender.sms_answer(ALICE, NUMBER, "SUPPORT"), range(20)))
    assert {answer.status for answer in answers} == {200}
    assert deployment.number_of("alerts") == 1, "one request, however often she asks"
    assert deployment.number_of("inbox") == texts + 20
    assert sorted({answer.texts[0].split(".")[0] for answer in answers}) == [
        "I have your request",
        "In 5 minutes I will ask Bob to get in touch",
    ]
