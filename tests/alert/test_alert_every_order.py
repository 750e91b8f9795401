"""Every order of every event: the whole reachable state space of small alerts, walked.

`python -m tests.alert.test_alert_every_order` prints what was visited.

Two alerts that differ only in how many events they took behave the same: of `transition` only "is it 0" and
"is it the running timer's" can be seen, and of `reminders` only the remainder. So a state is walked once
with these brought to their smallest equal, and the walk ends.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checkin.alert.errors import EventRejected, StaleEvent
from checkin.alert.machine import CLOSED, TRANSITIONS, escalate
from checkin.alert.model import (
    AddTask,
    Alert,
    AlertState,
    AllClear,
    Call,
    ChangedMind,
    CheckTaker,
    Chose,
    Effect,
    Event,
    HurryUp,
    NoAnswer,
    NobodyCame,
    Notify,
    OutOfReach,
    Passed,
    Policy,
    PutOff,
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
from checkin.alert.onward import STILL_LOOKING_EVERY
from checkin.alert.policy import choose
from checkin.alert.telling import people
from tests.alert.policies import policy as asking

STRANGER = "charlie"
ENDS: dict[AlertState, tuple[type[Event], ...]] = {
    AlertState.CANCELLED: (ChangedMind,),
    AlertState.RESOLVED: (SomebodyCame, AllClear, StaffResolved, Took),
}


def small_policy(
    contacts: int,
    staff: int,
    *,
    at_once: bool = False,
    window: int = 5,
    repeat: int = 0,
    calls: bool = False,
    last: bool = False,
) -> Policy:
    return asking(
        ["bob", "carmen", "chris"][:contacts],
        ["dana", "erin"][:staff],
        window=timedelta(minutes=window),
        at_once=at_once,
        repeat=repeat,
        call_after=timedelta(minutes=10) if calls else None,
        last_resort=["frank"] if last else [],
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
    "1 contact, 2 staff, no window": small_policy(1, 2, window=0),
    "1 contact, 2 staff": small_policy(1, 2),
    "staff without a tier": Policy(timedelta(0), (), small_policy(0, 1).staff, timedelta(minutes=1)),
    "tangled": tangled_policy(),
    "3 contacts, 2 staff, called": small_policy(3, 2, calls=True),
    "2 contacts asked twice, called, 1 staff": small_policy(2, 1, repeat=1, calls=True),
    "a rota": small_policy(1, 1),
    "a rota with a last resort, called": small_policy(0, 1, window=0, calls=True, last=True),
    "2 contacts at once, called, 1 staff": small_policy(2, 1, at_once=True, calls=True),
    "a hole in the rota": small_policy(0, 0, last=True),
}
SHIFTS: dict[str, tuple[tuple[str, ...], ...]] = {
    "a rota": (("dana",), ("bob",), ()),
    "a rota with a last resort, called": (("dana",), ("erin",)),
    "a hole in the rota": (("dana",), ("frank",), ()),
}
"""Who may come on duty under which policy; where nobody is named, nobody works in shifts."""


WAITED_FOR = ("1 contact, 2 staff", "a rota", "2 contacts at once, called, 1 staff")
"""Under which policies a request may be put off: all its contacts are asked at the same moment."""


def events_for(alert: Alert, shifts: Sequence[tuple[str, ...]] = ()) -> list[Event]:
    """Everything that can happen to anybody at any time, whether it makes sense or not."""
    persons = [target.person for target in people(alert.policy)] + [STRANGER]
    events: list[Event] = [Raised(), ChangedMind(), HurryUp(), SomebodyCame(), NobodyCame(), AllClear()]
    events += [StaffResolved("dana"), StaffResolved(STRANGER)]
    for person in persons:
        events += [Took(person), Passed(person), OutOfReach(person)]
        events += [NoAnswer(person)] if alert.policy.call_after else []
    events += [ShiftChanged(on_duty) for on_duty in shifts]
    asked = tuple(target.person for target in people(alert.policy) if target.role == "contact")
    if asked and choose(alert.policy, asked) == alert.policy:  # other choices are other alerts
        events += [PutOff(asked, 3600.0), Chose(asked)]
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


def key(alert: Alert) -> tuple[object, ...]:
    """Return what tells the smallest equal of one alert from that of another, without making it."""
    policy = alert.policy
    told = tuple(sorted(alert.told.items()))
    shift = (policy.staff, policy.relieved, tuple(tier.targets for tier in policy.tiers if tier.on_duty))
    waits = "new" if alert.transition == 0 else alert.timer and alert.timer == alert.transition
    where = (alert.state, waits, alert.tier, alert.called)
    return (*where, told, alert.taken_by, alert.reminders % STILL_LOOKING_EVERY, shift)


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


def walk(policy: Policy, shifts: Sequence[tuple[str, ...]] = ()) -> Walk:
    """Visit every reachable state of an alert under this policy, and check each transition and state."""
    seen = Walk()
    start = Alert("alert", "alice", "asked", policy)
    todo, known = [start], {key(start)}
    while todo:
        alert = todo.pop()
        seen.states[alert.state.value if alert.transition else "new"] += 1
        everyone = frozenset(target.person for target in people(alert.policy))
        check_state(alert)
        untouched = Alert.from_json(json.loads(json.dumps(alert.to_json())))
        assert untouched == alert, "what is stored is the alert"
        for event in events_for(alert, shifts):
            try:
                after, effects = escalate(alert, event)
            except EventRejected:
                seen.refused += 1
                continue
            seen.transitions += 1
            seen.edges.add((alert.state, after.state))
            check_transition(alert, event, after, effects, everyone)
            if (name := key(after)) not in known:
                known.add(name)
                todo.append(smallest(after))
        assert alert == untouched, "an alert is a value"
    return seen


def check_state(alert: Alert) -> None:
    """What holds in every reachable state."""
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


def check_silence(before: Alert, after: Alert, effects: tuple[Effect, ...]) -> None:
    """Silence alone leads to the staff's list and stays there: nothing ends by itself.

    Each wait that is over brings an alert nearer to the list, in a measure that has an end; there it stays.
    """
    assert after.state not in CLOSED
    listed = any(isinstance(effect, AddTask) for effect in effects)
    if before.state is AlertState.WITH_STAFF:
        assert after.state is AlertState.WITH_STAFF
        assert not listed
        reminded = {effect.target for effect in effects if isinstance(effect, Notify)}
        assert reminded == expected_to_be_reminded(before)
        called = {effect.target for effect in effects if isinstance(effect, Call)}
        assert called == (reminded if before.policy.call_after else set())
        due = after.reminders % STILL_LOOKING_EVERY == 0
        assert (TellMember("still_looking") in effects) == due
        return
    assert listed == (after.state is AlertState.WITH_STAFF), (before, effects)
    assert nearness(after) > nearness(before)


def nearness(alert: Alert) -> tuple[int, int, bool, int]:
    """Return how near to the staff's list silence has brought an alert; it can't grow for ever."""
    order = ("put_off", "window", "notifying", "acknowledged", "with_staff")
    taken = alert.state is AlertState.ACKNOWLEDGED
    return order.index(alert.state.value), alert.tier, alert.called, alert.reminders if taken else 0


def check_handed_over(before: Alert, event: Event, effects: tuple[Effect, ...]) -> None:
    """Whoever of the staff may be asked is asked when an alert comes to them."""
    person = getattr(event, "person", "")
    marks = {Passed: Told.PASSED, OutOfReach: Told.UNREACHABLE, NoAnswer: Told.SILENT}
    mark = marks.get(type(event))
    now = before if mark is None else replace(before, told={**before.told, person: mark})
    asked = {effect.target.person for effect in effects if isinstance(effect, Notify)}
    expected = {one.person for one in expected_to_be_reminded(now)}
    assert expected - ({person} if mark else set()) <= asked


def expected_to_be_reminded(alert: Alert) -> set[Target]:
    """All staff but those who passed; all of them where nobody else could be reached."""
    stands = {target: alert.told.get(target.person) for target in alert.policy.staff}
    rest = {target for target, stand in stands.items() if stand is not Told.PASSED}
    return rest if any(stands[target] is not Told.UNREACHABLE for target in rest) else set(stands)


def check_transition(
    before: Alert, event: Event, after: Alert, effects: tuple[Effect, ...], everyone: frozenset[str]
) -> None:
    """What holds for every accepted event; everyone is who was in the policy before."""
    assert after.transition == before.transition + 1
    assert (after.id, after.member) == (before.id, before.member)
    if isinstance(event, ShiftChanged):
        assert effects == (), "a change of shift tells nobody"
        assert {one.person for one in after.policy.staff} >= set(event.on_duty)
        assert set(before.told) == set(after.told) <= {one.person for one in people(after.policy)}
    else:
        assert after.policy == before.policy
    check_wait(before, event, after, effects)
    check_who_hears(before, event, after, effects, everyone)
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
        check_handed_over(before, event, effects)
    if isinstance(event, TimerFired):
        assert event.transition == before.timer
        check_silence(before, after, effects)


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


def check_who_hears(
    before: Alert, event: Event, after: Alert, effects: tuple[Effect, ...], everyone: frozenset[str]
) -> None:
    asked = [effect.target.person for effect in effects if isinstance(effect, Notify | CheckTaker)]
    called = [effect.target.person for effect in effects if isinstance(effect, Call)]
    assert all(after.told[person] is Told.TOLD for person in called), "nobody is called who was not texted"
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
        waiting = {p for p, mark in before.told.items() if mark in (Told.TOLD, Told.SILENT, Told.PASSED)}
        assert waiting <= set(informed), "acknowledge tells everyone who may still think it is theirs"


@pytest.fixture(scope="module")
def walks() -> dict[str, Walk]:
    return {name: walk(policy, SHIFTS.get(name, ())) for name, policy in POLICIES.items()}


@pytest.mark.parametrize("name", POLICIES)
def test_every_order_of_every_event_keeps_the_invariants(name: str, walks: dict[str, Walk]) -> None:
    seen = walks[name]
    never = {AlertState.NOTIFYING, AlertState.ACKNOWLEDGED} if name == "nobody at all" else set()
    never |= {AlertState.WINDOW} if not POLICIES[name].window else set()
    never |= set() if name in WAITED_FOR else {AlertState.PUT_OFF}
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
        person.map(NoAnswer),
        st.lists(person, max_size=2).map(lambda on_duty: ShiftChanged(tuple(on_duty))),
        person.map(StaffResolved),
        st.sampled_from(alone),
        st.lists(person, max_size=2).map(lambda chosen: PutOff(tuple(chosen), 3600.0)),
        st.integers(0, 40).map(TimerFired),
    )


@given(
    contacts=st.integers(0, 3),
    staff=st.integers(0, 2),
    at_once=st.booleans(),
    window=st.sampled_from([0, 5]),
    repeat=st.integers(0, 1),
    calls=st.booleans(),
    events=st.lists(event_strategy(), max_size=40),
)
@settings(max_examples=200, deadline=None)
def test_long_histories_replay_exactly_through_json(
    contacts: int,
    staff: int,
    at_once: bool,
    window: int,
    repeat: int,
    calls: bool,
    events: list[Event | None],
) -> None:
    policy = small_policy(contacts, staff, at_once=at_once, window=window, repeat=repeat, calls=calls)
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
        print(f"{name}: {walk(policy, SHIFTS.get(name, ()))}")
