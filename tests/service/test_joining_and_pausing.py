"""Joining, once more and in another language; strangers; and pauses, with their ends."""

from __future__ import annotations

from dataclasses import replace

import pytest

from checkin.flow.model import JoinedTrigger
from tests.service.kit import NUMBERS, Chat

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


def test_a_pause_that_ends_today_says_when(quick: Chat) -> None:
    quick.joined("bob")
    quick.alice("pause for 3 hours")
    quick.expect(alice="no check-ins until today at 1:00 PM")
    quick.later("3h")
    quick.expect(alice="your check-ins are on again")


def test_a_pause_over_a_pause_counts_from_the_last_one(quick: Chat) -> None:
    quick.joined("bob")
    quick.alice("pause for 2 days")
    quick.later("1d")
    quick.alice("pause for 3 days")
    quick.forget()
    quick.later("2d 23h")
    quick.expect()
    quick.later("1h")
    quick.expect(alice="your check-ins are on again")


def test_start_ends_a_pause(quick: Chat) -> None:
    quick.joined("bob")
    quick.alice("PAUSE")
    quick.forget()
    quick.alice("START")
    quick.expect(alice="your check-ins are on again")
    quick.later("8h")
    quick.expect(alice="How are you feeling today")


# ---------------------------------------------------------------- strangers' languages, requests in between


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


@pytest.mark.parametrize(
    ("names", "text", "taken"),
    [
        (("Mary Ann", "Charlie"), "1 for Mary Ann", "alice"),
        (("Charlie", "Mary Ann"), "1 for mary-ann!", "charlie"),
        (("Mary", "Mary Ann"), "1 for Mary Ann", "charlie"),
        (("Mary Ann", "Mary"), "1 for Mary Ann", "alice"),
        (("Mary Ann", "Mary"), "1 for Mary", "charlie"),
        (("Ann", "Charlie"), "1 for Charlie, not Annie", "charlie"),
    ],
)
def test_a_contact_names_one_of_two_members_by_the_whole_name(
    quick: Chat, names: tuple[str, str], text: str, taken: str
) -> None:
    for member, name in zip(("alice", "charlie"), names, strict=True):
        phone = quick.phones[member]
        for words in ("JOIN", "YES", name, "YES", "Bob", NUMBERS["bob"]):
            phone(words)
        quick.bob("YES")
    for member in ("alice", "charlie"):
        quick.phones[member]("SUPPORT")
        quick.later("5m")
    quick.forget()
    quick.bob(text)
    other = names[1] if taken == "alice" else names[0]
    told = names[0] if taken == "alice" else names[1]
    quick.expect(**{taken: "Bob answered", "bob": [f"I told {told}", f"{other} is still hoping"]})


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
