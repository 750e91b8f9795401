"""Every conversation by phone: asked, answered by key or voice, repeated, dropped and gone on with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from checkin.alert.model import AlertState
from checkin.conversation.read import Reader
from checkin.flow.load import FlowSet
from checkin.service.settings import Settings
from tests.servers.migrated import make_migrated
from tests.service.kit import Chat, load_shipped, new_reader
from tests.standin.caller import PhoneCall
from tests.standin.standin import ACCOUNT_SID, AUTH_TOKEN
from webhooks.app import create_web
from webhooks.form import Form
from webhooks.signature import sign

PUBLIC_URL = "https://checkin.example.org"
Dial = Callable[..., PhoneCall]


@pytest.fixture(scope="module")
def shipped() -> tuple[FlowSet, Reader]:
    """The flows that the program ships with, and a reader with the shipped packs."""
    flow_set = load_shipped()
    return flow_set, new_reader(flow_set)


@pytest.fixture
def chat(sqlite_url: str, shipped: tuple[FlowSet, Reader]) -> Iterator[Chat]:
    """Alice has joined, and Bob is her trusted contact."""
    make_migrated(sqlite_url)
    chat = Chat(sqlite_url, *shipped)
    yield chat.joined("bob")
    chat.close()


@pytest.fixture
def dial(chat: Chat) -> Iterator[Dial]:
    """Calls the program, as Twilio does it."""
    settings = Settings(
        public_url=PUBLIC_URL,
        twilio_account_sid=ACCOUNT_SID,
        twilio_auth_token=AUTH_TOKEN,
        flows=Path("flows"),
    )
    with TestClient(create_web(chat.app, settings), base_url="http://10.0.0.7:8000") as web:

        def post(path: str, fields: list[tuple[str, str]]) -> str:
            form = Form({name: [value] for name, value in fields})
            signature = sign(AUTH_TOKEN, PUBLIC_URL + path, form)
            response = web.post(path, data=dict(fields), headers={"X-Twilio-Signature": signature})
            assert response.status_code == 200
            return response.text

        yield lambda number, **how: PhoneCall(post, number, **how)


def mood_is_asked(chat: Chat) -> None:
    """The daily question has come by text."""
    chat.later("8h")
    assert any("How are you feeling today" in text for text in chat.alice.new())
    chat.forget()


def test_a_check_in_is_answered_by_phone_and_its_alert_taken_by_phone(chat: Chat, dial: Dial) -> None:
    mood_is_asked(chat)
    call = dial(chat.alice.number)
    assert call.begin() == [
        "Hi Alice, it's Harbor Circle. How are you feeling today? "
        "Say or press a number from 1 to 5. 1 is very low, 5 is great."
    ]
    offered = call.press("2")
    assert "Would you like someone to get in touch with you?" in offered[0]
    asked = call.say("yes, please")
    assert "In 5 minutes I will ask Bob" in asked[0]
    assert "call or text 9 8 8" in asked[0]
    call.hang_up()
    chat.later("5m")
    assert any("Alice would like to hear from you" in text for text in chat.bob.new())
    bobs = dial(chat.bob.number)
    assert "Harbor Circle: Alice would like to hear from you today." in bobs.begin()[0]
    thanks = bobs.press("1")
    assert "I told Alice that you will be in touch" in thanks[0]
    assert bobs.over
    chat.settle()
    assert any("Bob answered" in text for text in chat.alice.new())
    assert [alert.state for alert in chat.all_alerts()] == [AlertState.ACKNOWLEDGED]


def test_the_same_in_spanish(chat: Chat, dial: Dial) -> None:
    call = dial(chat.charlie.number)
    call.begin()
    consent = call.say("unirme")
    assert consent[0].startswith("Harbor Circle:")
    assert consent[-1] == "Marca 1 para sí, o 2 para no."
    assert call.press("1")[0] == "¡Gracias por unirte! ¿Cómo quieres que te llamemos?"
    offer = call.say("Carlos")
    assert any("¿Quieres elegir un contacto de confianza?" in text for text in offer)
    closing = call.press("2")
    assert "Di contactos cuando quieras" in closing[0]
    assert closing[-1] == "Puedes llamar a este número a cualquier hora. Adiós."
    assert call.over
    again = dial(chat.charlie.number)
    offered = again.begin()
    assert offered[0].startswith("Hola, somos Harbor Circle.")
    assert again.press("1") == [
        "Hola Carlos, somos Harbor Circle. ¿Cómo te sientes hoy? "
        "Di o marca un número del 1, muy mal, al 5, muy bien."
    ]
    assert again.say("cinco")[0] == "Qué bueno, Carlos. Hasta pronto."


def test_a_stranger_hears_what_this_is_and_joins_with_one_key(chat: Chat, dial: Dial) -> None:
    call = dial(chat.charlie.number)
    greeting, spanish = call.begin()
    assert spanish == "Para seguir en español, marca 2."
    assert "not an emergency service" in greeting
    assert "call or text 9 8 8" in greeting
    assert "Say yes to join" in call.press("1")[0]
    other = dial("+12025550133")
    other.begin()
    assert "Sí para unirte" in other.press("2")[0]


@pytest.mark.parametrize("number", ["anonymous", "", "unknown", "+266696687"[:3]])
def test_a_hidden_number_is_answered_and_nothing_is_kept(chat: Chat, dial: Dial, number: str) -> None:
    call = dial(number)
    (said,) = call.begin()
    assert "call or text 9 8 8" in said
    assert "Your number is hidden" in said
    assert call.over


def test_the_menu_offers_everything_and_its_keys_work(chat: Chat, dial: Dial) -> None:
    call = dial(chat.alice.number)
    said = call.begin()
    assert said[1:] == [
        "To check in, press 1.",
        "To hear from a person, press 2.",
        "To pause your check-ins, press 3.",
        "To leave the program, press 9.",
        "To hear this again, press star.",
    ]
    assert call.press("3")[0].startswith("OK, no check-ins until")
    leaving = dial(chat.alice.number)
    leaving.begin()
    assert "you will get no more texts from us" in leaving.press("9")[0]
    back = dial(chat.alice.number)
    assert "Say start to come back" in back.begin()[0]
    assert "welcome back" in back.say("start")[0]


def test_who_asks_for_a_person_can_take_it_back_in_the_same_call(chat: Chat, dial: Dial) -> None:
    mood_is_asked(chat)
    call = dial(chat.alice.number)
    call.begin()
    call.press("1")
    assert "Changed your mind? Say no." in call.press("1")[0]
    assert not call.over
    assert call.say("no")[0].startswith("OK, I told nobody")
    assert call.over
    assert [alert.state for alert in chat.all_alerts()] == [AlertState.CANCELLED]


def test_an_order_is_no_misunderstanding_and_the_question_comes_again(chat: Chat, dial: Dial) -> None:
    mood_is_asked(chat)
    call = dial(chat.alice.number)
    question = call.begin()
    ordered = call.say("calls on")
    assert "a phone call is on" in ordered[0]
    assert ordered[1:] == question
    assert "prosody" not in call.requests[-1][2], "nothing was misunderstood, so nothing is said slowly"
    menu = dial(chat.alice.number)
    menu.begin()
    assert menu.press("4")[-1].endswith("Goodbye.")


def test_silence_is_asked_again_slowly_and_then_left(chat: Chat, dial: Dial) -> None:
    mood_is_asked(chat)
    call = dial(chat.alice.number)
    first = call.begin()
    assert call.silence() == first
    assert '<prosody rate="80%">' in call.requests[-1][2]
    assert call.silence() == [
        "I did not hear anything. That is fine, nothing is lost. "
        "Call or text this number whenever you like. Goodbye."
    ]
    assert call.over
    chat.alice("4")
    chat.expect(alice="Good to hear")


def test_what_is_not_understood_is_asked_once_more_slowly(chat: Chat, dial: Dial) -> None:
    mood_is_asked(chat)
    call = dial(chat.alice.number)
    call.begin()
    again = call.say("purple elephants marching")
    assert again[0].startswith("Sorry, I did not get that. Please say or press")
    assert '<prosody rate="80%">' in call.requests[-1][2]
    left = call.say("purple elephants marching")
    assert "A person will read what you wrote" in left[0]
    assert call.over


def test_star_repeats_and_zero_asks_for_a_person(chat: Chat, dial: Dial) -> None:
    mood_is_asked(chat)
    call = dial(chat.alice.number)
    first = call.begin()
    assert call.press("*") == first
    assert "In 5 minutes I will ask Bob" in call.press("0")[0]
    assert chat.all_alerts()
    assert call.say("no")[0].startswith("OK, I told nobody")
    assert [alert.state for alert in chat.all_alerts()] == [AlertState.CANCELLED]


def test_a_request_that_comes_again_hears_the_same_and_changes_nothing(chat: Chat, dial: Dial) -> None:
    mood_is_asked(chat)
    call = dial(chat.alice.number)
    call.begin()
    call.press("2")
    call.press("1")
    raised = chat.all_alerts()
    assert len(raised) == 1
    chat.clock.move_to(chat.clock.now() + timedelta(minutes=1))
    for index in range(3):
        assert call.again(index) == call.requests[index][2]
    assert chat.all_alerts() == raised


@pytest.mark.parametrize("answered", [0, 1, 2])
def test_a_call_that_drops_goes_on_by_phone_or_by_text(chat: Chat, dial: Dial, answered: int) -> None:
    mood_is_asked(chat)
    keys = ["3", "it was long", None][:answered]
    call = dial(chat.alice.number)
    said = call.begin()
    for key in keys:
        said = call.press(key) if key and len(key) == 1 else call.say(str(key))
    call.hang_up()
    second = dial(chat.alice.number)
    goes_on = second.begin()
    if answered == 2:
        assert goes_on[0].startswith("Hello, this is Harbor Circle")
    else:
        assert goes_on == said
        chat.alice("3" if answered == 0 else "nothing")
        assert chat.alice.new()


def test_nothing_is_said_before_a_yes_in_a_call_that_we_made(chat: Chat, dial: Dial) -> None:
    mood_is_asked(chat)
    call = dial(chat.alice.number, outbound=True, answered_by="human")
    gate = call.begin()
    assert gate == [
        "Hello. This is an automated call for Alice. Is that you? Say yes, or press 1. If not, press 2."
    ]
    assert "How are you feeling today?" in call.press("1")[0]
    stranger = dial(chat.alice.number, outbound=True)
    stranger.begin()
    assert stranger.press("2") == ["Thank you. Goodbye."]
    quiet = dial(chat.alice.number, outbound=True, answered_by="unknown")
    quiet.begin()
    assert quiet.silence() == gate
    assert quiet.silence() == []
    assert quiet.over


def test_a_machine_hears_a_first_name_and_a_number(chat: Chat, dial: Dial) -> None:
    mood_is_asked(chat)
    call = dial(chat.alice.number, outbound=True, answered_by="machine_end_beep")
    assert call.begin() == ["This is a message for Alice. Please call 2 0 2, 5 5 5, 0 1 0 0."]
    assert call.over
