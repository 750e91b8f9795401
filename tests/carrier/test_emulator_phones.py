"""The pretend phones take everything, deliver it when pumped, and can be told to be out of reach."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count

import pytest

from checkin.carrier.base import Carrier, DeliveryStatus, FailureKind, Outgoing, Refused, StatusReport
from checkin.carrier.emulator import PretendPhones

ALICE, BOB = "+12025550101", "+12025550102"
NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)


def phones(keep: int = 100) -> PretendPhones:
    ids = count(1)
    return PretendPhones(lambda: f"E{next(ids)}", keep=keep)


def test_a_text_is_taken_and_then_reported_sent_and_delivered_once() -> None:
    carrier: Carrier = phones()
    assert isinstance(carrier, PretendPhones)
    assert carrier.name == "emulator"
    assert carrier.send(Outgoing("t1", ALICE, "How are you?")).carrier_id == "E1"
    assert carrier.pump() == [
        StatusReport("t1", "E1", DeliveryStatus.SENT),
        StatusReport("t1", "E1", DeliveryStatus.DELIVERED),
    ]
    assert carrier.pump() == []


def test_it_finds_by_token_what_it_took_last() -> None:
    carrier = phones()
    first = Outgoing("t1", ALICE, "How are you?")
    assert carrier.find(first, NOW) is None
    carrier.send(first)
    again = carrier.send(first)
    assert carrier.find(first, NOW) == again
    assert carrier.find(Outgoing("t2", ALICE, "How are you?"), NOW) is None
    assert len(carrier.taken(ALICE)) == 2, "like Twilio, it takes the same thing twice"


def test_a_number_out_of_reach_is_refused_as_a_bad_number() -> None:
    carrier = phones()
    carrier.unreachable.add(BOB)
    with pytest.raises(Refused) as refused:
        carrier.send(Outgoing("t1", BOB, "Alice asked for you"))
    assert refused.value.kind is FailureKind.BAD_NUMBER
    assert carrier.taken() == []
    assert carrier.pump() == []
    carrier.unreachable.discard(BOB)
    carrier.send(Outgoing("t1", BOB, "Alice asked for you"))
    assert [message.outgoing.to for message in carrier.taken()] == [BOB]


def test_it_forgets_the_oldest_beyond_its_limit() -> None:
    carrier = phones(keep=2)
    for token in ("t1", "t2", "t3"):
        carrier.send(Outgoing(token, ALICE, token))
    assert [message.outgoing.token for message in carrier.taken()] == ["t2", "t3"]
    assert len(carrier.pump()) == 6, "what is forgotten is still reported"


def test_no_number_or_text_is_in_a_repr() -> None:
    carrier = phones()
    carrier.send(Outgoing("t1", ALICE, "I feel low"))
    shown = repr(carrier) + repr(carrier.taken())
    assert "5550101" not in shown
    assert "I feel low" not in shown
