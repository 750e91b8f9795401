"""Twilio's statuses and error codes mean what its documents say they mean."""

from __future__ import annotations

import pytest

from checkin.carrier.base import DeliveryStatus, FailureKind
from checkin.carrier.twilio_words import (
    failure_of_callback,
    failure_of_request,
    status_from_twilio,
    wait_before_retry,
)

ACCEPTED, SENT, DELIVERED, FAILED = DeliveryStatus


@pytest.mark.parametrize(
    ("words", "status"),
    [
        ("accepted scheduled queued sending initiated", ACCEPTED),
        ("sent partially_delivered ringing in-progress", SENT),
        ("delivered read completed", DELIVERED),
        ("undelivered failed canceled busy no-answer", FAILED),
        ("receiving received unheard-of", None),
    ],
)
def test_every_status_of_messages_and_calls_is_known(words: str, status: DeliveryStatus | None) -> None:
    assert {status_from_twilio(word) for word in words.split()} == {status}


def test_no_status_is_no_report() -> None:
    assert status_from_twilio(None) is None
    assert status_from_twilio("") is None


@pytest.mark.parametrize(
    ("codes", "kind"),
    [
        ("21610", FailureKind.OPTED_OUT),
        ("21211 21614 30003 30004 30005 30006 30640", FailureKind.BAD_NUMBER),
        ("20003 20404 21212 21408 21606 21609 30002 30032 30034", FailureKind.CONFIG),
        ("20429 21611 30001 30008 30022 30023 30027", FailureKind.RETRY),
        ("21602 21604 21617 30007 30410 30450 35114", FailureKind.PERMANENT),
    ],
)
def test_a_code_means_the_same_at_once_and_by_callback(codes: str, kind: FailureKind) -> None:
    for code in codes.split():
        assert failure_of_callback(code) is kind, code
        assert failure_of_request(400, code) is kind, code


def test_a_failure_without_a_known_code_is_not_sent_again_blindly() -> None:
    for code in (None, "", "99999"):
        assert failure_of_callback(code) is FailureKind.PERMANENT


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (429, "429", FailureKind.RETRY),
        (400, "99999", FailureKind.PERMANENT),
        (401, "401", FailureKind.CONFIG),
        (403, "99999", FailureKind.CONFIG),
        (404, "404", FailureKind.CONFIG),
        (307, "307", FailureKind.CONFIG),
        (408, "408", None),
        (500, "500", None),
        (503, "20503", None),
    ],
)
def test_an_answer_settles_it_or_leaves_it_in_doubt(status: int, code: str, kind: FailureKind | None) -> None:
    assert failure_of_request(status, code) is kind


def test_a_full_queue_says_how_long_to_wait() -> None:
    wait = wait_before_retry("21611")
    assert wait is not None
    assert wait.total_seconds() == 300
    assert wait_before_retry("21211") is None
