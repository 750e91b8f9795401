"""What YAML becomes: every kind of step, trigger and answer, and how texts are filled in."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import get_args

import pytest

from checkin.flow.issue import Code
from checkin.flow.load import load_flow
from checkin.flow.model import (
    AddTask,
    AfterAlertTrigger,
    AfterFlowTrigger,
    Answer,
    Ask,
    Branch,
    End,
    Flow,
    Invite,
    JoinedTrigger,
    KeywordTrigger,
    MemberDateTrigger,
    RaiseAlert,
    RecordConsent,
    Repeat,
    Run,
    Rung,
    Say,
    ScheduleTrigger,
    Set,
    StaffTrigger,
    Step,
    Until,
    Wait,
)
from checkin.flow.parts import Shape
from checkin.flow.program import Program
from checkin.flow.schema import json_schema
from checkin.flow.shape import KINDS, SHAPES, FlowShape
from checkin.flow.texts import CATALOGUE, FACTS, parse_template
from checkin.timing.schedule import EVERY_DAY, Rule

EVERYTHING = """\
flow: everything
title: One of each
start:
  - every: day
    at: 09:30
  - every: weekday
    at: "10:00"
  - every: [saturday, monday]
    at: "11:00"
  - every: 2 weeks
    on: [monday, thursday]
    at: "09:00"
    from: 2027-01-04
    times: 6
    not_on: holidays
    spread: 15m
  - every: last friday
    at: "16:00"
    until: 2027-06-30
  - cron: "30 9 1,15 * *"
  - keyword: [Más, extra]
  - after_alert: 1d12h
  - after_flow: daily
    ended: [missed, hard]
    wait: 2h
  - joined: true
  - member_date: birthday
    at: "10:00"
  - member_date: joined
    at: "10:00"
    wait: [1d, 2w]
  - staff: true
check_in: false
group: workplace
steps:
  say:
    say: Hi {first_name}!
    go: name
  name:
    ask: Who?
    answer: { text: true, save_as: who }
    go: number
    no_reply: [{ after: 30m, say: Well? }, { after: 2h, call: this_step }, { after: 1d, go: end }]
  number:
    ask: Which number?
    answer: { phone: true, save_as: number }
    unclear: A number, please.
    go: invite
    no_reply: [{ after: 1h, go: end }]
  invite:
    invite: { name: who, number: number }
    go: ok
  ok:
    ask: OK?
    answer: yes_no
    then: [{ if: answer == yes, go: consent }, { go: end }]
    no_reply: [{ after: 1h, go: end }]
  consent:
    consent: { given: true, asked_in: ok }
    go: how
  how:
    ask: A walk, or a call?
    answer: { choice: { walk: [a walk, walk], call: call }, save_as: how }
    go: count
    no_reply: [{ after: 1h, go: end }]
  count:
    ask: How often?
    answer: { number: [0, 24], save_as: count }
    go: mood
    skip: end
    no_reply: [{ after: 1h, go: end }]
  mood:
    ask: From 1 to 5?
    answer: { scale: [1, 5], save_as: mood }
    then:
      - if: mood <= 2 and count > 3
        go: alert
      - go: set
    no_reply: [{ after: 1h, go: end }]
  alert:
    alert: low
    go: task
  task:
    task: { kind: look_in, note: "{who} feels low." }
    go: came
  came:
    somebody_came: true
    go: set
  set:
    set: { asked: true, language: en, score: 1.5, nothing: null }
    go: wait
  wait:
    wait: 2w
    go: feel
  feel:
    measure: mood
    then: [{ if: mood_score <= 2, go: day }, { go: day }]
    no_reply: [{ after: 1d, go: end }]
  day:
    ask: Which day?
    answer: { date: true, save_as: day }
    then: [{ if: day == today, go: hour }, { go: hour }]
    no_reply: [{ after: 1d, go: end }]
  hour:
    ask: [At what time?, And when?]
    answer: { time: true, save_as: hour }
    then: [{ if: hour < "12:00", go: counted }, { go: counted }]
    no_reply: [{ after: 1d, go: end }]
  counted:
    say: { one: "{count} time.", other: "{count} times." }
    go: until
  until:
    wait: { until: day, at: hour, before: 2h }
    go: friday
  friday:
    wait: { until: friday, at: "09:00" }
    go: evening
  evening:
    wait: { until: "18:00" }
    go: again
  again:
    repeat: day
    at_most: 3
    go: inner
  inner:
    run: inner
    then: [{ if: 'inner_ended == "out"', go: end }, { go: end }]
  end:
    end: finished
"""


INNER = "flow: inner\ntitle: Inner\nstart: [{ by_flow: true }]\nsteps:\n  out:\n    end: out\n"


@pytest.fixture(scope="module")
def flow(english: Program) -> Flow:
    parts = {"inner": INNER}
    loaded = load_flow(EVERYTHING, file="everything.yaml", program=english, parts=parts)
    assert loaded.flow is not None, loaded.issues
    assert loaded.issues == ()
    return loaded.flow


def test_every_kind_of_step_is_built(flow: Flow) -> None:
    assert {type(step) for step in flow.steps.values()} == set(get_args(Step))
    assert (flow.name, flow.title, flow.version, flow.first, flow.check_in) == (
        "everything", "One of each", 0, "say", False,
    )  # fmt: skip
    assert flow.source == EVERYTHING
    assert set(flow.shared) == {"unclear", "noted", "later", "later_by_day"}


def test_triggers_are_built(flow: Flow) -> None:
    assert flow.start == (
        ScheduleTrigger(Rule(EVERY_DAY, "09:30")),
        ScheduleTrigger(Rule(frozenset(range(1, 6)), "10:00")),
        ScheduleTrigger(Rule(frozenset((1, 6)), "11:00")),
        ScheduleTrigger(
            Rule(frozenset((1, 4)), "09:00", weeks=2, begins=date(2027, 1, 4), times=6, not_on_holidays=True),
            timedelta(minutes=15),
        ),
        ScheduleTrigger(Rule(frozenset((5,)), "16:00", nth=-1, until=date(2027, 6, 30))),
        ScheduleTrigger(Rule(EVERY_DAY, "09:30", cron="1,15 * *")),
        KeywordTrigger(frozenset(("mas", "extra"))),
        AfterAlertTrigger(timedelta(hours=36)),
        AfterFlowTrigger("daily", frozenset(("missed", "hard")), timedelta(hours=2)),
        JoinedTrigger(),
        MemberDateTrigger("birthday", "10:00"),
        MemberDateTrigger("joined", "10:00", (1, 14)),
        StaffTrigger(),
    )


def test_waits_until_a_moment_and_repeats_are_built(flow: Flow) -> None:
    waits = [flow.steps[name] for name in ("until", "friday", "evening")]
    assert [step.length for step in waits if isinstance(step, Wait)] == [
        Until("hour", "day", timedelta(hours=2)),
        Until("09:00", "friday"),
        Until("18:00"),
    ]
    assert flow.steps["again"] == Repeat("again", "day", 3, (Branch(None, "inner"),))
    assert flow.steps["inner"] == Run("inner", "inner", (Branch(None, "inner out"),))
    assert flow.parts == {"inner": INNER}
    assert flow.group == "workplace"


def test_steps_are_built(flow: Flow) -> None:
    steps = flow.steps
    assert isinstance(steps["say"], Say)
    assert steps["say"].text.render("en", {"first_name": "Alice"}) == "Hi Alice!"
    assert [branch.go for branch in steps["say"].then] == ["name"]
    assert isinstance(steps["invite"], Invite)
    assert (steps["invite"].contact_name, steps["invite"].contact_number) == ("who", "number")
    assert isinstance(steps["consent"], RecordConsent)
    assert (steps["consent"].about, steps["consent"].given, steps["consent"].asked_in) == (
        "check_ins",
        True,
        "ok",
    )
    assert isinstance(steps["alert"], RaiseAlert)
    assert steps["alert"].reason == "low"
    assert isinstance(steps["task"], AddTask)
    assert (steps["task"].kind, steps["task"].note.render({"who": "Bob"})) == ("look_in", "Bob feels low.")
    assert isinstance(steps["set"], Set)
    assert steps["set"].values == {"asked": True, "language": "en", "score": 1.5, "nothing": None}
    assert isinstance(steps["wait"], Wait)
    assert steps["wait"].length == timedelta(weeks=2)
    assert steps["end"] == End("end", "finished")


def test_questions_are_built(flow: Flow) -> None:
    answers = {step.name: step.answer for step in flow.steps.values() if isinstance(step, Ask)}
    assert answers == {
        "name": Answer("text", "who"),
        "number": Answer("phone", "number"),
        "ok": Answer("yes_no"),
        "how": Answer(
            "choice", "how", choices={"walk": {"en": ("a walk", "walk")}, "call": {"en": ("call",)}}
        ),
        "count": Answer("number", "count", 0, 24, skips=True),
        "mood": Answer("scale", "mood", 1, 5),
        "feel": Answer("number", "mood_1", 1, 5),
        "day": Answer("date", "day"),
        "hour": Answer("time", "hour"),
    }
    name, number, mood = flow.steps["name"], flow.steps["number"], flow.steps["mood"]
    assert isinstance(name, Ask)
    assert isinstance(number, Ask)
    assert isinstance(mood, Ask)
    assert [(r.after, r.say is not None, r.call, r.go) for r in name.no_reply] == [
        (timedelta(minutes=30), True, False, None),
        (timedelta(hours=2), False, True, None),
        (timedelta(days=1), False, False, "end"),
    ]
    assert name.no_reply[2] == Rung(timedelta(days=1), go="end")
    assert number.unclear is not None
    condition = mood.then[0].condition
    assert condition is not None
    assert condition.names == {"mood", "count"}
    assert condition.test({"mood": 2, "count": 4})
    assert not condition.test({"mood": 2})


NEEDS = """\
flow: needs
title: What it needs to know
start:
  - staff: true
steps:
  mood:
    ask: { en: "Hi {first_name}. How are you?", en.voice: "This is {program}. How are you?" }
    answer: { scale: [1, 2], save_as: mood }
    unclear: "Sorry. I know {contact_name}."
    then:
      - if: mood == 2 and has_contact
        go: later
      - go: later
    no_reply:
      - after: 1h
        say: "It is {time}."
      - after: 2h
        if: missed_staff
        task: { kind: silent, note: "{invited_contact} is invited." }
      - after: 3h
        go: later
  later:
    wait: { until: birthday, at: "09:00" }
    go: noted
  noted:
    set: { notes_from: today }
    go: list
  list:
    task: { kind: look, note: "They like {channel}." }
    go: done
  done:
    end: done
"""


def test_what_a_conversation_needs_to_know_of_a_member_is_told_by_all_its_parts(english: Program) -> None:
    loaded = load_flow(NEEDS, file="needs.yaml", program=english)
    assert loaded.flow is not None, loaded.issues
    assert set(loaded.flow.uses) & (set(FACTS) | set(english.fields)) == {
        "first_name", "program", "contact_name", "has_contact", "time", "missed_staff", "invited_contact",
        "birthday", "today", "channel", "language",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        ("{ every: day, at: 17:00 }", True),
        ("{ keyword: hello }", False),
        ("{ joined: true }", False),
        ("{ after_alert: 1d }", True),
        ("{ after_flow: daily }", True),
        ("{ staff: true }", True),
        ("{ by_flow: true }", True),
    ],
)
def test_who_begins_a_conversation(start: str, expected: bool, english: Program) -> None:
    source = f"flow: f\ntitle: f\nstart: [{start}]\nsteps:\n  a:\n    end: done\n"
    loaded = load_flow(source, file="f", program=english)
    assert loaded.flow is not None, loaded.issues
    assert loaded.flow.check_in is expected


@pytest.mark.parametrize(
    ("source", "value", "expected"),
    [
        ("Hi {name}, you", "Alice", "Hi Alice, you"),
        ("Hi {name}, you", None, "Hi, you"),
        ("Hi {name}, you", "", "Hi, you"),
        ("Thanks, {name}. Good", None, "Thanks. Good"),
        ("Thanks, {name}!", None, "Thanks!"),
        ("Thanks, {name}", None, "Thanks"),
        ("And {name} too", None, "And too"),
        ("{name}'s day", None, "'s day"),
        ("{{braces}} {name}", "x", "{braces} x"),
        ("no name", None, "no name"),
        ("{name}{name}", 3, "33"),
    ],
)
def test_a_missing_name_leaves_no_gap(source: str, value: str | int | None, expected: str) -> None:
    assert parse_template(source).render({"name": value}) == expected


def all_keys() -> set[str]:
    shapes: set[type[Shape]] = {FlowShape, *SHAPES.values()}
    return {field.alias or name for shape in shapes for name, field in shape.model_fields.items()}


def test_the_schema_describes_every_key() -> None:
    schema = json_schema()
    assert schema["title"] == "A conversation"
    for shape in {FlowShape, *SHAPES.values()}:
        described = schema if shape is FlowShape else schema["$defs"][shape.__name__]
        assert described["additionalProperties"] is False
        assert set(described["properties"]) == {f.alias or n for n, f in shape.model_fields.items()}
        if "Parts" not in shape.__name__:
            assert described["description"]
    assert json_schema("program")["properties"]["languages"]["description"]


def test_the_guide_explains_every_key_problem_fact_and_text() -> None:
    guide = (Path(__file__).parents[2] / "docs" / "flows.md").read_text(encoding="utf-8")
    wanted = all_keys() | set(KINDS) | {code.value for code in Code} | set(FACTS) | set(CATALOGUE)
    assert sorted(word for word in wanted if f"`{word}`" not in guide and f"`{word}:" not in guide) == []


def test_the_guides_examples_are_good(program: Program) -> None:
    guide = (Path(__file__).parents[2] / "docs" / "flows.md").read_text(encoding="utf-8")
    examples = [block.split("```", 1)[0] for block in guide.split("```yaml\n")[1:]]
    flows = [one for one in examples if one.startswith("flow:") and "\nconversations:" not in one]
    assert flows
    for example in flows:
        loaded = load_flow(example, file="docs/flows.md", program=program)
        assert [str(issue) for issue in loaded.issues if issue.is_error] == []
