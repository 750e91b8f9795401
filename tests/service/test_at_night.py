"""What people really write, and when: in two roles at once, late, twice, with STOP in the middle."""

from __future__ import annotations

from datetime import UTC, datetime

from checkin.alert.model import AlertState, Told
from checkin.flow.program import Limits
from checkin.service.auditor import audit_alerts
from checkin.store import contacts
from tests.service.kit import NUMBERS, Chat, Phone


def joins(chat: Chat, phone: Phone, name: str) -> None:
    """Let somebody join without a trusted contact."""
    for text in ("JOIN", "YES", name, "NO"):
        phone(text)
    chat.forget()


# ---------------------------------------------------------------- who took it sleeps


def taken_in_the_evening(chat: Chat) -> None:
    """Let Bob take a request just after five in New York: 32 hours later it is one at night."""
    chat.until(datetime(2026, 11, 24, 22, 5, tzinfo=UTC))
    chat.alice("SUPPORT")
    chat.later("5m")
    chat.bob("1")
    chat.forget()


def asked_whether(chat: Chat) -> list[datetime]:
    return [row.created_at for row in chat.rows(chat.bob) if "did you get to talk" in row.body]


def test_nobody_is_woken_to_be_asked_whether_they_got_in_touch(quick: Chat) -> None:
    taken_in_the_evening(quick.joined("bob"))
    quick.until(datetime(2026, 11, 26, 13, 59, tzinfo=UTC))
    assert asked_whether(quick) == []
    assert audit_alerts(quick.app) == 0
    quick.until(datetime(2026, 11, 26, 14, 0, tzinfo=UTC))  # nine in the morning
    assert asked_whether(quick) == [quick.clock.now()]
    quick.later("33h")
    assert any("Alice asks for a person" in text for text in quick.dana.new())


def test_a_takers_own_quiet_hours_count_in_the_morning_too(quick: Chat) -> None:
    quick.joined("bob")
    quick.bob("quiet 11pm to 10:30am")
    taken_in_the_evening(quick)
    assert audit_alerts(quick.app) == 0
    quick.until(datetime(2026, 11, 26, 15, 30, tzinfo=UTC))
    assert asked_whether(quick) == [quick.clock.now()]


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
    quick.expect(alice="That is your own number")
    assert quick.tasks() == []


def test_naming_a_contact_again_says_how_it_stands(quick: Chat) -> None:
    quick.joined("bob")
    quick.alice("ADD")
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
    quick.expect(alice="will not ask again yet")


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
    quick.expect(bob="thank you for telling us. Our staff will read it")
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


def test_a_contact_who_can_be_there_later_is_asked_for_a_1_or_a_2(quick: Chat) -> None:
    quick.joined("bob")
    quick.alice("SUPPORT")
    quick.later("6m")
    quick.forget()
    for text in ("in an hour", "I can in an hour", "later", "i can after 5", "at 2"):
        quick.bob(text)
        quick.expect(bob="Later today is fine. Shall I tell Alice that you will be in touch? Reply 1")
    quick.bob("1")
    quick.expect(alice="Bob answered", bob="I told Alice")
    quick.bob("in an hour")
    quick.expect(bob="thank you for telling us")


def test_a_contact_who_was_driving_and_can_later_hears_that_it_still_counts(quick: Chat) -> None:
    quick.joined("bob")
    quick.alice("SUPPORT")
    quick.later("6m")
    quick.bob("Sorry, driving")
    quick.forget()
    quick.bob("in an hour")
    quick.expect(bob="If you can be in touch after all, reply 1")
    quick.bob("1")
    quick.expect(alice="Bob answered", bob="I told Alice", dana="Bob is getting in touch")


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
    (contact,) = quick.app.store.read(lambda unit: contacts.of_member(unit, alice.id))
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
    quick.expect(alice=["That's fine. Text CONTACTS", "You are all set, Alice"])
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
    quick.expect(
        bob="our staff will read this by the next working day. If you need someone now: call or text 988"
    )
    assert [task.kind for task in quick.tasks()] == ["unread"]


def test_a_reply_while_two_questions_wait_answers_the_newest_and_then_the_other(quick: Chat) -> None:
    quick.joined("bob")
    quick.alice("ADD")
    quick.until(quick.clock.now().replace(hour=22))
    assert quick.waiting(quick.alice) == [("daily", "mood"), ("contacts", "name")]
    quick.forget()
    quick.alice("4")
    quick.expect(alice="Good to hear")
    quick.alice("Carmen")
    quick.expect(alice="Carmen's mobile number")


def asked_twice(chat: Chat, *, minute: int) -> None:
    """Ask Alice, who wanted support yesterday at nine and so many, whether somebody came, and how she is.

    The one is asked a day after Bob was told, the other at ten.
    """
    chat.joined("bob")
    chat.as_program(check_ins=Limits(a_day=2, a_week=14))
    chat.until(chat.clock.now().replace(hour=21, minute=minute))
    chat.alice("SUPPORT")
    chat.later("5m")
    chat.bob("1")
    chat.until(chat.clock.now().replace(hour=22, minute=1))
    chat.alice("4")
    chat.later("23h")
    chat.forget()
    chat.later("1h 5m")


def test_a_no_to_whether_somebody_came_is_heard_behind_a_newer_question(quick: Chat) -> None:
    asked_twice(quick, minute=51)
    quick.expect(alice=["Did someone get in touch with you", "How are you feeling"])
    quick.alice("No")
    quick.expect(
        alice=["I'm sorry, Alice. That should not happen", "I have asked our staff"],
        dana="Alice asks for a person",
    )
    assert quick.waiting(quick.alice) == [("daily", "mood")]
    assert "nobody_came" in [task.kind for task in quick.tasks()]


def test_how_a_member_is_is_heard_behind_a_newer_question(quick: Chat) -> None:
    asked_twice(quick, minute=58)
    quick.expect(alice=["How are you feeling", "Did someone get in touch with you"])
    quick.alice("2")
    quick.expect(alice="Would you like someone to get in touch with you")
    assert quick.waiting(quick.alice) == [("daily", "offer"), ("after_support", "came")]


def test_both_of_two_questions_are_answered_the_older_one_first(quick: Chat) -> None:
    asked_twice(quick, minute=51)
    quick.forget()
    quick.alice("yes")
    quick.expect(alice=["I have closed your request", "I'm glad"])
    quick.alice("2")
    quick.expect(alice="Would you like someone to get in touch with you")
    quick.alice("yes")
    quick.expect(alice="In 5 minutes I will ask Bob")


def test_words_that_may_be_about_anything_are_for_the_newest_question(quick: Chat) -> None:
    asked_twice(quick, minute=51)
    quick.forget()
    quick.alice("purple elephants")
    quick.expect(alice="Sorry, I did not get that. How are you feeling")
    assert quick.waiting(quick.alice) == [("daily", "mood"), ("after_support", "came")]


def test_the_same_flow_again_replaces_the_one_that_waits(quick: Chat) -> None:
    quick.joined("bob")
    quick.alice("CHECKIN")
    quick.alice("CHECKIN")
    quick.expect(alice=["How are you feeling", "How are you feeling"])
    assert [flow for flow, _ in quick.waiting(quick.alice)] == ["daily"]
