"""The escalation machine, read as stories: Alice asks, Bob and Carmen are asked, Dana is on call."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from checkin.alert import errors
from checkin.alert.machine import escalate
from checkin.alert.model import (
    AddTask,
    Alert,
    AlertState,
    AllClear,
    Call,
    ChangedMind,
    CheckTaker,
    Effect,
    Event,
    FollowUp,
    HurryUp,
    NoAnswer,
    NobodyCame,
    Notify,
    OutOfReach,
    Passed,
    Policy,
    Raised,
    SetTimer,
    ShiftChanged,
    SomebodyCame,
    StaffResolved,
    Target,
    TellMember,
    TellOther,
    Tier,
    TimerFired,
    Told,
    Took,
)
from checkin.alert.onward import LONGEST_REMINDER, STILL_LOOKING_EVERY
from tests.alert.policies import CHECK, REMIND, STAFF_WAIT, WAIT, WINDOW, policy

BOB, CARMEN = Target("bob", "contact"), Target("carmen", "contact")
DANA, ERIN = Target("dana", "staff"), Target("erin", "staff")


class Story:
    """One alert on its way; every step goes through JSON, as between two processes."""

    def __init__(self, policy: Policy) -> None:
        self.alert = Alert("alert", "alice", "asked", policy)

    def after(self, event: Event) -> tuple[Effect, ...]:
        stored = Alert.from_json(json.loads(json.dumps(self.alert.to_json(), sort_keys=True)))
        assert stored == self.alert
        self.alert, effects = escalate(stored, event)
        return effects

    def silence(self) -> tuple[Effect, ...]:
        assert self.alert.timer is not None
        return self.after(TimerFired(self.alert.timer))

    def so_far(self, *events: Event | None) -> Story:
        """Go through these; None is silence until the wait is over."""
        for event in events:
            if event is None:
                self.silence()
            else:
                self.after(event)
        return self


def test_silence_goes_to_every_contact_and_then_to_staff_until_a_person_takes_it() -> None:
    story = Story(policy())

    assert story.after(Raised()) == (TellMember("window_opened", "bob"), SetTimer(WINDOW))
    assert story.silence() == (Notify(BOB), TellMember("contact_told", "bob"), SetTimer(WAIT))
    assert story.silence() == (Notify(CARMEN), TellMember("passed_on", "carmen"), SetTimer(WAIT))
    assert story.silence() == (Notify(DANA), TellMember("staff_told", "dana"), SetTimer(STAFF_WAIT))
    assert story.alert.state is AlertState.NOTIFYING
    assert story.silence() == (
        AddTask("alert_unanswered"),
        Notify(DANA, reminder=True),
        TellMember("still_looking"),
        SetTimer(REMIND),
    )
    assert story.alert.state is AlertState.WITH_STAFF
    assert story.after(Took("dana")) == (
        TellMember("taken", "dana"),
        TellOther(DANA, "taken_by_you"),
        TellOther(BOB, "taken_by_other", "dana"),
        TellOther(CARMEN, "taken_by_other", "dana"),
        FollowUp(),
        SetTimer(CHECK),
    )
    assert story.alert.state is AlertState.ACKNOWLEDGED
    assert story.alert.taken_by == "dana"
    assert story.after(SomebodyCame()) == (TellMember("resolved"),)
    assert story.alert.state is AlertState.RESOLVED
    assert story.alert.timer is None


def test_no_window_tells_the_first_contact_at_once() -> None:
    story = Story(policy(window=timedelta(0)))
    assert story.after(Raised()) == (Notify(BOB), TellMember("contact_told", "bob"), SetTimer(WAIT))
    assert story.alert.state is AlertState.NOTIFYING


def test_without_contacts_the_window_leads_to_staff() -> None:
    story = Story(policy(()))
    assert story.after(Raised()) == (TellMember("window_opened", None), SetTimer(WINDOW))
    assert story.silence() == (Notify(DANA), TellMember("staff_told", "dana"), SetTimer(STAFF_WAIT))


def test_without_anybody_the_task_and_the_timer_remain() -> None:
    story = Story(policy((), ())).so_far(Raised())
    assert story.silence() == (AddTask("alert_unanswered"), TellMember("still_looking"), SetTimer(REMIND))
    heard = [story.silence() for _ in range(2 * STILL_LOOKING_EVERY)]
    told = [TellMember("still_looking") in effects for effects in heard]
    assert told == ([False] * (STILL_LOOKING_EVERY - 1) + [True]) * 2
    waits = [effect.after for effects in heard for effect in effects if isinstance(effect, SetTimer)]
    few = STILL_LOOKING_EVERY
    assert waits == [REMIND] * (few - 1) + [2 * REMIND] * few + [4 * REMIND], "twice as long after every few"


def test_reminders_come_at_least_every_few_hours() -> None:
    story = Story(policy((), ())).so_far(Raised())
    waits = [effect.after for _ in range(80) for effect in story.silence() if isinstance(effect, SetTimer)]
    assert max(waits) == LONGEST_REMINDER
    assert waits == sorted(waits)


def test_the_member_hears_of_staff_once_when_no_staff_tier_came_before() -> None:
    bare = Policy(WINDOW, (), (DANA, ERIN), REMIND)
    story = Story(bare).so_far(Raised())
    assert story.silence() == (
        AddTask("alert_unanswered"),
        Notify(DANA),
        Notify(ERIN),
        TellMember("staff_told", "dana"),
        SetTimer(REMIND),
    )
    assert story.silence() == (Notify(DANA, reminder=True), Notify(ERIN, reminder=True), SetTimer(REMIND))


def test_hurry_up_ends_the_window() -> None:
    story = Story(policy()).so_far(Raised())
    assert story.after(HurryUp()) == (Notify(BOB), TellMember("contact_told", "bob"), SetTimer(WAIT))


def test_contacts_at_once_are_told_together_and_all_must_pass() -> None:
    story = Story(policy(at_once=True)).so_far(Raised())
    assert story.silence() == (
        Notify(BOB),
        Notify(CARMEN),
        TellMember("contact_told", "bob"),
        SetTimer(WAIT),
    )
    running = story.alert.timer
    assert story.after(Passed("bob")) == (TellOther(BOB, "thanks_for_answering"),)
    assert story.alert.timer == running
    assert story.after(OutOfReach("carmen")) == (
        Notify(DANA),
        TellMember("staff_told", "dana"),
        SetTimer(STAFF_WAIT),
    )


def test_a_wait_outlives_events_that_do_not_concern_it() -> None:
    story = Story(policy(at_once=True)).so_far(Raised(), None, Passed("bob"))
    assert story.alert.transition > (story.alert.timer or 0)
    assert Notify(DANA) in story.silence()


def test_a_contact_who_cannot_is_thanked_and_the_next_is_told_at_once() -> None:
    story = Story(policy()).so_far(Raised(), None)
    assert story.after(Passed("bob")) == (
        TellOther(BOB, "thanks_for_answering"),
        Notify(CARMEN),
        TellMember("passed_on", "carmen"),
        SetTimer(WAIT),
    )


def test_a_contact_out_of_reach_is_passed_over_and_never_told_how_it_went_on() -> None:
    story = Story(policy()).so_far(Raised(), None, OutOfReach("bob"))
    assert story.alert.told == {"bob": Told.UNREACHABLE, "carmen": Told.TOLD}
    effects = story.after(Took("carmen"))
    assert not any(isinstance(effect, TellOther) and effect.target == BOB for effect in effects)


@pytest.mark.parametrize("silent", [2, 3, 4, 9])
def test_a_late_yes_still_counts(silent: int) -> None:
    story = Story(policy()).so_far(Raised(), *[None] * silent)
    assert story.after(Took("bob"))[:2] == (TellMember("taken", "bob"), TellOther(BOB, "taken_by_you"))
    assert story.alert.state is AlertState.ACKNOWLEDGED


def test_a_yes_after_a_no_counts() -> None:
    story = Story(policy()).so_far(Raised(), None, Passed("bob"), Took("bob"))
    assert story.alert.taken_by == "bob"


def test_the_second_yes_hears_who_has_it() -> None:
    story = Story(policy()).so_far(Raised(), None, None, Took("carmen"))
    assert story.after(Took("bob")) == (TellOther(BOB, "taken_by_other", "carmen"),)
    assert story.alert.taken_by == "carmen"
    assert story.after(Took("carmen")) == (TellOther(CARMEN, "taken_by_you"),)
    assert story.alert.state is AlertState.ACKNOWLEDGED


def test_who_said_no_hears_that_somebody_has_it_but_the_taker_only_once() -> None:
    story = Story(policy()).so_far(Raised(), None, Passed("bob"))
    effects = story.after(Took("carmen"))
    assert [effect for effect in effects if isinstance(effect, TellOther)] == [
        TellOther(CARMEN, "taken_by_you"),
        TellOther(BOB, "taken_by_other", "carmen"),
    ]


def test_a_taker_who_cannot_after_all_reopens_and_those_sent_home_are_asked_again() -> None:
    story = Story(policy()).so_far(Raised(), None, None, Took("bob"))
    assert story.alert.told["carmen"] is Told.STOOD_DOWN
    assert story.after(Passed("bob")) == (
        TellOther(BOB, "thanks_for_answering"),
        Notify(DANA),
        Notify(CARMEN, reminder=True),
        TellMember("staff_told", "dana"),
        SetTimer(STAFF_WAIT),
    )
    assert story.alert.state is AlertState.NOTIFYING
    assert story.alert.taken_by is None


def test_a_taker_who_cannot_after_all_passes_it_to_the_next_contact() -> None:
    story = Story(policy()).so_far(Raised(), None, Took("bob"))
    assert story.after(Passed("bob"))[1:] == (
        Notify(CARMEN),
        TellMember("passed_on", "carmen"),
        SetTimer(WAIT),
    )


def test_a_staff_taker_who_cannot_after_all_leaves_it_with_staff() -> None:
    story = Story(policy()).so_far(Raised(), None, None, None, Took("dana"))
    assert story.after(Passed("dana")) == (
        TellOther(DANA, "thanks_for_answering"),
        AddTask("alert_unanswered"),
        Notify(BOB, reminder=True),
        Notify(CARMEN, reminder=True),
        TellMember("still_looking"),
        SetTimer(REMIND),
    )
    assert Notify(DANA, reminder=True) in story.silence()


def test_nobody_came_reopens_with_staff() -> None:
    story = Story(policy()).so_far(Raised(), None, Took("bob"))
    assert story.after(NobodyCame()) == (
        AddTask("nobody_came"),
        Notify(DANA),
        TellMember("reopened"),
        SetTimer(REMIND),
    )
    assert story.alert.state is AlertState.WITH_STAFF
    assert story.alert.taken_by is None
    assert TellOther(BOB, "taken_by_other", "dana") in story.after(Took("dana"))


def test_a_taken_alert_that_nobody_confirms_reminds_and_then_goes_to_staff() -> None:
    story = Story(policy()).so_far(Raised(), None, Took("bob"))
    assert story.silence() == (CheckTaker(BOB), SetTimer(CHECK))
    assert story.alert.state is AlertState.ACKNOWLEDGED
    assert story.silence() == (
        AddTask("check_taken"),
        Notify(DANA),
        TellMember("staff_told", "dana"),
        SetTimer(REMIND),
    )
    assert story.alert.state is AlertState.WITH_STAFF


def test_a_staff_taker_is_reminded_too_however_often_staff_were_reminded_before() -> None:
    story = Story(policy()).so_far(Raised(), *[None] * 7, Took("dana"))
    assert story.silence() == (CheckTaker(DANA), SetTimer(CHECK))
    assert story.silence()[0] == AddTask("check_taken")


def test_a_taker_out_of_reach_is_looked_after_by_staff_without_reopening() -> None:
    story = Story(policy()).so_far(Raised(), None, Took("bob"))
    assert story.after(OutOfReach("bob")) == (AddTask("check_taken"),)
    assert story.after(OutOfReach("bob")) == ()
    assert story.alert.state is AlertState.ACKNOWLEDGED
    assert story.silence()[0] == AddTask("check_taken")
    assert story.alert.state is AlertState.WITH_STAFF


def test_changed_mind_in_the_window_tells_nobody_else() -> None:
    story = Story(policy()).so_far(Raised())
    assert story.after(ChangedMind()) == (TellMember("cancelled"),)
    assert story.alert.state is AlertState.CANCELLED


def test_changed_mind_before_anybody_took_it_tells_those_who_were_asked() -> None:
    story = Story(policy()).so_far(Raised(), None, Passed("bob"))
    assert story.after(ChangedMind()) == (
        TellMember("cancelled"),
        TellOther(BOB, "no_longer_needed"),
        TellOther(CARMEN, "no_longer_needed"),
    )


@pytest.mark.parametrize("events", [(None, None, None, None), (None, Took("bob"))])
def test_changed_mind_later_is_refused(events: tuple[Event | None, ...]) -> None:
    story = Story(policy()).so_far(Raised(), *events)
    with pytest.raises(errors.WindowOver, match="window is over"):
        story.after(ChangedMind())


def test_all_clear_is_told_to_everyone_who_was_told() -> None:
    story = Story(policy()).so_far(Raised(), None, Passed("bob"), None, Took("carmen"))
    assert story.after(AllClear()) == (
        TellMember("resolved"),
        TellOther(BOB, "all_clear"),
        TellOther(CARMEN, "all_clear"),
        TellOther(DANA, "all_clear"),
    )
    assert story.alert.state is AlertState.RESOLVED


def test_staff_resolve_without_taking_it_and_the_others_stand_down() -> None:
    story = Story(policy(staff=("dana", "erin"))).so_far(Raised(), None, None, None)
    assert story.after(StaffResolved("dana")) == (
        TellMember("resolved"),
        TellOther(BOB, "no_longer_needed"),
        TellOther(CARMEN, "no_longer_needed"),
        TellOther(ERIN, "no_longer_needed"),
    )


def test_an_answer_after_the_end_is_answered() -> None:
    story = Story(policy()).so_far(Raised(), None, ChangedMind())
    assert story.after(Took("bob")) == (TellOther(BOB, "no_longer_needed"),)
    assert story.after(Passed("bob")) == (TellOther(BOB, "thanks_for_answering"),)
    assert story.alert.state is AlertState.CANCELLED


@pytest.mark.parametrize(
    ("so_far", "event", "error"),
    [
        ((), Took("bob"), errors.NotRaised),
        ((Raised(),), Raised(), errors.AlreadyRaised),
        ((Raised(),), Took("bob"), errors.NotTold),
        ((Raised(), None), Took("carmen"), errors.NotTold),
        ((Raised(), None), Took("charlie"), errors.NotTold),
        ((Raised(), None), Passed("dana"), errors.NotTold),
        ((Raised(), None), OutOfReach("carmen"), errors.NotTold),
        ((Raised(), None), HurryUp(), errors.WindowOver),
        ((Raised(), None), NobodyCame(), errors.NotTaken),
        ((Raised(), None), TimerFired(1), errors.StaleEvent),
        ((Raised(), None, Took("bob")), TimerFired(2), errors.StaleEvent),
        ((Raised(), ChangedMind()), TimerFired(1), errors.StaleEvent),
        ((Raised(), ChangedMind()), ChangedMind(), errors.AlertClosed),
        ((Raised(), ChangedMind()), HurryUp(), errors.AlertClosed),
        ((Raised(), None, Took("bob"), SomebodyCame()), NobodyCame(), errors.AlertClosed),
        ((Raised(), None, Took("bob"), SomebodyCame()), SomebodyCame(), errors.AlertClosed),
        ((Raised(), AllClear()), AllClear(), errors.AlertClosed),
        ((Raised(), AllClear()), StaffResolved("dana"), errors.AlertClosed),
        ((Raised(), None, AllClear()), OutOfReach("bob"), errors.AlertClosed),
    ],
)
def test_an_event_that_makes_no_sense_is_refused_by_name(
    so_far: tuple[Event | None, ...], event: Event, error: type[errors.EventRejected]
) -> None:
    story = Story(policy()).so_far(*so_far)
    before = story.alert
    with pytest.raises(error) as caught:
        story.after(event)
    assert story.alert is before
    assert type(caught.value) is error
    assert not {"bob", "carmen", "charlie", "dana"} & set(str(caught.value).lower().split())


def test_two_staff_tiers_name_staff_once() -> None:
    tiers = policy(staff=("dana", "erin")).tiers[:2]
    two = Policy(
        WINDOW, (*tiers, Tier((DANA,), WAIT), Tier((), WAIT), Tier((ERIN,), WAIT)), (DANA, ERIN), REMIND
    )
    story = Story(two).so_far(Raised(), None, None)
    assert TellMember("staff_told", "dana") in story.silence()
    assert story.silence() == (Notify(ERIN), TellMember("still_looking"), SetTimer(WAIT))


# ---------------------------------------------------------------- calls, repeats, shifts

SOON = timedelta(minutes=10)


def test_who_does_not_answer_the_text_is_called_and_keeps_the_rest_of_the_time() -> None:
    story = Story(policy(call_after=SOON)).so_far(Raised())
    assert story.silence()[-1] == SetTimer(SOON)
    assert story.silence() == (Call(BOB), SetTimer(WAIT - SOON))
    assert story.silence()[0] == Notify(CARMEN)


def test_a_call_that_nobody_answers_goes_on_to_the_next_at_once() -> None:
    story = Story(policy(call_after=SOON)).so_far(Raised(), None, None)
    assert story.after(NoAnswer("bob"))[:2] == (Notify(CARMEN), TellMember("passed_on", "carmen"))
    taken = story.after(Took("carmen"))
    assert TellOther(BOB, "taken_by_other", "carmen") in taken, "who was asked hears that it is handled"
    with pytest.raises(errors.NotWaiting):
        story.after(NoAnswer("carmen"))


def test_at_once_only_those_are_called_who_have_not_answered() -> None:
    story = Story(policy(at_once=True, call_after=SOON)).so_far(Raised(), None, Passed("bob"))
    assert story.silence() == (Call(CARMEN), SetTimer(WAIT - SOON))


def test_contacts_are_asked_again_but_not_who_has_passed() -> None:
    story = Story(policy(repeat=1)).so_far(Raised(), None, Passed("bob"), None)
    assert story.alert.tier == 3, "Bob has passed: Carmen is asked again"
    assert story.alert.told == {"bob": Told.PASSED, "carmen": Told.TOLD}
    assert story.silence()[0] == Notify(DANA)


def test_staff_who_passed_are_spared_while_somebody_else_is_left() -> None:
    story = Story(policy((), ("dana", "erin"))).so_far(Raised(), None, Passed("dana"))
    handed_over = story.silence()
    assert [effect for effect in handed_over if isinstance(effect, Notify)] == [Notify(ERIN, reminder=True)]
    assert [effect for effect in story.silence() if isinstance(effect, Notify)] == [
        Notify(ERIN, reminder=True)
    ]
    story.after(OutOfReach("erin"))
    again = [effect.target for effect in story.silence() if isinstance(effect, Notify)]
    assert again == [DANA, ERIN], "nobody else is left"


def test_the_taker_says_that_they_came_or_that_they_could_not() -> None:
    story = Story(policy()).so_far(Raised(), None, Took("bob"), None)
    came = story.after(Took("bob"))
    assert came == (TellMember("taker_came", "bob"), TellOther(BOB, "thanks_for_coming"))
    assert story.alert.state is AlertState.RESOLVED

    story = Story(policy()).so_far(Raised(), None, Took("bob"), None)
    assert story.after(Passed("bob"))[1] == Notify(CARMEN), "it is open again"
    assert story.alert.state is AlertState.NOTIFYING


def test_who_is_on_duty_when_staff_are_asked_is_asked() -> None:
    story = Story(policy(("bob",))).so_far(Raised(), None)
    assert story.after(ShiftChanged(("erin",))) == ()
    assert story.silence()[0] == Notify(ERIN)
    story.after(ShiftChanged(("dana",)))
    reminded = story.silence()
    assert [effect for effect in reminded if isinstance(effect, Notify)] == [Notify(DANA)]
    assert TellOther(ERIN, "taken_by_other", "dana") in story.after(Took("dana")), "Erin had been asked"
    with pytest.raises(errors.NothingNew):
        story.after(ShiftChanged(("dana",)))


def test_a_hole_in_the_rota_goes_to_the_last_resort_at_once() -> None:
    story = Story(policy(("bob",), (), last_resort=("dana",))).so_far(Raised(), None)
    assert story.silence()[:2] == (Notify(DANA), TellMember("staff_told", "dana"))


def test_alerts_that_were_stored_before_calls_and_rotas_are_read() -> None:
    story = Story(policy()).so_far(Raised(), None)
    stored = story.alert.to_json()
    for name in ("call_after", "last_resort", "relieved"):
        del stored["policy"][name]
    for tier in stored["policy"]["tiers"]:
        del tier["on_duty"]
    del stored["called"]
    old = Alert.from_json(stored)
    assert old.timer is not None
    assert escalate(old, TimerFired(old.timer))[1][0] == Notify(CARMEN)
