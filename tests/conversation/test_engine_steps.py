"""The engine: what each event does to a run, told as conversations."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from checkin.conversation import engine
from checkin.conversation.errors import (
    AlreadyStarted,
    EventRejected,
    NotForTheRun,
    NothingAsked,
    NotStarted,
    StaleEvent,
    WrongFlow,
)
from checkin.conversation.run import (
    AddTask,
    Call,
    Closed,
    Effect,
    Finished,
    Invite,
    RaiseAlert,
    Record,
    RecordConsent,
    Replied,
    ResolveAlert,
    Run,
    RunState,
    Say,
    SetTimer,
    Started,
    TimerFired,
)
from checkin.conversation.walk import MAX_STEPS
from checkin.flow import model
from checkin.flow.model import Answer, Branch, Rung
from tests.conversation.talk import FACTS, Talk, daily, flow, go, read, template, text, when

HOUR = timedelta(hours=1)
QUESTION = Say("Hi Alice, 1 to 5?", "mood", question=True)


@pytest.fixture
def talk() -> Talk:
    return Talk(daily())


def test_a_check_in_from_question_to_thanks(talk: Talk) -> None:
    assert talk.start() == (QUESTION, SetTimer(3 * HOUR))
    assert talk.run.state is RunState.WAITING
    assert talk.reply("number", 4) == (
        Record("mood", 4),
        Say("Thanks for 4, Alice.", "thanks"),
        Finished("done"),
    )
    assert (talk.run.state, talk.run.outcome, talk.run.results) == (RunState.DONE, "done", {"mood": 4})


def test_a_low_answer_offers_a_person_and_a_yes_raises_an_alert(talk: Talk) -> None:
    talk.start()
    assert talk.reply("low", 2) == (
        Record("mood", 2),
        Say("That sounds hard, Alice. Want a person?", "offer", question=True),
        SetTimer(20 * HOUR),
    )
    assert talk.reply("yes") == (
        Record("wants", "yes"),
        RaiseAlert("low"),
        Say("Thanks for 2, Alice.", "thanks"),
        Finished("done"),
    )


def test_the_ladder_counts_from_the_question(talk: Talk) -> None:
    talk.start()
    assert talk.wait() == (Say("No rush.", "mood"), SetTimer(5 * HOUR))
    assert talk.wait() == (Call("Hi Alice, 1 to 5?", "mood"), SetTimer(16 * HOUR))
    assert talk.wait() == (AddTask("missed", "Alice was silent"), Finished("missed"))


def test_a_late_answer_on_a_later_rung_is_still_an_answer(talk: Talk) -> None:
    talk.start()
    talk.wait()
    talk.wait()
    assert talk.reply("number", 5)[0] == Record("mood", 5)
    assert talk.run.rung == 0


def test_the_last_rung_without_a_place_to_go_ends_the_run(talk: Talk) -> None:
    talk.start()
    talk.reply("number", 1)
    assert talk.wait() == (Finished("no_reply"),)
    assert talk.run.outcome == "no_reply"


def test_an_unclear_reply_is_re_asked_once_then_left_to_a_person(talk: Talk) -> None:
    talk.start()
    again = Say("Sorry, I didn't get that. Hi Alice, 1 to 5?", "mood", question=True)
    assert talk.reply("unclear") == (again, SetTimer(3 * HOUR))
    task = AddTask("unclear_reply", "Alice wrote: what Alice wrote")
    noted = Say("Thank you. A person will read this.", "mood")
    assert talk.reply("unclear") == (noted, task, SetTimer(3 * HOUR))
    assert talk.reply("unclear") == (task, SetTimer(3 * HOUR))
    assert talk.reply("number", 3)[0] == Record("mood", 3)
    assert talk.run.unclear == 0


def test_an_unclear_reply_after_a_rung_waits_for_the_next_rung(talk: Talk) -> None:
    talk.start()
    talk.wait()
    assert talk.reply("unclear")[-1] == SetTimer(5 * HOUR)
    assert talk.wait()[0] == Call("Hi Alice, 1 to 5?", "mood")


def test_a_question_may_bring_its_own_re_ask() -> None:
    own = model.Ask(
        "name", text("Name?"), Answer("text", "name"), go("end"), (), unclear=text("Your name? {question}")
    )
    talk = Talk(flow(own, model.End("end", "done")))
    talk.start()
    assert talk.reply("unclear") == (Say("Your name? Name?", "name", question=True),)


def test_later_asks_again_after_that_time(talk: Talk) -> None:
    talk.start()
    talk.wait()
    assert talk.reply("snooze", 7200) == (Say("OK, I'll ask again in 2 hours.", "mood"), SetTimer(2 * HOUR))
    assert talk.wait() == (QUESTION, SetTimer(3 * HOUR))
    assert talk.wait()[0] == Say("No rush.", "mood")


@pytest.mark.parametrize(
    ("seconds", "language", "words", "waits"),
    [
        (3600, "en", "1 hour", HOUR),
        (3600, "es", "1 hora", HOUR),
        (5400, "es", "90 minutos", 1.5 * HOUR),
        (86400, "en", "1 day", 24 * HOUR),
        (172800, "es", "2 días", 48 * HOUR),
        (1209600, "en", "1 week", 7 * 24 * HOUR),
        (None, "en", "1 hour", HOUR),
        (-5, "en", "1 hour", HOUR),
    ],
)
def test_later_says_how_much_later(seconds: int | None, language: str, words: str, waits: timedelta) -> None:
    talk = Talk(daily(), {**FACTS, "language": language})
    talk.start()
    said, timer = talk.reply("snooze", seconds)
    assert isinstance(said, Say)
    assert words in said.text
    assert timer == SetTimer(waits)


def test_an_answer_while_snoozed_is_an_answer(talk: Talk) -> None:
    talk.start()
    talk.reply("snooze", 3600)
    assert talk.reply("number", 4)[0] == Record("mood", 4)
    assert not talk.run.snoozed


def test_an_unclear_reply_while_snoozed_wakes_the_question(talk: Talk) -> None:
    talk.start()
    talk.reply("snooze", 3600)
    assert talk.reply("unclear")[-1] == SetTimer(3 * HOUR)
    assert not talk.run.snoozed


def test_an_answer_that_also_asks_for_a_person_does_both(talk: Talk) -> None:
    talk.start()
    effects = talk.reply("number", 3, "support")
    assert effects[:2] == (RaiseAlert("asked"), Record("mood", 3))
    assert talk.run.state is RunState.DONE


def test_one_event_raises_one_alert_for_its_first_reason(talk: Talk) -> None:
    talk.start()
    talk.reply("number", 1)
    alerts = [effect for effect in talk.reply("yes", None, "support") if isinstance(effect, RaiseAlert)]
    assert alerts == [RaiseAlert("asked")]


def test_a_bare_request_for_support_leaves_the_question_open(talk: Talk) -> None:
    talk.start()
    assert talk.reply("support") == (RaiseAlert("asked"), SetTimer(3 * HOUR))
    assert talk.reply("number", 3)[0] == Record("mood", 3)


@pytest.mark.parametrize("category", ["unclear", "yes", "text", "snooze"])
def test_support_is_raised_whatever_else_the_reply_is(talk: Talk, category: str) -> None:
    talk.start()
    assert talk.reply(category, None, "support")[0] == RaiseAlert("asked")


def test_texts_come_in_the_member_s_language() -> None:
    talk = Talk(daily(), {**FACTS, "language": "es"})
    assert talk.start()[0] == Say("Hola Alice, ¿de 1 a 5?", "mood", question=True)


def test_a_result_is_seen_by_texts_at_once() -> None:
    asked = model.Ask("name", text("What should we call you?"), Answer("text", "first_name"), go("hello"), ())
    talk = Talk(
        flow(asked, model.Say("hello", text("Hi {first_name}!"), go("end")), model.End("end", "done"))
    )
    talk.start()
    assert talk.reply("text", "Ali")[1] == Say("Hi Ali!", "hello")


def test_consent_keeps_the_wording_as_it_was_put() -> None:
    asked = model.Ask(
        "consent",
        text("{program}: reply YES to join, {first_name}."),
        Answer("yes_no"),
        (when("yes", lambda v: v["answer"] == "yes", "yes"), Branch(None, "no")),
        (),
    )
    talk = Talk(
        flow(
            asked,
            model.RecordConsent("yes", "check_ins", True, "consent", go("end")),
            model.RecordConsent("no", "check_ins", False, "consent", go("end")),
            model.End("end", "done"),
        )
    )
    talk.start()
    talk.facts = {**FACTS, "program": "Another name by now"}
    assert talk.reply("no") == (
        RecordConsent("check_ins", False, "Harbor Circle: reply YES to join, Alice."),
        Finished("done"),
    )


def test_a_contact_is_invited_with_the_name_and_number_of_this_run() -> None:
    talk = Talk(
        flow(
            model.Ask("who", text("Who?"), Answer("text", "who"), go("number"), ()),
            model.Ask("number", text("{who}'s number?"), Answer("phone", "number"), go("invite"), ()),
            model.Invite("invite", "who", "number", go("end")),
            model.End("end", "done"),
        )
    )
    talk.start()
    assert talk.reply("text", "Bob")[1] == Say("Bob's number?", "number", question=True)
    effects = talk.reply("text", "+12025550102")
    assert effects == (Record("number", "+12025550102"), Invite("Bob", "+12025550102"), Finished("done"))


def test_set_wait_task_and_resolve() -> None:
    talk = Talk(
        flow(
            model.Set("set", {"plan": "weekly", "count": 0}, go("wait")),
            model.Wait("wait", 2 * HOUR, go("task")),
            model.AddTask("task", "hello", template("{plan} for {first_name}"), go("came")),
            model.ResolveAlert("came", go("end")),
            model.End("end", "done"),
        )
    )
    assert talk.start() == (Record("plan", "weekly"), Record("count", 0), SetTimer(2 * HOUR))
    with pytest.raises(NothingAsked):
        talk.reply("number", 3)
    assert talk.wait() == (AddTask("hello", "weekly for Alice"), ResolveAlert(), Finished("done"))


# ---------------------------------------------------------------- answers that fit, and that do not


@pytest.mark.parametrize(
    ("answer", "category", "value", "expected"),
    [
        (Answer("scale", low=1, high=5), "number", 5, 5),
        (Answer("scale", low=1, high=5), "number", 6, None),
        (Answer("scale", low=1, high=5), "number", True, None),
        (Answer("scale", low=1, high=5), "number", "4", None),
        (Answer("scale", low=1, high=5), "low", 2, 2),
        (Answer("scale", low=1, high=5), "low", None, 1),
        (Answer("scale", low=1, high=5), "ok", 4, 4),
        (Answer("scale", low=1, high=5), "ok", None, None),
        (Answer("scale", low=1, high=5), "yes", None, None),
        (Answer("number"), "number", -7, -7),
        (Answer("number", low=0), "number", -7, None),
        (Answer("number"), "low", 3, None),
        (Answer("yes_no"), "yes", None, "yes"),
        (Answer("yes_no"), "no", None, "no"),
        (Answer("yes_no"), "ok", None, None),
        (Answer("choice", choices={"sms": {}}), "choice", "sms", "sms"),
        (Answer("choice", choices={"sms": {}}), "choice", "voice", None),
        (Answer("text"), "text", "hello", "hello"),
        (Answer("text"), "text", "", None),
        (Answer("phone"), "text", "+12025550101", "+12025550101"),
        (Answer("phone"), "number", 5, None),
    ],
)
def test_what_fits_a_question(answer: Answer, category: str, value: object, expected: object) -> None:
    assert engine.answer_value(answer, read(category, value)) == expected  # type: ignore[arg-type]


# ---------------------------------------------------------------- events that are refused


def _ended(talk: Talk) -> None:
    talk.start()
    talk.reply("number", 5)


@pytest.mark.parametrize(
    ("prepare", "event", "error"),
    [
        (lambda talk: None, Replied(read("number", 3), "3", FACTS), NotStarted),
        (lambda talk: None, TimerFired(0, FACTS), NotStarted),
        (Talk.start, Started(FACTS), AlreadyStarted),
        (Talk.start, TimerFired(0, FACTS), StaleEvent),
        (Talk.start, TimerFired(2, FACTS), StaleEvent),
        (_ended, Started(FACTS), StaleEvent),
        (_ended, Replied(read("number", 3), "3", FACTS), StaleEvent),
        (_ended, TimerFired(2, FACTS), StaleEvent),
        (_ended, Closed("opted_out"), StaleEvent),
        *(
            (Talk.start, Replied(read(category), "…", FACTS), NotForTheRun)
            for category in ("crisis", "opt_out", "resume", "help", "pause", "not_an_answer")
        ),
    ],
)
def test_a_refused_event_has_a_name_and_changes_nothing(
    talk: Talk, prepare: Callable[[Talk], object], event: engine.Event, error: type[EventRejected]
) -> None:
    prepare(talk)
    before = talk.run
    with pytest.raises(error):
        talk.take(event)
    assert talk.run is before


def test_a_timer_that_an_answer_overtook_is_stale(talk: Talk) -> None:
    talk.start()
    old = talk.run.transition
    talk.reply("number", 1)
    with pytest.raises(StaleEvent):
        talk.take(TimerFired(old, FACTS))


def test_a_question_without_a_ladder_has_no_timer() -> None:
    talk = Talk(flow(model.Ask("name", text("Name?"), Answer("text"), go("end"), ()), model.End("end", "x")))
    talk.start()
    with pytest.raises(StaleEvent):
        talk.wait()


@pytest.mark.parametrize("other", [{"flow": "welcome"}, {"version": 2}])
def test_a_run_ends_in_the_version_that_it_began_in(other: dict[str, object]) -> None:
    run = Run("run-1", "alice", "daily", 1)._replace(**other)  # type: ignore[arg-type]
    with pytest.raises(WrongFlow):
        engine.step(daily(), run, Started(FACTS))


@pytest.mark.parametrize("begun", [False, True])
def test_a_run_can_be_closed_from_outside(talk: Talk, begun: bool) -> None:
    if begun:
        talk.start()
    assert talk.take(Closed("opted_out")) == (Finished("opted_out"),)
    assert (talk.run.state, talk.run.outcome) == (RunState.STOPPED, "opted_out")


# ---------------------------------------------------------------- flows that break


def _broken(effects: tuple[Effect, ...]) -> bool:
    return effects[-1] == Finished("broken") and isinstance(effects[-2], AddTask)


def test_a_circle_without_a_wait_breaks_the_run_and_texts_nobody() -> None:
    talk = Talk(flow(model.Say("a", text("a"), go("b")), model.Say("b", text("b"), go("a"))))
    effects = talk.start()
    assert _broken(effects)
    assert effects[0] == AddTask(
        "broken_run",
        f"Flow 'daily' broke at step '{'ab'[(MAX_STEPS - 1) % 2]}': it took more than 100 steps at once.",
    )
    assert not any(isinstance(effect, Say) for effect in effects)
    assert talk.run.state is RunState.BROKEN


def test_a_breaking_flow_never_swallows_a_request_for_support() -> None:
    asked = model.Ask("mood", text("?"), Answer("scale", low=1, high=5), go("nowhere"), ())
    talk = Talk(flow(asked))
    talk.start()
    effects = talk.reply("number", 3, "support")
    assert effects[:2] == (RaiseAlert("asked"), Say("Thank you. A person will read this.", "mood"))
    assert _broken(effects)


def test_what_a_breaking_flow_decided_about_alerts_and_consent_is_kept_once() -> None:
    talk = Talk(flow(model.RaiseAlert("alert", "low", go("set")), model.Set("set", {"x": 1}, go("alert"))))
    effects = talk.start()
    assert effects[:2] == (RaiseAlert("low"), Record("x", 1))
    assert len(effects) == 4


@pytest.mark.parametrize(
    "steps",
    [
        (model.Invite("invite", "who", "number", go("end")), model.End("end", "done")),
        (model.RecordConsent("c", "check_ins", True, "never", go("end")), model.End("end", "done")),
        (model.Say("s", text("s"), (when("false", lambda v: False, "end"),)), model.End("end", "done")),
        (model.Say("s", text("s"), (when("error", lambda v: bool(v["missing"]), "end"),)),),
        (model.Say("s", text("s"), go("nowhere")),),
    ],
)
def test_an_impossible_step_breaks_the_run(steps: tuple[model.Step, ...]) -> None:
    talk = Talk(flow(*steps))
    assert _broken(talk.start())
    assert talk.run.state is RunState.BROKEN


def test_a_run_takes_a_limited_number_of_events() -> None:
    circle = model.Ask(
        "mood", text("?"), Answer("scale", low=1, high=5), go("mood"), (Rung(HOUR, go="mood"),)
    )
    flow_ = flow(circle)
    run = Run("run-1", "alice", "daily", 1)
    run, _ = engine.step(flow_, run, Started(FACTS))
    while run.transition < engine.MAX_TRANSITIONS:
        run, _ = engine.step(flow_, run, TimerFired(run.transition, FACTS))
        assert run.state is RunState.WAITING
    asked = Replied(read("number", 3, "support"), "3", FACTS)
    after, effects = engine.step(flow_, run, asked)
    assert after.state is RunState.BROKEN
    assert effects[0] == RaiseAlert("asked")
    closed, _ = engine.step(flow_, run, Closed("staff"))
    assert closed.state is RunState.STOPPED
