"""The Twilio carrier, through Twilio's own client, against the stand-in: what goes out, what goes wrong."""

from __future__ import annotations

import logging
import socket
import traceback
from datetime import timedelta

import pytest

from checkin.carrier.base import (
    Accepted,
    Carrier,
    CarrierError,
    DeliveryStatus,
    FailureKind,
    InDoubt,
    Misconfigured,
    Outgoing,
    Refused,
)
from checkin.carrier.twilio import TwilioCarrier
from tests.carrier.conftest import PUBLIC_URL, Twilio
from tests.standin.twilio_api import NUMBER, SERVICE_SID

ALICE = "+12025550101"
CHECK_IN = Outgoing("tok/1", ALICE, "How are you today?", valid_for=timedelta(hours=2))
CALL = Outgoing("tok/2", ALICE, "How are you today?", channel="voice")


def refused(carrier: Carrier, outgoing: Outgoing = CHECK_IN) -> Refused:
    with pytest.raises(Refused) as caught:
        carrier.send(outgoing)
    assert_tells_nothing(caught.value)
    return caught.value


def in_doubt(carrier: Carrier, outgoing: Outgoing = CHECK_IN) -> InDoubt:
    with pytest.raises(InDoubt) as caught:
        carrier.send(outgoing)
    assert_tells_nothing(caught.value)
    return caught.value


def assert_tells_nothing(error: CarrierError) -> None:
    """Neither the error nor anything that Python would print beneath it names the number or the words."""
    report = "".join(traceback.format_exception(error))
    assert error.__context__ is None
    assert "5550101" not in report
    assert "feel low" not in report
    assert "How are you" not in report


# ---------------------------------------------------------------- what goes out


def test_a_text_goes_out_with_its_token_and_its_bounded_life(twilio: Twilio) -> None:
    carrier: Carrier = twilio.carrier
    accepted = carrier.send(CHECK_IN)
    [row] = twilio.standin.messages
    assert accepted == Accepted(row.sid, DeliveryStatus.ACCEPTED)
    assert (row.to, row.from_, row.body) == (ALICE, NUMBER, "How are you today?")
    assert row.status_callback == f"{PUBLIC_URL}/twilio/status?token=tok%2F1"
    assert row.form.get("ValidityPeriod") == "7200"
    assert carrier.name == "twilio"


@pytest.mark.parametrize(("valid_for", "seconds"), [(0.2, "1"), (-5, "1"), (90.9, "90"), (999_999, "36000")])
def test_the_life_of_a_text_stays_within_twilios_limits(
    twilio: Twilio, valid_for: float, seconds: str
) -> None:
    twilio.carrier.send(Outgoing("t", ALICE, "Hello", valid_for=timedelta(seconds=valid_for)))
    assert twilio.standin.messages[0].form.get("ValidityPeriod") == seconds


def test_without_a_bound_twilios_own_applies(twilio: Twilio) -> None:
    twilio.carrier.send(Outgoing("t", ALICE, "Hello"))
    assert "ValidityPeriod" not in twilio.standin.messages[0].form


def test_a_messaging_service_sends_the_texts(twilio: Twilio) -> None:
    accepted = twilio.another(messaging_service_sid=SERVICE_SID).send(CHECK_IN)
    [row] = twilio.standin.messages
    assert (row.service, row.form.get("From"), row.status) == (SERVICE_SID, "", "accepted")
    assert accepted.status is DeliveryStatus.ACCEPTED


def test_a_call_asks_us_what_to_say_and_tells_us_how_it_went(twilio: Twilio) -> None:
    accepted = twilio.carrier.send(CALL)
    [row] = twilio.standin.calls
    assert accepted == Accepted(row.sid, DeliveryStatus.ACCEPTED)
    assert row.url == f"{PUBLIC_URL}/twilio/voice?token=tok%2F2"
    assert row.status_callback == f"{PUBLIC_URL}/twilio/status?token=tok%2F2"
    assert list(row.form.getall("StatusCallbackEvent")) == ["initiated", "answered", "completed"]
    assert "How are you" not in repr(dict(row.form.items())), "what is said is fetched, not sent ahead"


def test_a_messaging_service_alone_cannot_call(twilio: Twilio) -> None:
    carrier = twilio.another(messaging_service_sid=SERVICE_SID, from_number=None)
    error = refused(carrier, CALL)
    assert (error.kind, error.code) == (FailureKind.CONFIG, "no_caller_id")
    assert twilio.standin.requests == []


# ---------------------------------------------------------------- refusals


@pytest.mark.parametrize("problem", [False, True])
@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, 21211, FailureKind.BAD_NUMBER),
        (400, 21614, FailureKind.BAD_NUMBER),
        (400, 21610, FailureKind.OPTED_OUT),
        (400, 21408, FailureKind.CONFIG),
        (400, 21611, FailureKind.RETRY),
        (400, 21617, FailureKind.PERMANENT),
        (400, 99999, FailureKind.PERMANENT),
        (401, 20003, FailureKind.CONFIG),
        (403, 20006, FailureKind.CONFIG),
        (404, 20404, FailureKind.CONFIG),
    ],
)
def test_each_refusal_says_what_to_do(
    twilio: Twilio, status: int, code: int, kind: FailureKind, problem: bool
) -> None:
    twilio.standin.refuse(code, status, problem=problem)
    error = refused(twilio.carrier)
    assert (error.kind, error.code) == (kind, str(code))
    assert twilio.standin.messages == []


def test_twilios_own_rules_refuse_too(twilio: Twilio) -> None:
    assert refused(twilio.carrier, Outgoing("t", NUMBER, "Hello")).code == "21211"
    assert refused(twilio.carrier, Outgoing("t", ALICE, "x" * 1601)).code == "21617"
    twilio.standin.opted_out.add(ALICE)
    assert refused(twilio.carrier).kind is FailureKind.OPTED_OUT
    assert refused(twilio.another(auth_token="wrong")).code == "20003"


@pytest.mark.parametrize(
    ("header", "wait"), [(None, None), (7, timedelta(seconds=7)), (10**9, timedelta(hours=1))]
)
def test_too_many_requests_are_tried_again_after_the_wait_asked_for(
    twilio: Twilio, header: int | None, wait: timedelta | None
) -> None:
    twilio.standin.rate_limit(header)
    error = refused(twilio.carrier)
    assert (error.kind, error.code, error.retry_after) == (FailureKind.RETRY, "20429", wait)
    twilio.carrier.send(CHECK_IN)
    assert len(twilio.standin.messages) == 1


def test_a_full_queue_says_to_wait(twilio: Twilio) -> None:
    twilio.standin.refuse(21611)
    assert refused(twilio.carrier).retry_after == timedelta(minutes=5)


def test_nobody_listening_means_nothing_was_sent(twilio: Twilio) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # bound and never listening: connections are refused
        error = refused(twilio.another(api_url=f"http://127.0.0.1:{closed.getsockname()[1]}"))
    assert (error.kind, error.code) == (FailureKind.RETRY, "not_connected")


def test_an_unknown_host_means_nothing_was_sent(twilio: Twilio) -> None:
    error = refused(twilio.another(api_url="http://twilio.invalid"))
    assert (error.kind, error.code) == (FailureKind.RETRY, "not_connected")


# ---------------------------------------------------------------- doubt


def test_an_answer_that_comes_too_late_leaves_it_in_doubt(twilio: Twilio) -> None:
    twilio.standin.hang()
    in_doubt(twilio.another(timeout=0.2))
    assert len(twilio.standin.messages) == 1


def test_a_reset_leaves_it_in_doubt_whether_or_not_it_was_kept(twilio: Twilio) -> None:
    twilio.standin.accept_then_reset()
    in_doubt(twilio.carrier)
    assert len(twilio.standin.messages) == 1
    twilio.standin.reset_before()
    in_doubt(twilio.carrier)
    assert len(twilio.standin.messages) == 1


def test_a_server_error_leaves_it_in_doubt(twilio: Twilio) -> None:
    twilio.standin.http_500_after_accept()
    in_doubt(twilio.carrier)
    twilio.standin.http_500()
    in_doubt(twilio.carrier)
    assert len(twilio.standin.messages) == 1


@pytest.mark.parametrize(
    "garbage",
    ["<html>", "", "[]", "null", "{}", '"ok"', '{"sid": 5}', '{"sid": "SM1", "status": [1]}', "{\x00"],
)
def test_an_answer_that_cannot_be_read_leaves_it_in_doubt(twilio: Twilio, garbage: str) -> None:
    twilio.standin.garbage_after_accept(garbage)
    in_doubt(twilio.carrier)
    assert len(twilio.standin.messages) == 1


def test_nothing_is_ever_sent_twice_by_itself(twilio: Twilio) -> None:
    twilio.standin.accept_then_reset()
    in_doubt(twilio.carrier)
    twilio.standin.http_500_after_accept()
    in_doubt(twilio.carrier, CALL)
    creates = [path for method, path in twilio.standin.requests if method == "POST"]
    assert len(creates) == 2


# ---------------------------------------------------------------- privacy and settings


def test_the_clients_log_tells_nothing(twilio: Twilio, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        twilio.carrier.send(CHECK_IN)
        twilio.carrier.find(CHECK_IN, twilio.clock())
    assert caplog.text == ""
    assert "token" not in repr(twilio.carrier)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("public_url", "checkin.example.org"),
        ("public_url", "https://check_in.example.org"),
        ("public_url", "https://checkin.example.org?x=1"),
        ("public_url", "https://checkin.example.org:x"),
        ("public_url", "ftp://checkin.example.org"),
        ("public_url", ""),
        ("api_url", "127.0.0.1:9"),
        ("from_number", None),
        ("auth_token", ""),
        ("account_sid", ""),
    ],
)
def test_settings_that_could_never_work_are_refused_at_once(
    twilio: Twilio, setting: str, value: str | None
) -> None:
    with pytest.raises(Misconfigured, match=r"CHECKIN_|TWILIO_"):
        twilio.another(**{setting: value})


def test_a_path_in_the_public_url_is_kept(twilio: Twilio) -> None:
    carrier: TwilioCarrier = twilio.another(public_url="https://example.org/checkin/")
    carrier.send(CHECK_IN)
    expected = "https://example.org/checkin/twilio/status?token=tok%2F1"
    assert twilio.standin.messages[0].status_callback == expected
