"""The conversation from beginning to end, on both databases: somebody comes, or nobody answers."""

from __future__ import annotations

from checkin.alert.model import AlertState
from checkin.store import people
from tests.service.kit import MONDAY, NUMBERS, Chat


def _join_with_bob(chat: Chat) -> None:
    chat.alice("JOIN")
    chat.expect(alice="Reply YES to join")
    chat.alice("YES")
    chat.expect(alice="What first name")
    chat.alice("Alice")
    chat.expect(alice=["Thanks, Alice. Our staff read texts", "choose a trusted contact"])
    chat.alice("yes")
    chat.expect(alice="What is their first name")
    chat.alice("Bob")
    chat.expect(alice="Bob's mobile number")
    chat.alice("202-555-0102")
    chat.expect(
        alice=["I have asked Bob", "You are all set, Alice"], bob="Alice asks you to be a trusted contact"
    )
    chat.bob("YES please")
    chat.expect(bob="Thank you! If Alice wants", alice="Bob said yes")


def _a_low_day(chat: Chat) -> None:
    chat.until(chat.clock.now().replace(hour=22))  # five in the afternoon in New York
    chat.expect(alice="How are you feeling today")
    chat.alice("2")
    chat.expect(alice="Would you like someone to get in touch")
    chat.alice("yes")
    chat.expect(alice="In 5 minutes I will ask Bob")


def test_somebody_comes(chat: Chat) -> None:
    _join_with_bob(chat)
    _a_low_day(chat)
    chat.later("4m")
    chat.expect()
    chat.later("1m")
    chat.expect(alice="I texted Bob at 5:05", bob="Alice would like to hear from you today")
    chat.later("10m")
    chat.bob("1")
    chat.expect(bob="I told Alice that you will be in touch", alice="Bob answered at 5:15")
    chat.until(MONDAY.replace(day=24, hour=22, minute=16))
    chat.expect(alice=["How are you feeling today", "Did someone get in touch"])
    chat.alice("YES")
    chat.expect(alice=["closed your request", "I'm glad"])
    chat.alice("4")
    chat.expect(alice="Good to hear")
    chat.until(MONDAY.replace(day=26, hour=22, minute=17))
    assert "How are things since you asked for support" in chat.alice.new()[-1]
    chat.alice("5")
    chat.expect(alice="Thank you, Alice. Good that you asked")
    assert [alert.state for alert in chat.all_alerts()] == [AlertState.RESOLVED]
    assert chat.tasks() == []


def test_nobody_answers_and_nothing_ends_in_silence(chat: Chat) -> None:
    _join_with_bob(chat)
    chat.alice("ADD")
    chat.alice("Carmen")
    chat.alice("(202) 555 0103")
    chat.carmen("sí")
    chat.forget()
    _a_low_day(chat)
    chat.later("5m")
    chat.expect(alice="I texted Bob", bob="would like to hear from you")
    chat.later("30m")
    chat.expect(alice="So that you don't wait, I have now asked Carmen", carmen="would like to hear from you")
    chat.later("30m")
    chat.expect(alice="I told Dana from our staff", dana=NUMBERS["alice"])
    assert chat.tasks() == []
    chat.later("15m")
    chat.expect(alice="Nobody has answered yet", dana="nobody has taken Alice's request")
    assert [task.kind for task in chat.tasks()] == ["alert_unanswered"]
    chat.later("2d")
    reminders = sum("nobody has taken" in text for text in chat.dana.new())
    assert 15 < reminders < 40, "on-call staff are reminded for ever, and less and less often"
    chat.forget()
    chat.dana("1")
    chat.expect(
        dana="Thank you",
        alice="Dana answered",
        bob="Dana is getting in touch with Alice",
        carmen="Dana is getting in touch with Alice",
    )
    chat.later("1d")
    chat.alice.new()
    chat.alice("NO")
    chat.expect(
        alice=["That should not happen", "I have asked our staff to get in touch"],
        dana="nobody has taken Alice's request",
    )
    assert {task.kind for task in chat.tasks()} == {"alert_unanswered", "nobody_came"}


def test_the_change_of_mind(chat: Chat) -> None:
    chat.joined("bob")
    chat.alice("SUPPORT")
    chat.expect(alice="In 5 minutes I will ask Bob")
    chat.later("4m")
    chat.alice("NO")
    chat.expect(alice="OK, I told nobody")
    chat.later("3h")
    chat.expect()
    assert [alert.state for alert in chat.all_alerts()] == [AlertState.CANCELLED]


def test_what_was_agreed_to_is_recorded(chat: Chat) -> None:
    _join_with_bob(chat)
    alice, bob = chat.person(chat.alice), chat.person(chat.bob)
    assert alice is not None
    assert bob is not None
    (consent,) = chat.app.store.read(lambda unit: people.consents_of(unit, alice.id))
    assert (consent.about, consent.given, consent.at) == ("check_ins", True, MONDAY)
    assert (consent.asked.version, consent.asked.language) == ("welcome 1", "en")
    assert consent.asked.wording == (
        "Harbor Circle check-ins: about 1 text a day. We are not an emergency service. Reply YES to join, "
        "HELP for help, STOP to stop. Msg & data rates may apply."
    )
    (consent,) = chat.app.store.read(lambda unit: people.consents_of(unit, bob.id))
    assert (consent.about, consent.given, consent.channel) == (f"contact_for:{alice.id}", True, "sms")
    assert consent.asked.wording.startswith("Alice asks you to be a trusted contact at Harbor Circle")


def test_all_of_it_in_spanish(chat: Chat) -> None:
    chat.alice("UNIRME")
    chat.expect(alice="SÍ para unirte")
    chat.alice("SÍ")
    chat.expect(alice="¿Cómo quieres que te llamemos?")
    chat.alice("Alicia")
    chat.expect(alice=["Gracias, Alicia.", "¿Quieres elegir un contacto de confianza?"])
    chat.alice("sí, claro")
    chat.alice("Bob")
    chat.expect(alice=["¿Cómo se llama?", "celular de Bob"])
    chat.alice("202 555 0102")
    chat.expect(
        alice=["Le he preguntado a Bob", "Todo listo, Alicia"],
        bob="Alicia te quiere como contacto de confianza",
    )
    chat.bob("sí")
    chat.expect(bob="¡Gracias!", alice="Bob acepta ser tu contacto")
    alice = chat.person(chat.alice)
    assert alice is not None
    assert alice.language == "es"
    (consent,) = chat.app.store.read(lambda unit: people.consents_of(unit, alice.id))
    assert consent.given
    assert consent.asked.language == "es"
    assert "No es servicio de emergencia" in consent.asked.wording
    chat.until(chat.clock.now().replace(hour=22))
    chat.expect(alice="¿Cómo te sientes hoy")
    chat.alice("muy mal")
    chat.expect(alice="¿Quieres que alguien se ponga en contacto contigo?")
    chat.alice("NO")
    chat.expect(alice="APOYO")
    chat.alice("APOYO")
    chat.expect(alice="En 5 minutos le pido a Bob")
    chat.alice("ya no")
    chat.expect(alice="no le he avisado a nadie")
    chat.alice("necesito hablar con alguien")
    chat.later("5m")
    chat.expect(alice=["En 5 minutos", "Le he escrito a Bob"], bob="Alicia quiere hablar contigo")
    chat.bob("1")
    chat.expect(bob="Le he dicho a Alicia", alice="Bob va a ponerse en contacto contigo")
    chat.later("1d")
    chat.forget()
    chat.alice("no, nadie")
    chat.expect(
        alice=["Eso no debería pasar", "Le he pedido a nuestro equipo"],
        dana="Alicia asks for a person",
    )
