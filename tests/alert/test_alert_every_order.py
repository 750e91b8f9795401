"""Every order of every event: the whole reachable state space of small alerts, walked.

`python -m tests.alert.test_alert_every_order` prints what was visited.

Two alerts that differ only in how many events they took behave the same: of `transition` only "is it 0" and
"is it the running timer's" can be seen, and of `reminders` only the remainder. So a state is walked once
with these brought to their smallest equal, and the walk ends.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checkin.alert.errors import EventRejected, StaleEvent
from checkin.alert.machine import CLOSED, STILL_LOOKING_EVERY, TRANSITIONS, escalate
from checkin.alert.model import (
    AddTask,
    Alert,
    AlertState,
    AllClear,
    ChangedMind,
    Effect,
    Event,
    HurryUp,
    NobodyCame,
    Notify,
    OutOfReach,
    Passed,
    Policy,
    Raised,
    SetTimer,
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
from checkin.alert.telling import people
from tests.alert.policies import policy as asking

STRANGER = "charlie"
ENDS: dict[AlertState, tuple[type[Event], ...]] = {
    AlertState.CANCELLED: (ChangedMind,),
    AlertState.RESOLVED: (SomebodyCame, AllClear, StaffResolved),
}


def small_policy(contacts: int, staff: int, *, at_once: bool = False, window: int = 5) -> Policy:
    return asking(
        ["bob", "carmen", "chris"][:contacts],
        ["dana", "erin"][:staff],
        window=timedelta(minutes=window),
        at_once=at_once,
    )


def tangled_policy() -> Policy:
    """A policy that `policy_for` never makes: an empty tier, a person in two tiers, a mixed tier."""
    bob, carmen = Target("bob", "contact"), Target("carmen", "contact")
    dana = Target("dana", "staff")
    wait = timedelta(minutes=1)
    tiers = (Tier((), wait), Tier((bob,), wait), Tier((carmen, dana), wait), Tier((bob,), wait))
    return Policy(wait, tiers, (dana,), wait)


POLICIES = {
    "nobody at all": small_policy(0, 0),
    "staff only": small_policy(0, 2),
    "contacts only": small_policy(2, 0),
    "2 contacts, 1 staff": small_policy(2, 1),
    "1 contact, 2 staff, no window": small_policy(1, 2, window=0),
    "2 contacts at once, 1 staff": small_policy(2, 1, at_once=True),
    "staff without a tier": Policy(timedelta(0), (), small_policy(0, 1).staff, timedelta(minutes=1)),
    "tangled": tangled_policy(),
    "3 contacts, 2 staff": small_policy(3, 2),
}


def events_for(alert: Alert) -> list[Event]:
    """Everything that can happen to anybody at any time, whether it makes sense or not."""
    persons = [target.person for target in people(alert.policy)] + [STRANGER]
    events: list[Event] = [Raised(), ChangedMind(), HurryUp(), SomebodyCame(), NobodyCame(), AllClear()]
    events += [StaffResolved("dana"), StaffResolved(STRANGER)]
    for person in persons:
        events += [Took(person), Passed(person), OutOfReach(person)]
    timers = {0, alert.transition + 1, alert.transition} | (
        {alert.timer} if alert.timer is not None else set()
    )
    return events + [TimerFired(transition) for transition in sorted(timers)]


def smallest(alert: Alert) -> Alert:
    """Return the alert that behaves the same and has taken the fewest events."""
    if alert.transition == 0:
        return alert
    waiting = None if alert.timer is None else (2 if alert.timer == alert.transition else 1)
    return replace(alert, transition=2, timer=waiting, reminders=alert.reminders % STILL_LOOKING_EVERY)


def key(alert: Alert, everyone: tuple[Target, ...]) -> tuple[object, ...]:
    """Return what tells one state from another."""
    told = tuple(alert.told.get(target.person) for target in everyone)
    return (alert.state, alert.transition, alert.timer, alert.tier, told, alert.taken_by, alert.reminders)


@dataclass
class Walk:
    states: Counter[str] = field(default_factory=Counter)
    edges: set[tuple[AlertState, AlertState]] = field(default_factory=set)
    transitions: int = 0
    refused: int = 0

    def __str__(self) -> str:
        return (
            f"{self.states.total()} states, {self.transitions} transitions, {self.refused} refused events, "
            f"{len(self.edges)} edges; {dict(self.states)}"
        )


def walk(policy: Policy) -> Walk:
    """Visit every reachable state of an alert under this policy, and check each transition and state."""
    seen = Walk()
    start = Alert("alert", "alice", "asked", policy)
    everyone = people(policy)
    todo, known = [start], {key(start, everyone)}
    while todo:
        alert = todo.pop()
        seen.states[alert.state.value if alert.transition else "new"] += 1
        check_state(alert)
        untouched = Alert.from_json(alert.to_json())
        for event in events_for(alert):
            try:
                after, effects = escalate(alert, event)
            except EventRejected:
                seen.refused += 1
                continue
            seen.transitions += 1
            seen.edges.add((alert.state, after.state))
            check_transition(alert, event, after, effects)
            following = smallest(after)
            if (name := key(following, everyone)) not in known:
                known.add(name)
                todo.append(following)
        assert alert == untouched, "an alert is a value"
    return seen


def check_state(alert: Alert) -> None:
    """What holds in every reachable state."""
    assert Alert.from_json(json.loads(json.dumps(alert.to_json(), sort_keys=True))) == alert
    assert set(alert.told) <= {target.person for target in people(alert.policy)}
    if alert.transition == 0:
        return
    assert (alert.timer is None) == (alert.state in CLOSED), "I1: an open alert has a wait running"
    if alert.state is AlertState.ACKNOWLEDGED:
        assert alert.taken_by in alert.told
    elif alert.state not in CLOSED:
        assert alert.taken_by is None
    if alert.state is AlertState.NOTIFYING:
        tier = alert.policy.tiers[alert.tier].targets
        assert any(alert.told.get(target.person) is Told.TOLD for target in tier), "somebody is waited for"
    if alert.state not in CLOSED:
        check_silence(alert)


def check_silence(alert: Alert) -> None:
    """Silence alone leads to the staff's list and stays there: nothing ends by itself."""
    for _ in range(len(alert.policy.tiers) + 3):
        if alert.state is AlertState.WITH_STAFF:
            break
        assert alert.timer is not None
        before = alert
        alert, effects = escalate(alert, TimerFired(alert.timer))
        assert alert.state not in CLOSED
        listed = any(isinstance(effect, AddTask) for effect in effects)
        assert listed == (alert.state is AlertState.WITH_STAFF), (before, effects)
    assert alert.state is AlertState.WITH_STAFF
    heard = 0
    for _ in range(STILL_LOOKING_EVERY):
        assert alert.timer is not None
        alert, effects = escalate(alert, TimerFired(alert.timer))
        assert alert.state is AlertState.WITH_STAFF
        reminded = {effect.target for effect in effects if isinstance(effect, Notify)}
        assert reminded == set(alert.policy.staff)
        heard += TellMember("still_looking") in effects
    assert heard == 1


def check_transition(before: Alert, event: Event, after: Alert, effects: tuple[Effect, ...]) -> None:
    """What holds for every accepted event."""
    assert after.transition == before.transition + 1
    assert (after.id, after.member, after.policy) == (before.id, before.member, before.policy)
    check_wait(before, event, after, effects)
    check_who_hears(before, event, after, effects)
    if after.state in CLOSED and before.state not in CLOSED:
        assert isinstance(event, ENDS[after.state])
    if before.state in CLOSED:
        assert after.state is before.state
        assert after.told == before.told
    if after.state is not before.state:
        assert any(isinstance(effect, TellMember) for effect in effects), "the member hears of every change"
        assert after.reminders == 0 or after.state in CLOSED, "reminders count anew where it stands now"
    tasks = [effect for effect in effects if isinstance(effect, AddTask)]
    if after.state is AlertState.WITH_STAFF and before.state is not AlertState.WITH_STAFF:
        assert len(tasks) == 1
        assert {target.person for target in after.policy.staff} <= set(after.told)
    if isinstance(event, TimerFired):
        assert event.transition == before.timer


def check_wait(before: Alert, event: Event, after: Alert, effects: tuple[Effect, ...]) -> None:
    waits = [effect for effect in effects if isinstance(effect, SetTimer)]
    if after.state in CLOSED:
        assert waits == []
    elif waits:
        assert len(waits) == 1
        assert waits[0].after > timedelta(0)
        assert after.timer == after.transition
    else:
        assert after.timer == before.timer
        assert after.state is before.state
        assert not isinstance(event, TimerFired), "a wait that is over was followed by another"


def check_who_hears(before: Alert, event: Event, after: Alert, effects: tuple[Effect, ...]) -> None:
    everyone = {target.person for target in people(before.policy)}
    asked = [effect.target.person for effect in effects if isinstance(effect, Notify)]
    informed = [effect.target.person for effect in effects if isinstance(effect, TellOther)]
    assert {*asked, *informed} <= everyone, "nobody outside the policy is told"
    assert len({*asked, *informed}) == len(asked) + len(informed), "one message a person and event"
    assert set(asked) <= set(after.told)
    caused = getattr(event, "person", None)
    for person in informed:
        assert person in before.told
        assert person == caused or before.told[person] is not Told.UNREACHABLE
    news = [effect for effect in effects if isinstance(effect, TellMember)]
    assert len(news) <= 1
    assert all(effect.person is None or effect.person in everyone for effect in news)
    for effect in effects:
        if isinstance(effect, Notify):
            assert effect.reminder == (effect.target.person in before.told)
    if after.state is AlertState.ACKNOWLEDGED and before.state is not AlertState.ACKNOWLEDGED:
        waiting = {p for p, mark in before.told.items() if mark in (Told.TOLD, Told.PASSED)}
        assert waiting <= set(informed), "acknowledge tells everyone who may still think it is theirs"


@pytest.fixture(scope="module")
def walks() -> dict[str, Walk]:
    return {name: walk(policy) for name, policy in POLICIES.items()}


@pytest.mark.parametrize("name", POLICIES)
def test_every_order_of_every_event_keeps_the_invariants(name: str, walks: dict[str, Walk]) -> None:
    seen = walks[name]
    never = {AlertState.NOTIFYING, AlertState.ACKNOWLEDGED} if name == "nobody at all" else set()
    never |= {AlertState.WINDOW} if not POLICIES[name].window else set()
    never |= {AlertState.NOTIFYING} if not POLICIES[name].tiers else set()
    never |= {AlertState.CANCELLED} if name == "staff without a tier" else set()
    assert set(seen.states) == {"new", *(state.value for state in set(AlertState) - never)}, str(seen)


def test_the_walks_use_the_whole_transition_table(walks: dict[str, Walk]) -> None:
    edges = set().union(*(seen.edges for seen in walks.values()))
    assert edges == {(state, after) for (state, _), after in TRANSITIONS.items()}


def event_strategy() -> st.SearchStrategy[Event | None]:
    """Any event; None stands for the timer that is running."""
    person = st.sampled_from(["bob", "carmen", "chris", "dana", "erin", STRANGER])
    alone: list[Event] = [
        Raised(),
        ChangedMind(),
        HurryUp(),
        SomebodyCame(),
        NobodyCame(),
        AllClear(),
    ]
    return st.one_of(
        st.none(),
        st.none(),
        person.map(Took),
        person.map(Passed),
        person.map(OutOfReach),
        person.map(StaffResolved),
        st.sampled_from(alone),
        st.integers(0, 40).map(TimerFired),
    )


@given(
    contacts=st.integers(0, 3),
    staff=st.integers(0, 2),
    at_once=st.booleans(),
    window=st.sampled_from([0, 5]),
    events=st.lists(event_strategy(), max_size=40),
)
@settings(max_examples=200, deadline=None)
def test_long_histories_replay_exactly_through_json(
    contacts: int, staff: int, at_once: bool, window: int, events: list[Event | None]
) -> None:
    policy = small_policy(contacts, staff, at_once=at_once, window=window)
    straight, _ = escalate(Alert("alert", "alice", "asked", policy), Raised())
    stored = straight
    for event in events:
        if event is None:
            event = TimerFired(-1 if straight.timer is None else straight.timer)
        outcomes, refused_well = [], True
        for alert in (straight, Alert.from_json(json.loads(json.dumps(stored.to_json(), sort_keys=True)))):
            try:
                outcomes.append(escalate(alert, event))
            except EventRejected as refusal:
                overtaken = isinstance(event, TimerFired) and event.transition != alert.timer
                refused_well &= isinstance(refusal, StaleEvent) == overtaken
                outcomes.append((alert, ()))
        assert refused_well
        assert outcomes[0] == outcomes[1]
        (straight, _), (stored, _) = outcomes
    check_state(straight)


if __name__ == "__main__":
    for name, policy in POLICIES.items():
        print(f"{name}: {walk(policy)}")
