"""What a flow decides, as the TwiML that Twilio is given: each effect, each kind of question, both languages.

A flow of one or two steps is played to a member who chose calls; the document that she hears is compared
sign by sign, and holds to Twilio's own verbs and attributes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from checkin.flow.load import load_flow
from checkin.service.rehearsal import play, stage
from checkin.service.rehearsal.stage import Theatre, open_theatre
from tests.service.kit import load_shipped, new_reader
from tests.standin.verbs import breaches
from webhooks import voice

SHIPPED = load_shipped()
HEAD = '<?xml version="1.0" encoding="UTF-8"?><Response>'
VOICES = {"en": ("en-US", "Polly.Joanna-Neural"), "es": ("es-US", "Polly.Lupe-Neural")}
GOODBYE = "You can call this number at any time. Goodbye."
DO = "answer: { %s }\n    go: done\n    no_reply: [{ after: 2h, go: done }]"
WINDOW = (
    "OK. In 5 minutes I will ask Bob to get in touch. I only say you'd like to hear from them. "
    "Changed your mind? Say no. Can't wait: call or text 9 8 8."
)


def says(*texts: str, language: str = "en") -> str:
    """Return what says these texts, with a second's rest between them."""
    tag, name = VOICES[language]
    return '<Pause length="1"/>'.join(f'<Say voice="{name}" language="{tag}">{text}</Say>' for text in texts)


def ends(*texts: str) -> str:
    """Return the document that says these texts, and hangs up."""
    return f"{HEAD}{says(*texts)}<Hangup/></Response>"


def asks(*texts: str, turn: int, keys: str = "one", hints: str = "", language: str = "en") -> str:
    """Return the document that says these texts while it listens; silence goes to the same address."""
    action = f"https://checkin.example.org/twilio/voice?turn={turn}"
    ending = 'numDigits="1" finishOnKey=""' if keys == "one" else 'finishOnKey="#"'
    words = f' hints="{hints}"' if hints else ""
    return (
        f'{HEAD}<Gather input="dtmf speech" action="{action}" method="POST" timeout="6" {ending}'
        f' speechTimeout="auto" language="{VOICES[language][0]}"{words} profanityFilter="false">'
        f'{says(*texts, language=language)}</Gather><Redirect method="POST">{action}</Redirect></Response>'
    )


@pytest.fixture(scope="module")
def theatre() -> Iterator[Theatre]:
    """What all plays share."""
    with open_theatre(SHIPPED, new_reader(SHIPPED)) as theatre:
        yield theatre


def hears(theatre: Theatre, steps: str, said: tuple[str, ...], language: str, wait: str) -> str:
    """Play a flow that begins with these steps; return the TwiML of the last turn that is heard."""
    source = f"flow: one\ntitle: One\nstart: [{{staff: true}}]\nsteps:\n{steps}\n  done:\n    end: done\n"
    loaded = load_flow(source, file="one.yaml", program=SHIPPED.program)
    assert loaded.flow is not None, loaded.issues
    one = replace(theatre, flows={**theatre.flows, "one": loaded.flow})
    begun = play.read_moment("monday 12:00", play.EPOCH, theatre.zone)
    opened = stage.open_stage(one, ["one"], now=begun, language=language, chosen=1, voice=True)
    opened.begins("one")
    for words in said:
        opened.says("member", words)
    telephone = opened.telephone
    assert telephone is not None
    if wait:
        before = len(telephone.documents)
        opened.until(play.read_moment(wait, begun, theatre.zone))
        assert len(telephone.documents) > before, "nothing was said meanwhile"
    request, document = telephone.documents[-1]
    written = voice.written(document, request, "https://checkin.example.org")
    assert breaches(written) == []
    return written.decode()


QUESTION = '  ask:\n    ask: { en: "Well?", es: "¿Y bien?" }\n    '
SAY = '  say:\n    say: { en: "Hi {first_name}, 1 < 2. 💛", es: "Hola." }\n    go: done'


@pytest.mark.parametrize(
    ("steps", "said", "wait", "twiml"),
    [
        (SAY, (), "", ends("Hi Alice, 1 &lt; 2.", GOODBYE)),
        (QUESTION + DO % "yes_no: true", (), "",
         asks("Well?", "Press 1 for yes, or 2 for no.", turn=2, hints="yes, no")),
        (QUESTION + DO % "scale: [1, 5]", (), "",
         asks("Well?", "Say or press a number from 1 to 5.", turn=2)),
        (QUESTION + DO % "scale: [0, 10]", (), "",
         asks("Well?", "Say or press a number from 0 to 10.", turn=2, keys="many")),
        (QUESTION + DO % "number: [0, 3]", (), "",
         asks("Well?", "Say or press a number from 0 to 3.", turn=2)),
        (QUESTION + DO % "number: [0, 90]", (), "",
         asks("Well?", "Say the number, or press it and then the pound key.", turn=2, keys="many")),
        (QUESTION + DO % "phone: true", (), "",
         asks("Well?", "Say the number slowly, or press it and then the pound key.", turn=2, keys="many")),
        (QUESTION + DO % "choice: { a: {en: walk, es: paseo}, b: {en: talk, es: hablar} }", (), "",
         asks("Well?", "Press 1 for walk. Press 2 for talk.", turn=2, hints="walk, talk")),
        (QUESTION + DO % "text: true", (), "", asks("Well?", turn=2)),
        (QUESTION + DO % "date: true", (), "", asks("Well?", turn=2)),
        (QUESTION + DO % "time: true", (), "", asks("Well?", turn=2)),
        # Keeping a result, and the end, are not heard.
        (QUESTION + DO % "scale: [1, 5], save_as: mood", ("4",), "", ends(GOODBYE)),
        # What is not understood is asked once more, slowly.
        (QUESTION + DO % "scale: [1, 5]", ("purple elephants",), "",
         asks(*(f'<prosody rate="80%">{text}</prosody>' for text in (
             "Sorry, I did not get that. Well?", "Say or press a number from 1 to 5.")), turn=3)),
        # A request for support can be taken back in the same call.
        ("  bring:\n    alert: low\n    go: done", (), "", ends(WINDOW, GOODBYE)),
        (QUESTION + "answer: yes_no\n    go: bring\n    no_reply: [{ after: 2h, go: done }]\n"
         "  bring:\n    alert: low\n    go: done", ("1",), "",
         asks(WINDOW, turn=3)),
        # The rung that calls asks the same question; a task is for staff alone.
        (QUESTION + "answer: yes_no\n    go: done\n    no_reply:\n      - { after: 1h, call: this_step }\n"
         "      - { after: 3h, go: done }", (), "monday 13:00",
         asks("Well?", "Press 1 for yes, or 2 for no.", turn=2, hints="yes, no")),
        (QUESTION + "answer: yes_no\n    go: note\n    no_reply: [{ after: 2h, go: done }]\n"
         '  note:\n    task: { kind: look, note: "{first_name}" }\n    go: done', ("2",), "", ends(GOODBYE)),
        ('  hold:\n    wait: 1h\n    go: then\n  then:\n    say: { en: "Hello.", es: "Hola." }\n    go: done',
         (), "monday 13:00", ends("Hello.", GOODBYE)),
    ],
)  # fmt: skip
def test_an_effect_as_twiml(
    theatre: Theatre, steps: str, said: tuple[str, ...], wait: str, twiml: str
) -> None:
    assert hears(theatre, steps, said, "en", wait) == twiml


def test_the_same_in_spanish(theatre: Theatre) -> None:
    steps = QUESTION + DO % "yes_no: true"
    asked = asks("¿Y bien?", "Marca 1 para sí, o 2 para no.", turn=2, hints="sí, no", language="es")
    assert hears(theatre, steps, (), "es", "") == asked
