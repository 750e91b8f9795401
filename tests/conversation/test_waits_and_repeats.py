"""Waits until a moment, and steps that come again but not for ever."""

from __future__ import annotations

from datetime import timedelta

from checkin.conversation.run import Record, RunState, Say, WakeAt
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
