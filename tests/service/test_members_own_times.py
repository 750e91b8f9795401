"""A member sets, by text, how often, when and on which days they are asked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.service.kit import Chat

ZONE = ZoneInfo("America/New_York")


def asked_at(chat: Chat, days: int, *, answer: str | None = "5") -> list[str]:
    """Let so many days pass; return when Alice was asked, on her own clock, as `Mon 17:00`."""
    seen: list[str] = []
    before = len(chat.carrier.taken_at)
    end = chat.clock.now() + timedelta(days=days)
    while chat.clock.now() < end:
        chat.until(min(end, chat.clock.now() + timedelta(minutes=30)))
        for at, outgoing in chat.carrier.taken_at[before:]:
            if "How are you feeling" in outgoing.body:
                seen.append(f"{at.astimezone(ZONE):%a %H:%M}")
                if answer is not None:
                    chat.alice(answer)
        before = len(chat.carrier.taken_at)
    chat.forget()
    return seen


def says(chat: Chat, text: str) -> str:
    """Text something as Alice; return the one answer."""
    (answer,) = chat.alice(text)
    chat.forget()
    return answer


def test_settings_tell_how_it_is_and_how_to_change_it(chat: Chat) -> None:
    chat.joined("bob")
    assert says(chat, "SETTINGS") == (
        "Check-ins: once a day at most, any day, at 5:00 PM, from 9:00 AM to 9:00 PM. "
        "Reply LESS, MORE, TIME 8pm, DAYS Mon Wed, HOURS 10am-6pm, ESPAÑOL."
    )


def test_a_time_of_ones_own(chat: Chat) -> None:
    chat.joined("bob")
    answer = says(chat, "change my time to 8")
    assert "at 8:00 PM" in answer, "eight in the morning is outside the program's hours"
    assert asked_at(chat, 2) == ["Mon 20:00", "Tue 20:00"]
    assert "at 10:30 AM" in says(chat, "TIME 10:30 am")
    assert asked_at(chat, 1) == ["Wed 10:30"]


def test_a_time_outside_the_hours_is_not_taken_until_the_hours_are_wider(quick: Chat) -> None:
    quick.joined("bob")
    assert says(quick, "TIME 8am").startswith("8:00 AM is outside your hours, 9:00 AM to 9:00 PM.")
    assert "from 7:00 AM to 9:00 PM" in says(quick, "HOURS 7am-9pm")
    assert "at 8:00 AM" in says(quick, "TIME 8am")
    assert asked_at(quick, 2) == ["Tue 08:00", "Wed 08:00"]


def test_days_of_ones_own(quick: Chat) -> None:
    quick.joined("bob")
    assert "Tue and Fri" in says(quick, "DAYS tuesday and friday")
    assert asked_at(quick, 10) == ["Tue 17:00", "Fri 17:00", "Tue 17:00"]
    assert "any day" in says(quick, "days every day")
    assert asked_at(quick, 2) == ["Thu 17:00", "Fri 17:00"]


def test_less_and_less_and_more(quick: Chat) -> None:
    quick.joined("bob")
    assert "every other day" in says(quick, "less")
    assert asked_at(quick, 5) == ["Wed 17:00", "Fri 17:00"]
    assert "twice a week" in says(quick, "LESS")
    assert "once a week" in says(quick, "less often please")
    assert asked_at(quick, 15) == ["Fri 17:00", "Fri 17:00"]
    assert "every two weeks" in says(quick, "less")
    assert says(quick, "less").startswith("That is as seldom as we write.")
    for _ in range(3):
        says(quick, "more")
    assert "once a day" in says(quick, "MORE")
    assert says(quick, "more").startswith("You already hear from us as often as we ask")
    assert len(asked_at(quick, 3)) == 3


def test_hours_of_ones_own_move_the_time_into_them_and_hold_for_everything(quick: Chat) -> None:
    quick.joined("bob")
    assert "at 10:00 AM, from 10:00 AM to 1:00 PM" in says(quick, "hours 10am to 1pm")
    assert asked_at(quick, 3, answer=None) == ["Tue 10:00", "Wed 10:00", "Thu 10:00"]
    sent = [at.astimezone(ZONE) for at, out in quick.carrier.taken_at if "missed you" in out.body]
    assert len(sent) == 2
    assert all(10 <= at.hour < 13 for at in sent)


def test_hours_of_one_day(quick: Chat) -> None:
    quick.joined("bob")
    says(quick, "HOURS 9am-12pm on Tuesday")
    assert asked_at(quick, 3) == ["Mon 17:00", "Tue 09:00", "Wed 17:00"]


def test_a_word_that_answers_the_question_is_the_answer(quick: Chat) -> None:
    quick.joined("bob")
    quick.alice("CHECKIN")
    quick.alice("3")
    quick.forget()
    quick.alice("more")  # asked what there is to say about today
    quick.expect(alice="A person reads what you write")
    quick.alice("CHECKIN")
    quick.forget()
    quick.alice("TIME 4pm")
    quick.expect(alice="at 4:00 PM")
    assert quick.waiting(quick.alice) == [("daily", "mood")], "the question stays open"


def test_settings_in_spanish(quick: Chat) -> None:
    quick.alice("UNIRME")
    for text in ("SÍ", "Alicia", "NO"):
        quick.alice(text)
    quick.forget()
    assert "a las 20:00" in says(quick, "hora 8")
    assert "lun y jue" in says(quick, "días lunes y jueves")
    assert "cada dos días" in says(quick, "menos seguido")


@pytest.mark.parametrize("texts", [("PAUSE", "TIME 8pm", "START"), ("TIME 8pm", "STOP", "START")])
def test_what_was_set_outlives_a_pause_and_stop(quick: Chat, texts: Sequence[str]) -> None:
    quick.joined("bob")
    for text in texts:
        quick.alice(text)
    quick.forget()
    assert asked_at(quick, 1) == ["Mon 20:00"]


def test_strangers_and_contacts_have_no_settings(quick: Chat) -> None:
    quick.joined("bob")
    quick.bob("SETTINGS")
    quick.charlie("SETTINGS")
    quick.expect(bob="thank you for telling us", charlie="This is Harbor Circle")


def test_a_change_is_in_the_journal(quick: Chat) -> None:
    quick.joined("bob")
    before = quick.situation(quick.alice).seq
    says(quick, "TIME 8pm")
    assert quick.situation(quick.alice).seq == before + 1
    assert quick.situation(quick.alice).person.rhythm.at == "20:00"


def test_three_check_ins_without_an_answer_and_they_come_weekly(quick: Chat) -> None:
    quick.joined("bob")
    assert asked_at(quick, 12, answer=None) == ["Mon 17:00", "Tue 17:00", "Wed 17:00", "Thu 17:00"]
    assert quick.situation(quick.alice).person.rhythm.unanswered == 4
    quick.alice("thank you, I'm still here")
    quick.forget()
    assert len(asked_at(quick, 3)) == 3, "whoever writes is asked as before"


def test_a_phone_that_answers_by_itself_is_no_answer(quick: Chat) -> None:
    quick.joined("bob")
    asked_at(quick, 2, answer=None)
    unanswered = quick.situation(quick.alice).person.rhythm.unanswered
    assert unanswered > 0
    quick.alice("I'm driving with Do Not Disturb on. I'll see your message later. (auto-reply)")
    assert quick.situation(quick.alice).person.rhythm.unanswered == unanswered
    quick.alice("4")
    assert quick.situation(quick.alice).person.rhythm.unanswered == 0


def test_an_answer_to_the_first_question_counts_though_the_next_stays_open(quick: Chat) -> None:
    quick.joined("bob")
    assert len(asked_at(quick, 6, answer="2")) == 6  # nobody says whether someone is to come
    assert quick.situation(quick.alice).person.rhythm.unanswered == 0


def test_another_language(quick: Chat) -> None:
    quick.joined("bob")
    assert "Desde ahora te escribimos en español" in says(quick, "LANGUAGE Spanish")
    quick.until(quick.clock.now().replace(hour=22, minute=1))
    (question,) = quick.alice.new()
    assert question.startswith("Hola")
    assert "From now on we write to you in English" in says(quick, "in English please")
    assert "Desde ahora te escribimos en español" in says(quick, "español")
    assert says(quick, "AJUSTES").endswith("HORARIO 10-18, ENGLISH.")
    assert says(quick, "idioma") == says(quick, "AJUSTES")
