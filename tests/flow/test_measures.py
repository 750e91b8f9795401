"""Ready measures: their data, what becomes of a step that asks one, and how it is scored."""

from __future__ import annotations

from dataclasses import replace
from importlib.resources import files
from typing import get_args

import pytest

from checkin.conversation.run import Record, Say
from checkin.flow import measures
from checkin.flow.issue import Code
from checkin.flow.load import load_flow
from checkin.flow.model import Ask, Flow, Score
from checkin.flow.program import Program
from checkin.flow.segments import segments
from checkin.flow.shape import MeasureShape
from tests.conversation.talk import FACTS, Talk

FLOW = """\
flow: f
title: f
start: [{ staff: true }]
steps:
  q:
    measure: NAME
    then: [{ if: CONDITION, go: low }, { go: fine }]
    no_reply: [{ after: 1d, go: away }]
  low:
    end: low
  fine:
    end: fine
  away:
    end: away
"""


def loaded(program: Program, name: str = "who5", condition: str = "who5_score <= 50") -> Flow:
    source = FLOW.replace("NAME", name).replace("CONDITION", condition)
    found = load_flow(source, file="f.yaml", program=program)
    assert found.flow is not None, found.issues
    return replace(found.flow, version=1)


def talk(flow: Flow, answers: list[int], **facts: int) -> Talk:
    begun = Talk(flow, {**FACTS, **facts})
    begun.start()
    for answer in answers:
        begun.reply("number", answer)
    return begun


def test_every_measure_can_be_written_and_has_its_data() -> None:
    assert get_args(MeasureShape.model_fields["measure"].annotation) == measures.NAMES
    for name in measures.NAMES:
        found = measures.measure(name)
        assert found.source
        assert found.licence
        assert found.languages >= {"en", "es"}
        for texts in (found.lead, found.answers, *found.items):
            assert set(texts) == found.languages
    kept = {path.name.removesuffix(".yaml") for path in files("checkin.flow").joinpath("measures").iterdir()}
    assert kept >= set(measures.NAMES)


def test_no_measure_asks_about_suicide_and_every_question_is_short() -> None:
    for name in measures.NAMES:
        found = measures.measure(name)
        for index in range(len(found.items)):
            for language in found.languages:
                said = found.question(index, language)
                assert not any(word in said.lower() for word in ("suicid", "dead", "muert", "hurt", "lastim"))
                assert segments(said).count <= (2 if language == "en" else 3)


def test_questions_come_one_at_a_time_and_every_answer_is_kept_at_once(program: Program) -> None:
    flow = loaded(program)
    assert [type(step) for step in flow.steps.values()][:6] == [Ask] * 5 + [Score]
    going = Talk(flow)
    (asked, _) = going.start()
    assert isinstance(asked, Say)
    assert asked.text.startswith(
        "1 of 5. Over the last 2 weeks: I have felt cheerful and in good spirits. 5 all"
    )
    effects = going.reply("number", 3)
    assert effects[0] == Record("who5_1", 3)
    assert isinstance(effects[1], Say)
    assert effects[1].text.startswith("2 of 5. ")
    going.wait()
    assert going.run.outcome == "away"
    assert going.run.results["who5_1"] == 3
    assert "who5_score" not in going.run.results


@pytest.mark.parametrize(
    ("name", "answers", "expected"),
    [
        ("who5", [0] * 5, {"who5_score": 0}),
        ("who5", [5, 4, 3, 2, 1], {"who5_score": 60}),
        ("who5", [5] * 5, {"who5_score": 100}),
        ("phq2", [3, 2], {"phq2_score": 5}),
        ("gad2", [1, 0], {"gad2_score": 1}),
        ("phq4", [3, 3, 1, 0], {"phq4_score": 7, "phq4_anxiety": 6, "phq4_low_mood": 1}),
        ("ucla3", [1, 2, 3], {"ucla3_score": 6}),
        ("mood", [2], {"mood_score": 2}),
    ],
)
def test_scores(program: Program, name: str, answers: list[int], expected: dict[str, int]) -> None:
    run = talk(loaded(program, name, f"{name}_score <= 3"), answers).run
    assert {key: run.results[key] for key in expected} == expected
    assert run.results[f"{name}_change"] is None


def test_an_answer_out_of_range_or_in_words_of_mood_is_no_answer(program: Program) -> None:
    going = talk(loaded(program), [6])
    assert going.run.step == "q"
    going.reply("low")
    assert going.run.step == "q"


def test_a_change_can_be_asked_for(program: Program) -> None:
    flow = loaded(program, condition="who5_change <= -10")
    assert flow.recalls == {"who5_score"}
    for before, outcome in ((80, "low"), (60, "fine")):
        run = talk(flow, [3] * 5, last_who5_score=before).run
        assert (run.results["who5_change"], run.outcome) == (60 - before, outcome)
    assert talk(flow, [3] * 5).run.outcome == "fine"


def test_the_last_score_is_known_from_the_beginning_and_this_one_only_after_the_last_answer(
    program: Program,
) -> None:
    intro = "steps:\n  hello:\n    say: { en: X, es: X }\n    go: q\n"
    source = FLOW.replace("NAME", "who5").replace("CONDITION", "who5_score > 3").replace("steps:\n", intro)
    for name, known in (("last_who5_score", True), ("who5_score", False), ("who5_1", False)):
        found = load_flow(source.replace("X", f'"{{{name}}}"'), file="f", program=program)
        assert {i.code for i in found.issues if i.is_error} == (set() if known else {Code.NOT_SET})


def test_what_is_wrong_is_told_once_and_at_the_step(program: Program) -> None:
    source = FLOW.replace("NAME", "who5").replace("CONDITION", "who5_score <= 50")
    silent = source.replace("    no_reply: [{ after: 1d, go: away }]\n", "").replace(
        "  away:\n    end: away\n", ""
    )
    wrong = load_flow(silent, file="f", program=program)
    assert [(i.code, i.line, i.step) for i in wrong.issues if i.is_error] == [(Code.NO_TIMEOUT, 5, "q")]
    never = load_flow(source.replace("<= 50", "> 100"), file="f", program=program)
    assert [(i.code, i.line) for i in never.issues] == [(Code.NEVER, 7)]
    unreachable = load_flow(
        source.replace("steps:\n", "steps:\n  a:\n    end: a\n"), file="f", program=program
    )
    assert {i.step for i in unreachable.issues if i.is_error} == {"q", "low", "fine", "away"}
    assert len([i for i in unreachable.issues if i.step == "q"]) == 1


def test_one_question_may_be_left_out_and_then_there_is_no_score(program: Program) -> None:
    source = FLOW.replace("NAME", "phq2").replace("CONDITION", "phq2_score >= 3")
    found = load_flow(
        source.replace("    no_reply", "    skip: one\n    no_reply"), file="f", program=program
    )
    assert found.flow is not None, found.issues
    going = Talk(replace(found.flow, version=1))
    going.start()
    going.reply("choice", "skip")
    assert going.run.step == "q 2"
    going.reply("number", 3)
    assert (going.run.outcome, going.run.results["phq2_score"]) == ("fine", None)
    assert "phq2_1" not in going.run.results
    without = talk(loaded(program, "phq2", "phq2_score >= 3"), [])
    without.reply("choice", "skip")
    assert without.run.step == "q"


def test_a_language_without_wording_is_told(program: Program) -> None:
    french = replace(program, languages=("en", "fr"))
    found = load_flow(
        FLOW.replace("NAME", "who5").replace("CONDITION", "who5_score <= 50"), file="f", program=french
    )
    assert [(i.code, i.line) for i in found.issues] == [(Code.LANGUAGE, 6)]
