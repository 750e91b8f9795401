"""What can go wrong on the way to a person: each falls through to the next at once, and none is mistaken."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from checkin.alert.model import AlertState
from checkin.carrier.base import FailureKind
from checkin.conversation.read import Reader
from checkin.flow.load import FlowSet
from checkin.people.wishes import QuietHours, Wishes
from checkin.store import contacts, people
from checkin.store.unit import Unit
from tests.servers.migrated import make_migrated
from tests.service.kit import NUMBERS, Chat, Phone, load_shipped, new_reader


@pytest.fixture(scope="module")
def shipped() -> tuple[FlowSet, Reader]:
    """The flows that the program ships with, and a reader with the shipped packs."""
    flow_set = load_shipped()
    return flow_set, new_reader(flow_set)


@pytest.fixture
def chat(sqlite_url: str, shipped: tuple[FlowSet, Reader]) -> Iterator[Chat]:
    """Bob and Carmen are Alice's contacts."""
    make_migrated(sqlite_url)
    chat = Chat(sqlite_url, *shipped).joined("bob", "carmen")
    yield chat
    chat.close()


def asks(chat: Chat, phone: Phone | None = None) -> None:
    """Let somebody ask, and the change-of-mind time pass."""
    (phone or chat.alice)("SUPPORT")
    chat.forget()
    chat.later("5m")


def sleeps(chat: Chat, phone: Phone, start: int, end: int) -> None:
    """Give Alice's contact quiet hours from one hour of the day to another."""
    alice, person = chat.person(chat.alice), chat.person(phone)
    assert alice is not None
    assert person is not None
    alice_id, person_id = alice.id, person.id

    def work(unit: Unit) -> None:
        was = next(one for one in contacts.of_member(unit, alice_id) if one.person_id == person_id)
        wishes = Wishes(quiet=QuietHours(start * 60, end * 60), quiet_by="contact")
        contacts.save(unit, replace(was, wishes=wishes), was=was)

    chat.app.store.run(work)


@pytest.mark.parametrize("kind", [FailureKind.PERMANENT, FailureKind.OPTED_OUT])
def test_a_text_that_is_refused_goes_on_to_the_next_at_once(chat: Chat, kind: FailureKind) -> None:
    chat.carrier.refuse(NUMBERS["bob"], kind, "21610" if kind is FailureKind.OPTED_OUT else "21614")
    asks(chat)
    assert any("Alice would like to hear from you" in text for text in chat.carmen.new())
    assert chat.bob.new() == []


def test_a_text_that_is_reported_undelivered_goes_on_to_the_next_at_once(chat: Chat) -> None:
    chat.reports_are_lost = True
    asks(chat)
    chat.forget()
    (asked,) = [row for row in chat.rows(chat.bob) if row.kind == "notification"]
    chat.report(asked.id, "failed", error_code="30003")
    chat.settle()
    chat.expect(alice="I have now asked Carmen", carmen="Alice would like to hear from you")


def test_quiet_hours_of_a_contact_are_kept_and_the_next_is_asked_at_once(chat: Chat) -> None:
    sleeps(chat, chat.bob, 9, 12)
    asks(chat)
    chat.expect(
        alice="I texted Carmen",
        carmen="Alice would like to hear from you",
    )


def test_where_all_contacts_have_quiet_hours_staff_are_asked_at_once(chat: Chat) -> None:
    sleeps(chat, chat.bob, 9, 12)
    sleeps(chat, chat.carmen, 22, 11)
    asks(chat)
    assert any("Alice asks for a person" in text for text in chat.dana.new())
    heard = chat.alice.new()
    assert len(heard) == 1, "nobody is said to be asked who was not"
    assert heard[0].startswith("I told Dana")
    assert chat.bob.new() + chat.carmen.new() == []


def test_quiet_hours_that_begin_before_the_call_are_kept(chat: Chat) -> None:
    chat.as_program(support=replace(chat.app.program.support, call_after=timedelta(minutes=10)))
    sleeps(chat, chat.bob, 10, 11)
    chat.stand_still("2h")
    asks(chat)
    sleeps(chat, chat.bob, 12, 13)
    chat.forget()
    chat.later("10m")
    assert [row for row in chat.rows(chat.bob) if row.channel == "voice"] == []
    assert any("Alice would like to hear from you" in text for text in chat.carmen.new())


def test_the_members_own_number_is_never_asked(chat: Chat) -> None:
    chat.alice("CONTACTS")
    for text in ("ADD", "Me", NUMBERS["alice"]):
        chat.alice(text)
    chat.forget()
    asks(chat)
    told = [target.person for tier in chat.all_alerts()[0].policy.tiers for target in tier.targets]
    alice = chat.person(chat.alice)
    assert alice is not None
    assert alice.id not in told


@pytest.fixture
def two(chat: Chat) -> Chat:
    """Bob is Charlie's contact too; both have asked, and Bob has answered neither."""
    chat.joined("bob", member="charlie")
    asks(chat)
    chat.later("1m")
    asks(chat, chat.charlie)
    return chat


def state(chat: Chat, index: int) -> AlertState:
    return chat.all_alerts()[index].state


def test_the_answer_names_which_request_it_is_for(two: Chat) -> None:
    heard = two.bob.new()
    assert "Charlie would like to hear from you too. Reply 1 Charlie if you can call or text" in heard[-1]
    two.bob("1 Alice")
    assert (state(two, 0), state(two, 1)) == (AlertState.ACKNOWLEDGED, AlertState.NOTIFYING)
    assert two.bob.new() == [
        "Thank you. I told Alice that you will be in touch. Listening is enough. If you are worried about "
        "their safety: call or text 988.",
        "Harbor Circle: Charlie is still hoping to hear from you. Reply 1 if you can call or text, 2 if not. "
        "Both are fine.",
    ]
    two.bob("2")
    assert state(two, 0) is AlertState.ACKNOWLEDGED, "the no was for Charlie"


def test_an_answer_that_names_nobody_is_for_the_newest_and_says_so(two: Chat) -> None:
    two.bob.new()
    two.bob("1")
    heard = two.bob.new()
    assert heard[0].startswith("Thank you. I told Charlie that you will be in touch")
    assert "Alice is still hoping to hear from you" in heard[1]


def test_two_members_of_the_same_name_are_told_apart_by_the_end_of_the_number(two: Chat) -> None:
    charlie = two.person(two.charlie)
    assert charlie is not None
    charlie_id = charlie.id
    two.app.store.run(lambda unit: people.rename(unit, charlie_id, "Alice"))
    two.forget()
    two.bob("1 Alice (0101)")
    assert (state(two, 0), state(two, 1)) == (AlertState.ACKNOWLEDGED, AlertState.NOTIFYING)
    heard = two.bob.new()
    assert heard[0].startswith("Thank you. I told Alice (0101) that you will be in touch")
    assert "Alice (0105) is still hoping to hear from you" in heard[1]
    two.bob("1 Alice")
    assert state(two, 1) is AlertState.ACKNOWLEDGED


def test_a_request_that_two_share_the_name_of_says_so_from_the_first_text(chat: Chat) -> None:
    chat.joined("bob", member="charlie")
    charlie = chat.person(chat.charlie)
    assert charlie is not None
    charlie_id = charlie.id
    chat.app.store.run(lambda unit: people.rename(unit, charlie_id, "Alice"))
    asks(chat)
    chat.forget()
    asks(chat, chat.charlie)
    (heard,) = chat.bob.new()
    assert "Alice (0105) would like to hear from you too. Reply 1 Alice (0105) if" in heard


def test_somebody_who_took_one_and_is_asked_about_it_can_still_answer_for_it(two: Chat) -> None:
    two.bob("1 Alice")
    two.bob("1")
    two.later("33h")
    assert [alert.reminders for alert in two.all_alerts()] == [1, 1]
    two.forget()
    two.bob("1 Alice")
    assert (state(two, 0), state(two, 1)) == (AlertState.RESOLVED, AlertState.ACKNOWLEDGED)
