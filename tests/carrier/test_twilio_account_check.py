"""The account check names what an operator must mend, and is silent where all is well."""

from __future__ import annotations

import pytest

from tests.carrier.conftest import Twilio
from tests.standin.twilio_api import SERVICE_SID


def complaints(twilio: Twilio, **settings: object) -> list[str]:
    return [f"{finding.what} {finding.mend}" for finding in twilio.another(**settings).check_account()]


def test_a_number_that_points_here_is_well(twilio: Twilio) -> None:
    assert complaints(twilio) == []


def test_a_messaging_service_that_points_here_is_well(twilio: Twilio) -> None:
    assert complaints(twilio, messaging_service_sid=SERVICE_SID) == []


def test_settings_of_timeouts_in_the_webhook_are_the_operators_business(twilio: Twilio) -> None:
    twilio.standin.number["sms_url"] += "#rc=2&rp=5xx,ct,rt"
    assert complaints(twilio) == []


@pytest.mark.parametrize(
    ("number", "said"),
    [
        ({"sms_url": "https://demo.twilio.com/welcome"}, "https://checkin.example.org/twilio/sms"),
        ({"sms_url": ""}, "go to nowhere"),
        ({"sms_method": "GET"}, "HTTP POST"),
        ({"voice_url": None}, "https://checkin.example.org/twilio/voice"),
        ({"voice_method": "GET"}, "HTTP POST"),
        ({"status_callback": ""}, "https://checkin.example.org/twilio/status"),
        ({"status_callback_method": "GET"}, "HTTP POST"),
        ({"sms_application_sid": "AP1"}, "TwiML app"),
        ({"voice_application_sid": "AP1"}, "TwiML app"),
        ({"trunk_sid": "TK1"}, "trunk"),
    ],
)
def test_a_number_that_points_elsewhere_is_named(
    twilio: Twilio, number: dict[str, str | None], said: str
) -> None:
    twilio.standin.number |= number
    [complaint] = complaints(twilio)
    assert said in complaint


def test_a_messaging_service_that_points_elsewhere_is_named(twilio: Twilio) -> None:
    twilio.standin.service["inbound_request_url"] = None
    twilio.standin.number["sms_url"] = "https://elsewhere.example"
    [complaint] = complaints(twilio, messaging_service_sid=SERVICE_SID)
    assert "messaging service" in complaint


def test_a_service_that_leaves_texts_to_the_number_is_checked_there(twilio: Twilio) -> None:
    twilio.standin.service |= {"use_inbound_webhook_on_number": True, "inbound_request_url": None}
    assert complaints(twilio, messaging_service_sid=SERVICE_SID) == []
    twilio.standin.number["sms_url"] = ""
    [complaint] = complaints(twilio, messaging_service_sid=SERVICE_SID)
    assert "Texts to the number" in complaint


def test_a_service_without_a_number_cannot_call(twilio: Twilio) -> None:
    [complaint] = complaints(twilio, messaging_service_sid=SERVICE_SID, from_number=None)
    assert "TWILIO_FROM" in complaint


def test_a_number_of_somebody_else_is_named(twilio: Twilio) -> None:
    [complaint] = complaints(twilio, from_number="+12025550199")
    assert "not a number of this account" in complaint


def test_a_suspended_or_trial_account_is_named(twilio: Twilio) -> None:
    twilio.standin.account |= {"status": "suspended", "type": "Trial"}
    suspended, trial = complaints(twilio)
    assert "suspended" in suspended
    assert "trial" in trial


def test_wrong_credentials_are_named(twilio: Twilio) -> None:
    [complaint] = complaints(twilio, auth_token="wrong")
    assert "TWILIO_AUTH_TOKEN" in complaint


def test_a_service_that_does_not_exist_is_named(twilio: Twilio) -> None:
    [complaint] = complaints(twilio, messaging_service_sid="MG" + "9" * 32)
    assert "TWILIO_MESSAGING_SERVICE_SID" in complaint


def test_an_account_that_cannot_be_reached_is_a_finding(twilio: Twilio) -> None:
    [complaint] = complaints(twilio, api_url="http://twilio.invalid")
    assert "cannot be asked now" in complaint
