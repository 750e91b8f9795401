"""A request on its way through shifts and calls: who is asked when, and who falls through to whom."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from checkin.alert.model import AlertState
from checkin.conversation.read import Reader
from checkin.flow.load import FlowSet
from checkin.flow.program import Staff
from checkin.service import due
from checkin.service.calls import CallRequest, answer
from checkin.service.publishing import know_staff
from checkin.store.outbox import Message
from checkin.timing.rota import Override, Rota
from tests.servers.migrated import make_migrated
from tests.service.kit import NUMBERS, Chat, Phone, load_shipped, new_reader

ZONE = ZoneInfo("America/New_York")


@pytest.fixture(scope="module")
def shipped() -> tuple[FlowSet, Reader]:
    """The flows that the program ships with, and a reader with the shipped packs."""
    flow_set = load_shipped()
    return flow_set, new_reader(flow_set)


@pytest.fixture
def chat(sqlite_url: str, shipped: tuple[FlowSet, Reader]) -> Iterator[Chat]:
    """Bob and Carmen are Alice's contacts, Dana and Charlie on staff; silence is called after 10 minutes."""
    make_migrated(sqlite_url)
    chat = Chat(sqlite_url, *shipped).joined("bob", "carmen")
    program = chat.app.program
    chat.as_program(
        support=replace(program.support, call_after=timedelta(minutes=10)),
        staff=(*program.staff, Staff("Charlie", NUMBERS["charlie"], "en", on_call=False)),
    )
    know_staff(chat.app)
    yield chat
    chat.close()


def asks(chat: Chat) -> None:
    """Let Alice ask, and the change-of-mind time pass: Bob is asked."""
    chat.alice("SUPPORT")
    chat.later("5m")
    chat.forget()


def works(chat: Chat, *shifts: tuple[str, str, str]) -> None:
    """Let these be on duty, each from one time of this Monday to another."""
    overrides = tuple(
        Override((who,), datetime.fromisoformat(f"2026-11-23 {start}").replace(tzinfo=ZONE), end_of(end))
        for who, start, end in shifts
    )
    chat.as_program(rota=Rota((), overrides), last_resort=("Dana",))


def end_of(clock: str) -> datetime:
    return datetime.fromisoformat(f"2026-11-23 {clock}").replace(tzinfo=ZONE)


def call_to(chat: Chat, phone: Phone) -> Message:
    return [row for row in chat.rows(phone) if row.channel == "voice"][-1]


def hears(chat: Chat, phone: Phone, turn: int, digits: str = "", *, machine: bool = False) -> tuple[str, ...]:
    request = CallRequest(
        call_to(chat, phone).carrier_id or "",
        turn,
        phone.number,
        digits,
        outbound=True,
        machine=machine,
        our_number="+12025550100",
    )
    said = chat.app.store.run(lambda unit: answer(chat.app, unit, request, chat.clock.now())).says
    chat.settle()
    return said


def over(chat: Chat, phone: Phone, status: str = "delivered") -> None:
    """Let the carrier say that the call is over."""
    call = call_to(chat, phone)
    chat.report(call.id, status, carrier_id=call.carrier_id or "")
    chat.settle()


@pytest.fixture
def ringing(chat: Chat) -> Chat:
    """Bob has said nothing to the text for ten minutes, and his phone rings."""
    chat.reports_are_lost = True
    asks(chat)
    chat.later("10m")
    assert call_to(chat, chat.bob).state == "sent"
    chat.forget()
    return chat


def test_a_call_says_nothing_private_before_a_yes_and_one_takes_it(ringing: Chat) -> None:
    assert hears(ringing, ringing.bob, 0)[0] == (
        "Hello. This is an automated call for Bob. Is that you? Say yes, or press 1. If not, press 2."
    )
    assert "Alice would like to hear from you" in hears(ringing, ringing.bob, 1, "1")[0]
    assert "I told Alice that you will be in touch" in hears(ringing, ringing.bob, 2, "1")[0]
    over(ringing, ringing.bob)
    ringing.expect(alice="Bob answered at 10:15")
    assert [alert.state for alert in ringing.all_alerts()] == [AlertState.ACKNOWLEDGED]


def test_two_passes_it_on_by_call_too(ringing: Chat) -> None:
    hears(ringing, ringing.bob, 0)
    hears(ringing, ringing.bob, 1, "1")
    hears(ringing, ringing.bob, 2, "2")
    over(ringing, ringing.bob)
    ringing.expect(alice="I have now asked Carmen", carmen="Alice would like to hear from you")


def test_an_answering_machine_answered_the_call(ringing: Chat) -> None:
    """A machine picks up, and the carrier says that the call was completed: nobody has heard a thing."""
    said = hears(ringing, ringing.bob, 0, machine=True)
    assert "Alice" not in " ".join(said), "whoever plays it back hears no name but Bob's"
    over(ringing, ringing.bob)
    ringing.expect(alice="I have now asked Carmen", carmen="Alice would like to hear from you")
    assert ringing.all_alerts()[0].taken_by is None


@pytest.mark.parametrize("picks_up", ["nobody", "somebody else"])
def test_a_call_that_reaches_nobody_goes_on_to_the_next_at_once(ringing: Chat, picks_up: str) -> None:
    if picks_up == "somebody else":
        said = (*hears(ringing, ringing.bob, 0), *hears(ringing, ringing.bob, 1, "2"))
        assert "Alice" not in " ".join(said), "whoever picks up hears no name but Bob's"
    over(ringing, ringing.bob, "failed" if picks_up == "nobody" else "delivered")
    ringing.expect(alice="I have now asked Carmen", carmen="Alice would like to hear from you")
    ringing.bob("1")
    ringing.expect(
        alice="Bob answered", bob="I told Alice", carmen="somebody else is getting in touch with Alice"
    )


def test_whoever_answers_the_text_is_not_called(chat: Chat) -> None:
    asks(chat)
    chat.bob("1")
    chat.later("1h")
    assert [row for row in chat.rows(chat.bob) if row.channel == "voice"] == []


def test_an_answer_while_the_call_waits_to_be_made_ends_it(chat: Chat) -> None:
    asks(chat)
    chat.clock.move_to(chat.clock.now() + timedelta(minutes=10))
    due.run_due(chat.app, "alerts")
    assert call_to(chat, chat.bob).state == "queued"
    chat.receive(chat.bob, "2", "SMlast")
    chat.settle()
    assert call_to(chat, chat.bob).state == "cancelled"


def test_a_call_is_about_the_request_also_where_something_else_was_asked_since(ringing: Chat) -> None:
    ringing.joined(member="bob")
    ringing.bob("checkin")
    assert ringing.situation(ringing.bob).question is not None
    ringing.bob.new()
    hears(ringing, ringing.bob, 0)
    ringing.later("1s")
    over(ringing, ringing.bob, "failed")
    ringing.later("10m")
    over(ringing, ringing.carmen, "failed")
    assert ringing.all_alerts()[0].tier == 2


def test_whoever_is_on_duty_when_staff_are_asked_is_asked(chat: Chat) -> None:
    works(chat, ("Dana", "08:00", "10:10"), ("Charlie", "10:10", "20:00"))
    asks(chat)
    chat.bob("2")
    chat.later("6m")
    chat.carmen("2")
    chat.expect(
        alice=["I have now asked Carmen", "I told Charlie from our staff"],
        bob="Thank you for telling us",
        carmen=["Alice would like", "Thank you for telling us"],
        charlie="Alice asks for a person",
    )
    assert chat.tasks() == []


def test_a_hole_in_the_rota_goes_to_the_last_resort_and_on_the_list(chat: Chat) -> None:
    works(chat, ("Charlie", "14:00", "20:00"))
    asks(chat)
    chat.bob("2")
    chat.carmen("2")
    heard = chat.dana.new()
    assert heard[0].startswith("Harbor Circle: Alice asks for a person")
    (task,) = chat.tasks()
    assert task.kind == "rota_hole"
    assert "Nobody was on duty on Mon 23 Nov at 10:05" in task.note


def test_a_gap_in_the_rota_rang_for_ever(chat: Chat) -> None:
    """Nobody is on duty and the last resort is asleep: it stands on the list, and the phone is let rest."""
    works(chat)
    asks(chat)
    chat.bob("2")
    chat.carmen("2")
    chat.later("1d")
    assert [alert.state for alert in chat.all_alerts()] == [AlertState.WITH_STAFF]
    assert sorted(task.kind for task in chat.tasks()) == ["alert_unanswered", "rota_hole"]
    rang = [row.created_at for row in chat.rows(chat.dana) if row.channel == "voice"]
    assert 3 <= len(rang) <= 24, "called, and not over and over"
    gaps = [after - before for before, after in itertools.pairwise(rang)]
    assert gaps == sorted(gaps), "less and less often"
    chat.dana("1")
    assert [alert.state for alert in chat.all_alerts()] == [AlertState.ACKNOWLEDGED]


def test_those_on_duty_later_are_reminded_and_those_before_are_left_alone(chat: Chat) -> None:
    works(chat, ("Dana", "08:00", "10:10"), ("Charlie", "10:10", "20:00"))
    chat.as_program(last_resort=())
    asks(chat)
    chat.bob("2")
    chat.carmen("2")
    chat.later("11m")
    assert len(chat.dana.new()) == 2, "a text, and the call about it"
    chat.later("2h")
    assert chat.dana.new() == []
    assert any("nobody has taken Alice's request" in text for text in chat.charlie.new())
    chat.forget()
    chat.charlie("1")
    chat.expect(
        charlie="Thank you",
        alice="Charlie answered",
        bob="Charlie is getting in touch",
        carmen="Charlie is getting in touch",
        dana="Charlie is getting in touch",
    )


def test_who_comes_on_duty_while_staff_are_reminded_is_texted_and_called_at_once(chat: Chat) -> None:
    works(chat, ("Dana", "08:00", "11:00"), ("Charlie", "11:00", "20:00"))
    chat.as_program(last_resort=())
    asks(chat)
    chat.bob("2")
    chat.carmen("2")
    chat.later("2h")
    assert any("nobody has taken Alice's request" in text for text in chat.charlie.new())
    assert [row.channel for row in chat.rows(chat.charlie)][:2] == ["sms", "voice"]
    chat.charlie("1")
    assert chat.all_alerts()[0].state is AlertState.ACKNOWLEDGED


def test_who_took_it_is_asked_a_day_later_and_a_yes_closes_it(chat: Chat) -> None:
    asks(chat)
    chat.bob("1")
    chat.later("33h")
    assert any("did you get to talk with Alice" in text for text in chat.bob.new())
    chat.forget()
    chat.bob("1")
    chat.expect(bob="thank you for being there for Alice", alice="Bob says you two were in touch")
    assert [alert.state for alert in chat.all_alerts()] == [AlertState.RESOLVED]


def test_who_took_it_and_could_not_opens_it_again(chat: Chat) -> None:
    asks(chat)
    chat.bob("1")
    chat.later("33h")
    chat.forget()
    chat.bob("2")
    chat.expect(bob="Thank you for telling us", alice="I have now asked Carmen", carmen="Alice would like")


def test_who_comes_on_duty_is_asked_by_text_and_by_call_in_one_reminder(chat: Chat) -> None:
    works(chat, ("Charlie", "11:30", "23:00"))
    chat.alice("I want to die")
    chat.later("16m")
    assert chat.all_alerts()[0].state is AlertState.WITH_STAFF
    chat.forget()
    chat.later("3h")
    assert [row.channel for row in chat.rows(chat.charlie)[:2]] == ["sms", "voice"]
    chat.charlie("1")
    assert chat.all_alerts()[0].state is AlertState.ACKNOWLEDGED
