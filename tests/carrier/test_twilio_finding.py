"""What is in doubt is settled by asking Twilio for the recipient, the body and the time."""

from __future__ import annotations

from datetime import timedelta, timezone

import pytest

from checkin.carrier.base import Accepted, CarrierError, DeliveryStatus, InDoubt, Outgoing, Refused
from tests.carrier.conftest import Twilio
from tests.standin.rows import Row, new_sid

ALICE, BOB = "+12025550101", "+12025550102"
CHECK_IN = Outgoing("t1", ALICE, "How are you today?")
CALL = Outgoing("t2", ALICE, "How are you today?", channel="voice")


def lose_the_answer(twilio: Twilio, outgoing: Outgoing = CHECK_IN) -> Row:
    twilio.standin.accept_then_reset()
    with pytest.raises(InDoubt):
        twilio.carrier.send(outgoing)
    return twilio.standin.rows[-1]


def test_a_text_whose_answer_was_lost_is_found(twilio: Twilio) -> None:
    row = lose_the_answer(twilio)
    twilio.clock.advance(seconds=20)
    found = twilio.carrier.find(CHECK_IN, twilio.clock() - timedelta(minutes=1))
    assert found == Accepted(row.sid, DeliveryStatus.ACCEPTED)


def test_a_call_whose_answer_was_lost_is_found(twilio: Twilio) -> None:
    row = lose_the_answer(twilio, CALL)
    assert twilio.carrier.find(CALL, twilio.clock()) == Accepted(row.sid)
    assert twilio.carrier.find(CHECK_IN, twilio.clock()) is None, "a call is not the text"


def test_what_never_arrived_is_certainly_not_there(twilio: Twilio) -> None:
    twilio.standin.reset_before()
    with pytest.raises(InDoubt):
        twilio.carrier.send(CHECK_IN)
    assert twilio.carrier.find(CHECK_IN, twilio.clock()) is None
    assert twilio.carrier.find(CALL, twilio.clock()) is None


def test_yesterdays_same_text_is_not_todays(twilio: Twilio) -> None:
    twilio.carrier.send(CHECK_IN)
    twilio.clock.advance(days=1)
    assert twilio.carrier.find(CHECK_IN, twilio.clock()) is None
    today = twilio.carrier.send(CHECK_IN)
    assert twilio.carrier.find(CHECK_IN, twilio.clock()) == today


def test_our_clock_may_be_a_little_ahead_of_twilios(twilio: Twilio) -> None:
    sent = twilio.carrier.send(CHECK_IN)
    assert twilio.carrier.find(CHECK_IN, twilio.clock() + timedelta(seconds=29.9)) == sent
    assert twilio.carrier.find(CHECK_IN, twilio.clock() + timedelta(seconds=31)) is None


def test_the_time_may_come_in_any_zone(twilio: Twilio) -> None:
    sent = twilio.carrier.send(CHECK_IN)
    pacific = timezone(timedelta(hours=-8))
    assert twilio.carrier.find(CHECK_IN, twilio.clock().astimezone(pacific)) == sent
    later = (twilio.clock() + timedelta(hours=1)).astimezone(pacific)
    assert twilio.carrier.find(CHECK_IN, later) is None


@pytest.mark.parametrize(
    "other",
    [
        Outgoing("t", ALICE, "How are you today, Alice?"),
        Outgoing("t", BOB, "How are you today?"),
        Outgoing("t", ALICE, "How are you today?", channel="voice"),
    ],
)
def test_another_text_or_another_persons_is_not_taken_for_it(twilio: Twilio, other: Outgoing) -> None:
    twilio.carrier.send(other)
    assert twilio.carrier.find(CHECK_IN, twilio.clock()) is None


@pytest.mark.parametrize("direction", ["outbound-reply", "inbound"])
def test_what_send_did_not_create_is_not_taken_for_it(twilio: Twilio, direction: str) -> None:
    now = twilio.clock()
    sid = new_sid("SM")
    twilio.standin.keep(Row(sid, "sms", ALICE, None, CHECK_IN.body, now, "sent", direction=direction))
    assert twilio.carrier.find(CHECK_IN, now) is None


def test_its_status_and_its_error_come_along(twilio: Twilio) -> None:
    row = lose_the_answer(twilio)
    row.status, row.error_code = "undelivered", 30003
    assert twilio.carrier.find(CHECK_IN, twilio.clock()) == Accepted(row.sid, DeliveryStatus.FAILED, "30003")


@pytest.mark.parametrize(
    "shown",
    [
        'Sent from your Twilio trial account - It\'s 9 - "ready"?',
        'It\'s 9 - "ready"?',
        ' It\'s 9 - "ready"?\n',
    ],
)
def test_a_text_is_known_again_after_twilio_has_smoothed_it(twilio: Twilio, shown: str) -> None:
    fancy = Outgoing("t3", ALICE, "It\u2019s\u202f9 \u2013 \u201cready\u201d?")
    row = lose_the_answer(twilio, fancy)
    row.body = shown
    found = twilio.carrier.find(fancy, twilio.clock())
    assert found is not None
    assert found.carrier_id == row.sid


def test_a_redacted_text_leaves_it_in_doubt(twilio: Twilio) -> None:
    row = lose_the_answer(twilio)
    row.body = ""
    with pytest.raises(InDoubt, match="redacted"):
        twilio.carrier.find(CHECK_IN, twilio.clock())


def test_it_is_found_behind_many_others_and_on_a_later_page(twilio: Twilio) -> None:
    since = twilio.clock()
    sent = twilio.carrier.send(CHECK_IN)
    for number in range(250):
        twilio.clock.advance(seconds=1)
        row = Row(new_sid("SM"), "sms", ALICE, None, f"News {number}", twilio.clock(), "sent")
        twilio.standin.keep(row)
    assert twilio.carrier.find(CHECK_IN, since) == sent
    assert len([path for method, path in twilio.standin.requests if method == "GET"]) == 3


def test_old_pages_are_not_read(twilio: Twilio) -> None:
    for _ in range(250):
        twilio.standin.keep(Row(new_sid("SM"), "sms", ALICE, None, "Old", twilio.clock(), "delivered"))
    twilio.clock.advance(days=3)
    assert twilio.carrier.find(CHECK_IN, twilio.clock()) is None
    assert len(twilio.standin.requests) == 1


def test_it_says_so_when_twilio_cannot_be_asked(twilio: Twilio) -> None:
    twilio.standin.http_500(on="list")
    with pytest.raises(InDoubt):
        twilio.carrier.find(CHECK_IN, twilio.clock())
    twilio.standin.rate_limit(on="list")
    with pytest.raises(Refused):
        twilio.carrier.find(CHECK_IN, twilio.clock())
    twilio.standin.refuse(20003, 401, on="list")
    with pytest.raises(Refused) as refused:
        twilio.carrier.find(CHECK_IN, twilio.clock())
    assert refused.value.kind.value == "config"
    twilio.standin.reset_before(on="list")
    with pytest.raises(CarrierError):
        twilio.carrier.find(CHECK_IN, twilio.clock())
