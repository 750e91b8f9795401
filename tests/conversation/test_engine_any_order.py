"""Any flow, any events, in any order: only named refusals, the same run when replayed, no lost request."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from checkin.conversation.engine import MAX_TRANSITIONS, step
from checkin.conversation.errors import EventRejected
from checkin.conversation.replay import (
    effect_from_json,
    effect_to_json,
    event_from_json,
    event_to_json,
    replay,
)
from checkin.conversation.run import (
    Closed,
    Event,
    Finished,
    RaiseAlert,
    Replied,
    Run,
    RunState,
    SetTimer,
    Started,
    TimerFired,
)
from checkin.conversation.understanding import Category, Understanding
from checkin.flow import model
from checkin.flow.model import Answer, Branch, Flow, Rung, Value
from tests.conversation.talk import FACTS, SHARED, template, text, when

NAMES = tuple("abcdefg")
HOUR = timedelta(hours=1)

values: st.SearchStrategy[Value] = (
    st.none() | st.booleans() | st.integers(-3, 9) | st.floats(-2, 9e9) | st.text(max_size=5)
)
names = st.sampled_from((*NAMES, "missing"))
answers = st.sampled_from(
    (
        Answer("scale", "mood", 1, 5),
        Answer("number", None, None, 9),
        Answer("yes_no", "wants"),
        Answer("choice", "way", choices={"sms": {"en": ("text",)}}),
        Answer("text", "first_name"),
        Answer("phone", "number"),
    )
)
branches = st.lists(
    st.builds(
        lambda go, wanted: (
            when("mood", lambda seen: seen.get("mood") == wanted, go) if wanted else Branch(None, go)
        ),
        names,
        st.integers(0, 5),
    ),
    max_size=3,
).map(tuple)
rungs = st.lists(
    st.builds(
        lambda hours, says, calls, go: Rung(
            hours * HOUR, text("No rush, {mood}") if says else None, calls, go
        ),
        st.integers(0, 48),
        st.booleans(),
        st.booleans(),
        st.none() | names,
    ),
    max_size=3,
).map(tuple)


@st.composite
def flows(draw: st.DrawFn) -> Flow:
    """Draw a flow, sound or not: the engine must hold its word for any."""
    steps: dict[str, model.Step] = {}
    for name in NAMES:
        then = draw(branches)
        steps[name] = draw(
            st.sampled_from(
                (
                    model.Ask(name, text("{first_name}?"), draw(answers), then, draw(rungs)),
                    model.Ask(name, text("And {mood}?"), draw(answers), then, draw(rungs)),
                    model.Say(name, text("hello {answer}"), then),
                    model.RaiseAlert(name, "low", then),
                    model.ResolveAlert(name, then),
                    model.AddTask(name, "kind", template("{mood}"), then),
                    model.RecordConsent(name, "check_ins", True, draw(names), then),
                    model.Invite(name, "first_name", "number", then),
                    model.Set(name, {"mood": draw(st.integers(0, 5))}, then),
                    model.Wait(name, HOUR, then),
                    model.End(name, "done"),
                )
            )
        )
    return Flow("daily", "Daily", 1, (), steps, draw(names), shared=draw(st.sampled_from(({}, SHARED))))


understandings = st.builds(
    Understanding,
    st.sampled_from(Category),
    values,
    st.lists(st.sampled_from(Category), max_size=2).map(tuple),
    st.just("rule"),
)
events: st.SearchStrategy[Event] = st.one_of(
    st.just(Started(FACTS)),
    st.builds(Replied, understandings, st.text(max_size=9), st.just(FACTS)),
    st.builds(TimerFired, st.integers(-2, 2), st.just(FACTS)),
    st.just(TimerFired(0, FACTS)),
    st.just(TimerFired(0, FACTS)),
    st.just(Closed("opted_out")),
)


@settings(max_examples=200, deadline=None)
@given(
    flows(),
    st.lists(events, max_size=12),
    st.integers(0, 9).map(lambda n: MAX_TRANSITIONS - 3 if n == 0 else 0),
)
def test_any_history_holds_the_engine_s_word(flow: Flow, history: list[Event], began_at: int) -> None:
    first = run = Run("run-1", "alice", "daily", 1, transition=began_at)
    taken: list[Event] = []
    for event in (Started(FACTS), *history):
        if isinstance(event, TimerFired):  # drawn as a distance, so that timers are often the right ones
            event = replace(event, transition=run.transition + event.transition)
        try:
            after, effects = step(flow, run, event)
        except EventRejected:
            continue
        taken.append(event_from_json(json.loads(json.dumps(event_to_json(event)))))
        assert taken[-1] == event
        assert after.transition == run.transition + 1
        _effects_hold(after, event, effects)
        run = Run.from_json(json.loads(json.dumps(after.to_json())))
        assert run == after
    assert replay(flow, first, taken) == run


def _effects_hold(after: Run, event: Event, effects: tuple[object, ...]) -> None:
    timers = [effect for effect in effects if isinstance(effect, SetTimer)]
    ends = [effect for effect in effects if isinstance(effect, Finished)]
    assert len(timers) <= (after.state is RunState.WAITING)
    assert all(timer.after >= timedelta(0) for timer in timers)
    assert len(ends) == (after.state is not RunState.WAITING)
    assert all(effect_from_json(json.loads(json.dumps(effect_to_json(e)))) == e for e in effects)  # type: ignore[arg-type]
    if isinstance(event, Replied) and Category.SUPPORT in (
        event.understanding.category,
        *event.understanding.also,
    ):
        assert effects[0] == RaiseAlert("asked")
    assert sum(isinstance(effect, RaiseAlert) for effect in effects) <= 1
    assert len(effects) <= 110
