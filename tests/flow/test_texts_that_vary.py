"""Texts in several wordings, for one and for many, with dates and numbers in them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from checkin.conversation.engine import step
from checkin.conversation.run import Say, Started
from checkin.flow.issue import Code, Issue
from checkin.flow.load import load_flow
from checkin.flow.model import Flow, Text
from checkin.flow.model import Say as SayStep
from checkin.flow.program import Program
from tests.conversation.talk import FACTS, Talk

FLOW = """\
flow: f
title: f
start: [{ staff: true }]
steps:
  set:
    set: { days: 1, day: 2027-01-14, at: "17:30", many: 12500 }
    go: said
  said:
    say: SAID
    go: end
  end:
    end: done
"""


def loaded(program: Program, said: str) -> Flow:
    found = load_flow(FLOW.replace("SAID", said), file="f.yaml", program=program)
    assert found.flow is not None, found.issues
    return replace(found.flow, version=1)


def text_of(program: Program, said: str) -> Text:
    step = loaded(program, said).steps["said"]
    assert isinstance(step, SayStep)
    return step.text


def issues(program: Program, said: str) -> list[Issue]:
    return list(load_flow(FLOW.replace("SAID", said), file="f.yaml", program=program).issues)


def test_one_and_many(program: Program) -> None:
    said = (
        '{ en: { one: "{days} day", other: "{days} days" }, es: { one: "{days} día", other: "{days} días" } }'
    )
    text = text_of(program, said)
    shown = [text.render(lang, {"days": days}) for lang in ("en", "es") for days in (0, 1, 2)]
    assert shown == ["0 days", "1 day", "2 days", "0 días", "1 día", "2 días"]
    assert text.render("en", {}).strip() == "days"


@pytest.mark.parametrize("many", ["Days", "{days} of {many}", "{first_name}"])
def test_one_and_many_need_one_number(many: str, english: Program) -> None:
    (issue,) = [i for i in issues(english, f'{{ one: "A day", other: "{many}" }}') if i.is_error]
    assert (issue.code, issue.line, issue.step) == (Code.PLURAL, 9, "said")


def test_dates_times_and_numbers_are_written_in_the_language(program: Program) -> None:
    text = text_of(program, '{ en: "{day} {at} {many} {days}", es: "{day} {at} {many} {days}" }')
    values = {"day": "2027-01-14", "at": "17:30", "many": 12500, "days": 2030}
    assert text.render("en", values) == "January 14 5:30 PM 12,500 2030"
    assert text.render("es", values) == "14 de enero 17:30 12.500 2030"
    assert text.render("en", {"day": "someday", "at": None}) == "someday"


def test_a_wording_is_drawn_for_each_transition_and_the_same_when_it_is_replayed(english: Program) -> None:
    flow = loaded(english, '["One.", "Two.", "Three."]')
    drawn = set()
    for number in range(40):
        talk = Talk(flow, FACTS)
        talk.run = talk.run._replace(id=f"run-{number}")
        said = [effect.text for effect in _begin(talk) if isinstance(effect, Say)]
        assert said == [effect.text for effect in _begin(talk) if isinstance(effect, Say)]
        drawn.update(said)
    assert drawn == {"One.", "Two.", "Three."}


def _begin(talk: Talk) -> tuple[object, ...]:
    _, effects = step(talk.flow, talk.run, Started(FACTS))
    return effects


def test_every_wording_is_checked_at_its_own_place(english: Program) -> None:
    (issue,) = issues(english, '["Hi {first_name}", "Hi {frist_name}"]')
    assert (issue.code, issue.line, issue.column) == (Code.PLACEHOLDER, 9, 34)
    dear = issues(english, '["Hi", "' + "ó" * 71 + '"]')
    assert [(i.code, i.column) for i in dear] == [(Code.SEGMENTS, 18)]
    (issue,) = issues(english, "[Only one]")
    assert (issue.code, issue.line) == (Code.WRONG_VALUE, 9)


def test_the_form_for_the_telephone_has_one_wording(english: Program) -> None:
    found = issues(english, '{ en: ["One", "Two"], en.voice: ["One", "Two"] }')
    assert [i.code for i in found] == [Code.WRONG_VALUE]
