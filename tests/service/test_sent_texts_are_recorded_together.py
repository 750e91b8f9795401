"""A batch of texts: what the carrier took is recorded together, and nobody is harmed by another's row."""

from __future__ import annotations

from datetime import timedelta

import pytest

from checkin.carrier.base import Accepted, DeliveryStatus, Outgoing
from checkin.service import delivery
from checkin.service.handing import FRESH, LONGEST_UNRECORDED, Batch, Taken
from checkin.store import outbox
from checkin.store.unit import Unit
from tests.service.kit import Chat
from tests.service.test_pace_of_sending import queue

TEXTS = ["One", "Two", "Three"]


@pytest.fixture
def texts(quick: Chat) -> Chat:
    """Three texts to Alice that wait to be sent."""
    quick.joined()
    queue(quick, TEXTS)
    return quick


def states(chat: Chat) -> list[str]:
    """Return the states of the three texts in their order."""
    return [row.state for row in sorted(chat.rows(chat.alice), key=lambda row: row.id) if row.body in TEXTS]


def watch(chat: Chat, passes: timedelta = timedelta()) -> list[list[str]]:
    """Keep the states as they are before each send, each of which takes so long."""
    seen: list[list[str]] = []

    def before(outgoing: Outgoing) -> None:
        seen.append(states(chat))
        chat.clock.move_to(chat.clock.now() + passes)

    chat.carrier.before = before
    return seen


def test_what_was_taken_is_recorded_when_all_have_been_sent(texts: Chat) -> None:
    seen = watch(texts)
    delivery.deliver(texts.app, "routine")
    assert seen == [["sending"] * 3] * 3
    assert states(texts) == ["sent"] * 3


def test_where_the_carrier_is_slow_it_is_recorded_sooner(texts: Chat) -> None:
    seen = watch(texts, LONGEST_UNRECORDED * 0.7)
    delivery.deliver(texts.app, "routine")
    assert seen[2] == ["sending"] * 3
    assert states(texts) == ["sent"] * 3
    queue(texts, ["One", "Two", "Three"], batch="again")
    seen = watch(texts, LONGEST_UNRECORDED * 1.1)
    delivery.deliver(texts.app, "routine")
    assert seen[2][3:] == ["sent", "sent", "sending"]


def test_a_stop_in_the_middle_of_a_batch_is_heard(texts: Chat) -> None:
    def before(outgoing: Outgoing) -> None:
        texts.receive(texts.alice, "STOP", "SM-stop")
        texts.clock.move_to(texts.clock.now() + FRESH * 1.1)

    texts.carrier.before = before
    delivery.deliver(texts.app, "routine")
    assert states(texts) == ["sent", "cancelled", "cancelled"]


def test_a_callback_that_is_faster_is_not_written_over(texts: Chat) -> None:
    def during(outgoing: Outgoing, accepted: Accepted) -> None:
        if outgoing.body == "Two":
            texts.app.store.run(
                lambda unit: delivery.reported(
                    texts.app,
                    unit,
                    token=outgoing.token,
                    status=DeliveryStatus.DELIVERED,
                    carrier_id=accepted.carrier_id,
                    error_code=None,
                    now=texts.clock.now(),
                )
            )

    texts.carrier.during = during
    delivery.deliver(texts.app, "routine")
    assert states(texts) == ["sent", "delivered", "sent"]


def test_a_row_that_can_not_be_recorded_harms_no_other(texts: Chat, logs: list[dict[str, str]]) -> None:
    claimed = delivery.claim(texts.app, "routine")

    def record(unit: Unit, one: Taken) -> None:
        outbox.settle(unit, one.message, "sent")
        if one.message.body == "Two":
            raise ZeroDivisionError

    with Batch(texts.app, claimed, record) as batch:
        for message in claimed:
            batch.take(message, Accepted(f"SM{message.id}", DeliveryStatus.ACCEPTED))
    assert states(texts) == ["sent", "sending", "sent"]
    assert [line["event"] for line in logs] == [
        "what was sent is recorded one by one",
        "what was sent could not be recorded",
    ]
    logs.clear()
