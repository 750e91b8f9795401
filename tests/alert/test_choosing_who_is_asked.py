"""The member chooses in the change-of-mind window who is asked."""

from __future__ import annotations

from itertools import permutations

import pytest

from checkin.alert.errors import AlertClosed, WindowOver
from checkin.alert.machine import escalate
from checkin.alert.model import (
    Alert,
    AlertState,
    ChangedMind,
    Chose,
    Event,
    Notify,
    Raised,
    SetTimer,
    Target,
    TellMember,
    TimerFired,
)
from checkin.alert.policy import choose
from checkin.alert.replay import event_from_json, event_to_json
from tests.alert.policies import policy as asking
from tests.alert.test_alert_every_order import small_policy, walk

POLICY = small_policy(3, 1)
CHOICES = [chosen for many in range(4) for chosen in permutations(("bob", "carmen", "chris"), many)]


def after(*events: Event) -> tuple[Alert, tuple[object, ...]]:
    alert, effects = Alert("alert", "alice", "asked", POLICY), ()
    for event in events:
        alert, effects = escalate(alert, event_from_json(event_to_json(event)))
        alert = Alert.from_json(alert.to_json())
    return alert, effects


@pytest.mark.parametrize("chosen", CHOICES)
def test_only_those_chosen_are_asked_and_then_staff(chosen: tuple[str, ...]) -> None:
    alert, effects = after(Raised(), Chose(chosen))
    assert alert.state is AlertState.WINDOW
    assert effects == (
        TellMember("window_opened", chosen[0] if chosen else None),
        SetTimer(POLICY.window),
    )
    asked: list[str] = []
    while alert.state in (AlertState.WINDOW, AlertState.NOTIFYING):
        assert alert.timer is not None
        alert, told = escalate(alert, TimerFired(alert.timer))
        asked += [effect.target.person for effect in told if isinstance(effect, Notify)]
    assert list(dict.fromkeys(asked)) == [*chosen, "dana"]


@pytest.mark.parametrize("chosen", [(), ("carmen",), ("chris", "bob")])
def test_whatever_is_chosen_the_request_reaches_a_person_in_every_order(chosen: tuple[str, ...]) -> None:
    seen = walk(choose(POLICY, chosen))
    assert seen.states["acknowledged"] > 0


def test_a_choice_can_be_thought_better_of() -> None:
    alert, effects = after(Raised(), Chose(("carmen",)), Chose(("bob",)))
    assert effects[0] == TellMember("window_opened", "bob")
    cancelled, _ = escalate(alert, ChangedMind())
    assert cancelled.state is AlertState.CANCELLED


def test_a_timer_of_the_window_before_the_choice_does_nothing() -> None:
    raised, _ = after(Raised())
    chosen, _ = after(Raised(), Chose(("carmen",)))
    assert chosen.timer != raised.timer


def test_there_is_nothing_to_choose_once_somebody_was_told() -> None:
    told, _ = after(Raised(), TimerFired(1))
    with pytest.raises(WindowOver):
        escalate(told, Chose(("carmen",)))
    with pytest.raises(AlertClosed):
        escalate(after(Raised(), ChangedMind())[0], Chose(()))


def test_a_contact_who_is_chosen_and_on_staff_is_asked_once() -> None:
    policy = choose(small_policy(1, 1), ("dana",))
    assert [one.person for tier in policy.tiers for one in tier.targets] == ["dana"]


def test_those_chosen_are_asked_as_often_as_contacts_are() -> None:
    again = asking(["bob", "carmen"], ["dana"], repeat=2)
    assert [tier.targets for tier in choose(again, ("carmen",)).tiers[:-1]] == [
        (Target("carmen", "contact"),)
    ] * 3


def test_a_tier_of_those_on_duty_is_kept_where_the_rota_has_a_hole() -> None:
    hole = asking(["bob"], [], last_resort=["erin"])
    assert any(tier.on_duty for tier in choose(hole, ("bob",)).tiers)
