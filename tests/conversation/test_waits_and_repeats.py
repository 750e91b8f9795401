"""Waits until a moment, and steps that come again but not for ever."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from checkin.conversation.read import default_reader
from checkin.conversation.run import Record, RunState, Say, WakeAt
from checkin.conversation.understanding import SKIPPED, Question
from checkin.flow import model
from tests.conversation.talk import FACTS, Talk, flow, go, text

ASKS_AGAIN = (
    model.Ask("item", text("One more?"), model.Answer("text", "item"), go("again"), ()),
    model.Repeat("again", "item", 2, go("end")),
    model.End("end", "done"),
)


def test_a_step_comes_again_at_most_so_often() -> None:
    going = Talk(flow(*ASKS_AGAIN))
    going.start()
    for word in ("a", "b"):
        effects = going.reply("text", word)
        assert [type(effect) for effect in effects][:2] == [Record, Say]
    going.reply("text", "c")
    assert (going.run.state, going.run.results["item"]) == (RunState.DONE, "c")
    assert set(going.run.results) == {"item"}


def test_it_counts_anew_once_it_has_gone_on() -> None:
    going = Talk(
        flow(
            *ASKS_AGAIN[:1],
            model.Repeat("again", "item", 1, go("more")),
            model.Ask("more", text("Another round?"), model.Answer("yes_no"), go("item"), ()),
            model.End("end", "done"),
        )
    )
    going.start()
    for _ in range(2):
        going.reply("text", "a")
        assert going.run.step == "item"
        going.reply("text", "b")
        assert going.run.step == "more"
        going.reply("yes")


def test_skip_goes_where_the_question_says() -> None:
    answer = model.Answer("text", "said", skips=True)
    going = Talk(
        flow(
            model.Ask("item", text("Anything?"), answer, go("end"), (), skip="left_out"),
            model.End("left_out", "left_out"),
            model.End("end", "done"),
        )
    )
    going.start()
    found = default_reader().understand("I'd rather not say", "en", Question(answer))
    assert found == SKIPPED
    going.reply("choice", "skip")
    assert (going.run.outcome, going.run.results) == ("left_out", {})


@pytest.mark.parametrize("said", ["skip", "SKIP please", "pass", "Paso", "prefiero no decirlo"])
def test_words_that_skip(said: str) -> None:
    reader, answer = default_reader(), model.Answer("number", low=0, high=5)
    assert reader.understand(said, "en", Question(replace(answer, skips=True))) == SKIPPED
    assert reader.understand(said, "en", Question(answer)) != SKIPPED
    assert reader.understand("skip work", "en", Question(replace(answer, skips=True))) != SKIPPED


def test_a_date_is_set_to_the_day_that_it_is() -> None:
    steps = (model.Set("set", {"a": 1}, go("end"), ("since",)), model.End("end", "done"))
    going = Talk(flow(*steps), {**FACTS, "today": "2027-01-14"})
    going.start()
    assert going.run.results == {"a": 1, "since": "2027-01-14"}


def test_a_moment_is_told_as_it_is_kept() -> None:
    until = model.Until("hour", "day", timedelta(hours=2))
    going = Talk(
        flow(
            model.Set("set", {"day": "2027-01-14", "hour": "18:30"}, go("wait")),
            model.Wait("wait", until, go("end")),
            model.End("end", "done"),
        )
    )
    assert going.start()[-1] == WakeAt("18:30", "2027-01-14", timedelta(hours=2))
    going.wait()
    assert going.run.outcome == "done"


def test_a_moment_that_is_not_known_breaks_the_run() -> None:
    wait = model.Wait("wait", model.Until("hour", "friday"), go("end"))
    going = Talk(flow(wait, model.End("end", "done")), {**FACTS, "hour": None})
    going.start()
    assert going.run.state is RunState.BROKEN
