"""A member who is written to in one language and answers in the other is understood."""

from __future__ import annotations

from tests.service.kit import Chat


def test_a_member_in_english_answers_in_spanish(quick: Chat) -> None:
    quick.joined()
    quick.until(quick.clock.now().replace(hour=22, minute=1))
    quick.expect(alice="How are you feeling")
    quick.alice("más o menos, un tres")
    quick.expect(alice="Is there anything you would like to say")
    quick.alice("que alguien me llame por favor")
    assert len(quick.all_alerts()) == 1
    quick.forget()
    quick.alice("ya no me escriban")
    assert quick.situation(quick.alice).person.stopped


def test_a_member_in_spanish_answers_in_english(quick: Chat) -> None:
    for text in ("UNIRME", "yes please", "Alice", "no thanks"):
        quick.alice(text)
    quick.forget()
    assert quick.situation(quick.alice).person.language == "es"
    quick.until(quick.clock.now().replace(hour=22, minute=1))
    quick.expect(alice="¿Cómo te sientes hoy")
    quick.alice("pretty low today, can someone call me")
    assert len(quick.all_alerts()) == 1
    quick.forget()
    quick.alice("please stop texting me")
    assert quick.situation(quick.alice).person.stopped
