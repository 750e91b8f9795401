"""A phone follows a document as Twilio does: what is said, what is waited for, and where it goes on."""

from __future__ import annotations

import pytest

from checkin.carrier.twiml import Line, Listening, Played, Unplayable, play


def doc(body: str) -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?><Response>{body}</Response>'


def test_what_is_said_before_the_end() -> None:
    played = play(
        doc('<Say language="es-US">Hola</Say><Pause length="1"/><Say>Bye</Say><Hangup/><Say>No</Say>')
    )
    assert played == Played((Line("Hola", "es-US"), Line("Bye", "en-US")))
    assert played.over


def test_a_gather_waits_and_knows_what_silence_does() -> None:
    played = play(
        doc(
            '<Gather input="dtmf speech" action="/next" numDigits="1" finishOnKey="">'
            '<Say><prosody rate="80%">Slowly?</prosody></Say></Gather>'
            '<Redirect method="POST">/silence</Redirect>'
        )
    )
    assert played.lines == (Line("Slowly?", "en-US", slow=True),)
    assert played.listens == Listening("/next", 1, "", True, Played(then="/silence"))
    assert not played.over


def test_a_gather_with_nothing_behind_it_ends_in_silence_and_has_twilios_defaults() -> None:
    played = play(doc("<Gather action='/a'><Say>Keys?</Say></Gather>"))
    assert played.listens == Listening("/a", None, "#", False, Played())
    assert played.listens.silence.over


def test_a_redirect_goes_on_at_once() -> None:
    assert play(doc("<Say>Hm</Say><Redirect>/on</Redirect><Say>never</Say>")) == Played(
        (Line("Hm", "en-US"),), then="/on"
    )


@pytest.mark.parametrize(
    ("document", "why"),
    [("<Response><Say>", "12100"), (doc("<say>x</say>"), "12200"), (doc("<Dial>+1</Dial>"), "12200")],
)
def test_what_twilio_would_not_play(document: str, why: str) -> None:
    with pytest.raises(Unplayable, match=why):
        play(document)
