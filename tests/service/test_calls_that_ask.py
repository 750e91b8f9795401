"""The rung that calls: who is there first, three tries, and never about a question that was answered."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from checkin.conversation.read import Reader
from checkin.flow.load import FlowSet, load_flow
from checkin.service.calls import CallRequest, answer
from checkin.service.publishing import publish
from checkin.store.outbox import Message
from tests.servers.migrated import make_migrated
from tests.service.kit import Chat, load_shipped, new_reader

FLOW = """
flow: ring
title: A question, then a ring
start: [{keyword: ringring}]
steps:
  sleep:
    ask: { en: "Did you sleep well? YES or NO", es: "¿Dormiste bien? SÍ o NO" }
    answer: yes_no
    go: done
    no_reply:
      - after: 1h
        call: this_step
      - after: 5h
        go: done
  done:
    end: done
"""


@pytest.fixture(scope="module")
def shipped() -> tuple[FlowSet, Reader]:
    """The flows that the program ships with, and a reader with the shipped packs."""
    flow_set = load_shipped()
    return flow_set, new_reader(flow_set)


@pytest.fixture
def chat(sqlite_url: str, shipped: tuple[FlowSet, Reader]) -> Iterator[Chat]:
    """Alice was asked how she slept, and an hour has gone by: she is called."""
    make_migrated(sqlite_url)
    chat = Chat(sqlite_url, *shipped).joined()
    ring = load_flow(FLOW, file="ring.yaml", program=shipped[0].program).flow
    assert ring is not None
    publish(chat.app, [*shipped[0].flows.values(), ring], author="test", note="")
    chat.reports_are_lost = True  # how a call went is told by the test
    chat.alice("ringring")
    yield chat
    chat.close()


def calls_to_alice(chat: Chat) -> list[Message]:
    return sorted((row for row in chat.rows(chat.alice) if row.channel == "voice"), key=lambda row: row.id)


def over(chat: Chat, status: str, index: int = -1) -> None:
    """Let the carrier say how the newest call ended."""
    call = calls_to_alice(chat)[index]
    chat.report(call.id, status, carrier_id=call.carrier_id or "")


def hears(chat: Chat, call_id: str, turn: int, digits: str = "", *, machine: bool = False) -> tuple[str, ...]:
    request = CallRequest(
        call_id, turn, chat.alice.number, digits, outbound=True, machine=machine, our_number="+12025550100"
    )
    return chat.app.store.run(lambda unit: answer(chat.app, unit, request, chat.clock.now())).says


def test_a_call_that_is_answered_is_made_once_and_its_answer_is_the_flows(chat: Chat) -> None:
    chat.later("1h")
    [call] = calls_to_alice(chat)
    assert (call.state, call.body) == ("sent", "Did you sleep well? Yes or no")
    sid = call.carrier_id or ""
    assert "Is that you?" in hears(chat, sid, 0)[0]
    assert hears(chat, sid, 1, "1")[0] == "Did you sleep well? Yes or no."
    assert hears(chat, sid, 2, "2")[-1].startswith("You can call this number")
    over(chat, "delivered")
    chat.later("4h")
    assert [row.state for row in calls_to_alice(chat)] == ["delivered"]
    assert chat.situation(chat.alice).question is None


@pytest.mark.parametrize("ends", ["busy", "machine", "hung up", "somebody else"])
def test_a_call_that_nobody_answers_is_made_three_times(chat: Chat, ends: str) -> None:
    chat.later("1h")
    for tries in (1, 2, 3):
        made = calls_to_alice(chat)
        assert len(made) == tries
        sid = made[-1].carrier_id or ""
        if ends != "busy":
            hears(chat, sid, 0, machine=ends == "machine")
        if ends == "somebody else":
            assert hears(chat, sid, 1, "2") == ("Thank you. Goodbye.",)
        over(chat, "failed" if ends == "busy" else "delivered")
        chat.later("20m")
    assert len(calls_to_alice(chat)) == 3
    assert chat.situation(chat.alice).question is not None, "the question waits on"


def test_an_answer_by_text_ends_the_calls(chat: Chat) -> None:
    chat.later("1h")
    over(chat, "failed")
    chat.alice("yes")
    chat.later("2h")
    assert [row.state for row in calls_to_alice(chat)] == ["failed", "cancelled"]
