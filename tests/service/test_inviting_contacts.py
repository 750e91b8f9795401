"""Inviting trusted contacts: what they agreed to, silence, late answers, and the caps against pestering."""

from __future__ import annotations

from datetime import timedelta

import pytest

from checkin.carrier.base import FailureKind
from checkin.flow.model import Text
from checkin.flow.texts import parse_template
from checkin.people.consent import Consent, ContactState
from checkin.people.invitations import InvitationLimits
from checkin.service import due
from checkin.store import contacts, people
from checkin.store.contacts import Contact
from checkin.store.timers import Timer
from tests.service.kit import NUMBERS, Chat, Phone

ASKED_AT_FIRST = (
    "Alice asks you to be a trusted contact at Harbor Circle: we may text you if Alice wants to hear from "
    "you. You are not on call. YES or NO? STOP ends."
)


def asks(chat: Chat, name: str, number: str | None = None, *, member: str = "alice") -> None:
    """Let a member name somebody as a trusted contact."""
    phone = chat.phones[member]
    for text in ("ADD", name.capitalize(), number or NUMBERS[name]):
        phone(text)


def contact_of(chat: Chat, phone: Phone, *, member: str = "alice") -> Contact:
    """Return how somebody stands as a member's trusted contact."""
    member_id, person_id = (chat.situation(one).person.id for one in (chat.phones[member], phone))
    found = chat.app.store.read(lambda unit: contacts.of_member(unit, member_id))
    return next(one for one in found if one.person_id == person_id)


def consents(chat: Chat, phone: Phone) -> list[Consent]:
    person_id = chat.situation(phone).person.id
    return list(chat.app.store.read(lambda unit: people.consents_of(unit, person_id)))


def edit(chat: Chat, key: str, english: str) -> None:
    """Let staff change one of the program's own texts."""
    text = Text({"en": parse_template(english), "es": parse_template(english)})
    chat.as_program(texts={**chat.app.program.texts, key: text})


# ---------------------------------------------------------------- what was agreed to


def test_a_consent_is_what_was_read_although_the_text_was_edited_before_the_answer(chat: Chat) -> None:
    chat.joined()
    asks(chat, "bob")
    edit(chat, "contact_invite", "Something else altogether, {member}.")
    chat.later("2h")
    chat.forget()
    chat.bob("who is this?")
    chat.expect(bob=ASKED_AT_FIRST)
    chat.bob("YES")
    (consent,) = consents(chat, chat.bob)
    assert (consent.given, consent.asked.wording, consent.asked.language) == (True, ASKED_AT_FIRST, "en")
    assert (consent.channel, consent.at) == ("sms", chat.clock.now())
    asks(chat, "carmen")
    chat.carmen("YES")
    (other,) = consents(chat, chat.carmen)
    assert other.asked.wording == "Something else altogether, Alice."
    assert consent.asked.version.startswith("contact_invite ")
    assert other.asked.version != consent.asked.version


def test_the_reminder_is_part_of_what_was_agreed_to(quick: Chat) -> None:
    quick.joined()
    asks(quick, "bob")
    quick.later("25h")
    assert contact_of(quick, quick.bob).state is ContactState.REMINDED
    quick.bob("yes")
    (consent,) = consents(quick, quick.bob)
    first, second = consent.asked.wording.split("\n")
    assert first == ASKED_AT_FIRST
    assert "would still like you as a trusted contact" in second


def test_a_no_is_kept_word_for_word_as_well(quick: Chat) -> None:
    quick.joined()
    asks(quick, "bob")
    quick.bob("no")
    (consent,) = consents(quick, quick.bob)
    assert (consent.given, consent.asked.wording) == (False, ASKED_AT_FIRST)
    assert contact_of(quick, quick.bob).state is ContactState.DECLINED


# ---------------------------------------------------------------- silence, and answers that come late


def almost_expires(chat: Chat) -> Timer:
    """Let the invitation's three days be just over; return the timer that ends it, which nobody has done."""
    asks(chat, "bob")
    chat.later("25h")
    timer = next(timer for name, timer in chat.timers().items() if name.startswith("invitation:"))
    chat.until(timer.due_at - timedelta(seconds=1))
    chat.clock.move_to(timer.due_at)
    chat.forget()
    return timer


def test_a_yes_in_the_moment_the_invitation_ends_tells_the_member_one_thing(chat: Chat) -> None:
    chat.joined()
    due.fire(chat.app, almost_expires(chat))
    assert contact_of(chat, chat.bob).state is ContactState.EXPIRED
    chat.bob("YES")
    chat.expect(bob="Thank you!", alice="Good news: Bob said yes")
    assert contact_of(chat, chat.bob).state is ContactState.ACCEPTED


def test_a_yes_just_before_the_invitation_ends_tells_the_member_one_thing(quick: Chat) -> None:
    quick.joined()
    almost_expires(quick)
    quick.receive(quick.bob, "YES", "SM-yes")
    quick.settle()
    quick.expect(alice="Good news: Bob said yes")


def test_a_yes_that_comes_days_late_still_counts(quick: Chat) -> None:
    quick.joined()
    asks(quick, "bob")
    quick.later("5d")
    assert any("has not answered yet" in text for text in quick.alice.new())
    quick.forget()
    quick.bob("Yes!")
    quick.expect(bob="Thank you!", alice="Good news: Bob said yes")


def test_a_yes_that_comes_months_late_does_not(quick: Chat) -> None:
    quick.joined()
    asks(quick, "bob")
    quick.later("40d")
    quick.forget()
    quick.bob("yes")
    assert contact_of(quick, quick.bob).state is ContactState.EXPIRED


def test_whoever_said_no_by_mistake_can_say_yes_at_once(quick: Chat) -> None:
    quick.joined()
    asks(quick, "bob")
    quick.bob("no")
    quick.forget()
    quick.bob("yes")
    quick.expect(bob="Thank you!", alice="Good news: Bob said yes")
    assert [one.given for one in consents(quick, quick.bob)] == [False, True]


def test_an_invitation_that_never_arrives_is_told_at_once(quick: Chat) -> None:
    quick.joined()
    quick.carrier.refuse(NUMBERS["bob"], FailureKind.BAD_NUMBER, "21614")
    asks(quick, "bob")
    assert "did not arrive" in quick.alice.new()[-1]
    assert [task.kind for task in quick.tasks()] == ["undelivered"]
    assert not any(name.startswith("invitation:") for name in quick.timers())
    quick.later("4d")
    assert not any("has not answered" in text for text in quick.alice.new())
    quick.forget()
    asks(quick, "bob")
    quick.expect(alice=["Who would you like", "mobile number", "I have asked Bob"], bob="asks you")


# ---------------------------------------------------------------- caps


def test_one_number_is_not_pestered_by_many_members(quick: Chat) -> None:
    for member in ("alice", "carmen", "charlie"):
        quick.joined(member=member)
    for member in ("alice", "carmen"):
        asks(quick, "bob", member=member)
    quick.forget()
    asks(quick, "bob", member="charlie")
    quick.expect(charlie=["Who would you like", "mobile number", "I can't ask Bob today"])
    (task,) = quick.tasks()
    assert task.kind == "contact_refused"
    assert "number today" in task.note
    quick.later("25h")
    quick.forget()
    asks(quick, "bob", member="charlie")
    assert "I have asked Bob" in quick.charlie.new()[-1]


def test_one_member_does_not_pester_many_numbers(quick: Chat) -> None:
    quick.as_program(invitations=InvitationLimits(member_a_day=2))
    quick.joined()
    for number in range(10, 14):
        asks(quick, f"friend {number}", f"+120255501{number}")
    heard = quick.alice.new()
    assert sum("I have asked" in text for text in heard) == 2
    assert sum("can't ask" in text for text in heard) == 2
    assert [task.kind for task in quick.tasks()] == ["contact_refused"], "staff are told once a day"


def test_nobody_is_paid_for_texts_to_far_countries(quick: Chat) -> None:
    quick.joined()
    asks(quick, "fatou", "+44 7700 900123")
    asks(quick, "fatou", "+33 6 12 34 56 78")
    assert quick.alice.new()[-1].startswith("I can't invite Fatou: that number is in a country")
    assert quick.carrier.arrived("+33612345678") == []
    assert [task.kind for task in quick.tasks()] == ["contact_refused"]


def test_a_country_has_a_cap_for_a_day(quick: Chat) -> None:
    quick.as_program(invitations=InvitationLimits(country_a_day=1))
    quick.joined("bob")
    quick.joined(member="carmen")
    asks(quick, "charlie", member="carmen")
    assert "I can't ask Charlie today" in quick.carmen.new()[-1]
    (task,) = quick.tasks()
    assert "country today" in task.note


def test_a_sixth_contact_does_not_fit(quick: Chat) -> None:
    quick.as_program(invitations=InvitationLimits(contacts=1))
    quick.joined("bob")
    quick.alice("ADD")
    quick.alice("Carmen")
    quick.alice(NUMBERS["carmen"])
    assert "as many trusted contacts as fit" in quick.alice.new()[-1]
    assert quick.carmen.new() == []


@pytest.mark.parametrize("word", ["STOP", "leave me alone"])
def test_a_number_that_said_stop_is_not_texted_and_the_member_knows_what_to_do(
    quick: Chat, word: str
) -> None:
    quick.joined()
    quick.bob(word)
    quick.forget()
    asks(quick, "bob")
    quick.expect(alice=["Who would you like", "mobile number", "I can't text Bob at that number"])
    quick.bob("START")
    quick.forget()
    asks(quick, "bob")
    assert "asks you to be a trusted contact" in quick.bob.new()[-1]


def test_whoever_left_is_not_asked_again_at_once(quick: Chat) -> None:
    quick.joined("bob")
    quick.bob("STOP")
    quick.bob("START")
    quick.forget()
    asks(quick, "bob")
    assert "will not ask again yet" in quick.alice.new()[-1]
    quick.clock.move_to(quick.clock.now() + timedelta(days=31))
    asks(quick, "bob")
    assert "asks you to be a trusted contact" in quick.bob.new()[-1]
