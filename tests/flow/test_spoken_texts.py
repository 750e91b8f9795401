"""What is written for the eye is said as a person would say it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkin.flow.issue import Code
from checkin.flow.load import load_flow, load_folder
from checkin.flow.model import Ask
from checkin.flow.speech import seconds, spoken

FLOWS = Path(__file__).resolve().parents[2] / "flows"


@pytest.mark.parametrize(
    ("language", "written", "said"),
    [
        ("en", "Reply 1 if you can, 2 if not.", "Press 1 if you can, 2 if not."),
        ("es", "Responde 1 si puedes, 2 si no.", "Marca 1 si puedes, 2 si no."),
        ("en", "You can text SUPPORT at any hour.", "You can say support at any hour."),
        ("es", "Puedes escribir APOYO; si escribes APOYO", "Puedes decir apoyo; si dices apoyo"),
        ("en", "Reply YES to join, STOP to stop.", "Say yes to join, stop to stop."),
        ("en", "Now: call or text 988.", "Now: call or text 9 8 8."),
        (
            "es",
            "llama al 988 (marca 2) o manda AYUDA al 988",
            "Llama al 9 8 8, marca 2, o manda ayuda al 9 8 8",
        ),
        ("en", "In danger, call 911.", "In danger, call 9 1 1."),
        ("en", "Please call +12025550104 now.", "Please call 2 0 2, 5 5 5, 0 1 0 4 now."),
        ("en", "from 1 (very low) to 5 (great)?", "From 1, very low, to 5, great?"),
        ("en", "Thanks 💛, talk soon 🙂", "Thanks, talk soon"),
        ("en", "I texted Bob at 4:05 PM. OK?", "I texted Bob at 4 oh 5 PM. OK?"),
        ("en", "at 17:00 or 9:30 AM", "At 5 PM or 9 30 AM"),
        ("es", "a las 16:12.", "A las 4 y 12 de la tarde."),
        ("es", "a las 9:15", "A las 9 y cuarto de la mañana"),
        ("en", "Msg & data rates may apply.", "Message and data rates may apply."),
        ("en", "See https://www.example.org/help?x=1.", "See our website, example dot org."),
        ("es", "¿SÍ o NO?", "¿Sí o no?"),
        ("es", "Sentirse nervioso(a)", "Sentirse nervioso o nerviosa"),
        ("en", "What helps? Just write, or SKIP.", "What helps? Just say it, or skip."),
        ("es", "¿Qué ayuda? Escribe lo que quieras.", "¿Qué ayuda? Di lo que quieras."),
        ("en", "1) A walk 2) My sister.", "1: A walk. 2: My sister."),
        ("en", "1) A walk 2) 3)", "1: A walk"),
        ("en", "4) 5) 6)", ""),
        ("en", "They can text JOIN to this number.", "They can text join to this number."),
        ("en", "Alexandra answered at 2,000 steps", "Alexandra answered at 2,000 steps"),
    ],
)
def test_how_it_is_said(language: str, written: str, said: str) -> None:
    assert spoken(written, language) == said


@given(st.text(max_size=200), st.sampled_from(["en", "es", "fr"]))
def test_any_text_can_be_said_and_has_a_length(text: str, language: str) -> None:
    spoken(text, language)
    assert seconds(text, language) >= 0


@pytest.mark.parametrize("language", ["en", "es"])
def test_every_shipped_text_sounds_like_speech(language: str) -> None:
    shipped = load_folder(FLOWS)
    facts = {**shipped.program.facts(language), "first_name": "Alice"}
    texts = list(shipped.program.texts.values())
    texts += [
        step.text for flow in shipped.flows.values() for step in flow.steps.values() if hasattr(step, "text")
    ]
    assert len(texts) > 60
    for text in texts:
        said = text.spoken(language, facts)
        assert said == spoken(said, language), "what is spoken already comes out as it went in"
        assert not any(word.isupper() for word in said.split() if len(word.strip(".,:;?!")) > 3), said
        assert "eply" not in said, said
        assert "esponde " not in said, said


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_daily_check_in_asks_within_twelve_seconds(language: str) -> None:
    shipped = load_folder(FLOWS)
    mood = shipped.flows["daily"].steps["mood"]
    assert isinstance(mood, Ask)
    values = {**shipped.program.facts(language), "first_name": "Alexandra"}
    assert seconds(mood.text.spoken(language, values), language) <= 12


FLOW = """
flow: ring
title: Ring
start: [{staff: true}]
steps:
  hello:
    say:
      en: "Reply SUPPORT, or see https://example.org/a."
      en.voice: "%s"
      es: "Hola."
    go: done
  done:
    end: done
"""


def test_a_form_for_the_ear_replaces_the_written_one_and_is_checked_like_it() -> None:
    program = load_folder(FLOWS).program
    good = load_flow(FLOW % "Hello {first_name}, say support.", file="ring.yaml", program=program)
    assert good.flow is not None
    assert [issue.code for issue in good.issues] == []
    hello = good.flow.steps["hello"]
    text = hello.text  # type: ignore[union-attr]  # it is a step that says something
    assert text.spoken("en", {"first_name": "Alice"}) == "Hello Alice, say support."
    assert text.render("en", {}) == "Reply SUPPORT, or see https://example.org/a."
    assert text.spoken("es", {}) == "Hola."
    wrong = load_flow(FLOW % "Hello {firstname}", file="ring.yaml", program=program)
    assert wrong.flow is None
    assert [issue.code for issue in wrong.issues] == [Code.PLACEHOLDER]


def test_the_check_tells_what_is_hard_to_hear() -> None:
    program = load_folder(FLOWS).program
    long = load_flow(FLOW % ("and so on " * 20), file="ring.yaml", program=program)
    assert (Code.SPOKEN, 9) in [(issue.code, issue.line) for issue in long.issues]
    link = load_flow(FLOW.replace('      en.voice: "%s"\n', ""), file="ring.yaml", program=program)
    assert [issue.code for issue in link.issues] == [Code.SPOKEN]
    foreign = load_flow(
        FLOW.replace("en.voice", "fr.voice") % "Allo", file="ring.yaml", program=replace(program)
    )
    assert Code.LANGUAGE in [issue.code for issue in foreign.issues]
