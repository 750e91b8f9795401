"""One turn of a call as TwiML: exactly so, and as twilio's own builder writes it."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.twiml.voice_response import Gather, Say, VoiceResponse

from checkin.conversation.call import Document, Listen, agree, ask, heard, menu
from checkin.flow.model import Answer
from webhooks.voice_twiml import VOICES, call

ACTION = "https://checkin.example.org/twilio/voice?turn=1"
HEAD = '<?xml version="1.0" encoding="UTF-8"?><Response>'
SAY = '<Say voice="Polly.Joanna-Neural" language="en-US">'
REDIRECT = f'<Redirect method="POST">{ACTION}</Redirect></Response>'
GATHER = (
    f'<Gather input="dtmf speech" action="{ACTION}" method="POST" timeout="6" numDigits="1" finishOnKey=""'
    ' speechTimeout="auto" language="en-US"'
)


@pytest.mark.parametrize(
    ("document", "twiml"),
    [
        (
            Document("en", ("Thank you, Alice.", "Goodbye.")),
            f'{HEAD}{SAY}Thank you, Alice.</Say><Pause length="1"/>{SAY}Goodbye.</Say><Hangup/></Response>',
        ),
        (
            agree(["Would you like that?"], "en"),
            f'{HEAD}{GATHER} hints="yes, no" profanityFilter="false">{SAY}Would you like that?</Say>'
            f'<Pause length="1"/>{SAY}Press 1 for yes, or 2 for no.</Say></Gather>{REDIRECT}',
        ),
        (
            Document("en", ("Tom & Ann?",), Listen(1), slow=True),
            f'{HEAD}{GATHER} profanityFilter="false">{SAY}<prosody rate="80%">Tom &amp; Ann?</prosody></Say>'
            f"</Gather>{REDIRECT}",
        ),
        (
            ask(["¿Qué número?"], Answer("phone"), "es"),
            f'{HEAD}<Gather input="dtmf speech" action="{ACTION}" method="POST" timeout="6" finishOnKey="#"'
            ' speechTimeout="auto" language="es-US" profanityFilter="false">'
            '<Say voice="Polly.Lupe-Neural" language="es-US">¿Qué número?</Say><Pause length="1"/>'
            '<Say voice="Polly.Lupe-Neural" language="es-US">'
            f"Di el número despacio, o márcalo y luego la tecla numeral.</Say></Gather>{REDIRECT}",
        ),
        (
            Document("en", ("Hello.",), others=(("es", "Hola."),)),
            f'{HEAD}{SAY}Hello.</Say><Pause length="1"/>'
            '<Say voice="Polly.Lupe-Neural" language="es-US">Hola.</Say><Hangup/></Response>',
        ),
        (Document("en", ()), f"{HEAD}<Hangup/></Response>"),
    ],
)
def test_what_is_said_as_twiml(document: Document, twiml: str) -> None:
    assert call(document, ACTION).decode() == twiml


def vendor(document: Document) -> bytes:
    """Write the same with twilio's own builder, which knows Twilio's verbs and attributes."""
    tag, voice = VOICES[document.language]
    response = VoiceResponse()
    into = response
    if document.listen is not None:
        into = Gather(
            input="dtmf speech", action=ACTION, method="POST", timeout=6,
            num_digits=1 if document.listen.keys == 1 else None,
            finish_on_key="" if document.listen.keys == 1 else "#",
            speech_timeout="auto", language=tag, hints=", ".join(document.listen.hints) or None,
            profanity_filter=False,
        )  # fmt: skip
    for index, text in enumerate(document.says):
        if index:
            into.pause(length=1)
        say = Say("" if document.slow else text, voice=voice, language=tag)
        if document.slow:
            say.prosody(text, rate="80%")
        into.append(say)
    if document.listen is None:
        response.hangup()
    else:
        response.append(into)
        response.redirect(ACTION, method="POST")
    return response.to_xml().encode()


def tree(document: bytes) -> list[tuple[str, dict[str, str], str]]:
    return [(one.tag, dict(one.attrib), one.text or "") for one in ElementTree.fromstring(document).iter()]


WORDS = st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff"), min_size=1)


@given(
    st.builds(
        Document,
        st.sampled_from(["en", "es"]),
        st.lists(WORDS, max_size=3).map(tuple),
        st.none()
        | st.builds(Listen, st.sampled_from([1, None]), st.just({}), st.lists(WORDS, max_size=2).map(tuple)),
        st.booleans(),
    )
)
def test_it_is_the_vendors_document(document: Document) -> None:
    assert tree(call(document, ACTION)) == tree(vendor(document))


@given(WORDS)
def test_a_document_survives_being_stored(text: str) -> None:
    document = menu(text, {"support": "support", "stop": "stop"}, "en")
    assert Document.from_json(document.to_json()) == document


@pytest.mark.parametrize(
    ("document", "digits", "speech", "words"),
    [
        (agree(["?"], "en"), "1", "", "yes"),
        (agree(["?"], "es"), "2", "", "no"),
        (agree(["?"], "en"), "0", "", "support"),
        (agree(["?"], "en"), "", " Yes please. ", "Yes please."),
        (agree(["?"], "en"), "#", "", ""),
        (ask(["?"], Answer("scale", low=1, high=5), "en"), "4", "", "4"),
        (ask(["?"], Answer("scale", low=1, high=5), "en"), "0", "", "support"),
        (ask(["?"], Answer("scale", low=0, high=9), "en"), "0", "", "0"),
        (ask(["?"], Answer("choice", choices={"a": {"es": ("paseo",)}, "b": {"es": ("hablar",)}}), "es"),
         "2", "", "hablar"),
        (menu("Hi", {"check_in": "checkin", "support": "support", "stop": "stop"}, "en"), "9", "", "stop"),
        (menu("Hi", {"check_in": "checkin", "support": "support", "stop": "stop"}, "en"), "1", "", "checkin"),
        (Document("en", ("?",), Listen(None)), "2025550103#", "", "2025550103"),
    ],
)  # fmt: skip
def test_what_a_key_means(document: Document, digits: str, speech: str, words: str) -> None:
    assert heard(document, digits, speech) == words
