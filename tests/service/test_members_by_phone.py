"""Members who chose to be called: the same conversations, by phone; a call that breaks off loses nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from checkin.conversation.call import Document
from checkin.conversation.read import Reader
from checkin.flow.load import FlowSet
from checkin.service.calls import CallRequest, answer, hung_up
from checkin.store.outbox import Message
from tests.servers.migrated import make_migrated
from tests.service.kit import Chat, Phone, load_shipped, new_reader

MOOD = "How are you feeling today?"


@pytest.fixture(scope="module")
def shipped() -> tuple[FlowSet, Reader]:
    """The flows that the program ships with, and a reader with the shipped packs."""
    flow_set = load_shipped()
    return flow_set, new_reader(flow_set)


@pytest.fixture
def chat(sqlite_url: str, shipped: tuple[FlowSet, Reader]) -> Iterator[Chat]:
    """Alice has joined with Bob, and chose phone calls; how her calls end is told by the test."""
    make_migrated(sqlite_url)
    chat = Chat(sqlite_url, *shipped).joined("bob")
    chat.reports_are_lost = True
    chat.alice("by phone")
    chat.alice("CALL")
    chat.expect(alice=["by text or by phone call", "From now on we call you"])
    yield chat
    chat.close()


def calls(chat: Chat, phone: Phone) -> list[Message]:
    """Return the calls that were made to somebody, oldest first."""
    made = [row for row in chat.rows(phone) if row.channel == "voice" and row.carrier_id]
    return sorted(made, key=lambda row: row.sent_at or row.created_at)


class Call:
    """One call with Alice, made by us where it has a row."""

    def __init__(self, chat: Chat, row: Message | None = None) -> None:
        self.chat, self.row, self.turn = chat, row, -1
        self.id = (row.carrier_id if row is not None else None) or f"CA{next(chat.texts)}"

    def hears(self, digits: str = "", *, machine: bool = False) -> Document:
        """Return what the next turn says."""
        self.turn += 1
        outbound, number = self.row is not None, self.chat.alice.number
        request = CallRequest(self.id, self.turn, number, digits, outbound=outbound, machine=machine)
        app, now = self.chat.app, self.chat.clock.now()
        return app.store.run(lambda unit: answer(app, unit, request, now))

    def ends(self, status: str = "delivered") -> None:
        """Let the carrier say that it is over."""
        if self.row is not None:
            self.chat.report(self.row.id, status, carrier_id=self.id)
            self.chat.settle()
            return
        app, now, number = self.chat.app, self.chat.clock.now(), self.chat.alice.number
        app.store.run(lambda unit: hung_up(app, unit, self.id, number, now))
        self.chat.settle()


def test_a_check_in_is_a_call_and_its_answer_the_same_run(chat: Chat) -> None:
    chat.later("8h")
    [row] = calls(chat, chat.alice)
    assert (row.kind, row.lane) == ("check_in", "routine")
    call = Call(chat, row)
    assert MOOD not in " ".join(call.hears().says), "nothing before a yes"
    assert [text for text in call.hears("1").says if MOOD in text]
    assert call.hears("4").says[0] == "Good to hear, Alice. Talk to you soon."
    call.ends()
    chat.later("3h")
    assert len(calls(chat, chat.alice)) == 1
    assert chat.situation(chat.alice).question is None
    assert [run.results["mood"] for run in chat.all_runs() if run.flow == "daily"] == [4]


def test_nobody_answers_three_times_and_the_ladder_goes_on(chat: Chat) -> None:
    chat.later("8h")
    for number in (1, 2, 3):
        made = calls(chat, chat.alice)
        assert len(made) == number
        Call(chat, made[-1]).ends("failed")
        chat.later("16m")
    assert len(calls(chat, chat.alice)) == 3
    chat.later("3h")  # the reminder of the flow is the next call
    reminder = calls(chat, chat.alice)[-1]
    assert "We missed you today" in reminder.body or "we missed you today" in reminder.body
    call = Call(chat, reminder)
    call.hears()
    said = call.hears("1").says
    assert "we missed you today" in said[0]
    assert MOOD in said[1], "after the reminder, the question"


def test_a_call_that_breaks_off_keeps_its_place_and_a_text_offers_to_go_on(chat: Chat) -> None:
    chat.later("8h")
    call = Call(chat, calls(chat, chat.alice)[0])
    call.hears()
    call.hears("1")
    call.hears("2")  # somebody is offered
    chat.forget()
    call.ends()
    call.ends()
    chat.expect(alice="our call broke off. Nothing is lost. You can answer here: Thank you for telling me.")
    assert chat.alice("yes")[0].startswith("OK. In 5 minutes I will ask Bob")


def test_who_calls_and_hangs_up_in_a_question_is_offered_the_same(chat: Chat) -> None:
    chat.later("8h")
    Call(chat, calls(chat, chat.alice)[0]).ends("failed")
    call = Call(chat)
    assert MOOD in call.hears().says[0], "her own call asks what the other would have"
    chat.forget()
    call.ends()
    call.ends()
    chat.expect(alice="You can answer here: Hi Alice")
    silent = Call(chat)
    silent.hears()
    silent.hears("4")
    silent.ends()
    chat.expect()


def test_a_machine_a_no_and_a_phone_put_down_at_once_bring_no_text(chat: Chat) -> None:
    chat.later("8h")
    chat.forget()
    for digits, machine in (("", True), ("2", False), ("", False)):
        call = Call(chat, calls(chat, chat.alice)[-1])
        call.hears(machine=machine)
        if digits:
            call.hears(digits)
        call.ends()
        assert [row for row in chat.rows(chat.alice) if "broke off" in row.body] == []
        chat.later("16m")


def test_news_waits_for_one_call_and_is_told_in_it(chat: Chat) -> None:
    chat.alice("support")
    chat.later("5m")
    chat.bob("1")
    chat.settle()
    first = calls(chat, chat.alice)[0]
    call = Call(chat, first)
    call.hears()
    said = " ".join(call.hears("1").says)
    assert "I texted Bob" in said
    assert "Bob answered" in said
    assert said.endswith("Goodbye.")
    call.ends()
    chat.later("1h")
    assert len(calls(chat, chat.alice)) == 2, "the second was told in the first, and never made"
    assert {row.carrier_id for row in calls(chat, chat.alice)} == {first.carrier_id}


def test_texts_come_again_once_the_member_wants_texts(chat: Chat) -> None:
    chat.alice("by phone")
    assert chat.alice("text")[0].startswith("OK. From now on we text you.")
    chat.forget()
    chat.later("8h")
    chat.expect(alice="How are you feeling today")
    assert calls(chat, chat.alice) == []


def test_a_member_who_joins_by_phone_and_hangs_up_before_agreeing_hears_nothing_more(chat: Chat) -> None:
    call = CallRequest("CA900", 0, chat.charlie.number)
    app, now = chat.app, chat.clock.now()
    app.store.run(lambda unit: answer(app, unit, call, now))
    joins = CallRequest("CA900", 1, chat.charlie.number, "1")
    assert "Say yes to join" in app.store.run(lambda unit: answer(app, unit, joins, now)).says[0]
    app.store.run(lambda unit: hung_up(app, unit, "CA900", chat.charlie.number, now))
    chat.settle()
    chat.expect()
