"""What people really write, and when: in two roles at once, late, twice, with STOP in the middle."""

from __future__ import annotations

from dataclasses import replace

import pytest

from checkin.alert.model import AlertState, Told
from checkin.flow.model import JoinedTrigger
from checkin.store import people
from tests.service.kit import NUMBERS, Chat, Phone


def joins(chat: Chat, phone: Phone, name: str) -> None:
    """Let somebody join without a trusted contact."""
    for text in ("JOIN", "YES", name, "NO"):
        phone(text)
    chat.forget()


# ---------------------------------------------------------------- one person, two roles


def test_a_contact_who_is_a_member_answers_for_another_and_for_herself(quick: Chat) -> None:
    quick.joined("bob")
    joins(quick, quick.bob, "Bob")
    quick.until(quick.clock.now().replace(hour=22, minute=1))
    quick.expect(alice="How are you feeling", bob="How are you feeling")
    quick.alice("SUPPORT")
    quick.later("5m")
    quick.expect(alice=["In 5 minutes", "I texted Bob"], bob="Alice would like to hear from you")
    quick.bob("4")
    quick.expect(bob="Good to hear, Bob")
    assert quick.all_alerts()[0].state is AlertState.NOTIFYING
    quick.bob("1")
    quick.expect(bob="I told Alice", alice="Bob answered")


def test_a_contact_asked_about_her_own_day_later_is_answering_that(quick: Chat) -> None:
    quick.joined("bob")
    joins(quick, quick.bob, "Bob")
    quick.until(quick.clock.now().replace(hour=21, minute=50))
    quick.alice("SUPPORT")
    quick.later("11m")
    quick.forget()
    quick.bob("1")
    quick.expect(bob="Would you like someone to get in touch with you")
    assert quick.all_alerts()[0].state is AlertState.NOTIFYING


def test_a_member_asked_to_be_a_contact_still_answers_the_day(quick: Chat) -> None:
    quick.joined()
    joins(quick, quick.bob, "Bob")
    quick.until(quick.clock.now().replace(hour=22, minute=1))
    quick.alice("5")
    quick.alice("CONTACTS")
    quick.alice("Bob")
    quick.alice(NUMBERS["bob"])
    quick.forget()
    quick.bob("4")
    quick.expect(bob="Good to hear, Bob")
    quick.bob("yes")
    quick.expect(bob="If Alice wants to hear from you", alice="Bob said yes")


def test_a_member_who_is_asked_by_nobody_is_not_his_own_contact(quick: Chat) -> None:
    quick.joined()
    quick.alice("CONTACTS")
    quick.alice("Me")
    quick.forget()
    quick.alice(NUMBERS["alice"])
    quick.expect(alice="A person will read")
    assert [task.kind for task in quick.tasks()] == ["contact_refused"]


def test_naming_a_contact_again_says_how_it_stands(quick: Chat) -> None:
    quick.joined("bob")
    quick.alice("CONTACTS")
    quick.alice("Bobby")
    quick.forget()
    quick.alice(NUMBERS["bob"])
    quick.expect(alice="Bob said yes")


def test_whoever_said_no_is_not_asked_again(quick: Chat) -> None:
    quick.joined()
    for _ in range(2):
        quick.alice("CONTACTS")
        quick.alice("Bob")
        quick.forget()
        quick.alice(NUMBERS["bob"])
        if _ == 0:
            quick.bob("no thanks")
            quick.expect(
                alice=["I have asked Bob", "Bob cannot be"], bob=["asks you", "thank you for answering"]
            )
    quick.expect(alice="A person will read")


def test_staff_as_a_trusted_contact(quick: Chat) -> None:
    quick.joined("dana")
    quick.alice("SUPPORT")
    quick.later("5m")
    quick.expect(alice=["In 5 minutes I will ask Dana", "I texted Dana"], dana="would like to hear from you")
    quick.dana("1")
    quick.expect(dana="I told Alice", alice="Dana answered")


# ---------------------------------------------------------------- STOP in the middle


def test_stop_of_a_contact_with_an_open_notification_moves_on_at_once(chat: Chat) -> None:
    chat.joined("bob", "carmen")
    chat.alice("SUPPORT")
    chat.later("6m")
    chat.forget()
    chat.bob("STOP")
    chat.expect(
        bob="no more texts",
        alice=["I have now asked Carmen", "Bob is no longer your trusted contact"],
        carmen="would like to hear from you",
    )
    chat.carmen("1")
    chat.expect(carmen="I told Alice", alice="Carmen answered")


def test_stop_of_a_contact_who_has_not_been_asked_yet(quick: Chat) -> None:
    quick.joined("bob", "carmen")
    quick.alice("SUPPORT")
    quick.bob("STOP")
    quick.forget()
    quick.later("5m")
    quick.expect(alice="now asked Carmen", carmen="would like to hear from you")
    assert quick.all_alerts()[0].told[quick.situation(quick.bob).person.id] is Told.UNREACHABLE


def test_staff_who_said_stop_are_not_waited_for(quick: Chat) -> None:
    quick.joined()
    quick.dana("STOP")
    quick.forget()
    quick.alice("SUPPORT")
    quick.later("5m")
    quick.expect(alice=["ask our staff", "Nobody has answered yet"])
    assert quick.all_alerts()[0].state is AlertState.WITH_STAFF
    assert [task.kind for task in quick.tasks()] == ["alert_unanswered"]


def test_stop_of_a_member_leaves_the_request_to_others(chat: Chat) -> None:
    chat.joined("bob")
    chat.alice("SUPPORT")
    chat.forget()
    chat.alice("no more texts please")
    chat.expect(alice="no more texts")
    chat.later("5m")
    chat.expect(bob="would like to hear from you")
    chat.bob("1")
    chat.expect(bob="I told Alice that you will be in touch")
    chat.later("5d")
    assert chat.alice.new() == []


def test_stop_in_the_window_takes_the_request_back_and_says_one_thing(quick: Chat) -> None:
    quick.joined("bob")
    quick.alice("SUPPORT")
    quick.forget()
    quick.alice("stop")
    quick.expect(alice="no more texts")
    assert quick.all_alerts()[0].state is AlertState.CANCELLED


def test_cancel_in_the_window_is_no_opt_out_even_when_something_else_was_asked_since(quick: Chat) -> None:
    quick.joined("bob")
    quick.until(quick.clock.now().replace(hour=21, minute=58))
    quick.alice("SUPPORT")
    quick.later("3m")
    quick.expect(alice=["In 5 minutes", "How are you feeling"])
    quick.alice("cancel it")
    quick.expect(alice="I told nobody")
    assert not quick.situation(quick.alice).person.stopped


def test_a_crisis_with_stop_gets_the_crisis_reply_and_nothing_more(quick: Chat) -> None:
    quick.joined("bob")
    quick.alice("stop texting me. I want to die")
    quick.expect(alice="call or text 988", dana="Alice wrote words that sound like a crisis")
    quick.dana("1")
    quick.expect(dana="Thank you")
    assert quick.situation(quick.alice).person.stopped


def test_stop_with_a_request_is_confirmed_once_and_heard(quick: Chat) -> None:
    quick.joined("bob")
    quick.alice("stop texting me, please someone call me")
    quick.expect(alice="no more texts")
    quick.later("5m")
    quick.expect(bob="would like to hear from you")


def test_a_request_from_a_stopped_number_reaches_people_and_says_nothing(quick: Chat) -> None:
    quick.joined("bob")
    quick.alice("STOP")
    quick.forget()
    quick.alice("I need to talk to someone")
    quick.later("5m")
    quick.expect(bob="would like to hear from you")


def test_a_contact_who_stopped_and_starts_is_no_contact(quick: Chat) -> None:
    quick.joined("bob")
    quick.bob("STOP")
    quick.bob("START")
    quick.forget()
    quick.alice("SUPPORT")
    quick.expect(alice="ask our staff")


# ---------------------------------------------------------------- answers that come late, or again


def test_a_contact_who_answers_a_closed_request_hears_that_none_waits(quick: Chat) -> None:
    quick.joined("bob")
    quick.alice("SUPPORT")
    quick.later("6m")
    quick.alice("no, I'm fine")
    quick.expect(
        alice=["In 5 minutes", "I texted Bob", "closed your request"],
        bob=["would like to hear from you", "no longer needs a call"],
    )
    quick.bob("1")
    quick.expect(bob="no request is waiting")


def test_what_a_taker_writes_afterwards_is_read_by_staff(quick: Chat) -> None:
    quick.joined("bob")
    quick.alice("SUPPORT")
    quick.later("6m")
    quick.bob("1")
    quick.forget()
    quick.bob("she does not pick up the phone")
    quick.expect(bob="A person will read")
    assert [(task.kind, task.note) for task in quick.tasks()] == [
        ("unread", "Bob wrote: she does not pick up the phone")
    ]


def test_a_contact_who_writes_something_else_is_asked_for_1_or_2(quick: Chat) -> None:
    quick.joined("bob")
    quick.alice("SUPPORT")
    quick.later("6m")
    quick.forget()
    quick.bob("what happened?")
    quick.expect(bob="only understand 1 or 2")


def test_an_invited_person_who_asks_back_is_told_what_is_asked(quick: Chat) -> None:
    quick.joined()
    quick.alice("CONTACTS")
    quick.alice("Bob")
    quick.alice(NUMBERS["bob"])
    quick.forget()
    quick.bob("who is this?")
    quick.expect(bob="Alice asks you to be a trusted contact")


def test_join_from_an_invited_person_is_no_yes(quick: Chat) -> None:
    quick.joined()
    quick.alice("CONTACTS")
    quick.alice("Bob")
    quick.alice(NUMBERS["bob"])
    quick.forget()
    quick.bob("JOIN")
    quick.expect(bob="Reply YES to join")
    alice = quick.person(quick.alice)
    assert alice is not None
    (contact,) = quick.app.store.read(lambda unit: people.contacts_of(unit, alice.id))
    assert contact.state == "invited"


def test_support_twice_is_one_request(chat: Chat) -> None:
    chat.joined("bob")
    chat.alice("SUPPORT")
    chat.alice("SUPPORT")
    chat.expect(alice=["In 5 minutes", "I have your request"])
    assert len(chat.all_alerts()) == 1


def test_an_answer_with_a_request_is_one_request(chat: Chat) -> None:
    chat.joined("bob")
    chat.until(chat.clock.now().replace(hour=22))
    chat.forget()
    chat.alice("2, please someone call me")
    assert [alert.reason for alert in chat.all_alerts()] == ["asked"]
    chat.expect(alice=["In 5 minutes", "Would you like someone"])


def test_a_request_in_the_middle_of_a_question_keeps_the_question(quick: Chat) -> None:
    quick.alice("JOIN")
    quick.alice("YES")
    quick.alice("SUPPORT")
    quick.forget()
    quick.alice("Alice")
    quick.expect(alice=["Thanks, Alice.", "choose a trusted contact"])
    quick.alice("no")  # asked after the request: this is about the trusted contact
    quick.expect(alice="That's fine. Text CONTACTS")
    assert quick.all_alerts()[0].state is AlertState.WINDOW
    quick.alice("no")
    quick.expect(alice="I told nobody")


def test_somebody_without_a_name_who_asks_for_support_while_joining(chat: Chat) -> None:
    chat.alice("JOIN")
    chat.alice("SUPPORT")
    chat.expect(alice=["Reply YES to join", "ask our staff"])
    chat.later("5m")
    chat.expect(alice="I told Dana", dana=f"{NUMBERS['alice']} asks for a person")
    chat.alice("YES")
    chat.expect(alice="What first name")


def test_support_after_joining_was_left_unanswered(quick: Chat) -> None:
    quick.alice("JOIN")
    quick.later("2d")
    quick.forget()
    quick.alice("SUPPORT")
    quick.later("5m")
    quick.expect(alice=["ask our staff", "I told Dana"], dana="asks for a person")


def test_support_of_somebody_who_did_not_join(quick: Chat) -> None:
    quick.alice("JOIN")
    quick.alice("NO")
    quick.forget()
    quick.alice("SUPPORT")
    quick.expect(alice="ask our staff")


def test_support_of_a_contact_who_is_no_member_is_read_by_staff(quick: Chat) -> None:
    quick.joined("bob")
    quick.bob("I need help")
    quick.expect(bob="A person will read")
    assert [task.kind for task in quick.tasks()] == ["unread"]


def test_a_reply_while_two_questions_wait_answers_the_newest_and_then_the_other(quick: Chat) -> None:
    quick.joined("bob")
    quick.alice("CONTACTS")
    quick.until(quick.clock.now().replace(hour=22))
    assert quick.waiting(quick.alice) == [("daily", "mood"), ("contacts", "name")]
    quick.forget()
    quick.alice("4")
    quick.expect(alice="Good to hear")
    quick.alice("Carmen")
    quick.expect(alice="Carmen's mobile number")


def test_the_same_flow_again_replaces_the_one_that_waits(quick: Chat) -> None:
    quick.joined("bob")
    quick.alice("CHECKIN")
    quick.alice("CHECKIN")
    quick.expect(alice=["How are you feeling", "How are you feeling"])
    assert [flow for flow, _ in quick.waiting(quick.alice)] == ["daily"]


# ---------------------------------------------------------------- joining, again and in another language


def test_a_member_who_texts_join_again_is_welcomed_back(quick: Chat) -> None:
    quick.joined("bob")
    quick.alice("JOIN")
    quick.expect(alice="Welcome back")
    quick.alice("PAUSE")
    quick.forget()
    quick.alice("join!")
    quick.expect(alice="Welcome back")
    assert quick.situation(quick.alice).member_state == "active"


def test_somebody_who_declined_can_join_later(quick: Chat) -> None:
    quick.alice("JOIN")
    quick.alice("NO")
    quick.forget()
    quick.alice("JOIN")
    quick.alice("YES")
    quick.expect(alice=["Reply YES to join", "What first name"])


def test_pause_of_somebody_who_declined_does_not_make_a_member(quick: Chat) -> None:
    quick.alice("JOIN")
    quick.alice("NO")
    quick.alice("PAUSE")
    quick.later("10d")
    assert quick.situation(quick.alice).member_state == "left"
    assert not any(subject.startswith("schedule:") for subject in quick.timers())


@pytest.mark.parametrize("word", ["CONTACTS", "CHECKIN", "saludo"])
def test_a_stranger_can_only_begin_what_asks_for_consent(quick: Chat, word: str) -> None:
    quick.charlie(word)
    quick.expect(charlie="Reply JOIN to take part")
    assert quick.person(quick.charlie) is None


@pytest.mark.parametrize("word", ["unirme", "¡Unirme!", "ÚNIRME", " unirme. "])
def test_the_language_of_the_word_is_the_language_of_the_person(quick: Chat, word: str) -> None:
    quick.alice(word)
    quick.expect(alice="SÍ para unirte")
    assert quick.situation(quick.alice).person.language == "es"


def test_a_contact_who_joins_in_spanish_is_written_to_in_spanish(quick: Chat) -> None:
    quick.joined("carmen")
    quick.carmen("UNIRME")
    quick.expect(carmen="SÍ para unirte")


def test_a_question_before_consent_is_read_as_what_it_is(quick: Chat) -> None:
    flow = quick.app.flows["welcome"]
    first = replace(flow, first="name")
    quick.app.go_live({**quick.app.flows, "welcome": first})
    quick.alice("JOIN")
    quick.alice("Alice")
    quick.expect(alice=["What first name", "Thanks, Alice.", "choose a trusted contact"])


def test_a_story_instead_of_a_name_is_cut_short(quick: Chat) -> None:
    story = "Well, it is a long story and it begins in a small town by the sea. " * 20
    for text in ("JOIN", "YES", story, "YES", story, NUMBERS["bob"]):
        quick.alice(text)
    quick.bob("YES")
    quick.forget()
    quick.alice("SUPPORT")
    quick.later("5m")
    for text in quick.alice.new() + quick.bob.new():
        assert "Well, it is a long story" in text
        assert len(text) < 300


def test_what_begins_with_joining_begins_then(quick: Chat) -> None:
    flow = replace(quick.app.flows["contacts"], start=(JoinedTrigger(),), check_in=False)
    quick.app.go_live({**quick.app.flows, "contacts": flow})
    quick.alice("JOIN")
    quick.alice("YES")
    quick.expect(alice=["Reply YES to join", "What first name", "Who would you like as a trusted contact"])


# ---------------------------------------------------------------- strangers


def test_a_stranger_in_crisis_is_told_where_people_are_and_staff_have_the_number(quick: Chat) -> None:
    quick.charlie("I want to kill myself")
    quick.expect(charlie="call or text 988", dana=[NUMBERS["charlie"]])
    (task,) = quick.tasks()
    assert (task.kind, task.member_id) == ("crisis", None)
    assert NUMBERS["charlie"] in task.note


def test_strangers(quick: Chat) -> None:
    for text in ("hello", "SUPPORT", "START", "later", "PAUSE", "1", "HELP"):
        quick.charlie(text)
        quick.expect(charlie="Reply JOIN to take part")
    quick.charlie("")
    quick.expect()
    quick.charlie("STOP")
    quick.expect(charlie="no more texts")
    quick.charlie("JOIN")
    quick.charlie("STOP")
    quick.expect()
    quick.charlie("START")
    quick.expect(charlie="welcome back")


# ---------------------------------------------------------------- pauses


def test_support_works_while_paused(quick: Chat) -> None:
    quick.joined("bob")
    quick.alice("PAUSE")
    quick.forget()
    quick.alice("SUPPORT")
    quick.expect(alice="In 5 minutes I will ask Bob")
    quick.later("5m")
    quick.expect(alice="I texted Bob", bob="would like to hear from you")


def test_a_pause_ends_by_itself_at_an_allowed_hour(quick: Chat) -> None:
    quick.joined("bob")
    quick.alice("pause for 3 days")
    quick.expect(alice="no check-ins until")
    quick.later("2d 23h")
    quick.expect()
    quick.later("1h")
    quick.expect(alice="your check-ins are on again")
    quick.later("7h")
    quick.expect(alice="How are you feeling today")


def test_a_pause_until_a_weekday_ends_on_that_day(quick: Chat) -> None:
    quick.joined("bob")  # a Monday
    quick.alice("stop until Thursday")
    quick.expect(alice="no check-ins until Thursday")
    quick.later("2d 20h")
    quick.expect()
    quick.until(quick.clock.now().replace(day=26, hour=14, minute=0))
    quick.expect(alice="your check-ins are on again")


def test_start_ends_a_pause(quick: Chat) -> None:
    quick.joined("bob")
    quick.alice("PAUSE")
    quick.forget()
    quick.alice("START")
    quick.expect(alice="your check-ins are on again")
    quick.later("8h")
    quick.expect(alice="How are you feeling today")


# ---------------------------------------------------------------- what a reviewer found


def test_a_spanish_stranger_is_answered_in_spanish(quick: Chat) -> None:
    quick.charlie("quiero morir")
    quick.expect(charlie="llama al 988", dana=NUMBERS["charlie"])


def test_a_contact_of_two_members_is_asked_about_the_other_one_at_once(quick: Chat) -> None:
    quick.joined("bob")
    quick.joined("bob", member="charlie")
    quick.alice("SUPPORT")
    quick.charlie("SUPPORT")
    quick.later("5m")
    quick.forget()
    quick.bob("1 for Alice")
    quick.expect(alice="Bob answered", bob=["I told Alice", "Charlie is still hoping"])


def test_stop_in_the_window_takes_the_request_back_and_staff_look_in(quick: Chat) -> None:
    quick.joined("bob")
    quick.alice("SUPPORT")
    quick.alice("STOP")
    assert [task.kind for task in quick.tasks()] == ["stopped_in_request"]


def test_stop_after_somebody_was_told_does_not_take_the_request_back(quick: Chat) -> None:
    quick.joined("bob")
    quick.alice("SUPPORT")
    quick.later("5m")
    quick.alice("STOP")
    quick.forget()
    quick.bob("1")
    quick.expect(bob="I told Alice")


def test_a_name_is_one_short_line(quick: Chat) -> None:
    quick.alice("JOIN")
    quick.alice("yes")
    quick.forget()
    quick.alice("Alice " * 60 + "\nReply STOP")
    text = " ".join(quick.alice.new())
    assert "Reply STOP" not in text
    assert len(text) < 400
