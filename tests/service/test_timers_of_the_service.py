"""What is due: stale and abandoned timers, two clocks, a poisoned one, nights, a service that stood still."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from checkin.alert.model import AlertState
from checkin.flow.model import ScheduleTrigger
from checkin.flow.program import Limits, Missed
from checkin.service import auditor, delivery, due, health, schedules
from checkin.service.publishing import publish
from checkin.service.turn import Turn
from checkin.store import runs, tables, timers
from checkin.store.runs import FlowVersion
from checkin.store.timers import Timer
from checkin.store.unit import Unit
from checkin.timing.schedule import EVERY_DAY, Rule
from tests.service.kit import MONDAY, NUMBERS, Chat

FIVE = MONDAY.replace(hour=22)
"""Five in the afternoon in New York: the daily check-in."""


def due_timer(chat: Chat, kind: str) -> Timer:
    """Return the timer of this kind, which there must be once."""
    (found,) = [timer for subject, timer in chat.timers().items() if subject.startswith(kind)]
    return found


def test_a_stale_timer_does_nothing(chat: Chat) -> None:
    chat.joined("bob")
    chat.until(FIVE)
    stale = due_timer(chat, "run:")
    chat.alice("2")
    chat.forget()
    before = chat.all_runs()
    due.fire(chat.app, stale)
    chat.settle()
    chat.expect()
    assert chat.all_runs() == before
    assert due_timer(chat, "run:").transition == 2


def test_a_timer_that_was_done_by_another_clock_is_not_done_again(chat: Chat) -> None:
    chat.joined("bob")
    chat.clock.move_to(FIVE)
    (claimed,) = due.claim(chat.app, "routine")
    chat.stand_still("2m")  # this clock hangs for longer than its lease
    assert due.run_due(chat.app, "routine") == 1
    due.fire_safely(chat.app, claimed)
    chat.settle()
    chat.expect(alice="How are you feeling today")


def test_a_claimed_timer_is_given_out_again_after_its_lease(chat: Chat) -> None:
    chat.joined("bob")
    chat.alice("SUPPORT")
    chat.forget()
    chat.stand_still("5m")
    assert len(due.claim(chat.app, "alerts")) == 1  # and then this process is killed
    chat.stand_still("59s")
    assert due.claim(chat.app, "alerts") == []
    chat.stand_still("2s")
    chat.settle()
    chat.expect(alice="I texted Bob", bob="would like to hear from you")


def test_two_clocks_do_no_timer_twice(chat: Chat) -> None:
    chat.joined("bob")
    chat.alice("SUPPORT")
    chat.forget()
    chat.clock.move_to(FIVE)
    barrier = threading.Barrier(4)
    counts: list[int] = []

    def clock() -> None:
        barrier.wait()
        counts.append(due.run_due(chat.app, "alerts") + due.run_due(chat.app, "routine"))

    threads = [threading.Thread(target=clock) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    chat.settle()
    assert sum(counts) == 2
    chat.expect(alice=["I texted Bob", "How are you feeling"], bob="would like to hear from you")


def test_four_clocks_at_the_same_timer_do_it_once(chat: Chat) -> None:
    chat.joined("bob")
    chat.clock.move_to(FIVE)
    (claimed,) = due.claim(chat.app, "routine")
    barrier = threading.Barrier(4)

    def clock() -> None:
        barrier.wait()
        due.fire_safely(chat.app, claimed)

    threads = [threading.Thread(target=clock) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    chat.settle()
    chat.expect(alice="How are you feeling")


def test_a_poisoned_timer_is_put_off_and_holds_nothing_up(chat: Chat, logs: list[dict[str, str]]) -> None:
    chat.joined("bob")
    chat.clock.move_to(FIVE)
    poison = Timer("nothing:of this kind", "routine", chat.situation(chat.alice).person.id, 0, MONDAY)
    chat.app.store.run(lambda unit: timers.put(unit, poison))
    chat.settle()
    chat.expect(alice="How are you feeling")
    assert due_timer(chat, "nothing:").due_at == FIVE + due.POISONED_FOR
    assert [line["event"] for line in logs] == ["timer failed"]
    logs.clear()


def test_an_alert_whose_timer_always_fails_shows_as_late_until_it_works(
    chat: Chat, logs: list[dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(turn: Turn, timer: Timer, rest: str) -> None:
        raise ZeroDivisionError

    def seen() -> tuple[int, list[str]]:
        found = chat.app.store.read(lambda unit: auditor.findings(unit, chat.clock.now()))
        return health.look(chat.app).overdue_alert_timers, [one.wrong for one in found]

    chat.joined("bob")
    chat.alice("SUPPORT")
    chat.forget()
    due_at = due_timer(chat, "alert:").due_at
    chat.clock.move_to(due_at)
    with monkeypatch.context() as broken:
        broken.setitem(due._WORK, "alert", fail)
        assert due.run_due(chat.app, "alerts") == 1
        assert due.run_due(chat.app, "alerts") == 0, "it is left alone for a while"
        assert seen() == (0, [])
        chat.clock.move_to(due_at + auditor.LATE + timedelta(seconds=1))
        assert due.run_due(chat.app, "alerts") == 0
        assert seen() == (1, ["overdue"])
        chat.clock.move_to(due_at + due.POISONED_FOR + timedelta(seconds=1))
        assert due.run_due(chat.app, "alerts") == 1
        assert seen() == (1, ["overdue"]), "a second failure hides nothing"
    assert [line["event"] for line in logs] == ["timer failed"] * 2
    logs.clear()
    chat.clock.move_to(chat.clock.now() + due.POISONED_FOR + timedelta(seconds=1))
    chat.settle()
    chat.expect(alice="I texted Bob", bob="would like to hear from you")
    assert seen() == (0, [])


def test_what_is_put_off_or_dropped_is_this_very_timer(chat: Chat) -> None:
    chat.joined("bob")
    old = Timer("run:x", "routine", "id", 1, MONDAY)
    new = old._replace(transition=2, due_at=FIVE)
    chat.app.store.run(lambda unit: timers.put(unit, new))
    chat.app.store.run(lambda unit: timers.drop_this(unit, old))
    chat.app.store.run(lambda unit: timers.put_off(unit, old, FIVE + timedelta(days=1)))
    assert due_timer(chat, "run:") == new
    chat.app.store.run(lambda unit: timers.drop_this(unit, new))
    assert "run:x" not in chat.timers()


def test_a_timer_whose_run_moved_while_it_fired_leaves_the_new_timer(chat: Chat) -> None:
    chat.joined("bob")
    chat.until(FIVE)
    stale = due_timer(chat, "run:")
    chat.alice("2")
    again = due_timer(chat, "run:")._replace(transition=stale.transition, due_at=stale.due_at)
    chat.app.store.run(lambda unit: timers.put(unit, again))  # as if it had been read before the reply
    due.fire(chat.app, stale)
    assert "run:" not in "".join(chat.timers())  # this very one is dropped: it can do nothing


# ---------------------------------------------------------------- silence counts from the sending


def test_silence_counts_from_the_sending_of_the_question(chat: Chat) -> None:
    chat.joined("bob")
    chat.clock.move_to(FIVE)
    due.run_due(chat.app, "routine")
    chat.stand_still("30m")  # the workers are slow
    delivery.deliver(chat.app, "routine")
    assert due_timer(chat, "run:").due_at == FIVE + timedelta(hours=3, minutes=30)


def test_nobody_is_missed_before_the_question_was_sent(quick: Chat) -> None:
    quick.joined("bob")
    quick.clock.move_to(FIVE)
    due.run_due(quick.app, "routine")
    quick.stand_still("3h 10m")
    due.run_due(quick.app, "routine")
    delivery.deliver(quick.app, "routine")
    quick.expect(alice="How are you feeling today")
    quick.later("2h 59m")
    quick.expect()


def test_a_timer_of_an_answer_counts_at_once(quick: Chat) -> None:
    quick.joined("bob")
    quick.alice("CHECKIN")
    assert due_timer(quick, "run:").due_at == MONDAY + timedelta(hours=3)


# ---------------------------------------------------------------- nights


def test_no_reminder_comes_at_night(chat_at: Callable[[datetime], Chat]) -> None:
    chat = chat_at(datetime(2026, 11, 24, 4, 0, tzinfo=UTC))  # eleven at night in New York
    chat.alice("JOIN")
    chat.alice("YES")
    chat.forget()
    chat.later("9h 59m")
    chat.expect()
    chat.later("2m")
    chat.expect(alice="Which first name should we use")


def test_later_at_night_comes_in_the_morning(chat_at: Callable[[datetime], Chat]) -> None:
    chat = chat_at(datetime(2026, 11, 24, 1, 30, tzinfo=UTC)).joined("bob")
    chat.alice("CHECKIN")
    chat.forget()
    chat.alice("later")
    chat.expect(alice="I will ask again tomorrow at 9:00 AM")
    chat.until(datetime(2026, 11, 24, 13, 59, tzinfo=UTC))
    chat.expect()
    chat.later("1m")
    chat.expect(alice="How are you feeling")


def test_a_request_at_night_goes_out_at_night(chat_at: Callable[[datetime], Chat]) -> None:
    chat = chat_at(datetime(2026, 11, 24, 8, 0, tzinfo=UTC)).joined("bob")
    chat.alice("SUPPORT")
    chat.later("5m")
    chat.expect(alice=["In 5 minutes", "I texted Bob at 3:05"], bob="would like to hear from you")


def test_an_invited_person_is_reminded_by_day(chat_at: Callable[[datetime], Chat]) -> None:
    chat = chat_at(datetime(2026, 11, 24, 5, 0, tzinfo=UTC)).joined()
    chat.alice("CONTACTS")
    chat.alice("Bob")
    chat.alice(NUMBERS["bob"])
    chat.forget()
    chat.until(datetime(2026, 11, 25, 13, 59, tzinfo=UTC))
    assert chat.bob.new() == []
    chat.later("1m")
    assert chat.bob.new() == [
        "Harbor Circle: Alice would still like you as a trusted contact. Reply YES or NO. "
        "We will not ask again. STOP ends."
    ]
    chat.forget()
    chat.later("3d")
    assert any("Bob has not answered yet" in text for text in chat.alice.new())
    assert chat.bob.new() == []


# ---------------------------------------------------------------- how often


def with_flow_of(chat: Chat, name: str, *rules: Rule) -> None:
    """Let a second flow begin by these rules, with the daily one's question."""
    second = replace(chat.app.flows["daily"], name=name, start=tuple(ScheduleTrigger(rule) for rule in rules))
    stored = FlowVersion(name, second.version, second.source.replace("flow: daily", f"flow: {name}"), "x")
    chat.app.store.run(lambda unit: runs.publish(unit, stored, at=MONDAY, author="test", note=""))
    chat.app.go_live({**chat.app.flows, name: second})


def test_a_second_check_in_on_one_day_lapses(chat: Chat) -> None:
    with_flow_of(chat, "second", Rule(EVERY_DAY, "18:00"))
    chat.joined("bob")
    chat.until(FIVE + timedelta(hours=2))
    chat.expect(alice="How are you feeling")
    chat.as_program(check_ins=Limits(a_day=2))
    chat.until(FIVE + timedelta(days=1, hours=2))
    assert [text.count("How are you feeling") for text in chat.alice.new()].count(1) == 2


def test_what_a_member_begins_does_not_count(quick: Chat) -> None:
    quick.joined("bob")
    quick.alice("CHECKIN")
    quick.alice("4")
    quick.forget()
    quick.until(FIVE)
    quick.expect(alice="How are you feeling")


def test_a_week_has_as_many_check_ins_as_the_program_says(quick: Chat) -> None:
    quick.joined("bob")
    quick.as_program(check_ins=Limits(a_week=3))
    days = []
    for day in range(14):
        quick.forget()
        quick.until(FIVE + timedelta(days=day))
        if any("How are you feeling" in text for text in quick.alice.new()):
            days.append(day)
            quick.alice("5")
    assert days == [0, 1, 2, 7, 8, 9]


# ---------------------------------------------------------------- the service stood still


def test_after_a_day_without_the_service_check_ins_lapse_and_requests_do_not(chat: Chat) -> None:
    chat.joined("bob")
    chat.alice("SUPPORT")
    chat.forget()
    chat.stand_still("1d")
    chat.restart()
    chat.settle()
    chat.expect(alice="I texted Bob at 10:00", bob="would like to hear from you")
    planned = [t.due_at for s, t in chat.timers().items() if s.startswith("schedule:")]
    assert planned == [FIVE + timedelta(days=1)]


def test_a_reminder_that_is_a_day_late_lapses_and_the_next_check_in_comes(chat: Chat) -> None:
    chat.joined("bob")
    chat.until(FIVE)
    chat.forget()
    chat.stand_still("24h 30m")
    chat.restart()
    chat.settle()
    chat.expect(alice="How are you feeling")
    chat.later("3h")
    chat.expect(alice="we missed you today")


def test_a_reminder_that_is_an_hour_late_is_sent(quick: Chat) -> None:
    quick.joined("bob")
    quick.until(FIVE)
    quick.forget()
    quick.stand_still("3h 50m")
    quick.settle()
    quick.expect(alice="we missed you today")


def test_a_ladder_that_leads_to_people_goes_on_after_a_day_and_at_an_allowed_hour(quick: Chat) -> None:
    quick.joined("bob")
    quick.as_program(missed=Missed(staff="always", contacts="chosen"))
    quick.alice("CONTACTS ON")
    quick.until(FIVE + timedelta(hours=20))
    quick.forget()
    quick.stand_still("1d")
    quick.settle()
    assert quick.tasks() == [], "one rung after the other, each as long after the one before as ever"
    quick.later("3h 1m")
    assert [task.kind for task in quick.tasks()] == ["missed"]
    assert quick.bob.new() == []
    quick.later("19h")
    assert "asked us to tell you" in quick.bob.new()[0]


def test_what_a_pause_and_a_request_promised_is_still_due_after_a_day(quick: Chat) -> None:
    quick.joined("bob")
    quick.alice("pause for 1 day")
    quick.alice("SUPPORT")
    quick.forget()
    quick.stand_still("2d")
    quick.settle()
    heard = quick.alice.new()
    assert any("your check-ins are on again" in text for text in heard)
    assert any("I texted Bob" in text for text in heard)
    assert "would like to hear from you" in quick.bob.new()[0]


def test_a_check_in_that_is_hours_late_by_night_is_not_sent(quick: Chat) -> None:
    quick.joined("bob")
    quick.clock.move_to(FIVE + timedelta(hours=4, minutes=30))
    quick.settle()
    quick.expect()


def test_a_check_in_a_little_late_is_sent(quick: Chat) -> None:
    quick.joined("bob")
    quick.clock.move_to(FIVE + timedelta(hours=3, minutes=30))
    quick.settle()
    quick.expect(alice="How are you feeling")


def test_a_follow_up_that_is_late_by_night_waits_for_the_morning(quick: Chat) -> None:
    quick.joined("bob")
    quick.alice("SUPPORT")
    quick.later("6m")
    quick.bob("1")
    quick.forget()
    quick.clock.move_to(datetime(2026, 11, 25, 4, 0, tzinfo=UTC))
    quick.settle()
    quick.expect(bob="did you get to talk with Alice")
    quick.until(datetime(2026, 11, 25, 14, 0, tzinfo=UTC))
    quick.expect(alice="Did someone get in touch with you")


def test_a_pause_that_ends_while_the_service_stands_still(quick: Chat) -> None:
    quick.joined("bob")
    quick.alice("PAUSE")
    quick.forget()
    quick.clock.move_to(datetime(2026, 12, 2, 5, 0, tzinfo=UTC))
    quick.settle()
    quick.expect()
    quick.until(datetime(2026, 12, 2, 14, 0, tzinfo=UTC))
    quick.expect(alice="your check-ins are on again")


def test_publishing_anew_plans_for_everybody_and_nothing_twice(quick: Chat) -> None:
    quick.joined("bob")
    alice = quick.situation(quick.alice).person.id
    flows = [quick.app.flows[name] for name in ("daily", "welcome")]
    quick.app.store.run(lambda unit: schedules.plan_everybody(Turn(quick.app, unit, MONDAY), flows))
    assert [s for s in quick.timers() if s.startswith("schedule:")] == [f"schedule:{alice}:daily"]


@pytest.mark.parametrize("subject", ["schedule:{}:never", "silent:{}:never", "follow_up:{}:joined:never"])
def test_a_timer_of_a_flow_that_there_is_not_is_forgotten(quick: Chat, subject: str) -> None:
    quick.joined("bob")
    subject = subject.format(quick.situation(quick.alice).person.id)
    timer = Timer(subject, "routine", quick.situation(quick.alice).person.id, 0, MONDAY)
    quick.app.store.run(lambda unit: timers.put(unit, timer))
    assert subject in quick.timers()
    due.run_due(quick.app, "routine")
    assert subject not in quick.timers()
    quick.expect()


def test_a_flow_that_was_just_published_is_waited_for(quick: Chat) -> None:
    quick.joined("bob")
    quick.until(FIVE - timedelta(seconds=5))
    daily = quick.app.flows["daily"]
    publish(quick.app, [replace(daily, source=daily.source + "# anew\n")], author="test", note="")
    live = dict(quick.app.flows)
    quick.app.go_live({name: flow for name, flow in live.items() if name != "daily"})
    quick.until(FIVE)
    quick.expect()
    quick.app.go_live(live)
    quick.until(FIVE + due.NOT_TAKEN_UP_YET)
    quick.expect(alice="How are you feeling")


def test_one_that_nobody_takes_up_is_not_waited_for_without_end(quick: Chat) -> None:
    quick.joined("bob")
    quick.app.go_live({name: flow for name, flow in quick.app.flows.items() if name != "daily"})
    quick.until(FIVE)
    assert not any(subject.startswith("schedule:") for subject in quick.timers())


def test_alert_timers_are_set_for_every_open_alert_after_any_of_it(chat: Chat) -> None:
    chat.joined("bob")
    chat.alice("SUPPORT")
    chat.later("2h")
    assert chat.all_alerts()[0].state is AlertState.WITH_STAFF
    timer = due_timer(chat, "alert:")
    assert timer.transition == chat.all_alerts()[0].timer
    chat.dana("1")
    chat.later("3d")
    assert chat.all_alerts()[0].state is AlertState.WITH_STAFF  # nobody said that somebody came
    assert due_timer(chat, "alert:").transition == chat.all_alerts()[0].timer


def test_rows_of_the_journal_are_numbered_without_a_gap(chat: Chat) -> None:
    chat.joined("bob")
    chat.alice("SUPPORT")
    chat.later("1d")
    alice = chat.situation(chat.alice).person.id

    def numbers(unit: Unit) -> list[int]:
        rows = unit.read(tables.journal.select().order_by(tables.journal.c.seq))
        return [row.seq for row in rows if row.member_id == alice]

    found = chat.app.store.read(numbers)
    assert found == list(range(1, len(found) + 1))
