"""The machine that takes one member through one flow.

`step(flow, run, event)` gives the run after the event and what should happen because of it. It is a pure
function: the same run, flow and event always give the same result, so a run can be replayed from its events.
It must not know the clock, chance, the store or the carrier, and does not read texts (that is `read`).

States
    new       nothing has happened yet
    waiting   a question was asked, or a length of time is being waited for
    done      the run came to an end that its flow knows
    stopped   the run was ended from outside: opted out, superseded, left, staff
    broken    the flow ran away or asked for something impossible; staff have it on their list

Events, and what becomes of the run
    Started      walk from the first step
    Replied      the answer fits: keep it, walk on from the question. It does not: re-ask once, gently; then
                 leave it to a person. "Later": ask again after that time. A person is wanted: say so.
    TimerFired   the next rung of the question's no-reply ladder, the end of a wait, or the end of "later"
    Closed       the run ends

Walking means: do step after step until one asks, waits or ends. `_MOVES` says what becomes of a state, and
`_moved` alone applies it. An event that a state does not take raises an `EventRejected`; nothing has changed.

One timer runs at a time. A timer names the transition that set it; every accepted event makes a new one
and so the old timer stale. Therefore an event that leaves the question open sets its timer anew: the ladder
counts silence, and somebody who has just written is not silent.

A request for support is never lost: it is raised before anything else is done with a reply, and kept when
the flow breaks.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import assert_never

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
    Closed,
    Effect,
    Event,
    Finished,
    RaiseAlert,
    Record,
    RecordConsent,
    Replied,
    Run,
    RunState,
    Started,
    TimerFired,
)
from checkin.conversation.understanding import SKIPPED, Category, Understanding
from checkin.conversation.walk import Broken, Ending, Walk
from checkin.flow.forms import read_date, read_time
from checkin.flow.model import Answer, Ask, Flow, Value, Wait
from checkin.people.names import given_name

MAX_TRANSITIONS = 500
"""The most events that one run may take."""

DEFAULT_SNOOZE = timedelta(hours=1)
MAX_SNOOZE = timedelta(days=7)


_WALKED: Mapping[Ending, RunState] = {
    Ending.RESTS: RunState.WAITING,
    Ending.ENDS: RunState.DONE,
    Ending.BREAKS: RunState.BROKEN,
}
_CLOSED: Mapping[Ending, RunState] = {Ending.CLOSES: RunState.STOPPED}

_MOVES: Mapping[tuple[RunState, type[Event]], Mapping[Ending, RunState]] = {
    (RunState.NEW, Started): _WALKED,
    (RunState.NEW, Closed): _CLOSED,
    (RunState.WAITING, Replied): _WALKED,
    (RunState.WAITING, TimerFired): _WALKED,
    (RunState.WAITING, Closed): _CLOSED,
}


_NOT_FOR_THE_RUN = frozenset(
    {
        Category.CRISIS,
        Category.OPT_OUT,
        Category.RESUME,
        Category.HELP,
        Category.PAUSE,
        Category.NOT_AN_ANSWER,
    }
)


def step(flow: Flow, run: Run, event: Event) -> tuple[Run, tuple[Effect, ...]]:
    """Return the run after this event, and what should happen because of it.

    Raises an `EventRejected` when the run cannot take the event: `StaleEvent` for an old timer or a run that
    is over, `NothingAsked`, `NotForTheRun`, `NotStarted`, `AlreadyStarted`, `WrongFlow`. Nothing has changed
    then.
    """
    _check(flow, run, event)
    facts = {} if isinstance(event, Closed) else event.facts
    lot = f"{run.id}:{run.transition}"
    walk = Walk(
        flow, facts, dict(run.results), run.step, run.rung, run.unclear, run.snoozed, run.outcome, lot
    )
    try:
        ending = _take(walk, run, event)
    except Broken as broken:
        ending = _break(walk, event, str(broken))
    return _moved(run, event, walk, ending), tuple(walk.decided)


def _moved(run: Run, event: Event, walk: Walk, ending: Ending) -> Run:
    """Return the run as the event leaves it. Here, and nowhere else, a state changes."""
    return Run(
        id=run.id,
        member=run.member,
        flow=run.flow,
        version=run.version,
        state=_MOVES[run.state, type(event)][ending],
        step=walk.step,
        transition=run.transition + 1,
        results=walk.results,
        rung=walk.rung,
        unclear=walk.unclear,
        outcome=walk.outcome,
        snoozed=walk.snoozed,
    )


# ---------------------------------------------------------------- which events are taken


def _check(flow: Flow, run: Run, event: Event) -> None:
    """Raise an `EventRejected` unless the run can take this event."""
    if (run.flow, run.version) != (flow.name, flow.version):
        raise WrongFlow(f"run of {run.flow} version {run.version}, flow {flow.name} version {flow.version}")
    if (run.state, type(event)) not in _MOVES:
        raise _refusal(run.state)
    match event:
        case Replied(understanding=understanding):
            _check_reply(flow, run, understanding)
        case TimerFired(transition=transition):
            if transition != run.transition or not _has_timer(flow, run):
                raise StaleEvent(f"timer of transition {transition}, run at {run.transition}")
        case Started() | Closed():
            pass
        case _:
            assert_never(event)


def _refusal(state: RunState) -> EventRejected:
    match state:
        case RunState.NEW:
            return NotStarted("the run has not begun")
        case RunState.WAITING:
            return AlreadyStarted("the run has begun before")
        case RunState.DONE | RunState.STOPPED | RunState.BROKEN:
            return StaleEvent(f"the run is {state.value}")
        case _:
            assert_never(state)


def _check_reply(flow: Flow, run: Run, understanding: Understanding) -> None:
    if not isinstance(flow.steps.get(run.step or ""), Ask):
        raise NothingAsked("the run is not waiting for an answer")
    if understanding.category in _NOT_FOR_THE_RUN:
        raise NotForTheRun(f"{understanding.category.value} is not for the run")


def _has_timer(flow: Flow, run: Run) -> bool:
    here = flow.steps.get(run.step or "")
    return run.snoozed or not isinstance(here, Ask) or run.rung < len(here.no_reply)


# ---------------------------------------------------------------- what each event does


def _take(walk: Walk, run: Run, event: Event) -> Ending:
    """Do what the event asks for. Raises `Broken`."""
    if isinstance(event, Replied) and _wants_a_person(event.understanding):
        walk.alert("asked")
    if run.transition >= MAX_TRANSITIONS and not isinstance(event, Closed):
        raise Broken(f"it took more than {MAX_TRANSITIONS} events")
    match event:
        case Started():
            walk.recall()
            return walk.start(walk.flow.first)
        case Replied(understanding, text):
            return _reply(walk, understanding, text)
        case TimerFired():
            return _timer(walk)
        case Closed(reason=reason):
            walk.end(reason)
            return Ending.CLOSES
        case _:
            assert_never(event)


def _wants_a_person(understanding: Understanding) -> bool:
    return understanding.category is Category.SUPPORT or Category.SUPPORT in understanding.also


def _reply(walk: Walk, understanding: Understanding, text: str) -> Ending:
    ask = walk.stepping()
    assert isinstance(ask, Ask)  # _check_reply has seen to it
    if understanding.category is Category.SNOOZE:
        return walk.snooze(snooze_length(understanding.value))
    if understanding.category is Category.SUPPORT:
        return walk.wait_on(ask)
    said = (understanding.category, understanding.value)
    if ask.skip is not None and said == (SKIPPED.category, SKIPPED.value):
        return walk.start(ask.skip)
    value = answer_value(ask.answer, understanding)
    if value is None:
        return walk.not_understood(ask, text)
    if walk.flow.unlinked:
        walk.count(ask, value)
    elif ask.answer.save_as is not None:
        walk.keep(ask.answer.save_as, value)
    return walk.start(walk.branch(ask.then, {**walk.names, "answer": value}))


def snooze_length(value: Value) -> timedelta:
    """Return how long "later" means: so many seconds, or an hour where no length was said."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
        return DEFAULT_SNOOZE
    return timedelta(seconds=min(value, MAX_SNOOZE.total_seconds()))


def answer_value(answer: Answer, understanding: Understanding) -> Value:
    """Return the value that a reply gives as an answer to a question, or None when it does not fit.

    `yes_no` gives "yes" or "no". A mood word answers a scale with the place that its pack gives it; a low one
    without a place means the low end.
    """
    category, value = understanding.category, understanding.value
    match answer.kind:
        case "scale":
            if category is Category.LOW and value is None:
                return answer.low
            return _whole(answer, value) if category in _ON_A_SCALE else None
        case "number":
            return _whole(answer, value) if category is Category.NUMBER else None
        case "yes_no":
            return _YES_NO.get(category)
        case "choice":
            return value if category is Category.CHOICE and value in answer.choices else None
        case "text":
            if category not in _IN_OWN_WORDS or not isinstance(value, str):
                return None
            return (given_name(value) if _is_name(answer) else value) or None
        case "phone":
            return value if category is Category.TEXT and isinstance(value, str) and value else None
        case "date":
            return value if category is Category.TEXT and read_date(value) is not None else None
        case "time":
            return value if category is Category.TEXT and read_time(value) is not None else None
        case _:
            assert_never(answer.kind)


def _is_name(answer: Answer) -> bool:
    return answer.save_as is not None and answer.save_as.endswith("name")


_ON_A_SCALE = frozenset({Category.NUMBER, Category.LOW, Category.OK})
_IN_OWN_WORDS = frozenset({Category.TEXT, Category.LOW, Category.OK})
"""A free text keeps its words, whether or not they also say how somebody is."""
_YES_NO = {Category.YES: "yes", Category.NO: "no"}


def _whole(answer: Answer, value: Value) -> int | None:
    """Return a whole number within the answer's ends."""
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    within = (answer.low is None or value >= answer.low) and (answer.high is None or value <= answer.high)
    return value if within else None


def _timer(walk: Walk) -> Ending:
    here = walk.stepping()
    match here:
        case Ask() if walk.snoozed:
            return walk.ask(here)
        case Ask():
            return walk.climb(here)
        case Wait(then=then):
            return walk.start(walk.branch(then, walk.names))
        case _:
            raise Broken(f"it cannot wait at {walk.step!r}")


# ---------------------------------------------------------------- when a flow breaks


def _break(walk: Walk, event: Event, why: str) -> Ending:
    """Keep what must not be lost, put the run on the staff's list, and answer the member kindly.

    Texts, calls and tasks that a runaway flow decided are dropped: they may be a hundred of the same.
    """
    kept = (effect for effect in walk.decided if isinstance(effect, RaiseAlert | Record | RecordConsent))
    walk.decided = list(dict.fromkeys(kept))
    if isinstance(event, Replied):
        walk.say_shared("noted")
    walk.decided.append(AddTask("broken_run", f"Flow {walk.flow.name!r} broke at step {walk.step!r}: {why}."))
    walk.outcome = "broken"
    walk.decided.append(Finished("broken"))
    return Ending.BREAKS
