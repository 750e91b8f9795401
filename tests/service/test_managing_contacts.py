"""Members manage their trusted contacts by text, and contacts what is asked of them."""

from __future__ import annotations

import pytest

from checkin.people.consent import ContactState
from checkin.people.wishes import QuietHours
from tests.service.kit import NUMBERS, Chat
from tests.service.test_inviting_contacts import contact_of

# ---------------------------------------------------------------- the member


def test_contacts_shows_who_they_are_and_how_they_stand(quick: Chat) -> None:
    quick.joined("bob")
    for text in ("ADD", "Carmen", NUMBERS["carmen"]):
        quick.alice(text)
    quick.forget()
    quick.alice("Contacts?")
    quick.expect(alice="Your trusted contacts: 1 Bob, 2 Carmen (has not answered yet). Text ADD")
    quick.carmen("NO")
    quick.forget()
    quick.alice("contacts")
    quick.expect(alice="Your trusted contacts: 1 Bob. Text ADD")


def test_contacts_of_somebody_who_has_none_begins_the_question(quick: Chat) -> None:
    quick.joined()
    quick.alice("CONTACTS")
    quick.expect(alice="Who would you like as a trusted contact?")


def test_a_number_where_a_name_was_asked_for_is_no_name(quick: Chat) -> None:
    quick.joined()
    quick.alice("CONTACTS")
    quick.alice(NUMBERS["bob"])
    quick.expect(alice=["Who would you like", "Sorry, I did not get that. Who would you like"])
    quick.alice("Bob (202) 555-0102")
    quick.expect(alice="what is Bob's mobile number?")


def test_contacts_works_at_any_step_and_the_question_stays(quick: Chat) -> None:
    quick.joined("bob")
    quick.alice("CHECKIN")
    quick.alice("3")
    quick.expect(alice=["How are you feeling", "anything you would like to say"])
    quick.alice("contacts")
    quick.expect(alice="Your trusted contacts: 1 Bob")
    quick.alice("It rained a lot.")
    quick.expect(alice="A person reads what you write")


def test_one_text_adds_somebody(quick: Chat) -> None:
    quick.joined()
    quick.alice("add Bob (202) 555-0102")
    quick.expect(alice="I have asked Bob", bob="Alice asks you")
    quick.alice("Add more sugar")
    quick.expect(alice="A person reads this")


def test_a_program_without_a_conversation_for_it_says_how_to_add(quick: Chat) -> None:
    quick.joined()
    quick.app.go_live({name: flow for name, flow in quick.app.flows.items() if name != "contacts"})
    quick.alice("CONTACTS")
    quick.expect(alice="send ADD, their first name and mobile number")


@pytest.mark.parametrize("text", ["REMOVE Bob", "remove 1", "quitar a bob"])
def test_a_contact_is_taken_off_without_a_word_to_them(quick: Chat, text: str) -> None:
    quick.joined("bob", "carmen")
    quick.alice(text)
    quick.expect(alice="Bob is no longer your trusted contact")
    assert contact_of(quick, quick.bob).state is ContactState.REMOVED
    quick.alice("SUPPORT")
    quick.later("5m")
    quick.later("3h")
    assert quick.bob.new() == []


def test_who_is_taken_off_in_the_middle_of_a_request_is_out_of_it(chat: Chat) -> None:
    chat.joined("bob", "carmen")
    chat.alice("SUPPORT")
    chat.later("5m")
    chat.forget()
    chat.alice("remove bob")
    chat.expect(alice=["Bob is no longer", "I have now asked Carmen"], carmen="would like to hear from you")
    chat.bob("1")
    assert "Alice" not in " ".join(chat.bob.new())
    assert chat.all_alerts()[0].taken_by is None


def test_who_is_taken_off_before_being_asked_is_passed_over(quick: Chat) -> None:
    quick.joined("bob", "carmen")
    quick.alice("SUPPORT")
    quick.alice("remove bob")
    quick.forget()
    quick.later("5m")
    quick.expect(alice="I have now asked Carmen", carmen="would like to hear from you")


def test_a_late_yes_of_somebody_taken_off_is_no_yes(quick: Chat) -> None:
    quick.joined()
    for text in ("ADD", "Bob", NUMBERS["bob"], "remove bob"):
        quick.alice(text)
    quick.forget()
    quick.bob("YES")
    assert contact_of(quick, quick.bob).state is ContactState.REMOVED
    assert quick.alice.new() == []


def test_taking_off_the_last_one_warns_the_member(quick: Chat) -> None:
    quick.joined("bob")
    quick.alice("remove bob")
    quick.expect(alice=["Bob is no longer", "You have no trusted contact now"])


def test_the_order_is_the_member_s(quick: Chat) -> None:
    quick.joined("bob", "carmen")
    quick.alice("Carmen first")
    quick.expect(alice="I ask in this order: 1 Carmen, 2 Bob.")
    quick.alice("SUPPORT")
    assert "I will ask Carmen" in quick.alice.new()[0]


def test_what_a_contact_is_told_of(quick: Chat) -> None:
    quick.joined("bob", "carmen")
    quick.alice("about bob")
    quick.expect(alice='Bob is told of your requests for support and reads: "Harbor Circle: Alice would like')
    quick.alice("Bob missed")
    quick.expect(alice="Bob is told of check-ins that you miss.")
    quick.alice("SUPPORT")
    assert "I will ask Carmen" in quick.alice.new()[0]
    quick.alice("NO")
    quick.alice("carmen never")
    assert "no trusted contact now" in quick.alice.new()[-1]
    quick.alice("Bob both")
    assert "support and check-ins that you miss and reads" in quick.alice.new()[-1]


def test_a_contact_reads_exactly_what_the_member_saw(quick: Chat) -> None:
    quick.joined("bob")
    quick.alice("Bob say more")
    (about,) = quick.alice.new()
    quick.alice("SUPPORT")
    quick.later("5m")
    (read,) = quick.bob.new()
    assert "has asked for support" in read
    assert f'"{read}"' in about


def test_quiet_hours_are_the_contact_s_before_they_are_the_member_s(quick: Chat) -> None:
    quick.joined("bob")
    quick.alice("bob quiet 10pm-7am")
    quick.expect(alice="I don't ask Bob from 10:00 PM to 7:00 AM")
    quick.bob("quiet 9pm to 8am")
    quick.expect(bob="we don't text you about Alice from 9:00 PM to 8:00 AM")
    quick.alice("bob quiet off")
    quick.expect(alice="Bob has chosen quiet hours, 9:00 PM to 8:00 AM")
    assert contact_of(quick, quick.bob).wishes.quiet == QuietHours(21 * 60, 8 * 60)
    quick.bob("quiet off")
    quick.alice("bob quiet off")
    quick.expect(alice="I ask Bob at any hour", bob="at any hour")


def test_in_spanish(quick: Chat) -> None:
    for text in ("UNIRME", "SÍ", "Alicia", "sí", "Bob", NUMBERS["bob"]):
        quick.alice(text)
    quick.bob("sí")
    quick.forget()
    quick.alice("contactos")
    quick.expect(alice="Tus contactos: 1 Bob. Escribe AGREGAR")
    quick.alice("sobre bob")
    quick.expect(alice='A Bob le aviso de tus pedidos de apoyo. Lee: "Harbor Circle: Alicia')
    quick.alice("quitar bob")
    quick.expect(alice=["Bob ya no es tu contacto", "no tienes contacto"])


# ---------------------------------------------------------------- the contact


def test_a_contact_leaves_and_stays_reachable_for_the_rest(quick: Chat) -> None:
    quick.joined("bob")
    quick.joined("bob", member="charlie")
    quick.bob("LEAVE Alice")
    quick.expect(
        bob="no longer Alice's trusted contact",
        alice=["Bob is no longer your trusted contact here. It says nothing about you", "no trusted contact"],
    )
    quick.charlie("SUPPORT")
    quick.later("5m")
    assert "Charlie would like to hear from you" in quick.bob.new()[0]


def test_a_contact_takes_a_break_and_is_back_by_themselves(quick: Chat) -> None:
    quick.joined("bob", "carmen")
    quick.bob("PAUSE")
    quick.expect(bob="we ask you nothing about Alice until", alice="Bob takes a break")
    quick.alice("SUPPORT")
    assert "I will ask Carmen" in quick.alice.new()[0]
    quick.alice("NO")
    quick.later("6d")
    quick.forget()
    quick.later("2d")
    assert any("Bob is back" in text for text in quick.alice.new())
    assert contact_of(quick, quick.bob).state is ContactState.ACCEPTED


def test_start_ends_a_contact_s_break(quick: Chat) -> None:
    quick.joined("bob")
    quick.bob("pause for 3 days")
    quick.expect(
        bob="until Thursday",
        alice=["takes a break as your trusted contact until Thursday", "no trusted contact"],
    )
    quick.bob("START")
    quick.expect(bob="again. Good to have you back", alice="Bob is back")


def test_a_member_who_is_also_a_contact_pauses_just_one_of_them(quick: Chat) -> None:
    quick.joined("bob")
    quick.joined(member="bob")
    quick.bob("pause Alice")
    quick.expect(bob="nothing about Alice", alice=["Bob takes a break", "no trusted contact"])
    assert quick.situation(quick.bob).member_state == "active"


def test_who_leaves_in_the_middle_of_a_request_lets_it_go_on(quick: Chat) -> None:
    quick.joined("bob", "carmen")
    quick.alice("SUPPORT")
    quick.later("5m")
    quick.forget()
    quick.bob("leave")
    quick.expect(
        bob="no longer Alice's trusted contact",
        alice=["I have now asked Carmen", "Bob is no longer your trusted contact"],
        carmen="would like to hear from you",
    )


def test_who_else_knows_is_answered_without_a_name(quick: Chat) -> None:
    quick.joined("bob", "carmen")
    quick.alice("SUPPORT")
    quick.later("5m")
    quick.forget()
    quick.bob("Who else knows?")
    quick.expect(bob="you are the only one who was asked so far")
    quick.later("30m")
    quick.forget()
    quick.bob("who else?")
    quick.carmen("who")
    for text in quick.bob.new() + quick.carmen.new():
        assert "others were asked too. Alice chose them" in text
        assert "Bob" not in text
        assert "Carmen" not in text


def test_tips_how_to_listen(quick: Chat) -> None:
    quick.joined("bob")
    quick.alice("SUPPORT")
    quick.later("5m")
    quick.forget()
    quick.bob("tips")
    quick.expect(bob="Listening is enough")
    quick.bob("1")
    quick.expect(bob="I told Alice", alice="Bob answered")


@pytest.mark.parametrize("text", ["leave", "tips", "who", "quiet 10pm to 7am", "contacts", "remove bob"])
def test_orders_are_nobody_else_s(quick: Chat, text: str) -> None:
    quick.joined("bob")
    quick.charlie(text)
    quick.expect(charlie="Reply JOIN to take part")
    quick.bob("STOP")
    quick.forget()
    quick.bob(text)
    quick.expect()


def test_stop_and_crisis_are_never_taken_for_an_order(quick: Chat) -> None:
    quick.joined("bob")
    quick.alice("leave me alone")
    assert quick.situation(quick.alice).person.stopped


# ---------------------------------------------------------------- a contact who is called Friend


@pytest.fixture
def with_friend(quick: Chat) -> Chat:
    """Bob is Alice's contact, and so is somebody whom she calls Friend: Carmen's phone."""
    quick.joined("bob")
    for text in ("ADD", "Friend", NUMBERS["carmen"]):
        quick.alice(text)
    quick.expect(
        alice=["Please send their first name", "what is Friend's mobile number?", "I have asked Friend"],
        carmen="Alice asks you to be a trusted contact",
    )
    assert quick.all_alerts() == [], "a name that was asked for is no request for support"
    quick.carmen("YES")
    quick.forget()
    return quick


@pytest.mark.parametrize("text", ["my friend", "Best friend", "counselor"])
def test_what_one_calls_somebody_is_a_name_where_one_was_asked_for(quick: Chat, text: str) -> None:
    quick.joined("bob")
    quick.alice("ADD")
    quick.forget()
    quick.alice(text)
    quick.expect(alice=f"And what is {text}'s mobile number?")


@pytest.mark.parametrize("text", ["I need a friend", "someone", "call me", "SUPPORT"])
def test_asking_for_a_person_where_a_name_was_asked_for_is_still_asking(quick: Chat, text: str) -> None:
    quick.joined("bob")
    quick.alice("ADD")
    quick.forget()
    quick.alice(text)
    quick.expect(alice="In 5 minutes I will ask Bob")


@pytest.mark.parametrize("text", ["Friend", "text friend", "ask Friend please"])
def test_a_contact_called_friend_can_be_chosen(with_friend: Chat, text: str) -> None:
    with_friend.alice("SUPPORT")
    with_friend.forget()
    with_friend.alice(text)
    with_friend.expect(alice="In 5 minutes I will ask Friend")


def test_a_contact_called_friend_can_be_removed_without_leaving_the_program(with_friend: Chat) -> None:
    with_friend.alice("remove friend")
    with_friend.expect(alice="Friend is no longer your trusted contact")
    assert not with_friend.situation(with_friend.alice).person.stopped


@pytest.mark.parametrize("text", ["remove me", "remove my number", "STOP"])
def test_no_name_of_a_contact_takes_a_members_stop_away(quick: Chat, text: str) -> None:
    quick.joined("bob")
    quick.alice(f"add Stop {NUMBERS['carmen']}")
    quick.carmen("YES")
    quick.alice("SUPPORT")
    quick.alice(text)
    assert quick.situation(quick.alice).person.stopped
