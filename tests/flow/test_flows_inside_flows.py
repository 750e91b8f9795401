"""Flows that others run: their steps stand inside, come back, are checked once, and are published along."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from checkin.conversation.run import RaiseAlert, RunState
from checkin.flow.bundle import bundle, unbundle
from checkin.flow.issue import Code
from checkin.flow.load import Loaded, load_flow, load_folder
from checkin.flow.model import Ask, Flow
from checkin.flow.program import Program
from tests.conversation.talk import Talk

OFFER = """\
flow: offer
title: Offering a person
start: [{ by_flow: true }]
steps:
  want:
    ask: Want a person?
    answer: { yes_no: true, save_as: wants }
    then: [{ if: wants == yes, go: bring }, { go: not_now }]
    no_reply: [{ after: 1h, say: Well? }, { after: 1d, go: silent }]
  bring:
    alert: low
    go: asked
  asked:
    end: asked
  not_now:
    end: not_now
  silent:
    end: silent
"""

OUTER = """\
flow: outer
title: Outer
start: [{ staff: true }]
steps:
  hello:
    say: Hello.
    go: person
  person:
    run: offer
    then: [{ if: 'offer_ended == "silent"', go: away }, { go: thanks }]
  thanks:
    say: Thanks.
    go: done
  away:
    end: away
  done:
    end: done
"""

PARTS = {"offer": OFFER, "outer": OUTER}


def load(program: Program, source: str = OUTER, **parts: str) -> Loaded:
    return load_flow(source, file="outer.yaml", program=program, parts={**PARTS, **parts})


def good(program: Program, source: str = OUTER, **parts: str) -> Flow:
    loaded = load(program, source, **parts)
    assert loaded.flow is not None, loaded.issues
    assert loaded.issues == ()
    return replace(loaded.flow, version=1)


def test_it_goes_through_the_inner_flow_and_comes_back(english: Program) -> None:
    going = Talk(good(english))
    going.start()
    assert going.run.step == "person want"
    effects = going.reply("yes")
    assert RaiseAlert("low") in effects
    assert (going.run.state, going.run.outcome) == (RunState.DONE, "done")
    assert going.run.results == {"wants": "yes", "offer_ended": "asked"}


def test_how_it_ended_decides_where_it_goes_on(english: Program) -> None:
    going = Talk(good(english))
    going.start()
    going.wait()
    going.wait()
    assert (going.run.outcome, going.run.results) == ("away", {"offer_ended": "silent"})


def test_a_flow_may_run_one_that_runs_another_and_one_twice(english: Program) -> None:
    middle = OUTER.replace("flow: outer", "flow: middle")
    twice = OUTER.replace("run: offer", "run: middle").replace("offer_ended", "middle_ended")
    twice = twice.replace('"silent"', '"away"').replace("say: Thanks.", "run: offer")
    flow = good(english, twice, middle=middle)
    assert set(flow.parts) == {"middle", "offer"}
    going = Talk(flow)
    going.start()
    assert going.run.step == "person person want"
    going.reply("no")
    assert going.run.step == "thanks want"
    going.reply("no")
    assert going.run.outcome == "done"


@pytest.mark.parametrize(
    ("source", "parts", "code", "mend"),
    [
        (OUTER.replace("run: offer", "run: ofer"), {}, Code.UNKNOWN_FLOW, "run: offer"),
        (OUTER.replace("run: offer", "run: outer"), {}, Code.CIRCLE, "by itself"),
        (
            OUTER,
            {"offer": OFFER.replace("    alert: low\n    go: asked", "    run: outer\n    go: asked")},
            Code.UNKNOWN_FLOW,
            "Mend the flow `offer` first.",
        ),
        (OUTER, {"offer": OFFER.replace("go: bring", "go: brin")}, Code.UNKNOWN_FLOW, "Mend"),
    ],
)
def test_what_cannot_be_run_is_told_where_it_is_run(
    source: str, parts: dict[str, str], code: Code, mend: str, english: Program
) -> None:
    loaded = load(english, source, **parts)
    assert loaded.flow is None
    (issue,) = [issue for issue in loaded.issues if issue.code in (Code.UNKNOWN_FLOW, Code.CIRCLE)]
    assert (issue.code, issue.line, issue.column, issue.step) == (code, 9, 10, "person")
    assert mend in issue.mend


def test_the_way_back_is_checked_like_any_other(english: Program) -> None:
    never = load(english, OUTER.replace("silent", "asleep"))
    assert [(i.code, i.line) for i in never.issues if i.is_error] == [(Code.NEVER, 10)]
    unset = load(english, OUTER.replace("say: Hello.", 'say: "{wants}"'))
    assert [(i.code, i.line) for i in unset.issues] == [(Code.NOT_SET, 6)]


def test_a_published_version_keeps_what_it_runs(english: Program) -> None:
    flow = good(english)
    stored = bundle(flow.source, flow.parts)
    assert unbundle(stored) == (OUTER, {"offer": OFFER})
    changed = {"offer": OFFER.replace("Want a person?", "Something else?")}
    again = load_flow(stored, file="stored", program=english, version=3, parts=changed).flow
    assert again is not None
    assert (again.source, again.parts, again.version) == (OUTER, {"offer": OFFER}, 3)
    asked, again_asked = flow.steps["person want"], again.steps["person want"]
    assert isinstance(asked, Ask)
    assert isinstance(again_asked, Ask)
    assert asked.text == again_asked.text
    assert bundle("flow: x", {}) == "flow: x"


def test_a_folder_finds_its_flows_and_tells_each_problem_in_its_own_file(
    flows_folder: Path, tmp_path: Path
) -> None:
    for name in ("program.yaml", "texts.yaml"):
        text = (flows_folder / name).read_text(encoding="utf-8")
        (tmp_path / name).write_text(text, encoding="utf-8")
    for name, text in PARTS.items():
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
    found = load_folder(tmp_path)
    assert {(i.file, i.code) for i in found.issues if i.is_error} == {
        ("offer.yaml", Code.LANGUAGE), ("outer.yaml", Code.LANGUAGE), ("outer.yaml", Code.UNKNOWN_FLOW),
    }  # fmt: skip


FINDS_OUT = """\
flow: offer
title: Finding out who there is
start: [{ by_flow: true }]
steps:
  want:
    ask: Want a person?
    answer: { yes_no: true, save_as: wants }
    then: [{ if: wants == yes and has_contact, go: somebody }, { go: nobody }]
    no_reply: [{ after: 1d, go: nobody }]
  somebody:
    end: somebody
  nobody:
    end: nobody
"""
BRINGS = """\
flow: outer
title: Outer
start: [{ staff: true }]
steps:
  person:
    run: offer
    then: [{ if: 'offer_ended == "somebody"', go: bring }, { go: done }]
  bring:
    alert: low
    go: done
  done:
    end: done
"""


def test_whether_a_person_comes_may_not_hang_on_how_a_flow_inside_ended_by_itself(english: Program) -> None:
    """The answer is the same; that there is no contact ends the inner flow otherwise, and nobody is told."""
    loaded = load(english, BRINGS, offer=FINDS_OUT)
    assert [issue.code for issue in loaded.issues] == [Code.NO_ALERT]


def test_what_the_member_answered_inside_may_decide_it(english: Program) -> None:
    by_the_answer = FINDS_OUT.replace(" and has_contact", "")
    assert good(english, BRINGS, offer=by_the_answer).steps
